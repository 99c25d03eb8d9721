"""The call centre's own book of clients: ids, versions, order of change, and what it accepts from outside."""

from __future__ import annotations

import bisect
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from copy import deepcopy
from datetime import UTC, date, datetime
from typing import Any

import orjson

from crm_bridge.testing.simulation import Shelf

KIND = "client"
KEPT_BY_SERVER = ("id", "version", "updated_at")
TEXTS = {
    "last_name": 100, "first_name": 100, "middle_name": 100, "mobile_phone": 32, "home_phone": 32, "email": 254,
    "language": 8, "job_title": 200, "birth_date": 10, "external_id": 64, "gender": 10,
}  # fmt: skip
EMPTY: Mapping[str, Any] = {**dict.fromkeys(TEXTS), "do_not_call": False, "address": None, "consents": [], "facts": {}}
_PHONE = re.compile(r"\+?[0-9() .-]{5,31}")


def errors_in(fields: Mapping[str, Any]) -> list[dict[str, str]]:
    """What the API refuses, as ``{"field", "code"}``."""
    found = [(name, _error(name, value)) for name, value in fields.items()]
    return [{"field": name, "code": code} for name, code in found if code]


def _error(name: str, value: Any) -> str | None:
    if name in TEXTS:
        return None if value is None else _text_error(name, value)
    shapes: dict[str, tuple[type, ...]] = {
        "do_not_call": (bool,), "address": (dict, type(None)), "consents": (list,), "facts": (dict, type(None)),
    }  # fmt: skip
    if name not in shapes:
        return "unknown_field"
    return None if isinstance(value, shapes[name]) else "wrong_type"


def _text_error(name: str, value: Any) -> str | None:
    if not isinstance(value, str):
        return "wrong_type"
    if len(value) > TEXTS[name]:
        return "too_long"
    if name == "gender" and value not in ("female", "male", "unknown"):
        return "unknown_code"
    if name.endswith("_phone") and value and not _PHONE.fullmatch(value):
        return "not_a_phone"
    if name == "email" and value and "@" not in value:
        return "not_an_email"
    if name == "birth_date" and value:
        try:
            date.fromisoformat(value)
        except ValueError:
            return "not_a_date"
    return None


def merged(target: Any, patch: Any) -> Any:
    """RFC 7396, except that a cleared field of a client stays there as null."""
    if not isinstance(patch, dict) or not isinstance(target, dict):
        return deepcopy(patch)
    result = dict(target)
    for name, value in patch.items():
        result[name] = merged(result.get(name), value)
    return result


class ClientBook:
    """Not thread-safe: its owner holds a lock. ``changed`` is told of each change that a user or the API made."""

    def __init__(
        self, shelf: Shelf, *, clock: Callable[[], datetime], changed: Callable[[Mapping[str, Any]], None]
    ) -> None:
        self._shelf = shelf
        self._clock = clock
        self._changed = changed
        self._records: dict[str, dict[str, Any]] = dict(shelf.all(KIND))
        self._order = sorted((record["updated_at"], name) for name, record in self._records.items())
        self._ids = sorted(self._records)
        self._written: dict[str, bytes] = {}
        self._last_number = max((_number(name) for name in self._records), default=1000)

    def load(self, records: Sequence[Mapping[str, Any]]) -> list[str]:
        """Put records in without checks and without telling anyone: a past nobody remembers."""
        written: dict[str, bytes] = {}
        for given in records:
            name = str(given.get("id") or self._new_id())
            at = given.get("updated_at") or self._now()
            written[name] = orjson.dumps({"id": name, "version": 1, **EMPTY, **given} | {"id": name, "updated_at": at})
            self._last_number = max(self._last_number, _number(name))
        self._records |= {name: orjson.loads(value) for name, value in written.items()}
        self._written |= written
        self._order = sorted((record["updated_at"], name) for name, record in self._records.items())
        self._ids = sorted(self._records)
        self._shelf.put_written(KIND, written)
        return list(written)

    def create(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        """A new client."""
        name = self._new_id()
        return self._keep({"id": name, "version": 1, "updated_at": ""} | deepcopy(dict(EMPTY)) | deepcopy(dict(fields)))

    def change(self, name: str, patch: Mapping[str, Any]) -> dict[str, Any]:
        """An existing client; one that stays as it was keeps its version.

        Raises:
            KeyError: there is none.
        """
        before = self._records[name]
        after = merged(before, {field: value for field, value in patch.items() if field not in KEPT_BY_SERVER})
        if after == before:
            return before
        return self._keep(after | {"version": before["version"] + 1})

    def _keep(self, record: dict[str, Any]) -> dict[str, Any]:
        name = record["id"]
        for number, row in enumerate(record.get("consents") or ()):
            if isinstance(row, dict) and not row.get("id"):
                row["id"] = f"{name}-c{number + 1}-{record['version']}"
        if name in self._records:
            del self._order[bisect.bisect_left(self._order, (self._records[name]["updated_at"], name))]
        else:
            bisect.insort(self._ids, name)
        record["updated_at"] = self._now()
        self._records[name] = record
        bisect.insort(self._order, (record["updated_at"], name))
        self._written.pop(name, None)
        self._shelf.put(KIND, {name: record})
        self._changed(record)
        return record

    def get(self, name: str) -> dict[str, Any] | None:
        """One client."""
        return self._records.get(name)

    def all(self) -> list[dict[str, Any]]:
        """Every client, in the order of ids; copies."""
        return [deepcopy(self._records[name]) for name in self._ids]

    def changed_since(self, since: str, after: str | None, *, limit: int) -> tuple[list[tuple[str, str]], bool]:
        """``(updated_at, id)`` of the next ``limit`` clients, and whether there are more behind them."""
        key = (since, after or "")
        start = (bisect.bisect_right if after else bisect.bisect_left)(self._order, key)
        return self._order[start : start + limit], start + limit < len(self._order)

    def ids_after(self, after: str, *, limit: int) -> tuple[list[str], bool, int]:
        """The next ids, whether there are more, and how many there are in all."""
        start = bisect.bisect_right(self._ids, after) if after else 0
        return self._ids[start : start + limit], start + limit < len(self._ids), len(self._ids)

    def as_json(self, names: Iterable[str]) -> list[bytes]:
        """Clients as they are sent; written once for each version."""
        for name in names:
            if name not in self._written:
                self._written[name] = orjson.dumps(self._records[name])
        return [self._written[name] for name in names]

    def _new_id(self) -> str:
        self._last_number += 1
        return f"cc-{self._last_number}"

    def _now(self) -> str:
        return self._clock().astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _number(name: str) -> int:
    digits = name.removeprefix("cc-")
    return int(digits) if digits.isascii() and digits.isdigit() else 0
