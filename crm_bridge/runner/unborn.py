"""Birth dates that are still to come: nobody's. A mapping reads without a clock, so they are met here, where one is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from crm_bridge.mapping import CompiledMapping, ExplainedPath, Problem, Reading

_SLACK = timedelta(days=1)  # somewhere on Earth it is tomorrow
_REMEDY = "a birth date that is still to come: correct it in the system that holds it"


def refused_unborn(reading: Reading, raw: Mapping[str, Any], *, mapping: CompiledMapping, today: date) -> Reading:
    """``reading``, with a problem for each birth date of the client, or of somebody related, that is after ``today``.

    A day of slack is given for zones.

    Args:
        today: in UTC.
    """
    # ``1985``, ``1985-03`` and ``--03-08`` are compared as far as they go: all dates have years of four digits.
    latest = (today + _SLACK).isoformat()
    if not _any_after(reading.doc, latest):
        return reading
    doc = dict(reading.doc)
    found = list(_problems(doc, mapping.explain(raw), latest))
    if doc.get("birth_date", "") > latest:
        del doc["birth_date"]
    return reading._replace(doc=doc, problems=(*reading.problems, *found))


def _any_after(doc: Mapping[str, Any], latest: str) -> bool:
    if doc.get("birth_date", "") > latest:
        return True
    related = doc.get("relationships") or ()
    return bool(related) and any(_of(item) > latest for item in related)


def _problems(doc: Mapping[str, Any], rows: Sequence[ExplainedPath], latest: str) -> Iterator[Problem]:
    if (own := doc.get("birth_date", "")) > latest:
        fields = dict.fromkeys(name for row in rows if row.path == "birth_date" for name in row.raw)
        yield Problem("birth_date", ", ".join(fields) or "birth_date", "bad_date", _REMEDY, own)
    for row in rows:
        if row.path.startswith("relationships"):
            for item in row.result or ():
                if _of(item) > latest:
                    yield Problem(f"{row.path}.to.birth_date", ", ".join(row.raw), "bad_date", _REMEDY, _of(item))


def _of(item: Mapping[str, Any]) -> str:
    """The birth date of somebody related; empty: none is known."""
    return str((item.get("to") or {}).get("birth_date") or "")
