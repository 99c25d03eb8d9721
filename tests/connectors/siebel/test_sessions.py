"""Sessions: one log-in, the latest token, expiry, lost answers, the end. Nobody in it is real."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from lxml import etree
from session_keeper import Keeper, keeping

from crm_bridge.api import CredentialsRefused, OutcomeUnknown, Secret, Unreachable
from crm_bridge_siebel.calls import SoapCalls
from crm_bridge_siebel.faults import FaultClass, SiebelFaultError, classify
from crm_bridge_siebel.messages import Node, Operation
from crm_bridge_siebel.session import Identity, Sessions
from crm_bridge_siebel.settings import SiebelTimeouts
from crm_bridge_siebel.translation import NotSiebelAnswer
from crm_bridge_siebel.transport import Incoming, Line, Wire

WEB = "{http://siebel.com/webservices}"
SECEXT_2002 = "http://schemas.xmlsoap.org/ws/2002/07/secext"
SECEXT_2004 = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"


@pytest.fixture
def keeper() -> Iterator[Keeper]:
    """Such a Siebel."""
    with keeping() as started:
        yield started


QUESTION = Operation("q", "", "document", input=Node("q", "urn:x"), output=Node("o", "urn:x"))


@dataclass(frozen=True)
class Message:
    body: bytes
    action: str = '"document/http://siebel.com/CustomUI:QueryPage"'
    operation: Operation = QUESTION


def message(header) -> Message:
    return Message(
        f"<e:Envelope xmlns:e='http://schemas.xmlsoap.org/soap/envelope/'><e:Header>{header.xml()}</e:Header>"
        "<e:Body><q xmlns='urn:x'/></e:Body></e:Envelope>".encode()
    )


@pytest.fixture
def connected(keeper):
    """Calls to the keeper; closed at the end."""
    opened = []

    def connect(mode="stateless", *, security="siebel-header", password="canary-pw", **more) -> SoapCalls:
        line = Line(system="siebel", timeouts=SiebelTimeouts(**more), max_bytes=1_000_000)
        opened.append(line)
        return SoapCalls(
            Wire(line, endpoint=keeper.endpoint, system="siebel"),
            Sessions(mode),
            identity=lambda: Identity("CRMBRIDGE", Secret(password), security),
            classify=lambda text: classify(text, names=frozenset(), site={}),
            system="siebel",
        )

    yield connect
    for line in opened:
        line.close()


def ask(calls: SoapCalls) -> bytes:
    return calls.call(message, Incoming.read)


def test_without_a_session_each_call_carries_the_credentials(keeper, connected):
    """SessionType None: a log-in a call, and nothing is kept."""
    calls = connected("none")
    ask(calls)
    ask(calls)
    calls.close(message)

    assert [("CRMBRIDGE", "canary-pw", "None")] * 2 == [
        (each["UsernameToken"], each["PasswordText"], each["SessionType"]) for each in keeper.asked
    ]


def test_a_session_logs_in_once_and_goes_on_with_the_latest_token(keeper, connected):
    """The password travels once; each call carries the token of the answer before it."""
    calls = connected()
    for _ in range(4):
        ask(calls)

    assert 1 == keeper.logins
    assert [None, "canary-token-1-1", "canary-token-1-2", "canary-token-1-3"] == [
        each.get("SessionToken") for each in keeper.asked
    ]
    assert ["canary-pw", None, None, None] == [each.get("PasswordText") for each in keeper.asked]


def test_the_token_of_a_fault_counts_as_well(keeper, connected):
    """A refused record does not end the session, and its answer carries the next token."""
    keeper.answers = ["", "(SBL-EAI-04401)"]
    calls = connected()
    ask(calls)
    with pytest.raises(SiebelFaultError) as met:
        ask(calls)
    ask(calls)

    assert FaultClass.PICKLIST is met.value.fault.kind
    assert "canary-token-1-2" == keeper.asked[2]["SessionToken"]
    assert 1 == keeper.logins


def test_an_expired_token_is_followed_by_one_login_and_the_same_message(keeper, connected):
    """Nothing was carried out, so the message is sent again with credentials."""
    calls = connected()
    ask(calls)
    keeper.tokens.clear()

    assert b"answer" in ask(calls)
    assert 2 == keeper.logins
    assert [None, "canary-token-1-1", None] == [each.get("SessionToken") for each in keeper.asked]


@pytest.mark.parametrize("code", ["SBL-UIF-00880", "(SBL-UIF-00880)", "Error Code: 10944642"])
def test_a_session_that_is_lost_again_at_once_is_reported(keeper, connected, code):
    """One log-in, one repetition, no loop."""
    calls = connected()
    ask(calls)
    keeper.answers = [code, code, code, code]

    with pytest.raises(SiebelFaultError) as met:
        ask(calls)

    assert FaultClass.TOKEN is met.value.fault.kind
    assert 3 == len(keeper.asked)


def test_a_refused_password_is_tried_once(keeper, connected):
    """Trying on would lock the account."""
    with pytest.raises(SiebelFaultError) as met:
        ask(connected(password="canary-wrong"))

    assert FaultClass.LOGIN is met.value.fault.kind
    assert 1 == len(keeper.asked)


def test_a_password_that_is_refused_after_expiry_is_tried_once(keeper, connected):
    """The account was locked meanwhile."""
    calls = connected()
    ask(calls)
    keeper.tokens.clear()
    keeper.answers = ["", "(SBL-UIF-00272)"]

    with pytest.raises(SiebelFaultError) as met:
        ask(calls)

    assert FaultClass.LOGIN is met.value.fault.kind
    assert 3 == len(keeper.asked)


def test_each_worker_has_its_own_token(keeper, connected):
    """Four at once: four sessions, and no task is asked twice at a time."""
    calls = connected()
    keeper.meeting = threading.Barrier(4)
    for _ in range(3):
        workers = [threading.Thread(target=ask, args=(calls,)) for _ in range(4)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()

    assert (4, 0, 12) == (keeper.logins, keeper.overlaps, len(keeper.asked))


def test_a_session_whose_answer_was_lost_is_left_alone(keeper, connected):
    """Its task may still be busy, and its latest token is not known."""
    calls = connected()
    ask(calls)
    keeper.answers = ["drop"]
    with pytest.raises(OutcomeUnknown):
        ask(calls)
    ask(calls)

    assert 2 == keeper.logins


def test_a_busy_page_does_not_cost_the_session(keeper, connected):
    """It comes from the web server; Siebel's session is as it was."""
    calls = connected()
    ask(calls)
    keeper.answers = ["html"]
    with pytest.raises(NotSiebelAnswer):
        ask(calls)
    ask(calls)

    assert 1 == keeper.logins


