"""The protocols that a connector implements, and the frozen values that it exchanges with the bridge.

A connector implements those protocols that are true of its system, and says in :class:`Capabilities` how far:
the bridge's strategy follows from what is declared there, so an honest declaration is part of the contract.

Terms: a *system* is one configured installation (``[systems.siebel]``); it holds records of one or more *kinds*
(``contact``, ``claim``). A *raw record* is one record in the system's own shape and field names, as plain data
(``str``, ``int``, ``float``, ``bool``, ``None``, lists and dicts): what a mapping document reads. A *version token* is
whatever the system offers for optimistic concurrency (Siebel's ModId, an ETag).

Errors: connectors raise :mod:`crm_bridge.errors` only. Foreign exceptions are translated where they arise.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from pathlib import Path
from typing import Any, Protocol, TypeAlias, runtime_checkable

from pydantic import BaseModel

RawRecord: TypeAlias = Mapping[str, Any]


class EffectSafety(Enum):
    """What may be done when the answer to a write or a message was lost."""

    IDEMPOTENT = "idempotent"  # sending the same again has no further effect: just repeat
    KEYED = "keyed"  # the same key within a window has no further effect: repeat with the same key and bytes
    QUERYABLE = "queryable"  # the other side can be asked whether it happened: ask, then decide
    NONE = "none"  # nobody can tell: it stays `unknown` until a report or a person settles it


class WriteMode(Enum):
    """What a write does to fields that it does not name."""

    MERGE = "merge"  # untouched
    REPLACE = "replace"  # emptied: the bridge sends the full image


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What is true of one kind of record in one system.

    Attributes:
        incremental: ``read_changes`` with a cursor returns only what changed since.
        complete_listing: ``list_keys`` provably names every record: only then does absence mean deletion.
        listing_setting: the connector's own setting by which its user vouches for that, where there is one.
        deletes_visible: ``read_changes`` reports deletions as :class:`Tombstone`.
        conditional_writes: a write with a stale version token is refused.
        compares_versions: the connector itself compares the version right before it writes, where the system does not:
            the bridge need not read the record once more.
        versions_rows: a change of nested rows alone changes their record's version too. Where it may not, the bridge
            reads a record once more right before it writes nested rows of it.
        deletes: ``write`` carries out the operation ``delete``. Of a record that is not there any more it says
            :class:`Accepted`, :class:`Stale`, or :class:`Refused` with the code ``not_found``.
        reads_back: what was written is seen when the record is read. False for a partner who takes files up when he
            likes: until then he repeats what he said before, and that is no edit.
        write_mode: see :class:`WriteMode`.
        effect_safety: see :class:`EffectSafety`; of writes, or of messages for a channel.
        page_size: records a page when reading.
        batch_size: records a write call.
        rate_per_second: calls a second that the system allows; ``None``: no limit known. Where there is one, the bridge
            gives one write a call.
        writes_at_once: ``write`` calls that may run beside each other, each in a thread; never two of one client.
    """

    incremental: bool = True
    complete_listing: bool = False
    listing_setting: str | None = None
    deletes_visible: bool = False
    conditional_writes: bool = False
    compares_versions: bool = False
    versions_rows: bool = True
    deletes: bool = False
    reads_back: bool = True
    write_mode: WriteMode = WriteMode.MERGE
    effect_safety: EffectSafety = EffectSafety.NONE
    page_size: int = 500
    batch_size: int = 1
    rate_per_second: float | None = None
    writes_at_once: int = 1


@dataclass(frozen=True, slots=True)
class BrokenRecord:
    """A piece of a page that could not even be read as a record: it becomes a dead letter, the page goes on.

    Attributes:
        position: where it stood, such as ``clients_2026-10.csv:17`` or ``page 3``.
        cause: what is wrong and what to do, without personal data.
        raw: the piece itself, for the dead letter.
        record_id: when it could still be told.
    """

    position: str
    cause: str
    raw: str
    code: str = "unreadable"
    record_id: str | None = None


@dataclass(frozen=True, slots=True)
class Tombstone:
    """The system says that this record was deleted."""

    record_id: str


