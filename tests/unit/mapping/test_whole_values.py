"""What reads clean passes the model: a value that has to be whole is quarantined in part, by path and field."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crm_bridge.mapping import compile_mapping, load_mapping
from crm_bridge.model import validate_claim, validate_client

CLAIM = """mapping: test.claim
version: 1
entity: claim
record: {id: Id, image: full, client: {src: Client, system: test.id}}
defaults: {dir: read}
fields:
  number: {src: Number}
  payout.order: {src: Order}
  payout.amount.amount: {src: Sum, as: number}
  payout.amount.currency: {src: Currency}
"""
PERSON = """mapping: test.person
version: 1
client: person
record: {id: Id, image: full}
defaults: {dir: read}
lists:
  scores:
    - item: {key: churn, scale: {}}
      src: Score
      as: number
      more: {scale.min: {src: Min, as: number}, scale.max: {src: Max, as: number}}
  consents:
    - each: Consents
      key: Id
      parts: {purpose: {src: Purpose}, channel: {src: Channel}, status: {src: Status}}
"""


def compiled(text):
    return compile_mapping(load_mapping(text, file="test.yaml"))


def problems(reading):
    return [(problem.path, problem.field, problem.code, problem.severity) for problem in reading.problems]


@pytest.mark.parametrize(
    ("filled", "expected"),
    [
        ({"Sum": "12.50"}, [("payout.amount.currency", "Currency", "required", "quarantine")]),
        ({"Currency": "UAH"}, [("payout.amount.amount", "Sum", "required", "quarantine")]),
        ({"Currency": "UAH", "Sum": "much"}, [("payout.amount.amount", "Sum", "bad_number", "quarantine")]),
        ({"Currency": "UAH", "Sum": "12.50"}, []),
        ({"Order": "4471"}, []),
    ],
)
def test_a_sum_needs_its_currency(filled, expected):
    """Half a sum is nobody's to guess; one that is not there at all is no mistake."""
    assert expected == problems(compiled(CLAIM).read({"Id": "1", "Client": "c", "Number": "CL-1", **filled}))


def test_what_the_model_needs_is_needed_though_the_document_does_not_say_so():
    """The row of ``number`` has no ``required: true`` here."""
    reading = compiled(CLAIM).read({"Id": "1", "Client": "c"})

    assert [("number", "Number", "required", "quarantine")] == problems(reading)


def test_an_item_of_a_list_is_whole_or_quarantined():
    """By the place of its row."""
    reading = compiled(PERSON).read({"Id": "1", "Consents": [{"Id": "a", "Purpose": "claims", "Channel": "sms"}]})

    assert [("required", "Consents[0].Status", "quarantine")] == [
        (problem.code, problem.field, problem.severity) for problem in reading.problems
    ]


@pytest.mark.parametrize("purpose", ["?", "Claims", "cl aims", "claims\n."])
def test_a_key_has_the_form_of_a_key(purpose):
    """One that is taken over as the system spells it, without a value map."""
    row = {"Id": "a", "Purpose": purpose, "Channel": "sms", "Status": "granted"}

    [problem] = compiled(PERSON).read({"Id": "1", "Consents": [row]}).problems

    assert ("unknown_code", "quarantine") == (problem.code, problem.severity)


CELLS = st.dictionaries(
    st.sampled_from(["Number", "Order", "Sum", "Currency"]), st.sampled_from(["1", "12.50", "UAH", "x", ""])
)
ROWS = st.lists(
    st.dictionaries(
        st.sampled_from(["Purpose", "Channel", "Status"]), st.sampled_from(["claims", "sms", "granted", "", "?"])
    ),
    max_size=2,
)


@settings(max_examples=60, deadline=None)
@given(cells=CELLS)
def test_a_claim_that_reads_clean_passes_the_model(cells):
    """Whatever is missing."""
    reading = compiled(CLAIM).read({"Id": "1", "Client": "c", **cells})

    if not reading.quarantined:
        validate_claim(reading.doc)


@settings(max_examples=60, deadline=None)
@given(
    rows=ROWS,
    score=st.sampled_from(["5", "", "x"]),
    low=st.sampled_from(["1", "", "x"]),
    high=st.sampled_from(["9", "", "x"]),
)
def test_a_person_that_reads_clean_passes_the_model(rows, score, low, high):
    """Whatever is missing in whichever item."""
    consents = [{"Id": str(number), **row} for number, row in enumerate(rows)]
    reading = compiled(PERSON).read({"Id": "1", "Consents": consents, "Score": score, "Min": low, "Max": high})

    if not reading.quarantined:
        validate_client(reading.doc)
