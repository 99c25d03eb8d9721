"""``crm-bridge simulate``: stand-ins for real systems on loopback, where a working directory expects them."""

from __future__ import annotations

import json as json_text
import os
import re
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import urlsplit

import typer

from crm_bridge.cli.demo import DEFAULT_DIRECTORY
from crm_bridge.cli.invocation import DEFAULT_CONFIG, JsonOption, invocation, utc_now
from crm_bridge.cli.render import canonical_json, cell
from crm_bridge.cli.until_asked import until_asked
from crm_bridge.errors import ConfigMistake, ExitCode, UserMistake

if TYPE_CHECKING:
    from crm_bridge.config import Settings, SystemSettings
    from crm_bridge.connector import Simulator, SimulatorType

ALL = "all"
STATE_FOLDER = "simulators"
_DELAYS = ("delay", "latency")
_LONGEST_STOP = 0.7  # seconds


@dataclass(frozen=True, slots=True)
class Stand:
    """One simulator to be started: for which system, from which state, on which port."""

    system: str
    simulator: SimulatorType
    folder: Path
    port: int


def simulate(
    context: typer.Context,
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="[NAME]",
            help="A simulator, a system of the configuration, or `all`. Needed, but for --knobs of all.",
        ),
    ] = None,
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="Listen here; 0: any free port. Not together with `all`.")
    ] = None,
    directory: Annotated[
        Path | None,
        typer.Option(
            "--dir", metavar="DIR", help="The working directory; default: the configuration's, or the demo's."
        ),
    ] = None,
    latency: Annotated[
        float | None, typer.Option(min=0, metavar="SECONDS", help="Wait so long before each answer.")
    ] = None,
    knob: Annotated[
        list[str] | None, typer.Option("--set", metavar="KNOB=VALUE", help="Set a failure knob; may be repeated.")
    ] = None,
    knobs: Annotated[bool, typer.Option("--knobs", help="List the failure knobs and end.")] = False,
    json: JsonOption = False,
) -> None:
    """Run simulators until Ctrl-C or SIGTERM. Their state is kept in `simulators` of the working directory."""
    from crm_bridge.config import load_settings  # late, as below: --help does not wait for plugins

    how = invocation(context, json=json)
    if name is None and not knobs:
        raise UserMistake("NAME is needed: a simulator, a system of the configuration, or `all`")
    name = name or ALL
    base_dir, config = place_of(name, directory=directory, config=how.config)
    wanted = config.exists() or how.config != DEFAULT_CONFIG  # one that was named and is not there is a mistake
    settings = load_settings(config, check_secrets=False) if wanted else None
    stands = stands_for(name, settings=settings, base_dir=base_dir, port=port)
    if knobs:
        for stand in stands:
            for knob_name, words in stand.simulator.knobs.items():
                typer.echo(f"{stand.system}  {knob_name}  {cell(words)}")
        return
    state = str(base_dir / STATE_FOLDER)
    with running(stands, knobs=knob or (), latency=latency) as started:
        others = others_than_configured(started, settings=settings)
        if how.json:
            answer = {"simulators": started, "state": state, **({"own": others} if others else {})}
            typer.echo(canonical_json(answer), nl=False)
        else:
            typer.echo(f"# state and passwords: {state}\n")
        connectors = {stand.system: stand.simulator.name for stand in stands}
        for system, reached_by in () if how.json else started.items():
            if system in others:
                typer.echo(
                    f"# {system}: this simulator plays a system of its own, not the configured one, from which it "
                    f"differs in: {', '.join(others[system])}.\n# Try it with the settings below in a copy of the "
                    "configuration, or put files of your own where the configured one leaves them."
                )
            typer.echo(toml_block(system, {"connector": connectors[system], **reached_by}))
        until_asked()
        # What is still under way then, such as a webhook nobody takes, is cut off: each change is on disk already.
        cut = threading.Timer(_LONGEST_STOP, os._exit, args=(ExitCode.OK,))
        cut.daemon = True
        cut.start()
    cut.cancel()


