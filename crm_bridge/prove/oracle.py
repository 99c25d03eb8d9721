"""The oracle: what users said, what each had seen, and therefore what may vanish. It knows nothing of the bridge.

Every edit makes a value that its path never had, so each value has one history. An edit may vanish only under a later
one that had seen it, or under a genuine concurrent one of the same unit: made before its system had received the other.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

START = "the start"


@dataclass(frozen=True, slots=True)
class Edit:
    """One user's word.

    Attributes:
        past: numbers of the edits of the unit that the user's system had received.
        value: as it is seen again; ``None``: emptied.
    """

    number: int
    client: int
    leaf: str
    unit: str
    system: str
    source: str
    value: str | None
    past: frozenset[int]


@dataclass(frozen=True, slots=True)
class Wrong:
    """What must not be. ``edit``: which one was lost, where it is about one."""

    what: str
    edit: Edit | None = None


@dataclass(frozen=True, slots=True)
class Deletion:
    """A user of ``system`` deleted the client's only record there, and that is to spread.

    Attributes:
        received: numbers of all edits of the client that the system had received.
    """

    client: int
    system: str
    received: frozenset[int]


@dataclass(slots=True)
class Oracle:
    """All edits so far, and what each system has received."""

    edits: list[Edit] = field(default_factory=list)
    excused: set[int] = field(default_factory=set)
    deletions: list[Deletion] = field(default_factory=list)
    _seen: dict[tuple[str, int, str], set[int]] = field(default_factory=dict)
    _by_value: dict[tuple[int, str, str | None], int] = field(default_factory=dict)

    def made(
        self, *, client: int, leaf: str, unit: str, system: str, source: str, value: str | None, first: bool = False
    ) -> Edit:
        """A user of ``system`` says ``value``; ``first``: it is how the client stood from the beginning."""
        past = frozenset() if first else frozenset(self._seen.get((system, client, unit), ()))
        edit = Edit(len(self.edits), client, leaf, unit, START if first else system, source, value, past)
        self.edits.append(edit)
        self._by_value[client, leaf, value] = edit.number
        self._receive(system, edit)
        return edit

    def said(self, client: int, leaf: str, value: str | None) -> Edit | None:
        """Who said this of the client."""
        number = self._by_value.get((client, leaf, value))
        return None if number is None else self.edits[number]

    def said_in_list(self, client: int, kind: str, value: str | None) -> Edit | None:
        """Who said this item, whatever it is for: ``kind`` is ``contact_points[phone``."""
        for (whose, leaf, said), number in self._by_value.items():
            if whose == client and said == value and leaf.startswith(kind):
                return self.edits[number]
        return None

    def observed(self, system: str, client: int, values: Mapping[str, str | None]) -> None:
        """The system shows these values now, so its users have received them."""
        for leaf, value in values.items():
            edit = self.said(client, leaf, value)
            if edit is not None:
                self._receive(system, edit)

    def _receive(self, system: str, edit: Edit) -> None:
        seen = self._seen.setdefault((system, edit.client, edit.unit), set())
        seen.add(edit.number)
        seen |= edit.past

    def deleted(self, system: str, client: int) -> None:
        """A user of ``system`` deleted the client's only record there, and that is to spread."""
        known = (seen for (where, whose, _), seen in self._seen.items() if (where, whose) == (system, client))
        self.deletions.append(Deletion(client, system, frozenset().union(*known)))

    def unseen(self, deletion: Deletion) -> list[Edit]:
        """Edits of the client that the users of the deleting system did not know."""
        own = (each for each in self.edits if each.client == deletion.client and each.system != START)
        return [each for each in own if each.number not in deletion.received]

    def undisputed(self, edit: Edit) -> bool:
        """Whether no other edit of its group was made beside it."""
        return all(
            other.number in edit.past or edit.number in other.past or other.number == edit.number
            for other in self._of_unit(edit)
        )

    def uses(self, client: int, leaf: str) -> int:
        """How many values of the path are used up."""
        return sum(1 for edit in self.edits if edit.client == client and edit.leaf == leaf and edit.value is not None)

    def only_here(self, edit: Edit, elsewhere: set[str | None]) -> set[int]:
        """``edit`` and those before it that went with the only record that said them."""
        past = (self.edits[number] for number in edit.past)
        return {edit.number} | {each.number for each in past if each.leaf == edit.leaf and each.value not in elsewhere}

    def lost_under(self, stands: Edit) -> Iterator[Wrong]:
        """Edits of the same path that had seen ``stands``, changed it, and are gone all the same."""
        for edit in self.edits:
            if edit.client != stands.client or edit.leaf != stands.leaf or stands.number not in edit.past:
                continue
            if edit.number in self.excused or any(self._beats(other, edit) for other in self._of_unit(edit)):
                continue
            yield Wrong(
                f"{edit.leaf}: {edit.system} said {shown(edit.value)} having seen {shown(stands.value)}, "
                f"and {shown(stands.value)} stands",
                edit,
            )

    def _of_unit(self, edit: Edit) -> Iterable[Edit]:
        return (each for each in self.edits if each.client == edit.client and each.unit == edit.unit)

    def _beats(self, other: Edit, edit: Edit) -> bool:
        """Whether ``edit`` may have vanished under ``other``, a concurrent edit of another part of its group."""
        concurrent = other.number not in edit.past and edit.number not in other.past
        return concurrent and other.leaf != edit.leaf and other.system != START  # at the start nobody edited anything


def shown(value: str | None) -> str:
    return "nothing" if value is None else f"“{value}”"
