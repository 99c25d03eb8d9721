"""The entry point ``siebel``: hook implementations only."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from crm_bridge.api import ConnectorType, SimulatorType, hookimpl
from crm_bridge_siebel.registration import command_functions, connector_type, simulator_type


@hookimpl
def register_connectors() -> Sequence[ConnectorType]:
    """Offer the Siebel connector."""
    return [connector_type()]


@hookimpl
def register_simulators() -> Sequence[SimulatorType]:
    """Offer the Siebel simulator."""
    return [simulator_type()]


@hookimpl
def register_commands() -> Mapping[str, Callable[..., None]]:
    """Offer ``crm-bridge siebel inspect``."""
    return command_functions()
