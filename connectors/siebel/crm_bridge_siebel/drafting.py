"""A mapping document drafted for an integration object: usual names mapped, every other field listed as open."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from crm_bridge_siebel.inspection import missing_fields
from crm_bridge_siebel.messages import plain
from crm_bridge_siebel.shapes import Component, ComponentList, paths_of
from crm_bridge_siebel.usual_names import (
    ADDRESS_PARTS,
    ADDRESS_PREFIXES,
    EMAILS,
    EXTENSIONS,
    FIELDS,
    IDENTIFIERS,
    NICKNAMES,
    ORGANISATION_FIELDS,
    PHONES,
    REFUSALS,
    ROW_EMAILS,
    ROW_PHONES,
    VALUE_MAPS,
    Row,
)

_SYSTEM = ("Id", "Created", "Updated", "ModId", "ConflictId")
_ZONE = "# open: tz is the integration user's zone, the same as user_time_zone in the configuration"
_TEXT_DATE, _TEXT_MOMENT = '"%m/%d/%Y"', '"%m/%d/%Y %H:%M:%S"'


@dataclass(frozen=True, slots=True)
class Draft:
    """A drafted document.

    Attributes:
        text: the document, in YAML.
        mapped: tags that it maps; what a query has to ask for.
        open: tags that somebody has to decide on, lists as ``ListOfX/X/Field``.
        system_fields: system fields that it takes to be there under other names.
    """

    text: str
    mapped: tuple[str, ...]
    open: tuple[str, ...]
    system_fields: Mapping[str, str]


@dataclass(slots=True)
class _Work:
    """What is being put together."""

    component: Component
    kind: str
    fields: list[str] = field(default_factory=list)
    lists: dict[str, list[str]] = field(default_factory=dict)
    used: dict[str, None] = field(default_factory=dict)
    values: dict[str, None] = field(default_factory=dict)

    def take(self, names: Sequence[str]) -> str | None:
        """The component's field of one of these plain names, which is then used up."""
        by_name = {plain(tag): tag for tag in reversed(self.component.fields)}
        found = next((by_name[name] for name in names if name in by_name and by_name[name] not in self.used), None)
        if found is not None:
            self.used[found] = None
        return found

    def item(self, section: str, row: str) -> None:
        self.lists.setdefault(section, []).append(row)

    def note_values(self, words: str) -> None:
        for name in VALUE_MAPS:
            if f"values: {name}" in words:
                self.values[name] = None


def drafted(tree: ComponentList, *, source: str, kind: str | None = None) -> Draft:
    """The draft for ``tree``.

    Args:
        source: file or address of the WSDL, for the head of the document.
        kind: what a record is called in the configuration; default: from the component's tag.
    """
    system_fields = {name: also[0] for name, also in missing_fields(tree).items() if also}
    component = _with_usual_names(tree.component, system_fields)
    work = _Work(component, kind or _kind(component.tag))
    person = any(plain(name) in FIELDS[0][0] for name in component.fields)
    organisation = not person and any(plain(name) in ORGANISATION_FIELDS[0][0] for name in component.fields)
    for name in _SYSTEM:
        if name in component.fields:
            work.used[name] = None
    _single_fields(work, ORGANISATION_FIELDS if organisation else FIELDS)
    _identifiers(work)
    _contact_points(work)
    if not organisation:
        for nickname in filter(None, [work.take(NICKNAMES)]):
            work.item("other_names", f"{{src: {_name(nickname)}, item: {{use: nickname}}}}")
    _refusals(work)
    nested = [
        line
        for child in component.lists
        for line in _nested(work, child.component, where=(child.tag, child.component.tag))
    ]
    nested += [
        f"{part.tag}/{path.replace('.', '/')}: of a component without a list, src: {part.tag}.{path}"
        for part in tree.component.parts
        for path in paths_of(part)
    ]
    nested += [line for part in tree.component.rows for line in _nested(work, part, where=(part.tag,))]
    open_fields = [name for name in component.fields if name not in work.used]
    text = "\n".join(
        _document(
            work, organisation=organisation, source=source, open_fields=open_fields, nested=nested, system=system_fields
        )
    )
    opened = (*open_fields, *(line.partition(":")[0] for line in nested))
    return Draft(text=text + "\n", mapped=tuple(work.used), open=opened, system_fields=system_fields)


def _single_fields(work: _Work, rows: Sequence[tuple[Sequence[str], Row]]) -> None:
    for names, row in rows:
        tag = work.take(names)
        if tag is None:
            continue
        words = _date(work.component, tag) if row.date else row.words
        work.note_values(words)
        work.fields.append(f"{row.path}: {{src: {_name(tag)}{', ' if words else ''}{words}}}")


