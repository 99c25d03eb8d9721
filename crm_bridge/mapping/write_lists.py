"""Writing list items back: which item of the client goes into which field or nested row, without churn.

1. A field keeps the value it holds as long as the client still has it.
2. A nested row keeps its item: by the row's own id, by equal content, or by natural key.
3. Fields left free take the best-ranked item of their kind that is left.
4. Nested rows are added for what remains, and follow ``on_remove`` where their item is gone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from crm_bridge.mapping.columns import BoundColumn
from crm_bridge.mapping.draft import UNKNOWN, Draft, NestedRow, same
from crm_bridge.mapping.items import BoundListRow
from crm_bridge.mapping.paths import look
from crm_bridge.mapping.reading import nest, rows_at
from crm_bridge.mapping.values import BadValue, FieldChange, Problem

_UNUSABLE = frozenset({"invalid", "bounced", "wrong_person", "retired"})
_NATURAL = {"relationships": "to.name", "holdings": "number", "facts": "key", "segments": "key", "scores": "key"}
# Parts that say what an item is: an item whose own word is missing in the system has no row there.
_IDENTITY_PARTS = frozenset({"purpose", "channel", "type", "system", "key"})


@dataclass(slots=True)
class BaseRow:
    """A nested row of the base with the item that was read from it."""

    index: int
    record: Mapping[str, Any]
    item: Mapping[str, Any]
    matched: int | None = None


def write_items(draft: Draft, rows: tuple[BoundListRow, ...], items: Sequence[Any]) -> None:
    """Write ``items``, the client's, through all rows of one list."""
    taken: set[int] = set()
    flat = [bound for bound in rows if not bound.row.each and bound.row.split is None]
    nested = [(bound, base_rows(draft, bound)) for bound in rows if bound.row.each]
    held: dict[int, tuple[Any, int | None]] = {}
    for at, bound in enumerate(flat):
        base = None if draft.is_new else bound.read_item(draft.base, draft.base, [], "")
        chosen = None
        if base is not None:
            wanted = content(bound, base)
            chosen = next((at for at in _matching(bound, items, taken) if content(bound, items[at]) == wanted), None)
        held[at] = base, chosen
        if chosen is not None:
            taken.add(chosen)
    for bound, there in nested:
        _match(bound, there, items, taken)
    for at, bound in enumerate(flat):
        base, chosen = held[at]
        if chosen is None:
            chosen = _best(bound, items, taken)
            if chosen is not None:
                taken.add(chosen)
        write_columns(draft, bound, base, items[chosen] if chosen is not None else None)
    for bound, there in nested:
        _write_rows(draft, bound, there, items, taken)
    for bound in rows:
        if bound.row.split is not None:
            _write_split(draft, bound, items)


def base_rows(draft: Draft, bound: BoundListRow) -> list[BaseRow]:
    """The nested rows of the base that could be read."""
    rows = rows_at(draft.base, bound.row.each)
    found = []
    for index, record in enumerate(rows if isinstance(rows, list) else []):
        item = bound.read_item(record, draft.base, [], "") if isinstance(record, dict) else None
        if item is not None:
            found.append(BaseRow(index, record, item))
    return found


def content(bound: BoundListRow, item: Any) -> tuple[Any, ...]:
    """What this row can say of an item: equal contents need no write."""
    if bound.parts:
        return tuple(_part(bound, part, item) for part in bound.parts)
    return (look(item, bound.value_steps),)


def write_columns(draft: Draft, bound: BoundListRow, base: Any, item: Any) -> None:
    """Write one item into fields of the record itself. ``base``: the item that they hold; ``None``: there is none."""
    if item is None:
        if base is not None:
            ours = [each for unit, each in draft.not_kept.items() if unit.startswith(f"{bound.row.head}[")]
            blank = any(content(bound, each) == content(bound, base) for each in ours)
            for column in _writable(bound):
                draft.unset(column, blank=blank)
        return
    replaced = base is None or _natural(bound, base) != _natural(bound, item)
    if (
        bound.column is not None
        and bound.column.writable
        and (base is None or content(bound, base) != content(bound, item))
    ):
        draft.put(bound.column, _value(bound, item))
    for column in (*bound.parts, *bound.more):
        if not column.writable:
            continue
        new = _part(bound, column, item)
        if new is None:
            draft.unset(column, blank=replaced and base is not None)
        elif _held(column, draft.base) != new:
            draft.put(column, new)


