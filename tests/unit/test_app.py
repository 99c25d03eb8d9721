"""The composition root's own small parts."""

import secrets
from datetime import UTC, datetime
from uuid import UUID

from crm_bridge.run_context.ids import time_ordered_ids

NOW = datetime(2026, 10, 20, 10, tzinfo=UTC)


def test_ids_are_uuids_of_version_7_in_order_also_within_a_millisecond():
    new_id = time_ordered_ids(lambda: NOW, draw=secrets.token_bytes)
    ids = [new_id() for _ in range(5000)]

    assert ids == sorted(set(ids))
    assert {7} == {UUID(each).version for each in ids}


def test_a_clock_that_is_set_back_does_not_turn_the_order_round():
    moments = iter([NOW, NOW.replace(hour=9), NOW.replace(hour=11)])
    new_id = time_ordered_ids(lambda: next(moments), draw=secrets.token_bytes)
    ids = [new_id() for _ in range(3)]

    assert ids == sorted(ids)
