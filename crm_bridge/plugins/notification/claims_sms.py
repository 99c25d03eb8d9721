"""``notification.claims_sms``: one SMS for each step of a claim, in the client's language. Policy decides."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, field_validator

from crm_bridge.api import Event, HeldNotice, Notice, hookimpl
from crm_bridge.plugins.notification.claim_texts import REQUIRED, TEXTS, check_texts, missing, say


class Plugin:
    """Asks for claims notices: registered, documents requested, paid."""

    class Settings(BaseModel):
        """``[plugins.settings."notification.claims_sms"]``."""

        model_config = ConfigDict(frozen=True, extra="forbid")

        language: str = Field(
            default="uk", description="Of clients whose language is unknown, or one that there is no text in."
        )
        valid_hours: int = Field(
            default=72, gt=0, description="After the event; then the message makes no sense and is dropped, visibly."
        )
        texts: Mapping[str, Mapping[str, str]] = Field(
            default_factory=dict, description="By event, then by language: replaces single texts of the bundled ones."
        )

        @field_validator("texts")
        @classmethod
        def _say_what_is_needed(cls, texts: Mapping[str, Mapping[str, str]]) -> Mapping[str, Mapping[str, str]]:
            check_texts(texts)
            return texts

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._texts = {event: {**TEXTS[event], **settings.texts.get(event, {})} for event in TEXTS}
        for event, texts in self._texts.items():
            if settings.language not in texts:
                raise ValueError(f"there is no text of {event} in the default language {settings.language!r}")

    @hookimpl
    def clients_changed(
        self, events: Sequence[Event], clients: Mapping[str, Mapping[str, Any]]
    ) -> Iterator[Notice | HeldNotice]:
        """One notice an event about a claim; held, with the names of what is missing, where it is not complete."""
        for event in events:
            if event.type in REQUIRED:
                yield from self._about(event, clients.get(event.client_id, {}))

    def _about(self, event: Event, client: Mapping[str, Any]) -> Iterator[Notice | HeldNotice]:
        claim = event.data.get("claim", {})
        if event.type == "claim.documents_requested" and claim.get("number") and not claim.get("documents"):
            return  # nothing more is needed from the client
        lacking = missing(event.type, claim)
        if lacking:
            yield HeldNotice(_key(event, claim), event.client_id, [f"claim.{path}" for path in lacking])
            return
        text = say(event.type, claim, self._texts[event.type][self._language(event.type, client)])
        until = event.at + timedelta(hours=self._settings.valid_hours)
        yield Notice(_key(event, claim), event.client_id, "sms", "claims", text, valid_until=until)

    def _language(self, event_type: str, client: Mapping[str, Any]) -> str:
        for language in client.get("preferences", {}).get("languages", ()):
            primary = language.partition("-")[0].lower()
            if primary in self._texts[event_type]:
                return str(primary)
        return self._settings.language


def _key(event: Event, claim: Mapping[str, Any]) -> str:
    """The same step of the same claim has the same key, however often and in whatever order it is told."""
    step = event.type.removeprefix("claim.")
    number = claim.get("number") or f"event:{event.id}"
    if step == "documents_requested":
        listed = hashlib.sha256("\n".join(sorted(claim.get("documents", ()))).encode()).hexdigest()[:12]
        return f"claims_sms:{step}:{number}:{listed}"
    if step == "paid":
        return f"claims_sms:{step}:{number}:{claim.get('payout', {}).get('order') or event.id}"
    return f"claims_sms:{step}:{number}"
