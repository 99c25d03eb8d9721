"""``crm-bridge mapping test|explain|coverage``: try mapping documents, on files or on a system's records."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from crm_bridge.cli.invocation import JsonOption, invocation, opened, settings_of
from crm_bridge.cli.render import show
from crm_bridge.errors import ConfigMistake, DataMistake, ExitCode, Place, UserMistake

if TYPE_CHECKING:
    from crm_bridge.mapping import CompiledMapping, ExplainedPath, MappingDocument, Problem, Reading, TestResult
    from crm_bridge.plugin_manager import Plugins

app = typer.Typer(no_args_is_help=True, help="Test and explain mapping documents, and see what they cover.")

Documents = Annotated[list[str], typer.Argument(metavar="FILE…", help="Mapping documents: files, or package:path.")]
Document = Annotated[str, typer.Argument(metavar="FILE", help="A mapping document: a file, or package:path.")]
PluginsOption = Annotated[
    list[str] | None,
    typer.Option(
        "--plugin", metavar="NAME", help="Load the transforms of this plugin, beside those that are active; repeatable."
    ),
]
Record = Annotated[Path, typer.Argument(metavar="RECORD.json", help="One raw record as JSON.")]


@app.command("test")
def run_inline_tests(
    context: typer.Context, documents: Documents, plugin: PluginsOption = None, json_: JsonOption = False
) -> None:
    """Run the inline tests of mapping documents. Exit 65 when one fails, 78 when a document has a mistake."""
    from crm_bridge.mapping import run_tests  # late, as below: --help does not wait for YAML

    mistakes: list[str] = []
    results: dict[str, tuple[TestResult, ...]] = {}
    with _transforms(context, plugin or ()) as compiled:
        for name in documents:
            try:
                results[name] = run_tests(compiled(name))
            except ConfigMistake as mistake:
                mistakes += str(mistake).splitlines()
    failed = sum(not result.passed for found in results.values() for result in found)
    if invocation(context, json=json_).json:
        tests = [{"file": name, **_result(each)} for name, found in results.items() for each in found]
        typer.echo(json.dumps({"tests": tests, "failed": failed, "mistakes": mistakes}, ensure_ascii=False))
    else:
        for name, found in results.items():
            _print_results(name, found)
        for line in mistakes:
            typer.echo(line, err=True)
    if mistakes:
        raise typer.Exit(ExitCode.CONFIG)
    if failed:
        raise typer.Exit(ExitCode.DATA)


@app.command("explain")
def explain(
    context: typer.Context,
    document: Document,
    record: Record,
    plugin: PluginsOption = None,
    json_: JsonOption = False,
) -> None:
    """Show what each row makes of one record: path, row, raw, result. Exit 65 when the record is quarantined."""
    with _transforms(context, plugin or ()) as compiled:
        mapping, raw = compiled(document), _record(record)
        reading, rows = mapping.read(raw), mapping.explain(raw)
    if invocation(context, json=json_).json:
        typer.echo(_encodable(json.dumps(_explained(reading, rows), ensure_ascii=False, default=str)))
    else:
        _print_rows(reading, rows)
    if reading.quarantined:
        raise typer.Exit(ExitCode.DATA)


@app.command("coverage")
def coverage(
    context: typer.Context,
    document: Document,
    records: Annotated[
        Path | None,
        typer.Option("--records", metavar="FILE", help="Raw records: a JSON list, or one object a line."),
    ] = None,
    system: Annotated[
        str | None, typer.Option("--system", "-s", metavar="NAME", help="Read records of this configured system.")
    ] = None,
    kind: Annotated[
        str | None, typer.Option("--kind", metavar="KIND", help="Of this kind; needed where a system has several.")
    ] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, metavar="N", help="Read at most this many of them.")] = 1000,
    plugin: PluginsOption = None,
    json_: JsonOption = False,
) -> None:
    """Show which fields and paths are mapped and which are not, and codes that no value map knows."""
    from crm_bridge.cli.coverage import as_answer, draw_coverage, read_records
    from crm_bridge.mapping.coverage import coverage_of

    if records is not None and system is not None:
        raise UserMistake("--records and --system: give one of them")
    given = read_records(records) if records is not None else []
    if system is not None:
        with opened(context) as bridge:
            given = list(bridge.sample(system, kind=kind, limit=limit))
    with _transforms(context, plugin or ()) as compiled:
        answer = as_answer(coverage_of(compiled(document), given))
    show(answer, how=invocation(context, json=json_), table=lambda to: draw_coverage(to, answer))


def _explained(reading: Reading, rows: tuple[ExplainedPath, ...]) -> dict[str, Any]:
    return {
        "record_id": reading.record_id,
        "version": reading.version,
        "changed_at": reading.changed_at,
        "client_ref": reading.client_ref,
        "quarantined": reading.quarantined,
        "doc": reading.doc,
        "problems": [_problem(problem) for problem in reading.problems],
        "rows": [
            {
                "path": row.path,
                "row": row.row,
                "raw": dict(row.raw),
                "result": row.result,
                "problems": [_problem(problem) for problem in row.problems],
            }
            for row in rows
        ],
    }


def _print_rows(reading: Reading, rows: tuple[ExplainedPath, ...]) -> None:
    typer.echo(f"record {reading.record_id or '(no id)'}, version {reading.version}, changed at {reading.changed_at}")
    for row in rows:
        if row.result is None and not row.problems and not any(row.raw.values()):
            continue
        typer.echo(f"\n{row.path}    ({row.row})")
        for name, value in row.raw.items():
            typer.echo(f"    {_encodable(name)}: {_short(value)}")
        if row.result is not None:
            typer.echo(f"    = {_short(row.result)}")
        for problem in row.problems:
            typer.echo(f"    {_told(problem)}")
    for problem in reading.problems:
        if not any(problem in row.problems for row in rows):
            typer.echo(f"\n{problem.path}\n    {_told(problem)}")


def _told(problem: Problem) -> str:
    return f"{problem.severity}: {problem.field}: {problem.code}: {problem.message}"


@contextmanager
def _transforms(context: typer.Context, names: Sequence[str]) -> Iterator[Callable[[str], CompiledMapping]]:
    """How a document is compiled, by name. Plugins are loaded with the first document that has a `call:`, and the
    configuration is read, where there is one, for the region of phones that a document leaves open."""
    from crm_bridge.mapping import compile_mapping, load_mapping

    loaded: list[Plugins] = []

    def compiled(name: str) -> CompiledMapping:
        document = load_mapping(_text(name), file=name)
        if document.outer_region is not None and invocation(context).config.exists():
            region = settings_of(context, check_secrets=False).bridge.region
            document = load_mapping(_text(name), file=name, region=region)
        if not loaded and (names or _calls(document)):
            loaded.append(_plugins(context, names))
        return compile_mapping(document, transforms=loaded[0].transforms() if loaded else {})

    try:
        yield compiled
    finally:
        for plugins in loaded:
            plugins.close()


def _calls(document: MappingDocument) -> bool:
    """Whether a row has a plugin's transform in it."""
    columns = [row.column for row in document.fields]
    for row in document.lists:
        columns += [each for each in (row.column, *row.parts, *row.more) if each is not None]
    return any(column.call is not None for column in columns)


