"""The ground of a proof: which paths are edited in which systems, with which values; and what stays out, said aloud."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from crm_bridge.mapping.document import Column
from crm_bridge.prove.fields import REFUSED, Field, fields_of, pairs_of
from crm_bridge.prove.values import ASKING, invented, spelt
from crm_bridge.run_context.systems import Kind

LONGEST = 40
# Codes that are no word against anybody, or that no edit takes back: the reference on survivorship says so.
NEVER_CHOSEN = frozenset({"unknown", "deceased", "erased", "pending"})


@dataclass(frozen=True, slots=True)
class Leaf:
    """One path that is edited.

    Attributes:
        holders: the fields that hold it, by system.
        choices: its values where they are few; each is used once in a history, so that a value tells its edit.
        may_be_emptied: systems in which emptying it is an edit that must hold everywhere.
    """

    name: str
    unit: str
    holders: Mapping[str, Field]
    transform: str
    longest: int
    choices: tuple[str, ...] | None = None
    may_be_emptied: frozenset[str] = frozenset()

    def value(self, number: int, *, used: int) -> str | None:
        """A new value; ``None``: there is none left."""
        if self.choices is not None:
            return self.choices[used] if used < len(self.choices) else None
        return invented(self.transform, number, longest=self.longest)

    @property
    def is_consent(self) -> bool:
        return self.name.startswith("consents[")

    def shown(self, value: str | None) -> str | None:
        """How the value is seen again: the systems have one word or two for a refusal."""
        return "refused" if self.is_consent and value in REFUSED else value

    @property
    def is_slot(self) -> bool:
        """Whether its value is an item of a list, which may stand beside others."""
        return self.name.startswith(("contact_points[", "identifiers[")) and "[postal" not in self.name

    @property
    def is_vague(self) -> bool:
        """Whether it holds any item of its type, whatever that is for."""
        return self.name.startswith("contact_points[") and self.is_slot and "/" not in self.name


@dataclass(slots=True)
class Ground:
    """Attributes:
    leaves: by name.
    editable: every field that can be edited, in order.
    notes: what is not tried, or not promised.
    """

    leaves: dict[str, Leaf] = field(default_factory=dict)
    editable: list[Field] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def of_system(self, system: str) -> list[Leaf]:
        return [leaf for leaf in self.leaves.values() if system in leaf.holders]


def ground_of(kinds: Mapping[str, Kind], *, strict: bool = False) -> Ground:
    """Lay out what can be tried with these kinds.

    Args:
        strict: an emptied field must stay empty, also where a mapping says ``unset: keep``.
    """
    ground = Ground()
    pairs = pairs_of(kinds)
    held: dict[str, dict[str, Field]] = {}
    for name, kind in kinds.items():
        for found in fields_of(kind, pairs=pairs):
            if isinstance(found, str):
                ground.notes.append(f"not edited: {found}")
            elif name in held.setdefault(found.leaf, {}):
                ground.notes.append(f"not edited: {name}: {found.source} is a second field of {found.leaf}")
            else:
                held[found.leaf][name] = found
    for leaf_name, holders in held.items():
        leaf = _leaf(leaf_name, holders, kinds, ground.notes, strict=strict)
        if leaf is not None:
            ground.leaves[leaf_name] = leaf
            ground.editable += holders.values()
    return ground


def _leaf(
    name: str, holders: Mapping[str, Field], kinds: Mapping[str, Kind], notes: list[str], *, strict: bool
) -> Leaf | None:
    columns = [each.column for each in holders.values()]
    checks = [each.check for each in columns if each.check]
    transform = checks[0] if checks else max((each.transform for each in columns), key=ASKING.index)
    longest = min([LONGEST, *(each.max for each in columns if each.max)])
    lengths = {each.system: each.column.max for each in holders.values() if each.column.max}
    shortest = min(lengths.values(), default=0)
    for system, own in lengths.items():
        if own > shortest:
            narrow = next(other for other, limit in lengths.items() if limit == shortest)
            notes.append(f"longer than {narrow} takes ({shortest}): {name} in {system}; it becomes a dead letter there")
    choices = None
    if transform in ("code", "flag"):
        choices = _choices(name, holders, notes)
        if not choices:
            notes.append(f"not edited: {name}: the systems share no value to try")
            return None
    elif transform in ("email", "phone", "date", "datetime") and longest < LONGEST and longest < 20:
        longest = LONGEST
    unit = next(iter(holders.values())).unit
    emptied = frozenset(system for system in holders if _emptying_counts(system, name, holders, kinds, strict=strict))
    return Leaf(name, unit, holders, transform, longest, choices, emptied)


def _choices(name: str, holders: Mapping[str, Field], notes: list[str]) -> tuple[str, ...]:
    codes: dict[str, list[str]] = {each.system: _words(each.column) for each in holders.values()}
    every = dict.fromkeys(code for words in codes.values() for code in words)
    if name.startswith("consents["):
        return _statuses(holders, codes)
    for code in every:
        without = [system for system, words in codes.items() if code not in words]
        if without and code not in NEVER_CHOSEN:
            notes.append(f"not carried: {name} `{code}` has no word in {', '.join(without)}")
    return tuple(code for code in every if code not in NEVER_CHOSEN and all(code in words for words in codes.values()))


def _statuses(holders: Mapping[str, Field], codes: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """Granted and then refused where every statement is dated; without dates a refusal alone, which stands for ever."""
    refusals = [code for code in ("withdrawn", "denied") if all(_refuses(words) for words in codes.values())][:1]
    dated = all(_is_dated(each) for each in holders.values())
    if dated and all("granted" in words for words in codes.values()):
        return ("granted", *refusals)
    return tuple(refusals)


def _refuses(words: Sequence[str]) -> bool:
    return bool(REFUSED & set(words)) or words == ["on"]


def _is_dated(each: Field) -> bool:
    assert each.row is not None  # noqa: S101  # statements of consent are rows of a list
    return any(part.path == "captured_at" and part.direction == "both" for part in (*each.row.parts, *each.row.more))


def _words(column: Column) -> list[str]:
    """The codes that the column can say."""
    if column.transform == "code":
        return [str(code) for code in dict.fromkeys(column.options["values"].values())]
    return ["on"] if column.transform == "flag" else []


def refusal_in(holder: Field) -> str:
    """The word for a refusal in this system."""
    words = _words(holder.column)
    return next((code for code in ("withdrawn", "denied") if code in words), "denied")


def can_say(holder: Field, value: str) -> bool:
    return spelt(holder.column, value) is not None


def _emptying_counts(
    system: str, name: str, holders: Mapping[str, Field], kinds: Mapping[str, Kind], *, strict: bool
) -> bool:
    own = holders[system]
    plain = own.row is None and own.word is None and "." not in name and not own.column.required
    if not plain or kinds[system].image_partial:
        return False
    others = [each for each in holders.values() if each.system != system]
    return strict or all(each.written and each.column.unset == "blank" for each in others)
