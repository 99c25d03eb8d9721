"""A check-up: every system is reached, read-only, and what is found says what kind of finding it is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from crm_bridge.connector import Capabilities, Note, RecordSource, RecordTarget
from crm_bridge.errors import BridgeError, ConfigMistake, CredentialsRefused, ExitCode, RetryLater
from crm_bridge.run_context.isolation import pages_of
from crm_bridge.run_context.report import gravest
from crm_bridge.run_context.systems import Kind, System
from crm_bridge.runner.unknown_sources import unknown_sources

FindingCode: TypeAlias = Literal["away", "credentials", "config", "finding", "note", "bug", "stopped"]

EXIT_CODES: Mapping[FindingCode, ExitCode] = {
    "away": ExitCode.UNAVAILABLE,
    "credentials": ExitCode.CREDENTIALS,
    "config": ExitCode.CONFIG,
    "finding": ExitCode.NEEDS_PERSON,
    "note": ExitCode.OK,
    "stopped": ExitCode.NEEDS_PERSON,
    "bug": ExitCode.BUG,
}


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check-up found of one system.

    Attributes:
        code: ``away`` (no answer), ``credentials`` (refused), ``config`` (a setting is wrong), ``finding`` (the
            connector points out what somebody should mend), ``note`` (what one should know; nothing is wrong),
            ``stopped`` (it answers and cannot be worked with), ``bug`` (the connector failed).
        message: what happened and what to do; no personal data.
    """

    system: str
    code: FindingCode
    message: str

    @property
    def exit_code(self) -> ExitCode:
        return EXIT_CODES[self.code]

    @property
    def answered(self) -> bool:
        """Whether the system can be worked with all the same."""
        return self.code in ("finding", "note")

    def as_dict(self) -> Mapping[str, Any]:
        return {"system": self.system, "code": self.code, "message": self.message}

    def __str__(self) -> str:
        return f"{self.system}: {self.message}"


@dataclass(frozen=True, slots=True)
class SeenKind:
    """One kind of record of a system. ``records``: on the first page that it gave; ``None``: it was not read."""

    kind: str
    records: int | None
    capabilities: str

    def __str__(self) -> str:
        read = "not read" if self.records is None else f"{self.records} read (first page)"
        return f"{self.kind}: {read}; {self.capabilities}"


@dataclass(frozen=True, slots=True)
class Checkup:
    """One system, looked at. ``reached``: it answered, and can be worked with; ``endpoint``: where, as host and port
    or folder; ``None``: its settings name none."""

    system: str
    endpoint: str | None
    reached: bool
    kinds: Sequence[SeenKind] = ()
    findings: Sequence[Finding] = ()

    def as_dict(self) -> Mapping[str, Any]:
        return {
            "system": self.system,
            "endpoint": self.endpoint,
            "reached": self.reached,
            "kinds": [
                {"kind": each.kind, "records": each.records, "capabilities": each.capabilities} for each in self.kinds
            ],
            "findings": [finding.as_dict() for finding in self.findings],
        }


def check_up(systems: Iterable[System], *, endpoints: Mapping[str, str | None]) -> Sequence[Checkup]:
    """Reach every system, and read the first page of each kind. One that is away does not hide the others."""
    return [_check_up(system, endpoint=endpoints.get(system.name)) for system in systems]


def check_systems(systems: Iterable[System]) -> Sequence[Finding]:
    """Ask every connector how its system is; no page is read."""
    return [finding for system in systems for finding in _check(system)]


def exit_code_of(findings: Iterable[Finding]) -> ExitCode:
    """The gravest of them; ``OK`` for none, and for notes."""
    return gravest(finding.exit_code for finding in findings)


def _check_up(system: System, *, endpoint: str | None) -> Checkup:
    findings = _check(system)
    if not all(finding.answered or finding.code == "config" for finding in findings):
        return Checkup(system.name, endpoint, reached=False, findings=findings)
    kinds = []
    for kind in system.kinds.values():
        try:
            kinds.append(_look_at(system, kind))
        except BridgeError as error:
            findings.append(Finding(system.name, _code_of(error), f"{kind.name}: {error.message}"))
    return Checkup(system.name, endpoint, reached=True, kinds=kinds, findings=findings)


def _check(system: System) -> list[Finding]:
    try:
        found = [Finding(system.name, "config", str(mistake)) for mistake in unknown_sources(system)]
        for message in system.connector.check():
            found.append(Finding(system.name, "note" if isinstance(message, Note) else "finding", str(message)))
        return found
    except BridgeError as error:
        return [Finding(system.name, _code_of(error), error.message)]
    except Exception as error:  # noqa: BLE001  # a connector is somebody else's: its crash is a finding like another
        # Its text may quote a record, so only its class is shown.
        return [
            Finding(system.name, "bug", f"the connector's check failed with {type(error).__qualname__}: tell its maker")
        ]


def _look_at(system: System, kind: Kind) -> SeenKind:
    records = None
    if kind.read and isinstance(system.connector, RecordSource):
        page = next(pages_of(system.connector, kind.name, None), None)
        records = len(page.records) if page else 0
    writes = kind.write and isinstance(system.connector, RecordTarget)
    return SeenKind(kind.name, records, _in_words(kind.capabilities, writes=writes, creates=kind.create))


def _in_words(capabilities: Capabilities, *, writes: bool, creates: bool) -> str:
    """What the connector declares, in a line."""
    words = ["incremental" if capabilities.incremental else "read whole each time"]
    words += ["all keys listed"] if capabilities.complete_listing else []
    words += ["deletions seen"] if capabilities.deletes_visible else []
    if not writes:
        return ", ".join([*words, "not written"])
    words.append("updates and creates" if creates else "updates")
    looked = capabilities.compares_versions or capabilities.reads_back
    stale = (
        "refused" if capabilities.conditional_writes else "looked for before each write" if looked else "not noticed"
    )
    words.append(f"stale writes {stale}")
    words.append(f"a lost answer: {capabilities.effect_safety.value}")
    return ", ".join([*words, f"{capabilities.batch_size} a write"])


def _code_of(error: BridgeError) -> FindingCode:
    match error:
        case RetryLater():
            return "away"
        case CredentialsRefused():
            return "credentials"
        case ConfigMistake():
            return "config"
        case _:
            return "stopped"
