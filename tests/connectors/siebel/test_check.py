"""What ``check`` finds out by asking, on the simulator. Everybody in it is invented."""

from __future__ import annotations

import re
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from crm_bridge.api import ConfigMistake, ConnectorContext, Note, Secret
from crm_bridge_siebel.lookups import unfound_keys, unfound_user_key
from crm_bridge_siebel.registration import open_connector
from crm_bridge_siebel.settings import SiebelSettings
from crm_bridge_siebel.shapes import Component


@pytest.fixture
def checked(siebel):
    """What ``check`` says of contacts where the configuration has ``writes`` and ``creates``."""

    def check(*, writes: bool = False, creates: bool = False, **more: Any) -> list[str]:
        given = SiebelSettings(**{**siebel.settings, "children": {"contact": [], "claim": []}, **more})
        context = ConnectorContext(
            system="siebel",
            base_dir=siebel.folder,
            secret=lambda reference: Secret(Path(reference.removeprefix("file:")).read_text(encoding="utf-8")),
            clock=siebel.clock,
            writes=frozenset({"contact"} if writes else ()),
            creates=frozenset({"contact"} if creates else ()),
        )
        connector = open_connector(given, context)
        try:
            return [said for said in connector.check() if "probe_writes" not in said]
        finally:
            connector.close()

    return check


@pytest.mark.parametrize("transport", ["soap", "rest"])
@pytest.mark.parametrize("zone", ["UTC", "Europe/Kyiv"])
def test_times_that_are_read_as_they_are_written_are_in_order(siebel, checked, zone, transport):
    """Whatever the user's zone is."""
    siebel.load(3)
    siebel.simulator.configure(time_zone=zone)

    assert [] == [said for said in checked(user_time_zone=zone, transport=transport) if "Updated" in said]


@pytest.mark.parametrize(
    ("answers", "read", "hours"),
    [
        ("Europe/Kyiv", "UTC", "3 h earlier"),
        ("UTC", "Asia/Kathmandu", "5.75 h later"),
        ("UTC", "Pacific/Kiritimati", "14 h later"),
    ],
)
def test_a_site_that_reads_times_in_another_zone_than_it_writes_them_is_found(siebel, checked, answers, read, hours):
    """Its polls would miss changes, or read the same ones for ever."""
    siebel.load(3)
    siebel.simulator.configure(time_zone=answers, spec_time_zone=read)

    (said,) = checked(user_time_zone=answers)
    assert hours in said
    assert f"user_time_zone is {answers}" in said
    assert not isinstance(said, Note)


def test_a_key_is_looked_up_where_records_are_created_and_what_cannot_be_tried_is_said(siebel, checked):
    """Only a create could prove that Siebel refuses a second one."""
    siebel.load(2)
    siebel.simulator.load("contact", [{"LastName": "Тестова", "IntegrationId": "w-1"}])

    (note,) = checked(creates=True)
    assert isinstance(note, Note)
    assert "anything but a create" in note
    assert [] == checked()


@pytest.mark.parametrize(
    ("found", "word"),
    [
        ({"crm-bridge-check": ["1-1"]}, "that no record has"),
        ({"w-1": []}, "does not find it"),
        ({"w-1": ["1-9"]}, "does not find it"),
        ({"w-1": ["1-1", "1-2"]}, "several records"),
    ],
)
def test_a_key_that_finds_nothing_or_too_much_is_told(found, word):
    """A lost create could then be neither found nor told from another record."""
    sample = [{"Id": "1-0"}, {"Id": "1-1", "IntegrationId": "w-1"}]
    said = unfound_keys("contact", sample, ask=lambda asked: [{"Id": each} for each in found.get(asked.value, ())])

    first = next(iter(said))
    assert word in first
    assert not isinstance(first, Note)


def test_a_user_key_of_fields_that_siebel_calls_otherwise_is_told():
    """As where fields have blanks and tags have none: the first create that meets a record would find it out."""
    component = Component(tag="Contact", namespace="", fields=("Id", "LastName", "FirstName"))
    sample = [{"Id": "1-0"}, {"Id": "1-1", "LastName": "Тестова", "FirstName": "Вигадана"}]

    def refuses(condition):
        raise ConfigMistake("siebel: query refused with SBL-DAT-00398")

    def told(ask):
        return list(unfound_user_key("contact", "LastName+FirstName", sample, component=component, ask=ask))

    (refused,), (missed,) = told(refuses), told(lambda _: [])
    assert "SBL-DAT-00398" in refused
    assert "name them in field_names" in refused
    assert "does not find it" in missed
    assert [] == told(lambda _: [{"Id": "1-1"}])


def test_user_keys_are_tried_where_records_are_created(siebel, checked):
    """On the simulator their look-up finds its record."""
    siebel.load(2)
    siebel.simulator.load("contact", [{"LastName": "Тестова", "IntegrationId": "w-1"}])

    assert [Note] == [type(each) for each in checked(creates=True, user_keys={"contact": ["LastName", "FirstName"]})]


def test_that_no_record_has_a_key_yet_is_no_proof():
    """A note says what was not tried."""
    said = list(unfound_keys("contact", [{"Id": "1-0"}], ask=lambda _: []))

    assert [Note, Note] == [type(each) for each in said]
    assert "none of 1 records" in said[0]


@pytest.mark.parametrize(("writes", "probe", "found"), [(True, None, 1), (False, None, 0), (True, False, 0)])
def test_a_stale_write_is_tried_where_the_bridge_is_configured_to_write(siebel, checked, writes, probe, found):
    """It never takes effect; where it is not tried, a note says so."""
    siebel.load(2)
    before = siebel.simulator.records("contact")
    siebel.simulator.configure(modification_key=False)

    said = checked(writes=writes, probe_writes=probe)

    assert found == len([each for each in said if "a stale ModId is not refused" in each])
    assert before == siebel.simulator.records("contact")


@pytest.mark.parametrize(
    ("way", "operations", "creates", "expected"),
    [
        ("contact", ["Execute"], False, ["updates"]),
        ("contact_asi", ["InsertOrUpdate"], False, ["updates"]),
        ("contact", ["Execute", "Insert"], True, ["updates", "created"]),
        ("contact", ["Insert"], False, []),
    ],
)
def test_writes_that_the_service_has_no_operation_for_are_told(checked, tmp_path, way, operations, creates, expected):
    """Each of them would be a dead letter; a site that only reads may leave them out."""
    text = (files("crm_bridge_siebel") / "wsdl" / f"{way}.wsdl").read_text(encoding="utf-8")
    for name in operations:
        text = re.sub(rf'<operation name="\w+?(?<!Or){name}">.*?</operation>', "", text, flags=re.DOTALL)
    place = tmp_path / "narrow.wsdl"
    place.write_text(text, encoding="utf-8")
    kinds = {"contact": {"wsdl": str(place)}}

    said = checked(writes=True, creates=creates, kinds=kinds)
    reads_only = checked(kinds=kinds)

    told = [each for each in said if "cannot be written" in each or "cannot be created" in each]
    assert expected == [word for word in ("updates", "created") if any(word in each for each in told)]
    assert [] == [each for each in reads_only if "cannot be" in each]
