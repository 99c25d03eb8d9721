"""``acme_vendor.welcome``: one greeting for each new client. Whether it goes is decided by the bridge's policy."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pydantic import BaseModel, ConfigDict, Field

from crm_bridge.api import Event, Notice, hookimpl


class Plugin:
    """Asks for the greeting."""

    class Settings(BaseModel):
        """``[plugins.settings."acme_vendor.welcome"]``."""

        model_config = ConfigDict(frozen=True, extra="forbid")

        text: str = Field(default="Welcome!", min_length=1)

    def __init__(self, settings: Settings) -> None:
        self._text = settings.text

    @hookimpl
    def clients_changed(self, events: Sequence[Event]) -> Iterator[Notice]:
        """The same client is greeted once, however often the event is told."""
        for event in events:
            if event.type == "client.created":
                key = f"acme_vendor.welcome:{event.client_id}"
                yield Notice(key, event.client_id, channel="sms", purpose="greeting", text=self._text)
