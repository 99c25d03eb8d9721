"""The key of a create: the same for every try to make one client's record, and another one only for another record.

A system that knows keys makes one record of two tries; one that can be asked is asked by the key. Both help only while
the key stays, and a create whose answer was lost may still be carried out later, behind our look-up. So the key comes
from who is created where, and from nothing that a replay, a restart or a new plan would change. What counts it on is an
answer: then the earlier create is known to have been made, or not to have been.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from crm_bridge.store.journal import NOT_SENT, Intent

# A create that met a record of another client may be what made that record: another key might make one more.
_MET_ANOTHERS = "duplicate"


@dataclass(frozen=True, slots=True)
class PastCreates:
    """What came of the earlier tries to create one client's record of one kind.

    Attributes:
        generation: how many of them were answered.
        unproven: one since then that was sent, and not found when the system was asked. It may still be carried out, so
            the next try sends the very same.
    """

    generation: int = 0
    unproven: Intent | None = None


def past_creates(intents: Sequence[Intent]) -> PastCreates:
    """From every create of one client and kind, the oldest first."""
    generation, unproven = 0, None
    for intent in intents:
        if intent.state in ("accepted", "stale") or (intent.state == "refused" and intent.outcome != _MET_ANOTHERS):
            generation, unproven = generation + 1, None
        elif intent.state == "abandoned" and intent.outcome != NOT_SENT:
            unproven = unproven or intent
    return PastCreates(generation, unproven)


def create_key(client_id: str, *, system: str, kind: str, generation: int) -> str:
    """29 characters of ``a-z2-7-``: they fit into a header, a file name, and Siebel's IntegrationId (30)."""
    said = "\0".join((client_id, system, kind, str(generation))).encode()
    digest = hashlib.blake2b(said, digest_size=16, person=b"create").digest()
    return f"cb-{base64.b32encode(digest).decode().rstrip('=').lower()}"
