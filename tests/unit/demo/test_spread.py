"""Records of the four systems, made of people or of a data set."""

from __future__ import annotations

import json

import phonenumbers
import pytest

from crm_bridge.demo.input_file import InputRecord
from crm_bridge.demo.people import SamplePerson, make_people
from crm_bridge.demo.shapes import AGENCY_COLUMNS
from crm_bridge.demo.spread import SYSTEMS, Row, Spread, spread_input, spread_people, with_reference

PEOPLE = make_people(1_000)
SPREAD = spread_people(PEOPLE)


def _rows_of(spread: Spread, person: str) -> list[Row]:
    return [row for row in spread.rows if row.person == person]


def test_every_person_is_in_one_to_four_systems_and_never_twice_in_one() -> None:
    """All four numbers occur."""
    seen = set()
    for person in PEOPLE:
        systems = [row.system for row in _rows_of(SPREAD, person.id)]
        assert len(systems) == len(set(systems))
        seen.add(len(systems))

    assert {1, 2, 3, 4} == seen


def test_the_truth_is_in_no_record() -> None:
    """No person id and no data-set cluster leaks into what the bridge reads."""
    records = [InputRecord(id="r-1", cluster="Q42-truth", given="Anna", family="Novak", birth_date="1850-01-02")]
    text = json.dumps([row.raw for row in SPREAD.rows + spread_input(records).rows], ensure_ascii=False)

    assert "p-0000" not in text
    assert "Q42" not in text
    assert "r-1" not in text


def test_a_contact_in_siebel_has_its_tags_and_formats(somebody: SamplePerson) -> None:
    """Dates as month/day/year, codes of the list of values, nested addresses and consents; nothing is null."""
    raw = next(row.raw for row in _rows_of(SPREAD, somebody.id) if row.system == "siebel")

    assert f"{somebody.birth_date:%m/%d/%Y}" == raw["BirthDate"]
    assert {"male": "M", "female": "F"}[somebody.gender] == raw["Gender"]
    assert "Granted" == raw["ListOfConsent"]["Consent"][0]["Status"]
    assert None not in raw.values()


def test_a_subscriber_has_digits_only_and_kyiv_time(somebody: SamplePerson) -> None:
    """The gateway writes no plus, day.month.year and local time."""
    raw = next(row.raw for row in _rows_of(SPREAD, somebody.id) if row.system == "sms_gateway")

    assert somebody.mobile.removeprefix("+") == raw["msisdn"]
    assert f"{somebody.birth_date:%d.%m.%Y}" == raw["birth_date"]
    assert "yes" == raw["claims_sms"]
    assert len("2026-01-02 03:04:05") == len(raw["consent_at"])


def test_a_row_of_the_agency_has_every_column_and_fits_its_code_page(somebody: SamplePerson) -> None:
    """cp1251 can hold every row; phones are national."""
    raw = next(row.raw for row in _rows_of(SPREAD, somebody.id) if row.system == "vendor_files")

    assert list(AGENCY_COLUMNS) == list(raw)
    assert raw["Телефон"].startswith("(0")
    for _, row in SPREAD.of("vendor_files"):
        "".join(row.raw.values()).encode("cp1251")


def test_spelling_differs_between_systems() -> None:
    """Latin letters and slips in the call centre, capitals at the agency, missing birth dates at the gateway."""
    heard = [row.raw["last_name"] for _, row in SPREAD.of("callcenter")]
    cyrillic = {person.family for person in PEOPLE if person.language != "en"}

    assert any(name.isascii() for name in heard if name not in cyrillic)
    assert any(not name.isascii() and name not in cyrillic for name in heard)
    assert any(row.raw["ПІБ"].isupper() for _, row in SPREAD.of("vendor_files"))
    assert any(row.raw["birth_date"] == "" for _, row in SPREAD.of("sms_gateway"))


def test_an_external_id_names_the_siebel_record_of_the_same_person() -> None:
    """It is filled in once Siebel has given its row ids."""
    ids = {position: f"1-{position}" for position, _ in SPREAD.of("siebel")}
    referring = [row for row in SPREAD.rows if row.refers_to is not None]

    assert referring
    assert {row.system for row in referring} == {"callcenter", "sms_gateway"}
    for row in referring:
        assert row.refers_to is not None
        assert SPREAD.rows[row.refers_to].person == row.person
        assert with_reference(row, siebel_ids=ids)["external_id"] == f"1-{row.refers_to}"
        assert not row.raw["external_id"]


