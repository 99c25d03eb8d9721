"""What a run did, in figures: printed, stored, and turned into the exit code."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from crm_bridge.errors import ExitCode, StoreAway

# The first of these that holds is the exit code.
PRECEDENCE = (78, 77, 69, 75, 1, 4, 5, 3, 2)
_BEGUN_AGAIN = "the store was away for a while; this run was begun again"


def gravest(codes: Iterable[int]) -> ExitCode:
    """Which of several exit codes is given; ``OK`` when there is none."""
    given = set(codes)
    return ExitCode(next((code for code in PRECEDENCE if code in given), 0))


@dataclass(slots=True)
class ReadFigures:
    """One kind of one system, read: numbers of records.

    ``echoes`` came with another stamp and nothing else new: what we wrote ourselves, when it is read back.
    """

    read: int = 0
    unchanged: int = 0
    echoes: int = 0
    new: int = 0
    changed: int = 0
    gone: int = 0
    quarantined: int = 0


@dataclass(slots=True)
class WriteFigures:
    """One system, written: numbers of records."""

    created: int = 0
    updated: int = 0
    deleted: int = 0
    same: int = 0
    stale: int = 0
    refused: int = 0
    postponed: int = 0
    unknown: int = 0
    held: int = 0

    def count(self, operation: str) -> None:
        """One ``create``, ``update`` or ``delete`` that arrived."""
        name = f"{operation}d"
        setattr(self, name, getattr(self, name) + 1)


@dataclass(slots=True)
class RunReport:
    """The report of one run; counted up while it works, handed out when it is over.

    Attributes:
        bridge: the name of the installation.
        reads: by ``system/kind``.
        writes: by system.
        clients: ``created``, ``linked`` (records that joined a client), ``changed``, ``closed`` and ``reopened`` (their
            last record went, or came back), ``conflicts``, ``doubts``, ``judged_two`` (pairs of clients that resemble
            each other and are two persons: nobody is asked).
        notices: those that this run planned, sent or heard of, by the state that they are in now.
        stopped: system → why it could not be worked with.
        paused: system → ``until`` when it is left alone, and the ``reason``; later runs keep to it.
        too_much: system → what a guard kept from it: ``known`` records, of them ``changed``, ``deleted``, ``missing``
            from the list of a sweep; ``created``; and ``fields`` with the number of writes to each. No values.
        drifted: writes of a plan file that were refused, as they would be others now: ``system record operation
            differs``.
        applied: writes of a plan file that an earlier run made as they stand there: ``system record operation``.
        plugin_failures: in words, without values.
        held_for_plugins: plugin → how many writes and messages are kept back, as it gave no answer.
        swept_nothing: a sweep was asked for, and no kind of any system could be swept; the notes say why.
        new_held: writes that a reviewer objected to now, and not before; a person is asked about each.
        wars: what was found now to be put back each time that we write it, and is written no more until a person
            decides: ``system record path``.
        away: systems that gave no answer to a write, which was postponed.
        in_vain: system → how many writes it answered and did not take in all tries of this run.
        waiting: what is postponed or held, of this run and of earlier ones: ``system state writes until reason``.
        new_dead_letters: opened by this run, and by what was broken off since the last one that came to its end, which
            nobody has heard of: ``earlier_dead_letters`` of them.
        dead_letters, reviews, unknown: open at the end; ``unknown``: writes and messages whose outcome nobody can tell.
    """

    run_id: str
    started_at: str
    finished_at: str = ""
    bridge: str = ""
    reads: dict[str, ReadFigures] = field(default_factory=dict)
    writes: dict[str, WriteFigures] = field(default_factory=dict)
    clients: dict[str, int] = field(default_factory=dict)
    notices: dict[str, int] = field(default_factory=dict)
    stopped: dict[str, str] = field(default_factory=dict)
    stop_codes: list[int] = field(default_factory=list)
    paused: dict[str, dict[str, str]] = field(default_factory=dict)
    too_much: dict[str, dict[str, Any]] = field(default_factory=dict)
    plugin_failures: Sequence[str] = ()
    held_for_plugins: dict[str, int] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    swept_nothing: bool = False
    wars: list[dict[str, str]] = field(default_factory=list)
    drifted: list[dict[str, Any]] = field(default_factory=list)
    applied: list[dict[str, Any]] = field(default_factory=list)
    away: list[str] = field(default_factory=list)
    in_vain: dict[str, int] = field(default_factory=dict)
    waiting: list[dict[str, Any]] = field(default_factory=list)
    dead_letters: int = 0
    new_dead_letters: int = 0
    earlier_dead_letters: int = 0
    new_held: int = 0
    reviews: int = 0
    unknown: int = 0

    def of_read(self, system: str, kind: str) -> ReadFigures:
        return self.reads.setdefault(f"{system}/{kind}", ReadFigures())

    def of_write(self, system: str) -> WriteFigures:
        return self.writes.setdefault(system, WriteFigures())

    def count(self, what: str, number: int = 1) -> None:
        if number:
            self.clients[what] = self.clients.get(what, 0) + number

    def hold_for(self, plugin: str) -> None:
        """A write or a message is kept back, as ``plugin`` has to agree and gave no answer."""
        self.held_for_plugins[plugin] = self.held_for_plugins.get(plugin, 0) + 1

    def tell_of_earlier(self, dead_letters: int) -> None:
        """So many letters were opened before this run and told by no exit code. Twice counts once."""
        self.new_dead_letters += dead_letters - self.earlier_dead_letters
        self.earlier_dead_letters = dead_letters

    def stop(self, system: str, why: str, code: int) -> None:
        """The system could not be worked with; the others go on."""
        self.stopped[system] = why
        self.stop_codes.append(code)

    @contextmanager
    def with_the_store(self) -> Iterator[None]:
        """What is counted inside counts only where it ends well: what the store did not take did not happen."""
        reads = {name: replace(each) for name, each in self.reads.items()}
        writes = {name: replace(each) for name, each in self.writes.items()}
        clients, letters, held = dict(self.clients), self.new_dead_letters, self.new_held
        in_vain = dict(self.in_vain)
        lists = {name: len(getattr(self, name)) for name in ("notes", "wars", "away")}
        try:
            yield
        except StoreAway:
            self.reads, self.writes, self.clients = reads, writes, clients
            self.new_dead_letters, self.new_held, self.in_vain = letters, held, in_vain
            for name, length in lists.items():
                del getattr(self, name)[length:]
            raise

    def begin_again(self) -> None:
        """The same run, once more after the store was away: what it did stays counted, what it found is found anew."""
        self.stopped, self.stop_codes, self.paused, self.too_much = {}, [], {}, {}
        self.drifted, self.applied, self.held_for_plugins, self.swept_nothing = [], [], {}, False
        if _BEGUN_AGAIN not in self.notes:
            self.notes.append(_BEGUN_AGAIN)

    @property
    def written(self) -> int:
        """Records that were created, updated or deleted somewhere."""
        return sum(figures.created + figures.updated + figures.deleted for figures in self.writes.values())

    @property
    def exit_code(self) -> ExitCode:
        """After ``crm_bridge.errors.ExitCode``: the gravest thing that happened."""
        codes = set(self.stop_codes)
        if self.away or self.in_vain:
            codes.add(ExitCode.UNAVAILABLE)
        if self.unknown or self.new_held or self.wars:
            codes.add(ExitCode.NEEDS_PERSON)
        if self.new_dead_letters or self.held_for_plugins or self.swept_nothing:
            codes.add(ExitCode.DEAD_LETTERS)
        if self.drifted:
            codes.add(ExitCode.DRIFT)
        return gravest(codes)

    def as_dict(self) -> Mapping[str, Any]:
        """For ``--json`` and the store."""
        return {**asdict(self), "stop_codes": [int(code) for code in self.stop_codes], "exit_code": int(self.exit_code)}
