"""The shape of ``crm-bridge.toml``. Each field's description is its reference documentation."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import parse_qs, urlsplit

from pydantic import AfterValidator, Field, PrivateAttr, field_validator

from crm_bridge.config.positions import PathTuple
from crm_bridge.config.survivorship import SurvivorshipSettings
from crm_bridge.config.values import (
    NO_ADDRESS,
    Count,
    Duration,
    Flag,
    FrozenSettings,
    Name,
    Number,
    Region,
    Several,
    Text,
    is_no_address,
)
from crm_bridge.errors import Place
from crm_bridge.policy import PolicySettings

SYSTEM_KEYS = ("connector", "records")
_LISTEN = re.compile(r"(?P<host>[^\s:/]+|\[[0-9A-Fa-f:.]+\]):(?P<port>\d{1,5})")
_SECRET_PARAMETERS = {"password", "sslpassword", "oauth_client_secret"}
_SQLITE, _POSTGRESQL = "sqlite:///", "postgresql://"


def _store_url(value: str) -> str:
    if value.startswith(_POSTGRESQL) and len(value) > len(_POSTGRESQL):
        if urlsplit(value).password is not None or parse_qs(urlsplit(value).query).keys() & _SECRET_PARAMETERS:
            raise ValueError("must not hold the password; name where it is kept in store_password_ref")
        return value
    if not value.startswith(_SQLITE) or len(value) == len(_SQLITE):
        raise ValueError("must be 'sqlite:///FILE' or 'postgresql://USER@HOST/DATABASE'")
    return value


def _listen(value: str) -> str:
    match = _LISTEN.fullmatch(value)
    if match is None or int(match["port"]) > 65535:
        raise ValueError("must be 'HOST:PORT', such as '127.0.0.1:8090'")
    return value


def _http_url(value: str) -> str:
    if not value.startswith(("http://", "https://")):
        raise ValueError("must be a URL that starts with http:// or https://")
    if is_no_address(value):
        raise ValueError(NO_ADDRESS)
    return value.rstrip("/")


class BridgeSettings(FrozenSettings):
    """``[bridge]``: this installation."""

    name: Text = Field(default="crm-bridge", description="Name of this installation: `bridge` in reports and logs.")
    store: Annotated[Text, AfterValidator(_store_url)] = Field(
        default="sqlite:///bridge.db",
        description="Where the cards are kept: a file, relative to this one, or a PostgreSQL database.",
    )
    store_password_ref: Text | None = Field(
        default=None, description="The database user's password: `env:NAME` or `file:PATH`; none: libpq's own ways."
    )
    region: Region = Field(default="UA", description="Region of phone numbers without a country code.")

    @property
    def store_address(self) -> str:
        """Where the store is, for people: the URL without its parameters."""
        return self.store.partition("?")[0]


class RecordSettings(FrozenSettings):
    """``[systems.NAME.records.KIND]``: one kind of record of one system."""

    mapping: Text = Field(
        description="The mapping document: a file relative to this one, or `package:path` in an installed package."
    )
    read: Flag = Field(default=True, description="Whether the bridge reads these records.")
    write: Flag = Field(default=True, description="Whether the bridge writes changes back into them.")
    create: Flag = Field(
        default=False,
        description="Whether the bridge creates those that the system lacks. With more than one system, a plugin that "
        "finds duplicates has to be active, such as `dedup.exact_keys`.",
    )
    on_delete: Literal["keep", "spread"] = Field(
        default="keep",
        description="When one is deleted there: `keep` the client's other records, or `spread` the deletion to them.",
    )


class SystemSettings(FrozenSettings):
    """``[systems.NAME]``: one system. All keys but these two belong to its connector's settings model."""

    name: Name = Field(exclude=True, description="")
    connector: Text = Field(description="Name of the connector, as `crm-bridge plugin list` shows it.")
    records: Mapping[Name, RecordSettings] = Field(
        default_factory=dict, description="The kinds of record that the bridge reads or writes there."
    )
    options: Mapping[str, Any] = Field(default_factory=dict, exclude=True, description="")


class PluginsSettings(FrozenSettings):
    """``[plugins]``: which of the installed plugins work, and how."""

    active: tuple[Text, ...] = Field(
        default=(), description="Names of plugins that work, in order of precedence. Installed alone does nothing."
    )
    timeout_seconds: Annotated[Number, Field(gt=0)] = Field(
        default=5.0, description="A call of a plugin that runs longer, in seconds, is given up and reported."
    )
    connector_timeout: Duration = Field(
        default=timedelta(minutes=10),
        description="A call of a connector (one page, one batch of writes) that takes longer is given up and reported: "
        "its system is left for this run, and the others go on.",
    )
    settings: Mapping[str, Mapping[str, Any]] = Field(
        default_factory=dict, description="Each plugin's own settings, by its name in quotes."
    )


class GuardSettings(FrozenSettings):
    """``[guard]``: when a run stops rather than carry a disaster on."""

    max_change_percent: Annotated[Number, Field(gt=0, le=100)] = Field(
        default=20.0, description="A run that would change or miss more than this share of a system's records stops."
    )
    max_create_percent: Annotated[Number, Field(gt=0)] = Field(
        default=20.0,
        description="A run that would create more than this stops; percent of the records there, and may be over 100.",
    )
    min_records: Count = Field(
        default=100,
        description="Below this number of known records of a system the guard says nothing: a first load goes through. "
        "But a sweep never believes a list of nothing, at any number.",
    )


