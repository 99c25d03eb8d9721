"""A REST interface on loopback that behaves as Siebel's documents say. All people and numbers are invented."""

from __future__ import annotations

import base64
import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit

from crm_bridge.api import RecordWrite

CHILDREN = ("Personal Address", "Child", "Communication Address", "Consent")
CONTACT = {
    "Last Name": "",
    "First Name": "",
    "M/F": "",
    "Cellular Phone #": "",
    "Job Title": "",
    "Integration Id": "",
    "Birth Date": "",
}
NOTHING = {"ERROR": "There is no data for the requested resource"}


@dataclass
class Site:
    """A Siebel with contacts and their children, over REST alone."""

    rows: dict[str, dict[str, str]] = field(default_factory=dict)
    children: dict[tuple[str, str], dict[str, dict[str, str]]] = field(default_factory=dict)
    asked: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    told: list[tuple[int, str, bytes]] = field(default_factory=list)  # answers of the next calls
    quicker: list[Callable[[dict[str, str]], None]] = field(default_factory=list)  # edits just before a write
    told_writes: list[tuple[int, str, bytes]] = field(default_factory=list)
    after: list[Callable[[], None]] = field(default_factory=list)  # rules of the site, just after a write
    after_delete: list[tuple[int, str, bytes]] = field(default_factory=list)  # answers of the calls behind a delete
    silent: bool = False  # writes are carried out and answered with nothing
    most: int = 100
    uniform: bool = True
    empty_status: int = 404
    next_id: int = 0
    endpoint: str = ""

    def add(self, **fields: str) -> str:
        self.next_id += 1
        row_id = f"1-{self.next_id:03}"
        stamps = {"Id": row_id, "Mod Id": "0", "Created": "10/20/2026 08:00:00", "Updated": "10/20/2026 08:00:00"}
        self.rows[row_id] = {**CONTACT, **stamps, **fields}
        return row_id

    def answer(self, method: str, target: str, headers, body: bytes) -> tuple[int, str, bytes]:
        parts = urlsplit(target)
        asked = {name: values[0] for name, values in parse_qs(parts.query, keep_blank_values=True).items()}
        path = [unquote(part) for part in parts.path.split("/") if part]
        self.asked.append((method, parts.path, asked))
        if self.told:
            return self.told.pop(0)
        if method != "GET" and self.told_writes:
            return self.told_writes.pop(0)
        if headers.get("Authorization") != "Basic " + base64.b64encode("CRMBRIDGE:canary-пароль".encode()).decode():
            return self.said(401, {"ERROR": "login"})
        if path[:5] != ["siebel", "v1.0", "data", "Contact", "Contact"]:
            return self.said(404, {"ERROR": "Invalid BO/BC name"})
        if method != "GET" and headers.get("Content-Type", "") != "application/json" and body:
            return self.said(415, {"ERROR": "media type"})
        where = path[5:]
        return self.said(*(self.got(where, asked) if method == "GET" else self.changed(method, where, body)))

    def got(self, where, asked) -> tuple[int, object]:
        if len(where) == 2 and where[1] not in CHILDREN:
            return 404, {"ERROR": "Invalid BC name"}
        table = self.rows if not where else self.children.get((where[0], where[1]), {})
        found = [row for row in table.values() if kept(row, asked.get("searchspec"))]
        for part in reversed([part for part in asked.get("sortspec", "").split(",") if part]):
            name, _, order = part.partition(":")
            found.sort(key=lambda row, name=name: sortable(row[name]), reverse=order == "desc")
        size = min(int(asked.get("PageSize", "10")), self.most)
        start = int(asked.get("StartRowNum", "0"))
        page = [self.shown(row, asked, child=bool(where)) for row in found[start : start + size]]
        if not page:
            return (404, NOTHING) if self.empty_status == 404 else (204, None)
        if len(page) == 1 and not (self.uniform and asked.get("uniformresponse") == "y"):
            return 200, {"items": page[0], "Link": {"rel": "nextset"}}
        return 200, {"items": page, "Link": []}

    def shown(self, row, asked, *, child):
        names = asked["fields"].split(",") if "fields" in asked else list(row)
        unknown = [name for name in names if name not in row]
        assert unknown == []
        links = [{"rel": "self", "href": "x", "name": "Contact"}]
        if asked.get("childlinks") != "None" and not child:
            links += [{"rel": "child", "href": "x", "name": name} for name in CHILDREN]
        return {**{name: row[name] for name in ("Id", *names)}, "Link": links}

    def changed(self, method, where, body) -> tuple[int, object]:
        given = json.loads(body) if body else {}
        child = len(where) > 1
        table = self.children.setdefault((where[0], where[1]), {}) if child else self.rows
        row_id = (where[2] if len(where) > 2 else given.get("Id")) if child else (where[0] if where else None)
        if given.get("M/F") == "Femal":
            return 500, {"ERROR": "Значення не зі списку(SBL-EAI-04401)"}
        if method == "DELETE":
            self.told += self.after_delete
            return (200, {}) if table.pop(row_id, None) is not None else (404, NOTHING)
        stamp = given.get("Integration Id")
        if method == "POST" and stamp and any(row["Integration Id"] == stamp for row in self.rows.values()):
            return 500, {"ERROR": "Запис уже є(SBL-EAI-04383)"}
        if row_id is None:
            row_id = f"{where[0]}-{len(table) + 1}" if child else self.add()
            table.setdefault(row_id, {"Id": row_id})
        if row_id not in table:
            return 404, NOTHING
        while self.quicker:
            self.quicker.pop()(table[row_id])
        table[row_id].update({**given, "Id": row_id})
        if not child:
            table[row_id]["Mod Id"] = str(int(table[row_id]["Mod Id"]) + (method == "PUT"))
        while self.after:
            self.after.pop()()
        if self.silent:
            return 204, None
        return 200, {"items": {"Id": row_id, "Link": {"rel": "self", "href": "x", "name": "Contact"}}}

    def said(self, status: int, body: object) -> tuple[int, str, bytes]:
        return status, "application/json", b"" if body is None else json.dumps(body, ensure_ascii=False).encode()


