"""``crm-bridge prove``: the real engine over this configuration, with random edits and faults, in memory."""

from __future__ import annotations

import secrets
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from crm_bridge.cli.invocation import JsonOption, invocation, settings_of, utc_now
from crm_bridge.cli.render import show
from crm_bridge.errors import DataMistake, ExitCode, UserMistake


def prove(
    context: typer.Context,
    examples: Annotated[int, typer.Option("--examples", metavar="N", min=1, help="So many stories are tried.")] = 200,
    seed: Annotated[
        int | None, typer.Option("--seed", metavar="S", min=0, help="The same seed tells the same stories.")
    ] = None,
    strict: Annotated[
        bool,
        typer.Option("--strict", help="An emptied field must stay empty, also where a mapping says `unset: keep`."),
    ] = False,
    records: Annotated[
        Path | None,
        typer.Option(
            "--records", metavar="FILE", help='Sample records to start from, as JSON: `{"SYSTEM": [{…}, …]}`.'
        ),
    ] = None,
    json: JsonOption = False,
) -> None:
    """Seek a story in which this configuration loses an edit. Reaches no system, and leaves the store alone."""
    how = invocation(context, json=json)
    settings = settings_of(context, check_secrets=False)
    try:
        from crm_bridge.prove.search import prove as search  # an extra
    except ImportError as error:
        raise UserMistake("proving needs a package more: install crm-bridge[prove]") from error
    from crm_bridge.prove.declared import declared
    from crm_bridge.prove.story import as_json, told

    chance = secrets.randbelow(1_000_000) if seed is None else seed
    what = replace(declared(settings, clock=utc_now), samples=_samples(records))
    proof = search(what, examples=examples, seed_of_chance=chance, strict=strict)
    asked = ["crm-bridge", "prove", "--config", str(how.config), "--examples", str(examples), "--seed", str(chance)]
    asked += ["--strict"] if strict else []
    asked += ["--records", str(records)] if records else []
    command = shlex.join(asked)
    answer = as_json(proof, command=command)
    show(answer, how=how, table=lambda to: to.print("\n".join(told(proof, command=command))))
    raise typer.Exit(int(ExitCode.OK if proof.counterexample is None else ExitCode.NEEDS_PERSON))


def _samples(file: Path | None) -> Mapping[str, Sequence[Mapping[str, Any]]]:
    if file is None:
        return {}
    import orjson  # late, as everywhere on the command line

    try:
        found = orjson.loads(file.read_bytes())
    except (OSError, orjson.JSONDecodeError) as error:
        raise DataMistake(f"{file}: not a file of JSON that can be read: {type(error).__name__}") from error
    if not isinstance(found, dict) or not all(
        isinstance(rows, list) and all(isinstance(row, dict) for row in rows) for rows in found.values()
    ):
        raise DataMistake(f'{file}: one object is expected, with records by system: {{"SYSTEM": [{{…}}, …]}}')
    return found
