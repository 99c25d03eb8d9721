"""A call centre that costs next to nothing to ask: ``GET /api/v1/clients`` in pages whose bytes are written beforehand.

Run: ``python bench/loopback.py --clients 100000``; it prints its address and serves until its input ends. Standard
library alone, in a process of its own, so that neither side of a comparison pays for it. Every client is invented:
phones are of blocks that begin with 555, mails at the domains that RFC 2606 reserves for examples.

``GET /_bench/changes?rounds=N`` lets N rounds of changes have happened since the first load: each gives one client in a
hundred a new mobile phone, a new version and a new ``updated_at``.
"""

from __future__ import annotations

import argparse
import bisect
import json
import socket
import sys
import threading
from datetime import UTC, date, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from random import Random
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

PAGE = 1000
BEGINNING = datetime(2025, 3, 1, tzinfo=UTC)  # one second a client, so that order and cursors are plain
OLDEST = date(1940, 1, 1)
CHANGED_SHARE = 100  # one client in so many
SHARED_SHARE = 50  # one client in so many is a second record of the one before it: 2 %

# 4,800 families, because a few dozen would make everybody a namesake of everybody else.
_FAMILIES = [
    first + second + ending
    for first in ("Бар", "Вер", "Гор", "Дем", "Зав", "Кал", "Кор", "Лев", "Мар", "Нест", "Ост", "Пал", "Рад",
                  "Сав", "Тим")
    for second in ("ав", "ад", "аж", "ак", "ал", "ам", "ан", "ар", "ат", "ач", "ев", "ел", "ем", "ен", "ер", "ес",
                   "ив", "ил", "им", "ин", "иш", "об", "од", "ож", "ок", "ол", "ом", "он", "оп", "ор", "ос", "от",
                   "уб", "уг", "уд", "ул", "ум", "ун", "ур", "ус")
    for ending in ("енко", "ук", "чук", "ський", "ич", "ець", "ник", "ак")
]  # fmt: skip
_WOMEN = [
    "Оксана",
    "Олена",
    "Ірина",
    "Наталія",
    "Тетяна",
    "Світлана",
    "Марія",
    "Ольга",
    "Людмила",
    "Галина",
    "Юлія",
    "Катерина",
    "Софія",
    "Дарина",
    "Соломія",
]
_MEN = [
    "Олександр",
    "Сергій",
    "Володимир",
    "Андрій",
    "Микола",
    "Іван",
    "Василь",
    "Петро",
    "Дмитро",
    "Тарас",
    "Богдан",
    "Назар",
    "Остап",
    "Роман",
    "Юрій",
]
_MOBILE = ["50", "66", "95", "99", "67", "68", "96", "97", "98", "63", "73", "93"]
_STREETS = ("вул. Садова", "вул. Франка", "просп. Свободи", "вул. Зелена", "бульв. Вишневий")
_JOBS = ("бухгалтер", "інженер", "учитель", "лікар", "водій", "агроном", "юрист", "програміст", None, None)


def client(at: int, *, shape: str) -> dict[str, Any]:
    """Client ``at`` before any change, nearly all of its values its own: ``flat``, 15 fields; ``whole``, all fields."""
    shared = at % SHARED_SHARE == 1
    who = at - 1 if shared else at
    draw = Random(who).randrange  # repeatable for each client by itself
    woman = draw(2) == 0
    flat = {
        "id": f"cc-{1_000_000 + at}",
        "version": 1,
        "updated_at": _stamp(BEGINNING + timedelta(seconds=at)),
        "last_name": _FAMILIES[draw(len(_FAMILIES))],
        "first_name": (_WOMEN if woman else _MEN)[draw(15)],
        "middle_name": "Іванівна" if woman else "Іванович",
        "gender": "female" if woman else "male",
        "birth_date": (OLDEST + timedelta(days=draw(65 * 365))).isoformat(),
        "mobile_phone": _phone(who),
        "home_phone": f"+38044555{draw(10_000):04}" if who % 10 == 0 else None,
        "email": f"client{who}@example.com" if draw(3) else None,
        "language": "uk" if draw(4) else "ru",
        "job_title": _JOBS[draw(len(_JOBS))],
        "do_not_call": draw(40) == 0,
        "external_id": f"1-{who:X}" if draw(2) and not shared else None,
    }
    if shape == "flat":
        return flat
    city, postal = (("Київ", "01"), ("Львів", "79"), ("Одеса", "65"), ("Харків", "61"))[draw(4)]
    street = f"{_STREETS[draw(len(_STREETS))]}, {draw(200) + 1}"
    said = {"id": f"k-{at}", "purpose": "claims", "channel": "sms", "status": "granted" if draw(3) else "denied"}
    said["captured_at"] = _stamp(BEGINNING - timedelta(minutes=draw(500_000)))
    said["recording"] = f"rec-{at}"
    return flat | {
        "address": {"street": street, "city": city, "postal_code": f"{postal}{draw(1000):03}", "country": "UA"},
        "consents": [said] if draw(3) else [],
        "facts": {"favourite_dish": "вареники"} if draw(4) == 0 else {},
    }


