"""``crm-bridge PLUGIN COMMAND``: an installed plugin's own commands, under its name and without a configuration.

A connector's commands are wanted before there is anything to configure: to look at a system, or at its description.
To name a plugin on the command line is to choose it, so it need not be active; only the one that is named is loaded.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer
from typer.core import TyperGroup

if TYPE_CHECKING:
    from typer import Context
    from typer.core import TyperCommand


class WithPlugins(TyperGroup):
    """Our commands, and behind them the names of installed plugins that bring any."""

    def get_command(self, ctx: Context, cmd_name: str) -> TyperCommand | TyperGroup | None:  # type: ignore[override]  # typer's own classes
        """Our command of that name, else the plugin's group."""
        return super().get_command(ctx, cmd_name) or _group_of(cmd_name, ctx)  # type: ignore[return-value]  # the same


def _group_of(name: str, context: Context) -> TyperGroup | None:
    from crm_bridge.plugin_manager import all_entry_points, load_plugins  # late: our own commands do not wait for it

    if all(each.name != name for each in all_entry_points()):
        return None
    plugins = load_plugins([name])
    context.call_on_close(plugins.close)
    commands = plugins.commands()
    if not commands:
        return None
    group = typer.Typer(
        name=name,
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        help=f"Commands of the plugin {name}.",
    )
    group.callback()(_nothing)  # or a single command would lose its name
    for each, function in sorted(commands.items()):
        group.command(each)(function)
    return typer.main.get_group(group)


def _nothing() -> None: ...
