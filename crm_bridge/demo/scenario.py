"""The demo from beginning to end: systems filled, the bridge between them, scenes played, everything checked."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from crm_bridge.connector import SimulatorType
from crm_bridge.demo import scenes
from crm_bridge.demo.cast import SCENES, Card, Part, choose, wanted
from crm_bridge.demo.checks import RECORDS_READ, Check
from crm_bridge.demo.evaluation import Evaluation, QueueEvaluation, evaluate, evaluate_queue
from crm_bridge.demo.findings import (
    DeadLetter,
    RecordKey,
    a_client,
    cards,
    clients_by_record,
    open_letters,
    open_questions,
)
from crm_bridge.demo.input_file import read_input
from crm_bridge.demo.narration import Narrator
from crm_bridge.demo.people import ROLES, make_people
from crm_bridge.demo.scenes import DemoBridge, World
from crm_bridge.demo.shapes import KINDS
from crm_bridge.demo.spread import Spread, spread_input, spread_people
from crm_bridge.demo.stand import Stand
from crm_bridge.demo.workdir import claim_directory, copy_mappings
from crm_bridge.errors import UserMistake

NEEDS: Mapping[str, tuple[tuple[str, ...], ...]] = {
    **{name: (systems,) for name, systems in SCENES.items()},
    "claims": (SCENES["consent"], SCENES["no_consent"]),
}


@dataclass(frozen=True, slots=True)
class Options:
    """What the user asked for. ``input``: a file of records instead of sample people."""

    directory: Path
    clients: int = 1000
    input: Path | None = None
    force: bool = False


@dataclass(frozen=True, slots=True)
class House:
    """What the demo is given to work with: nothing here is chosen by the scenario.

    Attributes:
        simulators: by system, as the plugins offer them.
        configure: writes ``crm-bridge.toml`` for the running stand.
        open_bridge: the bridge of a directory, with its web edge listening, which sets the event for each request.
    """

    simulators: Mapping[str, SimulatorType]
    clock: Callable[[], datetime]
    configure: Callable[[Path, Stand], None]
    open_bridge: Callable[[Path, Stand, threading.Event], AbstractContextManager[DemoBridge]]


@dataclass(slots=True)
class Outcome:
    """What the demo found. ``look``: arguments of ``crm-bridge client`` that show a client, where there is one."""

    checks: list[Check] = field(default_factory=list)
    figures: dict[str, Any] = field(default_factory=dict)
    seconds: float = 0.0
    look: str | None = None


def play(
    options: Options, *, house: House, narrator: Narrator, finish: Callable[[Outcome, Callable[[], None]], None]
) -> Outcome:
    """Run the whole demo.

    Args:
        finish: called with the outcome while everything still runs, and with what to do now and then if it lingers.

    Raises:
        UserMistake: the directory, the number of clients or the input file cannot be used.
    """
    begun = time.monotonic()
    spread, labelled = _spread(options)
    claim_directory(options.directory, force=options.force)
    outcome = Outcome()
    narrator.step("Four systems start on this machine")
    stand = Stand.open(house.simulators, folder=options.directory / "simulators", clock=house.clock)
    with stand:
        stand.start(ports={name: offered.default_port for name, offered in house.simulators.items()})
        with narrator.bars() as bars:
            for system in KINDS:
                bars.start(f"fill {system}", len(spread.of(system)))
            stand.load(spread, loaded=lambda system, number: bars.advance(f"fill {system}", number))
        if spread.moved:
            narrator.say(
                f"{spread.moved:,} records for vendor_files went to siebel instead: the agency's files are cp1251, "
                "which lacks their letters."
            )
        if spread.moved_on:
            narrator.say(
                f"{spread.moved_on:,} records for siebel went to callcenter instead: they hold control characters, "
                "which XML lacks."
            )
        copy_mappings(options.directory)
        house.configure(options.directory, stand)
        narrator.say(f"{options.directory} now holds crm-bridge.toml, mappings/ and the systems' own state.")
        received = threading.Event()
        with house.open_bridge(options.directory, stand, received) as bridge:
            world = World(stand, bridge, narrator, received)
            _play_scenes(world, spread, outcome, labelled=labelled, sample=options.input is None)
            with bridge.reading() as connection:
                outcome.look = a_client(connection, phone=scenes.NEW_PHONE)
            outcome.seconds = time.monotonic() - begun
            finish(outcome, world.take_inbox)
    return outcome


def _spread(options: Options) -> tuple[Spread, bool]:
    """The records to load, and whether the truth about them is known."""
    if options.input is not None:
        data = read_input(options.input)
        return spread_input(data.records), data.labelled
    if options.clients < len(ROLES):
        raise UserMistake(f"--clients: the scenes need at least {len(ROLES)} people")
    return spread_people(make_people(options.clients)), True


def _play_scenes(world: World, spread: Spread, outcome: Outcome, *, labelled: bool, sample: bool) -> None:
    narrator, stand = world.narrator, world.stand
    truth: dict[RecordKey, str] = {
        (row.system, stand.ids[position]): row.person for position, row in enumerate(spread.rows)
    }
    narrator.step("The bridge reads all four and makes one card for each client")
    begun = time.monotonic()
    report = world.sync()
    seconds = time.monotonic() - begun
    with world.bridge.reading() as connection:
        linked, letters, questions = clients_by_record(connection), open_letters(connection), open_questions(connection)
    merged = evaluate({key: linked[key] for key in linked if key in truth}, truth=truth)
    outcome.figures |= {f"records in {system}": len(spread.of(system)) for system in KINDS}
    outcome.figures |= {
        "records in all": len(spread.rows),
        "clients": merged.clients,
        "records written back": report.written,
        "pairs that wait for a person": len(questions),
        "pairs judged two persons": report.clients.get("judged_two", 0),
        "dead letters": len(letters),
        "dead letters by cause": dict(Counter(letter.code for letter in letters).most_common()),
        "first run, seconds": round(seconds, 1),
    }
    if spread.moved:
        outcome.figures["records that the agency's files cannot hold (cp1251), put into siebel"] = spread.moved
    if spread.moved_on:
        outcome.figures["records that Siebel cannot hold (control characters), put into callcenter"] = spread.moved_on
    outcome.checks += _nothing_lost(truth, linked, letters)
    outcome.checks.append(records_read(merged))
    if sample:
        outcome.checks += _faults_found(spread, stand, letters)
        outcome.checks.append(Check("cards that mix two people", 0, merged.mixed_clients))
    if labelled:
        outcome.figures |= _quality(merged) | _queue(evaluate_queue(questions, clients=linked, truth=truth))
    by_client = cards(linked)
    parts = choose(by_client, wished=_wished(spread, stand, linked), excluded=_with_letters(letters, linked))
    star = parts.get("everywhere")
    card = by_client[star.client_id] if star else {}
    _everywhere(world, star, outcome, truth=truth, card=card, whole=sample)
    _edits(world, parts, outcome, sample=sample)
    narrator.step("Nothing changed, so nothing is written")
    outcome.checks += scenes.quiet_run(world)


def _everywhere(
    world: World,
    part: Part | None,
    outcome: Outcome,
    *,
    truth: Mapping[RecordKey, str],
    card: Card,
    whole: bool,
) -> None:
    """``whole``: all records of that person have to be on the card; else at least no one else's."""
    world.narrator.step("One client, known to four systems, has one card")
    if part is None:
        _skipped(world, outcome, "everywhere", sample=whole)
        return
    person = truth["siebel", part.records["siebel"]]
    found = sorted(f"{system} {record}" for system, records in card.items() for record in records)
    mine = {f"{system} {record}" for (system, record), of in truth.items() if of == person}
    expected = sorted(mine if whole else mine & set(found))
    outcome.checks += scenes.one_card(world, part, expected=expected, found=found)


