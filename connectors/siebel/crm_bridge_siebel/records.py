"""Answers read as raw records, by a reader compiled once from the service's shape. zeep's own reading is never used:
it is ten times slower, turns dates it does not like into nothing, and cannot tell an empty element from an absent one.

An absent element is an absent key, an empty element is ``""``, a container is ``{"ListOfChild": {"Child": [...]}}``.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from lxml import etree

from crm_bridge.api import BrokenRecord
from crm_bridge_siebel.query import Position
from crm_bridge_siebel.shapes import ROW_ID, UPDATED, Component, ComponentList
from crm_bridge_siebel.translation import UnreadableAnswer, translated
from crm_bridge_siebel.xml_guard import Readable, refuse_internal_dtd, rows

_FAULT = re.compile(rb"<(?:[\w.-]+:)?Fault[\s>/]")
_SOAP = "{http://schemas.xmlsoap.org/soap/envelope/}"
_RAW_LIMIT = 100_000
_MORE = frozenset({"false", "0"})

Reader = Callable[[etree._Element, list[str]], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Answer:
    """The records of one answer.

    Attributes:
        records: those that could be read.
        broken: those that could not.
        last_page: no more rows behind these.
        last: key of the last row, read or broken; ``None`` when there was none or it has no key.
        partial: (record, container) whose child rows did not all fit into this answer.
    """

    records: tuple[dict[str, Any], ...]
    broken: tuple[BrokenRecord, ...]
    last_page: bool
    last: Position | None
    partial: tuple[tuple[dict[str, Any], str], ...] = ()


class UnfitError(Exception):
    """One record does not fit its shape. ``str`` says why, in words and tags, without values."""


class RecordReader:
    """Reads answers that hold one tree of ``shape``."""

    def __init__(self, shape: ComponentList, *, system: str) -> None:
        self._shape = shape
        self._system = system
        self._read = _compiled(shape.component)

    def read(self, body: bytes | Readable, *, page_size: int, where: str) -> Answer:
        """The records of a SOAP answer.

        Args:
            page_size: how many were asked for: an answer without ``lastpage`` is the last when it holds fewer.
            where: the page's name, for the position of a broken record.

        Raises:
            UnreadableAnswer: truncated, malformed or hostile XML, or another message than expected.
        """
        records: list[dict[str, Any]] = []
        broken: list[BrokenRecord] = []
        partial: list[tuple[dict[str, Any], str]] = []
        key: Position | None = None
        depth: etree._Element | None = None
        count = 0
        walker = rows(body, tag=self._shape.component.qname, system=self._system)
        try:
            for _, element in walker:
                parent = element.getparent()
                if depth is None and parent is not None and parent.tag == self._shape.qname:
                    depth = parent
                if parent is not depth:
                    continue  # a component of the same name further down belongs to its own record
                count += 1
                cut: list[str] = []
                try:
                    record = _identified(self._read(element, cut))
                    records.append(record)
                    if cut:
                        partial += [(record, tag) for tag in cut]
                    key = Position(updated=record.get(UPDATED, ""), row_id=record[ROW_ID])
                except UnfitError as unfit:
                    broken.append(self._broken(element, f"{where}, record {count}", str(unfit)))
                    key = _key(element, self._shape.component.namespace)
                walker.done(element)
            root = walker.root
        except etree.LxmlError as error:
            raise translated(error, system=self._system, doing=f"reading {where}") from None
        refuse_internal_dtd(root, system=self._system)
        container = depth if depth is not None else next(root.iter(self._shape.qname), None)
        if root.tag != f"{_SOAP}Envelope" or container is None:
            raise UnreadableAnswer(f"{where} is not an answer with {self._shape.tag}", system=self._system)
        return Answer(
            records=tuple(records),
            broken=tuple(broken),
            last_page=self._last_page(container.get("lastpage"), full=count >= page_size, where=where),
            last=key,
            partial=tuple(partial),
        )

    def _last_page(self, said: str | None, *, full: bool, where: str) -> bool:
        match said:
            case None:
                return not full
            case "true" | "1":
                return True
            case "false" | "0":
                return False
            case _:
                raise UnreadableAnswer(f"lastpage of {where} is neither true nor false", system=self._system)

    def _broken(self, element: etree._Element, position: str, cause: str) -> BrokenRecord:
        row_id = element.findtext(f"{{{self._shape.component.namespace}}}{ROW_ID}")
        return BrokenRecord(
            position=position,
            cause=f"{self._shape.component.tag} does not fit the WSDL: {cause}; compare the WSDL with the service",
            raw=etree.tostring(element, encoding="unicode")[:_RAW_LIMIT],
            record_id=row_id or None,
        )


def is_fault(body: bytes) -> bool:
    """Whether a SOAP answer is a fault: they come with HTTP 200 as well as 500."""
    return b"Fault" in body and _FAULT.search(body) is not None


def fault_text(root: etree._Element) -> str:
    """All text of a fault, for finding codes: faultstring and every level of the detail, in any namespace."""
    fault = next((element for element in root.iter(f"{_SOAP}Fault")), root)
    return "\n".join(text for text in map(str, fault.itertext(with_tail=False)) if text.strip())


def _compiled(component: Component) -> Reader:
    """A closure that reads one element of ``component``, looking its children up by whole tag.

    It adds the containers whose rows did not all fit into the answer to its second argument.
    """
    fields = {f"{{{component.namespace}}}{name}": name for name in component.fields}
    lists = {
        child.qname: (child.tag, child.component.tag, child.component.qname, _compiled(child.component))
        for child in component.lists
    }

    def read(element: etree._Element, cut: list[str]) -> dict[str, Any]:
        record: dict[str, Any] = {}
        for child in element:
            tag = child.tag
            name = fields.get(tag)
            if name is not None:
                if name in record or len(child):
                    raise UnfitError(f"{name} is not one simple value")
                record[name] = child.text or ""
            elif tag in lists:
                list_tag, row_tag, row_qname, read_row = lists[tag]
                if list_tag in record:
                    raise UnfitError(f"{list_tag} comes twice")
                found = []
                deeper: list[str] = []
                for row in child:
                    if row.tag != row_qname:
                        raise UnfitError(f"{list_tag} holds something other than {row_tag}")
                    found.append(read_row(row, deeper))
                if deeper:
                    raise UnfitError(f"{deeper[0]} does not fit into one answer, raise child_page_size")
                record[list_tag] = {row_tag: found}
                if child.get("lastpage") in _MORE:
                    cut.append(list_tag)
            # Anything else is newer than the WSDL; no mapping can name it, and the rest of the record is fine.
        return record

    return read


def _identified(record: dict[str, Any]) -> dict[str, Any]:
    if not record.get(ROW_ID):
        raise UnfitError(f"it has no {ROW_ID}")
    return record


def _key(element: etree._Element, namespace: str) -> Position | None:
    updated = element.findtext(f"{{{namespace}}}{UPDATED}")
    row_id = element.findtext(f"{{{namespace}}}{ROW_ID}")
    return Position(updated=updated or "", row_id=row_id) if row_id else None
