"""Reading: every field as its row says, every bad one named, and never an exception."""

from __future__ import annotations

import copy

import orjson
import pytest

from crm_bridge.mapping import BadValue, TransformType, columns

ROWS = """
values: {gender: {M: male, F: female}, lang: {UKR: uk}}
fields:
  name.family: {src: Last, required: true, max: 10}
  name.given: First
  gender: {src: Gender, as: code, values: gender}
  birth_date: {src: Birth, as: date, format: "%d.%m.%Y"}
  preferences.languages.0: {src: Lang, as: code, values: lang, unknown: warn}
lists:
  contact_points:
    - {src: Mobile, as: phone, item: {type: phone, purpose: mobile}}
    - {src: Work, as: phone, item: {type: phone, purpose: work}, more: {ext: WorkExt}}
    - {src: Mail, as: email, item: {type: email}}
  relationships:
    - {each: Kids.Kid, key: Id, item: {type: child}, parts: {to.name: Name, to.birth_date: {src: Birth, as: date}}}
  consents:
    - {src: NoCalls, as: flag, on: true, off: false, item: {purpose: any, channel: voice, status: denied}}
"""


@pytest.mark.parametrize(
    ("field", "value", "path", "code"),
    [
        ("Last", ["x"], "name.family", "bad_shape"),
        ("Last", {"a": "b"}, "name.family", "bad_shape"),
        ("Last", True, "name.family", "bad_shape"),
        ("Last", 1.5, "name.family", "bad_shape"),
        ("Last", "Старокостянтинівський", "name.family", "too_long"),
        ("Last", "", "name.family", "required"),
        ("Gender", "X", "gender", "unknown_code"),
        ("Gender", ["F"], "gender", "bad_shape"),
        ("Birth", "31.02.1980", "birth_date", "bad_date"),
        ("Birth", 19800101, "birth_date", "bad_date"),
        ("Mobile", "000", "contact_points[phone/mobile].value", "bad_phone"),
        ("Mobile", ["0505550101"], "contact_points[phone/mobile].value", "bad_shape"),
        ("Mail", "a@b", "contact_points[email].value", "bad_email"),
        ("Mail", "oксана@example.com", "contact_points[email].value", "bad_email"),
        ("NoCalls", "Y", "consents[any/voice].status", "bad_shape"),
        ("Kids", {"Kid": {"Id": "1"}}, "relationships[child]", "bad_shape"),
        ("Kids", "many", "relationships[child]", "bad_shape"),
        ("Kids", {"Kid": ["Марко"]}, "relationships[child]", "bad_shape"),
        ("Kids", {"Kid": [{"Id": "1", "Birth": "soon"}]}, "relationships[child].to.birth_date", "bad_date"),
        ("Id", None, "record.id", "required"),
        ("Id", "  ", "record.id", "required"),
        ("Id", {}, "record.id", "bad_shape"),
        ("ModId", [], "record.concurrency", "bad_shape"),
    ],
)
def test_one_bad_field_stops_the_record_with_its_name(compiled, field, value, path, code):
    """Path, field, code and value; the value stays out of the message."""
    raw = {"Id": "1", "ModId": "2", "Last": "Ткач", field: value}

    reading = compiled(ROWS).read(raw)

    assert reading.quarantined
    assert [(path, code)] == [(problem.path, problem.code) for problem in reading.problems]
    assert reading.problems[0].field.split("[")[0].split(".")[0] == field
    assert not isinstance(value, str) or not value.strip() or value not in reading.problems[0].message


@pytest.mark.parametrize(
    ("number", "words"),
    [("1.5", "not a number with a fraction:"), ("1" * 31, "not a number too long to be read exactly")],
)
def test_a_number_in_place_of_a_text_is_told_for_what_it_is(compiled, number, words):
    """JSON readers round whole numbers of more digits than fit, so that they look like any other."""
    reading = compiled(ROWS).read({"Id": "1", "ModId": "1", **orjson.loads(f'{{"Last": {number}}}')})

    assert words in next(problem.message for problem in reading.problems if problem.path == "name.family")


@pytest.mark.parametrize("raw", [None, [], "text", 7])
def test_what_is_no_record_is_a_problem_too(compiled, raw):
    """A connector that hands over nonsense costs one dead letter."""
    reading = compiled(ROWS).read(raw)

    assert ("", {}, "bad_shape") == (reading.record_id, reading.doc, reading.problems[0].code)


