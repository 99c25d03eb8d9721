"""A command that runs until it is asked to end does end, however the asking comes."""

from __future__ import annotations

import signal

import pytest

from crm_bridge.cli import until_asked as module
from crm_bridge.cli.until_asked import until_asked


@pytest.fixture
def handlers_back():
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.usefixtures("handlers_back")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_first_signal_returns_and_a_second_would_end_the_process(number):
    """Tidying up may itself hang, so from then on the system's own handler stands."""
    until_asked(lambda: signal.raise_signal(number), every=0.0)

    assert [signal.SIG_DFL] * 2 == [signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)]


@pytest.mark.usefixtures("handlers_back")
def test_a_signal_while_another_is_being_noted_does_not_lock(monkeypatch):
    """As when a group and its parent are told at once: the handler runs inside itself, and no lock is held."""
    real, asked = signal.signal, []

    def noted(number, handler):
        if handler is signal.SIG_DFL and not asked:
            asked.append(number)
            signal.raise_signal(signal.SIGTERM)  # while SIGTERM's handler still stands
        return real(number, handler)

    monkeypatch.setattr(module.signal, "signal", noted)
    until_asked(lambda: signal.raise_signal(signal.SIGTERM), every=0.0)

    assert [signal.SIGINT] == asked


@pytest.mark.usefixtures("handlers_back")
def test_a_parent_that_left_signals_blocked_does_not_make_it_deaf():
    """The mask of blocked signals is inherited over exec."""
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
    rounds = []

    def ask_three_times():
        rounds.append(signal.raise_signal(signal.SIGTERM))
        if len(rounds) > 3:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGTERM])

    until_asked(ask_three_times, every=0.0)

    assert 1 == len(rounds)
