"""What a configuration declares: for each system its records of clients, compiled mappings and capabilities."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from importlib.metadata import EntryPoint

from crm_bridge.config import Settings, validate_options
from crm_bridge.connector import ConnectorContext, EventReceiver, RawRecord, Secret
from crm_bridge.errors import ConfigMistake
from crm_bridge.plugin_manager import Plugins
from crm_bridge.run_context.isolation import calling
from crm_bridge.run_context.systems import Kind
from crm_bridge.runner.configured import kinds_of, plugins_of


@dataclass(frozen=True, slots=True)
class Declared:
    """A configuration, ready to be proved.

    Attributes:
        kinds: one kind of client records for each system; what lies beside clients (claims) is left out.
        left_out: why a system or kind takes no part, in words.
        tell: systems that tell of changed records by themselves.
        samples: records to start from, by system: an invented one has their values where the machine invents none.
    """

    settings: Settings
    plugins: Plugins
    kinds: Mapping[str, Kind]
    left_out: tuple[str, ...]
    samples: Mapping[str, Sequence[RawRecord]] = field(default_factory=dict)
    tell: frozenset[str] = frozenset()


def declared(
    settings: Settings, *, clock: Callable[[], datetime], installed: Iterable[EntryPoint] | None = None
) -> Declared:
    """Look at every system of ``settings``. Nothing is reached, and no secret is looked up.

    Raises:
        ConfigMistake: plugins, connectors' settings or mappings are not right, with file and line.
    """
    plugins = plugins_of(settings, installed=installed)
    kinds: dict[str, Kind] = {}
    left_out: list[str] = []
    tell: set[str] = set()
    for name in settings.systems:
        for kind in _kinds(settings, plugins, name, clock, tell):
            if not kind.is_client or not kind.read:
                why = "is not read" if kind.is_client else "lies beside the clients"
                left_out.append(f"{name}/{kind.name} {why}")
            elif name in kinds:
                left_out.append(f"{name}/{kind.name}: one kind of a system at a time is proved, {kinds[name].name} is")
            else:
                kinds[name] = kind
    if not kinds:
        raise ConfigMistake("no system holds records of clients that are read: there is nothing to prove")
    return Declared(settings, plugins, kinds, tuple(left_out), tell=frozenset(tell))


def _kinds(
    settings: Settings, plugins: Plugins, name: str, clock: Callable[[], datetime], tell: set[str]
) -> Iterable[Kind]:
    configured = settings.systems[name]
    connector_type = plugins.connectors()[configured.connector]
    options = validate_options(connector_type, system=configured, place=settings.place)
    context = ConnectorContext(
        system=name, base_dir=settings.base_dir, secret=lambda _reference: Secret("not needed to prove"), clock=clock
    )
    with calling(connector_type, "open"):
        connector = connector_type.open(options, context)
    if isinstance(connector, EventReceiver):
        tell.add(name)
    found = kinds_of(settings, name, connector, transforms=plugins.transforms())
    with calling(connector, "close"):
        connector.close()
    return found.values()