def _plugins(context: typer.Context, names: Sequence[str]) -> Plugins:
    """The plugins of ``names``, and the active ones of the configuration, where there is one."""
    from crm_bridge.plugin_manager import load_plugins

    if not invocation(context).config.exists():
        return load_plugins(list(names))
    settings = settings_of(context, check_secrets=False)
    return load_plugins(
        list(dict.fromkeys([*settings.plugins.active, *names])),
        connectors={name: system.connector for name, system in settings.systems.items()},
        settings=settings.plugins.settings,
        timeout_seconds=settings.plugins.timeout_seconds,
        place=settings.place,
    )


def _text(name: str) -> str:
    """The text of a document: a file, or a resource of an installed package."""
    path = Path(name)
    try:
        if ":" in name and not path.exists():
            package, _, inner = name.partition(":")
            return files(package).joinpath(inner).read_text(encoding="utf-8")
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise ConfigMistake("this file is not UTF-8: save it as UTF-8", place=Place(name)) from None
    except (OSError, ModuleNotFoundError, ValueError, TypeError):
        raise ConfigMistake(
            "there is no such file: give the path of a mapping document, or package:path", place=Place(name)
        ) from None


def _record(path: Path) -> dict[str, Any]:
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
    except OSError:
        raise DataMistake(f"{path}: there is no such file: give a file with one raw record as JSON") from None
    except ValueError as error:
        raise DataMistake(f"{path}: not JSON in UTF-8 ({error}): give one raw record as a JSON object") from None
    if not isinstance(raw, dict):
        raise DataMistake(f"{path}: a raw record is a JSON object, with the system's field names as keys")
    return raw


def _print_results(name: str, found: tuple[TestResult, ...]) -> None:
    failed = [result for result in found if not result.passed]
    for result in failed:
        typer.echo(f"FAILED {result.place}: {result.name}")
        for line in result.differences:
            typer.echo(f"    {line}")
    typer.echo(f"{name}: {len(found) - len(failed)} passed, {len(failed)} failed")


def _result(result: TestResult) -> dict[str, Any]:
    return {
        "name": result.name,
        "place": result.place,
        "passed": result.passed,
        "differences": list(result.differences),
    }


def _problem(problem: Problem) -> dict[str, Any]:
    return {
        "path": problem.path,
        "field": problem.field,
        "code": problem.code,
        "message": problem.message,
        "value": problem.value,
        "severity": problem.severity,
    }


def _short(value: Any) -> str:
    return _encodable(json.dumps(value, ensure_ascii=False, default=str))


def _encodable(text: str) -> str:
    """Halves of surrogate pairs, which no terminal takes, as JSON escapes them."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
