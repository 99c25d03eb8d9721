"""What can happen, as values that Hypothesis invents and shrinks. Numbers choose among what there is, by remainder."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Edit:
    """A user changes a field."""

    field: int
    client: int = 0


@dataclass(frozen=True, slots=True)
class Empty:
    """A user empties a field where that is an edit."""

    field: int
    client: int = 0


@dataclass(frozen=True, slots=True)
class Add:
    """A user enters a client that no system knew."""

    system: int


@dataclass(frozen=True, slots=True)
class Delete:
    """A user deletes a client's record."""

    system: int
    client: int = 0


@dataclass(frozen=True, slots=True)
class MergeAndBack:
    """Somebody makes two clients one, and takes it back: when all is at rest, or ``at_once``."""

    client: int
    at_once: bool = False


@dataclass(frozen=True, slots=True)
class Sync:
    """The bridge runs, for some systems: each but ``without``. It may die at a commit or a call."""

    without: int = 0
    dies_at: int = 0


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something will go wrong with the next calls of one system: ``what`` is a place in ``TROUBLES``."""

    system: int
    what: int
    field: int = 0


@dataclass(frozen=True, slots=True)
class Tell:
    """A system tells of changed records, which are read again at once, or with the next sync: see ``how``.

    Attributes:
        how: 1: twice; 2: of all its records, the last first; 4: nobody looks before the next sync.
    """

    system: int
    client: int = 0
    how: int = 0


@dataclass(frozen=True, slots=True)
class Answer:
    """A person finds out what became of doubtful writes, and says so."""


@dataclass(frozen=True, slots=True)
class TakeUp:
    """A partner takes up what he was sent."""

    system: int


Step: TypeAlias = Edit | Empty | Add | Delete | MergeAndBack | Sync | Trouble | TakeUp | Tell | Answer
TROUBLES = (
    "its next answer is lost, the write arrives",
    "its next write is lost on its way",
    "its next write is refused as stale",
    "a user is quicker than the next write",
    "the bridge dies before its next write arrives",
    "the bridge dies when its next write has arrived",
    "it is not there for a call",
    "its pages come in disorder",
)
KILLED = (4, 5)  # of them, the deaths in a write
