"""Builds documents of invented people in few words."""

from __future__ import annotations

from typing import Any, Protocol

import pytest


class PersonBuilder(Protocol):
    """The signature of the ``person`` fixture."""

    def __call__(self, full_name: str = "", born: str = "", **parts: Any) -> dict[str, Any]: ...


_POINTS = {"phone": "phone", "email": "email"}
_IDENTIFIERS = {
    "tax": ("ua.rnokpp", "tax"),
    "record": ("siebel.contact.row_id", "record"),
    "passport": ("ua.passport", "passport"),
}


def build_person(full_name: str = "", born: str = "", **parts: Any) -> dict[str, Any]:
    """A person; ``full_name`` is family, given, patronymic, and ``_`` leaves a part out."""
    name = zip(("family", "given", "patronymic"), full_name.split(), strict=False)
    doc: dict[str, Any] = {"kind": "person", "name": {key: part for key, part in name if part != "_"}}
    if born:
        doc["birth_date"] = born
    for key, value in parts.items():
        if key in _POINTS:
            doc.setdefault("contact_points", []).append({"type": _POINTS[key], "value": value})
        elif key == "postal_code":
            address = {"postal_code": value, "country": "UA"}
            doc.setdefault("contact_points", []).append({"type": "postal", "value": "x", "address": address})
        elif key in _IDENTIFIERS:
            system, kind = _IDENTIFIERS[key]
            doc.setdefault("identifiers", []).append({"system": system, "value": value, "type": kind})
        elif key == "suffix":
            doc["name"]["suffix"] = value
        else:
            doc[key] = value
    return doc


@pytest.fixture
def person() -> PersonBuilder:
    return build_person
