"""A check-up: every system is reached, read-only, and what is found says what kind of finding it is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from crm_bridge.errors import BridgeError, ConfigMistake, CredentialsRefused, ExitCode, RetryLater
from crm_bridge.run_context.report import gravest
from crm_bridge.run_context.systems import System
from crm_bridge.runner.unknown_sources import unknown_sources

FindingCode: TypeAlias = Literal["away", "credentials", "config", "noted", "bug", "stopped"]

EXIT_CODES: Mapping[FindingCode, ExitCode] = {
    "away": ExitCode.UNAVAILABLE,
    "credentials": ExitCode.CREDENTIALS,
    "config": ExitCode.CONFIG,
    "noted": ExitCode.NEEDS_PERSON,
    "stopped": ExitCode.NEEDS_PERSON,
    "bug": ExitCode.BUG,
}


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check-up found of one system.

    Attributes:
        code: ``away`` (no answer), ``credentials`` (refused), ``config`` (a setting is wrong), ``noted`` (the connector
            points something out), ``stopped`` (it answers and cannot be worked with), ``bug`` (the connector failed).
        message: what happened and what to do; no personal data.
    """

    system: str
    code: FindingCode
    message: str

    @property
    def exit_code(self) -> ExitCode:
        return EXIT_CODES[self.code]

    def as_dict(self) -> Mapping[str, Any]:
        return {"system": self.system, "code": self.code, "message": self.message}

    def __str__(self) -> str:
        return f"{self.system}: {self.message}"


def check_systems(systems: Iterable[System]) -> Sequence[Finding]:
    """Reach every system. One that is away does not hide what is wrong with the others."""
    return [finding for system in systems for finding in _check(system)]


def exit_code_of(findings: Iterable[Finding]) -> ExitCode:
    """The gravest of them; ``OK`` for none."""
    return gravest(finding.exit_code for finding in findings)


def _check(system: System) -> list[Finding]:
    try:
        found = [Finding(system.name, "config", str(mistake)) for mistake in unknown_sources(system)]
        return [*found, *(Finding(system.name, "noted", message) for message in system.connector.check())]
    except BridgeError as error:
        return [Finding(system.name, _code_of(error), error.message)]
    except Exception as error:  # noqa: BLE001  # a connector is somebody else's: its crash is a finding like another
        # Its text may quote a record, so only its class is shown.
        return [
            Finding(system.name, "bug", f"the connector's check failed with {type(error).__qualname__}: tell its maker")
        ]


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
