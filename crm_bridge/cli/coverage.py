"""``crm-bridge mapping coverage``: what a mapping document covers, of itself and of real records."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crm_bridge.cli.render import cell, table_of
from crm_bridge.errors import DataMistake

if TYPE_CHECKING:
    from rich.console import Console

    from crm_bridge.mapping.coverage import Coverage


def read_records(path: Path) -> list[Mapping[str, Any]]:
    """Raw records of a file: a JSON list, one JSON object, or an object a line.

    Raises:
        DataMistake: no such file, or none of these.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise DataMistake(f"{path}: not UTF-8: save it in that encoding") from None
    except OSError as error:
        raise DataMistake(f"{path}: cannot be read ({type(error).__name__}): give a file of raw records") from None
    try:
        given = json.loads(text)
    except ValueError:
        given = [_line(line, number, path) for number, line in enumerate(text.split("\n"), start=1) if line.strip()]
    records = given if isinstance(given, list) else [given]
    wrong = next((number for number, each in enumerate(records, start=1) if not isinstance(each, dict)), None)
    if wrong is not None:
        raise DataMistake(f"{path}: record {wrong} is no JSON object with the system's field names as keys")
    return records


def _line(line: str, number: int, path: Path) -> Any:
    try:
        return json.loads(line)
    except ValueError:
        raise DataMistake(f"{path}: line {number} is not JSON: give a JSON list, or one object a line") from None


def as_answer(coverage: Coverage) -> dict[str, Any]:
    """For ``--json``; a field whose codes are not shown has their number alone."""
    codes = [
        {"field": name, "code": code, "records": number}
        for name, counted in coverage.unknown_codes.items()
        for code, number in counted.items()
    ]
    return {**asdict(coverage), "unknown_codes": codes}


def draw_coverage(to: Console, answer: Mapping[str, Any]) -> None:
    """Print what ``as_answer`` gave."""
    to.print(f"{len(answer['mapped'])} fields are mapped:")
    to.print(table_of([{"field": name, "rows": rows} for name, rows in answer["mapped"].items()]))
    if answer["records"]:
        unmapped = [{"field": name, "records": number} for name, number in answer["unmapped"].items()]
        _part(to, f"In {answer['records']} records, filled and not mapped", unmapped)
        codes = [{**each, "code": "(too many or too long to be codes)"} if each["code"] is None else each
                 for each in answer["unknown_codes"]]  # fmt: skip
        _part(to, "Codes that the value map does not know", codes)
    _part(to, "Read and never written back", [{"row": row, "field": name} for row, name in answer["read_only"].items()])
    to.print(f"\nPaths of the model that nothing feeds: {cell(answer['not_fed']) or 'none'}")


def _part(to: Console, title: str, rows: Sequence[Mapping[str, Any]]) -> None:
    to.print(f"\n{title}: {'' if rows else 'none'}")
    if rows:
        to.print(table_of(rows))
