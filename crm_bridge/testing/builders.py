"""Documents, raw records and hook arguments with sensible contents, so that a test names only what it is about.

Every person and number in them is invented.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from crm_bridge.hookspecs import Event, PlannedField, PlannedWrite, SourceView

NOON = datetime(2026, 10, 20, 12, tzinfo=UTC)


def person_doc(
    family: str = "Коваль",
    *,
    given: str = "Anna",
    phone: str | None = "+380505550101",
    email: str | None = None,
    consents: Sequence[tuple[str, str, str]] = (),
    **more: Any,
) -> dict[str, Any]:
    """A canonical person.

    Args:
        consents: (purpose, channel, status) each, such as ``("claims", "sms", "granted")``.
        more: further members of the document; ``birth_date="1985-03-08"``.
    """
    points: list[dict[str, Any]] = []
    if phone:
        points.append({"type": "phone", "value": phone, "purpose": "mobile", "features": ["voice", "sms"]})
    if email:
        points.append({"type": "email", "value": email, "rank": 1})
    doc: dict[str, Any] = {"kind": "person", "name": {"family": family, "given": given}}
    if points:
        doc["contact_points"] = points
    if consents:
        doc["consents"] = [
            {"purpose": purpose, "channel": channel, "status": status, "captured_at": "2026-01-02T03:04:05Z"}
            for purpose, channel, status in consents
        ]
    return {**doc, **more}


def claim_doc(number: str = "CL-2026-0042", *, status: str = "registered", **more: Any) -> dict[str, Any]:
    """A canonical claim."""
    return {"number": number, "policy": "POL-7", "status": status, "registered_at": "2026-10-20T09:00:00Z", **more}


def source_view(
    record_id: str = "1",
    *,
    doc: Mapping[str, Any] | None = None,
    system: str = "siebel",
    kind: str = "contact",
    client_id: str | None = None,
) -> SourceView:
    """A source record as hooks see it; of :func:`person_doc` when no document is given."""
    key = f"{system}/{kind}/{record_id}"
    return SourceView(key, system, kind, record_id, person_doc() if doc is None else doc, client_id)


def event(event_type: str, *, client_id: str = "c1", event_id: str = "e1", **data: Any) -> Event:
    """An event at noon of an invented day, such as ``event("claim.registered", claim=claim_doc())``."""
    return Event(event_id, event_type, client_id, NOON, data)


def planned_write(
    record_id: str | None = "1",
    *,
    system: str = "siebel",
    kind: str = "contact",
    client_id: str = "c1",
    fields: Sequence[PlannedField] = (),
) -> PlannedWrite:
    """A planned update, or create where ``record_id`` is ``None``."""
    operation = "create" if record_id is None else "update"
    return PlannedWrite(system, kind, operation, record_id, client_id, fields)


def raw_person(number: int = 1, **more: Any) -> dict[str, Any]:
    """A raw record for :class:`~crm_bridge.testing.MemoryConnector`; each ``number`` is another person."""
    return {
        "last_name": f"Коваль-{number}",
        "first_name": "Anna",
        "mobile_phone": f"+38050555{number % 10_000:04d}",
        "email": f"anna.{number}@example.com",
        **more,
    }
