"""How many of the records read were last saved by ourselves: a hint in the log, on which nothing depends.

Our writes come back with the next poll. Whether one is an edit is told by its content alone: a trigger may have saved
more than we wrote, and under our name.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from crm_bridge.api import Note, Page
from crm_bridge_siebel.shapes import Component

UPDATED_BY = "UpdatedBy"
_LOG = logging.getLogger("crm_bridge_siebel")


def own(records: Sequence[Mapping[str, Any]], *, user: str) -> int:
    """How many of ``records`` name ``user`` as the one who saved them last. Logins have no case."""
    return sum(str(record.get(UPDATED_BY, "")).strip().casefold() == user.casefold() for record in records)


def counted(pages: Iterator[Page], *, kind: str, user: str) -> Iterator[Page]:
    """``pages``, each with a line in the log when records of our own are among its records."""
    for page in pages:
        ours = own(page.records, user=user) if user else 0
        if ours:
            _LOG.info("%s: %d of %d records were last saved by the integration user", kind, ours, len(page.records))
        yield page


def unrecognisable(kind: str, component: Component, *, user: str | None) -> Iterator[Note]:
    """What the hint lacks, where somebody asked for it."""
    if user and UPDATED_BY not in component.fields:
        yield Note(f"{kind}: integration_user is set, and the WSDL has no {UPDATED_BY} to compare it with")