class OutboxOfSystem(FrozenSettings):
    """``[outbox.systems.NAME]``: how one system is written, where it is not as its connector says."""

    writes_at_once: Several | None = Field(
        default=None, description="Calls beside each other, never two of one client; default: what the connector says."
    )
    rate_per_second: float | None = Field(
        default=None,
        gt=0,
        description="Calls a second, each of one write; default: what the connector says.",
    )


class OutboxSettings(FrozenSettings):
    """``[outbox]``: how, and how long, a write is tried."""

    first_delay: Duration = Field(
        default=timedelta(minutes=1), description="Wait before the first later try; it doubles."
    )
    max_delay: Duration = Field(
        default=timedelta(hours=6), description="The longest wait, also of the time that a system asks for."
    )
    give_up_after: Duration = Field(default=timedelta(hours=72), description="Then a write becomes a dead letter.")
    tries: Several = Field(
        default=3, description="Tries of one attempt, within 30 seconds, while nothing at all could be sent."
    )
    war_after: Annotated[Several, Field(ge=2)] = Field(
        default=3, description="Writes of one value that the other side put back each time; then a person is asked."
    )
    war_within: Duration = Field(default=timedelta(days=7), description="The time within which they count.")
    patience: Duration = Field(
        default=timedelta(seconds=30),
        description="How long a run waits for a system that asked for time or is silent; then the next run has it.",
    )
    systems: Mapping[Name, OutboxOfSystem] = Field(
        default_factory=dict, description="Systems that are written otherwise than their connector says, by name."
    )


class WebSettings(FrozenSettings):
    """``[web]``: the HTTP side of ``crm-bridge serve``."""

    listen: Annotated[Text, AfterValidator(_listen)] = Field(
        default="127.0.0.1:8090", description="Address and port to listen on."
    )
    public_url: Annotated[Text, AfterValidator(_http_url)] | None = Field(
        default=None, description="How other systems reach us; delivery reports are asked for there."
    )
    token_ref: Text | None = Field(
        default=None,
        description="Reference to the bearer token of `/lookup` and `/pages`; without it, only this machine may ask.",
    )

    @property
    def host(self) -> str:
        return self.listen.rpartition(":")[0].strip("[]")

    @property
    def port(self) -> int:
        return int(self.listen.rpartition(":")[2])


class Settings(FrozenSettings):
    """One whole configuration, validated. Made by :func:`crm_bridge.config.load_settings`."""

    bridge: BridgeSettings = Field(default_factory=BridgeSettings, description="This installation.")
    systems: Mapping[Name, SystemSettings] = Field(
        default_factory=dict, description="The systems between which the bridge stands, by name."
    )
    plugins: PluginsSettings = Field(default_factory=PluginsSettings, description="Which plugins work, and how.")
    survivorship: SurvivorshipSettings = Field(
        default_factory=SurvivorshipSettings, description="Whose word counts where systems differ."
    )
    policy: PolicySettings = Field(default_factory=PolicySettings, description="When a client may be contacted.")
    guard: GuardSettings = Field(default_factory=GuardSettings, description="When a run stops itself.")
    web: WebSettings = Field(default_factory=WebSettings, description="The HTTP side.")
    outbox: OutboxSettings = Field(default_factory=OutboxSettings, description="How writes are repeated.")

    _path: Path = PrivateAttr(default=Path("crm-bridge.toml"))
    _positions: Mapping[PathTuple, int] = PrivateAttr(default_factory=dict)

    @field_validator("systems", mode="before")
    @classmethod
    def _set_connector_options_apart(cls, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        return {name: _system(name, table=table) if isinstance(table, dict) else table for name, table in value.items()}

    @property
    def path(self) -> Path:
        """The file that this came from."""
        return self._path

    @property
    def base_dir(self) -> Path:
        """The file's folder: relative paths in the configuration start here."""
        return self._path.parent

    def place(self, path: PathTuple) -> Place:
        """Where ``path`` stands in the file, or the nearest table above it."""
        return nearest_place(path, file=str(self._path), positions=self._positions)

    def read_from(self, path: Path, *, positions: Mapping[PathTuple, int]) -> Settings:
        """The same settings, knowing where they came from."""
        copy = self.model_copy()
        copy._path = path
        copy._positions = positions
        return copy


def nearest_place(path: PathTuple, *, file: str, positions: Mapping[PathTuple, int]) -> Place:
    """The place of ``path``, or of the nearest table above it; the first line when even that is missing."""
    for length in range(len(path), 0, -1):
        if path[:length] in positions:
            return Place(file, line=positions[path[:length]])
    return Place(file, line=1)


def _system(name: str, *, table: Mapping[str, Any]) -> dict[str, Any]:
    shaped: dict[str, Any] = {key: table[key] for key in SYSTEM_KEYS if key in table}
    shaped["name"] = name
    shaped["options"] = {key: value for key, value in table.items() if key not in SYSTEM_KEYS}
    return shaped
