"""``plan --out`` and ``sync --plan``: exactly the writes that somebody looked at, and no others."""

import json
import stat
from collections import Counter
from types import SimpleNamespace

import pytest
from memory_world import World, capable
from sqlalchemy import Engine, event

from crm_bridge.errors import DataMistake, ExitCode, StoreAway
from crm_bridge.outbox.gate import Stopwatch


@pytest.fixture
def world(tmp_path):
    return World(tmp_path, create="b")


def save(world, name="plan.json", **options):
    path = world.folder / name
    with world.bridge() as bridge:
        bridge.save_plan(bridge.plan(**options), path, sweep=options.get("sweep", False))
    return path


def two_clients(world):
    """Two clients in step, with an edit of each that ``plan`` finds."""
    first = world.person("a", "b", "c")
    second = world.person("a", "b", "c", number=2, last_name="Бойко", first_name="Ivan")
    world.settle()
    world["a"].edit("person", first["a"], {"job_title": "teacher"})
    world["a"].edit("person", second["a"], {"job_title": "doctor"})
    return first, second


def titles(world, name, *ids):
    return [world[name].person(each).get("job_title") for each in ids]


def test_exactly_the_planned_writes_are_made(world):
    """All of them, and then there is nothing left to do."""
    first, second = two_clients(world)
    path = save(world)

    report = world.sync(plan=path)

    assert (ExitCode.OK, 4, []) == (report.exit_code, report.written, report.drifted)
    assert ["teacher", "doctor"] == titles(world, "b", first["b"], second["b"])
    assert 0 == world.sync().written


def test_what_the_plan_does_not_name_is_left_and_stays_due(world):
    """An edit that came after the plan, and a write that somebody took out of the file."""
    first, second = two_clients(world)
    path = save(world)
    document = json.loads(path.read_text(encoding="utf-8"))
    document["writes"] = [
        each for each in document["writes"] if (each["system"], each["record_id"]) != ("b", second["b"])
    ]
    path.write_text(json.dumps(document), encoding="utf-8")
    world.person("a", number=3, last_name="Мельник", first_name="Olha")

    report = world.sync(plan=path)

    assert 3 == report.written
    assert ["teacher", None] == titles(world, "b", first["b"], second["b"])
    assert any("2 more writes are due" in note for note in report.notes)
    assert 2 == world.sync().written
    assert "doctor" == world["b"].person(second["b"])["job_title"]


def test_what_has_drifted_is_refused_and_named_and_the_others_go_on(world):
    """The record has another version, and the card another value: both are told, by name alone."""
    first, second = two_clients(world)
    path = save(world)
    world["b"].edit("person", first["b"], {"dish": "борщ"})
    world["a"].edit("person", second["a"], {"job_title": "nurse"})

    report = world.sync(plan=path)

    refused = {(each["system"], each["record"]): each["differs"] for each in report.drifted}
    assert {
        ("b", f"person:{first['b']}"): ["version", "field version"],
        ("b", f"person:{second['b']}"): ["field job_title"],
        ("c", f"person:{second['c']}"): ["field job_title"],
        ("c", f"person:{first['c']}"): ["field dish"],
    } == refused
    assert ExitCode.DRIFT == report.exit_code
    assert (0, 0) == (report.written, len([each for each in world["b"].writes if each.operation == "update"]))
    assert "teacher" not in str(report.as_dict())


def test_all_or_nothing_makes_none_of_them_when_one_has_drifted(world):
    """Though the others stand."""
    first, second = two_clients(world)
    path = save(world)
    world["b"].edit("person", first["b"], {"gender": "F"})

    report = world.sync(plan=path, all_or_nothing=True)

    assert (ExitCode.DRIFT, 0) == (report.exit_code, report.written)
    assert [None, None] == titles(world, "c", first["c"], second["c"])


def test_a_plan_that_was_carried_out_is_told_as_applied_and_not_carried_out_twice(world):
    """Write by write, though one of the records was edited since: that is no reason to refuse anything."""
    first, _second = two_clients(world)
    world.person("a", number=3, last_name="Мельник", first_name="Olha")
    path = save(world)
    assert 5 == world.sync(plan=path).written
    world["b"].edit("person", first["b"], {"job_title": "nurse"})

    again = world.sync(plan=path)

    assert (0, [], ExitCode.OK) == (again.written, again.drifted, again.exit_code)
    assert Counter(update=4, create=1) == Counter(each["operation"] for each in again.applied)
    assert {"system": "b", "record": f"person:{first['b']}", "operation": "update"} in again.applied


def test_a_plan_that_an_outage_of_the_store_cuts_counts_its_finished_writes_as_made(world):
    """The run goes on, and knows its own writes: nothing has drifted, and the totals are of the whole run."""
    two_clients(world)
    path = save(world)
    world.stopwatch = Stopwatch(lambda: 0.0, lambda _seconds: None)
    armed = []

    def fail_once(_connection):
        if armed:
            armed.clear()
            raise StoreAway("the store cannot be used now")

    world["c"].after_write.append(lambda: armed.append(1))
    event.listen(Engine, "commit", fail_once)
    try:
        report = world.sync(plan=path)
    finally:
        event.remove(Engine, "commit", fail_once)

    assert any("begun again" in note for note in report.notes)
    assert (ExitCode.OK, [], []) == (report.exit_code, report.drifted, report.applied)
    assert {"b": 2, "c": 2} == {name: report.of_write(name).updated for name in "bc"}
    assert 0 == world.sync().written


