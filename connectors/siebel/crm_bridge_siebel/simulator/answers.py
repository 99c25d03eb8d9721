"""Answers as text, written piece by piece: a tree of elements for each field would cost ten times as much."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from crm_bridge_siebel.simulator.catalogue import PRIMARY, Kind
from crm_bridge_siebel.simulator.manner import PLAIN, Manner, shown
from crm_bridge_siebel.simulator.messages import Call, Template
from crm_bridge_siebel.simulator.services import ASI, UI_DATA_ADAPTER, WORKFLOW, Tree

_SPECIAL = re.compile(r"[&<>\x00-\x08\x0b-\x1f]")
_NAMED = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
_HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>'
    '<SOAP-ENV:Envelope xmlns:SOAP-ENV="http://schemas.xmlsoap.org/soap/envelope/">'
)
SYSTEM = frozenset({"Id", "Created", "CreatedBy", "Updated", "UpdatedBy", "ModId", "ConflictId", "MergeSequenceNumber"})
"""Fields that queries do not give where the administrator left their type at System."""

Row = Mapping[str, Any]
Keep = Callable[[Row], bool]


@dataclass(frozen=True, slots=True)
class Page:
    """Rows that a query found. ``total``: how many match in all, where that was asked for."""

    rows: Sequence[Row]
    last: bool
    total: int | None = None


@dataclass(frozen=True, slots=True)
class Look:
    """How answers of this installation look: values, and which fields there are at all."""

    manner: Manner = PLAIN
    hide_system_fields: bool = False
    empty_elements: bool = False
    primary_mvg: bool = False
    default_page_size: int = 10


def envelope(content: str, *, token: str = "") -> bytes:
    """A SOAP message around ``content``; with ``token``, the header that hands it over."""
    header = (
        '<SOAP-ENV:Header><siebel-header:SessionToken xmlns:siebel-header="http://siebel.com/webservices">'
        f"{token}</siebel-header:SessionToken></SOAP-ENV:Header>"
        if token
        else ""
    )
    return f"{_HEAD}{header}<SOAP-ENV:Body>{content}</SOAP-ENV:Body></SOAP-ENV:Envelope>".encode()


def queried(call: Call, template: Template, page: Page, *, look: Look, keeps: Mapping[str, Keep]) -> str:
    """The answer to a query: of each row, the fields that the template names.

    Args:
        keeps: by child component: which of its rows are asked for, where not all are.
    """
    service = call.service
    parts: list[str] = []
    write = _writer(service.kind, service.tree("Data"), template, look=look, keeps=keeps, paged=_paged(call))
    for row in page.rows:
        write(row, parts)
    inner = "".join(parts)
    if service.dialect == UI_DATA_ADAPTER:
        total = f' recordcount="{page.total}"' if page.total is not None else ""
        return _output(call, "Data", inner, attributes=f' lastpage="{_truth(page.last)}"{total}')
    before = f"<ns:LastPage>{_truth(page.last)}</ns:LastPage>" if call.method == "QueryPage" else ""
    if service.dialect == WORKFLOW:
        before = _process("", "", object_id="")
    return _output(call, "Data", inner, before=before)


def written(call: Call, rows: Sequence[Row]) -> str:
    """The answer to a write: ``Id`` and ``ModId`` of each row, and the keys of its child rows."""
    kind = call.service.kind
    parts: list[str] = []
    for row in rows:
        parts.append(f"<{kind.component}><Id>{escaped(row['Id'])}</Id><ModId>{escaped(row['ModId'])}</ModId>")
        for tag in kind.children:
            key = kind.rules[tag].key
            held = row.get(f"ListOf{tag}", {}).get(tag, ())
            if held:
                inner = "".join(f"<{tag}><{key}>{escaped(child[key])}</{key}></{tag}>" for child in held)
                parts.append(f"<ListOf{tag}>{inner}</ListOf{tag}>")
        parts.append(f"</{kind.component}>")
    first = escaped(rows[0]["Id"]) if rows else ""
    before = f"<ns:PrimaryRowId>{first}</ns:PrimaryRowId>" if call.service.dialect == ASI else ""
    if call.service.dialect == WORKFLOW:
        before = _process("", "", object_id=first)
    return _output(call, "Id", "".join(parts), before=before)


def business_error(call: Call, code: str, words: str) -> str:
    """A workflow's refusal inside a normal answer."""
    name = f"{call.operation}_Output"
    return f'<ns:{name} xmlns:ns="{call.service.space}">{_process(code, words, object_id="")}</ns:{name}>'


