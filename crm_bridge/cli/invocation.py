"""What one invocation of ``crm-bridge`` was asked for on its command line, beside the command itself."""

from __future__ import annotations

import getpass
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from crm_bridge.app import Bridge
    from crm_bridge.config import Settings
    from crm_bridge.runner.desk import Desk

DEFAULT_CONFIG = Path("crm-bridge.toml")

JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of a table.")]
SystemsOption = Annotated[
    list[str] | None, typer.Option("--system", "-s", metavar="NAME", help="Only this system; may be repeated.")
]
ByOption = Annotated[str | None, typer.Option("--by", metavar="WHO", help="Who decides; default: the user logged in.")]
DespiteOption = Annotated[
    bool, typer.Option("--despite-identifiers", help="Make them one though their valid tax identifiers differ.")
]
ReasonOption = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why, for the history.")]

LAST_NUMBER = 2**63 - 1  # that a row of a store can have; a database does not even compare one beyond
LimitOption = Annotated[
    int, typer.Option("--limit", metavar="N", min=1, max=LAST_NUMBER, help="At most this many rows.")
]
AfterOption = Annotated[
    int, typer.Option("--after", metavar="ID", min=0, max=LAST_NUMBER, help="Go on behind the row of this number.")
]
DEFAULT_LIMIT = 200


@dataclass(frozen=True, slots=True)
class Invocation:
    """The global options. ``config`` is where the configuration is looked for; it need not be there."""

    config: Path = DEFAULT_CONFIG
    json: bool = False
    debug: bool = False

    @property
    def log_level(self) -> str:
        return "DEBUG" if self.debug else "WARNING"


def invocation(context: typer.Context, *, json: bool = False) -> Invocation:
    """The global options, with ``--json`` on whichever side of the command it stood."""
    given = context.find_object(Invocation) or Invocation()
    return Invocation(config=given.config, json=given.json or json, debug=given.debug)


def settings_of(context: typer.Context, *, check_secrets: bool = True) -> Settings:
    """The configuration. Raises :class:`ConfigMistake`."""
    from crm_bridge.config import load_settings  # late, as below: --help waits for nothing but the command line itself
    from crm_bridge.config.logging import configure_logging

    how = invocation(context)
    settings = load_settings(how.config, check_secrets=check_secrets)
    configure_logging(how.log_level, clock=utc_now, bridge=settings.bridge.name)
    return settings


@contextmanager
def opened(context: typer.Context) -> Iterator[Bridge]:
    """The bridge of the configuration, closed afterwards. Raises what loading and opening raise."""
    with open_configured(settings_of(context)) as bridge:
        yield bridge


@contextmanager
def opened_desk(context: typer.Context) -> Iterator[Desk]:
    """What looks into the store and needs no system, closed afterwards. Raises what loading and opening raise."""
    with open_configured_desk(settings_of(context, check_secrets=False)) as desk:
        yield desk


def open_configured(settings: Settings) -> AbstractContextManager[Bridge]:
    """Build the bridge: a context manager."""
    from crm_bridge.app import open_bridge

    return open_bridge(settings, clock=utc_now)


def open_configured_desk(settings: Settings) -> AbstractContextManager[Desk]:
    """Open the store alone: a context manager."""
    from crm_bridge.runner.desk import open_desk

    return open_desk(settings)


def utc_now() -> datetime:
    return datetime.now(UTC)


def who(by: str | None) -> str:
    """Whose decision this is."""
    if by:
        return by
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container without an entry for its user
        return "command line"
