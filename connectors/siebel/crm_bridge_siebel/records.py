"""Answers read as raw records, by a reader compiled once from the service's shape. zeep's own reading is never used:
it is ten times slower, turns dates it does not like into nothing, and cannot tell an empty element from an absent one.

An absent element is an absent key, an empty element is ``""``, a container is ``{"ListOfChild": {"Child": [...]}}``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from lxml import etree

from crm_bridge.api import BrokenRecord
from crm_bridge_siebel.cutting import OutOfTheOrdinaryError, cut
from crm_bridge_siebel.dialects.seam import refusal
from crm_bridge_siebel.fitting import fitting
from crm_bridge_siebel.messages import plain
from crm_bridge_siebel.query import Position
from crm_bridge_siebel.scanning import Scanner
from crm_bridge_siebel.shapes import CAPTURING, ROW_ID, UPDATED, Component, ComponentList
from crm_bridge_siebel.translation import UnreadableAnswer, translated
from crm_bridge_siebel.xml_guard import Readable, Shell, gathered, name_of, parse_plain, refuse_internal_dtd, rows

_SOAP = "{http://schemas.xmlsoap.org/soap/envelope/}"
NO_ROW_ID = "no_row_id"  # code of a record that does not say which one it is
_RAW_LIMIT = 100_000
_MOST_ROWS = 50_000  # in an answer that is held whole; five times the largest page that can be asked for
_DROPPED = 256 * 1024  # bytes that are read at once of what nobody wants
_MORE = frozenset({"false", "0"})

Reader = Callable[[etree._Element, list[str]], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Answer:
    """The records of one answer, or of a piece of one.

    Attributes:
        records: those that could be read.
        broken: those that could not.
        last_page: no more rows behind these.
        last: key of the last row, read or broken; ``None`` when there was none or it has no key.
        partial: (record, container) whose child rows did not all fit into this answer.
        head: simple elements beside the records, such as ``LastPage`` and ``PrimaryRowId``, by plain name.
        lacking: system fields that a record without a row id does not have either, in their order.
        cut: it is the beginning of an answer that was too large to be held; what follows has to be asked for.
    """

    records: tuple[dict[str, Any], ...]
    broken: tuple[BrokenRecord, ...]
    last_page: bool
    last: Position | None
    partial: tuple[tuple[dict[str, Any], str], ...] = ()
    head: Mapping[str, str] = field(default_factory=dict)
    lacking: tuple[str, ...] = ()
    cut: bool = False


def joined(answers: Sequence[Answer]) -> Answer:
    """Several answers, to queries that name their rows, as one."""
    return Answer(
        records=tuple(record for answer in answers for record in answer.records),
        broken=tuple(each for answer in answers for each in answer.broken),
        last_page=all(answer.last_page for answer in answers),
        last=next((answer.last for answer in reversed(answers) if answer.last is not None), None),
        partial=tuple(each for answer in answers for each in answer.partial),
        lacking=tuple(dict.fromkeys(name for answer in answers for name in answer.lacking)),
    )


class UnfitError(Exception):
    """One record does not fit its shape. ``str`` says why, in words and tags, without values."""


class RefusedInAnswerError(Exception):
    """A normal answer says that the call failed, as workflows do. ``str`` is what it says; ``code``: its own code."""

    def __init__(self, text: str, code: str) -> None:
        super().__init__(text)
        self.code = code


class RecordReader:
    """Reads answers that hold one tree of ``shape``.

    Args:
        paged: an answer may be one page of several; otherwise it is all there is.
        output: whole tag of the message that answers. With it an answer without the container is an empty one,
            as workflows and adapters give it; without it, it is not an answer.
    """

    def __init__(self, shape: ComponentList, *, system: str, paged: bool = True, output: str | None = None) -> None:
        self._shape = shape
        self._system = system
        self._paged = paged
        self._output = output
        self._read = _compiled(shape.component)
        self._scanner: tuple[Mapping[str | None, str], Scanner] | None = None

    def read(self, body: bytes | Readable, *, page_size: int, where: str, enough: int | None = None) -> Answer:
        """The records of a SOAP answer.

        Args:
            page_size: how many were asked for: an answer that does not say is the last when it holds fewer.
            where: the page's name, for the position of a broken record.
            enough: where what follows can be asked for: bytes of the answer after which its records will do. The rest
                is read and dropped, since Siebel's task is busy with it.

        Raises:
            UnreadableAnswer: truncated, malformed or hostile XML, or another message than expected.
            RefusedInAnswerError: it says that the call failed.
        """
        # No list is made of the pieces: the first that is as large as this is refused with what comes behind it.
        first = next(self.pieces(body, page_size=page_size, where=where, piece=_MOST_ROWS, enough=enough))
        while first.cut and not isinstance(body, bytes) and body.read(_DROPPED):
            pass
        if len(first.records) + len(first.broken) >= _MOST_ROWS:
            raise UnreadableAnswer(
                f"{where} has {_MOST_ROWS} records or more, where {page_size} were asked for, and is refused",
                system=self._system,
            )
        return first

    def pieces(
        self, body: bytes | Readable, *, page_size: int, where: str, piece: int, enough: int | None = None
    ) -> Iterator[Answer]:
        """The same, ``piece`` rows at a time, so that an answer of any size takes no more memory than a piece.

        What raises, raises when it is met: pieces before it were right as far as they went. Only the last piece tells
        whether this was the last page. There is always one piece at least.
        """
        body = gathered(body)
        scanned = self._scanned(body, page_size=page_size, where=where) if isinstance(body, bytes) else None
        if scanned is not None and (len(scanned.records) <= piece or not scanned.partial):
            yield from _in_pieces(scanned, piece)
            return
        piece_records: list[dict[str, Any]] = []
        broken: list[BrokenRecord] = []
        partial: list[tuple[dict[str, Any], str]] = []
        head: dict[str, str] = {}
        key: Position | None = None
        depth: etree._Element | None = None
        said: str | None = None
        count = 0
        last: dict[str, Any] | None = None
        cut: list[str] = []
        no_id = UnfitError(f"it has no {ROW_ID}")
        lacking: dict[str, None] = {}
        read = self._read
        walker = rows(body, tag=self._shape.component.qname, system=self._system)
        done = walker.done
        try:
            for _, element in walker:
                parent = element.getparent()
                if parent is not depth:
                    if depth is not None or parent is None or parent.tag != self._shape.qname:
                        continue  # a component of the same name further down belongs to its own record
                    depth, said = parent, parent.get("lastpage")
                    self._checked(head | _head(parent))
                    head |= _head(parent)
                count += 1
                try:
                    record = read(element, cut)
                    if not record.get(ROW_ID):
                        raise no_id
                    piece_records.append(record)
                    if cut:
                        partial += [(record, tag) for tag in cut]
                        cut.clear()
                    last = record
                except UnfitError as unfit:
                    cut.clear()
                    last = None
                    code = NO_ROW_ID if unfit is no_id else "unreadable"
                    broken.append(self._broken(element, f"{where}, record {count}", str(unfit), code=code))
                    lacking |= dict.fromkeys(self._lacking(element) if unfit is no_id else ())
                    key = _key(element, self._shape.component)
                done(element)
                full = enough is not None and walker.taken > enough
                if count % piece == 0 or full:
                    key = key if last is None else _position(last)
                    some = tuple(piece_records), tuple(broken), False, key, tuple(partial), dict(head)
                    yield Answer(*some, tuple(lacking), cut=full)
                    piece_records, broken, partial = [], [], []
            key = key if last is None else _position(last)
            root = walker.root
        except etree.LxmlError as error:
            raise translated(error, system=self._system, doing=f"reading {where}") from None
        refuse_internal_dtd(root, system=self._system)
        container = depth if depth is not None else next(root.iter(self._shape.qname), None)
        head |= _head_below(root) if container is None else _head(container)
        if root.tag != f"{_SOAP}Envelope":
            raise UnreadableAnswer(f"{where} is not a SOAP answer", system=self._system)
        self._checked(head)
        if container is None and (self._output is None or not _answers(root, self._output)):
            raise UnreadableAnswer(f"{where} is not an answer with {self._shape.tag}", system=self._system)
        if said is None and container is not None:
            said = container.get("lastpage")
        yield Answer(
            records=tuple(piece_records),
            broken=tuple(broken),
            last_page=self._last_page(said or head.get("lastpage"), full=count >= page_size, where=where),
            last=key,
            partial=tuple(partial),
            head=head,
            lacking=tuple(lacking),
        )

    def _lacking(self, element: etree._Element) -> list[str]:
        """What change capture needs, and this record does not have."""
        component = self._shape.component
        return [name for name in CAPTURING if not element.findtext(component.field_qname(name))]

    def _scanned(self, body: bytes, *, page_size: int, where: str) -> Answer | None:
        """The answer, when nothing about it is out of the ordinary; ``None``: it has to be parsed."""
        page = cut(body, tag=self._shape.component.tag)
        root = parse_plain(page.rest, system=self._system) if page is not None else None
        if page is None or root is None or root.tag != f"{_SOAP}Envelope":
            return None
        places = list(root.iter(self._shape.component.qname))
        container = places[0].getparent() if len(places) == 1 else None
        if container is None or container.tag != self._shape.qname:
            return None
        try:
            records, partial = self._scanner_for(container).read(page)
        except OutOfTheOrdinaryError:
            return None
        head = _head(container)
        self._checked(head)
        said = container.get("lastpage") or head.get("lastpage")
        return Answer(
            records=tuple(records),
            broken=(),
            last_page=self._last_page(said, full=len(records) >= page_size, where=where),
            last=_position(records[-1]),
            partial=tuple(partial),
            head=head,
        )

    def _scanner_for(self, container: etree._Element) -> Scanner:
        """The one for the last page if the prefixes are the same: it has learned how rows look."""
        known, prefixes = self._scanner, container.nsmap
        if known is None or known[0] != prefixes:
            parsed = partial(self._parsed, Shell.of(container))
            scanner = Scanner(self._shape.component, prefixes=prefixes, otherwise=parsed)
            self._scanner = known = prefixes, scanner
        return known[1]

    def _parsed(self, shell: Shell, chunk: bytes) -> Iterator[tuple[dict[str, Any], list[str]]]:
        """The records of some rows, with the containers whose child rows are not all there.

        Raises:
            OutOfTheOrdinaryError: they are not whole rows, or one does not fit.
        """
        held = shell.children(chunk, system=self._system)
        if held is None:
            raise OutOfTheOrdinaryError
        for element in held:
            missing: list[str] = []
            if element.tag != self._shape.component.qname:
                raise OutOfTheOrdinaryError
            try:
                yield self._read(element, missing), missing
            except UnfitError:
                raise OutOfTheOrdinaryError from None

    @staticmethod
    def _checked(head: Mapping[str, str]) -> None:
        told = refusal(head)
        if told is not None:
            raise RefusedInAnswerError(*told)

    def _last_page(self, said: str | None, *, full: bool, where: str) -> bool:
        match said:
            case None:
                return not (full and self._paged)
            case "true" | "1":
                return True
            case "false" | "0":
                return False
            case _:
                raise UnreadableAnswer(f"lastpage of {where} is neither true nor false", system=self._system)

    def _broken(self, element: etree._Element, position: str, cause: str, *, code: str) -> BrokenRecord:
        row_id = element.findtext(self._shape.component.field_qname(ROW_ID))
        return BrokenRecord(
            position=position,
            cause=f"{self._shape.component.tag} does not fit the WSDL: {cause}; compare the WSDL with the service",
            raw=etree.tostring(element, encoding="unicode")[:_RAW_LIMIT],
            code=code,
            record_id=row_id or None,
        )


def _compiled(component: Component) -> Reader:
    """A closure that reads one element of ``component``, looking its children up by whole tag.

    It adds the containers whose rows did not all fit into the answer to its second argument.
    """
    fields = {component.field_qname(name): name for name in component.fields}
    fit = fitting(component)
    lists = {
        child.qname: (child.tag, child.component.tag, child.component.qname, _compiled(child.component))
        for child in component.lists
    }

    parts = {part.qname: (part.tag, _compiled(part)) for part in component.parts}
    direct = {row.qname: (row.tag, _compiled(row)) for row in component.rows}

    def read(element: etree._Element, cut: list[str]) -> dict[str, Any]:
        record: dict[str, Any] = {}
        for child in element:
            tag = child.tag
            if tag in fields:
                name = fields[tag]
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
            elif tag in parts or tag in direct:
                name, read_one = parts.get(tag) or direct[tag]
                below: list[str] = []
                one = read_one(child, below)
                if below:
                    raise UnfitError(f"{below[0]} does not fit into one answer, raise child_page_size")
                if tag in direct:
                    record.setdefault(name, []).append(one)
                elif name in record:
                    raise UnfitError(f"{name} comes twice")
                else:
                    record[name] = one
            # Anything else is newer than the WSDL; no mapping can name it, and the rest of the record is fine.
        fit(record)
        return record

    return read


def _in_pieces(answer: Answer, piece: int) -> Iterator[Answer]:
    rows = answer.records
    while len(rows) > piece:
        part, rows = rows[:piece], rows[piece:]
        yield replace(answer, records=part, last_page=False, last=_position(part[-1]))
    yield replace(answer, records=rows) if len(rows) < len(answer.records) else answer


def _position(record: dict[str, Any]) -> Position:
    return Position(updated=record.get(UPDATED, ""), row_id=record[ROW_ID])


def _head(container: etree._Element) -> dict[str, str]:
    """Simple elements beside the container, or beside what wraps it."""
    found: dict[str, str] = {}
    inner, message = container, container.getparent()
    while message is not None and message.tag != f"{_SOAP}Body":
        for element in message:
            if element is not inner and not len(element):
                found[plain(name_of(element)[1])] = element.text or ""
        inner, message = message, message.getparent()
    return found


def _head_below(root: etree._Element) -> dict[str, str]:
    """The same where there is no container: the simple elements of the message."""
    body = root.find(f"{_SOAP}Body")
    message = body[0] if body is not None and len(body) else None
    if message is None:
        return {}
    return {plain(name_of(each)[1]): each.text or "" for each in message if not len(each)}


def _answers(root: etree._Element, output: str) -> bool:
    body = root.find(f"{_SOAP}Body")
    return body is not None and len(body) == 1 and body[0].tag == output


def _key(element: etree._Element, component: Component) -> Position | None:
    updated = element.findtext(component.field_qname(UPDATED))
    row_id = element.findtext(component.field_qname(ROW_ID))
    row_id = (row_id or "").strip()
    return Position(updated=(updated or "").strip(), row_id=row_id) if row_id else None
