"""Pure: pages of the API into records and cursors, and planned writes into request bodies."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import orjson

from crm_bridge.api import BrokenRecord, RawRecord, RecordWrite

KEPT_BY_SERVER = frozenset({"id", "version", "updated_at"})
FIELDS = frozenset(
    [
        "id",
        "version",
        "updated_at",
        "last_name",
        "first_name",
        "middle_name",
        "gender",
        "birth_date",
        "mobile_phone",
        "home_phone",
        "email",
        "language",
        "job_title",
        "do_not_call",
        "external_id",
        "address.street",
        "address.city",
        "address.postal_code",
        "address.country",
        "facts.*",
        "consents.id",
        "consents.purpose",
        "consents.channel",
        "consents.status",
        "consents.captured_at",
        "consents.recording",
    ]
)
OPERATION = "@operation"  # how a write-back marks a nested row
SETTLED_AFTER = timedelta(seconds=2)
_NEXT_LINK = re.compile(r'<[^>]*[?&]updated_since=([^&>]*)&after=([^&>]*)[^>]*>;\s*rel="next"')
_PAGE_OF_CLIENTS = re.compile(rb'\s*\{\s*"clients"\s*:\s*\[\s*\{')
_LONGEST_SAMPLE = 4000
MALFORMED = "malformed_json"
NOT_JSON = "not JSON, also when asked for alone: ask the call centre to mend this client"


@dataclass(frozen=True, slots=True)
class Position:
    """Where reading stands: behind client ``after`` of the second ``since``; without ``after``: at its beginning."""

    since: str | None = None
    after: str | None = None

    @classmethod
    def parse(cls, cursor: str | None) -> Position:
        """From a stored cursor.

        Raises:
            ValueError: it is not one of ours.
        """
        if cursor is None:
            return cls()
        said = orjson.loads(cursor)
        return cls(since=said["since"], after=said.get("after"))

    def cursor(self) -> str:
        """As it is stored."""
        said = {"since": self.since} if self.after is None else {"since": self.since, "after": self.after}
        return orjson.dumps(said).decode()

    def query(self, *, limit: int) -> dict[str, str]:
        """As the API takes it."""
        said = {"updated_since": self.since, "after": self.after, "limit": str(limit)}
        return {name: value for name, value in said.items() if value is not None}


def split_page(items: Sequence[Any], *, position: str) -> tuple[Sequence[RawRecord], list[BrokenRecord]]:
    """Records, untouched, and the pieces that are none. ``position`` says which page it was."""
    if all(map(_is_client, items)):
        return items, []
    good: list[RawRecord] = []
    broken: list[BrokenRecord] = []
    for number, item in enumerate(items):
        if _is_client(item):
            good.append(item)
        else:
            cause = "not a client: an object with `id` and `updated_at` was expected; ask the call centre to mend it"
            raw = orjson.dumps(item).decode()[:_LONGEST_SAMPLE]
            record_id = item.get("id") if isinstance(item, dict) and isinstance(item.get("id"), str) else None
            broken.append(BrokenRecord(f"{position}, item {number + 1}", cause, raw, "not_a_record", record_id))
    return good, broken


def _is_client(item: Any) -> bool:
    if type(item) is not dict:
        return False
    name, at = item.get("id"), item.get("updated_at")
    return type(name) is str and type(at) is str and bool(name and at)


def unreadable_record(body: bytes, *, position: str, record_id: str | None) -> BrokenRecord:
    """The one record of a page of one that is not JSON."""
    sample = body[:_LONGEST_SAMPLE].decode("utf-8", "replace")
    return BrokenRecord(position, NOT_JSON, sample, MALFORMED, record_id)


def begins_like_a_page(body: bytes) -> bool:
    """Whether a body that is no JSON is the API's own all the same, and not a notice of something before it."""
    return _PAGE_OF_CLIENTS.match(body) is not None


def next_link(headers: Mapping[str, str]) -> Position | None:
    """Where the next page begins, from the header ``Link`` (RFC 8288): it can be read when the body cannot."""
    found = _NEXT_LINK.search(headers.get("link", ""))
    try:
        return Position(since=_unquoted(found[1]), after=_unquoted(found[2])) if found else None
    except UnicodeDecodeError:
        return None


def _unquoted(text: str) -> str:
    return bytes(re.sub(rb"%([0-9A-Fa-f]{2})", lambda m: bytes([int(m[1], 16)]), text.encode())).decode()


def is_settled(position: Position, *, headers: Mapping[str, str]) -> bool:
    """Whether no more clients can be given the second of ``position``, by the server's own clock.

    Timestamps have whole seconds: until the second is over, a client with a smaller id can still be changed within
    it, and would be skipped by going on behind ``after``.
    """
    try:
        second = datetime.fromisoformat(position.since or "")
        return second + SETTLED_AFTER <= parsedate_to_datetime(headers["date"])
    except (KeyError, TypeError, ValueError):
        return False


def listed(record_ids: Sequence[str]) -> str:
    """Ids as the API takes them in ``ids=a,b``: a comma in one divides nothing."""
    return ",".join(name.replace("%", "%25").replace(",", "%2C") for name in record_ids)


def body_of(write: RecordWrite) -> dict[str, Any]:
    """The JSON merge patch (RFC 7396) of a write, or the new client of a create.

    A list has no patch: one whose rows changed is sent whole, as it is to be afterwards; ``If-Match`` guards it.
    """
    return {
        name: _without_operations(write.full.get(name, value)) if isinstance(value, list) else value
        for name, value in write.fields.items()
        if name not in KEPT_BY_SERVER
    }


def _without_operations(rows: Any) -> Any:
    if not isinstance(rows, list):
        return rows
    return [
        {name: value for name, value in row.items() if name != OPERATION} if isinstance(row, dict) else row
        for row in rows
        if not (isinstance(row, dict) and row.get(OPERATION) == "delete")
    ]
