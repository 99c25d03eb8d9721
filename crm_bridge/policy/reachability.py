"""Which of a client's contact points a channel can use, the preferred one first."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter

from crm_bridge.model import Period

_UNUSABLE = frozenset({"invalid", "bounced", "wrong_person", "retired"})
_TYPE_OF_CHANNEL = {
    "sms": "phone",
    "voice": "phone",
    "fax": "phone",
    "email": "email",
    "post": "postal",
    "messenger": "messenger",
}
_PERIOD: TypeAdapter[Period] = TypeAdapter(Period)


def usable_points(doc: Mapping[str, Any], *, channel: str, at: datetime) -> tuple[Mapping[str, Any], ...]:
    """The contact points that ``channel`` can use at ``at``: proven ones before others, then by rank, then as listed.

    A phone takes SMS when its features say so; when nothing is said of features, every phone but a home or work one.
    """
    kind = _TYPE_OF_CHANNEL.get(channel)
    found = [
        point
        for point in doc.get("contact_points", ())
        if point["type"] == kind
        and point.get("status") not in _UNUSABLE
        and _carries(point, channel)
        and ("valid" not in point or at in _PERIOD.validate_python(point["valid"]))
    ]
    return tuple(sorted(found, key=_preference))


def _carries(point: Mapping[str, Any], channel: str) -> bool:
    if point["type"] != "phone":
        return True
    features = point.get("features")
    if features:
        return channel in features
    if channel == "sms":
        return point.get("purpose") not in ("home", "work")
    return channel != "fax"


def _preference(point: Mapping[str, Any]) -> tuple[bool, int, bool]:
    return point.get("status") != "active", point.get("rank", 100), point.get("purpose") != "mobile"
