"""Notifications of Siebel's workflows: a ``SiebelMessage`` over HTTP, taken as a hint to read the record again.

Siebel signs nothing, and sends before it commits: what such a message says may be half filled or rolled back, and who
reads back at once sees the old record, which is why every hint is an early one. So its
sender proves itself by a secret in the address, by HTTP Basic, or both, and of the message only the row ids are taken.
Whoever learns the secret can make us read records that we may read anyway, and no more. Mutual TLS ends at the proxy in
front of us; it is an addition to the secret, never instead of it.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b

from lxml import etree

from crm_bridge.api import ConfigMistake, InboundRequest, RecordHint, RejectRecord, Secret
from crm_bridge_siebel.settings import EventSettings
from crm_bridge_siebel.translation import UnreadableAnswer
from crm_bridge_siebel.xml_guard import name_of
from crm_bridge_siebel.xml_guard import parse as parsed_xml

_MESSAGE = "SiebelMessage"
_ROW_ID = re.compile(r"[A-Za-z0-9]{1,10}(?:-[A-Za-z0-9]{1,15})+")
_MOST_RECORDS = 1_000
_SHORTEST_TOKEN = 24


@dataclass(frozen=True, slots=True)
class Proof:
    """What a sender has to show; nothing set: nobody is believed."""

    path_token: Secret | None = None
    username: str | None = None
    password: Secret | None = None


@dataclass(frozen=True, slots=True)
class EventKind:
    """How records of one kind appear in messages: tag of the component and of its row id."""

    kind: str
    component: str
    row_id: str = "Id"
    objects: frozenset[str] = field(default=frozenset())


def proof_of(given: EventSettings | None, *, secret: Callable[[str], Secret], system: str) -> Proof:
    """What ``[events]`` asks of a sender.

    Raises:
        ConfigMistake: its secret is too short to be one.
    """
    if given is None:
        return Proof()
    token = secret(given.path_token_ref) if given.path_token_ref else None
    if token is not None and len(token.reveal()) < _SHORTEST_TOKEN:
        raise ConfigMistake(f"{system}: the secret of events.path_token_ref is shorter than 24 characters")
    return Proof(token, given.username, secret(given.password_ref) if given.password_ref else None)


def verify(request: InboundRequest, *, proof: Proof) -> None:
    """Prove that the request comes from who knows the secrets, in constant time, before anything is parsed.

    Raises:
        RejectRecord: it does not, or notifications are not set up.
    """
    if proof.path_token is None and proof.password is None:
        raise RejectRecord("a notification, and [events] is not set up", code="unsigned")
    checks = []
    if proof.path_token is not None:
        checks.append(_same(request.path.strip("/"), proof.path_token.reveal()))
    if proof.password is not None:
        user, _, password = _basic(request.headers).partition(":")
        checks += [_same(user, proof.username or ""), _same(password, proof.password.reveal())]
    if not all(checks):
        raise RejectRecord("a notification whose sender did not prove itself", code="forged")


def parse(request: InboundRequest, *, kinds: Sequence[EventKind], system: str) -> Sequence[RecordHint]:
    """The records that a verified message speaks of, each once. Objects that are no kind of ours give none.

    Raises:
        RejectRecord: no SiebelMessage, hostile XML, or a row id that is none.
    """
    try:
        root = parsed_xml(request.body, system=system)
    except UnreadableAnswer as error:
        raise RejectRecord(f"a notification that cannot be read: {error.message}", code="malformed") from None
    messages = [each for each in root.iter() if _local(each) == _MESSAGE]
    if not messages:
        raise RejectRecord("a notification without a SiebelMessage", code="malformed")
    hints: dict[tuple[str, str], RecordHint] = {}
    for message in messages:
        said = message.get("MessageId") or blake2b(request.body, digest_size=16).hexdigest()
        for kind, row_id in _records(message, kinds):
            hints.setdefault((kind, row_id), RecordHint(f"{said}/{row_id}", kind, row_id, early=True))
            if len(hints) > _MOST_RECORDS:
                raise RejectRecord(f"a notification of more than {_MOST_RECORDS} records", code="malformed")
    return tuple(hints.values())


def _records(message: etree._Element, kinds: Sequence[EventKind]) -> Sequence[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for each in kinds:
        if each.objects and message.get("IntObjectName") not in each.objects:
            continue
        for container in message:
            for row in container:
                if _local(row) == each.component:
                    found.append((each.kind, _id_of(row, each)))
    return found


def _id_of(row: etree._Element, kind: EventKind) -> str:
    text = next((child.text or "" for child in row if _local(child) == kind.row_id), "")
    if not _ROW_ID.fullmatch(text):
        raise RejectRecord(f"a notification of a {kind.component} without a row id", code="malformed")
    return text


def _local(element: etree._Element) -> str:
    return name_of(element)[1] if isinstance(element.tag, str) else ""


def _basic(headers: Mapping[str, str]) -> str:
    scheme, _, given = headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return ""
    try:
        return base64.b64decode(given, validate=True).decode("utf-8")
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return ""


def _same(given: str, expected: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "replace"), expected.encode()) and bool(expected)
