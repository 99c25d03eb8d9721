"""Siebel's answers and requests: zeep, ours and lxml's bare parse, on the same pages, in one run.

    python bench/siebel_read.py [--short] [--contacts N] [--rounds N]

Two schemas: our own contact, 30 fields with nested lists, and the 224-element contact of the published WC_Contacts
WSDL, which is read from ``CRM_BRIDGE_SIEBEL_WSDLS`` or ``../shared/data/siebel-wsdl`` and skipped, by name, where it
is not. What counts is the processor's time: of each the median over the rounds, and of the ratios the median and the
range over the rounds, in each of which all take turns, so that a noisy machine is noisy for all.
"""

from __future__ import annotations

import argparse
import gc
import os
import platform
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from statistics import median
from typing import Any
from xml.sax.saxutils import escape

import zeep
from lxml import etree

from crm_bridge_siebel.dialects import Modes, dialect_for
from crm_bridge_siebel.query import BY_CHANGE, Position, Query, changed_after
from crm_bridge_siebel.records import RecordReader
from crm_bridge_siebel.shapes import Component, ComponentList
from crm_bridge_siebel.soap import SoapService

SHARED = Path(os.environ.get("CRM_BRIDGE_SIEBEL_WSDLS") or Path(__file__).parents[1] / "../shared/data/siebel-wsdl")
WIDE = "oracle-accelerators/WC_Contacts_BS.wsdl"
GOALS = {"narrow": 10.0, "wide": 20.0}
BARE_GOAL, REQUEST_GOAL = 4.0, 5.0
_VALUES = {
    "boolean": "true",
    "dateTime": "2026-10-20T08:00:00",
    "date": "1985-03-08",
    "int": "7",
    "integer": "7",
    "decimal": "12.50",
}


class NoHeader:
    """A request without credentials."""

    def xml(self) -> str:
        """Nothing."""
        return ""


@dataclass(frozen=True)
class Case:
    """One schema and one page of it."""

    name: str
    goal: float
    service: SoapService
    page: bytes
    contacts: int
    client: zeep.Client
    operation: Any

    @classmethod
    def of(cls, name: str, wsdl: Path, *, goal: float, contacts: int, rows: int, present: int | None) -> Case:
        """A case with a page of ``contacts``, each with ``rows`` rows a list and at most ``present`` fields."""
        service = SoapService(wsdl, endpoint="http://127.0.0.1/", system="bench")
        client = zeep.Client(str(wsdl))
        operation = next(iter(client.wsdl.bindings.values())).get(service.shape.operations["QueryPage"])
        page = page_of(service, contacts=contacts, rows=rows, present=present)
        return cls(name, goal, service, page, contacts, client, operation)


def page_of(service: SoapService, *, contacts: int, rows: int, present: int | None) -> bytes:
    """An answer to QueryPage, written by hand in the order of the schema."""
    shape, output = service.shape.data, service.operations["QueryPage"].output
    body = "".join(_row(shape.component, number, rows=rows, present=present) for number in range(contacts))
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        '<SOAP-ENV:Envelope xmlns:SOAP-ENV="http://schemas.xmlsoap.org/soap/envelope/">'
        f'<SOAP-ENV:Body><ns:{output.tag} xmlns:ns="{output.namespace}">'
        f'<{shape.tag} lastpage="false" recordcount="{contacts}" xmlns="{shape.component.namespace}">'
        f"{body}</{shape.tag}>"
        f"</ns:{output.tag}></SOAP-ENV:Body></SOAP-ENV:Envelope>"
    ).encode()


def _row(component: Component, number: int, *, rows: int, present: int | None) -> str:
    names = component.fields if present is None else component.fields[:present]
    out = [f"<{component.tag}>"]
    out += [f"<{name}>{escape(_value(component, name, number))}</{name}>" for name in names]
    out += [_list(child, number, rows=rows, present=present) for child in component.lists[:4]]
    out.append(f"</{component.tag}>")
    return "".join(out)


