"""The search: Hypothesis invents what happens, and shrinks what went wrong to the least that still goes wrong."""

from __future__ import annotations

import shutil
import tempfile
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, Verbosity, given, seed, settings
from hypothesis import strategies as st
from hypothesis.errors import NonInteractiveExampleWarning

from crm_bridge.prove.declared import Declared
from crm_bridge.prove.ground import Ground, ground_of
from crm_bridge.prove.machine import Machine
from crm_bridge.prove.stand import STORE, Lost, Situation
from crm_bridge.prove.steps import (
    KILLED,
    TROUBLES,
    Add,
    Answer,
    Delete,
    Edit,
    Empty,
    MergeAndBack,
    Step,
    Sync,
    TakeUp,
    Tell,
    Trouble,
)

LONGEST_STORY = 14
DEATHS = (1, 2, 3, 5, 8, 13, 21)  # a few of the commits and calls of a first run; chance takes others


@dataclass(frozen=True, slots=True)
class Counterexample:
    """What went wrong, shrunk.

    Attributes:
        wrong: in words, what must not be.
        story: how it came to be, a sentence a step.
        steps: the same for machines.
    """

    wrong: tuple[str, ...]
    story: tuple[str, ...]
    steps: tuple[dict[str, Any], ...]


@dataclass(frozen=True, slots=True)
class Proof:
    """What a search came to. ``examples``: how many stories were tried, shrinking included."""

    seed: int
    examples: int
    edits: int
    syncs: int
    paths: tuple[str, ...]
    notes: tuple[str, ...]
    counterexample: Counterexample | None


def steps() -> st.SearchStrategy[list[Step]]:
    """Stories. Edits and syncs are the most of life."""
    small, any_number = st.integers(0, 3), st.integers(0, 60)
    kinds: list[st.SearchStrategy[Step]] = [
        st.builds(Edit, any_number, small),
        st.builds(Edit, any_number, small),
        st.builds(Sync, small, st.just(0)),
        st.builds(Sync, small, st.integers(0, 40)),
        st.builds(Trouble, small, st.integers(0, len(TROUBLES) - 1), any_number),
        st.builds(Empty, any_number, small),
        st.builds(Add, small),
        st.builds(TakeUp, small),
        st.builds(Delete, small, small),
        st.builds(MergeAndBack, small),
        st.builds(Tell, small, small, st.integers(0, 7)),
        st.just(Answer()),
    ]
    return st.lists(st.one_of(kinds), min_size=1, max_size=LONGEST_STORY)


def prove(
    declared: Declared,
    *,
    examples: int,
    seed_of_chance: int,
    strict: bool = False,
    told: Callable[[int], None] = lambda _done: None,
) -> Proof:
    """Try the simplest stories there are; then ``examples`` stories, and shrink the first that goes wrong.

    Args:
        strict: see :func:`crm_bridge.prove.ground.ground_of`.
        told: hears after each story how many there were.
    """
    ground = ground_of(declared.kinds, strict=strict)
    worst: list[tuple[Lost, Sequence[Step]]] = []
    figures = {"examples": 0, "edits": 0, "syncs": 0}
    with _start(declared, ground) as start:
        if isinstance(start, Lost):
            worst.append((start, ()))
        else:
            folder, situation = start

            def story(taken: Sequence[Step]) -> None:
                figures["examples"] += 1
                figures["edits"] += sum(isinstance(step, Edit | Empty) for step in taken)
                figures["syncs"] += sum(isinstance(step, Sync) for step in taken) + 3
                told(figures["examples"])
                try:
                    play(declared, ground, taken, folder=folder, start=situation)
                except Lost as found:
                    worst.append((found, taken))
                    raise

            try:
                for simple in _simplest(declared, ground):  # chance would leave some of them out
                    story(simple)
            except Lost:
                pass  # one step is as short as a story can be
            else:
                _search(story, examples=examples, seed_of_chance=seed_of_chance)
    return Proof(
        seed_of_chance,
        figures["examples"],
        figures["edits"],
        figures["syncs"],
        tuple(sorted(ground.leaves)),
        (*declared.left_out, *ground.notes),
        _told(*worst[-1]) if worst else None,
    )


