"""A connector's calls, kept apart: what a mistake in one of them costs is its own system, for this run.

What a connector raises by contract (:mod:`crm_bridge.errors`) goes through. Anything else, and an answer of a wrong
type, becomes :class:`ConnectorFailed`, which names classes and places, never a value.
"""

from __future__ import annotations

import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import fields
from hashlib import blake2b
from pathlib import PurePath
from typing import Any

from crm_bridge.connector import (
    Accepted,
    BrokenRecord,
    Page,
    Postponed,
    RawRecord,
    RecordSource,
    Refused,
    Stale,
    Tombstone,
    Unknown,
    WriteOutcome,
)
from crm_bridge.errors import (
    BridgeError,
    ConnectorFailed,
    CredentialsRefused,
    OutcomeUnknown,
    RejectRecord,
    RetryLater,
    SafetyStop,
    UserMistake,
)
from crm_bridge.model.formats import is_blank
from crm_bridge.run_context.digest import NotJson, can_be_stored, canonical_bytes, safe_text

# So many pages in a row that were all given before: the reading goes round in circles.
REPEATED_PAGES = 100

# What a system can do to itself: it is stopped for this run, and told of. What else stops a run is ours: the store.
STOPS_ITS_SYSTEM = (
    RetryLater,
    CredentialsRefused,
    ConnectorFailed,
    SafetyStop,
    OutcomeUnknown,
    RejectRecord,
    UserMistake,
)
_END = object()


@contextmanager
def calling(connector: object, call: str) -> Iterator[None]:
    """Around a call of the connector.

    Raises:
        ConnectorFailed: it raised what is none of our errors.
    """
    try:
        yield
    except STOPS_ITS_SYSTEM:
        raise
    except BridgeError as error:
        raise ConnectorFailed(error.message) from error
    except (Exception, SystemExit) as error:  # sys.exit() in a connector is its mistake, not our end
        place = _place(error)
        raise failure(connector, call, f"raised {type(error).__name__}{f' ({place})' if place else ''}") from error


def to_log(error: BaseException) -> dict[str, str]:
    """What a log may say of an error: the class that was raised, and where in the code. Its text may quote a record."""
    raised = error.__cause__ or error
    place = _place(raised)
    return {"error_type": type(raised).__qualname__} | ({"place": place} if place else {})


def _place(error: BaseException) -> str | None:
    """``file:line`` that raised it."""
    frames = traceback.extract_tb(error.__traceback__)
    return f"{PurePath(frames[-1].filename).name}:{frames[-1].lineno}" if frames else None


def failure(connector: object, call: str, what: str) -> ConnectorFailed:
    """The error for a mistake of a connector, without a value."""
    connector = getattr(connector, "watched", connector)
    name = f"{type(connector).__module__}.{type(connector).__qualname__}"
    return ConnectorFailed(
        f"the connector {name} {what} in {call}: a mistake in the connector, not in the data; tell its maker. "
        "The other systems go on"
    )


def pages_of(source: RecordSource, kind: str, cursor: str | None) -> Iterator[Page]:
    """``read_changes``, each page looked at before it is taken.

    Raises:
        ConnectorFailed: it raised something foreign, gave what is no page, or gives the same pages for ever.
    """
    call = "read_changes"
    with calling(source, call):
        given = iter(source.read_changes(kind, cursor))
    circle = _Circle()
    while True:
        with calling(source, call):
            page = next(given, _END)
        if page is _END:
            return
        if not isinstance(page, Page):
            raise failure(source, call, f"gave {type(page).__name__} instead of a Page")
        wrong = _wrong_in(page)
        if wrong:
            raise failure(source, call, f"gave a Page with {wrong}")
        if circle.closed(page):
            raise failure(source, call, f"gave {REPEATED_PAGES} pages in a row that it had given before, cursors too,")
        yield page


def records_of(source: RecordSource, kind: str, record_ids: Sequence[str]) -> Sequence[RawRecord]:
    """``read``. Raises :class:`ConnectorFailed` as :func:`pages_of`."""
    with calling(source, "read"):
        found = source.read(kind, record_ids)
    if not isinstance(found, list | tuple):
        raise failure(source, "read", f"gave {type(found).__name__} instead of a list of records")
    return found


