"""Answers that no repetition mends: in encodings that nobody reads, and pages of what stands before Siebel."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_hostile_peer import connected, contact, envelope, met, peer, sends

from crm_bridge.api import BridgeError, ConfigMistake, CredentialsRefused, RetryLater, Unknown
from crm_bridge_siebel.encodings import in_utf8
from crm_bridge_siebel.translation import OtherAnswer, UnreadableAnswer

LOGIN = b"<html><body><form><INPUT class='x' type='Password' name='SWEPassword'></form></body></html>"
BUSY = b"<html><body>The server you are trying to access is either busy or experiencing difficulties.</body></html>"


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_a_declared_utf_16_is_read(tmp_path, encoding):
    """With a byte order mark or without."""
    body = envelope(contact("<LastName>Їжаченко 😀</LastName>"), prolog="<?xml version='1.0' encoding='UTF-16'?>")

    with peer(sends(body.decode().encode(encoding))) as endpoint, connected(endpoint, tmp_path) as connector:
        (record,) = connector.read("contact", ["1-1"])

    assert "Їжаченко 😀" == record["LastName"]


@pytest.mark.parametrize(
    "body",
    [
        envelope("").decode().encode("utf-32"),
        envelope("").decode().encode("utf-32-be"),
        envelope("", prolog="<?xml version='1.0' encoding='UTF-8'?>").decode().encode("utf-16"),
        b"\x00\x01\x02" * 30,
    ],
    ids=["UTF-32", "UTF-32, unmarked", "says UTF-8", "no text"],
)
def test_what_nobody_can_read_is_not_tried_for_ever(tmp_path, update, body):
    """A mistake of the site; of a write nobody can tell what became of it."""
    with peer(sends(body)) as endpoint, connected(endpoint, tmp_path) as connector:
        with pytest.raises(ConfigMistake, match="in UTF-8"):
            connector.read("contact", ["1-1"])
        (outcome,) = connector.write("contact", [update("1-1", LastName="Коваль")])

    assert isinstance(outcome, Unknown)


@given(st.text(st.characters(blacklist_categories=["Cs"])), st.integers(1, 7), st.sampled_from(["", "\ufeff"]))
def test_however_it_comes_in_it_is_the_same_text(text, size, mark):
    """Cut in the middle of a character too."""
    whole = "<?xml version='1.0' encoding='utf-16'?>" + text
    body = (mark + whole).encode("utf-16-le")
    pieces = (body[at : at + size] for at in range(0, len(body), size))

    found = in_utf8(body[:64], pieces, system="s")

    assert whole.replace("utf-16", "UTF-8", 1).encode() == b"".join(found or ())


def test_half_a_character_is_half_an_answer():
    """The line broke off: it may be asked for again."""
    body = "<a/>".encode("utf-16")[:-1]

    with pytest.raises(UnreadableAnswer):
        b"".join(in_utf8(body, iter([body]), system="s") or ())
    with pytest.raises(OtherAnswer):
        in_utf8(b"a\x00", iter(()), system="s")


@pytest.mark.parametrize("status", [200, 500])
def test_a_log_in_page_stops_the_run(tmp_path, update, status):
    """Something before Siebel wants a log-in of its own: neither a query nor a write is tried again."""
    with peer(sends(LOGIN, status=status, Content_Type="text/html")) as endpoint:
        with connected(endpoint, tmp_path) as connector:
            with pytest.raises(CredentialsRefused, match="authentication type"):
                connector.read("contact", ["1-1"])
            with pytest.raises(CredentialsRefused):
                connector.write("contact", [update("1-1", LastName="Коваль")])
        with (
            connected(endpoint.replace("WSSOAP=1", ""), tmp_path) as connector,
            pytest.raises(ConfigMistake, match="lacks WSSOAP=1"),
        ):
            connector.read("contact", ["1-1"])


@pytest.mark.parametrize("status", [200, 408, 500, 502, 503, 504])
def test_a_busy_page_is_waited_for(tmp_path, status):
    """Siebel's own comes with 200 too."""
    assert isinstance(met(sends(BUSY, status=status, Content_Type="text/html"), tmp_path), RetryLater)


@pytest.mark.parametrize("status", [400, 405, 410, 415])
@pytest.mark.parametrize("kind", ["text/html", "text/plain"])
def test_a_call_that_the_web_server_refuses_is_a_mistake_of_the_settings(tmp_path, status, kind):
    """It would be refused for ever."""
    error = met(sends(BUSY, status=status, Content_Type=kind), tmp_path)

    assert isinstance(error, ConfigMistake)
    assert f"HTTP {status}" in error.message


@pytest.mark.parametrize("place", ["<ListOfCrm", "</e:Body>", "</ListOfCrm", "<o:CRM"])
def test_a_prefix_that_nobody_declared_is_no_bug_of_ours(tmp_path, update, place):
    """The parser lets such a name pass: what comes of it is a record or one of our own refusals, and no crash."""
    body = envelope(contact("")).replace(place.encode(), b"<q:Id>1</q:Id>" + place.encode(), 1)

    with peer(sends(body)) as endpoint, connected(endpoint, tmp_path) as connector:
        with suppress(BridgeError):
            assert ["1-1"] == [record["Id"] for record in connector.read("contact", ["1-1"])]
        assert 1 == len(connector.write("contact", [update("1-1", LastName="Коваль")]))
