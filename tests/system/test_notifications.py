"""Siebel tells of a change, the bridge reads it again: real processes, from the edit to the other system."""

from __future__ import annotations

import os
import signal
import socket
import sqlite3
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from town import SECRET, Town, contact, message, phone, until

_HUGE = 100 * 1024 * 1024


class Lasting(Town):
    """One town for all tests: its processes take seconds to start. Each test looks at three clients of its own.

    Attributes:
        ids: of all contacts that Siebel and the call centre begin with.
        first: the number of the first of the three clients.
        before: how many requests had come in when the test began.
    """

    ids: list[str]
    first = -3
    before = 0


@pytest.fixture(scope="module")
def lasting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lasting]:
    """Clients in both systems, enough for every test, and the bridge serving."""
    town = Lasting(tmp_path_factory.mktemp("town"))
    try:
        town.configure(siebel=town.start("siebel"), callcenter=town.start("callcenter"))
        town.ids = town.control("siebel", "load/contact", [contact(number) for number in range(48)])
        town.sync()
        assert 48 == len(town.held("callcenter"))
        town.serve()
        yield town
    finally:
        town.end()


@pytest.fixture
def told(lasting: Lasting) -> tuple[Lasting, list[str]]:
    """Three clients in both systems; Siebel's workflow posts the whole record to the serving bridge."""
    lasting.first += 3
    _announce(lasting, delay=0.0)
    until(lambda: not _still_waiting(lasting), what="what others left")
    lasting.before = int(_rows(lasting, "select coalesce(max(id), 0) from inbox")[0][0])
    return lasting, lasting.ids[lasting.first : lasting.first + 3]


def _announce(town: Town, **knobs: Any) -> None:
    town.control("siebel", "knobs", {"notify_url": f"{town.url}/webhooks/siebel/{SECRET}", **knobs})


def _edit(town: Town, record_id: str, **changes: str) -> None:
    town.control("siebel", f"edit/contact/{record_id}", changes)


def _named(town: Lasting, number: int) -> object:
    """The patronymic on the card of one of the three clients."""
    words = str(town.card(phone(town.first + number))["name"]).split()
    return words[2] if len(words) > 2 else ""


def _in_callcenter(town: Lasting) -> list[object]:
    phones = [phone(town.first + number) for number in range(3)]
    held = [each for each in town.held("callcenter") if each["mobile_phone"] in phones]
    return sorted(str(each.get("middle_name") or "") for each in held)


def _rows(town: Town, query: str) -> list[tuple[Any, ...]]:
    """What the store says, without a word to the serving process."""
    store = sqlite3.connect(f"file:{town.at / 'bridge.db'}?mode=ro", uri=True, timeout=20)
    try:
        return store.execute(query).fetchall()
    finally:
        store.close()


def _came(town: Lasting, state: str) -> list[tuple[Any, ...]]:
    """The requests of this test that are in this state."""
    return _rows(town, f"select id from inbox where id > {town.before} and state = '{state}'")


def _still_waiting(town: Town) -> int:
    return int(_rows(town, "select count(*) from inbox where state not in ('done', 'again')")[0][0])


def test_an_edit_in_siebel_changes_the_card_and_the_other_system(told: tuple[Lasting, list[str]]) -> None:
    """From the edit to the call centre, with nobody asking Siebel for changes in between."""
    town, ids = told

    _edit(town, ids[0], MiddleName="Іванович")

    until(lambda: _named(town, 0) == "Іванович", what="the card")
    town.sync()
    assert ["", "", "Іванович"] == _in_callcenter(town)


def test_a_message_that_leaves_before_its_commit_is_followed_up(told: tuple[Lasting, list[str]]) -> None:
    """Who reads back at once sees the old record, and is not told again."""
    town, ids = told

    transaction = town.control("siebel", f"begin/contact/{ids[0]}", {"MiddleName": "Іванович"})["transaction"]
    until(lambda: _came(town, "again"), what="the first look")
    assert _named(town, 0) == ""
    town.control("siebel", f"commit/{transaction}", {})

    until(lambda: _named(town, 0) == "Іванович", what="the card")


def test_the_same_bytes_again_are_news_again(told: tuple[Lasting, list[str]]) -> None:
    """Many a site sends the row id alone, with no number: two changes of a record look the same."""
    town, ids = told
    town.control("siebel", "knobs", {"notify_url": ""})

    for name in ("Іванович", "Петрович", "Данилович"):
        _edit(town, ids[0], MiddleName=name)
        assert town.notify(message(ids[0])) in {200, 202}
        until(lambda name=name: _named(town, 0) == name, what=name)


def test_duplicates_and_disorder_end_in_the_last_state(told: tuple[Lasting, list[str]]) -> None:
    """What a message says is never believed: an old one that comes late and twice brings nothing old back."""
    town, ids = told
    town.control("siebel", "knobs", {"notify_url": ""})
    _edit(town, ids[0], MiddleName="Перший")
    _edit(town, ids[1], MiddleName="Другий")
    _edit(town, ids[0], MiddleName="Останній")
    old = message(ids[0], said="1-OLD").replace(b"</Id>", "</Id><MiddleName>Перший</MiddleName>".encode())

    for body in (message(ids[1], said="1-2"), message(ids[0], said="1-3"), old, old, message(ids[1], said="1-2")):
        assert town.notify(body) in {200, 202}

    until(lambda: (_named(town, 0), _named(town, 1)) == ("Останній", "Другий"), what="both cards")
    town.sync()
    assert ["", "Другий", "Останній"] == _in_callcenter(town)