def _phone(number: int) -> str:
    return f"+380{_MOBILE[number % 12]}5{number // 12:06}"


def _stamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def changed_in(round_: int, *, clients: int) -> range:
    """Which clients a round of changes touches: other ones each time."""
    return range(round_ * 3 + 1, clients, CHANGED_SHARE)


class Book:
    """The clients after some rounds of changes, in the API's order, with the pages that were asked for."""

    def __init__(self, clients: int, *, shape: str, rounds: int) -> None:
        records = [client(at, shape=shape) for at in range(clients)]
        for round_ in range(1, rounds + 1):
            for at in changed_in(round_, clients=clients):
                moment = BEGINNING + timedelta(days=30 * round_, seconds=at)
                records[at] |= {
                    "version": records[at]["version"] + 1,
                    "updated_at": _stamp(moment),
                    "mobile_phone": _phone(at + clients * round_),
                }
        records.sort(key=lambda record: (record["updated_at"], record["id"]))
        self._order = [(record["updated_at"], record["id"]) for record in records]
        self._written = [json.dumps(record, ensure_ascii=False, separators=(",", ":")).encode() for record in records]
        self._pages: dict[tuple[int, int], tuple[bytes, str | None]] = {}
        for start in range(0, clients, PAGE):
            self._page(start, PAGE)

    def page(self, since: str, after: str | None, *, limit: int) -> tuple[bytes, str | None]:
        """The page's bytes, and the value of its header ``Link``."""
        start = (bisect.bisect_right if after else bisect.bisect_left)(self._order, (since, after or ""))
        return self._page(start, limit)

    def _page(self, start: int, limit: int) -> tuple[bytes, str | None]:
        known = self._pages.get((start, limit))
        if known is None:
            end = min(start + limit, len(self._order))
            following = None
            if start < end:
                since, name = self._order[end - 1]
                following = f"/api/v1/clients?updated_since={quote(since, safe='')}&after={name}&limit={limit}"
            listed = b",".join(self._written[start:end])
            there_is_more = json.dumps(following if end < len(self._order) else None).encode()
            link = f'<{following}>; rel="next"' if following else None
            known = b'{"clients":[' + listed + b'],"next":' + there_is_more + b"}", link
            self._pages[start, limit] = known
        return known


class Centre(ThreadingHTTPServer):
    """One book at a time."""

    daemon_threads = True

    def __init__(self, clients: int, *, shape: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.clients, self._shape = clients, shape
        self._rounds = 0
        self.book = Book(clients, shape=shape, rounds=0)

    def change(self, rounds: int) -> None:
        """Let so many rounds of changes have happened."""
        if rounds != self._rounds:
            self._rounds, self.book = rounds, Book(self.clients, shape=self._shape, rounds=rounds)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Centre

    def setup(self) -> None:
        super().setup()
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def do_GET(self) -> None:
        asked = urlsplit(self.path)
        query = dict(parse_qsl(asked.query))
        if asked.path == "/_bench/changes":
            self.server.change(int(query["rounds"]))
            body, link = b"{}", None
        else:
            body, link = self.server.book.page(
                query.get("updated_since", ""), query.get("after"), limit=int(query.get("limit", PAGE))
            )
        self.send_response_only(200)
        self.send_header("Date", format_datetime(datetime.now(UTC), usegmt=True))
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        if link:
            self.send_header("Link", link)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        """Say nothing."""


def main() -> None:
    """Serve until standard input ends."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--clients", type=int, default=100_000)
    parser.add_argument("--shape", choices=["whole", "flat"], default="whole")
    asked = parser.parse_args()
    with Centre(asked.clients, shape=asked.shape) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        print(f"http://127.0.0.1:{server.server_address[1]}", flush=True)
        sys.stdin.read()
        server.shutdown()


if __name__ == "__main__":
    main()
