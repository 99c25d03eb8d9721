"""The command line as a whole: its commands, its global options, and what each error ends with."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from typer.exceptions import TyperException

import crm_bridge
from crm_bridge.cli import (
    check,
    client,
    dead_letters,
    demo,
    extra,
    init,
    mapping,
    plan,
    plugin,
    prove,
    review,
    runs,
    serve,
    simulate,
    status,
    sync,
    undo,
    unknown,
)
from crm_bridge.cli.invocation import DEFAULT_CONFIG, Invocation, utc_now
from crm_bridge.cli.of_plugins import WithPlugins
from crm_bridge.errors import BridgeError, ExitCode

INTERRUPTED = 130
_USAGE_OF_TYPER = 2

app = typer.Typer(
    name="crm-bridge",
    cls=WithPlugins,
    help="One card for each client, kept in step between CRM, call centre, SMS gateway and agency files.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # plain help: drawing it with rich takes longer than all the rest
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"crm-bridge {crm_bridge.__version__}")
        raise typer.Exit


@app.callback()
def _global_options(
    context: typer.Context,
    config: Annotated[
        Path, typer.Option("--config", "-c", metavar="FILE", help="The configuration file.")
    ] = DEFAULT_CONFIG,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object instead of tables.")] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks and more of the log.")] = False,
    version: Annotated[  # noqa: ARG001  # its callback has done all
        bool, typer.Option("--version", help="Print the version and end.", is_eager=True, callback=_print_version)
    ] = False,
) -> None:
    from crm_bridge.config.logging import configure_logging  # late: --help does not wait for it

    context.obj = how = Invocation(config=config, json=json, debug=debug)
    configure_logging(how.log_level, clock=utc_now)


app.command("demo")(demo.demo)
app.command("init")(init.init)
app.command("check")(check.check)
app.command("plan")(plan.plan)
app.command("sync")(sync.sync)
app.command("prove")(prove.prove)
app.command("undo")(undo.undo)
app.command("status")(status.status)
app.command("resume")(status.resume)
app.add_typer(client.app, name="client")
app.add_typer(review.app, name="review")
app.add_typer(dead_letters.app, name="dead-letters")
app.add_typer(unknown.app, name="unknown")
app.add_typer(runs.app, name="runs")
app.add_typer(mapping.app, name="mapping")
app.add_typer(plugin.app, name="plugin")
app.command("simulate")(simulate.simulate)
app.command("serve")(serve.serve)
app.command("x", context_settings=extra.CONTEXT_SETTINGS)(extra.extra)


def run() -> NoReturn:
    """The entry point ``crm-bridge``."""
    sys.exit(main(sys.argv[1:]))


def main(arguments: Sequence[str]) -> int:
    """Run one command line and return its exit code. Nothing is raised; one clean message goes to standard error."""
    ordered = with_global_options_first(arguments)
    debug = "--debug" in ordered[: _first_word(ordered)]
    try:
        returned = typer.main.get_command(app).main(args=ordered, prog_name="crm-bridge", standalone_mode=False)
    except BridgeError as error:
        return _ended(str(error), error=error, exit_code=error.exit_code, debug=debug)
    except TyperException as error:
        exit_code = ExitCode.USAGE if error.exit_code == _USAGE_OF_TYPER else error.exit_code
        return _ended(error.format_message(), error=error, exit_code=exit_code, debug=debug)
    except (KeyboardInterrupt, typer.Abort) as error:
        return _ended("interrupted", error=error, exit_code=INTERRUPTED, debug=debug)
    except Exception as error:  # noqa: BLE001  # the edge: what nobody expected ends here, as code 1
        # Its text may quote a record, so only its class and place are shown.
        message = f"internal error: {type(error).__qualname__} at {_origin(error)}; run again with --debug for more"
        return _ended(message, error=error, exit_code=ExitCode.BUG, debug=debug)
    return returned if isinstance(returned, int) else ExitCode.OK


def with_global_options_first(arguments: Sequence[str]) -> list[str]:
    """``--config`` and ``--debug`` may stand behind the command too; a plugin's command keeps its own."""
    first: list[str] = []
    rest: list[str] = []
    left = list(arguments)
    while left:
        argument = left.pop(0)
        if argument == "--" or (argument == "x" and not any(not each.startswith("-") for each in rest)):
            rest += [argument, *left]
            break
        if argument in ("--config", "-c") and left:
            first += [argument, left.pop(0)]
        elif argument == "--debug" or argument.startswith("--config="):
            first.append(argument)
        else:
            rest.append(argument)
    return first + rest


def _first_word(arguments: Sequence[str]) -> int:
    """Where the command stands in an ordered command line."""
    index = 0
    while index < len(arguments) and arguments[index].startswith("-"):
        index += 2 if arguments[index] in ("--config", "-c") else 1
    return index


def _ended(message: str, *, error: BaseException, exit_code: int, debug: bool) -> int:
    if debug:
        traceback.print_exception(error, file=sys.stderr)
    print(message, file=sys.stderr)
    return int(exit_code)


def _origin(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    return f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else "an unknown place"