def _edits(world: World, parts: Mapping[str, Part], outcome: Outcome, *, sample: bool) -> None:
    told: tuple[tuple[str, str, Callable[[World, Part], list[Check]]], ...] = (
        ("phone", "A phone changed in the call centre reaches Siebel", scenes.phone_travels),
        ("name", "A name changed in Siebel reaches the call centre and the agency's next file", scenes.name_travels),
        ("disjoint", "Edits on both sides at once both survive", scenes.disjoint_edits_survive),
    )
    for name, title, scene in told:
        world.narrator.step(title)
        if name in parts:
            outcome.checks += scene(world, parts[name])
        else:
            _skipped(world, outcome, name, sample=sample)
    world.narrator.step("A registered claim becomes one SMS with consent, and none without")
    claimants = {name: parts[name] for name in ("consent", "no_consent") if name in parts}
    if len(claimants) == 2:
        outcome.checks += scenes.claims_become_messages(world, claimants)
    else:
        _skipped(world, outcome, "claims", sample=sample)


def _skipped(world: World, outcome: Outcome, scene: str, *, sample: bool) -> None:
    """A scene that cannot be played has shown nothing. The sample has people for all of them, so there it counts as a
    check that does not hold; somebody's own few records need not, and are told what the scene would take."""
    world.narrator.say(f"Not played: it needs {wanted(NEEDS[scene])}.")
    if sample:
        outcome.checks.append(Check(f"scene {scene}: a client for it", "one", "none"))
    else:
        outcome.figures.setdefault("scenes not played", []).append(scene)


