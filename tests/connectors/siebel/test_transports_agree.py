"""The same record over SOAP and over REST, whatever types the WSDL gives its fields: read alike, written alike.

REST's values are Siebel's own text (MM/DD/YYYY, Y and N); a typed schema has ISO 8601 and true or false.
"""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest

from crm_bridge.api import Accepted, ConnectorContext, RecordWrite, Secret, Stale
from crm_bridge_siebel.registration import open_connector
from crm_bridge_siebel.settings import SiebelSettings
from crm_bridge_siebel.shapes import Component
from crm_bridge_siebel.siebel_values import as_siebel, as_typed
from crm_bridge_siebel.simulator.manner import Manner, shown, taken

WSDLS = Path(str(files("crm_bridge_siebel"))) / "wsdl"
CONSENT = {"Purpose": "Claims", "Channel": "Email", "Status": "Granted"}
ANNA = {
    "LastName": "Коваль",
    "BirthDate": "03/08/1985",
    "SuppressAllCalls": "Y",
    "SuppressAllEmails": "N",
    "ListOfChild": {"Child": [{"FirstName": "Марко", "BirthDate": "09/01/2017"}]},
    "ListOfPersonalAddress": {"PersonalAddress": [{"PersonalCity": "Київ"}]},
    "ListOfCommunicationAddress": {"CommunicationAddress": [{"AlternateEmailAddress": "a@example.com"}]},
    "ListOfConsent": {
        "Consent": [
            {"Purpose": "Claims", "Channel": "Email", "Status": "Granted", "CapturedDate": "01/02/2026 03:04:05"}
        ]
    },
}
TYPED = {
    "BirthDate": "1986-04-09",
    "SuppressAllCalls": "false",
    "SuppressAllEmails": "true",
    "ListOfConsent": {
        "Consent": [
            {
                "@operation": "insert",
                "Purpose": "Sales",
                "Channel": "Email",
                "Status": "Granted",
                "CapturedDate": "2026-07-02T03:04:05Z",
            }
        ]
    },
}
TEXT = {
    "BirthDate": "04/09/1986",
    "SuppressAllCalls": "N",
    "SuppressAllEmails": "Y",
    "ListOfConsent": {
        "Consent": [
            {
                "@operation": "insert",
                "Purpose": "Sales",
                "Channel": "Email",
                "Status": "Granted",
                "CapturedDate": "07/02/2026 03:04:05",
            }
        ]
    },
}
KINDS = [("contact_typed", "UTC"), ("contact_typed", "Europe/Kyiv"), ("contact", "UTC"), ("contact", "Europe/Kyiv")]


@pytest.fixture
def over(siebel):
    """A connector to this Siebel over a transport, by a WSDL."""
    opened = []

    def connect(transport: str, wsdl: str, zone: str = "UTC", **more):
        given = {"wsdl": {"contact": str(WSDLS / f"{wsdl}.wsdl")}, "user_time_zone": zone, "children": {}, **more}
        opened.append(
            open_connector(
                SiebelSettings(**{**siebel.settings, "retry_wait_seconds": 0.0, "transport": transport, **given}),
                ConnectorContext(
                    system="siebel",
                    base_dir=siebel.folder,
                    secret=lambda reference: Secret(Path(reference.removeprefix("file:")).read_text(encoding="utf-8")),
                    clock=siebel.clock,
                ),
            )
        )
        return opened[-1]

    yield connect
    for connector in opened:
        connector.close()


@pytest.mark.parametrize(("wsdl", "zone"), KINDS)
def test_both_transports_give_the_same_raw_record(siebel, over, wsdl, zone):
    """Key for key and text for text, nested rows and positions as well; so one mapping serves both."""
    siebel.simulator.configure(empty_elements=True, time_zone=zone)
    (row_id,) = siebel.simulator.load("contact", [ANNA])
    soap, rest = over("soap", wsdl, zone), over("rest", wsdl, zone)

    assert list(soap.read("contact", [row_id])) == list(rest.read("contact", [row_id]))
    (ours,), (theirs,) = (list(each.read_changes("contact", None)) for each in (soap, rest))
    assert (ours.records, ours.cursor) == (theirs.records, theirs.cursor)


@pytest.mark.parametrize(("wsdl", "zone"), KINDS)
def test_a_write_leaves_the_same_behind_over_both_transports(siebel, over, wsdl, zone):
    """A create, and an update of dates and flags with a new row."""
    siebel.simulator.configure(time_zone=zone)
    siebel.simulator.load("contact", [ANNA])
    given = TYPED if wsdl == "contact_typed" else TEXT
    held = []
    for transport in ("soap", "rest"):
        connector = over(transport, wsdl, zone)
        (made,) = connector.write("contact", [_write("create", key=transport, **{"LastName": "Коваль", **given})])
        assert isinstance(made, Accepted), made
        (read,) = connector.read("contact", [made.record_id])
        changed = {"BirthDate": "", "SuppressAllCalls": read["SuppressAllEmails"]}
        (done,) = connector.write("contact", [_write("update", made.record_id, version=read["ModId"], **changed)])
        assert isinstance(done, Accepted), done
        held.append(_content(siebel.held(made.record_id)))

    assert held[0] == held[1]
    assert ("", "Y", "Y") == tuple(held[0][name] for name in ("BirthDate", "SuppressAllCalls", "SuppressAllEmails"))


