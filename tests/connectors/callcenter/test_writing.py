"""Writing to a call centre: receipts, refusals, and answers that never come."""

from __future__ import annotations

import pytest

from crm_bridge.api import Accepted, Postponed, RecordWrite, Refused, Stale, Unknown, Unreachable

from .conftest import client


@pytest.fixture
def record(system):
    system.load("client", [client(1, consents=[{"id": "k1", "purpose": "claims"}, {"id": "k2", "purpose": "sales"}])])
    return system.records("client")[0]


def update(record, changes, *, key="w-1", full=None):
    fields = {"id": record["id"], "version": record["version"], **changes}
    after = full if full is not None else {**record, **changes}
    return RecordWrite("client", "update", record["id"], fields, after, str(record["version"]), key)


def test_a_lost_answer_leaves_the_outcome_unknown_and_the_same_key_settles_it(connector, system, record):
    """The change was made once, however often it is sent."""
    system.configure(drop_answer_next=1)
    write = update(record, {"mobile_phone": "+380675550101"})
    first, second = (connector.write("client", [write])[0] for _ in range(2))

    assert isinstance(first, Unknown)
    assert isinstance(second, Accepted)
    assert (2, "2") == (system.records("client")[0]["version"], second.version)


def test_a_create_whose_answer_was_lost_is_made_once(connector, system):
    """The key travels as Idempotency-Key."""
    system.configure(drop_answer_next=1)
    write = RecordWrite("client", "create", None, client(7), client(7), None, "w-create")
    outcomes = [connector.write("client", [write])[0] for _ in range(2)]

    assert [Unknown, Accepted] == [type(outcome) for outcome in outcomes]
    assert 1 == len(system.records("client"))


def test_a_key_used_for_other_content_is_refused(connector, record):
    """A retry carries the same bytes, or it is none."""
    connector.write("client", [update(record, {"job_title": "лікар"})])
    outcome = connector.write("client", [update(record, {"job_title": "учитель"})])[0]

    assert Refused("the call centre refused the content (Idempotency-Key: key_used_for_other_content)",
                   "key_used_for_other_content") == outcome  # fmt: skip


def test_too_many_requests_are_postponed_as_long_as_wished(connector, system, record):
    """Nothing happened."""
    system.configure(rate_limit_next=1, retry_after=30)

    assert Postponed("the call centre answered 429", retry_after=30.0) == connector.write(
        "client", [update(record, {"job_title": "лікар"})]
    )[0]  # fmt: skip


def test_a_stale_write_changes_nothing(connector, system, record):
    """412: somebody was quicker."""
    system.edit("client", record["id"], {"job_title": "учитель"})
    outcome = connector.write("client", [update(record, {"job_title": "лікар"})])[0]

    assert isinstance(outcome, Stale)
    assert "учитель" == system.records("client")[0]["job_title"]


def test_a_refusal_names_the_field_and_never_the_value(connector, record):
    """The value is a birth date of somebody."""
    outcome = connector.write("client", [update(record, {"birth_date": "31.02.1980"})])[0]

    assert isinstance(outcome, Refused)
    assert ("not_a_date", True, False) == (outcome.code, "birth_date" in outcome.reason, "1980" in outcome.reason)


def test_a_client_that_is_gone_is_refused(connector, record):
    """404 is final."""
    outcome = connector.write("client", [update(record | {"id": "cc-9"}, {"job_title": "лікар"})])[0]

    assert ("not_found", Refused) == (outcome.code, type(outcome))


def test_a_list_is_sent_whole_as_it_is_to_be_afterwards(connector, system, record):
    """Rows marked with @operation are no language of this API; the others must stay."""
    new = {"purpose": "survey"}
    after = {**record, "consents": [*record["consents"], new]}
    write = update(record, {"consents": [{"@operation": "insert", **new}]}, full=after)
    connector.write("client", [write])

    assert ["claims", "sales", "survey"] == [row["purpose"] for row in system.records("client")[0]["consents"]]


def test_what_an_address_does_not_name_stays(connector, system):
    """JSON merge patch reaches into objects."""
    system.load("client", [client(1, address={"street": "вул. Нова, 1", "city": "Київ"})])
    record = system.records("client")[0]
    connector.write("client", [update(record, {"address": {"city": "Львів"}})])

    assert {"street": "вул. Нова, 1", "city": "Львів"} == system.records("client")[0]["address"]


def test_when_it_goes_down_in_the_middle_the_rest_was_not_sent(connector, system, record):
    """Unreachable is only said of a batch of which nothing was sent."""
    connector.write("client", [update(record, {"job_title": "лікар"})])
    system.stop()
    with pytest.raises(Unreachable):
        connector.write("client", [update(record, {"job_title": "учитель"}, key="w-2")])
