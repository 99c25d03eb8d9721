"""``crm-bridge init``: a configuration and mapping documents to start from."""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import Annotated

import typer

from crm_bridge.cli.invocation import DEFAULT_CONFIG, JsonOption, invocation
from crm_bridge.cli.render import show
from crm_bridge.errors import UserMistake

TEMPLATE = "crm-bridge.template.toml"


def init(
    context: typer.Context,
    directory: Annotated[
        Path, typer.Argument(metavar="[DIR]", help="Where; it is made when it is not there.")
    ] = Path(),
    force: Annotated[bool, typer.Option("--force", help="Replace what is there.")] = False,
    json: JsonOption = False,
) -> None:
    """Write a commented crm-bridge.toml and copies of the bundled mappings."""
    from crm_bridge.demo.workdir import copy_mappings  # late: --help does not wait for the demo's libraries

    how = invocation(context, json=json)
    config = directory / DEFAULT_CONFIG.name
    there = [str(path) for path in (config, directory / "mappings") if path.exists()]
    if there and not force:
        raise UserMistake(f"{' and '.join(there)} is there already: name another directory, or replace it with --force")
    try:
        directory.mkdir(parents=True, exist_ok=True)
        config.write_bytes(template())
        mappings = [str(directory / path) for path in copy_mappings(directory)]
    except OSError as error:
        raise UserMistake(f"{directory} cannot be written ({error.strerror}): name another directory") from None
    answer = {"written": [str(config), *mappings]}
    steps = ("crm-bridge simulate all", "crm-bridge check", "crm-bridge plan", "crm-bridge sync")
    there_first = "" if directory == Path() else f" (cd {directory} first)"
    text = "\n".join([*(f"wrote {path}" for path in answer["written"]), f"next{there_first}: {', '.join(steps)}"])
    show(answer, how=how, table=lambda to: to.print(text))


def template() -> bytes:
    """The configuration that ``init`` writes: the four systems where their simulators stand."""
    return resources.files("crm_bridge.cli").joinpath(TEMPLATE).read_bytes()
