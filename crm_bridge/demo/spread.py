"""Who is known where: people become records of the four systems, each in that system's manner, the truth kept beside.

A few records are bad on purpose, so what has to end as a dead letter is known by construction.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import count
from random import Random

from crm_bridge.demo.input_file import InputRecord
from crm_bridge.demo.people import MOBILE_CODES, SamplePerson
from crm_bridge.demo.portraits import PORTRAITS
from crm_bridge.demo.shapes import KINDS, SHAPES, Portrait, Raw

SYSTEMS = tuple(KINDS)
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # XML 1.0, §2.2
_SCENES: Mapping[str, tuple[str, ...]] = {
    "everywhere": SYSTEMS,
    "phone": ("siebel", "callcenter"),
    "name": ("siebel", "callcenter", "vendor_files"),
    "disjoint": ("siebel", "callcenter"),
    "consent": ("siebel", "sms_gateway"),
    "no_consent": ("siebel", "sms_gateway"),
    "long_email": ("siebel", "callcenter"),
}


@dataclass(frozen=True, slots=True)
class Row:
    """One record to load into one system.

    Attributes:
        raw: in the system's shape. Nothing in it tells ``person``.
        person: the truth: whose record it is.
        refers_to: position, in the same spread, of the Siebel record whose row id this system holds as ``external_id``.
        role: the scene that the person is kept for, mostly empty.
    """

    system: str
    raw: Raw
    person: str
    refers_to: int | None = None
    role: str = ""

    @property
    def kind(self) -> str:
        return KINDS[self.system]


@dataclass(frozen=True, slots=True)
class ExpectedFault:
    """A dead letter that has to come: for the record at position ``row``, or for the broken line (``None``)."""

    name: str
    system: str
    row: int | None
    code: str


@dataclass(frozen=True, slots=True)
class Spread:
    """Everything to load.

    Attributes:
        broken_lines: how many lines of the agency's file shall be no rows.
        moved: records that were the agency's turn and went to Siebel, as the agency's code page cannot hold them.
        moved_on: records that were for Siebel and went to the call centre, as XML cannot hold them.
    """

    rows: tuple[Row, ...]
    faults: tuple[ExpectedFault, ...] = ()
    broken_lines: int = 0
    moved: int = 0
    moved_on: int = 0

    def of(self, system: str) -> list[tuple[int, Row]]:
        """The rows of one system with their positions."""
        return [(position, row) for position, row in enumerate(self.rows) if row.system == system]


def with_reference(row: Row, *, siebel_ids: Mapping[int, str]) -> Raw:
    """The row's record with the Siebel row id that its system knows, once Siebel has given the ids (by position)."""
    if row.refers_to is None:
        return row.raw
    return row.raw | {"external_id": siebel_ids[row.refers_to]}


def spread_people(people: Sequence[SamplePerson], *, seed: int = 1, faults: bool = True) -> Spread:
    """Records of ``people``, each in one to four systems, and the records that are bad on purpose."""
    rows: list[Row] = []
    contracts = count(1)
    for person in people:
        rng = Random(f"{seed}:{person.id}")  # noqa: S311  # a repeatable sample, no secret
        siebel: int | None = None
        for system in _SCENES.get(person.role) or _systems(rng):
            portrait = PORTRAITS[system](person, rng)
            knows_siebel = system in ("callcenter", "sms_gateway") and (bool(person.role) or rng.random() < 0.4)
            if system == "vendor_files":
                portrait = replace(portrait, contract=f"Д-{next(contracts):06}")
            if system == "siebel":
                siebel = len(rows)
            rows.append(Row(system, SHAPES[system](portrait), person.id, siebel if knows_siebel else None, person.role))
    if not faults:
        return Spread(tuple(rows))
    expected = _long_emails(people, rows) + _add_bad_records(rows, contracts)
    return Spread(tuple(rows), (*expected, ExpectedFault("broken line", "vendor_files", None, "wrong_column_count")), 1)


