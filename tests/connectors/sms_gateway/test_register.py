"""The register of subscribers: what goes wrong on the way."""

from __future__ import annotations

import httpx
import pytest

from crm_bridge.api import Postponed, RecordWrite, Refused, RetryLater, Stale, Unknown
from crm_bridge_sms_gateway.simulator import SmsGatewaySimulator

from .conftest import NOW, subscriber


@pytest.fixture
def record(system):
    system.load("subscriber", [subscriber(1, email="a@example.com", claims_sms="yes")])
    return system.records("subscriber")[0]


def update(record, changes, *, version=None):
    return RecordWrite(
        "subscriber", "update", record["id"], changes, {**record, **changes}, version or record["version"], "w-1"
    )


def test_an_id_with_a_comma_is_read_by_it(connector, system):
    """Ids are asked for in one list: a comma in one divides nothing, nor does a percent sign open a code."""
    system.load("subscriber", [subscriber(number, id=name) for number, name in enumerate(["a,b", "a", "b", "50%2C"])])

    assert ["a,b", "50%2C"] == [record["id"] for record in connector.read("subscriber", ["a,b", "50%2C"])]


def test_a_replacement_keeps_what_the_full_record_says(connector, system, record):
    """The register empties what is not sent: so everything is."""
    connector.write("subscriber", [update(record, {"claims_sms": "no"})])
    (held,) = system.records("subscriber")

    assert ("no", "a@example.com") == (held["claims_sms"], held["email"])


def test_a_stop_between_reading_and_writing_wins(connector, system, record):
    """The client answered STOP: the bridge must not overwrite it with what it saw before."""
    system.configure(stop="+380505550001")
    outcome = connector.write("subscriber", [update(record, {"claims_sms": "yes"})])[0]

    assert isinstance(outcome, Stale)
    assert "stop" == system.records("subscriber")[0]["claims_sms"]


def test_a_create_whose_answer_was_lost_is_found_by_its_key(connector, system):
    """Asked for, not made again."""
    system.configure(drop_answer_next=1)
    write = RecordWrite("subscriber", "create", None, subscriber(5), subscriber(5), None, "w-create")
    outcome = connector.write("subscriber", [write])[0]

    assert isinstance(outcome, Unknown)
    assert system.records("subscriber")[0] == connector.find_write("subscriber", write)


def test_a_refusal_names_the_field_and_never_the_value(connector, record):
    """The value is a phone."""
    outcome = connector.write("subscriber", [update(record, {"msisdn": "+380505550101"})])[0]

    assert Refused("the register refused the content (msisdn: wrong_format)", "wrong_format") == outcome


def test_a_busy_register_postpones(connector, system, record):
    """503: nothing happened."""
    system.configure(fail_next=1)

    assert isinstance(connector.write("subscriber", [update(record, {"language": "UA"})])[0], Postponed)


def test_half_a_page_is_asked_for_again(connector, system):
    """No subscriber is lost."""
    loaded = system.load("subscriber", [subscriber(number) for number in range(150)])
    system.configure(malformed_next=1)
    pages = list(connector.read_changes("subscriber", None))

    assert list(loaded) == [record["id"] for page in pages for record in page.records]


def test_a_short_list_of_ids_is_an_error(connector, system):
    """It would look like deletions."""
    system.load("subscriber", [subscriber(1)])
    system.configure(malformed_next=1)
    with pytest.raises(RetryLater):
        list(connector.list_keys("subscriber"))


def test_without_a_register_there_are_no_records(open_connector):
    """A plain Kannel sends messages, and holds nobody."""
    assert [] == list(open_connector(register_url=None).kinds())


def test_its_state_survives_a_restart(connector, system, record, tmp_path):
    """Subscribers, and the order of changes."""
    system.edit("subscriber", record["id"], {"language": "UA"})
    cursor = list(connector.read_changes("subscriber", None))[-1].cursor
    again = SmsGatewaySimulator(tmp_path / "sms_gateway", lambda: NOW)

    assert list(system.records("subscriber")) == list(again.records("subscriber"))
    assert [] == list(connector.read_changes("subscriber", cursor))
    again.close()


def test_the_control_api_does_what_the_methods_do(connector, system):
    """For whoever tries the bridge by hand."""
    with httpx.Client(base_url=system._server.url) as http:
        (name,) = http.post("/_simulator/load/subscriber", json=[subscriber(1)]).json()["ids"]
        http.post(f"/_simulator/edit/subscriber/{name}", json={"language": "UA"}).raise_for_status()
        http.post("/_simulator/knobs", json={"stop": "380505550001"}).raise_for_status()
        statuses = [
            http.post("/_simulator/knobs", json={"no_such": 1}).status_code,
            http.post("/_simulator/edit/subscriber/nobody", json={}).status_code,
        ]

        assert system.records("subscriber") == http.get("/_simulator/state/subscriber").json()
        assert [] == http.get("/_simulator/state/message").json()
    assert ([422, 404], "stop") == (statuses, system.records("subscriber")[0]["claims_sms"])
