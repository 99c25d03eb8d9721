"""A receipt that names a record which the write was not about: nobody's data is mixed, and a person is told."""

import pytest
from memory_world import World, capable

from crm_bridge.connector import Accepted, EffectSafety


def answering_for(peer, record_id):
    """``peer`` carries writes out, and says of each that it was one to ``record_id``."""
    carry_out = peer._carried_out

    def lying(kind, write):
        outcome = carry_out(kind, write)
        return Accepted(record_id, outcome.version) if isinstance(outcome, Accepted) else outcome

    peer._carried_out = lying


def two(world):
    anna = world.person("a", "b", job_title="pupil")
    boris = world.person(
        "a", "b", last_name="Бондар", first_name="Boris", birth_date="1971-02-03", mobile_phone="+380505550199"
    )
    world.settle()
    return anna, boris


@pytest.mark.parametrize("safety", [EffectSafety.NONE, EffectSafety.IDEMPOTENT])
def test_an_update_answered_for_another_record_is_no_receipt(tmp_path, safety):
    """It stays unknown where the system cannot be read back, and the other card stays as it is."""
    capabilities = {"a": capable(), "b": capable(effect_safety=safety, reads_back=False)}
    world = World(tmp_path, systems=capabilities)
    anna, boris = two(world)
    world["b"].find_write = lambda kind, write: world["b"].person(boris["b"])
    answering_for(world["b"], boris["b"])
    world["a"].edit("person", anna["a"], {"job_title": "teacher"})
    report = world.sync()
    world.sync()

    [unknown] = world.ask("unknown_list")
    assert (1, 5, f"person:{anna['b']}") == (report.unknown, report.exit_code, unknown["record"])
    card = world.show(name="Бондар")
    assert ("Бондар", None) == (card["client"]["name"]["family"], card["client"].get("job_title"))
    assert ("Бондар", "Boris") == tuple(world["a"].person(boris["a"])[part] for part in ("last_name", "first_name"))


def test_where_it_can_be_read_back_the_write_is_settled_by_what_is_there(world):
    anna, boris = two(world)
    answering_for(world["b"], boris["b"])
    world["a"].edit("person", anna["a"], {"job_title": "teacher"})
    report = world.sync()

    assert (0, []) == (report.exit_code, world.ask("unknown_list"))
    assert "teacher" == world["b"].person(anna["b"])["job_title"]
    assert "Бондар" == world.show(name="Бондар")["client"]["name"]["family"]


def test_a_create_answered_for_another_clients_record_is_a_dead_letter(tmp_path):
    world = World(tmp_path, create=["b"])
    boris = world.person(
        "b", last_name="Бондар", first_name="Boris", birth_date="1971-02-03", mobile_phone="+380505550199"
    )
    world.settle()
    answering_for(world["b"], boris["b"])
    world.person("a")
    report = world.sync()
    [letter] = world.ask("dead_letters")

    assert (3, "write", "duplicate") == (report.exit_code, letter["stage"], letter["code"])
    assert [f"b/person/{boris['b']}"] == [each["record"] for each in world.show(name="Бондар")["records"]]
