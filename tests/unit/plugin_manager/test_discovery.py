"""Which plugins are found and loaded, and what the engineer is told when one cannot be."""

from __future__ import annotations

import sys
from importlib.metadata import EntryPoint, distributions
from pathlib import Path

import pytest

from crm_bridge.api import ConfigMistake, Place, SourceView
from crm_bridge.plugin_manager import Plugins, all_entry_points, load_plugins

HERE = "plugins_under_test"
IMPORT = "from crm_bridge.api import hookimpl\n"
VIEW = SourceView("siebel/contact/1", "siebel", "contact", "1", {"kind": "person"})


def entry(name: str, value: str) -> EntryPoint:
    return EntryPoint(name=name, value=value, group="crm_bridge")


INSTALLED = [entry("polite", HERE), entry("good", f"{HERE}:Good"), entry("raises", f"{HERE}:Raises")]


@pytest.fixture
def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> EntryPoint:
    """An entry point to a module with the text that the test gives."""
    name = f"written_{request.node.name.partition('[')[0]}"
    (tmp_path / f"{name}.py").write_text(request.param, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, name, raising=False)
    return entry("written", name)


def mistake(*names: str, installed: list[EntryPoint], **more: object) -> str:
    with pytest.raises(ConfigMistake) as caught:
        load_plugins(names, installed=installed, **more)  # type: ignore[arg-type]  # the tests hand settings through
    return str(caught.value)


def test_only_named_plugins_are_imported() -> None:
    """Installed means available; named means active."""
    broken = entry("broken", "no_such_module_at_all")

    assert ("good",) == load_plugins(["good"], installed=[*INSTALLED, broken]).names


def test_connectors_come_first_and_nobody_comes_twice() -> None:
    """The order is the configuration's."""
    loaded = load_plugins(["polite", "good"], connectors={"a": "good", "b": "raises", "c": "good"}, installed=INSTALLED)

    assert ("good", "raises", "polite") == loaded.names


def test_a_missing_plugin_is_named_with_what_there_is() -> None:
    """The message says what to install and what is available."""
    told = mistake("polit", installed=INSTALLED, place=lambda path: Place("crm-bridge.toml", 12))

    assert told.startswith("crm-bridge.toml:12: plugins.active.0: no installed package brings the plugin 'polit'")
    assert "did you mean 'polite'?" in told
    assert "available: good, polite, raises" in told


def test_a_missing_plugin_is_told_with_the_place_that_names_it() -> None:
    """A connector with its system's line, an active plugin with its own entry of the list."""
    lines = {("systems", "crm", "connector"): 7, ("plugins", "active", 1): 12}

    def told(*active: str, connectors: dict[str, str]) -> str:
        place = lambda path: Place("crm-bridge.toml", lines.get(path))  # noqa: E731  # the shape of Settings.place
        return mistake(*active, connectors=connectors, installed=INSTALLED, place=place).partition(": no inst")[0]

    assert "crm-bridge.toml:7: systems.crm.connector" == told("good", connectors={"crm": "polit"})
    assert "crm-bridge.toml:12: plugins.active.1" == told("good", "polit", connectors={"crm": "good"})


def test_a_module_that_is_not_installed_is_named() -> None:
    """A plugin whose own dependency is missing says which."""
    assert "is damaged, install it again" in mistake("gone", installed=[entry("gone", "no_such_module_at_all")])


@pytest.mark.parametrize("written", ["import no_such_dependency_of_it"], indirect=True)
def test_a_missing_dependency_is_named(written: EntryPoint) -> None:
    """The person who installs learns what is lacking."""
    told = mistake("written", installed=[written])

    assert "needs the module 'no_such_dependency_of_it'" in told


