"""The scenes: each edits systems as their own users would, lets the bridge run, and looks what the systems hold."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol

from sqlalchemy import Connection

from crm_bridge.connector import RawRecord
from crm_bridge.demo.cast import Part
from crm_bridge.demo.checks import Check
from crm_bridge.demo.findings import NoticeFound, notices_found
from crm_bridge.demo.narration import Narrator
from crm_bridge.demo.shapes import KINDS
from crm_bridge.demo.stand import Stand
from crm_bridge.run_context.progress import Progress
from crm_bridge.run_context.report import RunReport

NEW_PHONE = "+380505550101"
NEW_FAMILY = "Вигаданенко"
NEW_EMAIL = "new.address@example.org"
NEW_JOB = "начальник відділу"
CLAIM_PHONES = {"consent": "+380505500202", "no_consent": "+380505500303"}
CLAIMS = {"consent": "CL-DEMO-0001", "no_consent": "CL-DEMO-0002"}
REPORT_SECONDS = 15.0
"""So long the provider's last delivery report is waited for."""


class DemoBridge(Protocol):
    """What the demo needs of the bridge."""

    def sync(self, *, progress: Progress) -> RunReport:
        """Read, merge, write, send."""

    def process_inbox(self) -> object:
        """Process the requests that systems have sent."""

    def reading(self) -> AbstractContextManager[Connection]:
        """The store, to look into."""


@dataclass(slots=True)
class World:
    """The stage: the systems, the bridge between them, and who tells the story.

    Attributes:
        received: set by the web edge whenever a system has sent it a request.
    """

    stand: Stand
    bridge: DemoBridge
    narrator: Narrator
    received: threading.Event

    def sync(self) -> RunReport:
        """Let the bridge run once."""
        with self.narrator.bars() as bars:
            return self.bridge.sync(progress=bars)

    def take_inbox(self) -> None:
        """Let the bridge process what systems have sent since, if anything."""
        if self.received.is_set():
            self.received.clear()
            self.bridge.process_inbox()

    def notices(self) -> list[NoticeFound]:
        with self.bridge.reading() as connection:
            return notices_found(connection)


def one_card(world: World, part: Part, *, expected: Sequence[str], found: Sequence[str]) -> list[Check]:
    """Several records, one card; and since the first run, one spelling of the name everywhere."""
    names = {family_name(system, world.stand.record(system, record)) for system, record in part.records.items()}
    world.narrator.say(f"The client {part.client_id} is known as {', '.join(found)}.")
    return [
        Check("one card: the records of a client of four systems", list(expected), list(found)),
        Check("one card: spellings of the family name in the four systems", 1, len(names)),
    ]


def phone_travels(world: World, part: Part) -> list[Check]:
    """A phone that an operator changes reaches Siebel."""
    world.narrator.say("An operator of the call centre enters a new mobile number.")
    world.stand.edit("callcenter", part.records["callcenter"], {"mobile_phone": NEW_PHONE})
    world.sync()
    found = world.stand.record("siebel", part.records["siebel"]).get("CellularPhone")
    world.narrator.say(f"Siebel now has it for contact {part.records['siebel']}.")
    return [Check("phone changed in the call centre: Siebel's mobile", NEW_PHONE, found)]


def name_travels(world: World, part: Part) -> list[Check]:
    """A family name that is changed in Siebel reaches the call centre and the agency's next file."""
    world.narrator.say("A clerk enters a new family name in Siebel.")
    world.stand.edit("siebel", part.records["siebel"], {"LastName": NEW_FAMILY})
    world.sync()
    found = {
        system: family_name(system, world.stand.record(system, part.records[system]))
        for system in ("callcenter", "vendor_files")
    }
    return [
        Check("name changed in Siebel: the call centre's", NEW_FAMILY.casefold(), found["callcenter"]),
        Check("name changed in Siebel: the agency's next file", NEW_FAMILY.casefold(), found["vendor_files"]),
    ]


def disjoint_edits_survive(world: World, part: Part) -> list[Check]:
    """Two people edit the same client in two systems before the bridge runs: neither loses."""
    world.narrator.say("The call centre changes the e-mail while Siebel changes the job title of the same client.")
    world.stand.edit("callcenter", part.records["callcenter"], {"email": NEW_EMAIL})
    world.stand.edit("siebel", part.records["siebel"], {"JobTitle": NEW_JOB})
    world.sync()
    siebel = world.stand.record("siebel", part.records["siebel"])
    callcenter = world.stand.record("callcenter", part.records["callcenter"])
    both = {"email": NEW_EMAIL, "job title": NEW_JOB}
    return [
        Check("edits on both sides: Siebel", both, _picked(siebel, {"email": "EmailAddress", "job title": "JobTitle"})),
        Check(
            "edits on both sides: call centre", both, _picked(callcenter, {"email": "email", "job title": "job_title"})
        ),
    ]


