"""Every key of a TOML document is found on its line."""

from __future__ import annotations

import tomllib

from hypothesis import given
from hypothesis import strategies as st

from crm_bridge.config.positions import find_positions


def test_keys_tables_and_items_stand_on_their_lines():
    """Headers, quoted and dotted keys, inline tables, long arrays and arrays of tables are all followed."""
    text = "\n".join(
        [
            "# [comment] = 1",  # 1
            'title = "a # no comment"',  # 2
            "[bridge]",  # 3
            "name = 'single'",  # 4
            '[systems."call centre".records.client]',  # 5
            'mapping = """',  # 6
            "[lines]",  # 7
            '"""  # behind it',  # 8
            "after = 1",  # 9
            'dotted.key = { inline = true, "quoted.key" = [1, 2], n = { deep = 1979-05-27 07:32:00Z } }',  # 10
            "[[list]]",  # 11
            "a = [",  # 12
            '  "one",  # first',  # 13
            "  { b = 2 },",  # 14
            "]",  # 15
            "[[list]]",  # 16
            "a = []",  # 17
            "[list.under]",  # 18
            "c = '''x'''",  # 19
        ]
    )
    tomllib.loads(text)
    lines = find_positions(text)

    client = ("systems", "call centre", "records", "client")
    assert {
        ("title",): 2,
        ("bridge",): 3,
        ("bridge", "name"): 4,
        ("systems",): 5,
        client: 5,
        (*client, "mapping"): 6,
        (*client, "after"): 9,
        (*client, "dotted", "key", "inline"): 10,
        (*client, "dotted", "key", "quoted.key", 1): 10,
        (*client, "dotted", "key", "n", "deep"): 10,
        ("list",): 11,
        ("list", 0): 11,
        ("list", 0, "a", 0): 13,
        ("list", 0, "a", 1, "b"): 14,
        ("list", 1): 16,
        ("list", 1, "a"): 17,
        ("list", 1, "under", "c"): 19,
    }.items() <= lines.items()


_keys = st.text(alphabet="abc-_ .é\"'\\", min_size=1, max_size=6)
_scalars = st.one_of(
    st.booleans(), st.integers(-9, 99), st.text(alphabet="ab=[]{}#,'\"\\ \n\t", max_size=8), st.floats(0, 9).map(float)
)


def _quoted(text):
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t")
    return f'"{escaped}"'


def _written(value):
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return _quoted(value)
    if isinstance(value, list):
        return "[ # items\n" + "".join(f"{_written(one)},\n" for one in value) + "]"
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{_quoted(key)} = {_written(one)}" for key, one in value.items()) + " }"
    return repr(value)


@given(st.dictionaries(_keys, st.dictionaries(_keys, st.one_of(_scalars, st.lists(_scalars, max_size=3))), max_size=4))
def test_whatever_the_document_no_key_is_missed(document):
    """Each path of the parsed value has a line, and the key is written on that line."""
    text = "\n".join(
        f"[{_quoted(table)}]\n" + "\n".join(f"{_quoted(key)} = {_written(value)}" for key, value in body.items())
        for table, body in document.items()
    )

    assert document == tomllib.loads(text)
    lines = find_positions(text)
    written = text.split("\n")
    for table, body in document.items():
        assert written[lines[(table,)] - 1].startswith(f"[{_quoted(table)}")
        for key in body:
            assert written[lines[table, key] - 1].startswith(_quoted(key))
