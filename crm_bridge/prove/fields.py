"""What users can edit: every field of every mapping that the machine can fill, and what it leaves alone, with why."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from crm_bridge.mapping.document import Column, FieldRow, ListRow
from crm_bridge.mapping.paths import look
from crm_bridge.prove.values import CHECKED, spelt
from crm_bridge.run_context.systems import Kind

REFUSED = frozenset({"denied", "withdrawn"})


@dataclass(frozen=True, slots=True)
class Field:
    """One field of one system that a user may edit.

    Attributes:
        leaf: what it says, the same in every system: ``name.family``, ``contact_points[phone/mobile]``.
        unit: what is merged as one with it.
        source: the field's name, for people.
        written: whether the bridge writes it.
        word: its place in a full name of several words; ``None``: the field is its own.
        row: of which list row it is; ``pair``: of which purpose and channel, in the system's own words.
    """

    system: str
    leaf: str
    unit: str
    source: str
    column: Column
    written: bool
    word: int | None = None
    row: ListRow | None = None
    pair: Mapping[str, Any] | None = None

    @property
    def is_consent(self) -> bool:
        return self.leaf.startswith("consents[")

    def put(self, record: Mapping[str, Any], value: str | None, *, at: str, new_row: str) -> dict[str, Any]:
        """``record`` with ``value`` in this field.

        Args:
            at: when, for statements that carry their date.
            new_row: id of a nested row, where one has to be added.
        """
        changed = copy.deepcopy(dict(record))
        raw = None if value is None else spelt(self.column, value)
        row = self.row
        if row is not None and row.each:
            inner = self._nested(changed, new_row)
            _set(inner, self.column.src, raw)
        elif self.word is not None:
            parts = str(look(changed, self.column.src) or "").split()
            parts += ["Ім'я"] * (self.word + 1 - len(parts))
            parts[self.word] = str(raw)
            _set(changed, self.column.src, " ".join(parts))
            return changed
        else:
            inner = changed
            _set(changed, self.column.src, raw)
        if self.is_consent and row is not None:
            for dated in (*row.parts, *row.more):
                if dated.path == "captured_at" and dated.direction != "write":
                    _set(inner, dated.src, spelt(dated, at))
        return changed

    def _nested(self, record: dict[str, Any], new_row: str) -> dict[str, Any]:
        assert self.row is not None  # noqa: S101  # the caller looked
        holder: Any = record
        for name in self.row.each[:-1]:
            if not isinstance(holder.get(name), dict):
                holder[name] = {}
            holder = holder[name]
        rows = holder.get(self.row.each[-1])
        if not isinstance(rows, list):
            rows = holder[self.row.each[-1]] = []
        wanted = dict(self.pair or {})
        found = next((each for each in rows if all(each.get(name) == said for name, said in wanted.items())), None)
        if found is None:
            found = {**wanted, **({self.row.key: new_row} if self.row.key else {})}
            rows.append(found)
        return found


def _set(record: dict[str, Any], src: Sequence[str], value: Any) -> None:
    for name in src[:-1]:
        if not isinstance(record.get(name), dict):
            record[name] = {}
        record = record[name]
    record[src[-1]] = value


def fields_of(kind: Kind, *, pairs: Sequence[tuple[str, str]]) -> Iterator[Field | str]:
    """The fields of one kind; a text says what is left alone, and why.

    Args:
        pairs: purposes and channels that nested statements of consent are tried with.
    """
    document = kind.mapping.document
    for row in document.fields:
        yield from _of_field(kind, row)
    for item in document.lists:
        where = f"{kind.system}: {item.label}"
        if item.direction == "write" or item.pattern is not None or item.split is not None or item.plain:
            yield f"{where} is taken apart from a text"
        elif item.head == "consents":
            yield from _of_consents(kind, item, pairs)
        elif item.head == "contact_points":
            yield from _of_contact_point(kind, item)
        elif item.head == "identifiers" and item.item.get("type") in ("tax", "registration") and not item.each:
            yield from _of_identifier(kind, item)
        elif item.head == "facts" and item.column is not None and not item.each and "key" in item.item:
            yield from _one(kind, item.column, leaf=f"facts[{item.item['key']}]", row=item)
        else:
            yield f"{where}: values that mean something to other records are not invented"


def _written(kind: Kind, column: Column) -> bool:
    return kind.write and column.direction == "both"


def _of_field(kind: Kind, row: FieldRow) -> Iterator[Field | str]:
    column = row.column
    if row.if_absent:
        yield f"{kind.system}: {column.field_name} counts only where others are empty"
    elif column.transform == "split_name":
        order = column.options["order"]
        for at, part in enumerate(order):
            if part in ("family", "given"):
                leaf = f"{column.path}.{part}"
                yield Field(kind.system, leaf, column.path, column.field_name, column, _written(kind, column), at)
    else:
        yield from _one(kind, column, leaf=column.path)


def _one(
    kind: Kind, column: Column, *, leaf: str, unit: str | None = None, row: ListRow | None = None
) -> Iterator[Field | str]:
    where = f"{kind.system}: {column.field_name}"
    if column.direction == "write":
        yield f"{where} is never read"
    elif column.call is not None or column.check is not None:
        yield f"{where}: {column.call or column.check} takes no invented values"
    elif column.options.get("is_zone") or (column.transform == "text" and column.options.get("allowed")):
        yield f"{where} takes words of a list"
    else:
        group = unit or ("name" if leaf.startswith("name.") else leaf)
        yield Field(kind.system, leaf, group, column.field_name, column, _written(kind, column), row=row)


def _of_contact_point(kind: Kind, row: ListRow) -> Iterator[Field | str]:
    item = row.item
    if item.get("type") == "postal":
        unit = f"contact_points[postal/{item.get('purpose', 'other')}]"
        for part in row.parts:
            path = part.path.removeprefix("address.")
            if path.startswith("lines.") and path != "lines.0":
                yield f"{kind.system}: {part.field_name} is a further line of the address"
            else:
                leaf = f"{unit}.{'lines' if path.startswith('lines') else path}"
                yield from _one(kind, part, leaf=leaf, unit=unit, row=row)
    elif row.each or row.column is None:
        yield f"{kind.system}: {row.label} stands beside another of its kind"
    else:
        yield from _one(kind, row.column, leaf=slot_leaf(item), row=row)


def _of_identifier(kind: Kind, row: ListRow) -> Iterator[Field | str]:
    """A number of the client's, not of a record: users mistype and mend it."""
    column, leaf = row.column, f"identifiers[{row.item.get('system')}]"
    if column is not None and column.check in CHECKED and column.direction != "write":
        yield Field(kind.system, leaf, leaf, column.field_name, column, _written(kind, column), row=row)
    elif column is not None:
        yield from _one(kind, column, leaf=leaf, row=row)


