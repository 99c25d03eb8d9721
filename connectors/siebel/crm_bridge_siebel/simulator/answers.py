"""Answers as text, written piece by piece: a tree of elements for each field would cost ten times as much."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from crm_bridge_siebel.simulator.catalogue import Kind
from crm_bridge_siebel.simulator.messages import Template

_SPECIAL = re.compile(r"[&<>\x00-\x08\x0b-\x1f]")
_NAMED = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
_HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>'
    '<SOAP-ENV:Envelope xmlns:SOAP-ENV="http://schemas.xmlsoap.org/soap/envelope/"><SOAP-ENV:Body>'
)
_TAIL = "</SOAP-ENV:Body></SOAP-ENV:Envelope>"

Row = Mapping[str, Any]


def query_page(kind: Kind, template: Template, rows: Sequence[Row], *, last: bool) -> bytes:
    """The answer to QueryPage: of each row, the fields that the template names."""
    parts: list[str] = []
    write = _writer(kind.component, template, order=kind.fields, children=kind.children)
    for row in rows:
        write(row, parts)
    return _enveloped(
        kind, "QueryPage", "Data", f' lastpage="{_truth(last)}" recordcount="{len(rows)}"', "".join(parts)
    )


def id_tree(kind: Kind, method: str, rows: Sequence[Row]) -> bytes:
    """The answer to a write: ``Id`` and ``ModId`` of each row, and the keys of its child rows."""
    parts: list[str] = []
    for row in rows:
        parts.append(f"<{kind.component}><Id>{_text(row['Id'])}</Id><ModId>{_text(row['ModId'])}</ModId>")
        for tag in kind.children:
            key = kind.rules[tag].key
            held = row.get(f"ListOf{tag}", {}).get(tag, ())
            if held:
                inner = "".join(f"<{tag}><{key}>{_text(child[key])}</{key}></{tag}>" for child in held)
                parts.append(f"<ListOf{tag}>{inner}</ListOf{tag}>")
        parts.append(f"</{kind.component}>")
    return _enveloped(kind, method, "Id", "", "".join(parts))


def _writer(
    tag: str, template: Template, *, order: Sequence[str], children: Mapping[str, Sequence[str]]
) -> Callable[[Row, list[str]], None]:
    """A closure that writes one component; fields come in the WSDL's order, whatever the template's."""
    asked = set(template.fields)
    fields = [(name, f"<{name}>", f"</{name}>") for name in order if name in asked]
    lists = [
        (
            f"ListOf{child}",
            child,
            template.children[child],
            _writer(child, template.children[child], order=names, children={}),
        )
        for child, names in children.items()
        if child in template.children
    ]
    opening, closing = f"<{tag}>", f"</{tag}>"
    special = _SPECIAL.search

    def write(row: Row, parts: list[str]) -> None:
        add = parts.append
        add(opening)
        for name, start, end in fields:
            value = row.get(name)
            if value is not None:
                add(start)
                add(_text(value) if special(value) else value)
                add(end)
        for container, child, asked_of, write_child in lists:
            if container in row:
                held = row[container][child]
                stop = asked_of.start + asked_of.page_size
                add(f'<{container} lastpage="{_truth(len(held) <= stop)}">')
                for inner in held[asked_of.start : stop]:
                    write_child(inner, parts)
                add(f"</{container}>")
        add(closing)

    return write


def _enveloped(kind: Kind, method: str, part: str, attributes: str, inner: str) -> bytes:
    name = f"{kind.prefix}{method}_Output"
    return (
        f'{_HEAD}<ns:{name} xmlns:ns="http://siebel.com/CustomUI">'
        f'<{kind.list_tag} xmlns="{kind.namespace(part)}"{attributes}>{inner}</{kind.list_tag}></ns:{name}>{_TAIL}'
    ).encode()


def _text(value: str) -> str:
    """Escaped. A control character goes out as a reference that no XML parser accepts, as Siebel's own do."""
    return _SPECIAL.sub(lambda found: _NAMED.get(found.group(), f"&#x{ord(found.group()):X};"), value)


def _truth(value: bool) -> str:
    return "true" if value else "false"
