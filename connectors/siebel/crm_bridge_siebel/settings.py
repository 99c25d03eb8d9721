"""The settings of one Siebel installation: what stands under ``[systems.NAME]`` in the configuration."""

from __future__ import annotations

from typing import Literal
from urllib.parse import parse_qsl, urlsplit

from pydantic import BaseModel, Field, field_validator

from crm_bridge.api import ConnectorSettings
from crm_bridge_siebel.faults import FaultClass


class SiebelTimeouts(BaseModel):
    """How long to wait, in seconds. ``total`` holds for a whole call, however slowly its answer drips in."""

    model_config = {"frozen": True, "extra": "forbid"}

    connect: float = Field(default=5.0, gt=0, description="Seconds to open a connection.")
    read: float = Field(default=30.0, gt=0, description="Seconds of silence before an answer counts as lost.")
    total: float = Field(default=120.0, gt=0, description="Seconds for one call from first byte out to last byte in.")


class SiebelSettings(ConnectorSettings):
    """Settings of the ``siebel`` connector."""

    endpoint: str = Field(
        description="Address of the EAI service, with its query (`…/start.swe?SWEExtSource=…&WSSOAP=1`). "
        "It always wins over the address inside the WSDL. No user or password may stand in it."
    )
    username: str = Field(
        description="The integration user; it needs the UTC time zone and a position that sees all rows."
    )
    password_ref: str = Field(description="Reference to the password: `env:NAME` or `file:PATH`.", repr=False)
    session_type: Literal["None"] = Field(
        default="None", description="Siebel's SessionType header. `None`: each call carries the credentials."
    )
    wsdl: dict[str, str] = Field(
        default_factory=dict,
        description="WSDL file for each kind, relative to the configuration. Default: bundled, for the simulator.",
    )
    view_mode: str = Field(default="All", description="Siebel's ViewMode: which rows the integration user sees.")
    language_mode: Literal["LIC"] = Field(
        default="LIC", description="LOVLanguageMode. `LIC`: language-independent codes, which mappings rely on."
    )
    page_size: int = Field(
        default=500, ge=1, le=10_000, description="Records a QueryPage; not above Siebel's parameter MaximumPageSize."
    )
    child_page_size: int = Field(
        default=100,
        ge=1,
        le=10_000,
        description="Child rows a container and answer; more are fetched by further calls.",
    )
    overlap_seconds: int = Field(
        default=120, ge=0, le=86_400, description="How far each poll looks back behind its watermark for late commits."
    )
    timeouts: SiebelTimeouts = Field(default_factory=SiebelTimeouts, description="See below.")
    retry_wait_seconds: float = Field(
        default=0.5, ge=0, description="Pause before the one repetition of a read whose answer was lost or unreadable."
    )
    max_answer_bytes: int = Field(
        default=64 * 1024 * 1024, ge=1024, description="Largest answer that is accepted, after decompression."
    )
    ca_file: str | None = Field(
        default=None,
        description="PEM file of the authorities that signed the endpoint's certificate; default: the usual.",
    )
    faults: dict[str, FaultClass] = Field(
        default_factory=dict,
        description="Classes of the site's own fault codes, such as `{'SBL-BPR-00140' = 'rejected'}`.",
    )

    @field_validator("endpoint")
    @classmethod
    def _plain_http_address(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ValueError("must be an http:// or https:// address")
        named = {name.lower() for name, _ in parse_qsl(parts.query, keep_blank_values=True)}
        if parts.username or parts.password or named & {"username", "password"}:
            raise ValueError("must not hold a user or password: use username and password_ref")
        return value
