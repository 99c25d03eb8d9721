"""The reference page of the model says what the code says."""

from __future__ import annotations

import typing
from pathlib import Path

import pytest
from pydantic import BaseModel

from crm_bridge import model
from crm_bridge.model.client import ClientCard

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "model.md"
SECTIONS = {part.partition("\n")[0]: part for part in PAGE.read_text(encoding="utf-8").split("\n## ")[1:]}
TYPES: dict[str, type[BaseModel]] = {
    name: value
    for name in model.__all__
    if isinstance(value := getattr(model, name), type) and issubclass(value, BaseModel)
} | {"Client": ClientCard}


def test_every_type_has_its_section() -> None:
    """No type is missing from the page, and none is there that the model lacks."""
    assert sorted(SECTIONS) == sorted(TYPES)


@pytest.mark.parametrize("name", sorted(TYPES))
def test_every_field_and_code_is_listed(name: str) -> None:
    """Each field has its row, and each enumeration all its codes."""
    shared = set(ClientCard.model_fields) if name in ("Person", "Organisation") else set()
    for field, info in TYPES[name].model_fields.items():
        if field in shared:
            continue
        row = next((line for line in SECTIONS[name].splitlines() if line.startswith(f"| `{field}` |")), None)

        assert row is not None, f"{name}.{field} is not in docs/reference/model.md"
        for code in _codes(info.annotation):
            assert f"`{code}`" in row, f"{name}.{field}: code {code} is not in its row"


def _codes(annotation: object) -> list[str]:
    if typing.get_origin(annotation) is typing.Literal:
        return [str(each) for each in typing.get_args(annotation)]
    return [code for each in typing.get_args(annotation) for code in _codes(each)]
