"""The Siebel connector: what the bridge sees. It puts query, wire, reader, faults and writes together."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from importlib.resources import files
from pathlib import Path
from typing import Any

import tenacity

from crm_bridge.api import (
    Accepted,
    Capabilities,
    ConfigMistake,
    ConnectorContext,
    EffectSafety,
    OutcomeUnknown,
    Page,
    RecordWrite,
    Refused,
    RejectRecord,
    RetryLater,
    Unknown,
    Unreachable,
    WriteMode,
    WriteOutcome,
)
from crm_bridge_siebel.changes import IDS_A_QUERY, ChangeReader
from crm_bridge_siebel.cursor import Cursor
from crm_bridge_siebel.faults import FaultClass, SiebelFaultError, classify, read_error, write_outcome
from crm_bridge_siebel.query import BY_ID, Query, any_of, arguments, id_after
from crm_bridge_siebel.records import Answer, RecordReader, fault_text, is_fault
from crm_bridge_siebel.settings import SiebelSettings
from crm_bridge_siebel.shapes import INTEGRATION_ID, ROW_ID, UPDATED, VERSION, ServiceShape
from crm_bridge_siebel.soap import Login, SoapService
from crm_bridge_siebel.translation import UnreadableAnswer
from crm_bridge_siebel.transport import Line, Wire
from crm_bridge_siebel.writing import Message, message_for, stamped_with
from crm_bridge_siebel.xml_guard import parse

KINDS = ("contact", "claim")
_WRITABLE = frozenset({"contact"})


@dataclass(frozen=True, slots=True)
class _Kind:
    """One kind, ready to be called."""

    service: SoapService
    data: RecordReader
    ids: RecordReader | None

    @property
    def shape(self) -> ServiceShape:
        return self.service.shape


class SiebelConnector:
    """One Siebel installation over SOAP 1.1, EAI UI Data Adapter dialect."""

    def __init__(self, settings: SiebelSettings, context: ConnectorContext) -> None:
        self._settings = settings
        self._system = context.system
        self._base_dir = context.base_dir
        self._secret = context.secret
        line = Line(
            system=context.system,
            timeouts=settings.timeouts,
            max_bytes=settings.max_answer_bytes,
            ca_file=str(context.base_dir / settings.ca_file) if settings.ca_file else None,
        )
        self._wire = Wire(line, endpoint=settings.endpoint, system=context.system)
        self._opened: dict[str, _Kind] = {}
        self._lock = threading.Lock()
        self._login: Login | None = None

    def kinds(self) -> Sequence[str]:
        """The kinds of record that this system holds."""
        return KINDS

    def capabilities(self, kind: str) -> Capabilities:
        """What is true of ``kind``: incremental by Updated, conditional by ModId, creates found by IntegrationId."""
        self._known(kind)
        return Capabilities(
            incremental=True,
            # The login's visibility decides which rows are listed, so absence proves nothing.
            complete_listing=False,
            deletes_visible=False,
            conditional_writes=kind in _WRITABLE,
            write_mode=WriteMode.MERGE,
            effect_safety=EffectSafety.QUERYABLE if kind in _WRITABLE else EffectSafety.NONE,
            page_size=self._settings.page_size,
            batch_size=1,
        )

    def check(self) -> Sequence[str]:
        """Read one record of each kind. Findings: what change capture or safe writing lacks."""
        findings = []
        for kind in KINDS:
            shape = self._kind(kind).shape
            findings += [
                f"{kind}: the WSDL has no {name}: {why}"
                for name, why in (
                    (UPDATED, "changes cannot be found"),
                    (VERSION, "stale writes cannot be noticed"),
                    (INTEGRATION_ID, "a create whose answer was lost cannot be found again"),
                )
                if name not in shape.data.component.fields and (kind in _WRITABLE or name != INTEGRATION_ID)
            ]
            records = self._all_readable(kind, Query(searchspec=None, page_size=1, keys_only=True))
            findings += [
                f"{kind}: Siebel does not output {name}: change its type from System to Data in the integration object"
                for name in (UPDATED, VERSION)
                if any(name not in record for record in records)
            ]
        return findings

    def close(self) -> None:
        """Give back connections."""
        self._wire.close()

    def read_changes(self, kind: str, cursor: str | None) -> Iterator[Page]:
        """Pages of records changed since ``cursor``, in the order of (Updated, Id)."""
        reader = ChangeReader(
            partial(self._query_whole, kind),
            page_size=self._settings.page_size,
            overlap_seconds=self._settings.overlap_seconds,
            system=self._system,
            where=kind,
        )
        self._known(kind)
        yield from reader.pages(Cursor.load(cursor, system=self._system) if cursor is not None else None)

    def read(self, kind: str, record_ids: Sequence[str]) -> Sequence[dict[str, Any]]:
        """These records as they are now; those that do not exist, or are not visible to our login, are missing."""
        found: list[dict[str, Any]] = []
        for start in range(0, len(record_ids), IDS_A_QUERY):
            chunk = record_ids[start : start + IDS_A_QUERY]
            found += self._all_readable(kind, Query(any_of(ROW_ID, chunk), sort=BY_ID, page_size=len(chunk)))
        return found

    def list_keys(self, kind: str) -> Iterator[str]:
        """Every row id that our login sees, in Siebel's order."""
        after: str | None = None
        while True:
            spec = id_after(after) if after is not None else None
            query = Query(spec, sort=BY_ID, page_size=self._settings.page_size, keys_only=True)
            try:
                answer = self._query(kind, query)
            except UnreadableAnswer as error:
                raise RetryLater(f"listing {kind}: {error.message}", system=self._system) from None
            if answer.broken:
                raise RetryLater(f"listing {kind}: a row came without an id", system=self._system)
            for record in answer.records:
                yield record[ROW_ID]
            if answer.last is None or answer.last_page:
                return
            after = answer.last.row_id

    def write(self, kind: str, writes: Sequence[RecordWrite]) -> Sequence[WriteOutcome]:
        """Carry out ``writes``, one message each."""
        self._known(kind)
        if kind not in _WRITABLE:
            return [Refused(f"{kind} is read-only in Siebel for the bridge", code="not_writable") for _ in writes]
        outcomes: list[WriteOutcome] = []
        for write in writes:
            try:
                outcomes.append(self._write(kind, write))
            except Unreachable as error:
                if not outcomes:
                    raise
                outcomes.append(Unknown(error.message))
        return outcomes

    def find_write(self, kind: str, write: RecordWrite) -> dict[str, Any] | None:
        """The record that a create with this key left behind, or the record of an update."""
        spec = (
            any_of(INTEGRATION_ID, [stamped_with(write)])
            if write.operation == "create"
            else any_of(ROW_ID, [write.record_id or ""])
        )
        found = self._all_readable(kind, Query(spec, sort=BY_ID, page_size=2))
        return found[0] if found else None

    def _write(self, kind: str, write: RecordWrite) -> WriteOutcome:
        opened = self._kind(kind)
        try:
            message = message_for(write, opened.shape)
            answer = self._send(opened, message)
        except RejectRecord as error:
            return Refused(str(error), code=error.code)
        except SiebelFaultError as met:
            if write.operation == "create" and met.fault.kind is FaultClass.DUPLICATE:
                return self._resolved_duplicate(kind, write, met)
            return write_outcome(met.fault, system=self._system)
        except OutcomeUnknown as error:
            return Unknown(error.message)
        if not answer.records:
            return Unknown("Siebel's answer to the write names no record")
        written = answer.records[0]
        return Accepted(record_id=written[ROW_ID], version=written.get(VERSION))

    def _send(self, opened: _Kind, message: Message) -> Answer:
        if opened.ids is None:
            raise RejectRecord(f"service {opened.shape.prefix} only reads", code="not_writable")
        shape = opened.shape.data
        body = {
            shape.tag: {shape.component.tag: [message.row]},
            "LOVLanguageMode": self._settings.language_mode,
            "ViewMode": self._settings.view_mode,
        }
        return opened.ids.read(
            self._call(opened, message.method, body), page_size=2, where=f"answer to {message.method}"
        )

    def _resolved_duplicate(self, kind: str, write: RecordWrite, met: SiebelFaultError) -> WriteOutcome:
        """A create that meets its own stamp was carried out before, and its answer lost."""
        if write.fields.get(INTEGRATION_ID):
            return write_outcome(met.fault, system=self._system)
        try:
            found = self.find_write(kind, write)
        except RetryLater as error:
            return Unknown(error.message)
        if found is None:
            return write_outcome(met.fault, system=self._system)
        return Accepted(record_id=found[ROW_ID], version=found.get(VERSION), record=found)

    def _query_whole(self, kind: str, query: Query) -> Answer:
        """An answer whose records have all their child rows, also those that did not fit into one child page."""
        query = replace(query, child_page_size=self._settings.child_page_size)
        answer = self._query(kind, query)
        for record, container in answer.partial:
            self._complete(kind, record, container)
        return answer

    def _complete(self, kind: str, record: dict[str, Any], container: str) -> None:
        (row_tag,) = record[container]
        size = self._settings.child_page_size
        more = True
        while more:
            spec = any_of(ROW_ID, [record[ROW_ID]])
            start = len(record[container][row_tag])
            query = Query(spec, page_size=1, child_page_size=size, child_start=start)
            answer = self._query(kind, query)
            if len(answer.records) != 1 or answer.records[0].get(VERSION) != record.get(VERSION):
                raise RetryLater(f"{kind} changed while its {container} was read page by page", system=self._system)
            rows = answer.records[0].get(container, {}).get(row_tag, [])
            record[container][row_tag] += rows
            more = bool(rows) and any(tag == container for _, tag in answer.partial)

    def _all_readable(self, kind: str, query: Query) -> Sequence[dict[str, Any]]:
        try:
            answer = self._query_whole(kind, query)
        except UnreadableAnswer as error:
            raise RetryLater(f"reading {kind}: {error.message}", system=self._system) from None
        if answer.broken:
            first = answer.broken[0]
            raise RejectRecord(first.cause, system=self._system, record=f"{kind}:{first.record_id}", code=first.code)
        return answer.records

    def _query(self, kind: str, query: Query) -> Answer:
        """Ask once, and once more when the answer was lost or unreadable: reading changes nothing.

        Raises:
            UnreadableAnswer: it stays unreadable.
            RetryLater: no answer, or a fault.
        """
        retrying = tenacity.Retrying(
            stop=tenacity.stop_after_attempt(2),
            wait=tenacity.wait_fixed(self._settings.retry_wait_seconds),
            retry=tenacity.retry_if_exception_type(OutcomeUnknown),
            reraise=True,
        )
        try:
            return retrying(self._query_once, kind, query)
        except UnreadableAnswer:
            raise
        except OutcomeUnknown as error:
            raise RetryLater(error.message, system=self._system) from None
        except SiebelFaultError as met:
            raise read_error(met.fault, system=self._system) from None

    def _query_once(self, kind: str, query: Query) -> Answer:
        opened = self._kind(kind)
        body = {
            opened.shape.query.tag: arguments(query, opened.shape),
            "LOVLanguageMode": self._settings.language_mode,
            "ViewMode": self._settings.view_mode,
        }
        return opened.data.read(
            self._call(opened, "QueryPage", body), page_size=query.page_size, where=f"page of {kind}"
        )

    def _call(self, opened: _Kind, method: str, body: Mapping[str, Any]) -> bytes:
        request = opened.service.request(method, body, login=self._logged_in())
        answer = self._wire.post(request.body, action=request.action)
        if answer.status != 200 or is_fault(answer.body):
            text = fault_text(parse(answer.body, system=self._system))
            raise SiebelFaultError(classify(text, names=opened.shape.names(), site=self._settings.faults))
        return answer.body

    def _logged_in(self) -> Login:
        with self._lock:
            if self._login is None:
                self._login = Login(
                    username=self._settings.username,
                    password=self._secret(self._settings.password_ref),
                    session_type=self._settings.session_type,
                )
            return self._login

    def _known(self, kind: str) -> None:
        if kind not in KINDS:
            raise ConfigMistake(f"{self._system}: Siebel has no kind {kind!r}; it has {', '.join(KINDS)}")

    def _kind(self, kind: str) -> _Kind:
        self._known(kind)
        with self._lock:
            if kind not in self._opened:
                service = SoapService(self._wsdl(kind), endpoint=self._settings.endpoint, system=self._system)
                ids = service.shape.ids
                self._opened[kind] = _Kind(
                    service=service,
                    data=RecordReader(service.shape.data, system=self._system),
                    ids=RecordReader(ids, system=self._system) if ids else None,
                )
            return self._opened[kind]

    def _wsdl(self, kind: str) -> Path:
        given = self._settings.wsdl.get(kind)
        return self._base_dir / given if given else Path(str(files("crm_bridge_siebel"))) / "wsdl" / f"{kind}.wsdl"
