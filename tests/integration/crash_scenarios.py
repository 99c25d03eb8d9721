"""What is killed in the middle: how it begins, what is asked for, and what must stand when it was started again.

Everyone is invented.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from memory_world import World, capable

from crm_bridge.connector import EffectSafety

CONSENT = {
    "id": "k-1",
    "purpose": "claims",
    "channel": "sms",
    "status": "granted",
    "captured_at": "2026-01-02T03:04:05Z",
}


def sync(world: World) -> None:
    world.sync()


@dataclass(frozen=True)
class Scenario:
    """``prepare`` makes what is there before; ``run`` is killed; ``judge`` says what is wrong two syncs later.

    Attributes:
        world: options of the world beside its systems ``a`` and ``b``.
        repeated: a person asks again for what was killed; else the next syncs have to do.
        may_doubt: a call whose answer nobody can find out may wait for a person.
    """

    prepare: Callable[[World], None]
    judge: Callable[[World], Sequence[str]]
    run: Callable[[World], None] = sync
    world: Mapping[str, Any] = field(default_factory=dict)
    repeated: bool = False
    may_doubt: bool = False


def _expected(what: str, expected: object, found: object) -> list[str]:
    return [] if expected == found else [f"{what}: {found}, not {expected}"]


def _held(world: World, name: str) -> dict[str, dict[str, Any]]:
    """The records of a system by family name; a client that is there twice spoils it."""
    records = world[name].records("person")
    by_name = {each["last_name"]: dict(each) for each in records}
    return by_name if len(by_name) == len(records) else {f"{each['last_name']} {each['id']}": {} for each in records}


# Edits of different fields on both sides, and a client that B does not know yet.


def _two_sides(world: World) -> None:
    world.person("a", "b", job_title="pupil", dish="борщ")
    world.settle()
    world["a"].edit("person", "m-1", {"job_title": "teacher"})
    world["b"].edit("person", "m-1", {"email": "anna@example.com", "dish": "вареники"})
    world.person("a", number=2, last_name="Бондар")


def _of_two_sides(world: World) -> list[str]:
    wrong = []
    for name in "ab":
        held = _held(world, name)
        wrong += _expected(f"clients in {name}", {"Коваль", "Бондар"}, set(held))
        if not wrong:
            anna = held["Коваль"]
            said = tuple(anna.get(field) for field in ("job_title", "email", "dish"))
            wrong += _expected(f"edits in {name}", ("teacher", "anna@example.com", "вареники"), said)
    return wrong


# Clients for a system of which nobody can tell whether a write arrived: one that nobody settles is for a person.

FOUR = ("Коваль", "Бондар", "Мельник", "Ткач")


def _four(world: World) -> None:
    world.sync()
    for number, name in enumerate(FOUR, 1):
        world.person("a", number=number, last_name=name)


def _of_four(world: World) -> list[str]:
    held, unknown = _held(world, "b"), world.ask("unknown_list")
    wrong = [] if len(unknown) <= 1 else [f"{len(unknown)} writes are unknown, and one was under way"]
    return wrong + _expected("clients in b, and those nobody can tell of", len(FOUR), len(held) + len(unknown))


# A deletion that spreads; and one beside an edit that the deleting user had not seen.


def _deletion(world: World) -> None:
    world.person("a", "b")
    world.person("a", "b", number=2, last_name="Бондар")
    world.settle()
    world["a"].delete("person", "m-1")


def _of_deletion(world: World) -> list[str]:
    return [wrong for name in "ab" for wrong in _expected(f"clients in {name}", {"Бондар"}, set(_held(world, name)))]


def _beaten_deletion(world: World) -> None:
    _deletion(world)
    world["b"].edit("person", "m-1", {"job_title": "teacher"})


def _of_beaten_deletion(world: World) -> list[str]:
    wrong = []
    for name in "ab":
        held = _held(world, name)
        wrong += _expected(f"clients in {name}", {"Коваль", "Бондар"}, set(held))
        wrong += _expected(f"the edit in {name}", "teacher", held.get("Коваль", {}).get("job_title"))
    return wrong


# A person makes one client of two.


def _two_clients(world: World) -> None:
    world.person("a", job_title="teacher")
    world.person("b", number=2, dish="вареники")
    world.settle()


def _merge(world: World) -> None:
    with world.bridge() as bridge:
        first, second = (bridge.lookup(identifier=f"{name}.id=m-1")[0]["id"] for name in "ab")
        if first != second:
            bridge.merge(first, second, by="anna", reason="one person")
    world.sync()


def _of_merge(world: World) -> list[str]:
    with world.bridge() as bridge:
        found = {bridge.lookup(identifier=f"{name}.id=m-1")[0]["id"] for name in "ab"}
    wrong = _expected("clients", 1, len(found))
    for name in "ab":
        [record] = world[name].records("person")
        said = record.get("job_title"), record.get("dish")
        wrong += _expected(f"the record in {name}", ("teacher", "вареники"), said)
    return wrong


# A claim, and the SMS about it.


def _claim(world: World) -> None:
    world.person("a", "b", consents=[CONSENT])
    world.settle()
    world["a"].load("claim", [{"number": "CL-1", "status": "registered", "owner": "m-1"}])


def _of_sms(world: World) -> list[str]:
    sent = len(world["a"].sent) + len(world["b"].sent)
    states = [each["state"] for each in world.show()["notices"]]
    if sent > 1:
        return [f"sent {sent} times"]
    return [] if sent == 1 or "unknown" in states else [f"never sent, and nobody is told: {states}"]


# Undoing a run that carried an edit and created a client.


def _run_to_undo(world: World) -> None:
    world.person("a", "b", job_title="pupil")
    world.settle()
    world["a"].edit("person", "m-1", {"job_title": "teacher"})
    world.person("a", number=2, last_name="Бондар")
    (world.folder / "run_id").write_text(world.sync().run_id, encoding="utf-8")


def _undo(world: World) -> None:
    world.ask("undo", (world.folder / "run_id").read_text(encoding="utf-8"), by="Olha")


def _of_undo(world: World) -> list[str]:
    wrong = _expected("clients in b", {"Коваль"}, set(_held(world, "b")))
    for name in "ab":
        wrong += _expected(f"the title in {name}", "pupil", _held(world, name).get("Коваль", {}).get("job_title"))
    return wrong


SCENARIOS = {
    "edits on two sides and a create": Scenario(_two_sides, _of_two_sides, world={"create": "b"}),
    "creates that nobody can tell of": Scenario(
        _four,
        _of_four,
        world={
            "create": "b",
            "systems": {"a": capable(), "b": capable(effect_safety=EffectSafety.NONE, batch_size=1)},
        },
        may_doubt=True,
    ),
    "a deletion that spreads": Scenario(_deletion, _of_deletion, world={"create": "ab", "spread": "a"}),
    "a deletion that an edit beats": Scenario(
        _beaten_deletion, _of_beaten_deletion, world={"create": "ab", "spread": "a"}
    ),
    "a merge": Scenario(_two_clients, _of_merge, run=_merge, repeated=True),
    "an SMS": Scenario(
        _claim, _of_sms, world={"active": ["dedup.exact_keys", "notification.claims_sms"]}, may_doubt=True
    ),
    "an undo": Scenario(_run_to_undo, _of_undo, run=_undo, world={"create": "b"}, repeated=True),
}
