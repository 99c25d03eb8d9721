"""HTTP for connectors: no foreign exception comes through, no call outlives its deadline, no secret leaves."""

from __future__ import annotations

import inspect
import logging
import socket
import subprocess
import sys
import threading
from contextlib import contextmanager

import httpx
import pytest

from crm_bridge.api import (
    CredentialsRefused,
    HttpAnswer,
    HttpCalls,
    OutcomeUnknown,
    Postponed,
    Refused,
    RetryLater,
    Stale,
    Unknown,
    Unreachable,
    translate_http_error,
)
from crm_bridge.http_calls import FIRST_PAUSE, READING_TRIES, TRANSLATION

LEAVES = [
    kind
    for _, kind in inspect.getmembers(httpx, inspect.isclass)
    if issubclass(kind, httpx.TransportError | httpx.TooManyRedirects | httpx.DecodingError | httpx.InvalidURL)
    and not kind.__subclasses__()
]
HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n"


def busy(status, *headers):
    return "\r\n".join([f"HTTP/1.1 {status} No", "Content-Length: 0", "Connection: close", *headers, "", ""]).encode()


def reach(url, **settings):
    return HttpCalls(url, system="club", peer="the club", credentials="token_ref", **settings)


@pytest.fixture
def peer():
    """Starts a server that says these bytes, at once or one by one, and then holds the connection."""
    stop = threading.Event()
    listeners, threads = [], []

    def serve(said, *, at_once=b""):
        listener = socket.create_server(("127.0.0.1", 0))
        listeners.append(listener)

        def run():
            with listener.accept()[0] as connection:
                asked.append(connection.recv(65536))
                connection.sendall(at_once)
                for number in range(len(said)):
                    if stop.wait(0.02):
                        return
                    try:
                        connection.sendall(said[number : number + 1])
                    except OSError:
                        return

        threads.append(threading.Thread(target=run, daemon=True))
        threads[-1].start()
        return f"http://127.0.0.1:{listener.getsockname()[1]}"

    asked = []
    serve.asked = asked
    yield serve
    stop.set()
    for thread in threads:
        thread.join()
    for listener in listeners:
        listener.close()


@pytest.mark.parametrize("kind", LEAVES, ids=lambda kind: kind.__name__)
def test_every_exception_of_httpx_is_in_the_table(kind):
    """A new one in a later release is noticed here."""
    assert kind in TRANSLATION


@pytest.mark.parametrize("kind", LEAVES, ids=lambda kind: kind.__name__)
def test_the_text_of_a_foreign_exception_is_not_passed_on(kind):
    """It may quote an address."""
    ours = translate_http_error(kind("+380505550101"), system="club", peer="the club")

    assert "+380505550101" not in str(ours)
    assert "club" == ours.system


def test_only_what_was_surely_not_sent_is_unreachable():
    """Everything else may have taken effect."""
    assert Unreachable is type(translate_http_error(httpx.ConnectError("x"), system="s", peer="p"))
    assert OutcomeUnknown is type(translate_http_error(httpx.ReadTimeout("x"), system="s", peer="p"))


@pytest.mark.parametrize(
    ("at_once", "said"),
    [(HEAD, b"x" * 1000), (b"HTTP/1.1 200 OK\r\n", b"X-A: " + b"y" * 1000)],
    ids=["in the body", "in the head"],
)
def test_a_server_that_drips_is_cut_off_at_the_deadline(peer, at_once, said):
    """The time limit is of the whole call: httpx alone would wait anew for each byte."""
    calls = reach(peer(said, at_once=at_once), timeout_seconds=0.3)
    with pytest.raises(OutcomeUnknown, match=r"not whole after 0\.3 s"):
        calls.call("GET", "/")
    calls.close()


def test_an_answer_without_end_is_not_read_to_its_end(peer):
    """A cap on memory, not on patience."""
    calls = reach(peer(b"", at_once=HEAD + b"x" * 2000), largest_answer=1000)
    with pytest.raises(OutcomeUnknown, match="larger than 1000 bytes"):
        calls.call("GET", "/")
    calls.close()


@contextmanager
def saying(*answers, **settings):
    """A server that answers each connection with the next of these and closes it. Gives the calls, and the pauses."""
    pauses = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve():
            for each in answers:
                with listener.accept()[0] as connection:
                    connection.recv(65536)
                    connection.sendall(each)

        thread = threading.Thread(target=serve)
        thread.start()
        calls = reach(f"http://127.0.0.1:{listener.getsockname()[1]}", sleep=pauses.append, **settings)
        yield calls, pauses
        calls.close()
        thread.join()