def write_nested(
    draft: Draft, bound: BoundListRow, there: BaseRow | None, item: Any, *, label: str | None = None
) -> None:
    """Update nested row ``there`` to say ``item``, or add a row (``None``)."""
    row = bound.row
    name = label or row.label
    key = (str(row.key), there.record.get(str(row.key))) if there is not None else None
    draft_row = NestedRow("insert" if there is None else "update", there.index if there else None, key)
    place = f"{bound.field_prefix}[{there.index if there else '+'}]."
    changes: list[FieldChange] = []
    record: Mapping[str, Any] = there.record if there is not None else {}
    replaced = there is not None and _natural(bound, there.item) != _natural(bound, item)
    for column in _writable(bound):
        path = f"{name}.{column.column.path}" if column.column.path else name
        new = _value(bound, item) if column is bound.column else _part(bound, column, item)
        held = _held(column, record)
        if new is None:
            if held is None or not replaced:
                continue
            raw: Any = draft.blank
        elif held == new or (column is bound.column and there and content(bound, there.item) == content(bound, item)):
            continue
        else:
            try:
                raw = column.push(new)
            except BadValue as error:
                if there is None and (column.column.path in _IDENTITY_PARTS or error.code == "not_expressible"):
                    words = f"{error.message}; the row is not added"
                    draft.problems.append(Problem(path, place + column.name, error.code, words, new, "warn"))
                    return
                draft.problem(column, error, new, label=path, place=place)
                continue
        if same(column.raw(record), raw):
            continue
        _set(draft_row.fields, column.column.src, raw)
        changes.append(FieldChange(path, place + column.name, column.raw(record), raw))
    if not changes:
        return
    if there is not None and key is not None and key[1] in (None, ""):
        message = "the nested row has no id, so it cannot be updated: correct the system"
        draft.problems.append(Problem(name, place + str(row.key), "not_expressible", message, None, "warn"))
        return
    draft.nested(row.each, draft_row, changes)


def _writable(bound: BoundListRow) -> list[BoundColumn]:
    return [each for each in (bound.column, *bound.parts, *bound.more) if each is not None and each.writable]


def _held(column: BoundColumn, record: Any) -> Any:
    """The canonical value that the field holds; ``UNKNOWN`` when it cannot be read."""
    try:
        value = column.pull(record)
    except BadValue:
        return UNKNOWN
    if isinstance(value, tuple):
        return value[0]
    return value


def _value(bound: BoundListRow, item: Any) -> Any:
    value = look(item, bound.value_steps)
    if bound.is_phone and not any(each.steps == ("ext",) for each in bound.more) and isinstance(item, dict):
        return value, item.get("ext")
    return value


def _part(bound: BoundListRow, column: BoundColumn, item: Any) -> Any:
    """The value of one part. The last line of an address takes all further lines; a bare text is its line."""
    steps = column.steps
    head = steps[0]
    fixed = bound.row.item.get(str(head))
    if len(steps) > 1 and isinstance(fixed, dict) and isinstance(item, dict):
        given = item.get(head)
        if not isinstance(given, dict) or any(given.get(name) != value for name, value in fixed.items()):
            return None  # such as the number of a form, where the evidence is no form
    if bound.row.is_address and len(steps) == 3 and steps[1] == "lines":
        if "address" not in item:
            return item.get("value") if steps[2] == 0 else None
        lines = look(item, steps[:2]) or []
        at = int(steps[2])
        last = max(int(part.steps[2]) for part in bound.parts if len(part.steps) == 3 and part.steps[1] == "lines")
        if at == last and len(lines) > at:
            return ", ".join(lines[at:])
    return look(item, steps)


def _matching(bound: BoundListRow, items: Sequence[Any], taken: set[int]) -> list[int]:
    """Items of this row's kind that no other row has taken."""
    identity = bound.row.identity
    found = []
    for at, item in enumerate(items):
        if at in taken:
            continue
        if bound.row.plain or (
            isinstance(item, dict) and all(item.get(key) == value for key, value in identity.items())
        ):
            found.append(at)
    return found


def _best(bound: BoundListRow, items: Sequence[Any], taken: set[int]) -> int | None:
    """The best-ranked item that may go into a free field; of two addresses the fuller; the first of equals."""
    usable = [
        at
        for at in _matching(bound, items, taken)
        if items[at].get("status") not in _UNUSABLE and any(each is not None for each in content(bound, items[at]))
    ]
    telling = [at for at in usable if not _said_already(bound, items, at)] or usable
    return min(telling, key=lambda at: items[at].get("rank") or 100, default=None)