@dataclass(frozen=True, slots=True)
class Page:
    """One page of changed records. ``cursor`` is stored in the same transaction as the page's content.

    Attributes:
        cursor: opaque; handed back to ``read_changes`` to go on behind this page. ``None``: do not move the cursor.
        notes: what people should know of the reading, for the run's report. Without values of clients.
    """

    records: Sequence[RawRecord]
    cursor: str | None = None
    broken: Sequence[BrokenRecord] = ()
    deleted: Sequence[Tombstone] = ()
    notes: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class RecordWrite:
    """One write, as planned. The connector sends it as it is, or refuses it.

    Attributes:
        operation: ``create``, ``update`` or ``delete``.
        record_id: the system's id; ``None`` for a create.
        fields: only what changes, in the record's own shape, key fields included (see the mapping's write-back).
        full: the whole record as it would be afterwards; for systems with ``WriteMode.REPLACE`` and file targets.
        expected_version: the version token that the change was computed against.
        key: stable over all retries of this write. A connector stamps it on creates where the system has room.
    """

    kind: str
    operation: str
    record_id: str | None
    fields: RawRecord
    full: RawRecord
    expected_version: str | None
    key: str


@dataclass(frozen=True, slots=True)
class Accepted:
    """The system confirmed the write (the receipt). ``record`` is the record as it now is, where the answer tells."""

    record_id: str
    version: str | None = None
    record: RawRecord | None = None


@dataclass(frozen=True, slots=True)
class Stale:
    """Somebody else changed the record since it was read; or a create met a record that was there already.

    Attributes:
        record_id: the record that a create met. It is read and resolved, and then the write is planned anew.
    """

    reason: str
    record_id: str | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """The system will not take this write however often it is sent. ``code`` groups dead letters.

    Attributes:
        field: the field of the record that it is about, where the system names one.
    """

    reason: str
    code: str = "refused"
    field: str | None = None


@dataclass(frozen=True, slots=True)
class Postponed:
    """Nothing happened; try again, not before ``retry_after`` seconds when given."""

    reason: str
    retry_after: float | None = None


@dataclass(frozen=True, slots=True)
class Unknown:
    """The answer was lost. The effect safety decides what happens next."""

    reason: str


WriteOutcome: TypeAlias = Accepted | Stale | Refused | Postponed | Unknown


class Note(str):
    """One of ``check``'s findings that nobody has to mend, such as an optional setting that is left out."""

    __slots__ = ()


class Connector(Protocol):
    """What every connector has. The further protocols are looked for with ``isinstance``."""

    def kinds(self) -> Sequence[str]:
        """The kinds of record that this system holds."""

    def capabilities(self, kind: str) -> Capabilities:
        """What is true of ``kind`` here."""

    def check(self) -> Sequence[str]:
        """Reach the system, read-only. Returns findings in words, empty when all is well; raises when unreachable.

        What is merely good to know is a :class:`Note`: it is shown, and the check-up passes.
        """

    def close(self) -> None:
        """Give back connections and sessions. Called once; never raises."""


@runtime_checkable
class RecordSource(Protocol):
    """A system that is read."""

    def read_changes(self, kind: str, cursor: str | None) -> Iterator[Page]:
        """Pages of records changed since ``cursor`` (``None``: all). Never skips one; may repeat some.

        Raises:
            RetryLater: the system did not answer; pages already given stay valid.
            StopRun: credentials refused and the like.
        """

    def read(self, kind: str, record_ids: Sequence[str]) -> Sequence[RawRecord]:
        """These records as they are now; those that do not exist are missing from the answer."""


@runtime_checkable
class KeyLister(Protocol):
    """A system that can name all its records."""

    def list_keys(self, kind: str) -> Iterator[str]:
        """Every record id. Raises rather than end early: a short list would look like deletions."""


@runtime_checkable
class FieldLister(Protocol):
    """A system that can say which fields its records have, so that a mistyped ``src`` is found before a run."""

    def fields(self, kind: str) -> frozenset[str] | None:
        """Every field of a record of ``kind``, filled or not, as a mapping's ``src`` names it; no I/O beyond files.

        Levels are joined by dots, such as ``address.city`` or ``ListOfChild.Child.FirstName``; a dot within a name gets
        a backslash; ``facts.*`` says that ``facts`` is an object with any names. ``None``: it cannot be told.

        Raises:
            ConfigMistake: the description of the records cannot be read.
        """


