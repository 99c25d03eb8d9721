"""A log-in that Siebel refused is sent once, whatever runs come after, and an outage is no refusal."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from crm_bridge.api import ConnectorContext, CredentialsRefused, RetryLater, Secret
from crm_bridge_siebel.faults import FaultClass, classify
from crm_bridge_siebel.logins import Logins, unless_away
from crm_bridge_siebel.registration import open_connector
from crm_bridge_siebel.session import Identity
from crm_bridge_siebel.settings import SiebelSettings
from crm_bridge_siebel.transport import refuse_gateway


@dataclass
class Memory:
    """What the bridge's store would remember."""

    refused: list[str] = field(default_factory=list)

    def demand_untried(self, login: Secret) -> None:
        if login.reveal() in self.refused:
            raise CredentialsRefused("refused before")

    def remember(self, login: Secret) -> None:
        self.refused.append(login.reveal())


def opened(siebel: Any, memory: Memory, **more: Any) -> Any:
    """A connector as the next run would have it."""
    given = SiebelSettings(**{**siebel.settings, "retry_wait_seconds": 0.0, **more})
    return open_connector(
        given,
        ConnectorContext(
            system="siebel",
            base_dir=siebel.folder,
            secret=lambda reference: Secret(Path(reference.removeprefix("file:")).read_text(encoding="utf-8")),
            clock=siebel.clock,
            logins=memory,
        ),
    )


def run(siebel: Any, memory: Memory, **more: Any) -> int:
    """One run: a connector of its own reads everything; gives the number of records."""
    connector = opened(siebel, memory, **more)
    try:
        return sum(len(page.records) for page in connector.read_changes("contact", None))
    finally:
        connector.close()


@pytest.mark.parametrize("more", [{}, {"session": "stateless"}, {"transport": "rest"}])
def test_a_wrong_password_is_sent_once_however_many_runs_there_are(siebel, tmp_path, more):
    """So no account is locked by a timetable; the mended password is tried at once."""
    siebel.load(2)
    siebel.simulator.configure(lock_after=2)
    (tmp_path / "wrong").write_text("wrong")
    memory = Memory()
    for _ in range(4):
        with pytest.raises(CredentialsRefused):
            run(siebel, memory, password_ref=f"file:{tmp_path / 'wrong'}", **more)

    assert 1 == len(memory.refused)
    assert 2 == run(siebel, memory, **more)


def test_a_connector_that_lives_long_sends_a_refused_password_once_too(siebel, tmp_path):
    """``serve`` re-reads records at each notification; a password that is mended in its file is taken up."""
    siebel.load(1)
    siebel.simulator.configure(lock_after=2)
    (tmp_path / "given").write_text("wrong")
    connector = opened(siebel, Memory(), password_ref=f"file:{tmp_path / 'given'}")
    for _ in range(3):
        with pytest.raises(CredentialsRefused):
            connector.read("contact", ["1-1"])

    right = siebel.settings["password_ref"].removeprefix("file:")
    (tmp_path / "given").write_bytes((siebel.folder / right).read_bytes())
    assert [] == connector.read("contact", ["0-0"])
    connector.close()


@pytest.mark.parametrize(
    ("knobs", "more", "raised"),
    [
        ({"fail_next": 3}, {}, RetryLater),
        ({"fault_next": "SBL-SSM-00005"}, {}, RetryLater),
        ({"reject_login": True}, {"faults": {"SBL-UIF-00272": "busy"}}, RetryLater),
    ],
)
def test_an_outage_is_not_remembered_as_a_refusal(siebel, knobs, more, raised):
    """When it is over, the next run goes through by itself."""
    siebel.load(1)
    memory = Memory()
    siebel.simulator.configure(**knobs)
    with pytest.raises(raised):
        run(siebel, memory, **more)

    siebel.simulator.configure(reject_login=False, fault_next="", fail_next=0)
    assert ([], 1) == (memory.refused, run(siebel, memory))


def test_a_refusal_beside_a_code_of_an_outage_is_the_outage():
    """Where passwords are checked elsewhere, Siebel says both when that place is away."""
    met = classify("(SBL-UIF-00272) (SBL-SSM-00005)", names=frozenset(), site={})

    assert (FaultClass.LOGIN, FaultClass.BUSY) == (met.kind, unless_away(met, site={}).kind)
    plain = classify("SBL-UIF-00272", names=frozenset(), site={})
    assert plain == unless_away(plain, site={})


@pytest.mark.parametrize(("status", "remembered"), [(401, True), (403, False)])
def test_a_gateway_that_refuses_the_password_is_remembered_and_one_that_forbids_is_not(status, remembered):
    """HTTP 403 comes after the password was taken, or before it was looked at."""
    memory = Memory()
    logins = Logins(memory, who=lambda: Identity("BRIDGE", Secret("p")), endpoint="https://siebel.example")
    logins.identity()
    with pytest.raises(CredentialsRefused), logins.watched():
        refuse_gateway(status, system="siebel")

    assert remembered is bool(memory.refused)
