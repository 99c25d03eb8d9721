"""A password that Siebel refuses is sent once, however often a timetable starts ``sync``."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from crm_bridge.app import open_bridge
from crm_bridge.config import load_settings
from crm_bridge_siebel.simulator.stand_in import SiebelSimulator

NOW = datetime(2026, 10, 20, 8, 0, tzinfo=UTC)


@pytest.fixture
def siebel(tmp_path):
    """A Siebel that locks the account after the second refusal, and a bridge configured with a wrong password."""
    simulator = SiebelSimulator(tmp_path / "simulator", lambda: NOW)
    settings = simulator.start()
    simulator.configure(lock_after=3)
    (tmp_path / "password").write_text("wrong")
    (tmp_path / "crm-bridge.toml").write_text(
        f'[bridge]\nname = "b"\n[systems.siebel]\nconnector = "siebel"\nendpoint = "{settings["endpoint"]}"\n'
        f'username = "{settings["username"]}"\npassword_ref = "file:password"\n'
        '[systems.siebel.records.contact]\nmapping = "crm_bridge_mappings:siebel/contact.yaml"\n',
        encoding="utf-8",
    )
    simulator.load("contact", [{"LastName": "Тестова"}])
    right = (tmp_path / settings["password_ref"].removeprefix("file:")).read_text()
    yield simulator, right
    simulator.stop()


def run(folder, act):
    with open_bridge(load_settings(folder / "crm-bridge.toml"), clock=lambda: NOW) as bridge:
        return act(bridge)


def test_no_timetable_locks_the_account_and_a_person_may_ask_for_another_attempt(siebel, tmp_path):
    """Runs and plain check-ups try nothing again; ``check --system`` does, once; a changed password goes at once."""
    _, right = siebel
    assert [77] * 3 == [run(tmp_path, lambda bridge: bridge.sync()).exit_code for _ in range(3)]
    [[told]] = [each.findings for each in run(tmp_path, lambda bridge: bridge.check())]
    assert ("credentials", True) == (told.code, "crm-bridge check --system siebel" in told.message)

    [[told]] = [each.findings for each in run(tmp_path, lambda bridge: bridge.check(["siebel"]))]
    assert ("credentials", True) == (told.code, "SBL-UIF-00272" in told.message)
    assert 77 == run(tmp_path, lambda bridge: bridge.sync()).exit_code

    (tmp_path / "password").write_text(right)
    assert 0 == run(tmp_path, lambda bridge: bridge.sync()).exit_code


def test_an_account_that_was_unlocked_is_tried_again_when_a_person_says_so(siebel, tmp_path):
    """The password was right all the time: nothing in the configuration changes."""
    simulator, right = siebel
    (tmp_path / "password").write_text(right)
    simulator.configure(reject_login=True)
    assert 77 == run(tmp_path, lambda bridge: bridge.sync()).exit_code
    simulator.configure(reject_login=False)
    assert 77 == run(tmp_path, lambda bridge: bridge.sync()).exit_code

    run(tmp_path, lambda bridge: bridge.check(["siebel"]))
    assert 0 == run(tmp_path, lambda bridge: bridge.sync()).exit_code
