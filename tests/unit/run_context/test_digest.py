"""A record in canonical bytes: equal records give equal bytes, and what JSON cannot carry is refused."""

from __future__ import annotations

import math

import pytest

from crm_bridge.run_context.digest import NotJson, canonical_bytes


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize(
    "around",
    [
        lambda number: {"id": "1", "empty": None, "score": number},
        lambda number: {"id": "1", "address": {"empty": None, "at": {"lat": number}}},
        lambda number: {"id": "1", "rows": [None, {"id": "2"}, [1, 2.5, number]]},
        lambda number: {"id": "1", "pair": ("a", number)},
        lambda number: {"id": "1", "score": number},
    ],
)
def test_a_number_that_is_none_is_refused_wherever_it_stands(around, number):
    """JSON has no word for it, and would say null: an empty field."""
    with pytest.raises(NotJson):
        canonical_bytes(around(number))


def test_empty_fields_and_the_word_null_are_no_such_number():
    """Beside flags, whole numbers, fractions and rows of all kinds."""
    record = {
        "id": "1",
        "name": None,
        "note": "null",
        "rows": [None, {"at": None, "n": 2.5}, [], {}],
        "b": True,
        "n": 3,
    }

    assert canonical_bytes(record) == canonical_bytes(dict(reversed(record.items())))
    assert b'"name":null,"note":"null"' in canonical_bytes({"note": "null", "name": None})