def _identifiers(work: _Work) -> None:
    for names, words in IDENTIFIERS:
        tag = "Id" if names == ("id",) and "Id" in work.component.fields else work.take(names)
        if tag is not None:
            work.item("identifiers", f"{{src: {_name(tag)}, {words % work.kind}}}")


def _contact_points(work: _Work) -> None:
    for names, words in PHONES:
        tag = work.take(names)
        if tag is None:
            continue
        extension = work.take(EXTENSIONS) if "work" in words else None
        more = f", more: {{ext: {_name(extension)}}}" if extension else ""
        work.item("contact_points", f"{{src: {_name(tag)}, as: phone, item: {{type: phone, {words}}}{more}}}")
    email = work.take(EMAILS)
    if email is not None:
        work.item("contact_points", f"{{src: {_name(email)}, as: email, item: {{type: email, rank: 1}}}}")
    for prefix in ADDRESS_PREFIXES:
        parts = _address(work.component, prefix=prefix)
        if parts and not set(parts.values()) & set(work.used):
            work.used.update(dict.fromkeys(parts.values()))
            # Read only: which of a contact's addresses such a field shows is decided in Siebel.
            work.item(
                "contact_points", f"{{as: address, dir: read, item: {{type: postal}}, parts: {_parts(work, parts)}}}"
            )
            return


def _refusals(work: _Work) -> None:
    for name, channel in REFUSALS.items():
        tag = work.take([name])
        if tag is None:
            continue
        typed = work.component.types.get(tag) == "boolean"
        on, off = ('"true"', '"false"') if typed else ("Y", "N")
        evidence = "evidence: {kind: imported_flag}"
        work.item(
            "consents",
            f"{{src: {_name(tag)}, as: flag, on: {on}, off: {off}, "
            f"item: {{purpose: any, channel: {channel}, status: denied, {evidence}}}}}",
        )


def _nested(work: _Work, component: Component, *, where: Sequence[str]) -> Iterator[str]:
    """Map a list of e-mails, phones or addresses; give what stays open of it. ``where``: tags that lead to its rows."""
    place = "/".join(where)
    key = next((name for name in component.fields if plain(name) in ("id", f"{plain(component.tag)}id")), None) or next(
        (name for name in component.fields if plain(name).endswith("addressid")), None
    )
    if key is None:
        # Nested rows are found again by their own id alone.
        yield f"{where[0]}: list without an id of its rows, so it cannot be mapped"
        return
    rows = f"each: {'.'.join(map(_name, where))}, key: {_name(key)}"
    used: set[str] = {key}
    email = next((name for name in component.fields if plain(name) in ROW_EMAILS), None)
    phone = next((name for name in component.fields if plain(name) in ROW_PHONES), None)
    about_address = "address" in plain(component.tag)
    prefix = next(
        (each for each in (*ADDRESS_PREFIXES, plain(component.tag)) if _address(component, prefix=each)), None
    )
    if email:
        work.item("contact_points", f"{{{rows}, src: {_name(email)}, as: email, item: {{type: email, rank: 50}}}}")
        used.add(email)
    elif phone and not component.lists and len(component.fields) < 20:
        work.item("contact_points", f"{{{rows}, src: {_name(phone)}, as: phone, item: {{type: phone, rank: 50}}}}")
        used.add(phone)
    elif about_address and prefix is not None:
        parts = _address(component, prefix=prefix)
        purpose = "work" if "business" in plain(component.tag) else "home"
        row = f"as: address, item: {{type: postal, purpose: {purpose}}}, parts: {_parts(work, parts)}"
        work.item("contact_points", f"{{{rows}, {row}}}")
        used |= set(parts.values())
    if len(used) > 1:
        work.used[where[0]] = None
    for name in component.fields:
        if name not in used and name not in _SYSTEM:
            yield f"{place}/{name}: {component.types.get(name, 'string')}"
    for below in component.lists:
        yield f"{place}/{below.tag}: list, {len(below.component.fields)} fields"


def _address(component: Component, *, prefix: str) -> dict[str, str]:
    """The parts of an address whose tags begin with ``prefix``; nothing without a street and a city."""
    by_name = {plain(tag): tag for tag in component.fields}
    found = {
        part: tag
        for part, endings in ADDRESS_PARTS.items()
        for tag in [next((by_name[prefix + ending] for ending in endings if prefix + ending in by_name), None)]
        if tag is not None
    }
    return found if {"lines.0", "city"} <= found.keys() else {}


