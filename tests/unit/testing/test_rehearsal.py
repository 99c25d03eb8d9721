"""A connector that lies is caught: each liar breaks the promise that it lies about, and the honest one breaks none."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from crm_bridge.api import (
    Accepted,
    ConnectorSettings,
    ConnectorType,
    EffectSafety,
    InboundRequest,
    Page,
    Secret,
    Unknown,
)
from crm_bridge.testing import MemoryChannel, MemoryConnector, MemoryReceiver, Rehearsal, raw_person
from crm_bridge.testing.memory_connector import CAPABLE
from crm_bridge.testing.rehearsal import rehearse

NOW = datetime(2026, 10, 20, 8, 15, tzinfo=UTC)


class Settings(ConnectorSettings):
    """None."""


class Whole(MemoryConnector, MemoryReceiver):
    """Records, messages and events in memory: honest."""

    def __init__(self):
        MemoryConnector.__init__(self, capabilities=CAPABLE)
        MemoryReceiver.__init__(self)
        self.channel = MemoryChannel()

    def channels(self):
        return ("sms",)

    def send(self, message):
        return self.channel.send(message)


class Bench(Rehearsal):
    """Persons with children."""

    rows = "children"
    effect_safety = EffectSafety.KEYED
    deadline_seconds = 5.0

    def open(self, folder, clock):
        return Whole(), {}

    def new_record(self, number):
        return raw_person(number, children=[self.new_row(1), self.new_row(2)])

    def new_row(self, number):
        return {"first_name": f"Марко-{number}"}

    def change(self, number):
        return {"job_title": f"title {number}"}

    def arrived(self, channel):
        return [(message.to, message.text) for message in self.system.channel.sent]

    def genuine(self, receiver):
        body = json.dumps([{"id": "e1", "kind": "contact", "record_id": "1"}]).encode()
        return InboundRequest("POST", "/", {}, {"x-signature": receiver.sign(body)}, body, NOW)


def promises(kind_of_connector=Whole, *, bench=Bench, **more):
    """What became of each promise of a connector that is a mask before the honest system."""

    class ItsBench(bench):
        def open(self, folder, clock):
            made.append(kind_of_connector())
            return made[-1], {}

    made: list[Whole] = []
    offered = ConnectorType(
        "liar", Settings, lambda settings, context: made[-1], "A liar.", **{"rehearsals": lambda: [ItsBench], **more}
    )
    found = list(rehearse(offered, clock=lambda: NOW, secrets=lambda folder: lambda reference: Secret(reference)))
    return {each.test.removeprefix("test_"): (each.outcome, each.why) for each in found}


def broken(found):
    return {name for name, (outcome, _) in found.items() if outcome == "broken"}


def test_an_honest_connector_keeps_everything():
    """All five protocols, and hardly anything is left untried."""
    found = promises()

    assert set() == broken(found)
    assert 37 == len(found)
    assert set() == {name for name, (outcome, _) in found.items() if outcome == "not tried"}


class IgnoresVersions(Whole):
    """Claims conditional writes, and overwrites."""

    def write(self, kind, writes):
        return super().write(kind, [replace(write, expected_version=None) for write in writes])


class LosesRows(Whole):
    """Writes the first nested row alone."""

    def write(self, kind, writes):
        return super().write(kind, [replace(write, **self._poorer(write)) for write in writes])

    def _poorer(self, write):
        full = {**write.full, "children": write.full.get("children", [])[:1]}
        return {"full": full, "fields": {**write.fields, "children": full["children"]}}


class KnowsNoKeys(Whole):
    """Claims to know writes by their key, and carries each out anew."""

    def write(self, kind, writes):
        self._answered.clear()
        return super().write(kind, [replace(write, expected_version=None) for write in writes])


class ListsShort(Whole):
    """Claims complete listings, and skips one."""

    def list_keys(self, kind):
        return iter(list(super().list_keys(kind))[:-1])


class SkipsOne(Whole):
    """Loses the last record of the second page."""

    def read_changes(self, kind, cursor) -> Iterator[Page]:
        for number, page in enumerate(super().read_changes(kind, cursor)):
            yield replace(page, records=page.records[:-1]) if number == 1 else page


class LetsAllIn(Whole):
    """Verifies nothing."""

    def verify(self, request):
        return None


class LetsInWhoeverSignsAnything(Whole):
    """Looks whether there is a signature."""

    def verify(self, request):
        if "x-signature" not in request.headers:
            super().verify(request)


class SaysYes(Whole):
    """Accepts and does nothing."""

    def write(self, kind, writes) -> Sequence[Accepted]:
        return [Accepted(write.record_id or "m-0") for write in writes]


class SendsTwice(Whole):
    """Tries again by itself."""

    def send(self, message):
        self.channel.send(message)
        return self.channel.send(replace(message, id=f"{message.id}-again"))


class CutsMessages(Whole):
    """At 160 characters."""

    def send(self, message):
        return self.channel.send(replace(message, text=message.text[:160]))


class NeverAnswers(Whole):
    """Leaves every message open."""

    def send(self, message):
        self.channel.send(message)
        return Unknown("who knows")


class ReadsTwoWays(Whole):
    """By id it brings other contents."""

    def read(self, kind, record_ids):
        return [{**record, "first_name": "Other"} for record in super().read(kind, record_ids)]


@pytest.mark.parametrize(
    ("liar", "promise"),
    [
        (IgnoresVersions, "a_stale_write_is_refused_and_changes_nothing"),
        (LosesRows, "nested_rows_stay_when_something_else_changes"),
        (LosesRows, "a_nested_row_that_is_added_leaves_the_others"),
        (KnowsNoKeys, "the_same_create_again_has_one_effect"),
        (KnowsNoKeys, "the_same_write_again_does_not_undo_what_came_between"),
        (ListsShort, "every_key_is_listed_once"),
        (SkipsOne, "every_record_comes_though_they_need_several_pages"),
        (LetsAllIn, "a_forged_request_is_kept_out"),
        (LetsAllIn, "a_request_without_signature_is_kept_out"),
        (LetsInWhoeverSignsAnything, "a_forged_request_is_kept_out"),
        (SaysYes, "an_update_arrives"),
        (SendsTwice, "one_sending_is_one_message"),
        (CutsMessages, "a_message_arrives_whole"),
        (NeverAnswers, "a_message_arrives_whole"),
        (ReadsTwoWays, "what_is_read_by_id_is_what_was_read_by_change"),
    ],
    ids=lambda value: value if isinstance(value, str) else value.__name__,
)
def test_a_liar_breaks_the_promise_that_it_lies_about(liar, promise):
    """With a reason that holds nobody's data."""
    found = promises(liar)
    outcome, why = found[promise]

    assert ("broken", True) == (outcome, bool(why)), found
    assert not any(word in why for word in ("Коваль", "+38050", "example.com"))


