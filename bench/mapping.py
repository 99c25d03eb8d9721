"""Microseconds a record: reading, and writing back what was read, for every shipped mapping.

Run: ``python bench/mapping.py``. Best of several rounds, on one core; validation by the model is not included.
Values vary from record to record, so that the memory of phones, dates and mails helps no more than in a real run.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from importlib.resources import files
from typing import Any

from crm_bridge.mapping import CompiledMapping, compile_mapping, load_mapping

RECORDS = 5_000
ROUNDS = 5


def contact(at: int) -> dict[str, Any]:
    """A Siebel contact of 25 fields with an address, a child and a consent."""
    return {
        "Id": f"1-{at:X}",
        "ModId": str(at % 9),
        "Created": "01/02/2020 10:11:12",
        "Updated": f"05/{at % 28 + 1:02}/2026 {at % 24:02}:{at % 60:02}:00",
        "LastName": f"Шевченко{at}",
        "FirstName": f"Оксана{at % 97}",
        "MiddleName": "Іванівна",
        "PersonalTitle": "",
        "FullName": f"Шевченко{at} Оксана Іванівна",
        "Gender": "F",
        "BirthDate": f"{at % 12 + 1:02}/{at % 28 + 1:02}/{1940 + at % 60}",
        "MaritalStatus": "Married",
        "JobTitle": "бухгалтер",
        "Status": "Active",
        "PreferredLanguageCode": "UKR",
        "PreferredCommunications": "Phone",
        "TimeZoneName": "",
        "IntegrationId": f"cc-{at}",
        "TaxId": "",
        "CellularPhone": f"050 555-{at // 100 % 100:02}-{at % 100:02}",
        "HomePhone": f"+38067555{at % 10000:04}",
        "EmailAddress": f"Oksana{at}@Example.com",
        "SuppressAllCalls": "N",
        "SuppressAllEmails": "Y",
        "SuppressAllMailings": "N",
        "FavoriteDish": "вареники",
        "ListOfPersonalAddress": {
            "PersonalAddress": [
                {
                    "PersonalAddressId": f"1-A{at}",
                    "PersonalStreetAddress": f"вул. Січових Стрільців, {at}",
                    "PersonalCity": "Київ",
                    "PersonalPostalCode": f"{at % 100000:05}",
                    "PersonalCountry": "Україна",
                }
            ]
        },
        "ListOfChild": {"Child": [{"Id": f"1-C{at}", "FirstName": "Марко", "BirthDate": "09/01/2017"}]},
        "ListOfConsent": {
            "Consent": [
                {
                    "Id": f"1-K{at}",
                    "Purpose": "Claims",
                    "Channel": "Cell Phone",
                    "Status": "Granted",
                    "CapturedDate": f"01/02/2026 {at % 24:02}:{at % 60:02}:00",
                    "FormNumber": f"Ф-{at}",
                }
            ]
        },
    }


def claim(at: int) -> dict[str, Any]:
    """A paid claim with two documents."""
    return {
        "Id": f"1-CL{at}",
        "ModId": "3",
        "Updated": "10/20/2026 08:15:00",
        "ClaimNumber": f"CL-{at}",
        "PolicyNumber": f"POL-{at}",
        "ContactId": f"1-{at:X}",
        "Status": "Paid",
        "RegisteredDate": f"10/{at % 28 + 1:02}/2026 09:00:00",
        "ListOfDocument": {"Document": [{"Id": "1-D1", "Name": "Довідка"}, {"Id": "1-D2", "Name": "Паспорт"}]},
        "PaymentOrder": str(at),
        "PaymentDate": "10/20/2026",
        "PaymentAmount": f"{at}.50",
        "PaymentCurrency": "UAH",
    }


def callcenter(at: int) -> dict[str, Any]:
    """A call-centre client of 15 flat fields."""
    return {
        "id": f"cc-{at}",
        "version": at % 9,
        "updated_at": f"2026-10-20T08:{at % 60:02}:00Z",
        "last_name": f"Шевченко{at}",
        "first_name": "Оксана",
        "middle_name": "Іванівна",
        "gender": "female",
        "birth_date": f"{1940 + at % 60}-{at % 12 + 1:02}-{at % 28 + 1:02}",
        "mobile_phone": f"+38050555{at % 10000:04}",
        "home_phone": None,
        "email": f"oksana{at}@example.com",
        "language": "uk",
        "job_title": "бухгалтер",
        "do_not_call": False,
        "external_id": f"1-{at:X}",
    }


def subscriber(at: int) -> dict[str, Any]:
    """An SMS subscriber."""
    return {
        "id": f"s-{at}",
        "msisdn": f"38050555{at % 10000:04}",
        "first_name": "Оксана",
        "last_name": f"Шевченко{at}",
        "middle_name": "Іванівна",
        "birth_date": f"{at % 28 + 1:02}.{at % 12 + 1:02}.{1940 + at % 60}",
        "email": f"oksana{at}@example.com",
        "language": "UA",
        "claims_sms": "yes",
        "consent_at": f"2026-01-02 {at % 24:02}:{at % 60:02}:05",
        "external_id": f"1-{at:X}",
        "postal_code": "04053",
        "version": f"e{at}",
        "updated_at": "2026-10-20T08:15:00Z",
    }


def vendor(at: int) -> dict[str, Any]:
    """A line of an agency's file."""
    return {
        "№ договору": f"Д-{at}",
        "ПІБ": f"Шевченко{at} Оксана Іванівна",
        "ІПН": "",
        "Телефон": f"(067) 555 {at // 100 % 100:02} {at % 100:02}",
        "E-mail": f"oksana{at}@example.com",
        "Дата народження": f"{at % 28 + 1:02}.{at % 12 + 1:02}.{1940 + at % 60}",
        "Стать": "ж",
        "Місто": "Київ",
        "Індекс": "04053",
        "Адреса": f"вул. Січових Стрільців, {at}",
        "Діти": "Марко 7; Олена",
        "Дата анкети": "15.09.2025",
        "Згода SMS": "так",
        "Дата згоди": "02.01.2026",
        "Улюблена страва": "вареники",
    }


