"""Answers that another SOAP stack may give: read for what they say, and never taken for a mistake of the settings."""

from __future__ import annotations

import re

import pytest
from test_hostile_peer import connected, contact, envelope, peer, sends

from crm_bridge.api import ConfigMistake, RejectRecord, Unknown


def says(bodies):
    """These answers one after the other, the last one for ever."""
    left = list(bodies)

    def answer(handler):
        sends(left.pop(0) if len(left) > 1 else left[0])(handler)

    return answer


def drained(tmp_path, *bodies, **settings):
    """The pages of one drain against a peer that gives these answers, the last one for ever."""
    with peer(says(bodies)) as endpoint, connected(endpoint, tmp_path, **settings) as connector:
        return list(connector.read_changes("contact", None))


def ids(pages):
    return [record["Id"] for page in pages for record in page.records]


def test_an_empty_page_that_is_not_the_last_ends_the_drain(tmp_path):
    """Nothing stands behind the position, whatever the page says of others."""
    assert [] == drained(tmp_path, envelope("").replace(b"'true'", b"'false'"))


def test_blanks_around_system_fields_are_not_part_of_them(tmp_path):
    """A pretty-printed answer has the same versions and times."""
    pretty = re.sub(r"<(Id|Updated|ModId)>(.*?)</", r"<\1>\n   \2\n  </", contact("<LastName>Коваль</LastName>"))

    [page] = drained(tmp_path, envelope(pretty))

    assert ("1-1", "10/20/2026 08:00:00", "0") == tuple(page.records[0][name] for name in ("Id", "Updated", "ModId"))


def test_a_full_page_that_calls_itself_the_last_is_asked_what_stands_behind_it(tmp_path):
    """Some services call every page the last one."""
    rows = [contact("").replace("1-1", f"1-{number}").replace("08:00:00", f"08:00:0{number}") for number in range(1, 6)]
    pages = [envelope("".join(rows[:2])), envelope("".join(rows[2:4])), envelope(rows[4])]

    assert ["1-1", "1-2", "1-3", "1-4", "1-5"] == ids(drained(tmp_path, *pages, page_size=2))


def test_a_service_that_gives_the_same_full_page_for_ever_ends(tmp_path):
    """It does not listen to what it is asked."""
    rows = contact("") + contact("").replace("1-1", "1-2")

    assert ["1-1", "1-2"] == ids(drained(tmp_path, envelope(rows), page_size=2))


@pytest.mark.parametrize(
    "call", [lambda c: list(c.read_changes("contact", None)), lambda c: list(c.list_keys("contact"))]
)
def test_a_service_that_gives_the_same_page_and_says_that_more_follows_is_named(tmp_path, call):
    """Going on would never end, and it is not the connection's fault."""
    rows = contact("") + contact("").replace("1-1", "1-2")
    body = envelope(rows).replace(b"'true'", b"'false'")

    with peer(sends(body)) as endpoint, connected(endpoint, tmp_path, page_size=2) as connector:
        given = connector.read_changes("contact", None) if call == "read_changes" else connector.list_keys("contact")
        with pytest.raises(ConfigMistake, match="the same page"):
            list(given)


def test_a_list_of_keys_asks_behind_a_full_page_that_calls_itself_the_last(tmp_path):
    """A short list would look like deletions."""
    rows = [contact("").replace("1-1", f"1-{number}") for number in range(1, 6)]
    pages = [envelope("".join(each)) for each in (rows[:2], rows[2:4], rows[4:])]

    with peer(says(pages)) as endpoint, connected(endpoint, tmp_path, page_size=2) as connector:
        assert ["1-1", "1-2", "1-3", "1-4", "1-5"] == list(connector.list_keys("contact"))


def test_rows_that_two_pages_share_are_listed_once(tmp_path):
    """Some services begin a page with the row that was named."""
    rows = [contact("").replace("1-1", f"1-{number}") for number in range(1, 4)]
    pages = [envelope("".join(each)).replace(b"'true'", b"'false'") for each in (rows[:2], rows[1:], [])]

    with peer(says(pages)) as endpoint, connected(endpoint, tmp_path, page_size=2) as connector:
        assert ["1-1", "1-2", "1-3"] == list(connector.list_keys("contact"))


def test_a_record_that_cannot_be_read_is_named_when_it_is_asked_for(tmp_path):
    """It is that record's trouble and not the connection's: its key, alone, comes well."""

    def answer(handler):
        rows = []
        for number in [number for number in "12" if f"'1-{number}'" in handler.body]:
            bad = "<LastName>&#1;</LastName>" if number == "2" and "LastName" in handler.body else ""
            rows.append(contact(bad).replace("1-1", f"1-{number}"))
        sends(envelope("".join(rows)))(handler)

    with peer(answer) as endpoint, connected(endpoint, tmp_path) as connector:
        assert ["1-1"] == [record["Id"] for record in connector.read("contact", ["1-1"])]
        with pytest.raises(RejectRecord) as caught:
            connector.read("contact", ["1-1", "1-2"])
    assert "contact:1-2" == caught.value.record


ASKED = b"CRM_Contact_BSQueryPage_Output"


@pytest.mark.parametrize(
    "other",
    [
        envelope("").replace(ASKED, b"CRM_Contact_BSInsert_Output"),
        envelope("").replace(b"http://siebel.com/CustomUI", b"http://siebel.com/asi/"),
        envelope("").replace(ASKED, b"CRM_Claim_BSQueryPage_Output"),
    ],
    ids=["operation", "namespace", "service"],
)
def test_the_answer_of_another_operation_is_refused(tmp_path, other, create):
    """Which element was expected, which came, and what to do; for a write nobody can tell what was done."""
    with peer(sends(other)) as endpoint, connected(endpoint, tmp_path) as connector:
        with pytest.raises(ConfigMistake) as caught:
            list(connector.read_changes("contact", None))
        (outcome,) = connector.write("contact", [create(LastName="Коваль")])

    expected, came = "{http://siebel.com/CustomUI}CRM_Contact_BSQueryPage_Output", re.search(rb"<o:(\w+)", other)[1]
    assert expected in str(caught.value)
    assert came.decode() in str(caught.value)
    assert "inspect" in str(caught.value)
    assert isinstance(outcome, Unknown) or came == b"CRM_Contact_BSInsert_Output"


def test_one_record_without_a_time_does_not_stop_the_others(tmp_path):
    """Also when it is the last one of its page."""
    bare = "<Contact><Id>1-2</Id><LastName>Коваль</LastName></Contact>"

    for rows in (contact("") + bare, bare + contact("")):
        assert ["1-1", "1-2"] == sorted(ids(drained(tmp_path, envelope(rows))))
