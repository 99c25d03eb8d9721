"""What one lane reads while another is asking its system for something is written by that other lane too."""

import threading

from memory_world import World, capable

from crm_bridge.connector import EffectSafety
from crm_bridge.runner import pull


def test_an_edit_that_is_seen_while_a_lost_create_is_looked_for_is_carried(tmp_path, monkeypatch):
    """B is asked for a create of before; meanwhile A's lane meets a quicker user, whose edit is new to B as well."""
    world = World(tmp_path, systems=dict.fromkeys("ab", capable(effect_safety=EffectSafety.QUERYABLE)), create=["b"])
    ids = world.person("a", "b")
    world.settle()
    world.person("a", number=2, last_name="Бондар")
    world["b"].lose_next_answer(arrived=False)
    world.sync()
    world["a"].edit("person", ids["a"], {"dish": "борщ"})
    world["b"].edit("person", ids["b"], {"job_title": "teacher"})
    world["a"].before_write.append(lambda: world["a"].edit("person", ids["a"], {"email": "new@example.com"}))
    seen, find, take, times = threading.Event(), world["b"].find_write, pull.take_page, []

    def found_late(kind, asked):  # the first time to settle what the last run left open, then before it is sent again
        times.append(asked)
        assert len(times) != 2 or seen.wait(20)
        return find(kind, asked)

    def taken(run, kind, page, **how):
        failed = take(run, kind, page, **how)
        if any(record.get("email") == "new@example.com" for record in page.records):
            seen.set()
        return failed

    world["b"].find_write = found_late
    monkeypatch.setattr(pull, "take_page", taken)

    world.settle()

    assert len(times) > 1
    for name in "ab":
        held = world[name].person(ids[name])
        assert ("new@example.com", "борщ", "teacher") == (held["email"], held["dish"], held["job_title"])
