"""When to try again: decided from numbers alone."""

from datetime import UTC, datetime, timedelta

import pytest

from crm_bridge.outbox.retry import Again, GiveUp, RetryPolicy, next_step

NOW = datetime(2026, 10, 20, 10, tzinfo=UTC)
POLICY = RetryPolicy()


def step(*, attempts=1, since=NOW, retry_after=None, random=0.999999):
    return next_step(POLICY, attempts=attempts, since=since, now=NOW, retry_after=retry_after, random=lambda: random)


@pytest.mark.parametrize(("attempts", "minutes"), [(1, 2), (2, 4), (3, 8), (12, 360), (1000, 360)])
def test_the_ceiling_of_the_wait_doubles_up_to_the_longest(attempts, minutes):
    assert abs(step(attempts=attempts).at - NOW - timedelta(minutes=minutes)) < timedelta(seconds=1)


def test_the_wait_is_drawn_evenly_below_the_ceiling():
    assert Again(NOW + timedelta(minutes=1)) == step(random=0.5)


def test_the_other_sides_wish_is_obeyed_up_to_an_hour():
    assert Again(NOW + timedelta(minutes=10)) == step(retry_after=600, random=0)
    assert Again(NOW + timedelta(hours=1)) == step(retry_after=86_400, random=0)


def test_one_wish_is_obeyed_to_the_second_and_who_repeats_it_waits_longer():
    assert Again(NOW + timedelta(seconds=1)) == step(retry_after=1)
    assert abs(step(attempts=2, retry_after=1).at - NOW - timedelta(minutes=2)) < timedelta(seconds=1)


@pytest.mark.parametrize("retry_after", [None, 600])
def test_no_wait_is_longer_than_the_longest(retry_after):
    policy = RetryPolicy(max_delay=timedelta(seconds=1))

    again = next_step(policy, attempts=9, since=NOW, now=NOW, retry_after=retry_after, random=lambda: 0.999999)

    assert again.at - NOW <= timedelta(seconds=1)


def test_after_long_enough_it_is_given_up():
    assert GiveUp("tried 9 times over 72 hours") == step(attempts=9, since=NOW - timedelta(hours=72))
