"""The Siebel connector: what the bridge sees. It puts query, wire, reader, faults and writes together."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from tempfile import TemporaryFile
from typing import IO, Any

from crm_bridge.api import (
    Capabilities,
    ConfigMistake,
    ConnectorContext,
    EffectSafety,
    InboundRequest,
    OutcomeUnknown,
    Page,
    RecordHint,
    RecordWrite,
    Refused,
    RejectRecord,
    RetryLater,
    WriteMode,
    WriteOutcome,
)
from crm_bridge_siebel import echoes, events
from crm_bridge_siebel.asking import Asker
from crm_bridge_siebel.calls import SoapCalls
from crm_bridge_siebel.changes import ChangeReader
from crm_bridge_siebel.checking import not_probed, takes_stale
from crm_bridge_siebel.conditions import Condition
from crm_bridge_siebel.cursor import Cursor
from crm_bridge_siebel.examining import Ways, examined
from crm_bridge_siebel.faults import Fault, SiebelFaultError, classify, read_error
from crm_bridge_siebel.finding import Finder
from crm_bridge_siebel.kinds import Kind, kind_settings, open_kind
from crm_bridge_siebel.logins import Logins, unless_away
from crm_bridge_siebel.modification_key import lacks_key, probe, probing_method
from crm_bridge_siebel.query import BY_ID, Query, any_of
from crm_bridge_siebel.records import Answer, RefusedInAnswerError
from crm_bridge_siebel.session import Identity, Sessions
from crm_bridge_siebel.settings import SiebelSettings
from crm_bridge_siebel.shapes import INTEGRATION_ID, ROW_ID, paths_of
from crm_bridge_siebel.soap import SoapRequest
from crm_bridge_siebel.tls import configured_context
from crm_bridge_siebel.translation import UnreadableAnswer
from crm_bridge_siebel.transport import Incoming, Line, Wire
from crm_bridge_siebel.unsorted import UnsortedReader
from crm_bridge_siebel.walking import Walk, known_containers
from crm_bridge_siebel.writer import Writer
from crm_bridge_siebel.writing import deletes, stamped_with

_LARGE_PAGE = 4 * 1024 * 1024  # bytes; of a larger one some records are taken, and then as many are asked for


class SiebelConnector:
    """One Siebel installation over SOAP 1.1, in whichever dialect each of its services speaks."""

    def __init__(self, settings: SiebelSettings, context: ConnectorContext) -> None:
        self._settings = settings
        self._system = context.system
        self._base_dir = context.base_dir
        self._secret = context.secret
        self._clock = context.clock
        self._writes, self._creates = context.writes, context.creates
        line = Line(
            system=context.system,
            timeouts=settings.timeouts,
            max_bytes=settings.max_answer_bytes,
            ca_file=str(context.base_dir / settings.ca_file) if settings.ca_file else None,
            ssl_context=partial(configured_context, settings, context)
            if settings.ca_file or settings.client_certificate
            else None,
        )
        self._wire = Wire(line, endpoint=settings.endpoint, system=context.system)
        self._logins = Logins(context.logins, who=self._identified, endpoint=settings.endpoint)
        self._calls = SoapCalls(
            self._wire,
            Sessions(settings.session),
            identity=self._logins.identity,
            classify=self._classified,
            system=context.system,
        )
        self._asker = Asker(
            self._query_once, settings, said_as=self._said_as, clock=context.clock, system=context.system
        )
        self._kinds = kind_settings(settings)
        self._opened: dict[str, Kind] = {}
        self._lock = threading.Lock()

    def kinds(self) -> Sequence[str]:
        """The kinds of record that this system holds."""
        return tuple(self._kinds)

    def capabilities(self, kind: str) -> Capabilities:
        """What is true of ``kind``: incremental by Updated, conditional by ModId, creates found by IntegrationId."""
        self._known(kind)
        return Capabilities(
            incremental=True,
            # The login's visibility decides which rows are listed: absence proves nothing, unless somebody vouches.
            complete_listing=self._settings.sees_all_rows,
            listing_setting="sees_all_rows",
            conditional_writes=self._kinds[kind].write,
            versions_rows=self._kinds[kind].children == [],  # an empty list: somebody says so
            deletes=self._kinds[kind].write and deletes(self._kind(kind).shape),
            write_mode=WriteMode.MERGE,
            effect_safety=EffectSafety.QUERYABLE if self._tells_creates(kind) else EffectSafety.NONE,
            page_size=self._settings.page_size,
            batch_size=self._batch_size if self._kinds[kind].write else 1,
        )

    def fields(self, kind: str) -> frozenset[str] | None:
        """The fields that the WSDL names, those of nested rows as ``ListOfChild.Child.FirstName``."""
        return frozenset(paths_of(self._kind(kind).shape.data.component))

    def check(self) -> Sequence[str]:
        """Read one record of each kind. Findings: what change capture or safe writing lacks."""
        findings: list[str] = []
        for kind, given in self._kinds.items():
            findings += examined(
                kind,
                given,
                self._kind(kind),
                asker=self._asker,
                settings=self._settings,
                ways=Ways(
                    paged=self._paged(kind),
                    sortable=self._sortable(kind),
                    writes=kind in self._writes,
                    creates=kind in self._creates,
                    by_argument=self._settings.transport == "soap",
                ),
                of_stale_writes=partial(self._of_stale_writes, kind),
                system=self._system,
            )
        return findings

    def close(self) -> None:
        """Log out, where there are sessions, and give back connections."""
        self._calls.close(self._harmless())
        self._wire.close()

    def read_changes(self, kind: str, cursor: str | None) -> Iterator[Page]:
        """Pages of records changed since ``cursor``, in the order of (Updated, Id)."""
        user = self._settings.integration_user or self._settings.username
        return echoes.counted(self._read_changes(kind, cursor), kind=kind, user=user)

    def _read_changes(self, kind: str, cursor: str | None) -> Iterator[Page]:
        start = Cursor.load(cursor, system=self._system) if cursor is not None else None
        children = ("", "")
        watched = self._kinds[kind].children if kind in self._kinds else None
        if watched:
            component = self._kind(kind).shape.data.component
            containers = known_containers(watched, component, kind=kind, system=self._system)
            children, reread = self._walk(kind).changed_children(
                containers, start, clock=self._clock, at_most_each=self._settings.children_seconds
            )
            for ids in reread:
                records, broken = self._finder(kind).by_id(ids)
                yield Page(records=records, broken=broken)
        pages = self._changed(kind, start, children)
        if start is None or children == (start.children, start.children_at):
            yield from pages
            return
        last: str | None = None
        for page in pages:
            last = page.cursor or last
            yield page
        if last is None:
            digests, at = children
            yield Page(records=(), cursor=replace(start, children=digests, children_at=at).dump())

    def _changed(self, kind: str, start: Cursor | None, children: tuple[str, str]) -> Iterator[Page]:
        unsorted = self._unsorted(kind)
        if unsorted is not None:
            return unsorted.pages(start, children=children)
        reader = ChangeReader(
            partial(self._asker.whole, kind),
            page_size=self._settings.page_size,
            overlap_seconds=self._settings.overlap_seconds,
            system=self._system,
            where=kind,
            zone=self._settings.user_time_zone,
            call_seconds=self._settings.timeouts.total,
        )
        return reader.pages(start, children=children)

    def read(self, kind: str, record_ids: Sequence[str]) -> Sequence[dict[str, Any]]:
        """These records as they are now; those that do not exist, or are not visible to our login, are missing.

        Raises:
            RejectRecord: one of them cannot be read whatever is done; it is named.
        """
        found, broken = self._finder(kind).by_id(record_ids)
        if broken:
            raise self._asker.rejected(kind, broken[0])
        return found

    def list_keys(self, kind: str) -> Iterator[str]:
        """Every row id that our login sees, each once."""
        return self._walk(kind).row_ids()

    def write(self, kind: str, writes: Sequence[RecordWrite]) -> Sequence[WriteOutcome]:
        """Carry out ``writes``, several in one message where the service allows it; one outcome for each."""
        self._known(kind)
        if not self._kinds[kind].write:
            return [Refused(f"{kind} is read-only in Siebel for the bridge", code="not_writable") for _ in writes]
        writer = Writer(
            self._kind(kind).shape,
            send=partial(self._send, self._kind(kind)),
            find=self._finder(kind).readable,
            user_keys=self._settings.user_keys.get(kind, ()),
            batch_size=self._batch_size,
            system=self._system,
        )
        return writer.write(writes)

    def verify(self, request: InboundRequest) -> None:
        """Prove a notification's sender by the secrets of ``[events]``."""
        events.verify(request, proof=events.proof_of(self._settings.events, secret=self._secret, system=self._system))

    def parse(self, request: InboundRequest) -> Sequence[RecordHint]:
        """The records that a verified notification speaks of."""
        given = self._settings.events
        objects = given.objects if given is not None else {}
        kinds = []
        for kind in self._kinds:
            component = self._kind(kind).shape.data.component
            tag = component.tags.get(ROW_ID, ROW_ID)
            kinds.append(events.EventKind(kind, component.tag, tag, frozenset(objects.get(kind, ()))))
        return events.parse(request, kinds=kinds, system=self._system)

    def find_write(self, kind: str, write: RecordWrite) -> dict[str, Any] | None:
        """The record that a create with this key left behind, or the record of an update.

        Raises:
            OutcomeUnknown: a create cannot be told by anything: its records have no IntegrationId.
        """
        if write.operation == "create" and not self._tells_creates(kind):
            raise OutcomeUnknown(f"{kind} has no IntegrationId to find a create by", system=self._system)
        spec = (
            any_of(INTEGRATION_ID, [stamped_with(write)])
            if write.operation == "create"
            else any_of(ROW_ID, [write.record_id or ""])
        )
        found = self._finder(kind).readable(Query(spec, sort=BY_ID, page_size=2))
        return found[0] if found else None

    @property
    def _batch_size(self) -> int:
        return self._settings.write_batch_size

    def _send(self, opened: Kind, method: str, rows: Sequence[Mapping[str, Any]]) -> Answer:
        if opened.ids is None:
            raise RejectRecord(f"service {opened.shape.prefix} only reads", code="not_writable")
        call = opened.dialect.writing(method, rows, modes=opened.modes)
        read = partial(opened.ids.read, page_size=len(rows) + 1, where=f"answer to {method}")
        answer: Answer = self._call(opened, call.method, call.arguments, read)
        return answer

    def _of_stale_writes(self, kind: str, record: Mapping[str, Any]) -> Iterator[str]:
        """Whether Siebel would carry out a stale write; asked, where allowed, by a message that never takes effect."""
        opened = self._kind(kind)
        method = probing_method(opened.shape, opened.service.operations)
        may = kind in self._writes if self._settings.probe_writes is None else self._settings.probe_writes
        if method is None or not may:
            yield not_probed(kind, possible=method is not None)
            return
        met: Fault | None = None
        try:
            self._send(opened, method, probe(record))
        except SiebelFaultError as refused:
            met = refused.fault
        except (RejectRecord, OutcomeUnknown):
            return
        if lacks_key(met):
            yield takes_stale(kind)

    def _query_once(self, kind: str, query: Query) -> Answer:
        opened = self._kind(kind)
        call = opened.dialect.question(query, modes=opened.modes)
        enough = _LARGE_PAGE if query.beginning else None
        read = partial(opened.data.read, page_size=query.page_size, where=f"page of {kind}", enough=enough)
        answer: Answer = self._call(opened, call.method, call.arguments, read)
        return answer

    def _said_as(self, kind: str, condition: Condition) -> str:
        """What a query for ``condition`` says."""
        return self._kind(kind).dialect.said_as(condition)

    def _paged(self, kind: str) -> bool:
        """Whether an answer may be a page; otherwise it is all there is."""
        return self._kind(kind).dialect.paged

    def _sortable(self, kind: str) -> bool:
        """Whether pages come in an order that we ask for, so that windows by key work."""
        return self._kind(kind).dialect.sortable

    def _tells_creates(self, kind: str) -> bool:
        """Whether a create whose answer was lost can be looked up."""
        return self._kinds[kind].write and INTEGRATION_ID in self._kind(kind).shape.data.component.fields

    def _finder(self, kind: str) -> Finder:
        unsorted = self._unsorted(kind)
        everything = Query(None, page_size=max(2, self._settings.page_size))
        return Finder(
            kind,
            asker=self._asker,
            pages=partial(unsorted.answers, everything) if unsorted is not None else None,
            has=self._kind(kind).shape.data.component.fields,
            system=self._system,
        )

    def _walk(self, kind: str) -> Walk:
        return Walk(
            kind,
            asker=self._asker,
            unsorted=self._unsorted(kind),
            page_size=self._settings.page_size,
            system=self._system,
        )

    def _unsorted(self, kind: str) -> UnsortedReader | None:
        if self._sortable(kind):
            return None
        return UnsortedReader(
            partial(self._pieces, kind),
            page_size=self._settings.page_size,
            overlap_seconds=self._settings.overlap_seconds,
            system=self._system,
            where=kind,
        )

    def _pieces(self, kind: str, query: Query) -> Iterator[Answer]:
        """One answer of any size, in pieces: it is laid by in a file, so that no call is held open meanwhile."""
        opened = self._kind(kind)
        call = opened.dialect.question(query, modes=opened.modes)
        with TemporaryFile() as file:
            self._asker.again(partial(self._call, opened, call.method, call.arguments, partial(_laid_by, file)))
            try:
                yield from opened.data.pieces(
                    file, page_size=query.page_size, where=f"page of {kind}", piece=self._settings.page_size
                )
            except UnreadableAnswer as error:
                raise RetryLater(f"reading {kind}: {error.message}", system=self._system) from None
            except RefusedInAnswerError as told:
                raise read_error(self._classified(str(told), told.code), system=self._system) from None

    def _call(
        self, opened: Kind, method: str, body: Mapping[str, Any], read: Callable[[Incoming], Any] = Incoming.read
    ) -> Any:  # Any: what ``read`` makes
        def build(header: Any) -> SoapRequest:  # Any: whatever has the header's XML
            return opened.service.request(method, body, login=header)

        try:
            with self._logins.watched():
                return self._calls.call(build, read)
        except RefusedInAnswerError as told:
            # A workflow's error inside a normal answer is a fault like any other.
            raise SiebelFaultError(self._classified(str(told), told.code)) from None

    def _harmless(self) -> Callable[[Any], SoapRequest] | None:  # Any: see above
        """Makes a message that changes nothing, to say good-bye with; ``None`` when nothing was ever asked."""
        opened = next(iter(self._opened.values()), None)
        if opened is None:
            return None
        nobody = Query(any_of(ROW_ID, ["0-0"]), page_size=1, keys_only=True)
        call = opened.dialect.question(nobody, modes=opened.modes)
        return lambda header: opened.service.request(call.method, call.arguments, login=header)

    def _classified(self, text: str, own: str = "") -> Fault:
        with self._lock:
            opened = list(self._opened.values())
        names = frozenset().union(*(each.shape.names() for each in opened))
        return unless_away(classify(text, names=names, site=(site := self._settings.faults), own=own), site=site)

    def _identified(self) -> Identity:
        secret = self._secret(self._settings.password_ref) if self._settings.security != "none" else None
        return Identity(self._settings.username, secret, self._settings.security)

    def _known(self, kind: str) -> None:
        if kind not in self._kinds:
            raise ConfigMistake(f"{self._system}: Siebel has no kind {kind!r}; it has {', '.join(self._kinds)}")

    def _kind(self, kind: str) -> Kind:
        self._known(kind)
        with self._lock:
            if kind not in self._opened:
                self._opened[kind] = open_kind(
                    self._kinds[kind], self._settings, base_dir=self._base_dir, system=self._system
                )
            return self._opened[kind]


def _laid_by(file: IO[bytes], incoming: Incoming) -> None:
    shutil.copyfileobj(incoming, file)
    file.seek(0)
