"""Inline tests fail where they would test nothing."""

from __future__ import annotations

import pytest

from crm_bridge.mapping import run_tests

ROWS = """
fields: {name.family: LastName, job_title: address.job}
tests: [{name: x, given: %s, write_back: {}}]
"""


@pytest.mark.parametrize(
    ("given", "differences"),
    [
        ("{Id: 1, LastNam: y}", ("given.LastNam: no row reads this field: LastName is meant?",)),
        ("{Id: 1, adress: {}}", ("given.adress: no row reads this field: address is meant?",)),
        ("{Id: 1, LastName: x, LastNames: y}", ()),
        ("{Id: 1, Unmapped: y, address: {}}", ()),
    ],
)
def test_a_misspelt_field_of_a_record_is_told(compiled, given, differences):
    """A field that nobody maps is none of the test's business, as long as its name is not nearly a mapped one's."""
    (result,) = run_tests(compiled(ROWS % given))

    assert differences == result.differences
