"""How often a system is called: paced, tried again while nothing could be sent, and left alone when it is dead.

The clock is moved, not waited for.
"""

import pytest

from crm_bridge.errors import OutcomeUnknown, Unreachable
from crm_bridge.outbox.breaker import Breaker, after_call, asked_to_wait
from crm_bridge.outbox.gate import Gate, Limits, Stopwatch


class Watch:
    """A clock that moves when somebody sleeps."""

    def __init__(self):
        self.at, self.slept = 100.0, []

    def stopwatch(self):
        return Stopwatch(lambda: self.at, self.sleep)

    def sleep(self, seconds):
        self.slept.append(seconds)
        self.at += seconds


@pytest.fixture
def watch():
    return Watch()


def failed(breaker, times, *, at=0.0, answered=False):
    for _ in range(times):
        breaker = after_call(breaker, answered=answered, now=at)
    return breaker


class TestPace:
    def test_no_second_holds_more_calls_than_allowed_the_first_one_after_a_start_included(self, watch):
        gate, started = Gate(Limits(per_second=4.0), watch.stopwatch()), []
        for _ in range(40):
            gate.call(lambda: started.append(watch.at))

        assert started[0] >= 100.25
        assert all(sum(begin <= at < begin + 1 for at in started) <= 4 for begin in started)
        assert started[-1] - started[0] == pytest.approx(39 / 4)

    def test_without_a_rate_nobody_waits(self, watch):
        gate = Gate(Limits(), watch.stopwatch())
        for _ in range(5):
            gate.call(lambda: None)

        assert [] == watch.slept


class TestTries:
    def tried(self, watch, *errors, tries=3):
        left = list(errors)

        def send():
            if left:
                raise left.pop(0)
            return "sent"

        return Gate(Limits(tries=tries), watch.stopwatch()).call(send)

    def test_what_could_not_be_sent_is_tried_again_a_little_later(self, watch):
        assert "sent" == self.tried(watch, Unreachable("a"), Unreachable("b"))
        assert 2 == len(watch.slept)
        assert max(watch.slept) <= 1.0

    def test_after_so_many_tries_the_attempt_has_failed(self, watch):
        with pytest.raises(Unreachable, match="c"):
            self.tried(watch, Unreachable("a"), Unreachable("b"), Unreachable("c"))

    @pytest.mark.parametrize("error", [OutcomeUnknown("sent"), Unreachable("busy", retry_after=5)])
    def test_what_may_have_arrived_and_what_was_told_to_wait_is_not_tried_again(self, watch, error):
        with pytest.raises(type(error)):
            self.tried(watch, error)
        assert [] == watch.slept


class TestBreaker:
    def test_it_opens_when_half_of_ten_calls_failed_and_not_before(self):
        nine = failed(failed(Breaker(), 5), 4, answered=True)
        assert not nine.probing

        assert after_call(nine, answered=False, now=0).wait(now=5) == pytest.approx(10)

    def test_failures_count_for_thirty_seconds(self):
        assert not failed(failed(Breaker(), 9), 9, at=31).probing

    def test_a_failed_probe_doubles_the_wait_up_to_five_minutes(self):
        breaker, waits = failed(Breaker(), 10), []
        for _ in range(7):
            now = breaker.open_until
            breaker = after_call(breaker, answered=False, now=now)
            waits.append(breaker.wait(now=now))

        assert [30, 60, 120, 240, 300, 300, 300] == waits

    def test_an_answered_probe_closes_it_and_forgets(self):
        assert Breaker() == after_call(failed(Breaker(), 10), answered=True, now=15)

    def test_a_time_that_the_system_named_is_kept_and_not_shortened_by_the_breaker(self):
        assert asked_to_wait(failed(Breaker(), 10), seconds=90, now=0).wait(now=0) == 90
        assert asked_to_wait(failed(Breaker(), 10), seconds=5, now=0).wait(now=0) == 15
