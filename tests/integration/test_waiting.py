"""Writes that wait: for a system that is away, and what is said of them meanwhile."""

from datetime import timedelta

import pytest

from crm_bridge.connector import Postponed
from crm_bridge.errors import Unreachable


def postponed(world, *, error=None, outcome=None):
    """An edit in A whose way to B was barred when it was to be written."""
    ids = world.person("a", "b")
    world.settle()
    world["a"].edit("person", ids["a"], {"job_title": "teacher"})
    if outcome is not None:
        really = world["b"].write
        world["b"].write = lambda kind, writes: [outcome] * len(writes)
        report = world.sync()
        world["b"].write = really
    else:
        world["b"].before_write.append(lambda: world["b"].fail_next(error=error or Unreachable("not there")))
        report = world.sync()
    return ids, report


@pytest.mark.parametrize("outcome", [None, Postponed("not sent: not there")])
def test_a_run_in_which_a_target_was_away_ends_with_69_and_says_what_waits(world, outcome):
    _, report = postponed(world, outcome=outcome)

    [waiting] = report.waiting
    assert (69, "b", "postponed", 1) == (report.exit_code, waiting["system"], waiting["state"], waiting["writes"])
    assert "not there" in waiting["reason"]
    assert waiting["until"] > report.finished_at


def test_it_is_due_at_once_when_the_system_answers_again(world):
    ids, _ = postponed(world)

    report = world.sync()

    assert "teacher" == world["b"].person(ids["b"])["job_title"]
    assert ([], 0) == (report.waiting, report.exit_code)


def test_while_it_does_not_answer_the_write_waits_and_is_told(world):
    postponed(world)
    world["b"].fail_next(9)

    report = world.sync()

    assert [("b", "postponed", 1)] == [(each["system"], each["state"], each["writes"]) for each in report.waiting]


def test_a_system_that_is_only_written_is_asked_by_its_check(world):
    ids, _ = postponed(world)
    away = Unreachable("not there")

    class WriteOnly:
        def __init__(self, peer):
            for name in ("kinds", "capabilities", "close", "write"):
                setattr(self, name, getattr(peer, name))
            self.away = True

        def check(self):
            if self.away:
                raise away
            return []

    world.opened["b"] = target = WriteOnly(world["b"])
    world.now -= timedelta(minutes=1)  # the very moment of the postponement
    world.sync()
    assert "teacher" != world["b"].person(ids["b"]).get("job_title")

    target.away = False
    world.sync()
    assert "teacher" == world["b"].person(ids["b"])["job_title"]


def test_what_the_system_asked_to_wait_with_waits_as_long_and_a_plan_lists_it(world):
    """It answered, and named a time: nobody hurries it."""
    ids, report = postponed(world, outcome=Postponed("too many requests", retry_after=1800))

    later = world.sync()
    [blocked] = world.ask("plan").as_dict()["blocked"]

    assert (0, 0, 1) == (report.exit_code, later.exit_code, later.waiting[0]["writes"])
    assert "teacher" != world["b"].person(ids["b"]).get("job_title")
    assert blocked["why"].startswith("postponed until 2026-10-20 10:")
    assert blocked["why"].endswith("UTC (too many requests)")