def _simplest(declared: Declared, ground: Ground) -> Iterator[tuple[Step, ...]]:
    """Each deletion that spreads, alone and beside an edit; each field edited once; each trouble once in each system,
    when it is written; an item typed over where a write was cut off by a kill; news of changes; what users and people
    do behind a create that nobody knows the end of."""
    for at, name in enumerate(declared.kinds):
        if declared.kinds[name].spreads:
            held = [leaf for leaf, each in ground.leaves.items() if name in each.holders and each.holders[name].written]
            beside = [i for i, each in enumerate(ground.editable) if each.leaf in held and each.system != name]
            yield (Delete(at),)
            yield from ((Edit(i), Delete(at)) for i in beside[:1])
    for field in range(len(ground.editable)):
        yield (Edit(field),)
    for at, name in enumerate(declared.kinds):
        written = (each.leaf for each in ground.editable if each.system == name and each.written)
        leaves = [leaf for leaf in written if len(ground.leaves[leaf].holders) > 1]
        edits = [i for i, each in enumerate(ground.editable) if each.leaf in leaves[:1] and each.system != name]
        for what in range(len(TROUBLES)) if edits else ():
            yield Trouble(at, what, edits[0]), Edit(edits[0]), Sync()
        for leaf in [leaf for leaf in leaves if ground.leaves[leaf].is_slot and "/" in leaf][:1]:
            here = [i for i, each in enumerate(ground.editable) if each.leaf == leaf and each.system == name]
            there = [i for i, each in enumerate(ground.editable) if each.leaf == leaf and each.system != name]
            for what in KILLED if here and there else ():  # typed over what the killed write left there
                yield Edit(there[0]), Trouble(at, what), Sync(), Edit(here[0])
        if declared.kinds[name].create:  # a first write of a new client, whose answer is lost, or that kills us
            yield from ((Add(at + 1), Trouble(at, what), Sync()) for what in (0, 1, 4, 5))
            yield from _behind_a_create(at, name, ground)
        told = [i for i, each in enumerate(ground.editable) if each.system == name] if name in declared.tell else ()
        for i in told[:1]:
            yield Add(at), Edit(i), Tell(at, 1, how=1)  # news of one client, while another one's are still to be read
    for at in DEATHS:
        yield Edit(0), Sync(dies_at=at)


def _behind_a_create(at: int, name: str, ground: Ground) -> Iterator[tuple[Step, ...]]:
    """The new client is the second one. What was created is edited before it is read, by another identity than we
    sent where there is one; it or what it was created from is deleted; a person answers, or makes two clients one."""
    here = [i for i, each in enumerate(ground.editable) if each.system == name]
    telling = [i for i in here if ground.editable[i].unit.startswith(("birth_date", "identifiers["))]
    for what in (0, 5):  # the answer is lost, or we are killed, when it has arrived
        lost = Add(at + 1), Trouble(at, what), Sync()
        yield from ((*lost, Edit(i, 1), Tell(at, 1)) for i in [*here[:1], *telling][-1:])
        yield *lost, Delete(at + what // 5, 1), Answer()  # what was created; what it was created from
    yield Add(at + 1), Trouble(at, 0), Sync(), MergeAndBack(0, at_once=True)


def _search(story: Callable[[Sequence[Step]], None], *, examples: int, seed_of_chance: int) -> None:
    decorated = seed(seed_of_chance)(
        settings(
            max_examples=examples,
            deadline=None,
            database=None,
            phases=(Phase.generate, Phase.shrink),
            suppress_health_check=list(HealthCheck),
            report_multiple_bugs=False,
            verbosity=Verbosity.quiet,
        )(given(steps())(story))
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NonInteractiveExampleWarning)
        try:
            decorated()
        except Lost:
            return  # the last one told of is the shrunk one


def play(declared: Declared, ground: Ground, taken: Sequence[Step], *, folder: Path, start: Situation) -> Machine:
    """Play one story from the start, to its rest.

    Raises:
        Lost: something is not as it must be.
    """
    with tempfile.TemporaryDirectory(dir=folder.parent) as own:
        shutil.copyfile(folder / STORE, Path(own) / STORE)
        machine = Machine(declared, ground, Path(own), start=start)
        try:
            for step in taken:
                machine.take(step)
            machine.come_to_rest()
        finally:
            machine.close()
    return machine


@contextmanager
def _start(declared: Declared, ground: Ground) -> Iterator[tuple[Path, Situation] | Lost]:
    """One client whom all systems know, in step: where every story begins."""
    with tempfile.TemporaryDirectory() as above:
        folder = Path(above) / "start"
        folder.mkdir()
        machine = Machine(declared, ground, folder)
        try:
            machine.add([*machine.systems])
            machine._sync([*machine.systems])
            machine.link(machine.clients[0])
            machine.come_to_rest()
        except Lost as found:
            machine.close()
            yield found
            return
        situation = machine.situation()
        machine.close()
        yield folder, situation


def _told(found: Lost, taken: Sequence[Step]) -> Counterexample:
    return Counterexample(
        wrong=tuple(dict.fromkeys(each.what for each in found.wrong)),
        story=found.story,
        steps=tuple({"step": type(step).__name__, **asdict(step)} for step in taken),
    )
