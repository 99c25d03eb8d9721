"""The register's JSON API: requests into replies."""

from __future__ import annotations

import base64
import re
from typing import Any
from urllib.parse import unquote

import orjson

from crm_bridge.testing.simulation import Asked, Knobs, Reply, as_json

from .subscribers import KEPT_BY_SERVER, SubscriberBook, errors_in

_ONE = re.compile(r"/subscribers/([^/]+)")
_LONGEST_PAGE = 5000


class RegisterApi:
    """Not thread-safe: its owner holds a lock."""

    def __init__(self, book: SubscriberBook, *, knobs: Knobs, account: tuple[str, str]) -> None:
        self._book = book
        self._knobs = knobs
        self._authorization = "Basic " + base64.b64encode(":".join(account).encode()).decode()

    def answer(self, asked: Asked) -> Reply:
        """One request."""
        if asked.headers.get("authorization") != self._authorization:
            return Reply(401, b"{}", headers={"WWW-Authenticate": "Basic"})
        reply = self._api(asked)
        if asked.method == "GET" and self._knobs.take("malformed_next"):
            return Reply(200, reply.body[: len(reply.body) // 2], headers=reply.headers)
        return reply

    def _api(self, asked: Asked) -> Reply:
        match asked.method, asked.path:
            case "GET", "/subscribers":
                return self._some(asked)
            case "GET", "/subscriber-ids":
                limit = int(asked.query.get("limit") or 10_000)
                ids, more, total = self._book.ids_after(asked.query.get("after", ""), limit=limit)
                return as_json(200, {"ids": ids, "total": total, "next": ids[-1] if more else None})
            case "POST", "/subscribers":
                fields, refusal = _fields(asked)
                return refusal or as_json(201, self._book.create(fields, request_key=asked.headers.get("request-key")))
        one = _ONE.fullmatch(asked.path)
        record = self._book.get(one[1]) if one else None
        if one is None or record is None:
            return as_json(404, {"errors": {}})
        if asked.method == "GET":
            return as_json(200, record)
        if asked.method != "PUT":
            return as_json(405, {"errors": {}})
        wanted = asked.headers.get("if-match")
        if wanted is None:
            return as_json(428, {"errors": {"If-Match": "required"}})
        if wanted != f'"{record["version"]}"':
            return as_json(412, {"errors": {}})
        fields, refusal = _fields(asked)
        return refusal or as_json(200, self._book.replace(one[1], fields))

    def _some(self, asked: Asked) -> Reply:
        query = asked.query
        if "ids" in query:
            asked_for = dict.fromkeys(map(unquote, query["ids"].split(",")))
            found = [record for name in asked_for if (record := self._book.get(name))]
            return as_json(200, {"subscribers": found, "next": "", "more": False})
        if "request_key" in query:
            made = self._book.created_with(query["request_key"])
            return as_json(200, {"subscribers": [made] if made else [], "next": "", "more": False})
        after, limit = query.get("after", "0"), query.get("limit", "1000")
        if not (after.isdigit() and limit.isdigit() and 1 <= int(limit) <= _LONGEST_PAGE):
            return as_json(422, {"errors": {"after": "wrong_format", "limit": "out_of_range"}})
        records, behind, more = self._book.changed_behind(int(after), since=query.get("since", ""), limit=int(limit))
        said = {"subscribers": records, "next": str(behind), "more": more}
        return Reply(200, orjson.dumps(said), headers={"Next-Position": str(behind)})


def _fields(asked: Asked) -> tuple[dict[str, Any], Reply | None]:
    """The content of a write, and the refusal of one that will not do."""
    given = orjson.loads(asked.body)
    if not isinstance(given, dict):
        return {}, as_json(422, {"errors": {"": "wrong_type"}})
    fields = {name: value for name, value in given.items() if name not in KEPT_BY_SERVER}
    errors = errors_in(fields)
    return fields, as_json(422, {"errors": errors}) if errors else None
