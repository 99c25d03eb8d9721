"""``crm-bridge x``: the commands that active plugins bring."""

from __future__ import annotations

from typing import Annotated

import typer

from crm_bridge.cli.invocation import settings_of
from crm_bridge.errors import UserMistake

CONTEXT_SETTINGS = {"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []}


def extra(
    context: typer.Context,
    name: Annotated[str | None, typer.Argument(help="The plugin's command; without one, they are listed.")] = None,
) -> None:
    """Run a command that an active plugin brings, with that command's own options behind its name."""
    from crm_bridge.config.mistakes import did_you_mean  # late: --help does not wait for plugins
    from crm_bridge.plugin_manager import load_plugins

    settings = settings_of(context, check_secrets=False)
    plugins = load_plugins(
        settings.plugins.active,
        connectors={name: system.connector for name, system in settings.systems.items()},
        settings=settings.plugins.settings,
        timeout_seconds=settings.plugins.timeout_seconds,
        place=settings.place,
    )
    try:
        commands = plugins.commands()
        if name is None or name in ("-h", "--help"):
            for each, function in sorted(commands.items()):
                typer.echo(f"{each}  {(function.__doc__ or '').strip().partition(chr(10))[0]}".rstrip())
            return
        if name not in commands:
            hint = did_you_mean(name, known=commands) or "no active plugin brings any"
            raise UserMistake(f"no active plugin brings the command {name!r}: {hint}")
        single = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
        single.command(name)(commands[name])
        returned = typer.main.get_command(single).main(
            args=list(context.args), prog_name=f"crm-bridge x {name}", standalone_mode=False
        )
    finally:
        plugins.close()
    if isinstance(returned, int):
        raise typer.Exit(returned)
