"""``crm-bridge plugin``: what is installed, what is active, and whether it fits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any

import typer

from crm_bridge.cli.invocation import Invocation, JsonOption, invocation, opened, utc_now
from crm_bridge.cli.render import pairs_of, print_rows, show
from crm_bridge.errors import ConfigMistake, ExitCode

if TYPE_CHECKING:
    from rich.console import Console

    from crm_bridge.config import Settings
    from crm_bridge.connector import ConnectorType

app = typer.Typer(help="See and check plugins.", no_args_is_help=True)


@app.command("list")
def list_plugins(context: typer.Context, json: JsonOption = False) -> None:
    """List the installed plugins, and which of them the configuration names."""
    from crm_bridge.plugin_manager import all_entry_points  # late, as below: --help does not wait for plugins

    how = invocation(context, json=json)
    settings = _settings_if_any(how)
    named = _named(settings)
    rows = [
        {
            "name": each.name,
            "active": each.name in named,
            "package": f"{each.distribution} {each.version}".strip(),
            "target": each.target,
        }
        for each in all_entry_points()
    ]
    show({"plugins": rows}, how=how, table=lambda to: print_rows(to, rows, none="no plugin is installed"))


@app.command()
def check(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="PLUGIN", help="The plugin's name, as `plugin list` shows it.")],
    rehearse: Annotated[
        bool, typer.Option(help="Try every promise of its connectors, writing too, on the scratch system they bring.")
    ] = True,
    json: JsonOption = False,
) -> None:
    """Load a plugin, say what it offers, and try what its connectors promise: held, broken, or not tried and why.

    A rehearsal writes on the plugin's own scratch system alone; a system of the configuration is only read. A plugin
    that does not fit ends with 78, a broken promise with 1.
    """
    from crm_bridge import hookspecs
    from crm_bridge.plugin_manager import load_plugins

    hooks = [name for name, member in vars(hookspecs).items() if hasattr(member, "crm_bridge_spec")]
    how = invocation(context, json=json)
    settings = _settings_if_any(how)
    own = settings.plugins.settings if settings else {}
    plugins = load_plugins([name], settings={name: own[name]} if name in own else {})
    promises: list[dict[str, Any]] = []
    try:
        answer: dict[str, Any] = {"name": name, "hooks": [hook for hook in hooks if plugins.implements(hook)]}
        connectors = plugins.connectors() if plugins.implements("register_connectors") else {}
        if connectors:
            answer["connectors"] = {each.name: each.summary for each in connectors.values()}
        if plugins.implements("register_simulators"):
            answer["simulators"] = {each.name: each.summary for each in plugins.simulators().values()}
        answer["commands"] = sorted(plugins.commands())
        answer["failures"] = [str(failure) for failure in plugins.failures]
        for connector in connectors.values() if rehearse else ():
            promises += _rehearsed(connector)
    finally:
        plugins.close()
    if settings and any(system.connector == name for system in settings.systems.values()):
        try:
            with opened(context) as bridge:
                promises += [_promise(**each) for each in bridge.check_contracts(name)]
        except ConfigMistake as mistake:  # a secret that is not there yet says nothing about the plugin
            reading = "test_reading_as_configured"
            promises.append(_promise(system=None, kind="", test=reading, outcome="not tried", why=str(mistake)))
    answer["promises"] = promises
    answer["counts"] = dict(Counter(each["outcome"] for each in promises))

    def draw(to: Console) -> None:
        to.print(pairs_of({each: value for each, value in answer.items() if each != "promises" and value}))
        if promises:
            to.print()
            print_rows(to, promises, columns=("outcome", "system", "kind", "promise", "why"), none="")

    show(answer, how=how, table=draw)
    if answer["failures"] or any(each["outcome"] == "broken" for each in promises):
        raise typer.Exit(ExitCode.BUG)


def _rehearsed(connector: ConnectorType) -> Iterator[dict[str, Any]]:
    """Every promise of a connector, tried on the scratch systems that it brings."""
    from crm_bridge.config import secret_resolver
    from crm_bridge.testing.rehearsal import rehearse

    for found in rehearse(connector, clock=utc_now, secrets=secret_resolver):
        yield _promise(system=None, kind=found.kind, test=found.test, outcome=found.outcome, why=found.why)


def _promise(*, system: str | None, kind: str, test: str, outcome: str, why: str) -> dict[str, Any]:
    """One row; without a system it was tried in a rehearsal."""
    promise = test.removeprefix("test_").replace("_", " ")
    tried_on = system or "(rehearsal)"
    return {"system": tried_on, "kind": kind, "promise": promise, "test": test, "outcome": outcome, "why": why}


def _settings_if_any(how: Invocation) -> Settings | None:
    """Plugins can be looked at before there is a configuration."""
    from crm_bridge.config import load_settings

    return load_settings(how.config, check_secrets=False) if how.config.exists() else None


def _named(settings: Settings | None) -> frozenset[str]:
    if settings is None:
        return frozenset()
    return frozenset(settings.plugins.active) | {system.connector for system in settings.systems.values()}
