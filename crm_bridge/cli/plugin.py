"""``crm-bridge plugin``: what is installed, what is active, and whether it fits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from crm_bridge.cli.invocation import Invocation, JsonOption, invocation, opened
from crm_bridge.cli.render import pairs_of, print_rows, show
from crm_bridge.errors import ExitCode

if TYPE_CHECKING:
    from rich.console import Console

    from crm_bridge.config import Settings

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
    json: JsonOption = False,
) -> None:
    """Load a plugin and say what it offers; a connector of a configured system is read as its contract says.

    Nothing is written. A plugin that does not fit ends with 78, a contract that does not hold with 1.
    """
    from crm_bridge import hookspecs
    from crm_bridge.plugin_manager import load_plugins

    hooks = [name for name, member in vars(hookspecs).items() if hasattr(member, "crm_bridge_spec")]
    how = invocation(context, json=json)
    settings = _settings_if_any(how)
    own = settings.plugins.settings if settings else {}
    plugins = load_plugins([name], settings={name: own[name]} if name in own else {})
    try:
        answer: dict[str, Any] = {"name": name, "hooks": [hook for hook in hooks if plugins.implements(hook)]}
        if plugins.implements("register_connectors"):
            answer["connectors"] = {each.name: each.summary for each in plugins.connectors().values()}
        if plugins.implements("register_simulators"):
            answer["simulators"] = {each.name: each.summary for each in plugins.simulators().values()}
        answer["commands"] = sorted(plugins.commands())
        answer["failures"] = [str(failure) for failure in plugins.failures]
    finally:
        plugins.close()
    contracts: list[dict[str, Any]] = []
    if settings and any(system.connector == name for system in settings.systems.values()):
        with opened(context) as bridge:
            contracts = bridge.check_contracts(name)
        answer["contracts"] = contracts

    def draw(to: Console) -> None:
        to.print(pairs_of({each: value for each, value in answer.items() if each != "contracts" and value}))
        if contracts:
            to.print()
            print_rows(to, contracts, columns=("outcome", "system", "kind", "test", "why"), none="")

    show(answer, how=how, table=draw)
    if any(each["outcome"] == "fail" for each in contracts):
        raise typer.Exit(ExitCode.BUG)


def _settings_if_any(how: Invocation) -> Settings | None:
    """Plugins can be looked at before there is a configuration."""
    from crm_bridge.config import load_settings

    return load_settings(how.config, check_secrets=False) if how.config.exists() else None


def _named(settings: Settings | None) -> frozenset[str]:
    if settings is None:
        return frozenset()
    return frozenset(settings.plugins.active) | {system.connector for system in settings.systems.values()}
