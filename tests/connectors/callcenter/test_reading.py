"""Reading a call centre: pages, cursors, and what goes wrong on the way."""

from __future__ import annotations

import pytest

from crm_bridge.api import (
    CredentialsRefused,
    KeyLister,
    RecordSource,
    RecordTarget,
    RejectRecord,
    RetryLater,
    Unreachable,
)
from crm_bridge.testing.simulation import LoopbackServer, Reply
from crm_bridge_callcenter.simulator import CallCenterSimulator

from .conftest import client


def ids(pages):
    return [record["id"] for page in pages for record in page.records]


def test_it_is_what_it_says(connector):
    """The bridge looks for protocols with isinstance."""
    assert isinstance(connector, RecordSource)
    assert isinstance(connector, KeyLister)
    assert isinstance(connector, RecordTarget)


def test_a_record_is_passed_on_untouched(connector, system):
    """Fields that nobody maps are there too, Cyrillic and nulls as they were."""
    system.load("client", [client(1, queue="вечірня", home_phone=None)])

    assert list(system.records("client")) == [
        dict(r) for page in connector.read_changes("client", None) for r in page.records
    ]


def test_an_id_with_a_comma_is_read_by_it(connector, system):
    """Ids are asked for in one list: a comma in one divides nothing, nor does a percent sign open a code."""
    system.load("client", [client(number, id=name) for number, name in enumerate(["a,b", "a", "b", "50%2C", "ї"])])

    found = connector.read("client", ["a,b", "50%2C", "ї"])

    assert ["a,b", "50%2C", "ї"] == [record["id"] for record in found]


def test_a_settled_cursor_brings_nothing_again(connector, system, clock):
    """Once the last second is over, what was read is not read again."""
    system.load("client", [client(number) for number in range(5)])
    clock.forward(10)
    cursor = list(connector.read_changes("client", None))[-1].cursor

    assert [] == list(connector.read_changes("client", cursor))


def test_a_change_in_the_second_of_the_last_page_is_not_skipped(connector, system, clock):
    """A client with a smaller id changed in the very second in which reading ended."""
    first, second = system.load("client", [client(1), client(2)])
    clock.forward(10)
    system.edit("client", second, {"job_title": "лікар"})
    cursor = list(connector.read_changes("client", None))[-1].cursor
    system.edit("client", first, {"job_title": "учитель"})

    assert first in ids(connector.read_changes("client", cursor))


def test_a_page_that_is_cut_off_is_asked_for_again(open_connector, system):
    """Half a document is no end of the list."""
    system.load("client", [client(number) for number in range(30)])
    system.configure(malformed_next=1)

    assert 30 == len(ids(open_connector(page_size=20).read_changes("client", None)))


def test_one_broken_client_costs_itself_alone(open_connector, system):
    """Its page is not JSON: the others come, it becomes a broken record, and reading goes on behind it."""
    loaded = system.load("client", [client(number) for number in range(30)])
    system.configure(broken_client=loaded[17])
    pages = list(open_connector(page_size=20).read_changes("client", None))

    assert [name for name in loaded if name != loaded[17]] == ids(pages)
    assert [("malformed_json", loaded[17])] == [
        (piece.code, piece.record_id) for page in pages for piece in page.broken
    ]


def test_a_broken_client_that_is_asked_for_is_refused_by_itself(open_connector, system):
    """So that the others can be asked for without it; mended, it comes."""
    loaded = system.load("client", [client(number) for number in range(3)])
    system.configure(broken_client=loaded[1])
    connector = open_connector()

    for names in (loaded, loaded[1:2]):
        with pytest.raises(RejectRecord, match="not JSON"):
            connector.read("client", names)
    assert [loaded[0], loaded[2]] == [each["id"] for each in connector.read("client", [loaded[0], loaded[2]])]
    system.configure(broken_client="")
    assert 1 == len(connector.read("client", loaded[1:2]))


def test_an_answer_by_id_that_is_cut_off_is_asked_for_again(open_connector, system):
    """One client in a torn answer is not a broken client."""
    loaded = system.load("client", [client(0)])
    system.configure(malformed_next=1)

    assert loaded == [each["id"] for each in open_connector().read("client", loaded)]


def test_an_answer_of_another_shape_is_told_for_what_it_is(open_connector, clock):
    """Another API, or another version of it: whoever reads that it is not JSON looks in the wrong place."""
    other = LoopbackServer(lambda _asked: Reply(200, b'{"items": [], "total": 0}'), port=0, clock=clock)
    connector = open_connector(base_url=other.url)

    for ask in (lambda: list(connector.read_changes("client", None)), lambda: connector.read("client", ["1"])):
        with pytest.raises(RetryLater, match=r"no page of clients .* holds: items, total"):
            ask()
    other.stop()


def test_a_last_client_that_is_broken_does_not_stop_reading(open_connector, system):
    """Also where there is no page behind it."""
    loaded = system.load("client", [client(number) for number in range(3)])
    system.configure(broken_client=loaded[2])
    pages = list(open_connector(page_size=20).read_changes("client", None))

    assert (loaded[:2], 1) == (ids(pages), sum(len(page.broken) for page in pages))


def test_maintenance_is_waited_out_as_long_as_the_server_wishes(connector, system):
    """Retry-After travels with the error."""
    system.configure(fail_next=1, retry_after=7)
    with pytest.raises(RetryLater) as error:
        list(connector.read_changes("client", None))

    assert 7.0 == error.value.retry_after


def test_a_lost_answer_to_a_reading_is_asked_for_again(connector, system):
    """Reading changes nothing, and the next answer may come through."""
    system.configure(drop_answer_next=1)

    assert [] == list(connector.read("client", ["cc-9999"]))


def test_a_wrong_token_stops_the_run(open_connector, tmp_path):
    """Trying on would lock the account."""
    (tmp_path / "wrong").write_text("wrong", encoding="ascii")
    with pytest.raises(CredentialsRefused):
        open_connector(token_ref=f"file:{tmp_path / 'wrong'}").check()


def test_a_call_centre_that_is_down_is_unreachable(connector, system):
    """Also for a connection that was kept open."""
    connector.check()
    system.stop()
    with pytest.raises(Unreachable):
        list(connector.list_keys("client"))


def test_its_state_survives_a_restart(connector, system, clock, tmp_path):
    """Records and versions are on disk as soon as they change."""
    (name,) = system.load("client", [client(1)])
    system.edit("client", name, {"job_title": "лікар"})
    again = CallCenterSimulator(tmp_path / "callcenter", clock)

    assert list(system.records("client")) == list(again.records("client"))
    again.close()
