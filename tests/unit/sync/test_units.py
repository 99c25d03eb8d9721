"""The smallest pieces that are decided as a whole."""

from datetime import UTC, datetime

from saying import MOBILE, OTHER

from crm_bridge.model import current_consent
from crm_bridge.sync.units import changed, join, split

NOW = datetime(2026, 10, 20, tzinfo=UTC)


def test_a_name_is_one_unit_and_each_phone_is_one():
    """What belongs together is decided together; items of a list are decided one by one."""
    units = split({"kind": "person", "name": {"family": "Коваль"}, "contact_points": [MOBILE, OTHER]})

    assert ["contact_points[phone/+380505550101]", "contact_points[phone/+380505550102]", "name"] == sorted(units)


def test_units_do_not_depend_on_the_order_of_lists():
    assert split({"contact_points": [MOBILE, OTHER]}) == split({"contact_points": [OTHER, MOBILE]})


def test_a_rows_own_id_is_not_part_of_what_it_says():
    assert split({"contact_points": [{**MOBILE, "id": "r-1"}]}) == split({"contact_points": [MOBILE]})


def test_languages_and_time_zone_are_decided_apart():
    units = split({"preferences": {"languages": ["uk"], "time_zone": "Europe/Kyiv"}})

    assert {"preferences.languages", "preferences.time_zone"} == set(units)


def test_two_addresses_of_one_purpose_stand_beside_each_other():
    first = {"type": "postal", "value": "Київ", "purpose": "home"}
    second = {"type": "postal", "value": "Львів", "purpose": "home"}
    doc = {"contact_points": [first, second]}

    assert [first, second] == sorted(join(split(doc))["contact_points"], key=lambda item: item["value"])


def test_an_append_only_list_of_consents_is_read_as_what_holds_now():
    """A withdrawal that stands behind the grant in one record is not lost."""
    granted = {"purpose": "claims", "channel": "sms", "status": "granted", "captured_at": "2026-01-01T00:00:00Z"}
    withdrawn = {**granted, "status": "withdrawn", "captured_at": "2026-05-01T00:00:00Z"}
    for consents in ([granted, withdrawn], [withdrawn, granted]):
        kept = join(split({"consents": consents}))["consents"]

        state = current_consent(kept, purpose="claims", channel="sms", at=NOW)

        assert "withdrawn" == state.status


def test_a_consent_for_one_number_does_not_hide_the_one_for_all():
    everywhere = {"purpose": "sales", "channel": "sms", "status": "denied", "captured_at": "2026-01-01T00:00:00Z"}
    one_point = {**everywhere, "status": "granted", "contact_point": "cp-1", "captured_at": "2026-02-01T00:00:00Z"}

    assert 2 == len(join(split({"consents": [everywhere, one_point]}))["consents"])


def test_a_vanished_unit_counts_as_changed():
    assert ["gender"] == list(changed({"gender": "female", "job_title": "x"}, {"job_title": "x"}))


def test_the_first_address_stays_the_first_when_units_are_joined_and_split_again():
    """Though its name sorts behind those of the addresses beside it."""
    first, further = ({"type": "postal", "purpose": "home", "value": text} for text in ("вул. 2", "вул. 1"))
    doc = {"kind": "person", "contact_points": [first, further]}

    assert [first, further] == join(split(doc))["contact_points"]