def place_of(name: str, *, directory: Path | None, config: Path) -> tuple[Path, Path]:
    """The working directory, and where its configuration is looked for.

    Without either, and no configuration here: ``all`` are those of the demo, when it has left its directory here.
    """
    if config != DEFAULT_CONFIG or (directory is None and config.exists()):
        return directory or config.parent, config
    if directory is None:
        left = name == ALL and (DEFAULT_DIRECTORY / config).exists()
        directory = DEFAULT_DIRECTORY if left else Path()
    return directory, directory / config


def toml_block(system: str, settings: Mapping[str, Any]) -> str:
    """The settings as they stand in a configuration: to be pasted."""
    lines = [f"{_toml_key(key)} = {_toml(value)}" for key, value in settings.items() if value is not None]
    return "\n".join([f"[systems.{_toml_key(system)}]", *lines, ""])


def _toml(value: object) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_toml_key(str(key))} = {_toml(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_toml, value)) + "]"
    if isinstance(value, bool | int | float):
        return json_text.dumps(value)
    # A JSON string is a TOML basic string, but that TOML escapes U+007F as well.
    return json_text.dumps(str(value), ensure_ascii=False).replace("\x7f", "\\u007f")


def _toml_key(text: str) -> str:
    return text if re.fullmatch(r"[A-Za-z0-9_-]+", text) else _toml(text)


def stands_for(name: str, *, settings: Settings | None, base_dir: Path, port: int | None) -> tuple[Stand, ...]:
    """Which simulators ``name`` means. With a configuration, its systems on the ports that it expects them on.

    Raises:
        UserMistake: there is no such simulator, or a port was given for several.
    """
    systems = dict(settings.systems) if settings else {}
    if name == ALL:
        if port is not None:
            raise UserMistake("--port is for one simulator: leave it out, or name one instead of `all`")
        wanted = {each: system.connector for each, system in systems.items()} or {each: each for each in _installed()}
    elif name in systems:
        wanted = {name: systems[name].connector}
    else:
        wanted = {next((each for each, system in systems.items() if system.connector == name), name): name}
    stands = []
    for system, connector in wanted.items():
        simulator = _simulator(connector)
        if simulator is None:
            if name == ALL:
                continue
            hint = _did_you_mean(connector, known=_installed())
            raise UserMistake(f"there is no simulator {connector!r}: {hint or 'no plugin brings one'}")
        expected = port_of(systems[system].options) if system in systems else None
        chosen = port if port is not None else simulator.default_port if expected is None else expected
        folder = base_dir / STATE_FOLDER / folder_of(system, connector=connector, systems=systems)
        stands.append(Stand(system, simulator, folder, chosen))
    if not stands:
        raise UserMistake("no system of this configuration has a simulator")
    return tuple(stands)


def folder_of(system: str, *, connector: str, systems: Mapping[str, SystemSettings]) -> str:
    """Where a simulator's state lies: under its connector's name, whatever a configuration calls the system, so that it
    is the same with and without one. Of several systems of one connector, that goes for the one that bears the name,
    or the first."""
    alike = [each for each, settings in systems.items() if settings.connector == connector]
    first = connector if connector in alike or not alike else alike[0]
    return connector if system == first else f"{connector}-{system}"


def others_than_configured(
    started: Mapping[str, Mapping[str, Any]], *, settings: Settings | None
) -> dict[str, list[str]]:
    """System → the settings in which its simulator is another than the configured system. One that speaks HTTP listens
    where it is expected; one of files has folders and columns of its own."""
    others: dict[str, list[str]] = {}
    for system, reached_by in started.items():
        configured = settings.systems.get(system) if settings else None
        if settings is None or configured is None or port_of(reached_by) is not None:
            continue
        differ = [
            key
            for key, value in reached_by.items()
            if isinstance(value, str | list)
            and key in configured.options
            and not _same(configured.options[key], value, base_dir=settings.base_dir)
        ]
        if differ:
            others[system] = differ
    return others