@pytest.mark.parametrize("transport", ["soap", "rest"])
def test_a_user_key_with_a_date_is_looked_up_in_siebels_form(siebel, over, transport):
    """Search specifications are never in ISO 8601, whatever the schema says."""
    siebel.simulator.configure(user_keys="IntegrationId;LastName+BirthDate")
    (there,) = siebel.simulator.load("contact", [{"LastName": "Коваль", "BirthDate": "03/08/1985"}])
    connector = over(transport, "contact_typed", user_keys={"contact": ["LastName+BirthDate"]})

    (outcome,) = connector.write("contact", [_write("create", LastName="Коваль", BirthDate="1985-03-08")])

    assert (Stale, there) == (type(outcome), getattr(outcome, "record_id", outcome))


@pytest.mark.parametrize("transport", ["soap", "rest"])
@pytest.mark.parametrize("year", ["0001", "0999"])
def test_early_years_have_four_digits_both_ways(siebel, over, transport, year):
    connector = over(transport, "contact_typed")

    (outcome,) = connector.write("contact", [_write("create", LastName="Коваль", BirthDate=f"{year}-03-08")])
    held = siebel.held(outcome.record_id)
    (read,) = connector.read("contact", [outcome.record_id])

    assert (f"03/08/{year}", f"{year}-03-08") == (held["BirthDate"], read["BirthDate"])


@pytest.mark.parametrize("year", ["0001", "0999"])
@pytest.mark.parametrize("typed", [False, True])
def test_moments_of_early_years_are_read_as_they_were_written(siebel, year, typed):
    """By the simulator: a year of fewer digits could not be read again."""
    kind = SimpleNamespace(type_of=lambda _name: "datetime")
    manner = Manner(ZoneInfo("UTC"), typed=typed)
    text = f"{year}-03-08T10:00:00" if typed else f"03/08/{year} 10:00:00"

    stored = taken("Since", kind, manner)(text)

    assert (f"03/08/{year} 10:00:00", text) == (stored, shown("Since", kind, manner)(stored))


@pytest.mark.parametrize(
    ("kind", "typed", "text"),
    [
        ("date", "2024-02-29", "02/29/2024"),
        ("date", "0001-02-03", "02/03/0001"),
        ("date", "0999-12-31", "12/31/0999"),
        ("date", "1985-03", "1985-03"),
        ("date", "2023-02-29", "2023-02-29"),
        ("dateTime", "2026-10-20T08:00:00", "10/20/2026 08:00:00"),
        ("dateTime", "2026-10-20T08:00:00.250Z", "10/20/2026 11:00:00"),
        ("dateTime", "2026-10-20T08:00:00+02:00", "10/20/2026 09:00:00"),
        ("dateTime", "0001-02-03T08:00:00", "02/03/0001 08:00:00"),
        ("dateTime", "0999-02-03T08:00:00", "02/03/0999 08:00:00"),
        ("dateTime", "0001-01-01T00:00:00+03:00", "0001-01-01T00:00:00+03:00"),
        ("dateTime", "10/20/2026 08:00:00", "10/20/2026 08:00:00"),
        ("dateTime", "20.10.2026 08:00:00", "20.10.2026 08:00:00"),
        ("dateTime", "завтра", "завтра"),
        ("boolean", "true", "Y"),
        ("boolean", "0", "N"),
        ("boolean", "maybe", "maybe"),
        ("decimal", "12.50", "12.50"),
        ("date", "", ""),
    ],
)
def test_what_is_no_value_of_its_type_goes_out_as_it_is(kind, typed, text):
    """Siebel refuses it by name; nothing is guessed. Moments with a zone are brought to the integration user's."""
    component = Component("Contact", "", ("Field",), types={"Field": kind})

    assert {"Field": text} == as_siebel(component, zone="Europe/Kyiv")({"Field": typed})


def test_a_moment_is_said_to_be_utc_only_where_the_user_is_there():
    """In any other zone it has no offset, as in typed answers."""
    component = Component("Contact", "", ("Field",), types={"Field": "dateTime"})
    read = {}
    for zone in ("UTC", "Europe/Kyiv"):
        read[zone] = {"Field": "10/20/2026 08:00:00"}
        as_typed(component, zone=zone)(read[zone])

    assert ["2026-10-20T08:00:00Z", "2026-10-20T08:00:00"] == [each["Field"] for each in read.values()]


def _write(operation, record_id=None, *, version=None, key="w-1", **fields):
    return RecordWrite("contact", operation, record_id, fields, {}, version, key)


def _content(record):
    """What was written of a record: without ids, and without what two writes in a row cannot share."""
    kept = {name: value for name, value in record.items() if name not in {"Id", "IntegrationId", "ModId"}}
    rows = [dict(row) for row in kept.pop("ListOfConsent")["Consent"]]
    return kept | {"consents": [{name: row[name] for name in row if name != "Id"} for row in rows]}
