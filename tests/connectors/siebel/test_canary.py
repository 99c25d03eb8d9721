"""A password and a session's token that are looked for wherever they must never be."""

from __future__ import annotations

import base64
import json
import logging
import pickle
import traceback
from collections.abc import Iterator
from types import FunctionType, ModuleType
from urllib.parse import quote
from xml.sax.saxutils import escape

import pytest

from crm_bridge.api import ConfigMistake, ConnectorContext, RecordWrite, Secret
from crm_bridge_siebel.connector import SiebelConnector
from crm_bridge_siebel.registration import open_connector
from crm_bridge_siebel.session import Identity, Login, Sessions, Token
from crm_bridge_siebel.settings import SiebelSettings

PASSWORD = "canary-секрет-<&>"
BROKEN = [
    {},
    {"reject_login": True},
    {"fail_next": 9},
    {"busy_html_next": 9},
    {"truncate_next": 9},
    {"malformed_next": 9},
    {"fault_next": "SBL-XYZ-00001"},
    {"fault_next": "SBL-UIF-00880"},
    {"delay": 5.0},
]


def spellings(secret: str) -> list[str]:
    """A secret as it might be hidden."""
    plain = secret.encode()
    return [
        *(secret, escape(secret), quote(secret), json.dumps(secret)[1:-1], repr(plain)[2:-1], plain.hex()),
        repr(escape(secret).encode())[2:-1],
        # what stands before and behind a text changes its base64; the middle stays
        *(base64.b64encode(b"x" * shift + plain)[4:-8].decode() for shift in range(3)),
    ]


def seen_in(*places: str) -> list[str]:
    return [spelling for spelling in spellings(PASSWORD) if any(spelling in place for place in places)]


def everything_of(error: BaseException) -> Iterator[str]:
    """What anybody could print of an error: its text, its causes, and everything that hangs on them."""
    waiting: list[object] = [error]
    met: set[int] = set()
    while waiting:
        each = waiting.pop()
        if id(each) in met or isinstance(each, (type, FunctionType, ModuleType, SiebelConnector)):
            continue
        met.add(id(each))
        if isinstance(each, BaseException):
            yield from (str(each), repr(each), repr(each.args), "".join(traceback.format_exception(each)))
            waiting += [*each.args, *vars(each).values(), each.__cause__, each.__context__]
        elif isinstance(each, (str, bytes)):
            yield each if isinstance(each, str) else repr(each)
        elif isinstance(each, dict):
            waiting += [*each.keys(), *each.values()]
        elif isinstance(each, (list, tuple, set)):
            waiting += each
        elif isinstance(each, Secret):
            yield repr(each)
        elif hasattr(each, "__dict__"):
            yield repr(each)
            waiting += vars(each).values()


def pickled(value: object) -> str:
    """Its pickle as text; empty when it refuses."""
    try:
        return repr(pickle.dumps(value))
    except Exception:  # noqa: BLE001  # any refusal is a good one
        return ""


@pytest.fixture
def hidden(siebel, tmp_path):
    """Connectors whose password is a canary, whatever Siebel thinks of it."""
    opened = []

    def connect(**more) -> SiebelConnector:
        settings = SiebelSettings(**{**siebel.settings, "retry_wait_seconds": 0.0, "timeouts": {"read": 0.2}, **more})
        context = ConnectorContext(
            system="siebel", base_dir=tmp_path, secret=lambda _: Secret(PASSWORD), clock=siebel.clock
        )
        opened.append(open_connector(settings, context))
        return opened[-1]

    yield connect
    for connector in opened:
        connector.close()


@pytest.mark.parametrize("knobs", BROKEN, ids=str)
@pytest.mark.parametrize(
    "more",
    [
        {},
        {"session": "stateless"},
        {"security": "wsse-2002", "session": "stateless"},
        {"security": "wsse-2004"},
        {"transport": "rest"},
    ],
    ids=str,
)
def test_the_password_is_nowhere(siebel, hidden, knobs, more, caplog):
    """Whatever goes wrong, over either transport: not in an error and all that hangs on it, a log, a repr, a pickle."""
    caplog.set_level(logging.DEBUG)
    (record_id,) = siebel.load(1)
    connector = hidden(**more)
    siebel.simulator.configure(**knobs)
    seen = []
    write = RecordWrite("contact", "update", record_id, {"LastName": "Коваль"}, {}, "0", "w-1")
    for call in (
        lambda: list(connector.read_changes("contact", None)),
        lambda: connector.write("contact", [write]),
        connector.check,
    ):
        try:
            seen.append(repr(call()))
        except Exception as error:  # noqa: BLE001  # any error at all is looked at here
            seen += [*everything_of(error), pickled(error)]
    for each in (connector, vars(connector), connector._settings, connector._calls, vars(connector._calls)):
        seen += [repr(each), str(each), pickled(each)]
    seen += [caplog.text, *(repr(vars(record)) for record in caplog.records)]

    assert [] == seen_in(*seen)


@pytest.mark.parametrize(
    "header", [Login(Identity("u", Secret(PASSWORD))), Token(Secret(PASSWORD))], ids=["login", "token"]
)
def test_what_stands_in_a_header_hides_itself(header):
    """Headers show themselves to the wire alone."""
    sessions = Sessions("stateless")
    with sessions.borrowed() as session:
        sessions.taken(session, Secret(PASSWORD))
        seen = [repr(session), str(session), pickled(session)]
    seen += [repr(header), f"{header}", pickled(header), repr(sessions), repr(vars(sessions)), pickled(sessions)]

    assert [] == seen_in(*seen)
    assert escape(PASSWORD) in header.xml()


@pytest.mark.parametrize("given", ["UserName=u&Password=p", "username=u", "PASSWORD=p"])
def test_an_address_with_credentials_is_refused(given):
    """The oldest way to log in to Siebel leaks into every log on the way."""
    with pytest.raises(ValueError, match="username and password_ref"):
        SiebelSettings(endpoint=f"https://s.example/start.swe?WSSOAP=1&{given}", username="u", password_ref="env:X")


def test_a_message_ready_to_be_sent_hides_its_body(hidden, siebel):
    """It holds the password."""
    siebel.load(1)
    connector = hidden()
    connector._kind("contact")
    call = connector._harmless()
    assert call is not None
    request = call(Login(Identity("u", Secret(PASSWORD))))

    assert escape(PASSWORD).encode() in request.body
    assert [] == seen_in(repr(request), str(request), pickled(request))


def test_a_pickle_of_the_settings_holds_the_reference_alone():
    """The password itself was never there."""
    settings = SiebelSettings(endpoint="https://s.example/", username="u", password_ref="file:secret.txt")

    assert "secret.txt" in pickled(settings)
    assert "secret.txt" not in repr(settings)


def test_a_secret_that_is_not_there_is_told_by_its_reference(siebel, tmp_path):
    """The person who runs us knows what to do."""

    def absent(reference: str) -> Secret:
        raise ConfigMistake(f"{reference} is not set")

    context = ConnectorContext(system="siebel", base_dir=tmp_path, secret=absent, clock=siebel.clock)
    connector = SiebelConnector(SiebelSettings(**siebel.settings), context)
    with pytest.raises(ConfigMistake, match="is not set"):
        connector.read("contact", ["1-1"])
    connector.close()
