"""Every error that crosses a boundary, grouped by what to do next.

::

    BridgeError
    ├── RetryLater        the other side could not answer now: try again, the record is fine
    │   └── Unreachable   nothing was sent: safe to repeat even what is not idempotent
    ├── StoreAway         our own store cannot be used now: nothing was half written, run again
    ├── OutcomeUnknown    sent, and nobody can tell whether it took effect: look up, never just repeat
    ├── RejectRecord      this record cannot proceed: dead-letter it, the rest goes on
    │   └── StaleVersion  it changed since we read it: re-read and merge
    ├── StopRun           going on would do harm: stop, nothing more is written
    │   ├── CredentialsRefused
    │   ├── ConnectorFailed a connector has a mistake: its system is left alone for this run
    │   ├── SafetyStop    a guard tripped
    │   └── Locked        another run owns the store
    └── UserMistake       the person who runs us can mend it
        ├── ConfigMistake in the configuration, with its place
        └── DataMistake   in an input file

A message says what happened, to which record, and what to do. It never holds a phone, a name, a tax id or a secret:
those stay in the dead letter, behind the store.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum


class ExitCode(IntEnum):
    """What the process tells its caller, after BSD ``sysexits.h``. Precedence: 78>77>69>75>1>4>5>3>2."""

    OK = 0
    BUG = 1
    DRIFT = 2
    DEAD_LETTERS = 3
    SAFETY_STOP = 4
    NEEDS_PERSON = 5
    USAGE = 64
    DATA = 65
    UNAVAILABLE = 69
    LOCKED = 75
    CREDENTIALS = 77
    CONFIG = 78


class BridgeError(Exception):
    """Root of our errors. ``system`` and ``record`` say where; both may be unknown.

    Attributes:
        system: name of the system in the configuration, such as ``siebel``.
        record: the record there, as ``kind:id``.
        exit_code: what the process exits with when this error ends a run.
    """

    exit_code = ExitCode.BUG

    def __init__(self, message: str, *, system: str | None = None, record: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.system = system
        self.record = record

    def __str__(self) -> str:
        where = ": ".join(part for part in (self.system, self.record) if part)
        return f"{where}: {self.message}" if where else self.message


class RetryLater(BridgeError):
    """The other side could not answer now. ``retry_after`` is its own wish, in seconds, when it gave one."""

    exit_code = ExitCode.UNAVAILABLE

    def __init__(
        self, message: str, *, system: str | None = None, record: str | None = None, retry_after: float | None = None
    ) -> None:
        super().__init__(message, system=system, record=record)
        self.retry_after = retry_after


class Unreachable(RetryLater):
    """Nothing was sent (DNS, refused connection, TLS handshake): repeating is safe for every effect."""


class StoreAway(BridgeError):
    """Our own store cannot be used now (disk full, database server gone). Nothing was half written: run again."""

    exit_code = ExitCode.UNAVAILABLE


class OutcomeUnknown(BridgeError):
    """A write or message was sent and its answer lost. Whether it took effect has to be looked up."""

    exit_code = ExitCode.NEEDS_PERSON


class RejectRecord(BridgeError):
    """One record cannot proceed. ``path`` is where in it, ``code`` a stable word to group by.

    Args:
        path: canonical path or the system's field, such as ``birth_date`` or ``LastName``.
        value: the offending value. It goes to the dead letter alone, never into the message or a log.
        code: stable group, such as ``unknown_code``, ``too_long``, ``SBL-DAT-00498``.
        hint: what to do.
    """

    exit_code = ExitCode.DEAD_LETTERS

    def __init__(
        self,
        message: str,
        *,
        system: str | None = None,
        record: str | None = None,
        path: str | None = None,
        value: object = None,
        code: str = "rejected",
        hint: str | None = None,
    ) -> None:
        super().__init__(message, system=system, record=record)
        self.path = path
        self.value = value
        self.code = code
        self.hint = hint


class StaleVersion(RejectRecord):
    """The record changed on the other side since we read it: re-read, merge, write again."""


class StopRun(BridgeError):
    """Going on would do harm or is pointless; nothing more is written in this run."""


class CredentialsRefused(StopRun):
    """The other side refused who we say we are. Trying again in a loop locks accounts, so nobody does."""

    exit_code = ExitCode.CREDENTIALS


class ConnectorFailed(StopRun):
    """A connector raised what is none of these errors, or answered what its protocol does not allow. Its system is
    stopped for this run; the others go on."""

    exit_code = ExitCode.BUG


class SafetyStop(StopRun):
    """A guard tripped, such as more than N % of records gone. Nothing was written."""

    exit_code = ExitCode.SAFETY_STOP


class Locked(StopRun):
    """Another process owns this store. Try again when it has finished."""

    exit_code = ExitCode.LOCKED


@dataclass(frozen=True, slots=True)
class Place:
    """A position in a file, for ``file:line: message``."""

    file: str
    line: int | None = None
    column: int | None = None

    def __str__(self) -> str:
        return ":".join(str(part) for part in (self.file, self.line, self.column) if part is not None)


class UserMistake(BridgeError):
    """The person who runs us can mend it; the message says how. No traceback is shown."""

    exit_code = ExitCode.USAGE


class ConfigMistake(UserMistake):
    """A mistake in configuration or a mapping document, printed as ``file:line: path: what to do``."""

    exit_code = ExitCode.CONFIG

    def __init__(self, message: str, *, place: Place | None = None, path: str | None = None) -> None:
        super().__init__(message)
        self.place = place
        self.path = path

    def __str__(self) -> str:
        parts = [str(self.place) if self.place else None, self.path, self.message]
        return ": ".join(part for part in parts if part)


class DataMistake(UserMistake):
    """An input file that cannot be read as what it claims to be."""

    exit_code = ExitCode.DATA
