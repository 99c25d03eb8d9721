"""The first steps of a page: which records are new or changed (by digest, before any mapping), and what they say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, NamedTuple

import orjson

from crm_bridge.connector import BrokenRecord, Page
from crm_bridge.hookspecs import ProposalMode, SourceView
from crm_bridge.mapping import Problem, Reading
from crm_bridge.matching import match_keys
from crm_bridge.plugin_manager import Plugins
from crm_bridge.run_context.digest import NotJson, can_be_stored, canonical_bytes, digest_of, name_of, safe_text
from crm_bridge.run_context.systems import Kind
from crm_bridge.runner.unborn import refused_unborn
from crm_bridge.store.letters import Letter
from crm_bridge.store.records import Known
from crm_bridge.sync.proposals import Offer, apply


class Arrival(NamedTuple):
    """A record that is new or changed: its bytes, what it says, and what the store knows of it.

    Attributes:
        key: ``system/kind/record_id``.
        effective: the document as the mapping read it, with the plugins' proposals.
    """

    key: str
    record_id: str
    raw: bytes
    digest: bytes
    reading: Reading
    known: Known | None
    offers: tuple[Offer, ...]
    effective: Mapping[str, Any]

    @property
    def client_id(self) -> str | None:
        """Whose the record was before."""
        return self.known.client_id if self.known is not None else None


@dataclass(frozen=True, slots=True)
class PageReading:
    """A page, sorted: what arrived, what cannot proceed, and how many were as they were."""

    arrivals: Sequence[Arrival]
    letters: Sequence[Letter]
    total: int
    unchanged: int
    quarantined: int


def record_ids(page: Page, kind: Kind) -> list[str]:
    """The ids of the page's records, by the mapping; ``""`` where a record has none that can be stored."""
    identify = kind.mapping.record_id
    ids = [identify(record) for record in page.records]
    if not can_be_stored("".join(ids)):
        return [each if can_be_stored(each) else "" for each in ids]
    return ids


def sort_page(page: Page, ids: Sequence[str], kind: Kind, known: Mapping[str, Known], *, today: date) -> PageReading:
    """Skip what did not change, read the rest. Of a record that stands twice in a page, the last one counts.

    Args:
        today: the day of the run, in UTC: nobody was born after it.
    """
    last = {record_id: index for index, record_id in enumerate(ids)}
    arrivals: list[Arrival] = []
    letters = [_broken(kind, broken) for broken in page.broken]
    unchanged = quarantined = 0
    read, fingerprint, prefix = kind.mapping.read, kind.fingerprint, key_of(kind, "")
    if len(last) < len(ids):
        letters.extend(_contradictions(page, ids, last, kind))
    for index, (record, record_id) in enumerate(zip(page.records, ids, strict=True)):
        if record_id and last[record_id] != index:
            continue
        try:
            raw = canonical_bytes(record)
        except NotJson as error:
            letters.append(_not_json(kind, record_id, record, error))
            quarantined += 1
            continue
        digest = digest_of(raw, fingerprint=fingerprint)
        before = known.get(record_id)
        if before is not None and before.digest == digest and not before.gone:
            unchanged += 1
            continue
        reading = refused_unborn(read(record), record, mapping=kind.mapping, today=today)
        if reading.quarantined or not record_id:
            keys = telling_keys(reading.doc) if kind.is_client and (before is None or before.client_id is None) else ()
            made = _letters(kind, record_id or f"no id, {name_of(raw)}", raw, reading)
            letters.extend(replace(letter, keys=keys) for letter in made)
            quarantined += 1
            continue
        arrivals.append(Arrival(prefix + record_id, record_id, raw, digest, reading, before, (), reading.doc))
    total = len(page.records) + len(page.broken)
    return PageReading(arrivals, letters, total, unchanged, quarantined + len(page.broken))


def _broken(kind: Kind, broken: BrokenRecord) -> Letter:
    return Letter(
        stage="read",
        system=kind.system,
        kind=kind.name,
        record_id=broken.record_id or broken.position,
        code=broken.code,
        message=f"{broken.position}: {broken.cause}",
        raw=orjson.dumps(broken.raw),
        hint="mend it at its source; the corrected record is read with the next changes"
        + (", or when you replay this letter" if broken.record_id and kind.capabilities.reads_back else ""),
    )


