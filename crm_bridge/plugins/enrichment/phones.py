"""``enrichment.phones``: what a phone number itself tells of its use. Fills what the source left open, nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from crm_bridge.api import Proposal, SourceView, hookimpl
from crm_bridge.plugins.enrichment.phone_numbers import purpose_of, time_zone_of, uses_of


@hookimpl
def enrich_clients(batch: Sequence[SourceView]) -> Iterator[Proposal]:
    """Features and purpose of phones, and the time zone where all phones leave only one."""
    for view in batch:
        phones = [point for point in view.doc.get("contact_points", ()) if point.get("type") == "phone"]
        for phone in phones:
            yield from _about(view.key, phone.get("value", ""), known=phone)
        if phones and not view.doc.get("preferences", {}).get("time_zone"):
            zones = {time_zone_of(phone.get("value", "")) for phone in phones}
            zone = zones.pop() if len(zones) == 1 else None
            if zone:
                yield Proposal(view.key, "preferences.time_zone", zone, "the only time zone of the phones' country")


def _about(key: str, number: str, *, known: Mapping[str, Any]) -> Iterator[Proposal]:
    if not known.get("features"):
        uses = uses_of(number)
        if uses:
            yield Proposal(key, f"contact_points[phone/{number}].features", list(uses), "by the number's type")
    if not known.get("purpose"):
        purpose = purpose_of(number)
        if purpose:
            yield Proposal(key, f"contact_points[phone/{number}].purpose", purpose, "by the number's type")
