"""What plugins offer once: connectors, simulators, transforms, commands, pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pluggy
import pytest

from crm_bridge import hookspecs
from crm_bridge.api import ConfigMistake, ConnectorSettings, ConnectorType, PageView, TransformType, hookimpl
from crm_bridge.plugin_manager import Limits, Plugins

UPPER = TransformType("upper", lambda value, _: value.upper(), None, "to capitals")


def connector(name: str) -> ConnectorType:
    return ConnectorType(name, ConnectorSettings, lambda settings, context: None, "an example")  # type: ignore[arg-type, return-value]  # never opened


class Offers:
    """Offers one of each under the given name."""

    def __init__(self, name: str) -> None:
        self._name = name

    @hookimpl
    def register_connectors(self) -> Sequence[ConnectorType]:
        return [connector(self._name)]

    @hookimpl
    def register_transforms(self) -> Mapping[str, TransformType]:
        return {"upper": UPPER}

    @hookimpl
    def register_commands(self) -> Mapping[str, Any]:
        return {self._name: print}

    @hookimpl
    def register_pages(self) -> Sequence[PageView]:
        return [PageView(self._name, "A page", lambda query: "")]


class Broken:
    """Cannot say what it offers."""

    @hookimpl
    def register_connectors(self) -> Sequence[ConnectorType]:
        raise OSError("disk")

    @hookimpl
    def register_transforms(self) -> Any:
        return {"upper": str.upper}

    @hookimpl
    def register_commands(self) -> Any:
        return ["greet"]


def plugins(**named: object) -> Plugins:
    manager = pluggy.PluginManager("crm_bridge")
    manager.add_hookspecs(hookspecs)
    for name, plugin in named.items():
        manager.register(plugin, name=name)
    return Plugins(manager, tuple(named), limits=Limits())


def test_connectors_are_known_by_name() -> None:
    """As ``connector = "…"`` names them."""
    assert ["one", "two"] == list(plugins(a=Offers("one"), b=Offers("two")).connectors())


def test_one_connector_of_two_plugins_is_a_mistake() -> None:
    """Which of them is meant cannot be guessed."""
    with pytest.raises(ConfigMistake, match="the connector 'one' is offered by two plugins, a and b"):
        plugins(a=Offers("one"), b=Offers("one")).connectors()


def test_a_connector_that_cannot_be_registered_stops_the_start() -> None:
    """A configured system cannot do without it."""
    with pytest.raises(ConfigMistake, match=r"the plugin 'broken' could not register its connectors: OSError"):
        plugins(broken=Broken()).connectors()


def test_transforms_bear_the_name_of_their_plugin() -> None:
    """``call: a.upper`` and ``call: b.upper`` do not meet."""
    assert {"a.upper": UPPER, "b.upper": UPPER} == dict(plugins(a=Offers("one"), b=Offers("two")).transforms())


def test_a_transform_of_a_wrong_type_stops_the_start() -> None:
    """A mapping document cannot do without it."""
    with pytest.raises(ConfigMistake, match="expected a TransformType"):
        plugins(broken=Broken()).transforms()


def test_a_taken_name_is_told_and_the_first_stays() -> None:
    """A command or page more or less stops nothing."""
    found = plugins(a=Offers("one"), b=Offers("one"), broken=Broken())

    assert {"one"} == set(found.commands())
    assert ["one"] == [page.slug for page in found.pages()]
    assert [
        ("broken", "register_commands", "WrongResult"),
        ("b", "register_pages", "Dropped"),
    ] == [(failure.plugin, failure.hook, failure.error) for failure in found.failures]
