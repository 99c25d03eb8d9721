"""The configured systems: connectors opened, mappings compiled, each kind with what is done with it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from functools import partial
from hashlib import blake2b
from importlib.metadata import EntryPoint

from crm_bridge.config import OutboxSettings, Settings, check_kinds, find_document, resolve_secret, validate_options
from crm_bridge.connector import Connector, ConnectorContext, LoginMemory
from crm_bridge.errors import ConfigMistake
from crm_bridge.mapping import TransformType, compile_mapping, load_mapping
from crm_bridge.outbox.gate import Gate, Limits, Stopwatch, declared
from crm_bridge.outbox.retry import LONGEST_WISH
from crm_bridge.plugin_manager import Plugins, load_plugins
from crm_bridge.run_context.isolation import calling
from crm_bridge.run_context.systems import Kind, System
from crm_bridge.run_context.watched import watched


def plugins_of(settings: Settings, *, installed: Iterable[EntryPoint] | None) -> Plugins:
    """The plugins that ``settings`` activate, and those that bring its connectors.

    Args:
        installed: entry points to choose from; ``None``: those of this environment.

    Raises:
        ConfigMistake: one is missing, or its settings are not right, with file and line.
    """
    return load_plugins(
        settings.plugins.active,
        connectors={name: system.connector for name, system in settings.systems.items()},
        settings=settings.plugins.settings,
        timeout_seconds=settings.plugins.timeout_seconds,
        place=settings.place,
        installed=installed,
    )


def gate_to(outbox: OutboxSettings, system: System, *, stopwatch: Stopwatch) -> Gate:
    """The way to one system in one run: as its connector says, but for what the configuration says."""
    said, own = declared(system), outbox.systems.get(system.name)
    limits = Limits(
        at_once=(own and own.writes_at_once) or said.at_once,
        per_second=(own and own.rate_per_second) or said.per_second,
        tries=outbox.tries,
        patience=outbox.patience.total_seconds(),
        longest_wait=min(LONGEST_WISH, outbox.max_delay.total_seconds()),
    )
    return Gate(limits, stopwatch)


def open_systems(
    settings: Settings, plugins: Plugins, clock: Callable[[], datetime], *, logins: Callable[[str], LoginMemory]
) -> dict[str, System]:
    """The systems that ``settings`` name, by their names.

    Args:
        logins: what is remembered of the log-ins of the system of that name.

    Raises:
        ConfigMistake: a connector's settings, its kinds or a mapping are not right, with file and line.
    """
    types = plugins.connectors()
    transforms = plugins.transforms()
    longest = settings.plugins.connector_timeout.total_seconds()
    opened: dict[str, System] = {}
    for name, configured in settings.systems.items():
        connector_type = types[configured.connector]
        options = validate_options(connector_type, system=configured, place=settings.place)
        context = ConnectorContext(
            system=name,
            base_dir=settings.base_dir,
            secret=lambda reference: resolve_secret(reference, base_dir=settings.base_dir),
            clock=clock,
            logins=logins(name),
            writes=frozenset(kind for kind, records in configured.records.items() if records.write),
            creates=frozenset(kind for kind, records in configured.records.items() if records.write and records.create),
        )
        with calling(connector_type, "open"):
            opening = partial(connector_type.open, options, context)
            connector: Connector = watched(opening, name=name, seconds=longest)
        opened[name] = System(name, connector, kinds_of(settings, name, connector, transforms=transforms))
    _demand_duplicates_found(opened, settings=settings, plugins=plugins)
    return opened


def kinds_of(
    settings: Settings, name: str, connector: Connector, *, transforms: Mapping[str, TransformType]
) -> dict[str, Kind]:
    """The kinds of record of the system ``name``, by their names, with their mappings compiled.

    Raises:
        ConfigMistake: as :func:`open_systems`.
        ConnectorFailed: the connector does not say what it holds.
    """
    configured = settings.systems[name]
    with calling(connector, "kinds"):
        held = connector.kinds()
    check_kinds(held, system=configured, place=settings.place)
    kinds = {}
    for kind, records in configured.records.items():
        place = settings.place(("systems", name, "records", kind, "mapping"))
        try:
            found = find_document(records.mapping, base_dir=settings.base_dir)
        except ConfigMistake as error:
            error.place = error.place or place
            raise
        document = load_mapping(found.text, file=found.file, region=settings.bridge.region)
        mapping = compile_mapping(document, transforms=transforms)
        if records.on_delete == "spread" and mapping.entity == "claim":
            spot = settings.place(("systems", name, "records", kind, "on_delete"))
            raise ConfigMistake("spread is for records of clients, and these lie beside: remove it", place=spot)
        kinds[kind] = Kind(
            system=name,
            name=kind,
            mapping=mapping,
            capabilities=connector.capabilities(kind),
            read=records.read,
            write=records.write,
            create=records.create,
            spreads=records.on_delete == "spread",
            document_digest=blake2b(found.text.encode(), digest_size=8).hexdigest(),
        )
    return kinds


def _demand_duplicates_found(systems: Mapping[str, System], *, settings: Settings, plugins: Plugins) -> None:
    """Where clients are created in a system, records that are of one client have to be found to be so."""
    kinds = [kind for system in systems.values() for kind in system.kinds.values() if kind.mapping.entity != "claim"]
    creating = next((kind for kind in kinds if kind.create), None)
    read = {kind.system for kind in kinds if kind.read}
    if creating is None or len(read) < 2 or plugins.implements("find_duplicates"):
        return
    raise ConfigMistake(
        f"{creating.system} would get everybody whom it holds a second time, as no active plugin finds out which "
        'records are of one client: activate "dedup.exact_keys" in [plugins].active, or do not create',
        place=settings.place(("systems", creating.system, "records", creating.name, "create")),
    )
