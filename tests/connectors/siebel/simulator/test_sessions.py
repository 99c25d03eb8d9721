"""Sessions live and die as Siebel's documents say, on a clock that the test moves."""

from __future__ import annotations

import pytest
import requests

ASK = "<Contact><Id/></Contact>"
BAD_TOKEN = {"10944642"}


@pytest.fixture
def asked(soap):
    """A query under a login header."""

    def ask(session_type="Stateless", **more):
        return soap.adapter("QueryPage", ASK, header=soap.header(session_type, **more))

    return ask


def test_none_gives_no_token(asked):
    """Each call carries its credentials."""
    assert "" == asked("None").token


@pytest.mark.parametrize("kind", ["Stateless", "stateless", "STATEFUL", "ServerDetermine"])
def test_a_session_gives_a_new_token_with_every_answer(asked, kind):
    """The one of the latest answer counts, whatever the case of the type's letters."""
    tokens = [asked(kind).token]
    tokens += [asked(kind, token=tokens[-1]).token for _ in range(2)]
    tokens += [asked(kind, token=tokens[-1]).token]

    assert 4 == len(set(tokens))
    assert BAD_TOKEN == asked(kind, token=tokens[0]).codes


def test_old_tokens_may_live_on(asked, turn):
    """On sites where they do."""
    turn(old_tokens_live=True)
    first = asked().token
    asked(token=first)

    assert set() == asked(token=first).codes


def test_faults_carry_a_token_too(soap):
    """Whoever drops it logs in once more than needed."""
    heard = soap.adapter("Insert", "<Contact><FirstName>x</FirstName></Contact>", header=soap.header("Stateless"))

    assert {"SBL-DAT-00498"} == heard.codes
    assert heard.token


def test_an_invented_token_is_refused(asked):
    """By number: this fault has no SBL code."""
    assert BAD_TOKEN == asked(token="invented").codes


@pytest.mark.parametrize(
    ("kind", "knobs", "seconds", "lives"),
    [
        ("Stateless", {}, 899, True),
        ("Stateless", {}, 901, False),
        ("Stateless", {"session_timeout": 60}, 61, True),
        ("Stateful", {"session_timeout": 60}, 61, False),
        ("Stateless", {"session_token_timeout": 60}, 61, False),
        ("Stateless", {"session_token_timeout": 1e9, "session_timeout": 1e9}, 2880 * 60 - 1, True),
        ("Stateless", {"session_token_timeout": 1e9, "session_timeout": 1e9}, 2880 * 60 + 1, False),
        ("Stateless", {"session_token_timeout": 1e9, "session_token_max_age": 1}, 61, False),
    ],
)
def test_sessions_and_tokens_run_out(siebel, asked, turn, kind, knobs, seconds, lives):
    """SessionTimeout, SessionTokenTimeout and SessionTokenMaxAge, each by itself."""
    turn(**{name: float(value) for name, value in knobs.items()})
    token = asked(kind).token

    siebel.clock.move(seconds)

    assert (set() if lives else BAD_TOKEN) == asked(kind, token=token).codes


def test_use_keeps_a_token_alive(siebel, asked):
    """Until its whole age is over."""
    token = asked().token
    for _ in range(5):
        siebel.clock.move(600)
        token = asked(token=token).token

    assert token


def test_a_token_without_a_session_type_logs_out(siebel, asked):
    """And the call itself is still carried out."""
    token = asked().token

    last = asked("None", token=token)

    assert (set(), "") == (last.codes, last.token)
    assert BAD_TOKEN == asked(token=token).codes
    assert {"open": 0} == requests.get(_control(siebel, "sessions"), timeout=5).json()


def test_a_session_ends_with_its_task(siebel, asked, turn):
    """SBL-UIF-00880, unless the tie of token and task was broken."""
    one, two = asked().token, asked().token
    turn(task_gone_next=1)
    gone = asked(token=one)
    siebel.simulator.kill_tasks()
    killed = asked(token=two)
    turn(session_preference=False)
    three = asked().token
    requests.post(_control(siebel, "kill-tasks"), timeout=5).raise_for_status()

    assert ({"SBL-UIF-00880"}, {"SBL-UIF-00880"}, set()) == (gone.codes, killed.codes, asked(token=three).codes)


