"""What the plugin offers, without importing anything that an installation without the extra ``siebel`` lacks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path

from crm_bridge.api import ConfigMistake, Connector, ConnectorContext, ConnectorType, Simulator, SimulatorType
from crm_bridge_siebel.settings import SiebelSettings
from crm_bridge_siebel.simulator.knobs import KNOBS


def connector_type() -> ConnectorType:
    """The connector ``siebel``."""
    return ConnectorType(
        name="siebel",
        settings=SiebelSettings,
        open=open_connector,
        summary="Siebel CRM over SOAP (EAI UI Data Adapter): contacts both ways, claims read.",
        rehearsals=_rehearsals,
    )


def simulator_type() -> SimulatorType:
    """The simulator ``siebel``."""
    return SimulatorType(
        name="siebel",
        open=open_simulator,
        summary="A Siebel that speaks SOAP 1.1 over HTTP, built from documents.",
        default_port=8101,
        knobs=KNOBS,
    )


def command_functions() -> Mapping[str, Callable[..., None]]:
    """The commands of ``crm-bridge siebel``; none where the extra is not installed."""
    try:
        from crm_bridge_siebel.commands import commands
    except (ImportError, ConfigMistake):
        return {}
    return commands()


def open_connector(settings: SiebelSettings, context: ConnectorContext) -> Connector:
    """Build a connector, without I/O.

    Raises:
        ConfigMistake: zeep, lxml or requests is not installed.
    """
    try:
        from crm_bridge_siebel.connector import SiebelConnector
        from crm_bridge_siebel.rest_connector import SiebelRestConnector
    except ImportError as missing:
        raise _lacking(missing) from missing
    opened = SiebelRestConnector if settings.transport == "rest" else SiebelConnector
    return opened(settings, context)


def open_simulator(folder: Path, clock: Callable[[], datetime]) -> Simulator:
    """A simulator whose state is in ``folder``.

    Raises:
        ConfigMistake: lxml is not installed.
    """
    try:
        from crm_bridge_siebel.simulator.stand_in import SiebelSimulator
    except ImportError as missing:
        raise _lacking(missing) from missing
    return SiebelSimulator(folder, clock)


def _rehearsals() -> Sequence[type]:
    from crm_bridge_siebel import rehearsal  # late: test gear, which a sync does not load

    return (
        rehearsal.SiebelRehearsal,
        rehearsal.SiebelAsiRehearsal,
        rehearsal.SiebelWorkflowRehearsal,
        rehearsal.SiebelRestRehearsal,
    )


def _lacking(missing: ImportError) -> ConfigMistake:
    return ConfigMistake(f"siebel needs the package {missing.name}: pip install crm-bridge[siebel]")