SHIPPED: dict[str, Callable[[int], dict[str, Any]]] = {
    "siebel/contact.yaml": contact,
    "siebel/claim.yaml": claim,
    "callcenter/client.yaml": callcenter,
    "sms_gateway/subscriber.yaml": subscriber,
    "vendor_files/client.yaml": vendor,
}


def shipped(name: str) -> CompiledMapping:
    """A mapping of the package, compiled."""
    text = files("crm_bridge_mappings").joinpath(name).read_text(encoding="utf-8")
    return compile_mapping(load_mapping(text, file=name))


def main() -> None:
    """Measure and print."""
    print(f"{'mapping':32} {'read µs':>9} {'cold µs':>9} {'write, no change µs':>21}")
    for name, make in SHIPPED.items():
        read, cold, write = measure(shipped(name), [make(at) for at in range(RECORDS)])
        print(f"{name:32} {read:9.1f} {cold:9.1f} {write:21.1f}")


def measure(compiled: CompiledMapping, records: list[dict[str, Any]]) -> tuple[float, float, float]:
    """Microseconds a record: reading, reading for the first time, writing back without a change."""
    cold = _timed(lambda: [compiled.read(record) for record in records])
    readings = [compiled.read(record) for record in records]
    assert not any(reading.problems for reading in readings)
    pairs = list(zip(records, [reading.doc for reading in readings], strict=True))
    assert not any(compiled.write(raw, doc).changes for raw, doc in pairs)
    read = min(_timed(lambda: [compiled.read(record) for record in records]) for _ in range(ROUNDS))
    write = min(_timed(lambda: [compiled.write(raw, doc) for raw, doc in pairs]) for _ in range(ROUNDS))
    return read, cold, write


def _timed(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return (time.perf_counter() - start) / RECORDS * 1e6


if __name__ == "__main__":
    main()