@runtime_checkable
class RecordTarget(Protocol):
    """A system that is written."""

    def write(self, kind: str, writes: Sequence[RecordWrite]) -> Sequence[WriteOutcome]:
        """Carry out ``writes``, at most ``batch_size``, and return one outcome for each, in their order.

        Raises:
            Unreachable: nothing was sent.
            CredentialsRefused: nothing was written, and trying on is harmful.
        """


@runtime_checkable
class WriteLookup(Protocol):
    """A target that can be asked whether a write arrived (``EffectSafety.QUERYABLE``)."""

    def find_write(self, kind: str, write: RecordWrite) -> RawRecord | None:
        """The record that carries ``write.key`` (a create), or the record itself; ``None`` when it is not there."""


@dataclass(frozen=True, slots=True)
class OutboundMessage:
    """A message to one client, after policy said yes.

    Attributes:
        id: ours, stable over retries; travels to the provider so that reports find their way back.
        to: E.164 for SMS.
        text: final text.
        report_url: where the provider should send delivery reports; ``None``: no one listens.
    """

    id: str
    channel: str
    to: str
    text: str
    sender: str | None = None
    report_url: str | None = None


@dataclass(frozen=True, slots=True)
class MessageAccepted:
    """The provider took the message. ``provider_id`` where it gave one; ``parts`` as counted by us or billed."""

    provider_id: str | None = None
    parts: int | None = None


MessageOutcome: TypeAlias = MessageAccepted | Refused | Postponed | Unknown


@runtime_checkable
class MessageChannel(Protocol):
    """A system that carries messages to clients."""

    def channels(self) -> Sequence[str]:
        """The canonical channels that it carries, such as ``sms``."""

    def send(self, message: OutboundMessage) -> MessageOutcome:
        """Send one message, once.

        Raises:
            Unreachable: nothing was sent.
            CredentialsRefused: the account is refused.
        """


@dataclass(frozen=True, slots=True)
class InboundRequest:
    """An HTTP request that a system sent us, unparsed: ``body`` is the raw bytes that a signature covers.

    Attributes:
        path: the part behind ``/webhooks/{system}``, ``/`` at least.
        headers: lower-case names.
        received_at: when our server had read it whole.
    """

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    received_at: datetime


@dataclass(frozen=True, slots=True)
class RecordHint:
    """'This record changed': a hint that leads to a re-read, never data to trust.

    ``early``: it may come before the change is committed, so the record is read a second time some seconds later.
    """

    event_id: str
    kind: str
    record_id: str
    early: bool = False


@dataclass(frozen=True, slots=True)
class DeliveryReport:
    """What became of a message. ``status``: ``accepted | sent | delivered | failed | expired | read``."""

    event_id: str
    message_id: str
    status: str
    at: datetime | None = None
    detail: str | None = None


InboundEvent: TypeAlias = RecordHint | DeliveryReport


@runtime_checkable
class EventReceiver(Protocol):
    """A system that calls us."""

    def verify(self, request: InboundRequest) -> None:
        """Prove that the request is the system's, over the raw bytes and in constant time, before anything is parsed.

        Raises:
            RejectRecord: it is not; the caller gets 401 and nothing is stored.
        """

    def parse(self, request: InboundRequest) -> Sequence[InboundEvent]:
        """The events in a verified request. ``event_id`` is the same when the same event is delivered again.

        Raises:
            RejectRecord: malformed; the request is kept as a dead letter.
        """


