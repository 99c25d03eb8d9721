"""Lanes side by side: calls in threads, everything else in ours, and nobody waits for anybody else's system."""

import threading

import pytest

from crm_bridge.outbox.lanes import asked, here, side_by_side


def test_a_call_runs_elsewhere_and_the_lane_goes_on_in_our_thread():
    seen = []

    def lane():
        seen.append(threading.get_ident())
        seen.append((yield from asked(threading.get_ident)))
        seen.append(threading.get_ident())

    side_by_side({"a": lane()}, threads=1)

    before, within, after = seen
    assert before == after == threading.get_ident() != within


def test_a_hanging_call_keeps_its_own_lane_alone_waiting():
    """The other lane makes a hundred calls before the first one comes back: it is what lets it come back."""
    free, calls = threading.Event(), []

    def hanging():
        assert (yield from asked(lambda: free.wait(10)))

    def busy():
        for number in range(100):
            calls.append((yield from asked(lambda number=number: number)))
        free.set()

    side_by_side({"hanging": hanging(), "busy": busy()}, threads=2)

    assert list(range(100)) == calls


def test_calls_of_one_lane_run_beside_each_other_and_come_back_in_their_order():
    meet = threading.Barrier(3, timeout=10)
    got = []

    def lane():
        done = yield [lambda name=name: (meet.wait(), name)[1] for name in "abc"]
        got.extend(each.get() for each in done)

    side_by_side({"a": lane()}, threads=3)

    assert ["a", "b", "c"] == got


def test_what_a_call_raises_is_raised_in_its_lane():
    caught = []

    def lane():
        try:
            yield from asked(lambda: 1 / 0)
        except ZeroDivisionError as error:
            caught.append(error)

    side_by_side({"a": lane()}, threads=1)

    assert 1 == len(caught)


def test_what_a_lane_does_not_catch_ends_the_walk_and_closes_the_others():
    ended = []

    def broken():
        yield from asked(lambda: None)
        raise LookupError("the store")

    def other():
        try:
            while True:
                yield from asked(lambda: None)
        finally:
            ended.append("other")

    with pytest.raises(LookupError):
        side_by_side({"other": other(), "broken": broken()}, threads=2)
    assert ["other"] == ended


def test_one_lane_is_walked_without_threads_where_nothing_is_beside_it():
    def lane():
        first = yield from asked(lambda: 1)
        second = yield from asked(lambda: 2)
        return first + second

    assert 3 == here(lane())
