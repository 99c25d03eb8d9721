"""What a register with a mistake, or with bad intentions, can answer: each a clear error, and nobody is lost."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import pytest

from crm_bridge.api import Accepted, ConnectorContext, RecordWrite, Refused, RetryLater, Secret, Unknown
from crm_bridge.testing.simulation import LoopbackServer, Reply, as_json
from crm_bridge_sms_gateway.connector import CONNECTOR

from .conftest import NOW


@pytest.fixture
def facing():
    """A connector before a server that gives these answers, the last one over and over."""
    ended = []

    def face(*answers):
        replies = itertools.chain(answers, itertools.repeat(answers[-1]))
        server = LoopbackServer(lambda asked: next(replies), port=0, clock=lambda: NOW)
        context = ConnectorContext("sms", Path(), lambda reference: Secret("t"), lambda: NOW)
        settings = CONNECTOR.settings(
            base_url=server.url, register_url=server.url, username="u", password_ref="env:P", sender="S", page_size=10
        )
        connector = CONNECTOR.open(settings, context)
        ended.extend([connector.close, server.stop])
        return connector

    yield face
    for end in ended:
        end()


def page(*subscribers, following="1", more=False):
    return as_json(200, {"subscribers": list(subscribers), "next": following, "more": more})


@pytest.mark.parametrize("body", [b"", b"null", b"[]", b"{}", b"<html>", b"\xff", b'{"subscribers": 7, "next": "1"}'])
def test_rubbish_in_place_of_a_page_is_asked_for_again_later(facing, body):
    """It is no page without subscribers."""
    with pytest.raises(RetryLater):
        list(facing(Reply(200, body)).read_changes("subscriber", None))
    with pytest.raises(RetryLater):
        facing(Reply(200, body)).read("subscriber", ["s-1"])


def test_an_answer_of_another_shape_is_told_for_what_it_is(facing):
    """Another API, or another version of it: whoever reads that it is not JSON looks in the wrong place."""
    connector = facing(Reply(200, b'{"items": [], "total": 0}'))

    for ask in (
        lambda: list(connector.read_changes("subscriber", None)),
        lambda: connector.read("subscriber", ["s-1"]),
    ):
        with pytest.raises(RetryLater, match=r"no page of subscribers .* holds: items, total"):
            ask()
    with pytest.raises(RetryLater, match=r"no page of subscribers .* is: list"):
        facing(Reply(200, b"[]")).read("subscriber", ["s-1"])
    with pytest.raises(RetryLater, match="is not JSON"):
        facing(Reply(200, b"<html>")).read("subscriber", ["s-1"])


def test_a_subscriber_of_another_shape_is_a_letter_that_says_so(facing):
    """Where the gateway names the next position, reading goes on behind it."""
    odd = Reply(200, b'{"items": []}', headers={"next-position": "2"})
    connector = facing(odd, odd, page())

    [broken] = next(iter(connector.read_changes("subscriber", None))).broken

    assert ("another_shape", True) == (broken.code, "holds: items, also when asked for alone" in broken.cause)


def test_pages_that_go_round_are_ended(facing):
    """With an error: an end would say that this was all."""
    with pytest.raises(RetryLater, match="circle"):
        list(facing(page({"id": "s-1"}, more=True)).read_changes("subscriber", None))


def test_a_broken_or_another_subscriber_is_not_taken_for_the_one_asked_for(facing):
    """The first would look gone, the second would be mixed up with it."""
    with pytest.raises(RetryLater, match="not a subscriber"):
        facing(page({"id": 7})).read("subscriber", ["s-1"])

    assert [] == list(facing(page({"id": "s-2"})).read("subscriber", ["s-1"]))


@pytest.mark.parametrize(
    "said",
    [
        {"ids": "abc", "total": 3, "next": None},
        {"ids": [1], "total": 1, "next": None},
        {"ids": ["a"], "next": None},
        {"ids": ["a"], "total": 1},
        {"ids": ["a"], "total": 2, "next": None},
        {"ids": ["a", "a"], "total": 2, "next": None},
        {"ids": ["a"], "total": 9, "next": "a"},
    ],
)
def test_a_list_of_ids_that_is_not_whole_is_an_error(facing, said):
    """A short list would look like deletions; one that goes round would never end."""
    with pytest.raises(RetryLater):
        list(facing(as_json(200, said)).list_keys("subscriber"))


def test_an_empty_id_in_the_list_costs_no_other(facing):
    """Its record is a dead letter, and no record of ours: a sweep goes on, and the list is as long as it says."""
    said = {"ids": ["", "a"], "total": 2, "next": None}

    assert ["a"] == list(facing(as_json(200, said)).list_keys("subscriber"))


def test_a_register_that_does_not_know_keys_names_nobody(facing):
    """It would give all subscribers for one request, and the first would be taken for ours."""
    create = RecordWrite("subscriber", "create", None, {}, {}, None, "k1")
    with pytest.raises(RetryLater, match="nobody can tell"):
        facing(page({"id": "s-1"}, {"id": "s-2"})).find_write("subscriber", create)


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (Reply(200, b"half"), Unknown),
        (Reply(200, b'{"id": 7, "version": "e"}'), Unknown),
        (Reply(200, b'{"id": "s-1", "version": null}'), Unknown),
        (Reply(204), Unknown),
        (Reply(500), Unknown),
        (Reply(422, b'{"errors": ["msisdn"]}'), Refused),
        (Reply(422, json.dumps({"errors": {"msisdn": 7}}).encode()), Refused),
        (Reply(422), Refused),
        (Reply(200, b'{"id": "s-1", "version": "e"}'), Accepted),
    ],
)
def test_what_may_have_been_written_is_never_called_refused(facing, answer, kind):
    """And a success is one only when it says which subscriber it is, and in which version."""
    write = RecordWrite("subscriber", "update", "s-1", {}, {}, "e", "k1")

    assert [kind] == [type(outcome) for outcome in facing(answer).write("subscriber", [write])]