def _list(child: ComponentList, number: int, *, rows: int, present: int | None) -> str:
    inner = "".join(_row(child.component, number * 10 + each, rows=rows, present=present) for each in range(rows))
    return f"<{child.tag}>{inner}</{child.tag}>"


def _value(component: Component, name: str, number: int) -> str:
    if name == "Id":
        return f"1-{number:X}"
    return _VALUES.get(component.types.get(name, ""), f"Значення {number}")


def by_zeep(case: Case) -> Callable[[], object]:
    """zeep's full deserialisation."""
    output = case.operation.output

    def read() -> object:
        return output.deserialize(etree.fromstring(case.page))

    return read


def by_us(case: Case) -> Callable[[], object]:
    """Our reader: every record, and whether there is more."""
    reader = RecordReader(case.service.shape.data, system="bench")

    def read() -> object:
        answer = reader.read(case.page, page_size=case.contacts, where="page")
        assert len(answer.records) == case.contacts, answer.broken[:1]
        return answer

    return read


def by_lxml(case: Case) -> Callable[[], object]:
    """The page parsed, and nothing read from it."""
    return lambda: etree.fromstring(case.page)


def requests(case: Case) -> Mapping[str, Callable[[], object]]:
    """The same QueryPage request, with every field in its template."""
    query = Query(changed_after(Position("10/20/2026 08:00:00", "1-7JZ-2")), sort=BY_CHANGE)
    dialect = dialect_for(case.service.service, case.service.shape, names={})
    modes = Modes(view="All", language="LIC", fixed={})
    arguments = dict(dialect.question(query, modes=modes).arguments)
    for_zeep = _for_zeep(arguments)
    name = case.service.shape.operations["QueryPage"]
    proxy = case.client.create_service(next(iter(case.client.wsdl.bindings)), "http://127.0.0.1/")

    def ours() -> object:
        call = dialect.question(query, modes=modes)
        return case.service.request(call.method, call.arguments, login=NoHeader())

    return {
        "zeep": lambda: etree.tostring(case.client.create_message(proxy, name, **for_zeep)),
        "ours": ours,
    }


def _for_zeep(value: Any, *, inside: bool = False) -> Any:
    """zeep takes the text of a type with attributes under ``_value_1``; every field of a query is of such a type."""
    if not isinstance(value, Mapping):
        return {"_value_1": ""} if inside and value == "" else value
    return {key: each if key == "_value_1" else _for_zeep(each, inside=True) for key, each in value.items()}


def measured(runs: Mapping[str, Callable[[], object]], *, rounds: int, times: int = 1) -> Mapping[str, list[float]]:
    """The processor's seconds of each, round by round; a round is the mean of ``times`` runs."""
    found: dict[str, list[float]] = {name: [] for name in runs}
    for run in runs.values():
        run()  # what is compiled or learned once is not measured
    for _ in range(rounds):
        for name, run in runs.items():
            gc.collect()  # nobody pays for what another left behind; collecting stays switched on
            began = time.process_time()
            for _ in range(times):
                run()
            found[name].append((time.process_time() - began) / times)
    return found


@dataclass(frozen=True)
class Ratio:
    """How many times one took of the other, within each round."""

    median: float
    least: float
    most: float

    @classmethod
    def of(cls, slow: list[float], fast: list[float]) -> Ratio:
        """That of two rows of rounds."""
        each = [one / other for one, other in zip(slow, fast, strict=True)]
        return cls(median(each), min(each), max(each))

    def __str__(self) -> str:
        return f"{self.median:.1f} ({self.least:.1f}–{self.most:.1f})"