class Crashes(Whole):
    """Raises what is none of our errors."""

    def write(self, kind, writes):
        raise KeyError("+380505550101")


def test_a_crash_is_a_broken_promise_named_by_its_class():
    """What the exception says may be a client's."""
    assert ("broken", "the connector raised KeyError") == promises(Crashes)["an_update_arrives"]


def test_what_the_rehearsal_does_not_say_is_not_tried():
    """By the name of what is missing."""

    class Silent(Rehearsal):
        def open(self, folder, clock):
            return Whole(), {}

    found = promises(bench=Silent)

    assert {"not tried"} == {outcome for outcome, _ in found.values()}
    assert "new_record, change" in found["an_update_arrives"][1]
    assert "arrived" in found["a_message_arrives_whole"][1]


def test_without_a_rehearsal_nothing_is_tried_and_it_is_said():
    """With what to name."""
    assert ("not tried", "the connector offers no rehearsal: ConnectorType.rehearsals names one") == promises(
        rehearsals=None
    )["all"]


def test_settings_that_do_not_fit_are_one_broken_promise():
    """Nothing else can be tried then."""

    class Wrong(Bench):
        def open(self, folder, clock):
            return Whole(), {"nobody": "knows"}

    offered = ConnectorType("liar", Settings, lambda settings, context: Whole(), "A liar.", lambda: [Wrong])
    found = list(rehearse(offered, clock=lambda: NOW, secrets=lambda folder: Secret))

    assert [("it_can_be_opened", "broken")] == [(each.test, each.outcome) for each in found]
