"""Reading by offset from services that cannot sort: sets that move, and services that do not listen."""

from __future__ import annotations

import pytest

from crm_bridge.api import ConfigMistake, RetryLater
from crm_bridge_siebel.query import Position
from crm_bridge_siebel.records import Answer
from crm_bridge_siebel.unsorted import UnsortedReader


def reader(rows_at):
    """A reader of pages of three; ``rows_at``: the row numbers at an offset, for the how many-th call."""
    asked = []

    def ask(query):
        asked.append(query.start_row)
        found = rows_at(query.start_row, len(asked))
        records = tuple({"Id": f"1-{number}", "Updated": "10/20/2026 08:00:00", "ModId": "0"} for number in found)
        last = Position(records[-1]["Updated"], records[-1]["Id"]) if records else None
        yield Answer(records, (), len(found) < 3, last)

    return UnsortedReader(ask, page_size=3, overlap_seconds=60, system="siebel", where="contact"), asked


def ids(pages):
    return [record["Id"] for page in pages for record in page.records]


def test_a_service_that_does_not_listen_to_the_offset_is_named():
    """At the second page that is the first one again: it is no moving set, and no waiting mends it."""
    deaf, asked = reader(lambda start, call: [1, 2, 3])

    with pytest.raises(ConfigMistake, match="StartRowNum"):
        list(deaf.pages(None))
    assert [0, 2, 0, 2] == asked


def test_a_set_that_moves_once_is_read_again():
    """Every row comes, and none twice."""
    moved, asked = reader(lambda start, call: list(range(1, 7))[start:][:3] if call > 2 else [1, 2, 3])

    assert ["1-1", "1-2", "1-3", "1-4", "1-5", "1-6"] == ids(moved.pages(None))
    assert [0, 2, 0, 2, 4] == asked


def test_a_set_that_never_stands_still_is_tried_later():
    """Each page begins with another row."""
    restless, _ = reader(lambda start, call: [10 * call, 10 * call + 1, 10 * call + 2])

    with pytest.raises(RetryLater, match="kept moving"):
        list(restless.pages(None))