def _same(configured: object, played: object, *, base_dir: Path) -> bool:
    """Whether two settings are one: a folder also by another way to write it."""
    if configured == played:
        return True
    if not isinstance(configured, str) or not isinstance(played, str):
        return False
    return (base_dir / configured).resolve() == Path(played).resolve() and Path(played).is_dir()


def port_of(options: Mapping[str, Any]) -> int | None:
    """The port of the first URL among a connector's settings, where its simulator is expected."""
    for value in options.values():
        if isinstance(value, str) and value.startswith(("http://", "https://")):
            return urlsplit(value).port
    return None


@contextmanager
def running(
    stands: Sequence[Stand], *, knobs: Sequence[str], latency: float | None
) -> Iterator[dict[str, Mapping[str, Any]]]:
    """Start the simulators, stop them afterwards. Yields the settings that reach each.

    Raises:
        UserMistake: a port is taken, or a knob is unknown.
    """
    started: dict[str, Mapping[str, Any]] = {}
    with ExitStack() as stack:
        for stand in stands:
            stand.folder.mkdir(parents=True, exist_ok=True)
            simulator = stand.simulator.open(stand.folder, utc_now)
            _configure(simulator, stand=stand, knobs=knobs, latency=latency)
            try:
                started[stand.system] = simulator.start(stand.port)
            except OSError as error:
                raise UserMistake(
                    f"the {stand.system} simulator cannot listen on port {stand.port} ({error.strerror}): "
                    "end what uses it, or choose another with --port"
                ) from None
            stack.callback(_stop, simulator, system=stand.system)
        yield started


def _stop(simulator: Simulator, *, system: str) -> None:
    try:
        simulator.stop()
    except OSError as error:  # its folder has been deleted, or the disk is full
        typer.echo(f"# {system}: its state could not be saved at the end ({error.strerror})", err=True)


def _configure(simulator: Simulator, *, stand: Stand, knobs: Sequence[str], latency: float | None) -> None:
    wanted: dict[str, object] = {}
    if latency is not None:
        delay = next((each for each in _DELAYS if each in stand.simulator.knobs), None)
        if delay is None:
            raise UserMistake(f"the {stand.system} simulator answers at its own pace: it has no knob for that")
        wanted[delay] = latency
    for pair in knobs:
        name, separator, value = pair.partition("=")
        if not separator or name not in stand.simulator.knobs:
            hint = _did_you_mean(name, known=stand.simulator.knobs)
            raise UserMistake(f"the {stand.system} simulator has no knob {name!r}: {hint}; write --set KNOB=VALUE")
        wanted[name] = _value(value)
    if wanted:
        try:
            simulator.configure(**wanted)
        except (TypeError, ValueError) as error:
            raise UserMistake(f"the {stand.system} simulator refuses a knob: {error}") from None


def _value(text: str) -> object:
    """``3``, ``0.5`` and ``true`` are what they look like; anything else is text."""
    try:
        return json_text.loads(text)
    except ValueError:
        return text


def _did_you_mean(word: str, *, known: Iterable[str]) -> str:
    from crm_bridge.config.mistakes import did_you_mean

    return did_you_mean(word, known=known)


def _installed() -> tuple[str, ...]:
    """Names of plugins that may bring a simulator: a connector's entry point bears its name, without a dot."""
    from crm_bridge.plugin_manager import all_entry_points

    return tuple(each.name for each in all_entry_points() if "." not in each.name)


def _simulator(connector: str) -> SimulatorType | None:
    from crm_bridge.plugin_manager import load_plugins

    if connector not in _installed():
        return None
    plugins = load_plugins([connector])
    try:
        return plugins.simulators().get(connector)
    except ConfigMistake as mistake:
        raise UserMistake(f"the simulator {connector!r} does not start: {mistake.message}") from None
    finally:
        plugins.close()