def test_a_create_of_a_client_that_the_plan_itself_found_is_made(world):
    """Its client has no id before the run that makes it."""
    world.person("a")
    path = save(world)

    report = world.sync(plan=path)

    assert (1, []) == (report.written, report.drifted)
    assert 1 == len(world["b"].records("person"))


def test_deletes_are_planned_and_made_like_other_writes(tmp_path):
    """Also those of an absence, when the plan was made with a sweep: then the run sweeps too."""
    world = World(tmp_path, systems={"a": capable(deletes_visible=False), "b": capable()}, spread="a")
    ids = world.person("a", "b")
    world.person("a", number=2, last_name="Бойко", first_name="Ivan")
    world.settle()
    world["a"].delete("person", ids["a"])
    path = save(world, sweep=True)

    report = world.sync(plan=path)

    assert 1 == report.of_write("b").deleted


def test_the_guard_stops_a_plan_too(tmp_path):
    """A file is no way round it; the option is."""
    world = World(tmp_path, more="[guard]\nmin_records = 2\n")
    two_clients_ids = [world.person("a", "b", number=n, last_name=f"Коваль{n}") for n in (1, 2, 3)]
    world.settle()
    for ids in two_clients_ids:
        world["a"].edit("person", ids["a"], {"job_title": "teacher"})
    path = save(world)

    stopped = world.sync(plan=path)

    assert (ExitCode.SAFETY_STOP, 0) == (stopped.exit_code, stopped.written)
    assert 3 == world.sync(plan=path, allow_large_change=True).written


def test_equal_plans_are_equal_files(world):
    """Byte for byte, at another time and under other ids of runs."""
    two_clients(world)
    world.person("a", number=3, last_name="Мельник", first_name="Olha")
    first = save(world, "one.json").read_bytes()
    world.now = world.now.replace(year=2027)

    assert first == save(world, "two.json").read_bytes()


def test_the_order_of_pages_changes_nothing(tmp_path):
    """Nor do the ids that clients get meanwhile."""
    files = []
    for turn, order in enumerate(((1, 2, 3, 4, 5), (4, 2, 5, 1, 3))):
        folder = tmp_path / str(turn)
        folder.mkdir()
        world = World(folder, systems={"a": capable(), "b": capable()}, create="b")
        for number in order:
            record = {"last_name": f"Коваль{number}", "first_name": "Anna", "birth_date": f"1985-03-0{number}"}
            world["a"].load("person", [{**record, "id": f"x-{number}", "mobile_phone": f"+38050555010{number}"}])
            if number % 2:
                twin = {**record, "id": f"y-{number}", "mobile_phone": f"+38050555010{number}", "job_title": "nurse"}
                world["b"].load("person", [twin])
        files.append(save(world).read_bytes())

    assert files[0] == files[1]
    assert 2 <= files[0].count(b'"create"')


def test_only_its_owner_may_read_the_file(world):
    """It is full of personal data."""
    path = world.folder / "plan.json"
    path.write_text("{}", encoding="utf-8")
    path.chmod(0o644)
    two_clients(world)

    assert 0o600 == stat.S_IMODE(save(world).stat().st_mode)


@pytest.mark.parametrize(
    ("damage", "place"),
    [
        (lambda plan: plan["writes"][0].update(fields="x"), "writes.0.fields"),
        (lambda plan: plan["writes"][1].update(colour="red"), "writes.1.colour"),
        (lambda plan: plan["writes"][0].update(system="z"), "writes.0.system"),
        (lambda plan: plan["writes"][0].update(operation="explode"), "writes.0.operation"),
        (lambda plan: plan["writes"][0].update(record_id=None), "writes.0.record_id"),
        (lambda plan: plan["writes"].append(plan["writes"][0]), "writes.4"),
        (lambda plan: plan["plan"].update(bridge="other"), "plan.bridge"),
        (lambda plan: plan["plan"].update(schema="0000"), "another version"),
        (lambda plan: plan.pop("plan"), "is no plan"),
    ],
)
def test_a_damaged_file_is_told_with_its_place_and_nothing_is_written(world, damage, place):
    """65, and no value in the message."""
    two_clients(world)
    path = save(world)
    document = json.loads(path.read_text(encoding="utf-8"))
    damage(document)
    path.write_text(json.dumps(document), encoding="utf-8")
    written = world.writes()

    with pytest.raises(DataMistake) as told:
        world.sync(plan=path)

    assert place in str(told.value)
    assert (ExitCode.DATA, written) == (told.value.exit_code, world.writes())


def test_a_value_that_somebody_edited_in_the_file_is_not_written(world):
    """A plan is looked at, not a place to write data."""
    first, second = two_clients(world)
    path = save(world)
    path.write_text(path.read_text(encoding="utf-8").replace("doctor", "dentist"), encoding="utf-8")

    report = world.sync(plan=path)

    assert ["teacher", None] == titles(world, "b", first["b"], second["b"])
    assert [["field job_title"]] * 2 == [each["differs"] for each in report.drifted]


def test_no_message_is_sent_by_a_plan(world):
    """It names none."""
    two_clients(world)
    sent = SimpleNamespace(count=sum(len(peer.channel.sent) for peer in world.peers.values()))

    world.sync(plan=save(world))

    assert sent.count == sum(len(peer.channel.sent) for peer in world.peers.values())