def test_closing_logs_every_session_out(keeper, connected):
    """Token and SessionType None, once each; no password is needed for it."""
    calls = connected()
    ask(calls)
    calls.close(message)
    calls.close(message)

    assert {"SessionToken": "canary-token-1-1", "SessionType": "None"} == keeper.asked[-1]
    assert 2 == len(keeper.asked)
    assert {} == keeper.tokens


def test_closing_logs_out_a_session_whose_answer_was_lost(keeper, connected):
    """With the last token that is known: where the call did not arrive, it still holds."""
    calls = connected()
    ask(calls)
    keeper.answers = ["lost"]
    with pytest.raises(OutcomeUnknown):
        ask(calls)
    ask(calls)
    calls.close(message)
    calls.close(message)

    assert {} == keeper.tokens
    assert ["None", "None"] == [asked["SessionType"] for asked in keeper.asked[-2:]]
    assert 5 == len(keeper.asked)


def test_many_lost_answers_do_not_hold_up_closing(keeper, connected):
    """The latest of them are tried, and none after the first that nobody answers."""
    calls = connected()
    for _ in range(20):
        ask(calls)
        keeper.answers = ["lost"]
        with pytest.raises(OutcomeUnknown):
            ask(calls)
    before = len(keeper.asked)
    keeper.answers = ["", "", "lost"]
    calls.close(message)

    assert 3 == len(keeper.asked) - before


def test_closing_survives_a_siebel_that_is_gone(keeper, connected):
    """Logging out is a courtesy."""
    calls = connected()
    ask(calls)
    keeper.answers = ["drop"]

    calls.close(message)


@pytest.mark.parametrize(
    ("security", "namespace", "password_type"),
    [
        ("wsse-2002", SECEXT_2002, "wsse:PasswordText"),
        (
            "wsse-2004",
            SECEXT_2004,
            "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0#PasswordText",
        ),
    ],
)
def test_credentials_travel_as_ws_security(keeper, connected, security, namespace, password_type):
    """Clear text, in the namespace that the site wants; Siebel's own headers carry the session alone."""
    calls = connected(security=security)
    ask(calls)
    ask(calls)
    (found,) = etree.fromstring(keeper.bodies[0]).iter(f"{{{namespace}}}Security")
    (password,) = found.iter(f"{{{namespace}}}Password")

    assert ("canary-pw", password_type) == (password.text, password.get("Type"))
    assert ["CRMBRIDGE"] == [each.text for each in found.iter(f"{{{namespace}}}Username")]
    assert b"PasswordText>" not in keeper.bodies[0]
    assert b"canary-pw" not in keeper.bodies[1]


def test_a_password_may_hold_any_character(keeper, connected):
    """Markup in it is text."""
    with pytest.raises(SiebelFaultError):
        ask(connected(password="<&>'\"]]>"))

    assert "<&>'\"]]>" == keeper.asked[0]["PasswordText"]


def test_no_credentials_can_be_sent(keeper, connected):
    """An anonymous user, or a gateway that knows us by our certificate."""
    with pytest.raises(SiebelFaultError):
        ask(connected("none", security="none"))

    assert {"SessionType": "None"} == keeper.asked[0]


def test_an_unreachable_siebel_keeps_the_token(keeper, connected):
    """Nothing was sent."""
    calls = connected()
    ask(calls)
    here, keeper_endpoint = keeper.endpoint, calls._wire._endpoint
    calls._wire._endpoint = "http://127.0.0.1:1/"
    with pytest.raises(Unreachable):
        ask(calls)
    calls._wire._endpoint = keeper_endpoint
    ask(calls)

    assert here == keeper_endpoint
    assert 1 == keeper.logins


def test_a_gateways_refusal_is_one_of_credentials(keeper, connected):
    """HTTP 401 before Siebel."""
    keeper.answer = lambda body: (401, "text/plain", b"")

    with pytest.raises(CredentialsRefused):
        ask(connected())
