"""What a call centre with a mistake, or with bad intentions, can answer: each a clear error, and nobody is lost."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import pytest

from crm_bridge.api import Accepted, ConnectorContext, Postponed, RecordWrite, Refused, RetryLater, Secret, Unknown
from crm_bridge.testing.simulation import LoopbackServer, Reply, as_json
from crm_bridge_callcenter.connector import CONNECTOR

from .conftest import Clock

AT = "2026-10-20T08:00:00Z"


@pytest.fixture
def facing():
    """A connector before a server that gives these answers, the last one over and over."""
    ended = []

    def face(*answers):
        replies = itertools.chain(answers, itertools.repeat(answers[-1]))
        server = LoopbackServer(lambda asked: next(replies), port=0, clock=Clock())
        context = ConnectorContext("callcenter", Path(), lambda reference: Secret("t"), Clock())
        settings = CONNECTOR.settings(base_url=server.url, token_ref="env:T", page_size=10)
        connector = CONNECTOR.open(settings, context)
        ended.extend([connector.close, server.stop])
        return connector

    yield face
    for end in ended:
        end()


def client(name, **more):
    return {"id": name, "version": 1, "updated_at": AT, **more}


def page(*clients, following=None, **headers):
    return Reply(200, json.dumps({"clients": list(clients), "next": following}).encode(), headers=headers)


RUBBISH = [
    b"",
    b"null",
    b"[]",
    b"{}",
    b'{"clients": 7, "next": null}',
    b"<html>maintenance</html>",
    b"\xff\xfe\x00",
    b'{"clients": [NaN], "next": null}',
    b"[" * 5000,
]


@pytest.mark.parametrize("body", RUBBISH)
def test_rubbish_in_place_of_a_page_is_asked_for_again_later(facing, body):
    """It is no page without clients."""
    with pytest.raises(RetryLater):
        list(facing(Reply(200, body)).read_changes("client", None))
    with pytest.raises(RetryLater):
        facing(Reply(200, body)).read("client", ["cc-1"])


@pytest.mark.parametrize(
    "item",
    [7, None, [], {}, {"id": 7, "updated_at": AT}, {"id": "cc-2", "updated_at": 7}, {"id": "", "updated_at": AT}],
)
def test_a_client_of_another_shape_costs_itself_alone(facing, item):
    """As a dead letter."""
    (read,) = facing(page(client("cc-1"), item, client("cc-3"))).read_changes("client", None)

    assert ["cc-1", "cc-3"] == [record["id"] for record in read.records]
    assert ["not_a_record"] == [piece.code for piece in read.broken]


def test_a_broken_client_that_was_asked_for_is_not_gone(facing):
    """To leave it out of the answer would say that the call centre has it no more."""
    with pytest.raises(RetryLater, match="not a client"):
        facing(page({"id": "cc-1"})).read("client", ["cc-1"])


def test_a_client_that_was_not_asked_for_is_not_given(facing):
    """It would be taken for the one that was."""
    assert [] == list(facing(page(client("cc-2"))).read("client", ["cc-1"]))


def test_pages_that_go_round_are_ended(facing):
    """With an error: an end would say that this was all."""
    link = {"Link": '</x?updated_since=2026&after=cc-1>; rel="next"'}
    with pytest.raises(RetryLater, match="circle"):
        list(facing(page(client("cc-1"), following="/x", **link)).read_changes("client", None))


def test_a_page_without_one_client_that_is_not_the_last_is_an_error(facing):
    """Reading would end there for ever, and nobody would know."""
    with pytest.raises(RetryLater, match="circle"):
        list(facing(page(7, following="/more")).read_changes("client", None))


def test_a_link_that_is_no_utf8_is_no_link(facing):
    """And no crash."""
    link = {"Link": '</x?updated_since=%ff&after=%fe>; rel="next"'}

    assert 1 == len(list(facing(page(client("cc-1"), **link)).read_changes("client", None)))


@pytest.mark.parametrize(
    "said",
    [
        {"ids": "abc", "total": 3, "next": None},
        {"ids": [1, 2], "total": 2, "next": None},
        {"ids": ["a"], "total": "x", "next": None},
        {"ids": ["a"], "total": 2, "next": None},
        {"ids": ["a"], "next": None},
        {"ids": ["a", "a"], "total": 2, "next": None},
        {"ids": ["a"], "total": 9, "next": "a"},
        {"ids": [], "total": 0, "next": "a"},
        [],
    ],
)
def test_a_list_of_ids_that_is_not_whole_is_an_error(facing, said):
    """A short list would look like deletions; one that goes round would never end."""
    with pytest.raises(RetryLater):
        list(facing(as_json(200, said)).list_keys("client"))


def test_an_empty_id_in_the_list_costs_no_other(facing):
    """Its record is a dead letter, and no record of ours: a sweep goes on, and the list is as long as it says."""
    said = {"ids": ["", "a"], "total": 2, "next": None}

    assert ["a"] == list(facing(as_json(200, said)).list_keys("client"))


def write_to(connector, operation="update"):
    record_id = "cc-1" if operation == "update" else None
    (outcome,) = connector.write("client", [RecordWrite("client", operation, record_id, {}, {}, "1", "k1")])
    return outcome


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (Reply(200, b"half"), Unknown),
        (Reply(200, b"[]"), Unknown),
        (Reply(200, b'{"id": 7, "version": 2}'), Unknown),
        (Reply(200, b'{"id": "cc-1", "version": [2]}'), Unknown),
        (Reply(204), Unknown),
        (Reply(500), Unknown),
        (Reply(302, headers={"Location": "http://127.0.0.1:1/"}), Refused),
        (Reply(422, b"rubbish"), Refused),
        (Reply(422, b'{"errors": [7]}'), Refused),
        (Reply(422, b'{"errors": {"field": "x"}}'), Refused),
        (Reply(200, b'{"id": "cc-1", "version": 2}'), Accepted),
    ],
)
def test_what_may_have_been_written_is_never_called_refused(facing, answer, kind):
    """And a success is one only when it says which client it is."""
    assert kind is type(write_to(facing(answer)))


def test_a_date_in_retry_after_is_read_by_the_servers_own_clock(facing):
    """Two minutes behind its own date."""
    busy = Reply(429, headers={"Retry-After": "Tue, 20 Oct 2026 08:17:00 GMT"})

    assert Postponed("the call centre answered 429", 120.0) == write_to(facing(busy))
    with pytest.raises(RetryLater) as raised:
        facing(busy).check()
    assert 120.0 == raised.value.retry_after