def cases(*, contacts: int) -> Iterator[Case]:
    """Those that can be run here."""
    own = Path(str(files("crm_bridge_siebel"))) / "wsdl" / "contact.wsdl"
    yield Case.of("narrow", own, goal=GOALS["narrow"], contacts=contacts, rows=2, present=None)
    wide = SHARED / WIDE
    if not wide.is_file():
        print(f"skipped: {WIDE} is not at {SHARED.name}; set CRM_BRIDGE_SIEBEL_WSDLS", file=sys.stderr)
        return
    yield Case.of("wide", wide, goal=GOALS["wide"], contacts=max(10, contacts // 5), rows=0, present=None)
    yield Case.of("wide, 14 present", wide, goal=GOALS["wide"], contacts=max(10, contacts // 2), rows=0, present=14)


def verdict(missed: Sequence[str], *, measured: Sequence[str]) -> str:
    """What the run showed; goals whose schema was not measured are named, since nothing is known of them."""
    absent = [name for name in GOALS if name not in measured]
    told = [f"MISSED {each}" for each in missed]
    told += [f"NOT MEASURED {name}: its WSDL is not here; set CRM_BRIDGE_SIEBEL_WSDLS" for name in absent]
    if absent:
        told.append(
            f"INCOMPLETE: nothing is known of {', '.join(absent)}; this run does not show that the goals are met"
        )
    elif not missed:
        told.append("every goal reached")
    return "\n".join(told)


def main() -> int:
    """Run, print, and fail where a goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--short", action="store_true", help="small pages and few rounds, for CI")
    parser.add_argument("--contacts", type=int, default=500)
    parser.add_argument("--rounds", type=int, default=7)
    asked = parser.parse_args()
    contacts, rounds, times = (100, 3, 1) if asked.short else (asked.contacts, asked.rounds, 2)
    versions = f"zeep {zeep.__version__}, lxml {etree.__version__}, libxml2 {'.'.join(map(str, etree.LIBXML_VERSION))}"
    print(
        f"{os.cpu_count()} cores, Python {platform.python_version()}, {versions}; CPU time, median of {rounds} rounds\n"
    )
    print("| page | contacts | KB | zeep µs | ours µs | bare lxml µs | times zeep (range) | times bare (range) |")
    print("|--|--|--|--|--|--|--|--|")
    missed, asked_for = [], []
    for case in cases(contacts=contacts):
        took = measured({"zeep": by_zeep(case), "ours": by_us(case), "lxml": by_lxml(case)}, rounds=rounds, times=times)
        faster, slower = Ratio.of(took["zeep"], took["ours"]), Ratio.of(took["ours"], took["lxml"])
        zeep_us, ours_us, bare_us = (median(each) / case.contacts * 1e6 for each in took.values())
        print(
            f"| {case.name} | {case.contacts} | {len(case.page) // 1024} | {zeep_us:.0f} | {ours_us:.1f} "
            f"| {bare_us:.1f} | {faster} | {slower} |"
        )
        if faster.median < case.goal:
            missed.append(f"{case.name}: {faster} times zeep, goal {case.goal:g}")
        if slower.median > BARE_GOAL:
            missed.append(f"{case.name}: {slower} times bare lxml, goal {BARE_GOAL:g}")
        if "," not in case.name:
            asked_for.append((case.name, measured(requests(case), rounds=rounds, times=10)))
    print("\n| request | zeep µs | ours µs | times zeep (range) |\n|--|--|--|--|")
    for name, took in asked_for:
        faster = Ratio.of(took["zeep"], took["ours"])
        print(f"| {name} | {median(took['zeep']) * 1e6:.0f} | {median(took['ours']) * 1e6:.0f} | {faster} |")
        if faster.median < REQUEST_GOAL:
            missed.append(f"request {name}: {faster} times zeep, goal {REQUEST_GOAL:g}")
    print("\n" + verdict(missed, measured=[name for name, _ in asked_for]))
    return 1 if missed and not asked.short else 0  # a short run only shows that it runs


if __name__ == "__main__":
    sys.exit(main())