def test_an_unknown_code_that_only_warns_leaves_the_field_out(compiled):
    """The record goes on."""
    reading = compiled(ROWS).read({"Id": 5, "Last": "Ткач", "Lang": "ENU"})

    assert not reading.quarantined
    assert "5" == reading.record_id
    assert {"kind": "person", "name": {"family": "Ткач"}} == reading.doc
    assert [("preferences.languages.0", "warn", "ENU")] == [(p.path, p.severity, p.value) for p in reading.problems]


def test_reading_changes_nothing_and_shares_nothing(compiled):
    """Two readings of one record are equal and independent; the record stays as it was."""
    raw = {
        "Id": "1",
        "Last": "Ткач",
        "Mobile": "0505550101",
        "NoCalls": True,
        "Kids": {"Kid": [{"Id": "k", "Name": "Марко"}]},
    }
    before = copy.deepcopy(raw)
    mapping = compiled(ROWS)

    first, second = mapping.read(raw), mapping.read(raw)
    first.doc["contact_points"][0]["value"] = "changed"

    assert before == raw
    assert (
        "+380505550101"
        == second.doc["contact_points"][0]["value"]
        == mapping.read(raw).doc["contact_points"][0]["value"]
    )


def test_an_extension_is_read_from_its_field_or_from_the_number(compiled):
    """``доб. 12`` behind the number, or a field of its own."""
    mapping = compiled(ROWS)

    inside = mapping.read({"Id": "1", "Last": "Ткач", "Work": "044 555 01 01 доб. 12"})
    beside = mapping.read({"Id": "1", "Last": "Ткач", "Work": "044 555 01 01", "WorkExt": "34"})

    assert ("12", "34") == tuple(reading.doc["contact_points"][0]["ext"] for reading in (inside, beside))


def test_a_plugin_transform_reads_writes_and_may_fail(compiled):
    """``call:`` gets the row's args; what it raises costs one field, and names the plugin."""

    def read(value, args):
        if value == "boom":
            raise RuntimeError("0505550101")
        return value.removeprefix(args["prefix"])

    titles = TransformType("acme.title", read=read, write=lambda value, args: args["prefix"] + value, summary="Titles.")
    mapping = compiled(
        'fields: {job_title: {src: T, call: acme.title, args: {prefix: "T-"}}}', transforms={"acme.title": titles}
    )

    assert "вчитель" == mapping.read({"Id": "1", "T": "T-вчитель"}).doc["job_title"]
    assert {"Id": "1", "T": "T-лікар"} == mapping.write(
        {"Id": "1", "T": "T-вчитель"}, {"kind": "person", "job_title": "лікар"}
    ).fields
    problem = mapping.read({"Id": "1", "T": "boom"}).problems[0]
    assert ("plugin_failed", "job_title") == (problem.code, problem.path)
    assert "acme.title raised RuntimeError" in problem.message
    assert "0505550101" not in problem.message


def test_a_dot_in_src_goes_one_level_down_unless_it_is_escaped(compiled):
    """``address.city`` is nested; ``Тел\\.`` is a name with a dot."""
    mapping = compiled("fields: {job_title: {src: job.title}, name.given: {src: 'Ім\\.я'}}")

    reading = mapping.read({"Id": "1", "job": {"title": "лікар"}, "Ім.я": "Іван"})

    assert {"kind": "person", "job_title": "лікар", "name": {"given": "Іван"}} == reading.doc
    assert "bad_shape" == mapping.read({"Id": "1", "job": "лікар"}).problems[0].code


def test_a_list_in_one_field_is_split_and_joined(compiled):
    """Without a pattern there is a way back."""
    mapping = compiled('lists: {segments: [{src: Tags, split: ";"}]}')
    raw = {"Id": "1", "Tags": "vip; new"}

    reading = mapping.read(raw)

    assert [{"key": "vip"}, {"key": "new"}] == reading.doc["segments"]
    assert {"Id": "1", "Tags": "vip; old"} == mapping.write(raw, {"segments": [{"key": "vip"}, {"key": "old"}]}).fields


