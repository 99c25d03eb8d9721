"""A pattern that some text could keep busy for ever is a mistake of its document."""

from __future__ import annotations

import pytest

from crm_bridge.mapping.patterns import LONGEST, pattern_mistake

ROW = """
lists:
  relationships:
    - {src: Kids, split: ";", pattern: '%s', dir: read, item: {type: child}, parts: {to.name: name}}
"""


@pytest.mark.parametrize(
    "pattern",
    [
        *("(a+)+$", "(?P<x>(a|b)*)*", r"(\d|\d\d)+", r"(?:\w+ ?)+", r"(?:a{1,9}){1,40}"),
        *(".*.*.*.*.*.*x", "(a?){60}", "(?=(a+)+)b"),
    ],
)
def test_a_pattern_without_bound_is_a_mistake(pattern):
    """Of a repetition within a repetition nobody can tell when it ends."""
    assert "some text would keep this pattern busy for ever" in str(pattern_mistake(pattern))


@pytest.mark.parametrize(
    "pattern",
    [
        r"(?P<name>[^\d]+?)(?:\s+(?P<years>\d{1,2}))?",
        r"\s*(?P<name>\D+?)\s*(?P<years>\d+)\s*",
        r"(?:\d{1,3}\.){3}\d{1,3}",
        r"(?:[A-Z][a-z]+ ?){1,3}",
        r"(?>a+b)+",
        r"(?:a+b)++",
        "(?P<a>x)(?(a)y|z)(?P=a)",
        "",
    ],
)
def test_what_can_be_told_in_time_is_fine(pattern):
    """Bounds, atomic groups and possessive repetitions keep the ways few."""
    assert None is pattern_mistake(pattern)


def test_what_is_no_regular_expression_is_told():
    """In the engine's words."""
    assert "not a regular expression: " in str(pattern_mistake("(a"))


def test_a_piece_longer_than_a_pattern_is_tried_on_is_a_problem(compiled):
    """It stops the record, as what does not match."""
    mapping = compiled(ROW % "(?P<name>.+)")
    fine, long = "x" * LONGEST, "x" * (LONGEST + 1)

    assert () == mapping.read({"Id": "1", "Kids": fine}).problems
    assert ["too_long"] == [each.code for each in mapping.read({"Id": "1", "Kids": long}).problems]