def test_the_bad_records_are_known_by_construction() -> None:
    """One each: unknown code, impossible date, bad phone, over-long value, broken line."""
    faults = {fault.name: (fault.system, fault.code) for fault in SPREAD.faults}

    assert {
        "over-long e-mail": ("siebel", "too_long"),
        "unknown code": ("siebel", "unknown_code"),
        "impossible date": ("vendor_files", "bad_date"),
        "bad phone": ("callcenter", "bad_phone"),
        "broken line": ("vendor_files", "wrong_column_count"),
    } == faults
    dates = [SPREAD.rows[f.row].raw.get("Дата народження") for f in SPREAD.faults if f.row and f.code == "bad_date"]
    assert ["31.02.1980"] == dates
    assert 1 == SPREAD.broken_lines
    assert () == spread_people(PEOPLE[:20], faults=False).faults


def test_records_of_one_cluster_go_round_robin() -> None:
    """Four records of one person are in four systems."""
    records = [InputRecord(id=str(n), cluster=f"c{n // 4}", family="Novak") for n in range(40)]

    rows = spread_input(records).rows

    for cluster in {row.person for row in rows}:
        assert set(SYSTEMS) == {row.system for row in rows if row.person == cluster}


def test_data_passes_as_it_is() -> None:
    """Years before 1900 and odd dates or codes are for the bridge to judge; what is missing stays missing."""
    odd = InputRecord(id="1", cluster="c", family="Novak", birth_date="-0050-01-0", gender="t2227949966")
    old = InputRecord(id="2", cluster="c", family="Novak", birth_date="1630-08-01", gender="male")

    (first, second) = spread_input([odd, old]).rows

    assert {"LastName": "Novak", "Gender": "t2227949966", "BirthDate": "-0050-01-0", "Status": "Active"} == first.raw
    assert second.system == "callcenter"
    assert second.raw["birth_date"] == "1630-08-01"
    assert second.raw["address"] is None


def test_the_gateway_gets_a_number_for_each_record_and_no_other_system_does() -> None:
    """A subscriber without a number is none; two records of one person get two numbers."""
    records = [InputRecord(id=str(n), cluster="c", family="Novak", birth_date="1850-01-02") for n in range(40)]

    rows = spread_input(records).rows

    numbers = [row.raw["msisdn"] for row in rows if row.system == "sms_gateway"]
    assert 10 == len(set(numbers))
    assert all(phonenumbers.is_valid_number(phonenumbers.parse(f"+{number}")) for number in numbers)
    assert not any(
        row.raw.get("CellularPhone") or row.raw.get("mobile_phone") or row.raw.get("Телефон") for row in rows
    )


def test_what_the_agencys_code_page_cannot_hold_is_not_put_there() -> None:
    """Such a file could not exist; the record goes to Siebel instead."""
    records = [InputRecord(id=str(n), cluster="c", family="Łukasz") for n in range(8)]

    assert "vendor_files" not in {row.system for row in spread_input(records).rows}


@pytest.fixture
def somebody() -> SamplePerson:
    """The person who is in all four systems."""
    return next(person for person in PEOPLE if person.role == "everywhere")


def test_records_that_the_agency_cannot_hold_are_moved_and_counted() -> None:
    """Its files are cp1251: the fourth record of a cluster is the agency's turn, unless it has other letters."""
    names = ("Lys", "Lys", "Lys", "Łukasz")
    records = [InputRecord(id=str(number), cluster="c", family=name) for number, name in enumerate(names)]

    spread = spread_input(records)

    assert 1 == spread.moved
    assert [] == spread.of("vendor_files")


@pytest.mark.parametrize("sign", ["\0", "\x07", "\x1b", "\ufffe"])
def test_records_that_xml_cannot_hold_are_not_put_into_siebel(sign: str) -> None:
    """No Siebel could answer with such a record, and a page with one has to be asked for row by row."""
    records = [InputRecord(id=str(n), cluster=f"c{n}", family=f"Ko{sign}val") for n in range(8)]

    spread = spread_input(records)

    assert ([], 8) == (spread.of("siebel"), len(spread.rows))
    assert 2 + spread.moved == spread.moved_on


def test_records_with_line_breaks_go_to_siebel_as_any_other() -> None:
    """XML holds tabs and line ends."""
    [row] = spread_input([InputRecord(id="1", cluster="c", family="Ko\tval\r\n")]).rows

    assert "siebel" == row.system
