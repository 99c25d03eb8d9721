"""Writing back: only what changed, no churn, nothing cut, nothing guessed."""

from __future__ import annotations

import copy

import pytest

from crm_bridge.mapping import change_document

PHONES = """
lists:
  contact_points:
    - {src: Mobile, as: phone, item: {type: phone, purpose: mobile}}
    - {src: Work, as: phone, unset: blank, item: {type: phone, purpose: work}, more: {ext: WorkExt}}
    - {src: Mail, as: email, item: {type: email, rank: 1}}
    - {each: Mails.Mail, key: Id, src: Address, as: email, item: {type: email, rank: 50}}
"""
MOBILE = {"type": "phone", "purpose": "mobile"}
A, B, C = "+380505550101", "+380505550102", "+380505550103"


def points(*numbers, **more):
    return {"kind": "person", "contact_points": [{**MOBILE, "value": number, **more} for number in numbers]}


def test_a_field_keeps_its_number_while_the_client_still_has_it(compiled):
    """No churn between two equal candidates, whatever their order or rank."""
    doc = {"kind": "person", "contact_points": [{**MOBILE, "value": B, "rank": 1}, {**MOBILE, "value": A}]}

    assert {} == compiled(PHONES).write({"Id": "1", "Mobile": "050 555 01 01"}, doc).fields


def test_a_field_whose_number_is_gone_takes_the_best_ranked(compiled):
    """Rank 1 first; a number that reaches somebody else never."""
    doc = {
        "kind": "person",
        "contact_points": [
            {**MOBILE, "value": C, "rank": 1, "status": "wrong_person"},
            {**MOBILE, "value": "+380505550104", "rank": 9},
            {**MOBILE, "value": B, "rank": 2},
        ],
    }

    assert {"Id": "1", "Mobile": B} == compiled(PHONES).write({"Id": "1", "Mobile": A}, doc).fields


def test_a_value_that_the_client_lost_follows_unset(compiled):
    """``keep`` leaves it, ``blank`` empties it and what belongs to it."""
    back = compiled(PHONES).write(
        {"Id": "1", "Mobile": A, "Work": "+380445550101", "WorkExt": "12"}, {"kind": "person"}
    )

    assert {"Id": "1", "Work": "", "WorkExt": ""} == back.fields
    assert {"Id": "1", "Mobile": A, "Work": "", "WorkExt": ""} == back.full


def test_unset_error_stops_the_write(compiled):
    """A field that must not lose its value."""
    back = compiled("fields: {job_title: {src: T, unset: error}}").write({"Id": "1", "T": "лікар"}, {"kind": "person"})

    assert ({}, [("job_title", "required")]) == (back.fields, [(p.path, p.code) for p in back.problems])


def test_a_new_mail_goes_to_the_free_field_and_the_nested_row_stays(compiled):
    """The nested row holds its own; only what is new moves."""
    raw = {"Id": "1", "Mails": {"Mail": [{"Id": "m1", "Address": "a@example.com"}]}}
    mapping = compiled(PHONES)
    doc = change_document(mapping.read(raw).doc, {"contact_points+": {"type": "email", "value": "b@example.com"}})

    assert {"Id": "1", "Mail": "b@example.com"} == mapping.write(raw, doc).fields


def test_full_is_the_record_afterwards_without_operations(compiled):
    """For systems that replace whole records and for files."""
    raw = {
        "Id": "1",
        "ModId": "4",
        "Mail": "a@example.com",
        "Mails": {"Mail": [{"Id": "m1", "Address": "b@example.com", "Kind": "x"}]},
    }
    mapping = compiled(PHONES)
    doc = change_document(
        mapping.read(raw).doc,
        {
            "contact_points[email/b@example.com].value": "c@example.com",
            "contact_points+": {"type": "email", "value": "d@example.com"},
        },
    )

    back = mapping.write(raw, doc)

    assert {
        "Id": "1",
        "ModId": "4",
        "Mails": {
            "Mail": [
                {"@operation": "update", "Id": "m1", "Address": "c@example.com"},
                {"@operation": "insert", "Address": "d@example.com"},
            ]
        },
    } == back.fields
    assert {
        **raw,
        "Mails": {"Mail": [{"Id": "m1", "Address": "c@example.com", "Kind": "x"}, {"Address": "d@example.com"}]},
    } == back.full


@pytest.mark.parametrize(("policy", "expected"), [("keep", {}), ("delete", {"@operation": "delete", "Id": "k1"})])
def test_a_removed_child_follows_on_remove(compiled, policy, expected):
    """Kept unless the row says delete."""
    row = f"{{each: Kids, key: Id, on_remove: {policy}, item: {{type: child}}, parts: {{to.name: Name}}}}"
    rows = f"lists: {{relationships: [{row}]}}"
    raw = {"Id": "1", "Kids": [{"Id": "k1", "Name": "Марко"}, {"Id": "k2", "Name": "Олена"}]}
    doc = {"kind": "person", "relationships": [{"type": "child", "to": {"name": "Олена"}}]}

    back = compiled(rows).write(raw, doc)

    assert ({"Id": "1", "Kids": [expected]} if expected else {}) == back.fields
    assert (raw["Kids"][1:] if expected else raw["Kids"]) == back.full["Kids"]


