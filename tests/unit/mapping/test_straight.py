"""The straight way through a document gives what its rows give, or nothing at all."""

from __future__ import annotations

import copy
import json
from importlib.resources import files
from random import Random

import pytest

from crm_bridge.mapping import TransformType, compile_mapping, load_mapping

SHIPPED = (
    "callcenter/client.yaml",
    "siebel/contact.yaml",
    "siebel/claim.yaml",
    "sms_gateway/subscriber.yaml",
    "vendor_files/client.yaml",
)
ODD = (
    *(None, "", " ", " x ", "\u00a0", "a\x07", "\ud800", "х" * 300, "true", "Y", "N", "UA", "0", "12-34"),
    *(
        "+380505550101",
        "050 555 01 01 доб. 7",
        "1985-02-30",
        "02/30/1985",
        "05/14/2024 09:30:00",
        "a@b",
        "A@Example.com",
    ),
    *(True, False, 0, 1, 7, 1.5, [], {}, ["x"], [{}], [None], {"a": "b"}, {"": ""}),
)
EVERYTHING = """
values:
  {gender: {M: male, F: female, 1: unknown}, lang: {UKR: uk, RUS: ru},
   purpose: {C: claims}, channel: {S: sms}, status: {G: granted}}
fields:
  name.family: {src: Last, required: true, max: 10}
  name.given: First.Name
  name: {src: Full, as: split_name, order: family given, dir: read, if_absent: [name.given]}
  name.suffix: {src: Suffix, dir: read, if_absent: [name.prefix]}
  gender: {src: Gender, as: code, values: gender, unknown: warn}
  birth_date: {src: Birth, as: date, format: "%d.%m.%Y"}
  job_title: {src: Job, call: acme.shout, dir: read}
  preferences.languages.0: {src: Lang, as: code, values: lang, unknown: warn}
  preferences.languages.1: {src: Lang2, as: code, values: lang, unknown: warn}
  preferences.time_zone: {src: Zone, dir: read}
lists:
  identifiers:
    - {src: Id, dir: read, item: {system: test.id, type: record}}
    - {src: Tax, item: {system: ua.rnokpp, type: tax}, check: stdnum.ua.rntrc}
  contact_points:
    - {src: Mobile, as: phone, item: {type: phone, purpose: mobile, features: [voice, sms]}}
    - {src: Work, as: phone, item: {type: phone, purpose: work}, more: {ext: WorkExt}}
    - {src: Mails, as: email, item: {type: email}, split: ";", dir: read}
    - {as: address, item: {type: postal, purpose: home}, parts: {lines.0: A.Street, lines.1: A.House, city: A.City}}
  relationships:
    - {each: Kids.Kid, key: Id, item: {type: child},
       parts: {to.name: {src: Name, required: true}, to.birth_date: {src: Birth, as: date}}}
  consents:
    - {src: NoCalls, as: flag, on: true, off: false, item: {purpose: any, channel: voice, status: denied}}
    - each: Consents
      key: Id
      item: {evidence: {kind: signed_form}}
      parts: {purpose: {src: P, as: code, values: purpose, required: true},
              channel: {src: C, as: code, values: channel, required: true},
              status: {src: S, as: code, values: status}, evidence.ref: Form}
"""
USUAL = {
    "Id": "1-1",
    "ModId": 3,
    "Last": " Коваль",
    "Full": "Коваль Ганна",
    "Suffix": "мол.",
    "First": {"Name": "Ганна"},
    "Gender": "F",
    "Birth": "08.03.1985",
    "Job": "лікар",
    "Lang": "UKR",
    "Lang2": "RUS",
    "Mobile": "0505550101",
    "Work": "0445550101",
    "WorkExt": "7",
    "Mails": "a@example.com; b@example.com",
    "A": {"Street": "вул. Садова, 1", "House": "кв. 2", "City": "Київ"},
    "Kids": {"Kid": [{"Id": 5, "Name": "Марко", "Birth": "2017-09-01"}, {"Name": "Леся"}]},
    "NoCalls": True,
    "Consents": [{"Id": "k1", "P": "C", "C": "S", "S": "G", "Form": "Ф-1"}],
}


@pytest.fixture(params=["everything", *SHIPPED])
def documented(request, compiled):
    """A mapping, and the records that its own tests read."""
    if request.param == "everything":
        shout = TransformType("acme.shout", lambda value, _: value.upper(), None, "In capitals.")
        return compiled(EVERYTHING, transforms={"acme.shout": shout}), [USUAL]
    text = files("crm_bridge_mappings").joinpath(request.param).read_text(encoding="utf-8")
    mapping = compile_mapping(load_mapping(text, file=request.param))
    return mapping, [test.given for test in mapping.document.tests if test.given is not None]


def test_usual_records_go_straight(documented):
    """Otherwise the straight way would be a detour; what comes of them is the same to the order of its names."""
    mapping, records = documented
    clean = [record for record in records if not mapping.read_by_rows(record).problems]

    assert clean
    for record in clean:
        straight = mapping._straight(record)
        assert mapping.read_by_rows(record) == straight
        assert json.dumps(mapping.read_by_rows(record).doc) == json.dumps(straight.doc)


def test_whatever_stands_in_a_record_both_ways_agree(documented):
    """Values of all kinds in all places: the straight way gives the rows' reading, or gives up."""
    mapping, records = documented
    draw = Random(7)
    went_straight = 0
    for _ in range(2000):
        record = _changed(copy.deepcopy(draw.choice(records)), draw)
        by_rows, straight = mapping.read_by_rows(record), mapping._straight(record)
        if straight is not None:
            went_straight += 1
            assert by_rows == straight, record
            assert repr(by_rows.doc) == repr(straight.doc), record

    assert went_straight > 100


def test_two_readings_share_nothing(documented):
    """A document that somebody changes is no other record's."""
    mapping, records = documented
    record = next(each for each in records if not mapping.read(each).problems)
    first = mapping.read(record)
    before = copy.deepcopy(first.doc)
    _spoil(mapping.read(record).doc)

    assert before == first.doc
    assert before == mapping.read(record).doc


def test_names_of_fields_are_never_code(compiled):
    """A document may come from anybody: whatever a field is called, it is looked up by that name."""
    name = 'x\'] or print(\'"""\\n'
    mapping = compiled(f"fields: {{job_title: {{src: {json.dumps(name)}}}}}")

    assert {"kind": "person", "job_title": "лікар"} == mapping.read({"Id": "1", name: "лікар"}).doc


def _changed(record, draw):
    """The record with some of its values, at any depth, exchanged for odd ones, and some taken out."""
    for _ in range(draw.randrange(1, 4)):
        here = record
        while True:
            key = draw.choice(list(here)) if isinstance(here, dict) else draw.randrange(len(here))
            inner = here[key]
            if isinstance(inner, dict | list) and inner and draw.random() < 0.8:
                here = inner
                continue
            if isinstance(here, dict) and draw.random() < 0.2:
                del here[key]
            else:
                here[key] = copy.deepcopy(draw.choice(ODD))
            break
        if not record:
            break
    return record


def _spoil(value):
    for inner in value.values() if isinstance(value, dict) else value:
        if isinstance(inner, dict | list):
            _spoil(inner)
    if isinstance(value, dict):
        value["spoilt"] = True
    else:
        value.append("spoilt")