def _parts(work: _Work, parts: Mapping[str, str]) -> str:
    if "country" in parts:
        work.values["country"] = None
    return (
        "{"
        + ", ".join(
            f"{part}: {{src: {_name(tag)}, as: code, values: country, unknown: warn}}"
            if part == "country"
            else f"{part}: {_name(tag)}"
            for part, tag in parts.items()
        )
        + "}"
    )


def _date(component: Component, tag: str) -> str:
    # Typed schemas carry ISO dates; text carries the month first.
    return "as: date" if component.types.get(tag) in {"date", "dateTime"} else f"as: date, format: {_TEXT_DATE}"


def _document(
    work: _Work,
    *,
    organisation: bool,
    source: str,
    open_fields: Sequence[str],
    nested: Sequence[str],
    system: Mapping[str, str],
) -> Iterator[str]:
    component = work.component
    typed = component.types.get("Updated") in {"date", "dateTime"}
    yield f"# A draft, made from {source}. Confirm every row, decide on what is open at the end, and run"
    yield "# `crm-bridge mapping test` on it. It writes nothing to Siebel until `dir: read` below is taken away."
    yield from (f"# {name} is taken from {tag}: say so in system_fields of the kind." for name, tag in system.items())
    yield f"mapping: siebel.{work.kind}"
    yield "version: 1"
    yield f"client: {'organisation' if organisation else 'person'}"
    yield "record:"
    yield "  id: Id" + ("" if "Id" in component.fields else "    # open: it is not in the WSDL")
    yield "  concurrency: ModId" if "ModId" in component.fields else "  # open: concurrency, ModId is not in the WSDL"
    if "Updated" in component.fields:
        moment = "" if typed else f", format: {_TEXT_MOMENT}"
        yield f"  changed_at: {{src: Updated, as: datetime{moment}, tz: UTC}}    {_ZONE}"
    else:
        yield "  # open: changed_at, Updated is not in the WSDL"
    yield "  image: full"
    yield "defaults:"
    yield "  dir: read"
    yield "  region: UA    # open: whose national phone numbers are written without a country"
    if work.values:
        yield "values:    # open: compare with the lists of values in Siebel; on the left are the codes of LIC"
        yield from (f"  {name}: {VALUE_MAPS[name]}" for name in work.values)
    if work.fields:
        yield "fields:"
        yield from (f"  {row}" for row in work.fields)
    if work.lists:
        yield "lists:"
        for section, rows in work.lists.items():
            yield f"  {section}:"
            yield from (f"    - {row}" for row in rows)
    yield from _example(work, organisation=organisation)
    unneeded = [name for name in ("Created", "ConflictId") if name in component.fields]
    if unneeded:
        yield f"# System fields that no row needs: {', '.join(unneeded)}."
    if open_fields or nested:
        yield "# Open: nothing reads these. Move a row up to use it, or leave it here for good."
        yield from (f"#   {name}: {component.types.get(name, 'string')}" for name in open_fields)
        yield from (f"#   {line}" for line in nested)


def _example(work: _Work, *, organisation: bool) -> Iterator[str]:
    """A test to begin with, so that the document is tried as soon as it is there."""
    path = "name.text" if organisation else "name.family"
    row = next((row for row in work.fields if row.startswith(f"{path}: ")), None)
    if row is None:
        return
    tag = next(name for name in work.used if f"src: {_name(name)}," in row or f"src: {_name(name)}}}" in row)
    expected = "{text: Тест}" if organisation else "{family: Тест}"
    yield "tests:"
    yield "  - name: a name is read"
    yield f"    given: {{Id: 1-TEST, {_name(tag)}: Тест}}"
    identifier = f"identifiers: [{{system: siebel.{work.kind}.row_id, value: 1-TEST, type: record}}]"
    yield f"    expect: {{name: {expected}{', ' + identifier if 'Id' in work.component.fields else ''}}}"


def _with_usual_names(component: Component, system_fields: Mapping[str, str]) -> Component:
    back = {tag: name for name, tag in system_fields.items()}
    return Component(
        tag=component.tag,
        namespace=component.namespace,
        fields=tuple(back.get(name, name) for name in component.fields),
        lists=component.lists,
        types={back.get(name, name): kind for name, kind in component.types.items()},
    )


def _kind(tag: str) -> str:
    return plain(tag) or "record"


def _name(tag: str) -> str:
    """``tag`` as YAML; quoted where YAML or the mapping language would read something else in it."""
    escaped = tag.replace(".", "\\.")
    is_word = escaped.replace("-", "").replace("_", "").isalnum() and escaped[:1].isalpha()
    return escaped if is_word and escaped not in {"true", "false", "null"} else json.dumps(escaped, ensure_ascii=False)