def _not_json(kind: Kind, record_id: str, record: Any, error: NotJson) -> Letter:
    text = safe_text(record)
    return Letter(
        stage="read",
        system=kind.system,
        kind=kind.name,
        record_id=record_id or f"no id, {name_of(text.encode())}",
        code="not_json",
        message=f"the record holds what JSON cannot carry: {error}",
        raw=orjson.dumps(text),
        hint="mend it at its source, or tell the connector's maker; the corrected record is read with the next changes",
    )


def _contradictions(page: Page, ids: Sequence[str], last: Mapping[str, int], kind: Kind) -> list[Letter]:
    """Letters for rows under the id of a later row that says something else. An earlier version of it is none."""
    found: list[Letter] = []
    for index, (record, record_id) in enumerate(zip(page.records, ids, strict=True)):
        if not record_id or last[record_id] == index:
            continue
        other = page.records[last[record_id]]
        try:
            raw = canonical_bytes(record)
            if raw == canonical_bytes(other):
                continue
        except NotJson:
            raw = orjson.dumps(safe_text(record))
        said, says = kind.mapping.read(record), kind.mapping.read(other)
        if (said.version, said.changed_at) != (says.version, says.changed_at):
            continue
        found.append(
            Letter(
                stage="map",
                system=kind.system,
                kind=kind.name,
                record_id=f"{record_id}, {name_of(raw)}",
                code="duplicate_id",
                message="another row of the same page has the same id and says something else: that one counts",
                raw=raw,
                hint=f"give each record of {kind.system} an id of its own, then discard this letter; or replay it, to "
                "let this row count",
            )
        )
    return found


def telling_keys(doc: Mapping[str, Any]) -> tuple[str, ...]:
    """Of what could be read: the keys that tell whether another system's client may be the same."""
    return tuple(key for key in match_keys(doc) if key.startswith(("id:", "p:", "e:", "b:")) and "|=" not in key)


def _letters(kind: Kind, record_id: str, raw: bytes, reading: Reading) -> list[Letter]:
    return [
        letter_of(kind, record_id, raw, problem) for problem in reading.problems if problem.severity == "quarantine"
    ]


def letter_of(kind: Kind, record_id: str, raw: bytes, problem: Problem, *, stage: str = "map") -> Letter:
    """The dead letter of one problem of one record."""
    return Letter(
        stage=stage,
        system=kind.system,
        kind=kind.name,
        record_id=record_id,
        code=problem.code,
        path=problem.path,
        message=f"{problem.field}: {problem.message}",
        hint=f"mend the record in {kind.system}, or the mapping {kind.mapping.name}, and replay",
        value=problem.value,
        raw=raw,
    )


def enrich(arrivals: Sequence[Arrival], kind: Kind, plugins: Plugins) -> Sequence[Arrival]:
    """Ask the plugins for better values, a page at a time, and apply what they propose."""
    if not arrivals or not plugins.implements("enrich_clients"):
        return arrivals
    views = [view_of(arrival, kind) for arrival in arrivals]
    offers: dict[str, list[Offer]] = {}
    for plugin, proposal in plugins.enrich(views):
        offers.setdefault(proposal.key, []).append(
            Offer(
                proposal.path,
                proposal.value,
                proposal.reason,
                plugin,
                proposal.mode is ProposalMode.NORMALISE,
            )
        )
    if not offers:
        return arrivals
    return [
        arrival._replace(offers=tuple(made), effective=apply(arrival.reading.doc, made))
        if (made := offers.get(view.key))
        else arrival
        for arrival, view in zip(arrivals, views, strict=True)
    ]


def key_of(kind: Kind, record_id: str) -> str:
    return f"{kind.system}/{kind.name}/{record_id}"


def view_of(arrival: Arrival, kind: Kind) -> SourceView:
    """The arrival as hooks see it."""
    return SourceView(
        key=arrival.key,
        system=kind.system,
        kind=kind.name,
        record_id=arrival.record_id,
        doc=arrival.effective,
        client_id=arrival.client_id,
    )