def escaped(value: str) -> str:
    """A control character goes out as a reference that no XML parser accepts, as Siebel's own do."""
    return _SPECIAL.sub(lambda found: _NAMED.get(found.group(), f"&#x{ord(found.group()):X};"), value)


def _paged(call: Call) -> bool:
    return call.service.dialect == UI_DATA_ADAPTER


def _writer(
    kind: Kind, tree: Tree, template: Template, *, look: Look, keeps: Mapping[str, Keep], paged: bool
) -> Callable[[Row, list[str]], None]:
    """A closure that writes one component; fields come in the WSDL's order, whatever the template's."""
    asked = set(template.fields)
    key = kind.rules[kind.component].key if not kind.children else ""
    fields = [
        (name, f"<{name}>", f"</{name}>", shown(name, kind, look.manner), f"<{name}></{name}>")
        for name in tree.fields
        if name in asked and not (look.hide_system_fields and name in SYSTEM and name != key)
    ]
    lists = [
        (
            f"ListOf{child.tag}",
            child.tag,
            template.children[child.tag],
            keeps.get(child.tag),
            _writer(kind.of_child(child.tag), child, template.children[child.tag], look=look, keeps={}, paged=paged),
        )
        for child in tree.children
        if child.tag in template.children
    ]
    opening, closing = f"<{tree.tag}>", f"</{tree.tag}>"
    special, fill, fewest = _SPECIAL.search, look.empty_elements, look.default_page_size

    def write(row: Row, parts: list[str]) -> None:
        add = parts.append
        add(opening)
        for name, start, end, convert, empty in fields:
            value = row.get(name)
            if value is not None:
                if convert is not None:
                    value = convert(value)
                add(start)
                add(escaped(value) if special(value) else value)
                add(end)
            elif fill:
                add(empty)
        for container, child, asked_of, keep, write_child in lists:
            if container in row:
                held = row[container][child]
                if keep is not None:
                    held = [inner for inner in held if keep(inner)]
                stop = asked_of.start + (fewest if asked_of.page_size is None else asked_of.page_size)
                add(f'<{container} lastpage="{_truth(len(held) <= stop)}">' if paged else f"<{container}>")
                primary = _primary(row[container][child]) if look.primary_mvg and child in kind.mvgs else None
                for inner in held[asked_of.start : stop]:
                    at = len(parts)
                    write_child(inner, parts)
                    if primary is not None:
                        parts[at] = f'<{child} IsPrimaryMVG="{_flag(inner is primary)}">'
                add(f"</{container}>")
        add(closing)

    return write


def _primary(rows: Sequence[Row]) -> Row | None:
    """The primary of a set: the row that was made so, or the first."""
    return next((row for row in rows if row.get(PRIMARY) == "Y"), rows[0] if rows else None)


def _process(code: str, words: str, *, object_id: str) -> str:
    """What a workflow says beside its integration object."""
    return (
        f"<ns:Error_spcCode>{code}</ns:Error_spcCode><ns:Error_spcMessage>{escaped(words)}</ns:Error_spcMessage>"
        f"<ns:Object_spcId>{object_id}</ns:Object_spcId>"
        f"<ns:Return_spcCode>{'1' if code else '0'}</ns:Return_spcCode>"
    )


def _output(call: Call, part: str, inner: str, *, attributes: str = "", before: str = "") -> str:
    service, name = call.service, f"{call.operation}_Output"
    return (
        f'<ns:{name} xmlns:ns="{service.space}">{before}'
        f'<{service.list_tag} xmlns="{service.spaces[part]}"{attributes}>{inner}</{service.list_tag}></ns:{name}>'
    )


def _flag(value: bool) -> str:
    return "Y" if value else "N"


def _truth(value: bool) -> str:
    return "true" if value else "false"