class Secret:
    """A secret value that never shows itself: ``repr``, ``str`` and pickling hide it. ``reveal()`` gives it."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        return self._value

    def __repr__(self) -> str:
        return "Secret('***')"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)

    def __reduce__(self) -> tuple[object, ...]:
        raise TypeError("a Secret is not pickled")


class ConnectorSettings(BaseModel):
    """Base of every connector's settings: frozen, and an unknown key is a mistake.

    A field of type ``str`` whose name ends in ``_ref`` holds a reference to a secret (``env:NAME``, ``file:PATH``),
    which ``ConnectorContext.secret`` resolves.
    """

    model_config = {"frozen": True, "extra": "forbid"}


class LoginMemory(Protocol):
    """Log-ins that a system refused, remembered from run to run: one that is tried in every run locks the account.

    A *login* is all by which the system knows us, the secret included, as one text; only a digest of it is kept.
    """

    def demand_untried(self, login: Secret) -> None:
        """Called before ``login`` is sent.

        Raises:
            CredentialsRefused: the system refused this very login, and nobody has asked to try it again.
        """

    def remember(self, login: Secret) -> None:
        """The system refused ``login`` itself: it is wrong, expired or locked. Never called for an outage."""


class NoLoginMemory:
    """Where there is no store, nothing is remembered."""

    def demand_untried(self, login: Secret) -> None:
        """It is always untried."""

    def remember(self, login: Secret) -> None:
        """It is forgotten."""


@dataclass(frozen=True, slots=True)
class ConnectorContext:
    """What the bridge hands to a connector when it opens it.

    Attributes:
        system: the name under ``[systems.…]``.
        base_dir: the configuration's directory; relative paths in settings are relative to it.
        secret: resolves a reference such as ``env:SIEBEL_PASSWORD``; raises :class:`ConfigMistake`.
        clock: the current time, UTC and aware.
        logins: for connectors to systems that lock an account after so many refused log-ins.
        writes: kinds that the configuration has written; empty, too, where it is not known.
        creates: those of them that records are created of.
    """

    system: str
    base_dir: Path
    secret: Callable[[str], Secret]
    clock: Callable[[], datetime]
    logins: LoginMemory = field(default_factory=NoLoginMemory)
    writes: frozenset[str] = frozenset()
    creates: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class ConnectorType:
    """A kind of connector, as registered by a plugin.

    Attributes:
        name: what ``connector = "…"`` in the configuration says.
        settings: the model of its settings; its docstrings are the reference documentation.
        open: builds a connector; does no I/O yet.
        summary: one sentence for ``crm-bridge plugin list``.
        rehearsals: how ``crm-bridge plugin check`` tries the connector, writing too, on a scratch system that it
            brings: classes of :class:`crm_bridge.testing.Rehearsal`. That command alone calls it: import them in it.
    """

    name: str
    settings: type[ConnectorSettings]
    open: Callable[[Any, ConnectorContext], Connector]
    summary: str
    rehearsals: Callable[[], Sequence[type[Any]]] | None = None  # Any: crm_bridge.testing stands above this floor


class Simulator(Protocol):
    """A stand-in for a real system: a real server on loopback, stateful, that behaves as the system's documents say.

    It keeps its records in the system's own shape (the same raw records that its connector reads), and its state in a
    folder, so that stopping and starting it changes nothing.
    """

    def start(self, port: int = 0) -> Mapping[str, Any]:
        """Serve on 127.0.0.1 (0: any free port) in a background thread.

        Returns:
            The connector settings that reach it: what to write under ``[systems.NAME]``.
        """

    def stop(self) -> None:
        """Stop serving; state is on disk afterwards."""

    def load(self, kind: str, records: Sequence[RawRecord]) -> Sequence[str]:
        """Put records in, as a past user would have; returns their ids. It gives server-kept fields (ids, versions)."""

    def records(self, kind: str) -> Sequence[RawRecord]:
        """What the system holds now."""

    def edit(self, kind: str, record_id: str, changes: RawRecord) -> None:
        """Change a record as a user of that system would: version and timestamp move, webhooks fire."""

    def configure(self, **knobs: object) -> None:
        """Set failure knobs by name, such as ``fail_next=3``; unknown names raise ``ValueError``."""


@dataclass(frozen=True, slots=True)
class SimulatorType:
    """A simulator, as registered by a plugin, for ``crm-bridge simulate NAME``."""

    name: str
    open: Callable[[Path, Callable[[], datetime]], Simulator]
    summary: str
    default_port: int
    knobs: Mapping[str, str] = field(default_factory=dict)
