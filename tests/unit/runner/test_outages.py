"""A store that is away is waited for, and nobody has to guess what the process does meanwhile."""

import pytest
from structlog.testing import capture_logs

from crm_bridge.errors import StoreAway
from crm_bridge.outbox.gate import Stopwatch
from crm_bridge.runner.outages import PATIENCE, through_outages


@pytest.fixture
def watch():
    """Time that passes only by waiting."""
    now = [0.0]
    return Stopwatch(lambda: now[0], lambda seconds: now.__setitem__(0, now[0] + seconds))


def test_the_log_says_once_that_the_store_is_waited_for_and_why(watch):
    """Before the first pause."""

    def work(outages):
        assert outages == 0 or 1 == len(log)
        if outages < 3:
            raise StoreAway("the disk is full")
        return "done"

    with capture_logs() as log:
        assert "done" == through_outages(work, watch=watch)

    assert [("warning", True)] == [(each["log_level"], "the disk is full" in each["event"]) for each in log]


def test_it_is_given_up_when_the_store_stays_away(watch):
    """The error says what to do."""

    def work(outages):
        raise StoreAway("the disk is full")

    with pytest.raises(StoreAway):
        through_outages(work, watch=watch)
    assert PATIENCE <= watch.now() < 2 * PATIENCE