def outcomes_of(
    connector: object, outcomes: object, *, count: int
) -> tuple[Sequence[WriteOutcome], ConnectorFailed | None]:
    """What ``write`` returned, as ``count`` outcomes: what is none means that nobody can tell."""
    if not isinstance(outcomes, list | tuple):
        error = failure(connector, "write", f"gave {type(outcomes).__name__} instead of a list of outcomes")
        return [Unknown(error.message)] * count, error
    if len(outcomes) != count:
        told = f"{len(outcomes)} outcome{'s' * (len(outcomes) != 1)} for {count} write{'s' * (count != 1)}"
        error = failure(connector, "write", f"gave {told}")
        return [Unknown(error.message)] * count, error
    checked: list[WriteOutcome] = []
    wrong: ConnectorFailed | None = None
    for each in outcomes:
        outcome = _readable(each)
        if outcome is None:
            wrong = failure(connector, "write", f"gave {type(each).__name__} where an outcome should be")
            outcome = Unknown(wrong.message)
        checked.append(outcome)
    return checked, wrong


def _readable(outcome: Any) -> WriteOutcome | None:
    if isinstance(outcome, Stale | Refused | Postponed | Unknown):
        return outcome
    if not isinstance(outcome, Accepted) or not isinstance(outcome.record_id, str) or is_blank(outcome.record_id):
        return None
    try:
        canonical_bytes(outcome.record or {})
    except NotJson:
        return Accepted(outcome.record_id, outcome.version)  # it was written; the record is read with the next changes
    return outcome


def _wrong_in(page: Page) -> str | None:
    if not isinstance(page.records, list | tuple):
        return f"{type(page.records).__name__} as its records"
    if page.cursor is not None and not isinstance(page.cursor, str):
        return f"{type(page.cursor).__name__} as its cursor"
    if page.cursor and ("\0" in page.cursor or not can_be_stored(page.cursor)):
        return "a cursor that cannot be stored (NUL, or half a surrogate pair)"
    if not isinstance(page.notes, list | tuple):
        return f"{type(page.notes).__name__} instead of a list of notes"
    wrong_note = next(filter(None, map(_wrong_text, page.notes)), None)
    if wrong_note is not None:
        return f"a note that {wrong_note}"
    for parts, wanted in ((page.broken, BrokenRecord), (page.deleted, Tombstone)):
        if not isinstance(parts, list | tuple):
            return f"{type(parts).__name__} instead of a list of {wanted.__name__}"
        wrong = next((part for part in parts if not isinstance(part, wanted)), None)
        if wrong is not None:
            return f"{type(wrong).__name__} instead of {wanted.__name__}"
        for each in fields(wanted):
            may_be_none = each.default is None
            values = (getattr(part, each.name) for part in parts)
            told = (_wrong_text(value) for value in values if not (may_be_none and value is None))
            wrong_text = next(filter(None, told), None)
            if wrong_text is not None:
                return f"a {wanted.__name__} whose {each.name} {wrong_text}"
    return None


def _wrong_text(value: object) -> str | None:
    if not isinstance(value, str):
        return f"is {type(value).__name__} and no text"
    return None if can_be_stored(value) else "cannot be stored (half a surrogate pair)"


class _Circle:
    """Whether a reading goes round in circles. A page whose cursor was not there before is not even looked at."""

    def __init__(self) -> None:
        self._cursors: set[str | None] = set()
        self._pages: set[bytes] = set()
        self._repeated = 0

    def closed(self, page: Page) -> bool:
        if page.cursor not in self._cursors:
            self._cursors.add(page.cursor)
            self._repeated = 0
            return False
        content = _content(page)
        self._repeated = self._repeated + 1 if content in self._pages else 0
        self._pages.add(content)
        return self._repeated >= REPEATED_PAGES


def _content(page: Page) -> bytes:
    digest = blake2b(repr(page.cursor).encode(), digest_size=16)
    for record in page.records:
        try:
            digest.update(canonical_bytes(record))
        except NotJson:
            digest.update(safe_text(record).encode())
    digest.update(safe_text((tuple(page.broken), tuple(page.deleted))).encode())
    return digest.digest()
