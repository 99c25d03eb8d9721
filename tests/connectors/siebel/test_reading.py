"""What the bridge reads from Siebel: pages, polls, empty fields, child rows, and pages that cannot be read."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest

from crm_bridge.api import ConfigMistake, KeyLister, RecordSource, RecordTarget, RejectRecord, RetryLater, WriteLookup
from crm_bridge_siebel.connector import SiebelConnector


def ids_of(pages):
    return [record["Id"] for page in pages for record in page.records]


def test_it_is_what_it_says(siebel):
    """The connector fulfils the protocols that its capabilities speak of."""
    connector = siebel.connector()

    assert isinstance(connector, RecordSource)
    assert isinstance(connector, RecordTarget)
    assert isinstance(connector, KeyLister)
    assert isinstance(connector, WriteLookup)
    assert list(connector.kinds()) == ["contact", "claim"]
    assert connector.capabilities("contact").conditional_writes
    assert not connector.capabilities("claim").conditional_writes
    assert [] == list(connector.check())


def test_pages_reach_the_end(siebel, drain):
    """Every record comes once, in pages of the configured size, with all ties in one second."""
    loaded = siebel.load(25)

    pages, _ = drain(siebel.connector(page_size=10))

    assert [10, 10, 5] == [len(page.records) for page in pages]
    assert loaded == ids_of(pages)


def test_a_second_poll_finds_nothing(siebel, drain):
    """What was given is not given again while nothing changed."""
    siebel.load(25)
    connector = siebel.connector(page_size=10)
    _, cursor = drain(connector)

    assert [] == drain(connector, cursor)[0]


def test_an_empty_system_gives_no_page(siebel, drain):
    """No records: no page and no cursor."""
    assert ([], None) == drain(siebel.connector())


@pytest.mark.parametrize("stop_after", [1, 2])
def test_each_page_can_be_resumed_behind(siebel, drain, stop_after):
    """A run that ended after any page goes on without a gap."""
    loaded = siebel.load(25)
    connector = siebel.connector(page_size=10)
    reading = connector.read_changes("contact", None)
    first = [next(reading) for _ in range(stop_after)]

    rest, _ = drain(connector, first[-1].cursor)

    assert loaded == ids_of(first) + ids_of(rest)


def test_an_edit_in_the_very_second_that_was_read_is_found(siebel, drain):
    """Times carry whole seconds: an edit behind the watermark's back, in its own second, still arrives."""
    loaded = siebel.load(5)
    connector = siebel.connector()
    _, cursor = drain(connector)
    siebel.simulator.edit("contact", loaded[0], {"JobTitle": "інженерка"})

    pages, cursor = drain(connector, cursor)

    assert [loaded[0]] == ids_of(pages)
    assert "інженерка" == pages[0].records[0]["JobTitle"]
    assert [] == drain(connector, cursor)[0]


def test_a_late_commit_is_found(siebel, drain):
    """A change whose time lies before the watermark, within the overlap, still arrives."""
    loaded = siebel.load(3)
    siebel.clock.move(60)
    siebel.load(1)
    connector = siebel.connector(overlap_seconds=120)
    _, cursor = drain(connector)
    siebel.simulator.edit("contact", loaded[1], {"JobTitle": "x", "Updated": "10/20/2026 08:00:30"})

    assert [loaded[1]] == ids_of(drain(connector, cursor)[0])


def test_edits_during_a_drain_are_not_missed(siebel, drain):
    """Rows that move while pages are read come in this drain or the next, in their last version."""
    loaded = siebel.load(30)
    connector = siebel.connector(page_size=5)
    latest = {}
    cursor = None
    for number, page in enumerate(connector.read_changes("contact", None)):
        latest |= {record["Id"]: record.get("JobTitle") for record in page.records}
        cursor = page.cursor
        if number < 6:
            siebel.clock.move(number % 2)
            for victim in (loaded[number], loaded[number + 10], loaded[29 - number]):
                siebel.simulator.edit("contact", victim, {"JobTitle": f"посада {number}"})
    pages, _ = drain(connector, cursor)
    latest |= {record["Id"]: record.get("JobTitle") for page in pages for record in page.records}

    assert {row["Id"]: row.get("JobTitle") for row in siebel.simulator.records("contact")} == latest


def test_many_ties_keep_the_cursor_of_middle_pages_small(siebel, drain):
    """A bulk load in one second does not put every key into every cursor; the last one has them, packed."""
    siebel.load(2500)
    connector = siebel.connector(page_size=500, children={})

    pages, cursor = drain(connector)

    assert max(len(page.cursor) for page in pages[2:-1]) < 200
    assert "packed" in json.loads(cursor)
    assert [] == drain(connector, cursor)[0]


def test_empty_and_absent_are_told_apart(siebel):
    """An empty element is an empty text, an absent element an absent key; containers likewise."""
    (record_id,) = siebel.simulator.load(
        "contact", [{"LastName": "Тест", "JobTitle": "", "ListOfChild": {"Child": []}}]
    )

    (record,) = siebel.connector().read("contact", [record_id])

    assert "" == record["JobTitle"]
    assert "FirstName" not in record
    assert {"Child": []} == record["ListOfChild"]
    assert "ListOfConsent" not in record


def test_what_is_read_is_what_is_held(siebel):
    """Awkward characters and nested rows arrive as they are."""
    awkward = 'О\'Ніл & <Син> "ґ" \t\n ]]> 😀'
    (record_id,) = siebel.simulator.load(
        "contact", [{"LastName": awkward, "ListOfChild": {"Child": [{"FirstName": "Марко", "BirthDate": ""}]}}]
    )

    assert [siebel.held(record_id)] == list(siebel.connector().read("contact", [record_id, "1-NONE"]))


