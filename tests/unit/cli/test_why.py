"""``client why`` lays its answer out for a person; no key of the program's own is on the screen."""

from __future__ import annotations

import pytest

from crm_bridge.cli.why import told

PHONE = {"type": "phone", "purpose": "mobile", "features": ["voice", "sms"], "value": "+380505550101"}
OLD = {**PHONE, "value": "+380675550000"}
VALUE = {
    "path": "contact_points[phone/+380505550101]",
    "value": PHONE,
    "source": "callcenter/client/cc-1",
    "at": "2026-10-20T08:15:00Z",
    "rule": "precedence",
    "carried_to": ["siebel/contact/1-A", "vendor_files/client/7"],
    "lost": [{"source": "siebel/contact/1-A", "value": OLD, "at": "2026-10-20T08:14:00Z"}],
    "superseded": [],
    "enriched": [{"plugin": "enrichment.phones", "path": "features", "reason": "a mobile"}],
}
WRITE = {
    "intent": "i-2",
    "system": "siebel",
    "record": "siebel/contact/1-A",
    "operation": "update",
    "paths": [VALUE["path"]],
    "sent_at": "2026-10-20T08:16:00.25Z",
    "settled_at": "2026-10-20T08:16:01Z",
    "state": "accepted",
    "receipt": "4",
    "fields": {"CellularPhone": "+380505550101"},
    "changes": [
        {"path": "contact_points[phone/mobile].value", "field": "CellularPhone", "old": "", "new": "+380505550101"},
        {"path": "contact_points[email].value", "field": "EmailAddress", "old": "", "new": "anna@example.com"},
    ],
}
CONFLICT = {
    "at": "2026-10-20T08:15:30Z",
    "path": "contact_points[phone/mobile]",
    "rule": "precedence",
    "winner": {"source": "callcenter/client/cc-1", "value": PHONE},
    "lost": VALUE["lost"],
}
ANSWER = {
    "client": "c-1",
    "path": "contact_points[phone/mobile].value",
    "values": [VALUE],
    "carried": [WRITE, {**WRITE, "intent": "i-1", "state": "refused", "receipt": None}],
    "conflicts": [CONFLICT],
}


@pytest.fixture
def shown(bridge, cli):
    bridge.answers["why"] = ANSWER
    return cli("client", "why", "c-1", "contact_points[phone/mobile].value").out


def test_winner_rule_loser_and_write_are_told_in_words(shown):
    """Who said it and when, why it stands, who lost, and how it came into the other system."""
    lines = [" ".join(line.split()) for line in shown.splitlines()]

    mobile = "(phone, mobile, features: voice, sms)"
    assert [
        f"contact_points[phone/+380505550101]: +380505550101 {mobile}",
        "said by callcenter/client/cc-1, 2026-10-20 08:15:00 UTC",
        "rule precedence: the word of the most trusted system",
        "proposed features by enrichment.phones: a mobile",
        f"lost +380675550000 {mobile}, said by siebel/contact/1-A, 2026-10-20 08:14:00 UTC",
        "written to siebel/contact/1-A, 2026-10-20 08:16:00 UTC: accepted, receipt 4, intent i-2",
        "CellularPhone: (empty) → +380505550101",
        "also held by vendor_files/client/7",
        "",
        "a conflict on contact_points[phone/mobile], decided 2026-10-20 08:15:30 UTC by precedence:",
        f"won +380505550101 {mobile}, said by callcenter/client/cc-1",
        f"lost +380675550000 {mobile}, said by siebel/contact/1-A, 2026-10-20 08:14:00 UTC",
    ] == lines


def test_no_key_of_the_program_is_shown(shown):
    """They are for programs: ``--json`` has them."""
    assert [] == [key for key in ("values.0", "carried_to", "superseded", "purpose:", "None") if key in shown]


def test_asked_for_one_system_every_write_to_it_is_shown(bridge, cli):
    """The refused one too, not the newest alone."""
    bridge.answers["why"] = ANSWER

    out = cli("client", "why", "c-1", "contact_points", "--in", "siebel").out

    assert ("accepted" in out, "refused, intent i-1" in out) == (True, True)


def test_a_value_that_went_and_was_written_nowhere_says_both(bridge, cli):
    """Neither an empty cell nor silence."""
    bridge.answers["why"] = {**ANSWER, "values": [{**VALUE, "value": None, "rule": "cleared"}], "carried": []}

    out = cli("client", "why", "c-1", "contact_points").out

    assert "contact_points[phone/+380505550101]: no longer on the card" in out
    assert "no write carried it anywhere" in out


def test_a_long_value_goes_on_in_the_next_line(bridge, cli):
    """Whole, also where nobody's window limits it."""
    words = [f"word-{number}" for number in range(100)]
    note = {"key": "note", "type": "text", "value": " ".join(words)}
    long = {**VALUE, "value": note, "lost": [{**VALUE["lost"][0], "value": note}], "path": "facts[note].value"}
    conflict = {**CONFLICT, "winner": {**CONFLICT["winner"], "value": note}}
    bridge.answers["why"] = {**ANSWER, "values": [long], "conflicts": [conflict]}

    out = cli("client", "why", "c-1", "facts").out

    assert max(map(len, out.splitlines())) < 140
    assert all(3 == out.split().count(word) for word in words[:-1])


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ({"family": "Ярмолюк", "given": "Микола", "patronymic": "Тарасович"}, "Ярмолюк Микола Тарасович"),
        (
            {"purpose": "claims", "channel": "sms", "status": "granted", "captured_at": "2026-01-02T03:04:05Z"},
            "granted for claims by sms, captured 2026-01-02 03:04:05 UTC",
        ),
        ({"type": "child", "to": {"name": "Марко", "birth_date": "2017-09-01"}}, "child: Марко (2017-09-01)"),
        ({"type": "child", "to": {"name": {"given": "Марко"}}}, "child: Марко"),
        ({"key": "personal.favourite_dish", "type": "text", "value": "вареники"}, "вареники (text)"),
        (["uk", "en"], "uk, en"),
        ("", "(empty)"),
        ("Anna\x1b[2J", "Anna\ufffd[2J"),
    ],
)
def test_a_value_is_told_as_a_person_would_say_it(value, words):
    """Names, consents, children and facts each in their own words; foreign control characters steer no terminal."""
    assert words == told(value)
