"""Inline tests of a document: run, and told as differences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from crm_bridge.mapping.compile import CompiledMapping
from crm_bridge.mapping.document import InlineTest
from crm_bridge.mapping.paths import change_document
from crm_bridge.mapping.values import Problem, Reading
from crm_bridge.model import InvalidClient, validate_claim, validate_client


@dataclass(frozen=True, slots=True)
class TestResult:
    """What became of one inline test. ``differences``: one line each, empty when it passed."""

    __test__ = False  # pytest takes classes of this name for its own

    name: str
    place: str
    differences: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """Whether nothing differs."""
        return not self.differences


def run_tests(compiled: CompiledMapping) -> tuple[TestResult, ...]:
    """Run every inline test of a document."""
    return tuple(
        TestResult(test.name, str(test.place), tuple(_run(compiled, test))) for test in compiled.document.tests
    )


def _misspelt(compiled: CompiledMapping, given: Mapping[str, Any]) -> list[str]:
    """Fields of a record that no row names, where one that is nearly called so is named and is not in the record.

    A record may well hold more than its mapping reads, so that a strange name alone says nothing.
    """
    known = {source.name for source in compiled.sources}
    tops = {name.split(".")[0] for name in known}
    missing = sorted(tops - given.keys())
    found = []
    for name in given:
        near = get_close_matches(str(name), missing, n=1, cutoff=0.85) if str(name) not in tops | known else []
        found += [f"given.{name}: no row reads this field: {each} is meant?" for each in near]
    return found


def _run(compiled: CompiledMapping, test: InlineTest) -> list[str]:
    misspelt = _misspelt(compiled, test.given or {})
    if misspelt:
        return misspelt
    reading = compiled.read(test.given) if test.given is not None else None
    stopped = _stopped(reading.problems if reading else ())
    wanted = sorted(test.quarantine or ())
    if stopped != wanted:
        return [f"quarantine: expected {wanted}, found {_told(reading.problems if reading else ())}"]
    found: list[str] = []
    if test.expect is not None and reading is not None:
        found += _expected(compiled, test, reading)
    if test.write_back is not None:
        found += _written(compiled, test, reading.doc if reading else _empty(compiled))
    elif reading is not None and not reading.quarantined:
        back = compiled.write(test.given, reading.doc)
        found += [f"law: writing back what was read changes {change.field}" for change in back.changes]
    return found


def _expected(compiled: CompiledMapping, test: InlineTest, reading: Reading) -> list[str]:
    found = list(differences(test.expect, reading.doc, path=""))
    try:
        if compiled.entity == "claim":
            validate_claim(reading.doc)
        else:
            validate_client(reading.doc)
    except InvalidClient as error:
        found.append(f"the document is not valid: {error}")
    return found


def _written(compiled: CompiledMapping, test: InlineTest, doc: Mapping[str, Any]) -> list[str]:
    assert test.write_back is not None  # noqa: S101  # the caller looked
    try:
        changed = change_document(doc, test.change) if test.change else doc
    except KeyError as error:
        return [f"change: {error.args[0]}"]
    back = compiled.write(test.given, changed)
    stopped = _stopped(back.problems)
    wanted = test.write_back.get("quarantine") if set(test.write_back) == {"quarantine"} else None
    paths = sorted(wanted if isinstance(wanted, list) else [wanted] if wanted else [])
    if stopped != paths:
        return [f"write_back.quarantine: expected {paths}, found {_told(back.problems)}"]
    return [] if paths else list(differences(test.write_back, back.fields, path="write_back"))


def differences(expected: Any, found: Any, *, path: str) -> Sequence[str]:
    """Where two values differ, one line a place. ``kind`` and an item's ``id`` count only where expected."""
    if isinstance(expected, Mapping) and isinstance(found, Mapping):
        lines: list[str] = []
        for key in dict.fromkeys((*expected, *found)):
            inner = f"{path}.{key}" if path else str(key)
            if key not in found:
                lines.append(f"{inner}: expected {expected[key]!r}, found nothing")
            elif key in expected:
                lines += differences(expected[key], found[key], path=inner)
            elif key not in ("id", "kind") or path.startswith("write_back"):
                lines.append(f"{inner}: expected nothing, found {found[key]!r}")
        return lines
    if isinstance(expected, list) and isinstance(found, list) and len(expected) == len(found):
        return [
            line
            for at, pair in enumerate(zip(expected, found, strict=True))
            for line in differences(*pair, path=f"{path}.{at}")
        ]
    return (
        []
        if type(expected) is type(found) and expected == found
        else [f"{path}: expected {expected!r}, found {found!r}"]
    )


def _empty(compiled: CompiledMapping) -> dict[str, Any]:
    return {} if compiled.entity == "claim" else {"kind": compiled.entity}


def _stopped(problems: Sequence[Problem]) -> list[str]:
    return sorted({problem.path for problem in problems if problem.severity == "quarantine"})


def _told(problems: Sequence[Problem]) -> str:
    return ", ".join(f"{each.path} ({each.field}, {each.code}, {each.severity})" for each in problems) or "none"
