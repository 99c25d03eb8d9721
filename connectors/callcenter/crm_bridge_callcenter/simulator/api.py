"""The call centre's JSON API and the simulator's control API: requests into replies."""

from __future__ import annotations

import hashlib
import re
import threading
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, unquote

import orjson

from crm_bridge.testing.simulation import Asked, Knobs, Reply, Shelf, as_json

from .clients import KEPT_BY_SERVER, KIND, ClientBook, errors_in

_ONE = re.compile(r"/api/v1/clients/([^/]+)")
_EDIT = re.compile(rf"/_simulator/edit/{KIND}/(.+)")
_LONGEST_PAGE = 5000
_LONGEST_ID_LIST = 10_000


class Api:
    """``lock`` guards the book. ``wait`` is how a delay is spent."""

    def __init__(
        self,
        book: ClientBook,
        *,
        shelf: Shelf,
        knobs: Knobs,
        token: str,
        lock: threading.RLock,
        wait: Callable[[float], object],
    ) -> None:
        self._book, self._shelf, self._knobs = book, shelf, knobs
        self._token, self._lock, self._wait = token, lock, wait

    def answer(self, asked: Asked) -> Reply:
        """One request."""
        try:
            if asked.path.startswith("/_simulator/"):
                return self._control(asked)
            return self._with_failures(asked)
        except (orjson.JSONDecodeError, UnicodeDecodeError):
            return as_json(400, {"error": "not JSON"})

    def _with_failures(self, asked: Asked) -> Reply:
        if asked.headers.get("authorization") != f"Bearer {self._token}":
            return Reply(401, b'{"error":"unauthorized"}', headers={"WWW-Authenticate": "Bearer"})
        self._wait(self._knobs.number("delay"))
        retry_after = {"Retry-After": str(int(self._knobs.number("retry_after")))}
        if self._knobs.take("rate_limit_next"):
            return Reply(429, b'{"error":"too many requests"}', headers=retry_after)
        if self._knobs.take("fail_next"):
            return Reply(503, b'{"error":"maintenance"}', headers=retry_after)
        with self._lock:
            reply = self._api(asked)
        if self._knobs.take("drop_answer_next"):
            return Reply(0, drop=True)
        if asked.method == "GET" and self._knobs.take("malformed_next"):
            return Reply(200, reply.body[: len(reply.body) // 2], headers=reply.headers)
        return reply

    def _api(self, asked: Asked) -> Reply:
        match asked.method, asked.path:
            case "GET", "/api/v1/clients":
                return self._some(asked)
            case "GET", "/api/v1/client-ids":
                limit = min(_LONGEST_ID_LIST, int(asked.query.get("limit") or _LONGEST_ID_LIST))
                ids, more, total = self._book.ids_after(asked.query.get("after", ""), limit=limit)
                return as_json(200, {"ids": ids, "total": total, "next": ids[-1] if more else None})
            case "POST", "/api/v1/clients":
                return self._once(asked, lambda fields: (201, self._book.create(fields)))
        one = _ONE.fullmatch(asked.path)
        if one is None or asked.method not in ("GET", "PATCH"):
            return as_json(404 if one is None else 405, {"error": "no such thing"})
        record = self._book.get(one[1])
        if record is None:
            return as_json(404, {"error": "no such client"})
        if asked.method == "GET":
            return Reply(200, self._book.as_json([one[1]])[0], headers={"ETag": f'"{record["version"]}"'})
        return self._once(
            asked, lambda fields: (200, self._book.change(one[1], fields)), version=str(record["version"])
        )

    def _some(self, asked: Asked) -> Reply:
        query = asked.query
        if "ids" in query:
            found = [name for name in dict.fromkeys(map(unquote, query["ids"].split(","))) if self._book.get(name)]
            return Reply(200, self._page(found, following=None))
        limit = query.get("limit", "1000")
        if not limit.isdigit() or not 1 <= int(limit) <= _LONGEST_PAGE:
            return as_json(422, {"errors": [{"field": "limit", "code": "out_of_range"}]})
        keys, more = self._book.changed_since(query.get("updated_since", ""), query.get("after"), limit=int(limit))
        if not keys:
            return Reply(200, self._page([], following=None))
        at, name = keys[-1]
        following = f"/api/v1/clients?updated_since={quote(at, safe='')}&after={quote(name, safe='')}"
        link = {"Link": f'<{following}&limit={limit}>; rel="next"'}
        return Reply(200, self._page([name for _, name in keys], following=following if more else None), headers=link)

    def _page(self, names: list[str], *, following: str | None) -> bytes:
        written = self._book.as_json(names)
        broken = self._knobs.text("broken_client")
        if broken in names:
            written[names.index(broken)] = b'{"id":"' + broken.encode() + b'","last_name":"\x00\xff'
        return b'{"clients":[' + b",".join(written) + b'],"next":' + orjson.dumps(following) + b"}"

    def _once(
        self, asked: Asked, act: Callable[[dict[str, Any]], tuple[int, dict[str, Any]]], *, version: str | None = None
    ) -> Reply:
        """Carry out a write, or give the answer that the same ``Idempotency-Key`` got before."""
        key = asked.headers.get("idempotency-key")
        digest = hashlib.sha256(b"\0".join((asked.method.encode(), asked.path.encode(), asked.body))).hexdigest()
        before = self._shelf.get("answer", key) if key else None
        if before is not None:
            if before["digest"] != digest:
                return as_json(422, {"errors": [{"field": "Idempotency-Key", "code": "key_used_for_other_content"}]})
            return Reply(before["status"], orjson.dumps(before["record"]), headers={"Idempotent-Replayed": "true"})
        if version is not None:
            wanted = asked.headers.get("if-match")
            if wanted is None:
                return as_json(428, {"error": "If-Match is required"})
            if wanted != f'"{version}"':
                return as_json(412, {"error": "changed since"})
        fields = orjson.loads(asked.body)
        if not isinstance(fields, dict):
            return as_json(422, {"errors": [{"field": "", "code": "wrong_type"}]})
        errors = errors_in({name: value for name, value in fields.items() if name not in KEPT_BY_SERVER})
        if errors:
            return as_json(422, {"errors": errors})
        status, record = act({name: value for name, value in fields.items() if name not in KEPT_BY_SERVER})
        if key:
            self._shelf.put("answer", {key: {"digest": digest, "status": status, "record": record}})
        return as_json(status, record)

    def _control(self, asked: Asked) -> Reply:
        edit = _EDIT.fullmatch(asked.path)
        with self._lock:
            match asked.method, asked.path:
                case "GET", "/_simulator/state/client":
                    return as_json(200, self._book.all())
                case "POST", "/_simulator/load/client":
                    return as_json(200, {"ids": self._book.load(orjson.loads(asked.body))})
                case "GET", "/_simulator/knobs":
                    return as_json(200, self._knobs.all())
                case "POST", "/_simulator/knobs":
                    try:
                        self._knobs.set(orjson.loads(asked.body))
                    except (ValueError, AttributeError) as error:
                        return as_json(422, {"error": str(error)})
                    return as_json(200, self._knobs.all())
                case "POST", _ if edit and self._book.get(edit[1]):
                    return as_json(200, self._book.change(edit[1], orjson.loads(asked.body)))
        return as_json(404, {"error": "state|load|edit|knobs, kind client"})