def test_an_address_changes_as_a_whole(compiled):
    """A flat of the old street does not stay behind a new one; lines beyond the last field join it, none is lost."""
    rows = """
lists:
  contact_points:
    - as: address
      item: {type: postal, purpose: home}
      parts: {lines.0: Line1, lines.1: Line2, city: City, postal_code: Zip}
"""
    mapping = compiled(rows)
    raw = {"Id": "1", "Line1": "вул. Стара, 1", "Line2": "кв. 5", "City": "Київ", "Zip": "04053"}

    short = change_document(
        mapping.read(raw).doc, {"contact_points[postal].address": {"lines": ["вул. Нова, 2"], "city": "Київ"}}
    )
    long = change_document(
        mapping.read(raw).doc, {"contact_points[postal].address.lines": ["вул. Нова, 2", "корп. 3", "кв. 4"]}
    )

    assert {"Id": "1", "Line1": "вул. Нова, 2", "Line2": "", "Zip": ""} == mapping.write(raw, short).fields
    assert {"Id": "1", "Line1": "вул. Нова, 2", "Line2": "корп. 3, кв. 4"} == mapping.write(raw, long).fields
    assert {} == mapping.write(mapping.write(raw, long).full, long).fields


def test_a_free_address_field_takes_the_fuller_of_two(compiled):
    """A bare postal code beside the address it belongs to says nothing more."""
    rows = "lists: {contact_points: [{as: address, item: {type: postal}, parts: {city: City, postal_code: Zip}}]}"
    bare = {"type": "postal", "value": "04053", "address": {"postal_code": "04053"}}
    whole = {"type": "postal", "value": "Київ, 04053", "address": {"city": "Київ", "postal_code": "04053"}}

    back = compiled(rows).write({"Id": "1"}, {"kind": "person", "contact_points": [bare, whole]})

    assert {"Id": "1", "City": "Київ", "Zip": "04053"} == back.fields


def test_a_code_without_a_word_in_the_system_follows_unknown(compiled):
    """``quarantine`` stops the whole write, ``warn`` leaves the field out."""
    rows = "values: {{g: {{M: male, F: female}}}}\n"
    rows += "fields: {{gender: {{src: G, as: code, values: g, unknown: {}}}, job_title: T}}"
    doc = {"kind": "person", "gender": "other", "job_title": "лікар"}

    stopped = compiled(rows.format("quarantine")).write({"Id": "1", "G": "M"}, doc)
    left_out = compiled(rows.format("warn")).write({"Id": "1", "G": "M"}, doc)

    assert ({}, (), {"Id": "1", "G": "M"}, True) == (stopped.fields, stopped.changes, stopped.full, stopped.quarantined)
    assert ({"Id": "1", "T": "лікар"}, ["warn"]) == (left_out.fields, [p.severity for p in left_out.problems])


def test_a_value_that_could_not_be_read_gives_way_only_to_a_known_one(compiled):
    """An unchanged client never overwrites it; a client whose value is really known does."""
    rows = "values: {g: {M: male, F: female}}\n"
    rows += "fields: {gender: {src: G, as: code, values: g, unknown: warn, unset: blank}, job_title: T}"
    mapping = compiled(rows)
    raw = {"Id": "1", "G": "?"}

    assert {"Id": "1", "T": "лікар"} == mapping.write(raw, {"kind": "person", "job_title": "лікар"}).fields
    assert {"Id": "1", "G": "F"} == mapping.write(raw, {"kind": "person", "gender": "female"}).fields


def test_a_quarantined_base_is_not_written(compiled):
    """What cannot be read cannot be compared."""
    mapping = compiled('fields: {birth_date: {src: B, as: date, format: "%d.%m.%Y"}, job_title: T}')

    back = mapping.write({"Id": "1", "B": "soon"}, {"kind": "person", "job_title": "лікар"})

    assert ({}, ["bad_date"]) == (back.fields, [problem.code for problem in back.problems])


def test_a_create_needs_what_the_system_requires(compiled):
    """Without it nothing is sent."""
    mapping = compiled("fields: {name.family: {src: Last, required: true}, job_title: T}")

    assert ["required"] == [
        problem.code for problem in mapping.write(None, {"kind": "person", "job_title": "x"}).problems
    ]
    assert {"Last": "Ткач"} == mapping.write(None, {"kind": "person", "name": {"family": "Ткач"}}).fields


CONSENT = """
lists:
  consents:
    - {src: NoCalls, as: flag, on: Y, off: N, unset: POLICY, item: {purpose: any, channel: voice, status: denied}}
    - {src: News, as: flag, on: Y, off: N, item: {purpose: sales, channel: email, status: granted}}
"""
GRANT = {"purpose": "any", "channel": "voice", "status": "granted", "captured_at": "2026-05-06T07:08:09Z"}


@pytest.mark.parametrize(("policy", "expected"), [("keep", {}), ("blank", {"Id": "1", "NoCalls": "N"})])
def test_a_refusal_flag_is_lowered_only_where_the_row_says_so(compiled, policy, expected):
    """A consent given elsewhere does not undo what was entered here."""
    mapping = compiled(CONSENT.replace("POLICY", policy))

    assert expected == mapping.write({"Id": "1", "NoCalls": "Y"}, {"kind": "person", "consents": [GRANT]}).fields


def test_a_refusal_always_reaches_the_flags(compiled):
    """It raises a flag that refuses and lowers one that consents; a refusal of everything covers both."""
    refusal = {"purpose": "any", "channel": "any", "status": "denied"}
    back = compiled(CONSENT.replace("POLICY", "keep")).write(
        {"Id": "1", "News": "Y"}, {"kind": "person", "consents": [refusal]}
    )

    assert {"Id": "1", "NoCalls": "Y", "News": "N"} == back.fields


def test_neither_the_base_nor_the_document_is_changed(compiled):
    """Purity: the caller's values are the caller's."""
    raw = {"Id": "1", "Mobile": A, "Mails": {"Mail": [{"Id": "m1", "Address": "a@example.com"}]}}
    doc = points(B)
    before = copy.deepcopy((raw, doc))

    back = compiled(PHONES).write(raw, doc)
    back.full["Mobile"] = "changed"

    assert before == (raw, doc)