def test_the_extra_that_brings_a_missing_module_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The package's own metadata say what to install."""
    (tmp_path / "acme_needy.py").write_text("import acme_soap", encoding="utf-8")
    metadata = tmp_path / "acme_needy-1.0.dist-info"
    metadata.mkdir()
    requires = 'Requires-Dist: acme-soap>=2; extra == "all"\nRequires-Dist: acme-soap>=2; extra == "soap"\n'
    (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: acme-needy\nVersion: 1.0\n{requires}", "utf-8")
    (metadata / "entry_points.txt").write_text("[crm_bridge]\nacme.needy = acme_needy\n", "utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    installed = [point for found in distributions(path=[str(tmp_path)]) for point in found.entry_points]

    assert (
        "plugins.active.0: the plugin 'acme.needy' of acme-needy 1.0 needs the module 'acme_soap', which is not "
        'installed: pip install "acme-needy[soap]"'
    ) == mistake("acme.needy", installed=installed)


@pytest.mark.parametrize(
    "written", ["raise RuntimeError('half an installation')", "raise SystemExit(3)"], indirect=True
)
def test_an_import_error_names_the_plugin(written: EntryPoint) -> None:
    """One broken plugin is one clear message, not a traceback."""
    assert "the plugin 'written' of" in mistake("written", installed=[written])


@pytest.mark.parametrize(
    "written",
    ["from crm_bridge.api import hookimpl\n@hookimpl\ndef enrich_client(batch):\n    return []\n"],
    indirect=True,
)
def test_a_misspelt_hook_fails_at_start(written: EntryPoint) -> None:
    """A hook that nobody calls would be silence for ever."""
    told = mistake("written", installed=[written])

    assert "the plugin 'written' does not fit this version" in told
    assert "enrich_client" in told


@pytest.mark.parametrize(
    "written",
    ["from crm_bridge.api import hookimpl\n@hookimpl\ndef enrich_clients(page):\n    return []\n"],
    indirect=True,
)
def test_an_argument_that_does_not_exist_fails_at_start(written: EntryPoint) -> None:
    """The argument list is the specification's."""
    assert "enrich_clients" in mistake("written", installed=[written])


@pytest.mark.parametrize(
    "written", [f"{IMPORT}@hookimpl(wrapper=True)\ndef enrich_clients(batch):\n    return (yield)\n"], indirect=True
)
def test_a_wrapper_fails_at_start(written: EntryPoint) -> None:
    """Plugins are called one by one, so a wrapper would never run."""
    assert "wraps enrich_clients" in mistake("written", installed=[written])


@pytest.mark.parametrize("written", ["answer = 42"], indirect=True)
def test_a_plugin_without_hooks_fails_at_start(written: EntryPoint) -> None:
    """Most likely a forgotten decorator."""
    assert "implements no hook" in mistake("written", installed=[written])


def test_two_packages_with_one_name_are_told_apart_by_nobody() -> None:
    """Which of two is meant cannot be guessed."""
    assert "brought by two packages" in mistake("good", installed=[*INSTALLED, entry("good", f"{HERE}:Raises")])


def prefixes(plugins: Plugins) -> list[object]:
    return [proposal.value for _, proposal in plugins.enrich([VIEW])]


def test_settings_reach_the_plugin() -> None:
    """A class Plugin is built with its validated settings, or their defaults."""
    given = load_plugins(["polite"], settings={"polite": {"greeting": "Dear"}}, installed=INSTALLED)

    assert ["Dear"] == prefixes(given)
    assert ["Hello"] == prefixes(load_plugins(["polite"], installed=INSTALLED))


def test_settings_that_do_not_fit_are_told_with_their_path() -> None:
    """The path is the one that the configuration file has."""
    wrong = mistake("polite", settings={"polite": {"limit": "many"}}, installed=INSTALLED)
    unknown = mistake("polite", settings={"polite": {"limits": 3}}, installed=INSTALLED)

    assert wrong.startswith("plugins.settings.polite.limit: ")
    assert unknown.startswith("plugins.settings.polite.limits: Extra inputs are not permitted")


def test_settings_for_nobody_are_a_mistake() -> None:
    """A misspelt name would otherwise be ignored; settings of an installed plugin at rest may stay."""
    told = mistake("polite", settings={"polit": {}}, installed=INSTALLED)

    assert "did you mean 'polite'?" in told
    assert ("good",) == load_plugins(["good"], settings={"polite": {"limit": 1}}, installed=INSTALLED).names


def test_settings_for_a_plugin_that_takes_none_are_a_mistake() -> None:
    """Nothing in the configuration is silently without effect."""
    told = mistake("good", settings={"good": {"limit": 1}}, installed=INSTALLED)

    assert "plugins.settings.good: the plugin 'good' takes no settings: remove [plugins.settings.\"good\"]" == told


def test_a_connector_has_to_bear_its_plugins_name() -> None:
    """``connector = "good"`` needs a connector of that name."""
    loaded = load_plugins([], connectors={"a": "good"}, installed=INSTALLED)

    with pytest.raises(ConfigMistake, match="'good' registers no connector of its name; registered: none"):
        loaded.connectors()


def test_what_is_bundled_is_listed_without_import() -> None:
    """The list behind ``crm-bridge plugin list``; the bundled plugins use the outsiders' door."""
    listed = {plugin.name: plugin for plugin in all_entry_points()}

    assert {"dedup.exact_keys", "enrichment.names", "enrichment.phones", "notification.claims_sms"} <= set(listed)
    assert "crm-bridge" == listed["dedup.exact_keys"].distribution