def test_tasks_are_few(asked, turn):
    """Sessions that nobody ends keep others out, with a page that is no XML."""
    turn(max_tasks=1)
    token = asked().token

    assert asked().text.startswith("<!DOCTYPE html>")
    asked("None", token=token)
    assert asked().token


def test_wrong_credentials_are_refused(asked, turn):
    """In a session as without."""
    assert {"SBL-UIF-00272"} == asked(password="wrong").codes
    assert {"SBL-UIF-00272"} == asked("None", username="someone").codes
    turn(reject_login=True)
    assert {"SBL-UIF-00272"} == asked("None").codes
    assert {"SBL-EAI-04316"} == asked("Sometimes").codes


def test_without_credentials_nobody_calls(siebel, soap, turn):
    """Or the anonymous user, who sees no row and has no session."""
    siebel.load(1)
    stateless = '<w:SessionType xmlns:w="http://siebel.com/webservices">Stateless</w:SessionType>'

    refused = soap.adapter("QueryPage", ASK, header="")
    turn(anonymous=True)
    guest = soap.adapter("QueryPage", ASK, header="")

    assert {"SBL-UIF-00272"} == refused.codes
    assert (set(), []) == (guest.codes, guest.all("Id"))
    assert BAD_TOKEN == soap.adapter("QueryPage", ASK, header=stateless).codes


@pytest.mark.parametrize(
    ("space", "taken"),
    [
        ("http://schemas.xmlsoap.org/ws/2002/07/secext", True),
        ("http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd", False),
    ],
)
def test_ws_security_is_understood_in_its_draft_of_2002(soap, space, taken):
    """The documented one; the later standard is not looked at."""
    header = (
        f'<s:Security xmlns:s="{space}"><s:UsernameToken><s:Username>BRIDGE</s:Username>'
        f"<s:Password>{soap.password}</s:Password></s:UsernameToken></s:Security>"
    )

    assert (set() if taken else {"SBL-UIF-00272"}) == soap.adapter("QueryPage", ASK, header=header).codes


def test_headers_need_wssoap_in_the_address(siebel, soap):
    """Without it, only credentials in the address are seen."""
    body = '<a:CRMContactServicesQueryById_Input xmlns:a="http://siebel.com/asi/"/>'
    bare = siebel.settings["endpoint"].replace("&WSSOAP=1", "")

    assert {"SBL-UIF-00272"} == soap.send(body, endpoint=bare).codes
    assert set() == soap.send(body, endpoint=f"{bare}&UserName=BRIDGE&Password={soap.password}", header="").codes


def test_a_session_pages_through_the_query_that_it_began(siebel, soap):
    """Rows that come later are in the next query alone."""
    siebel.load(3)
    header = soap.header("Stateful")
    first = soap.asi("QueryPage", PageSize="2", StartRowNum="0", SortSpec="LastName", header=header)
    siebel.simulator.load("contact", [{"LastName": "А"}])

    second = soap.asi(
        "QueryPage",
        PageSize="2",
        StartRowNum="2",
        SortSpec="LastName",
        header=soap.header("Stateful", token=first.token),
    )
    again = soap.asi(
        "QueryPage",
        PageSize="9",
        StartRowNum="0",
        SortSpec="LastName",
        NewQuery="true",
        header=soap.header("Stateful", token=second.token),
    )

    assert (["Тест0", "Тест1"], ["Тест2"]) == (first.all("LastName"), second.all("LastName"))
    assert ["А", "Тест0", "Тест1", "Тест2"] == again.all("LastName")


def test_each_folder_has_a_password_of_its_own(siebel, tmp_path):
    """So that one project's bridge cannot write into another's simulator by accident; it is kept."""
    from crm_bridge_siebel.simulator.stand_in import SiebelSimulator

    one, other = siebel.folder / "siebel" / "password", tmp_path / "other" / "password"
    first = one.read_text(encoding="ascii")
    for _ in range(2):
        simulator = SiebelSimulator(tmp_path / "other", siebel.clock)
        simulator.start()
        simulator.stop()
        second = other.read_text(encoding="ascii")
        assert second == other.read_text(encoding="ascii") != first
    siebel.simulator.stop()
    siebel.simulator.start()

    assert (first, 0o600) == (one.read_text(encoding="ascii"), one.stat().st_mode & 0o777)


def _control(siebel, path):
    return siebel.settings["endpoint"].split("/siebel")[0] + f"/_simulator/{path}"
