"""The settings of an SMS gateway, as they stand under ``[systems.NAME]``."""

from __future__ import annotations

from pydantic import Field

from crm_bridge.api import ConnectorSettings


class SmsGatewaySettings(ConnectorSettings):
    """How messages are handed to Kannel's `sendsms`, how its reports are checked, and where the register is."""

    base_url: str = Field(pattern=r"^https?://", description="Root of Kannel's smsbox, without `/cgi-bin/sendsms`.")
    username: str = Field(description="Account of `sendsms-user`, and of the register.")
    password_ref: str = Field(description="Reference to its password: `env:NAME` or `file:PATH`.")
    sender: str = Field(description="Sender of messages that name none: a short code or a registered alpha name.")
    dlr_secret_ref: str | None = Field(
        default=None,
        description="Reference to the secret that signs report addresses. Without one, there are no reports.",
    )
    register_url: str | None = Field(
        default=None, description="Root of the subscriber register. Without one, the system holds no records."
    )
    max_parts: int = Field(
        default=10, ge=1, le=255, description="A longer text is refused; set it to Kannel's `max-messages`, which cuts."
    )
    timeout_seconds: float = Field(default=30.0, gt=0, description="For one call, from connecting to the last byte.")
    connect_timeout_seconds: float = Field(default=5.0, gt=0, description="For opening a connection.")
    page_size: int = Field(default=1000, ge=1, le=5000, description="Subscribers a page when reading.")
    rate_per_second: float | None = Field(default=None, gt=0, description="Messages a second that the account allows.")
