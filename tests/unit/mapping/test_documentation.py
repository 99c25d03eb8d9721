"""The reference page names every word and transform, with an example that works."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from crm_bridge.mapping import compile_mapping, load_mapping, run_tests, vocabulary
from crm_bridge.mapping.transforms import TRANSFORMS

DOCS = Path(__file__).parents[3] / "docs"
WORDS = {
    **vocabulary.DOCUMENT_WORDS,
    **vocabulary.RECORD_WORDS,
    **vocabulary.DEFAULT_WORDS,
    **vocabulary.TEST_WORDS,
    **vocabulary.ROW_WORDS,
}


def _page():
    return (DOCS / "reference" / "mapping.md").read_text(encoding="utf-8")


def _rows(name):
    return [line for line in _page().splitlines() if line.startswith(f"| `{name}` |")]


@pytest.mark.parametrize("name", TRANSFORMS)
def test_every_transform_is_on_the_page(name):
    """With its summary and its example, as the code has them."""
    transform = TRANSFORMS[name]

    assert f"| `{name}` | {transform.summary} | `{transform.example}` |" in _rows(name)


@pytest.mark.parametrize("registry", ["DOCUMENT_WORDS", "RECORD_WORDS", "DEFAULT_WORDS", "TEST_WORDS", "ROW_WORDS"])
def test_every_word_is_on_the_page(registry):
    """With its meaning, as the code has it."""
    words = getattr(vocabulary, registry)

    assert [] == [name for name, meaning in words.items() if not any(meaning in row for row in _rows(name))]


@pytest.mark.parametrize("name", vocabulary.ROW_WORDS)
def test_every_row_word_has_an_example_that_uses_it(name):
    """An example without the word would help nobody."""
    row = next(row for row in _rows(name) if vocabulary.ROW_WORDS[name] in row)

    assert re.search(rf"\b{name}:", row.rsplit("| `", 1)[1])


def test_the_page_names_no_word_that_is_not_there():
    """What was removed from the code leaves the page too."""
    named = set(re.findall(r"^\| `([a-z_]+)` \|", _page(), re.MULTILINE))
    codes = {
        "required",
        "bad_value",
        "bad_shape",
        "unknown_code",
        "bad_check",
        "too_long",
        "plugin_failed",
        "not_expressible",
    } | {"control_character"}

    assert set() == named - set(WORDS) - set(TRANSFORMS) - codes


def test_the_document_of_the_guide_passes_its_own_tests():
    """The how-to's document, put together from its steps."""
    blocks = re.findall(
        r"```yaml\n(.*?)```", (DOCS / "how-to" / "write-a-mapping.md").read_text(encoding="utf-8"), re.DOTALL
    )
    head, lists, test = ("\n".join(line[3:] for line in block.splitlines()) for block in blocks)
    document = head.replace("tests:\n", f"{lists}\ntests:\n") + "\n" + test + "\n"

    results = run_tests(compile_mapping(load_mapping(document, file="guide.yaml")))

    assert [()] * 2 == [result.differences for result in results]
