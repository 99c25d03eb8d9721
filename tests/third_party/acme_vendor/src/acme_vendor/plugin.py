"""The hooks of ``acme_club``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from acme_vendor.connector import CLUB
from crm_bridge.api import ConnectorType, Proposal, SourceView, hookimpl


@hookimpl
def register_connectors() -> Sequence[ConnectorType]:
    """Offer the club's file."""
    return [CLUB]


@hookimpl
def enrich_clients(batch: Sequence[SourceView]) -> Iterator[Proposal]:
    """Members agreed at the till to be written to by SMS: their channel, where nobody has said another."""
    for view in batch:
        if view.system == "club" and not view.doc.get("preferences", {}).get("channels"):
            yield Proposal(view.key, "preferences.channels", ["sms"], "club members chose SMS at the till")
