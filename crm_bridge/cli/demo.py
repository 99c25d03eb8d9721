"""``crm-bridge demo``: the main job, on four stand-in systems, checked against what they hold."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from crm_bridge.cli.invocation import JsonOption, invocation, utc_now
from crm_bridge.cli.render import canonical_json
from crm_bridge.cli.until_asked import until_asked

if TYPE_CHECKING:
    from crm_bridge.demo.scenario import Outcome

DEFAULT_DIRECTORY = Path("crm-bridge-demo")


def demo(
    context: typer.Context,
    directory: Annotated[
        Path, typer.Option("--dir", metavar="DIR", help="Where the working directory is made, which you may keep.")
    ] = DEFAULT_DIRECTORY,
    clients: Annotated[
        int, typer.Option("--clients", min=1, metavar="N", help="How many sample people; the scenes need 7.")
    ] = 1000,
    input_file: Annotated[
        Path | None,
        typer.Option("--input", metavar="FILE", help="Your own records instead: .parquet or .csv with id, name, dob."),
    ] = None,
    keep_running: Annotated[
        bool, typer.Option("--keep-running", help="Leave the systems and the bridge's web side up until Ctrl-C.")
    ] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Replace the demo's files in a directory that is not marked as the demo's.")
    ] = False,
    json: JsonOption = False,
) -> None:
    """Start four stand-in systems, fill them, let the bridge do its job between them, and check what they hold."""
    # Late, so that --help and the other commands do not wait for the demo's libraries.
    from rich.console import Console

    from crm_bridge.demo.checks import as_json, check_table, exit_code, figure_table
    from crm_bridge.demo.narration import Narrator
    from crm_bridge.demo.project import configure, open_project
    from crm_bridge.demo.scenario import House, Options, play
    from crm_bridge.demo.shapes import KINDS
    from crm_bridge.plugin_manager import load_plugins

    how = invocation(context, json=json)
    console = None if how.json else Console(highlight=False)
    narrator = Narrator(console)

    def finish(outcome: Outcome, idle: Callable[[], None]) -> None:
        if how.json:
            answer = as_json(outcome.checks, figures=outcome.figures, seconds=outcome.seconds, directory=str(directory))
            sys.stdout.write(canonical_json(answer))
            sys.stdout.flush()
        narrator.show(check_table(outcome.checks))
        narrator.show(figure_table(outcome.figures | {"whole demo, seconds": round(outcome.seconds, 1)}))
        narrator.farewell(_next_commands(directory, outcome, running=keep_running))
        if keep_running:
            narrator.say("Everything stays up until Ctrl-C.")
            until_asked(idle)

    plugins = load_plugins(list(KINDS))
    try:
        house = House(
            simulators=plugins.simulators(),
            clock=utc_now,
            configure=configure,
            open_bridge=lambda at, stand, received: open_project(at, stand, received, clock=utc_now),
        )
        outcome = play(
            Options(directory, clients=clients, input=input_file, force=force),
            house=house,
            narrator=narrator,
            finish=finish,
        )
    finally:
        plugins.close()
    raise typer.Exit(exit_code(outcome.checks))


def _next_commands(directory: Path, outcome: Outcome, *, running: bool) -> list[str]:
    """What to try next, as it is typed: three commands, each of which has something to show there."""
    at = shlex.quote(str(directory))
    program = "uv run crm-bridge" if "UV" in os.environ else "crm-bridge"  # uv tells what it runs that it does
    bridge = f"{program} --config {at}/crm-bridge.toml"
    start = [] if running else [f"{program} simulate all --dir {at}   # in a second terminal: the four systems again"]
    client = [f"{bridge} client {outcome.look}"] if outcome.look else []
    letters = [f"{bridge} dead-letters groups"] if outcome.figures.get("dead letters") else []
    return [*start, *client, *([] if client else letters), f"{bridge} plan", *(letters if client else [])][:3]
