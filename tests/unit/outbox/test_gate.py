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

    @pytest.mark.parametrize("seconds", [5, 90])
    def test_a_time_that_the_system_named_is_kept_whatever_the_breaker_would_have_waited(self, seconds):
        assert seconds == asked_to_wait(failed(Breaker(), 10), seconds=seconds, now=0).wait(now=0)

    @pytest.mark.parametrize("answered", [True, False])
    def test_what_was_under_way_when_the_system_named_a_time_does_not_shorten_it(self, answered):
        asked = asked_to_wait(Breaker(), seconds=90, now=0)

        assert 89 == after_call(asked, answered=answered, now=1).wait(now=1)

    def test_an_answer_after_that_time_closes_it(self):
        assert not after_call(asked_to_wait(Breaker(), seconds=9, now=0), answered=True, now=9).probing

    def test_the_longest_wait_caps_it(self):
        breaker = Breaker()
        for _ in range(10):
            breaker = after_call(breaker, answered=False, now=0, longest=1)

        assert (1, 15) == (breaker.wait(now=0), breaker.silence)


class TestPatience:
    """A run waits for a system, but not for ever."""

    def asked(self, watch, seconds, **limits):
        gate = Gate(Limits(**limits), watch.stopwatch())
        gate.heard(answered=False, retry_after=seconds)
        return gate

    def test_a_short_time_is_waited_for_and_a_long_one_is_not(self, watch):
        assert (False, True) == tuple(self.asked(watch, seconds).hopeless() for seconds in (30, 31))

    def test_a_system_that_asks_for_a_little_time_again_and_again_is_left_to_the_next_run(self, watch):
        gate, calls = self.asked(watch, 1), 1
        while not gate.hopeless():
            gate.wait_for_it()
            gate.heard(answered=False, retry_after=1)
            calls += 1

        assert [1] * 30 == watch.slept
        assert 31 == calls

    def test_one_that_answers_in_between_is_waited_for_as_often_as_it_asks(self, watch):
        gate = self.asked(watch, 1)
        for _ in range(100):
            gate.wait_for_it()
            gate.heard(answered=True, retry_after=1)

        assert (100, False) == (len(watch.slept), gate.hopeless())

    def test_no_wait_is_longer_than_the_longest(self, watch):
        assert 2 == self.asked(watch, 600, longest_wait=2.0).wait()

    def test_a_time_of_nothing_is_none(self, watch):
        gate = Gate(Limits(), watch.stopwatch())
        for _ in range(10):
            gate.heard(answered=False, retry_after=0)

        assert 15 == gate.wait()
