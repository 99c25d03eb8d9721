"""The shipped mapping documents, compiled."""

from __future__ import annotations

from importlib.resources import files

import pytest

from crm_bridge.mapping import CompiledMapping, compile_mapping, load_mapping

SHIPPED = (
    "siebel/contact.yaml",
    "siebel/claim.yaml",
    "callcenter/client.yaml",
    "sms_gateway/subscriber.yaml",
    "vendor_files/client.yaml",
)


@pytest.fixture(scope="session")
def shipped() -> dict[str, CompiledMapping]:
    """By name within the package."""
    package = files("crm_bridge_mappings")
    return {
        name: compile_mapping(load_mapping(package.joinpath(name).read_text(encoding="utf-8"), file=name))
        for name in SHIPPED
    }


@pytest.fixture(params=SHIPPED)
def document(request, shipped) -> CompiledMapping:
    """Each shipped document in turn."""
    return shipped[request.param]