@pytest.mark.parametrize(
    ("split", "held", "keys", "written"),
    [
        ("|", "gold|vip", ["vip", "gold", "new"], "gold|vip|new"),
        ("|", "gold|vip", ["vip"], "vip"),
        ("|", "gold", ["new", "gold"], "gold|new"),
        (";", "gold; vip", ["new", "vip"], "vip; new"),
        (", ", "gold, vip", ["gold", "new", "vip"], "gold, vip, new"),
    ],
)
def test_a_list_in_one_field_keeps_its_separator_and_its_order(compiled, split, held, keys, written):
    """What stays keeps its place; what is new stands at the end."""
    mapping = compiled(f'lists: {{segments: [{{src: x.Tags, split: "{split}"}}]}}')
    raw = {"Id": "1", "x": {"Tags": held}}

    items = [{"key": key} for key in keys]

    assert {"Id": "1", "x": {"Tags": written}} == mapping.write(raw, {"segments": items}).fields
    assert {} == mapping.write(raw, {"segments": mapping.read(raw).doc["segments"][::-1]}).fields


@pytest.mark.parametrize("bad", ["\x00", "\x07", "\x0b", "\x1b", "\x1f", "\ud800"])
@pytest.mark.parametrize("at", [0, 2, None])
def test_a_control_character_stops_the_record(compiled, bad, at):
    """It would win over the good value of another system, and cannot be written into most."""
    for rows, field, value in (
        ("fields: {name.family: {src: Last}}", "Last", "Ткач"),
        ("fields: {name.family: {src: x.Last}}", "x", "Ткач"),
        ("fields: {name: {src: Full, as: split_name, order: family given}}", "Full", "Ткач Іван"),
        ("fields: {birth_date: {src: Birth, as: date}}", "Birth", "1985-03-08"),
        ("lists: {contact_points: [{src: Mobile, as: phone, item: {type: phone}}]}", "Mobile", "0505550101"),
        ("lists: {contact_points: [{src: Mail, as: email, item: {type: email}}]}", "Mail", "a@example.com"),
        ('lists: {segments: [{src: Tags, split: "|"}]}', "Tags", "vip|gold"),
        ("lists: {segments: [{each: Kids, key: Id, parts: {key: Name}}]}", "Kids", "vip"),
    ):
        text = value + bad if at is None else value[:at] + bad + value[at:]
        raw = {"x": {"Last": text}, "Kids": [{"Id": "1", "Name": text}]}.get(field, text)

        reading = compiled(rows).read({"Id": "1", field: raw})

        assert {"control_character"} == {problem.code for problem in reading.problems}, rows
        assert reading.quarantined


def test_tabs_and_line_ends_are_text(compiled):
    """An address may have several lines."""
    reading = compiled("fields: {job_title: {src: Job}}").read(
        {"Id": "1", "Job": "лікар\tвищої\r\nкатегорії\u00a0№\u200b1"}
    )

    assert "лікар\tвищої\r\nкатегорії\u00a0№\u200b1" == reading.doc["job_title"]
    assert () == reading.problems


@pytest.mark.parametrize("src", ["Job", "x.Job"])
@pytest.mark.parametrize(
    "value",
    [
        *("лікар", "  лікар ", "", "  ", "\u00a0", "a\tb", "a\x07", "\ud800"),
        *("1234567890", "123456789  ", "12345678901"),
        *(None, 5, True, 1.5, ["лікар"], {"a": 1}),
    ],
)
def test_plain_text_is_taken_in_one_step_as_the_transform_reads_it(compiled, src, value):
    """Most columns are plain text: sparing them the transform gives the same value, or the same problem."""
    _, bound = compiled(f"fields: {{job_title: {{src: {src}, max: 10}}}}")._fields[0]
    read, _ = columns._limited(*columns._pair(bound.column, {}), 10)
    by_transform = columns._puller(bound.column.src, read, plain=0)
    record = {"Job": value, "x": {"Job": value}}

    assert columns._plain_text(bound.column) == 10
    assert _outcome(bound.pull, record) == _outcome(by_transform, record)


def test_a_field_of_known_codes_is_no_plain_text(compiled):
    """Currencies and time zones are looked up, however short they are."""
    _, bound = compiled("fields: {preferences.time_zone: {src: Zone}}")._fields[0]

    assert columns._plain_text(bound.column) == 0
    assert _outcome(bound.pull, {"Zone": "Europe/Nowhere"}) == ("unknown_code",)


def _outcome(pull, record):
    try:
        return pull(record)
    except BadValue as error:
        return (error.code,)
