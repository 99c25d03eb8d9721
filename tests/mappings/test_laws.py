"""The laws, for every shipped document and any record: reading never raises, what was read writes nothing."""

from __future__ import annotations

import copy
import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crm_bridge.model import validate_claim, validate_client

NAMES = st.sampled_from(["Шевченко", "Коваль Ірина", " о'Ніл ", "Müller", "де ла Фуенте Марія", "А", "", "x" * 200])
PHONES = st.sampled_from(
    [
        "050 555 01 01",
        "380505550101",
        "+380445550101 ext 12",
        "8 916 555 01 01",
        "000",
        "",
        "+44 20 7946 0018",
        "0675550102",
    ]
)
DATES = st.sampled_from(
    [
        "03/08/1985",
        "08.03.1985",
        "1985-03-08",
        "31.02.1980",
        "05/14/2024 09:30:00",
        "2026-01-02 03:04:05",
        "2026-10-20T08:15:00Z",
        "",
    ]
)
CODES = st.sampled_from(
    [
        *("F", "M", "ж", "ч", "female", "Y", "N", "так", "ні", "yes", "no", "stop", "UKR", "UA", "uk", "Active"),
        *("Claims", "Cell Phone", "Granted", "Withdrawn", "Ukraine", "Україна", "Paid", "Registered"),
        *("Марко 7; Олена", "Марко", "claims", "sms", "granted", "denied", "any", "12.50", "UAH"),
    ]
)
MAILS = st.sampled_from(["A@Example.com", "a@example.com", "b@example.com", "a@b", "пошта@приклад.укр"])
ODD = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8), st.just([]), st.just({}), st.just([1])
)
PLAUSIBLE = st.one_of(NAMES, PHONES, DATES, CODES, MAILS)
ANYTHING = st.recursive(
    ODD,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


def columns_of(compiled):
    """All fields that a document reads: of the record, and of each of its nested tables."""
    document = compiled.document
    flat = {row.column.src for row in document.fields} | {
        document.header.id.src,
        (document.header.concurrency or "version",),
    }
    if document.header.client:
        flat.add(document.header.client.src)
    nested = {}
    for row in document.lists:
        columns = [each for each in (row.column, *(() if row.pattern else row.parts), *row.more) if each is not None]
        if row.each:
            nested.setdefault((row.each, row.key), set()).update(each.src for each in columns)
        else:
            flat |= {each.src for each in columns}
    return sorted(flat), nested


def place(record, src, value):
    for name in src[:-1]:
        record = record.setdefault(name, {})
        if not isinstance(record, dict):
            return
    record[src[-1]] = value


def draw_record(data, compiled, values):
    """A record of the document's own fields, some missing, with ``values``."""
    flat, nested = columns_of(compiled)
    record = {}
    for src in flat:
        if data.draw(st.booleans()):
            place(record, src, data.draw(values))
    for (each, key), sources in nested.items():
        rows = []
        for at in range(data.draw(st.integers(0, 2))):
            row = {key: f"row-{at}"}
            for src in sorted(sources):
                if data.draw(st.booleans()):
                    place(row, src, data.draw(values))
            rows.append(row)
        if rows:
            place(record, each, rows)
    return record


QUIET = settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


@QUIET
@given(data=st.data())
def test_reading_never_raises(document, data):
    """Whatever stands in whatever field: a reading with problems, JSON-able, the record untouched."""
    raw = draw_record(data, document, st.one_of(PLAUSIBLE, ANYTHING))
    before = copy.deepcopy(raw)

    reading = document.read(raw)

    assert repr(before) == repr(raw)
    assert reading.doc == json.loads(json.dumps(reading.doc))
    assert all(problem.path and problem.code and problem.message for problem in reading.problems)
    assert document.record_id(raw) == reading.record_id
    assert len(document.explain(raw)) == len(document.document.fields) + len(document.document.lists)


@QUIET
@given(raw=ANYTHING)
def test_reading_nonsense_never_raises(document, raw):
    """Not even a record at all."""
    document.read(raw)
    document.record_id(raw)


@QUIET
@given(data=st.data())
def test_what_was_read_writes_nothing(document, data):
    """The first law, also where fields hold what nobody can read."""
    raw = draw_record(data, document, PLAUSIBLE)
    doc = document.read(raw).doc

    back = document.write(raw, copy.deepcopy(doc))

    assert ({}, ()) == (back.fields, back.changes)
    assert raw == back.full


REQUIRED = {
    "Status": "Paid",
    "ПІБ": "Ткач Іван",
    "Дата анкети": "15.09.2025",
    "PaymentAmount": "12.50",
    "PaymentCurrency": "UAH",
}


def valid_record(data, compiled):
    """A record without anything to quarantine: wrong fields are taken out until none is left."""
    raw = draw_record(data, compiled, PLAUSIBLE)
    place(raw, compiled.document.header.id.src, "id-1")
    for _ in range(40):
        stopping = [problem for problem in compiled.read(raw).problems if problem.severity == "quarantine"]
        if not stopping:
            return raw
        for problem in stopping:
            top = problem.field.split("[")[0].split(".")[0]
            if (
                problem.code == "required"
                and not any(problem.field == name for name in raw)
                and "[" not in problem.field
            ):
                raw[problem.field] = REQUIRED.get(problem.field, "Ткач")
            else:
                raw.pop(top, None)
                if problem.code == "required" and "[" not in problem.field:
                    raw[top] = REQUIRED.get(top, "Ткач")
    pytest.fail(f"no valid record: {compiled.read(raw).problems}")


@QUIET
@given(data=st.data())
def test_what_is_read_without_a_problem_is_valid(document, data):
    """The model takes every document that reading lets through."""
    raw = valid_record(data, document)
    doc = document.read(raw).doc

    if document.entity == "claim":
        validate_claim(doc)
    else:
        validate_client(doc)


@QUIET
@given(data=st.data())
def test_a_write_says_what_the_client_says_and_then_nothing_more(document, data):
    """Written once, the record says it: writing the same client again changes nothing (the bridge comes to rest)."""
    base, other = valid_record(data, document), valid_record(data, document)
    doc = document.read(other).doc

    once = document.write(base, doc)

    if once.problems:
        return
    twice = document.write(once.full, doc)
    assert () == twice.changes
    assert ("@operation" in json.dumps(once.full)) is False
