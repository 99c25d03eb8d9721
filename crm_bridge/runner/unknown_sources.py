"""Names of fields that a mapping document uses and its system does not have: such a row would read every client empty.

An image that is ``full`` takes an empty field as a retraction, so a typo in ``src`` would erase values elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterable

from crm_bridge.config.mistakes import did_you_mean
from crm_bridge.connector import FieldLister
from crm_bridge.errors import BridgeError, ConfigMistake
from crm_bridge.mapping import MappingMistakes
from crm_bridge.mapping.sources import is_among
from crm_bridge.run_context.systems import Kind, System


def unknown_sources(system: System) -> list[ConfigMistake]:
    """A mistake for every unknown name; none where the system cannot tell its fields.

    Raises:
        BridgeError: as the connector's ``fields`` does.
    """
    return [mistake for kind in system.kinds.values() for mistake in _unknown_in(kind, system)]


def demand_known_sources(systems: Iterable[System]) -> None:
    """Before anything is read or written.

    Raises:
        ConfigMistake: all unknown names of all documents, with their places.
    """
    mistakes: list[ConfigMistake] = []
    for system in systems:
        try:
            mistakes += unknown_sources(system)
        except BridgeError:
            continue  # the system is not to be worked with: the run says so when it comes to it
    if mistakes:
        raise MappingMistakes(mistakes)


def _unknown_in(kind: Kind, system: System) -> list[ConfigMistake]:
    fields = system.connector.fields(kind.name) if isinstance(system.connector, FieldLister) else None
    if fields is None:
        return []
    return [
        ConfigMistake(
            f"{system.name} has no field {source.name} in {kind.name}: {did_you_mean(source.name, known=fields)}",
            place=source.place,
            path=source.label,
        )
        for source in kind.mapping.sources
        if not is_among(source.name, fields)
    ]