def test_claims_are_read(siebel, drain):
    """The second service has its own shape."""
    siebel.simulator.load("claim", [{"ClaimNumber": "CL-1", "ListOfDocument": {"Document": [{"Name": "Довідка"}]}}])

    pages, _ = drain(siebel.connector(), kind="claim")

    assert list(siebel.simulator.records("claim")) == list(pages[0].records)


def test_more_child_rows_than_a_page_all_arrive(siebel):
    """Containers are paged too, ten rows by default in Siebel: the connector goes on until it has all."""
    (record_id,) = siebel.simulator.load(
        "contact", [{"LastName": "Тест", "ListOfChild": {"Child": [{"FirstName": f"Д{i}"} for i in range(23)]}}]
    )

    (record,) = siebel.connector(child_page_size=5).read("contact", [record_id])

    assert siebel.held(record_id) == record


def test_every_key_is_listed(siebel):
    """Keys come in pages of their own and lack none."""
    loaded = siebel.load(25)

    assert loaded == list(siebel.connector(page_size=10).list_keys("contact"))


def test_a_listing_does_not_end_early(siebel):
    """A short list would look like deletions, so a failure raises."""
    siebel.load(25)
    listing = siebel.connector(page_size=10).list_keys("contact")
    next(listing)
    siebel.simulator.configure(truncate_next=99)

    with pytest.raises(RetryLater):
        list(listing)


def test_a_page_above_the_maximum_is_refused_in_words(siebel, drain):
    """Siebel's own limit is met as a refusal, not as a short page."""
    siebel.simulator.configure(max_page_size=100)

    with pytest.raises(ConfigMistake, match=r"SBL-EAI-04376.* lower page_size"):
        drain(siebel.connector(page_size=500))


def test_one_truncated_answer_is_asked_for_again(siebel, drain):
    """A transient fault of the line costs nothing."""
    loaded = siebel.load(3)
    siebel.simulator.configure(truncate_next=1)

    assert loaded == ids_of(drain(siebel.connector())[0])


@pytest.mark.parametrize("knob", ["truncate_next", "malformed_next"])
def test_unreadable_answers_leave_the_good_pages(siebel, knob):
    """Pages given before stand, their cursor is good, and the error says that the records are fine."""
    loaded = siebel.load(25)
    connector = siebel.connector(page_size=10)
    reading = connector.read_changes("contact", None)
    first = next(reading)
    siebel.simulator.configure(**{knob: 999})
    with pytest.raises(RetryLater):
        next(reading)
    siebel.simulator.configure(**{knob: 0})

    assert loaded == ids_of([first, *connector.read_changes("contact", first.cursor)])


def test_a_record_that_breaks_its_page_stands_alone(siebel, drain):
    """A control character makes Siebel's XML malformed: that record is broken, every other one arrives."""
    loaded = siebel.load(25)
    siebel.simulator.edit("contact", loaded[7], {"JobTitle": "зі\x08птом"})
    connector = siebel.connector(page_size=10)

    pages, cursor = drain(connector)

    (broken,) = [piece for page in pages for piece in page.broken]
    assert loaded[7] == broken.record_id
    assert f"contact {loaded[7]}" == broken.position
    assert sorted(set(loaded) - {loaded[7]}) == sorted(ids_of(pages))
    assert [[], []] == [ids_of(drain(connector, cursor)[0]), ids_of(drain(connector, drain(connector, cursor)[1])[0])]


def test_a_record_that_breaks_its_page_costs_one_wait(siebel, drain, monkeypatch):
    """That the answer is whole and a row in it is not shows at the page itself; taking it apart needs no patience."""
    loaded = siebel.load(60)
    siebel.simulator.edit("contact", loaded[37], {"JobTitle": "зі\x08птом"})
    waits: list[float] = []
    monkeypatch.setattr("tenacity.nap.time", SimpleNamespace(sleep=waits.append))
    connector = siebel.connector(retry_wait_seconds=0.5)

    pages, _ = drain(connector)
    by_poll = list(waits)
    with pytest.raises(RejectRecord):
        connector.read("contact", loaded)

    assert [loaded[37]] == [piece.record_id for page in pages for piece in page.broken]
    assert 59 == len(ids_of(pages))
    assert [0.5] == by_poll
    assert [0.5, 0.5] == waits


def test_a_foreign_cursor_is_refused(siebel, drain):
    """A cursor of another connector stops the run instead of reading from somewhere."""
    with pytest.raises(ConfigMistake, match="cursor"):
        drain(siebel.connector(), "page=7")


def test_an_unknown_kind_is_a_mistake_in_the_configuration(siebel):
    """The message names the kinds that there are."""
    with pytest.raises(ConfigMistake, match="contact, claim"):
        siebel.connector().read("account", ["1"])


def test_opening_does_no_io(tmp_path):
    """A connector can be built while Siebel is away and the password unset."""
    from crm_bridge_siebel.registration import connector_type

    kind = connector_type()
    settings = kind.settings(endpoint="http://127.0.0.1:1/", username="u", password_ref="env:NOT_SET")

    def refuse(reference):
        raise AssertionError("asked for a secret")

    from crm_bridge.api import ConnectorContext

    connector = kind.open(
        settings, ConnectorContext(system="siebel", base_dir=tmp_path, secret=refuse, clock=lambda: None)
    )

    assert isinstance(connector, SiebelConnector)
    connector.close()
