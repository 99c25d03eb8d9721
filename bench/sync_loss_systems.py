"""The two systems of ``bench/sync_loss.py``, as their users see them: a folder of vCards, or a table in SQLite.

A client is told by its family name, which nobody edits; five fields of it are edited. Needs nothing but Python.
"""

from __future__ import annotations

import json
import sqlite3
import threading
import uuid
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from pathlib import Path
from typing import Any, Protocol

EDITED = ("job_title", "home_phone", "dish", "email", "mobile_phone")
COLUMNS = ("last_name", "first_name", "birth_date", *EDITED)
_PROPERTIES = dict(zip(("TITLE", "TEL;TYPE=HOME", "NOTE", "EMAIL", "TEL;TYPE=CELL"), EDITED, strict=True))
_changes = count(1)


class System(Protocol):
    """What a user does, and what the judge sees."""

    def records(self) -> dict[str, list[dict[str, str]]]:
        """All records of each client, by family name."""

    def add(self, client: Mapping[str, str]) -> None: ...

    def edit(self, last_name: str, field: str, value: str) -> None: ...

    def delete(self, last_name: str) -> None:
        """All records that the client has here."""


class Vcards:
    """One file a contact. Every change makes a new file in place of the old one."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(exist_ok=True)

    def by_file(self) -> dict[str, dict[str, str]]:
        return {path.stem: card_of(path.read_text("ascii")) for path in sorted(self.folder.glob("*.vcf"))}

    def one(self, name: str) -> dict[str, str] | None:
        path = self.folder / f"{name}.vcf"
        return card_of(path.read_text("ascii")) if path.exists() else None

    def keep(self, name: str, client: Mapping[str, str]) -> None:
        draft = self.folder / f".{name}.tmp"
        draft.write_text(text_of(client), "ascii")
        draft.replace(self.folder / f"{name}.vcf")

    def records(self) -> dict[str, list[dict[str, str]]]:
        found: dict[str, list[dict[str, str]]] = {}
        for card in self.by_file().values():
            found.setdefault(card["last_name"], []).append(card)
        return found

    def add(self, client: Mapping[str, str]) -> None:
        self.keep(uuid.uuid4().hex, client)

    def edit(self, last_name: str, field: str, value: str) -> None:
        name, card = next(each for each in self.by_file().items() if each[1]["last_name"] == last_name)
        self.keep(name, {**card, field: value})

    def delete(self, last_name: str) -> None:
        for name, card in self.by_file().items():
            if card["last_name"] == last_name:
                (self.folder / f"{name}.vcf").unlink()


def text_of(client: Mapping[str, str]) -> str:
    """A vCard 3.0; the values are plain ASCII, so that nothing needs escaping."""
    lines = [
        *("BEGIN:VCARD", "VERSION:3.0", f"UID:{client['last_name']}"),
        f"FN:{client['first_name']} {client['last_name']}",
        f"N:{client['last_name']};{client['first_name']};;;",
        f"BDAY:{client['birth_date']}",
        *(f"{name}:{client[field]}" for name, field in _PROPERTIES.items() if client.get(field)),
        *("END:VCARD", ""),
    ]
    return "\r\n".join(lines)


def card_of(text: str) -> dict[str, str]:
    said = dict(line.split(":", 1) for line in text.splitlines() if line)
    family, given, *_ = said["N"].split(";")
    held = {field: said[name] for name, field in _PROPERTIES.items() if said.get(name)}
    return {"last_name": family, "first_name": given, "birth_date": said["BDAY"], **held}


class Table:
    """Rows with a key that both systems share, the number of the last change, and a log of deletions.

    What a peer adds to the table as columns of its own is filled with something unlike all else.
    """

    def __init__(self, file: Path, *, made_by_peer: bool = False) -> None:
        self.file = file
        with self._open() as database:
            database.execute("PRAGMA journal_mode=WAL")
            database.execute("CREATE TABLE IF NOT EXISTS gone (id TEXT, changed_at TEXT)")
            if not made_by_peer:
                columns = ", ".join(f"{name} TEXT" for name in COLUMNS)
                database.execute(f"CREATE TABLE clients (id TEXT PRIMARY KEY, {columns}, changed_at TEXT)")

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        with closing(sqlite3.connect(self.file, timeout=30)) as database, database:
            database.row_factory = sqlite3.Row
            yield database

    def records(self) -> dict[str, list[dict[str, str]]]:
        found: dict[str, list[dict[str, str]]] = {}
        with self._open() as database:
            for row in database.execute("SELECT * FROM clients ORDER BY rowid"):
                found.setdefault(row["last_name"], []).append({name: row[name] for name in COLUMNS})
        return found

    def add(self, client: Mapping[str, str]) -> None:
        """A new row, or the whole of one that is there; saving what is there already is no change."""
        with self._open() as database:
            held = database.execute("SELECT * FROM clients WHERE id = ?", (client["last_name"],)).fetchone()
            if held is not None and all(held[name] == client[name] for name in COLUMNS):
                return
            needed = [row["name"] for row in database.execute("PRAGMA table_info(clients)") if row["notnull"]]
            row: dict[str, Any] = {name: uuid.uuid4().hex for name in needed}
            row |= {name: client[name] for name in COLUMNS} | {"id": client["last_name"], "changed_at": _now()}
            marks = ", ".join("?" * len(row))
            database.execute("DELETE FROM clients WHERE id = ?", (row["id"],))
            database.execute(
                f"INSERT INTO clients ({', '.join(row)}) VALUES ({marks})", list(row.values())
            )  # names of columns

    def edit(self, last_name: str, field: str, value: str) -> None:
        with self._open() as database:
            database.execute(
                f"UPDATE clients SET {field} = ?, changed_at = ? WHERE id = ?",  # the name of a column
                (value, _now(), last_name),
            )

    def delete(self, last_name: str) -> None:
        with self._open() as database:
            if database.execute("DELETE FROM clients WHERE id = ?", (last_name,)).rowcount:
                database.execute("INSERT INTO gone VALUES (?, ?)", (last_name, _now()))


def _now() -> str:
    return f"{next(_changes):012d}"


@contextmanager
def served(tables: Mapping[str, Table]) -> Iterator[str]:
    """The tables behind an API on loopback: ``PUT`` and ``DELETE`` of ``/NAME``, a row as JSON."""

    class Api(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _row(self) -> dict[str, str]:
            return dict(json.loads(self.rfile.read(int(self.headers["content-length"]))))

        def _done(self) -> None:
            self.send_response(200)
            self.send_header("content-length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def do_PUT(self) -> None:
            tables[self.path.strip("/")].add(self._row())
            self._done()

        def do_DELETE(self) -> None:
            tables[self.path.strip("/")].delete(self._row()["id"])
            self._done()

        def log_message(self, *_: Any) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Api)
    server.handle_error = lambda *_: None  # type: ignore[method-assign]  # a caller that was killed is no news
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