def _natural(bound: BoundListRow, item: Any) -> Any:
    """What makes an item the same one after an edit: a child's name, a policy's number; of an address: all of it."""
    if bound.row.is_address or bound.row.head not in _NATURAL:
        return content(bound, item)
    value = look(item, tuple(_NATURAL[bound.row.head].split(".")))
    return value.casefold() if isinstance(value, str) else value


def _match(bound: BoundListRow, there: list[BaseRow], items: Sequence[Any], taken: set[int]) -> None:
    key = str(bound.row.key)

    def pair(row: BaseRow, fits: Any) -> None:
        if row.matched is not None:
            return
        row.matched = next((at for at in _matching(bound, items, taken) if fits(items[at])), None)
        if row.matched is not None:
            taken.add(row.matched)

    for row in there:
        own = row.record.get(key)
        if own not in (None, ""):
            pair(row, lambda item, own=str(own): isinstance(item, dict) and item.get("id") == own)
    for row in there:
        pair(row, lambda item, row=row: content(bound, item) == content(bound, row.item))
    for row in there:
        pair(row, lambda item, row=row: _natural(bound, item) == _natural(bound, row.item))


def _write_rows(draft: Draft, bound: BoundListRow, there: list[BaseRow], items: Sequence[Any], taken: set[int]) -> None:
    free = [
        at
        for at in _matching(bound, items, taken)
        if not (isinstance(items[at], dict) and items[at].get("status") in _UNUSABLE)
        and not _said_already(bound, items, at)
    ]
    if bound.row.head == "contact_points":  # an address whose item is gone takes the one that came in its place
        for row in there:
            if row.matched is None and free and bound.row.on_remove == "keep" and not _still_said(bound, row, items):
                row.matched = free.pop(0)
    for row in there:
        if row.matched is not None:
            taken.add(row.matched)
            write_nested(draft, bound, row, items[row.matched])
        elif bound.row.on_remove == "delete" and not _still_said(bound, row, items):
            own = str(bound.row.key), row.record.get(str(bound.row.key))
            change = FieldChange(bound.row.label, f"{bound.field_prefix}[{row.index}]", own[1], None)
            draft.nested(bound.row.each, NestedRow("delete", row.index, own), [change])
    for at in free:
        taken.add(at)
        write_nested(draft, bound, None, items[at])


def _still_said(bound: BoundListRow, row: BaseRow, items: Sequence[Any]) -> bool:
    return any(_natural(bound, items[at]) == _natural(bound, row.item) for at in _matching(bound, items, set()))


def _said_already(bound: BoundListRow, items: Sequence[Any], at: int) -> bool:
    """Whether another item says all that this one says, and more of it (or the same, earlier)."""
    own = content(bound, items[at])
    if all(value is None for value in own):
        return True
    for other in _matching(bound, items, set()):
        if other == at:
            continue
        theirs = content(bound, items[other])
        covers = all(mine is None or mine == their for mine, their in zip(own, theirs, strict=True))
        if covers and (own != theirs or other < at):
            return True
    return False


def _write_split(draft: Draft, bound: BoundListRow, items: Sequence[Any]) -> None:
    column, split = bound.column, bound.row.split
    if column is None or split is None or not column.writable:
        return
    raw = draft.base_raw(column)
    pieces = [piece for piece in raw.split(split) if piece.strip()] if isinstance(raw, str) else []
    before = [_held(column, nest(column.column.src, piece.strip())) for piece in pieces]
    after = [look(items[at], bound.value_steps) for at in _matching(bound, items, set())]
    # What stays keeps its place and its spelling, and so does what cannot be read; what is new stands behind it.
    texts = [piece for piece, value in zip(pieces, before, strict=True) if value is UNKNOWN or value in after]
    if len(texts) == len(pieces) and all(value in before for value in after):
        return
    if not after and not texts:
        draft.unset(column)
        return
    gap = pieces[-1][: -len(pieces[-1].lstrip())] if len(pieces) > 1 else ""  # the field's own, as in `gold; vip`
    for value in after:
        if value in before:
            continue
        fine, text = draft.express(column, value)
        if not fine:
            return
        if split in text:
            draft.problem(column, BadValue("not_expressible", "the value holds the sign that separates values"), value)
            return
        texts.append(gap + text)
    draft.set(column, split.join(texts).strip())


def _set(record: dict[str, Any], src: tuple[str, ...], value: Any) -> None:
    for name in src[:-1]:
        record = record.setdefault(name, {})
    record[src[-1]] = value
