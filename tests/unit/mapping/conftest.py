"""A small document of one row, for tests of single rows."""

from __future__ import annotations

from pathlib import Path

import pytest
from small_mapping import HEAD

from crm_bridge.mapping import CompiledMapping, compile_mapping, load_mapping


@pytest.fixture
def compiled():
    """Compiles a document of the given rows."""

    def make(rows: str, *, head: str = HEAD, transforms=None) -> CompiledMapping:
        return compile_mapping(load_mapping(head + rows, file="test.yaml"), transforms=transforms or {})

    return make


@pytest.fixture
def reference():
    """The complete example of the specification, as it is."""
    return Path(__file__).with_name("reference_contact.yaml").read_text(encoding="utf-8")