WHOLE = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}"
RUBBISH = [b"", b"\x00\xff\x16\x03", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"]


@pytest.mark.parametrize("said", RUBBISH)
def test_rubbish_leaves_the_outcome_of_a_write_open(said):
    """Sent, and no whole answer. It is never sent again by itself."""
    with saying(said) as (calls, pauses), pytest.raises(OutcomeUnknown):
        calls.call("POST", "/")

    assert [] == pauses


@pytest.mark.parametrize("said", RUBBISH)
def test_rubbish_to_each_try_of_a_reading_leaves_it_to_be_repeated_later(said):
    """What was read may be read again, by the next run."""
    with saying(*[said] * READING_TRIES) as (calls, pauses), pytest.raises(RetryLater):
        calls.get("/")

    assert READING_TRIES - 1 == len(pauses)
    assert sorted(pauses) == pauses


@pytest.mark.parametrize("lost", [b"", busy(502), busy(503)], ids=["lost", "502", "503"])
def test_a_reading_whose_answer_is_lost_is_tried_again(lost):
    """Reading changes nothing: one lost answer does not stop a system for a whole run."""
    with saying(lost, lost, lost, lost, WHOLE) as (calls, _):
        assert {} == calls.get("/").json()


@pytest.mark.parametrize("said", [busy(503, "Retry-After: 60"), busy(500), busy(404)], ids=["wish", "500", "404"])
def test_an_answer_that_will_be_the_same_is_taken_at_once(said):
    """A server that says when to come back is not asked before."""
    with saying(said) as (calls, pauses), pytest.raises(RetryLater):
        calls.get("/")

    assert [] == pauses


def test_a_reading_is_not_tried_beyond_the_time_of_a_call():
    """The deadline is of all tries together."""
    with saying(b"", timeout_seconds=FIRST_PAUSE) as (calls, pauses), pytest.raises(RetryLater):
        calls.get("/")

    assert [] == pauses


def test_nobody_there_means_that_nothing_was_sent():
    """A port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    calls = reach(f"http://127.0.0.1:{port}")
    with pytest.raises(Unreachable, match="nothing was sent"):
        calls.call("POST", "/")
    calls.close()


def test_a_redirect_is_not_followed(peer):
    """It would carry the token to another host; who reads is told to configure the final address."""
    elsewhere = peer(b"", at_once=HEAD)
    said = f"HTTP/1.1 302 Found\r\nLocation: {elsewhere}\r\nContent-Length: 0\r\n\r\n".encode()
    calls = reach(peer(b"", at_once=said), headers={"authorization": "Bearer t"})
    with pytest.raises(RetryLater, match="redirects are not followed"):
        calls.get("/")
    calls.close()

    assert 1 == len(peer.asked)
    socket.create_connection(("127.0.0.1", int(elsewhere.rpartition(":")[2]))).close()  # lets the other server end


@pytest.mark.parametrize("status", [401, 403])
def test_refused_credentials_name_the_setting(peer, status):
    """And not the secret."""
    calls = reach(peer(b"", at_once=f"HTTP/1.1 {status} No\r\nContent-Length: 0\r\n\r\n".encode()))
    with pytest.raises(CredentialsRefused, match="check token_ref"):
        calls.call("GET", "/")
    calls.close()


def test_no_log_holds_an_address(peer, caplog):
    """httpx would log it at INFO."""
    with caplog.at_level(logging.INFO):
        calls = reach(peer(b"", at_once=b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"))
        calls.call("GET", "/send", query={"password": "s3cret", "to": "+380505550101"})
    calls.close()

    assert "s3cret" not in caplog.text
    assert "send" not in caplog.text


DATE = "Tue, 20 Oct 2026 08:15:00 GMT"


@pytest.mark.parametrize(
    ("wish", "date", "seconds"),
    [
        ("7", DATE, 7.0),
        ("Tue, 20 Oct 2026 08:17:00 GMT", DATE, 120.0),
        ("Tue, 20 Oct 2026 08:00:00 GMT", DATE, 0.0),
        ("Tue, 20 Oct 2026 08:17:00 GMT", "", None),
        ("9" * 400, DATE, 86_400.0),
        ("²", DATE, None),
        ("-5", DATE, None),
        ("soon", DATE, None),
        ("Tue, 20 Oct 99999999999999 08:17:00 GMT", DATE, None),
        ("", DATE, None),
    ],
)
def test_the_wish_to_be_asked_later_is_read_or_left(wish, date, seconds):
    """A number or a date by the server's own clock; nonsense is no wish, and no error."""
    assert seconds == HttpAnswer(429, {"retry-after": wish, "date": date}, b"").retry_after


@pytest.mark.parametrize(
    ("status", "kind"),
    [(412, Stale), (429, Postponed), (503, Postponed), (404, Refused), (422, Refused), (302, Refused)]
    + [(status, Unknown) for status in (200, 204, 409, 500, 502, 504, 599)],
)
def test_a_status_that_confirms_nothing_has_a_meaning(status, kind):
    """What may have been done is never called refused."""
    assert kind is type(HttpAnswer(status, {}, b"").not_done())


def test_who_calls_nothing_loads_no_http_client():
    """The door loads it when it is asked for; it costs 0.2 s."""
    script = "import sys, crm_bridge.api as api; assert 'httpx' not in sys.modules; api.HttpCalls"
    script += "; assert 'httpx' in sys.modules; print(hasattr(api, 'HttpCall'))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)

    assert ("False", "") == (done.stdout.strip(), done.stderr)
