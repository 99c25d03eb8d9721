"""The settings of a call centre, as they stand under ``[systems.NAME]``."""

from __future__ import annotations

from pydantic import Field

from crm_bridge.api import ConnectorSettings


class CallCenterSettings(ConnectorSettings):
    """How the call centre's JSON API is reached, and how its webhooks are checked."""

    base_url: str = Field(pattern=r"^https?://", description="Root of the API, without `/api/v1`.")
    token_ref: str = Field(description="Reference to the bearer token: `env:NAME` or `file:PATH`.")
    webhook_secret_ref: str | None = Field(
        default=None,
        description="Reference to the webhooks' signing secret (`whsec_…`). Without one, no webhook is taken.",
    )
    webhook_previous_secret_ref: str | None = Field(
        default=None, description="Reference to the secret before the last rotation, as long as both are in use."
    )
    timeout_seconds: float = Field(default=30.0, gt=0, description="For one call, from connecting to the last byte.")
    connect_timeout_seconds: float = Field(default=5.0, gt=0, description="For opening a connection.")
    page_size: int = Field(default=1000, ge=1, le=5000, description="Clients a page when reading.")
    rate_per_second: float | None = Field(default=None, gt=0, description="Calls a second that the call centre allows.")