def slot_leaf(item: Mapping[str, Any]) -> str:
    """``contact_points[phone/mobile]``, or without the purpose where the system does not tell."""
    return f"contact_points[{'/'.join(str(item[name]) for name in ('type', 'purpose') if item.get(name))}]"


def _of_consents(kind: Kind, row: ListRow, pairs: Sequence[tuple[str, str]]) -> Iterator[Field | str]:
    where = f"{kind.system}: {row.label}"
    if not row.each:
        if row.column is None:
            yield f"{where} has no column of its own"
            return
        pair = (str(row.item.get("purpose")), str(row.item.get("channel")))
        if row.column.transform == "flag" and row.item.get("status") not in REFUSED:
            yield f"{where} is a flag without a date: it is lowered by any refusal"
        else:
            yield from _one(kind, row.column, leaf=f"consents[{pair[0]}/{pair[1]}]", row=row)
        return
    by_path = {part.path: part for part in row.parts}
    if not {"purpose", "channel", "status"} <= by_path.keys():
        yield f"{where} does not say purpose, channel and status"
        return
    status = by_path["status"]
    for purpose, channel in pairs:
        said = {"purpose": spelt(by_path["purpose"], purpose), "channel": spelt(by_path["channel"], channel)}
        if None in said.values() or any(len(by_path[name].src) > 1 for name in said):
            continue
        pair_of = {by_path[name].src[0]: raw for name, raw in said.items()}
        yield Field(
            kind.system,
            f"consents[{purpose}/{channel}]",
            f"consents[{purpose}/{channel}]",
            f"{'.'.join(row.each)} {said['purpose']}/{said['channel']}",
            status,
            _written(kind, status),
            row=row,
            pair=pair_of,
        )


def pairs_of(kinds: Mapping[str, Kind]) -> list[tuple[str, str]]:
    """Purposes and channels that flat columns name and nested rows share; else the first that no flag covers."""
    named: dict[tuple[str, str], None] = {}
    flagged = set()
    nested: list[tuple[str, str]] = []
    for kind in kinds.values():
        for row in kind.mapping.document.lists:
            if row.head != "consents":
                continue
            if not row.each:
                pair = str(row.item.get("purpose")), str(row.item.get("channel"))
                if "any" in pair:
                    flagged.add(pair[1])
                else:
                    named[pair] = None
            else:
                nested += _nested_pairs(row)
    free = [pair for pair in nested if pair[1] not in flagged and "any" not in pair]
    return [*named] or free[:1]


def _nested_pairs(row: ListRow) -> list[tuple[str, str]]:
    by_path = {part.path: part for part in row.parts}
    if not {"purpose", "channel"} <= by_path.keys():
        return []
    said = [
        list(by_path[name].options["values"].values()) if by_path[name].transform == "code" else [default]
        for name, default in (("purpose", "service"), ("channel", "email"))
    ]
    return [(str(purpose), str(channel)) for purpose in said[0] for channel in said[1]]


def value_at(doc: Mapping[str, Any], leaf: str) -> str | None:
    """What a document says at ``leaf``, in a form that is the same in every system."""
    if "[" not in leaf:
        found = look(doc, tuple(int(step) if step.isdigit() else step for step in leaf.split(".")))
        return None if found is None else str(found)
    head, _, rest = leaf.partition("[")
    key, _, part = rest.partition("]")
    for item in doc.get(head, ()):
        if head == "identifiers" and item.get("system") == key:
            return str(item.get("value"))
        if head == "facts" and item.get("key") == key:
            return str(item.get("value"))
        if head == "consents" and f"{item.get('purpose')}/{item.get('channel')}" == key:
            return consent_of(doc, key)
        if head == "contact_points" and _fits(item, key):
            if not part:
                return str(item["value"])
            address = item.get("address", {})
            said = address.get(part.removeprefix("."))
            return ", ".join(said) if isinstance(said, list) else said
    return None


def consent_of(doc: Mapping[str, Any], key: str) -> str:
    """``granted`` or ``refused``: the newest word; systems have one word or two for a refusal."""
    items = [each for each in doc["consents"] if f"{each.get('purpose')}/{each.get('channel')}" == key]
    newest = max(items, key=lambda each: str(each.get("captured_at") or ""))
    return "refused" if newest.get("status") in REFUSED else str(newest.get("status"))


def _fits(item: Mapping[str, Any], key: str) -> bool:
    kind, _, purpose = key.partition("/")
    if item.get("type") != kind:
        return False
    return not purpose or item.get("purpose", "other" if kind == "postal" else None) == purpose