def claims_become_messages(world: World, parts: Mapping[str, Part]) -> list[Check]:
    """One SMS for the client who agreed, none for the one who did not, and the provider's report comes back."""
    prepared = [_prepare_claimant(world.stand, scene, part) for scene, part in parts.items()]
    if any(prepared):
        world.narrator.say("Two clients state in Siebel whether they want SMS about claims: one does, one does not.")
        world.sync()
    world.narrator.say("Two claims are registered in Siebel: one of a client with consent, one of a client without.")
    siebel = world.stand.simulators["siebel"]
    siebel.load("claim", [_claim(scene, part) for scene, part in parts.items()])
    world.sync()
    _await_delivery(world, parts["consent"])
    sent = [message_sent(record) for record in world.stand.simulators["sms_gateway"].records("message")]
    to = {
        scene: str(world.stand.record("siebel", part.records["siebel"])["CellularPhone"])
        for scene, part in parts.items()
    }
    about = {scene: [to for to, text in sent if CLAIMS[scene] in text] for scene in parts}
    states = {notice.client_id: notice for notice in world.notices()}
    delivered = states.get(parts["consent"].client_id)
    suppressed = states.get(parts["no_consent"].client_id)
    return [
        Check("claim with consent: messages at the gateway", [subscriber_number(to["consent"])], about["consent"]),
        Check("claim without consent: messages at the gateway", [], about["no_consent"]),
        Check("messages at the gateway in all", 1, len(sent)),
        Check("claim with consent: delivery report stored", "delivered", delivered.state if delivered else None),
        Check("claim without consent: kept back by policy", "consent_refused", suppressed.rule if suppressed else None),
    ]


def quiet_run(world: World) -> list[Check]:
    """With nothing changed, nothing is written: by the report, and byte by byte in the systems."""
    before = world.stand.snapshot()
    report = world.sync()
    after = world.stand.snapshot()
    changed = [system for system in KINDS if before[system] != after[system]]
    return [
        Check("a run without changes: records written", 0, report.written),
        Check("a run without changes: systems that hold anything else than before", [], changed),
    ]


def family_name(system: str, record: RawRecord) -> str:
    """The family name as ``system`` holds it, without regard to capitals."""
    match system:
        case "siebel":
            name = record.get("LastName")
        case "vendor_files":
            name = str(record.get("ПІБ", "")).partition(" ")[0]
        case _:
            name = record.get("last_name")
    return str(name or "").casefold()


def message_sent(record: RawRecord) -> tuple[str, str]:
    """To whom (as :func:`subscriber_number`) and what: a message that the gateway took."""
    return subscriber_number(str(record["to"])), str(record["text"])


def subscriber_number(phone: str) -> str:
    """The last nine digits, in which all spellings of a number agree: Siebel may hold it without the country."""
    return "".join(letter for letter in phone if letter.isdigit())[-9:]


def _await_delivery(world: World, part: Part) -> None:
    """Let the gateway's reports come in, the last of which says that the message was delivered."""
    deadline = time.monotonic() + REPORT_SECONDS
    while (left := deadline - time.monotonic()) > 0:
        world.received.wait(left)
        world.take_inbox()
        if any(notice.client_id == part.client_id and notice.state == "delivered" for notice in world.notices()):
            return


def _prepare_claimant(stand: Stand, scene: str, part: Part) -> bool:
    """Make sure that Siebel has a mobile number and a word on SMS for this client. ``True``: something was missing."""
    wanted = "Granted" if scene == "consent" else "Denied"
    record = stand.record("siebel", part.records["siebel"])
    rows = (record.get("ListOfConsent") or {}).get("Consent") or []
    if record.get("CellularPhone") and [wanted] == [row.get("Status") for row in rows]:
        return False
    row = {"Purpose": "Claims", "Channel": "Cell Phone", "Status": wanted, "CapturedDate": "06/02/2025 09:00:00"}
    changes: dict[str, Any] = {"ListOfConsent": {"Consent": [row]}}
    if not record.get("CellularPhone"):
        changes["CellularPhone"] = CLAIM_PHONES[scene]
    stand.edit("siebel", part.records["siebel"], changes)
    return True


def _claim(scene: str, part: Part) -> dict[str, Any]:
    return {
        "ClaimNumber": CLAIMS[scene],
        "PolicyNumber": f"POL-{scene}",
        "ContactId": part.records["siebel"],
        "Status": "Registered",
        "RegisteredDate": "06/02/2025 09:30:00",
    }


def _picked(record: RawRecord, fields: Mapping[str, str]) -> dict[str, Any]:
    return {name: record.get(field) for name, field in fields.items()}
