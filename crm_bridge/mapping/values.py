"""What reading and writing give back: frozen values, and the one exception that a transform may raise."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple, TypeAlias

Doc: TypeAlias = dict[str, Any]
Severity: TypeAlias = Literal["quarantine", "warn"]


class BadValue(Exception):  # noqa: N818  # a value is bad; it is no error of the program, and it never leaves this package
    """A transform cannot read or express a value. ``code`` groups problems; the message never holds the value."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with one field of one record.

    Attributes:
        path: canonical path, such as ``birth_date`` or ``contact_points[phone/mobile].value``.
        field: the system's own name of the field.
        code: stable group: ``unknown_code``, ``bad_date``, ``bad_phone``, ``bad_email``, ``bad_number``, ``bad_flag``,
            ``bad_check``, ``bad_value``, ``bad_shape``, ``too_long``, ``required``, ``not_expressible``,
            ``plugin_failed``.
        message: what is wrong and what to do, without the value.
        value: the offending value; for the dead letter alone.
        severity: ``quarantine`` stops the record, ``warn`` leaves the field out and goes on.
    """

    path: str
    field: str
    code: str
    message: str
    value: Any = None
    severity: Severity = "quarantine"


class Reading(NamedTuple):
    """A raw record, read. ``doc`` holds what could be read, also when the record is quarantined.

    Attributes:
        version: the concurrency token as text; ``None`` when the record has none.
        changed_at: ISO 8601, UTC.
        client_ref: of a claim: (system, value) of the identifier of the client that it belongs to.
    """

    record_id: str
    version: str | None
    changed_at: str | None
    doc: Doc
    client_ref: tuple[str, str] | None = None
    problems: tuple[Problem, ...] = ()

    @property
    def quarantined(self) -> bool:
        """Whether any problem stops this record."""
        return bool(self.problems) and any(problem.severity == "quarantine" for problem in self.problems)


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field of a write-back, old and new in the system's own spelling. ``None``: not there."""

    path: str
    field: str
    old: Any
    new: Any


@dataclass(frozen=True, slots=True)
class WriteBack:
    """What has to be written so that a record says what the client's document says.

    Attributes:
        fields: key and concurrency fields and what changed; nested rows carry ``@operation``. Empty: no change.
        changes: each changed field, for people.
        full: the whole record as it would be afterwards, without ``@operation``.
        problems: a ``quarantine`` among them empties ``fields`` and ``changes``: nothing of this record may be written.
        waiting: names of the fields that changed and are held back by such a problem in another field.
    """

    fields: dict[str, Any]
    changes: tuple[FieldChange, ...]
    full: dict[str, Any]
    problems: tuple[Problem, ...] = ()
    waiting: tuple[str, ...] = ()

    @property
    def quarantined(self) -> bool:
        """Whether any problem stops this write."""
        return any(problem.severity == "quarantine" for problem in self.problems)


@dataclass(frozen=True, slots=True)
class TransformType:
    """A transform that a plugin registers, used in documents as ``call: plugin.transform``.

    Attributes:
        name: ``plugin.transform``.
        read: raw value and the row's ``args`` → canonical value; ``None`` says nothing. Pure; raising stops the record.
        write: canonical value and ``args`` → raw value; ``None`` when there is no way back (rows need ``dir: read``).
        summary: one sentence for the documentation.
    """

    name: str
    read: Callable[[Any, Mapping[str, Any]], Any]
    write: Callable[[Any, Mapping[str, Any]], Any] | None
    summary: str


@dataclass(frozen=True, slots=True)
class ExplainedPath:
    """What one row of a document made of a record, for ``crm-bridge mapping explain``."""

    path: str
    row: str
    raw: Mapping[str, Any]
    result: Any
    problems: tuple[Problem, ...] = field(default=())