def spread_input(records: Iterable[InputRecord]) -> Spread:
    """Records of a data set over the four systems: those of one cluster go round-robin, beginning a system further for
    each cluster. What the data does not say, the record does not say; only the gateway, which has no subscriber without
    a number, gets an invented one for each record, which tells nothing of the person.
    """
    rows: list[Row] = []
    contracts = count(1)
    turns: dict[str, int] = {}
    moved = moved_on = 0
    for record in records:
        turn = turns.setdefault(record.cluster, len(turns))
        turns[record.cluster] += 1
        system = SYSTEMS[turn % len(SYSTEMS)]
        if system == "vendor_files" and not _fits_agency(record):
            system = "siebel"  # the agency's code page has no such letters, so no such file could exist
            moved += 1
        if system == "siebel" and _NO_XML.search(_text_of(record)):
            system = "callcenter"  # nor could Siebel answer with such a record: XML has no such characters at all
            moved_on += 1
        portrait = Portrait(
            family=record.family,
            given=record.given,
            gender=record.gender,
            birth_date=record.birth_date,
            mobile=record.phone or (_invented_mobile(len(rows)) if system == "sms_gateway" else None),
            email=record.email,
            city=record.city,
            postal_code=record.postal_code,
            job_title=record.job_title,
            contract=f"Д-{next(contracts):06}" if system == "vendor_files" else None,
        )
        rows.append(Row(system, SHAPES[system](portrait), record.cluster))
    return Spread(tuple(rows), moved=moved, moved_on=moved_on)


def _invented_mobile(serial: int) -> str:
    """A valid number of the blocks from 549 down, each given once."""
    line, code = divmod(serial, len(MOBILE_CODES))
    block, tail = divmod(line, 10_000)
    return f"{MOBILE_CODES[code]}{549 - block:03}{tail:04}"


def _text_of(record: InputRecord) -> str:
    """All that the record says."""
    names = (record.family, record.given, record.birth_date, record.gender, record.job_title)
    return "".join(part for part in (*names, record.city, record.postal_code, record.email, record.phone) if part)


def _fits_agency(record: InputRecord) -> bool:
    try:
        _text_of(replace(record, job_title=None)).encode("cp1251")
    except UnicodeEncodeError:
        return False
    return True


def _systems(rng: Random) -> tuple[str, ...]:
    """One to four systems, Siebel more often than not, always in the order of :data:`SYSTEMS`."""
    wanted = rng.choices((1, 2, 3, 4), weights=(35, 30, 20, 15))[0]
    chosen = {"siebel"} if wanted > 1 and rng.random() < 0.85 else set()
    while len(chosen) < wanted:
        chosen.add(rng.choice(SYSTEMS))
    return tuple(system for system in SYSTEMS if system in chosen)


def _long_emails(people: Sequence[SamplePerson], rows: Sequence[Row]) -> list[ExpectedFault]:
    """The call centre knows an e-mail of more than Siebel's 50 characters: the write to Siebel has to be refused."""
    owners = {person.id for person in people if person.role == "long_email"}
    return [
        ExpectedFault("over-long e-mail", "siebel", position, "too_long")
        for position, row in enumerate(rows)
        if row.person in owners and row.system == "siebel"
    ]


def _add_bad_records(rows: list[Row], contracts: Iterator[int]) -> list[ExpectedFault]:
    """Append one record each with a code that Siebel does not list, a day of no calendar, and no phone number."""
    nobody = Portrait(family="Хибний", given="Запис", birth_date="1980-02-28")
    never = replace(nobody, birth_date="1980-02-31", contract=f"Д-{next(contracts):06}")
    bad = (
        ("unknown code", "siebel", replace(nobody, gender="Femal"), "unknown_code"),
        ("impossible date", "vendor_files", never, "bad_date"),
        ("bad phone", "callcenter", replace(nobody, mobile="12-34"), "bad_phone"),
    )  # fmt: skip
    expected = []
    for name, system, portrait, code in bad:
        expected.append(ExpectedFault(name, system, len(rows), code))
        rows.append(Row(system, SHAPES[system](portrait), f"bad: {name}"))
    return expected