def test_what_is_no_news_does_no_harm(told: tuple[Lasting, list[str]]) -> None:
    """Unknown records, rubbish, 100 MB, the wrong secret: refused or put aside, and what is true comes through."""
    town, ids = told

    refused = [
        town.notify(message(ids[0]), secret="wrong-path-token-0123456789"),
        town.notify(message(ids[0]), secret=""),
        town.notify(b"<SiebelMessage>" + b"x" * (300 * 1024)),
    ]
    taken = [
        town.notify(message("1-NEVER")),
        town.notify(message(ids[0], component="Unheard")),
        town.notify(b"\x00\xff rubbish"),
        town.notify(b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><SiebelMessage>&b;</SiebelMessage>'),
    ]

    assert ([401, 401, 413], [202] * 4) == (refused, taken)
    _edit(town, ids[0], MiddleName="Іванович")
    until(lambda: _named(town, 0) == "Іванович", what="the card")
    until(lambda: not _still_waiting(town), what="an empty inbox")
    letters = _rows(town, "select stage, code, count(*) from dead_letters group by 1, 2")
    assert [("inbox", "malformed", 2)] == letters


def test_a_body_of_100_mb_is_cut_off_unread(told: tuple[Lasting, list[str]]) -> None:
    """By its length before anything is read; a chunked one at the limit. The process grows by next to nothing."""
    town, ids = told
    before = _peak_kib(town, anew=True) if Path("/proc").is_dir() else 0

    status, _ = _raw(town, f"Content-Length: {_HUGE}", b"")
    chunk = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
    chunked, sent = _raw(town, "Transfer-Encoding: chunked", chunk, times=_HUGE // 0x10000)

    assert b"413" == status
    assert chunked in {b"413", b"cut off"}
    assert sent < _HUGE // 2
    if Path("/proc").is_dir():
        assert _peak_kib(town) - before < 16 * 1024
    assert 202 == town.notify(message(ids[0]))


def test_what_was_taken_survives_kill_9(told: tuple[Lasting, list[str]]) -> None:
    """202 was answered and nothing applied yet: the next life of the process applies it."""
    town, ids = told
    _announce(town, delay=30.0)  # the re-read hangs, so that the bridge dies between taking and applying
    _edit(town, ids[0], MiddleName="Іванович")
    until(lambda: _came(town, "taken"), what="the request being applied")

    town.kill("serve")
    assert [] == _came(town, "done")
    _announce(town, delay=0.0)
    town.serve()

    until(lambda: _named(town, 0) == "Іванович", what="the card")
    until(lambda: not _still_waiting(town), what="an empty inbox")


def test_siebel_down_at_the_re_read_is_asked_again(told: tuple[Lasting, list[str]]) -> None:
    """The request waits until Siebel is back; nobody has to do anything."""
    town, ids = told
    town.control("siebel", "knobs", {"notify_url": ""})
    _edit(town, ids[0], MiddleName="Іванович")
    town.kill("siebel")

    assert 202 == town.notify(message(ids[0]))
    until(lambda: _came(town, "taken"), what="the first try")
    town.start("siebel")

    until(lambda: _named(town, 0) == "Іванович", what="the card")


def test_a_stopped_siebel_does_not_stop_the_edge(told: tuple[Lasting, list[str]]) -> None:
    """A peer that takes connections and says nothing: look-ups and notifications are answered all the same."""
    town, ids = told
    town.control("siebel", "knobs", {"notify_url": ""})
    _edit(town, ids[1], MiddleName="Іванович")
    os.kill(town.running["siebel"].pid, signal.SIGSTOP)
    try:
        assert 202 == town.notify(message(ids[1]))
        until(lambda: _came(town, "taken"), what="the first try")
        assert 202 == town.notify(message(ids[0]))
        assert town.card(phone(town.first + 1))
    finally:
        os.kill(town.running["siebel"].pid, signal.SIGCONT)

    until(lambda: _named(town, 1) == "Іванович", what="the card")


def _peak_kib(town: Town, *, anew: bool = False) -> int:
    """The most memory that the serving process had, ever or since this was asked ``anew``."""
    process = Path(f"/proc/{town.running['serve'].pid}")
    if anew:
        with suppress(OSError):  # not every kernel has it; then it is ever
            (process / "clear_refs").write_text("5", "ascii")
    status = (process / "status").read_text("ascii")
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM:"))


def _raw(town: Town, header: str, chunk: bytes, *, times: int = 0) -> tuple[bytes, int]:
    """The status of a request of which ``chunk`` is sent until nobody takes it, and how many bytes were taken."""
    sent = 0
    with socket.create_connection(("127.0.0.1", town.ports["serve"]), timeout=20) as connection:
        head = f"POST /webhooks/siebel/{SECRET} HTTP/1.1\r\nHost: localhost\r\n{header}\r\n\r\n"
        connection.sendall(head.encode())
        try:
            for _ in range(times):
                connection.sendall(chunk)
                sent += len(chunk)
        except OSError:
            pass  # cut off, as it should be; what was answered before may still be there to be read
        try:
            return connection.recv(64).split(b" ")[1], sent
        except (OSError, IndexError):
            return b"cut off", sent
