"""The gateway's own register: ids, etags, order of change, and what it accepts from outside."""

from __future__ import annotations

import bisect
import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import orjson

from crm_bridge.testing.simulation import Shelf

KIND = "subscriber"
KEPT_BY_SERVER = frozenset({"id", "version", "updated_at"})
FORMATS: Mapping[str, str] = {  # whole value; empty is always allowed, except for the number
    "msisdn": r"[1-9][0-9]{6,14}", "first_name": r".{1,60}", "last_name": r".{1,60}", "middle_name": r".{1,60}",
    "birth_date": r"[0-3][0-9]\.[01][0-9]\.[0-9]{4}", "email": r"[^@ ]+@[^@ ]+", "language": r"UA|RU|EN|KZ",
    "claims_sms": r"yes|no|stop", "consent_at": r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", "external_id": r".{1,64}",
    "postal_code": r".{1,12}",
}  # fmt: skip


def errors_in(fields: Mapping[str, Any]) -> dict[str, str]:
    """What the register refuses: code by field."""
    errors = {name: "unknown_field" for name in fields if name not in FORMATS}
    for name, shape in FORMATS.items():
        value = fields.get(name) or ""
        if not isinstance(value, str):
            errors[name] = "wrong_type"
        elif (value or name == "msisdn") and not re.fullmatch(shape, value):
            errors[name] = "wrong_format"
    return errors


class SubscriberBook:
    """Not thread-safe: its owner holds a lock."""

    def __init__(self, shelf: Shelf, *, clock: Callable[[], datetime]) -> None:
        self._shelf = shelf
        self._clock = clock
        kept = dict(shelf.all(KIND))
        self._records: dict[str, dict[str, Any]] = {name: value["record"] for name, value in kept.items()}
        self._moved: dict[str, int] = {name: value["moved"] for name, value in kept.items()}
        self._order = sorted((moved, name) for name, moved in self._moved.items())
        self._keys: dict[str, str] = dict(shelf.all("request"))
        self._last_move = max(self._moved.values(), default=0)
        self._last_number = max((_number(name) for name in self._records), default=0)

    def load(self, records: Sequence[Mapping[str, Any]]) -> list[str]:
        """Put records in without checks."""
        rows: dict[str, Any] = {}
        for given in records:
            name = str(given.get("id") or self._new_id())
            self._last_number = max(self._last_number, _number(name))
            fields = dict.fromkeys(FORMATS, "") | {
                key: value for key, value in given.items() if key not in KEPT_BY_SERVER
            }
            self._place(name, self._stamped(name, fields, at=given.get("updated_at")))
            rows[name] = {"moved": self._moved[name], "record": self._records[name]}
        self._shelf.put(KIND, rows)
        return list(rows)

    def create(self, fields: Mapping[str, Any], *, request_key: str | None) -> dict[str, Any]:
        """A new subscriber, also when the same key made one before: the key only serves to find it."""
        name = self._new_id()
        record = self._keep(name, fields)
        if request_key:
            self._keys[request_key] = name
            self._shelf.put("request", {request_key: name})
        return record

    def replace(self, name: str, fields: Mapping[str, Any]) -> dict[str, Any]:
        """An existing subscriber: what is not said is empty from now on."""
        return self._keep(name, fields)

    def change(self, name: str, changes: Mapping[str, Any]) -> dict[str, Any]:
        """Some fields, as a user of the gateway does it.

        Raises:
            KeyError: there is no such subscriber.
        """
        kept = {field: value for field, value in changes.items() if field not in KEPT_BY_SERVER}
        return self._keep(name, {**self._records[name], **kept})

    def stop(self, number: str) -> None:
        """The holder of this number answered STOP."""
        digits = number.removeprefix("+")
        for name in [name for name, record in self._records.items() if record["msisdn"] == digits]:
            self.change(name, {"claims_sms": "stop"})

    def get(self, name: str) -> dict[str, Any] | None:
        """One subscriber."""
        return self._records.get(name)

    def created_with(self, request_key: str) -> dict[str, Any] | None:
        """The one that a request with this key made."""
        return self._records.get(self._keys.get(request_key, ""))

    def all(self) -> list[dict[str, Any]]:
        """Every subscriber, in the order of ids; copies."""
        return [dict(self._records[name]) for name in sorted(self._records)]

    def changed_behind(self, move: int, *, since: str, limit: int) -> tuple[list[dict[str, Any]], int, bool]:
        """The next records, the position behind them, and whether there are more."""
        start = bisect.bisect_right(self._order, (move, "\U0010ffff"))
        some = self._order[start : start + limit]
        found = [self._records[name] for _, name in some if self._records[name]["updated_at"] >= since]
        return found, some[-1][0] if some else move, start + limit < len(self._order)

    def ids_after(self, after: str, *, limit: int) -> tuple[list[str], bool, int]:
        """The next ids, whether there are more, and how many there are in all."""
        ids = sorted(self._records)
        start = bisect.bisect_right(ids, after) if after else 0
        return ids[start : start + limit], start + limit < len(ids), len(ids)

    def _keep(self, name: str, fields: Mapping[str, Any]) -> dict[str, Any]:
        said = {field: fields.get(field) or "" for field in FORMATS}
        self._place(name, self._stamped(name, said, at=None))
        self._shelf.put(KIND, {name: {"moved": self._moved[name], "record": self._records[name]}})
        return self._records[name]

    def _stamped(self, name: str, fields: Mapping[str, Any], *, at: str | None) -> dict[str, Any]:
        etag = hashlib.sha256(f"{self._last_move + 1}".encode() + orjson.dumps(fields)).hexdigest()[:16]
        now = self._clock().astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        return {"id": name, **fields, "version": etag, "updated_at": at or now}

    def _place(self, name: str, record: dict[str, Any]) -> None:
        if name in self._moved:
            del self._order[bisect.bisect_left(self._order, (self._moved[name], name))]
        self._last_move += 1
        self._records[name], self._moved[name] = record, self._last_move
        self._order.append((self._last_move, name))

    def _new_id(self) -> str:
        self._last_number += 1
        return f"s-{self._last_number}"


def _number(name: str) -> int:
    digits = name.removeprefix("s-")
    return int(digits) if digits.isascii() and digits.isdigit() else 0