def sortable(text: str) -> str:
    found = re.fullmatch(r"(\d\d)/(\d\d)/(\d{4})(.*)", text)
    return f"{found[3]}-{found[1]}-{found[2]}{found[4]}" if found else text


def kept(row: dict[str, str], spec: str | None) -> bool:
    """A part of Siebel's search specifications, which Python happens to have the shape of."""
    if spec is None:
        return True
    text = (
        re.sub(
            r"\[([^\]]+)\] (=|<=|>=|<|>) '((?:[^']|'')*)'",
            lambda found: str(compare(row, found[1], found[2], found[3].replace("''", "'"))),
            spec,
        )
        .replace("AND", "and")
        .replace("OR", "or")
    )
    assert re.fullmatch(r"[TrueFalsandor() ]*", text), text
    return bool(eval(text))


def compare(row, name, operator, value) -> bool:
    left, right = sortable(row[name]), sortable(value)
    return {"=": left == right, "<": left < right, ">": left > right, "<=": left <= right, ">=": left >= right}[
        operator
    ]


@contextmanager
def served() -> Iterator[Site]:
    site = Site()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        wbufsize = -1

        def handle_any(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            status, content_type, content = site.answer(self.command, self.path, self.headers, body)
            self.send_response(status)
            self.send_header("Content-Type", content_type)
            if status != 204:
                self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def __getattr__(self, name: str) -> object:
            if name.startswith("do_"):
                return self.handle_any
            raise AttributeError(name)

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    # The endpoint of SOAP: transport is the one line that changes.
    site.endpoint = f"http://127.0.0.1:{server.server_address[1]}/siebel/app/eai/enu?SWEExtSource=WebService&WSSOAP=1"
    try:
        yield site
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def write(operation="update", record_id=None, *, version=None, key="w-1", **fields) -> RecordWrite:
    return RecordWrite(
        kind="contact",
        operation=operation,
        record_id=record_id,
        fields={**({"Id": record_id} if record_id else {}), **fields},
        full={},
        expected_version=version,
        key=key,
    )