def _nothing_lost(
    truth: Mapping[RecordKey, str], linked: Mapping[RecordKey, str], letters: list[DeadLetter]
) -> list[Check]:
    """Every record is in a card or a dead letter."""
    lettered = {(letter.system, letter.record_id) for letter in letters}
    there = sum(key in linked or key in lettered for key in truth)
    return [Check("records that are in a card or a dead letter", len(truth), there)]


def records_read(merged: Evaluation) -> Check:
    """A run that made no client has shown nothing, however well it put everything aside."""
    return Check(RECORDS_READ, "some", "some" if merged.clients else "none")


def _faults_found(spread: Spread, stand: Stand, letters: list[DeadLetter]) -> list[Check]:
    """The dead letters are those that were built in, each with its cause, and no other."""
    ids = set(stand.ids.values())
    line = "a line"  # the broken one has no id
    expected = [(each.system, line if each.row is None else stand.ids[each.row], each.code) for each in spread.faults]
    found = {(each.system, each.record_id if each.record_id in ids else line, each.code) for each in letters}
    return [Check("bad records that became dead letters", _told(expected), _told(found))]


def _told(faults: Iterable[tuple[str, str, str]]) -> list[str]:
    return [f"{system} {record}: {code}" for system, record, code in sorted(faults)]


def _quality(merged: Evaluation) -> dict[str, Any]:
    return {
        "persons in truth": merged.persons,
        "pairs: precision": _rounded(merged.precision),
        "pairs: recall": _rounded(merged.recall),
        "pairs: F1": _rounded(merged.f1),
        "B³: precision": _rounded(merged.b3_precision),
        "B³: recall": _rounded(merged.b3_recall),
        "cards that mix two people": merged.mixed_clients,
    }


def _queue(queue: QueueEvaluation) -> dict[str, Any]:
    return {
        "questions: answer is yes": queue.yes,
        "questions: precision": _rounded(queue.precision),
        "true pairs not merged": queue.missed_pairs,
        "true pairs not merged that are asked": queue.missed_asked,
        "questions: recall": _rounded(queue.recall),
    }


def _rounded(ratio: float | None) -> float | None:
    return None if ratio is None else round(ratio, 4)


def _wished(spread: Spread, stand: Stand, linked: Mapping[RecordKey, str]) -> dict[str, str]:
    """Scene → the client of the person who is kept for it."""
    wished: dict[str, str] = {}
    for position, row in enumerate(spread.rows):
        client = linked.get((row.system, stand.ids[position]))
        if row.role and client is not None:
            wished.setdefault(row.role, client)
    return wished


def _with_letters(letters: list[DeadLetter], linked: Mapping[RecordKey, str]) -> set[str]:
    keys = ((letter.system, letter.record_id) for letter in letters)
    return {linked[key] for key in keys if key in linked}
