"""``simulate`` puts stand-ins where a working directory expects its systems, and goes on with their state."""

from __future__ import annotations

import json
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from crm_bridge.cli.simulate import Stand, others_than_configured, place_of, port_of, running, stands_for
from crm_bridge.config import load_settings
from crm_bridge.connector import SimulatorType
from crm_bridge.errors import ExitCode, UserMistake

CONFIG = """
[systems.north]
connector = "callcenter"
base_url = "http://127.0.0.1:18102"
token_ref = "file:simulators/callcenter/token"

[systems.south]
connector = "callcenter"
base_url = "http://127.0.0.1:18103/"
token_ref = "file:simulators/callcenter-south/token"

[systems.other]
connector = "no_simulator_of_that_name"
"""


@pytest.fixture
def settings(tmp_path):
    (tmp_path / "crm-bridge.toml").write_text(CONFIG)
    return load_settings(tmp_path / "crm-bridge.toml", check_secrets=False)


def _placed(stands, base_dir):
    return [(stand.system, str(stand.folder.relative_to(base_dir)), stand.port) for stand in stands]


def test_all_means_every_system_that_has_a_simulator(settings, tmp_path):
    """Each on the port where the configuration expects it, with the state that it had."""
    stands = stands_for("all", settings=settings, base_dir=tmp_path, port=None)

    expected = [("north", "simulators/callcenter", 18102), ("south", "simulators/callcenter-south", 18103)]
    assert expected == _placed(stands, tmp_path)


def test_a_system_is_meant_by_its_own_name(settings, tmp_path):
    """And may be put elsewhere."""
    stands = stands_for("south", settings=settings, base_dir=tmp_path, port=0)

    assert [("south", "simulators/callcenter-south", 0)] == _placed(stands, tmp_path)


def test_a_simulator_is_meant_by_its_name(tmp_path):
    """Without any configuration it stands on its own port."""
    stands = stands_for("callcenter", settings=None, base_dir=tmp_path, port=None)

    assert [("callcenter", "simulators/callcenter", 8102)] == _placed(stands, tmp_path)


@pytest.mark.parametrize("name", ["callcenter", "desk", "all"])
def test_the_state_is_the_same_whatever_the_system_is_called(tmp_path, name):
    """First tried without a configuration, then under a name of one's own: the same records, the same password."""
    [alone] = stands_for("callcenter", settings=None, base_dir=tmp_path, port=None)
    (tmp_path / "crm-bridge.toml").write_text(
        '[systems.desk]\nconnector = "callcenter"\nbase_url = "http://127.0.0.1:1"\n'
    )
    settings = load_settings(tmp_path / "crm-bridge.toml")

    [named] = stands_for(name, settings=settings, base_dir=tmp_path, port=None)

    assert (alone.folder, "desk", 1) == (named.folder, named.system, named.port)


def test_of_several_the_one_that_bears_the_connectors_name_goes_on_with_its_state(tmp_path):
    """Wherever it stands in the file."""
    systems = "".join(f'[systems.{name}]\nconnector = "callcenter"\n' for name in ("desk", "callcenter", "branch"))
    (tmp_path / "crm-bridge.toml").write_text(systems)
    settings = load_settings(tmp_path / "crm-bridge.toml")

    stands = stands_for("all", settings=settings, base_dir=tmp_path, port=None)

    assert ["callcenter-desk", "callcenter", "callcenter-branch"] == [stand.folder.name for stand in stands]


def test_a_configuration_that_is_named_is_taken_beside_a_working_directory(tmp_path, cli):
    """It says which systems; the directory, where their state lies. One that is not there is a mistake."""
    (tmp_path / "mine.toml").write_text('[systems.desk]\nconnector = "callcenter"\n')
    knobs = cli("--config", str(tmp_path / "mine.toml"), "simulate", "all", "--dir", str(tmp_path / "state"), "--knobs")

    assert {"desk"} == {line.split()[0] for line in knobs.out.splitlines()}
    assert ExitCode.CONFIG == cli("--config", str(tmp_path / "none.toml"), "simulate", "siebel", "--knobs").code


def _places(*names, directory=None):
    return [str(place_of(name, directory=directory, config=Path("crm-bridge.toml"))[0]) for name in names]


def test_without_a_directory_the_demos_systems_go_on_where_it_left_them(tmp_path, monkeypatch):
    """From where the demo was run: with the records and passwords that its configuration knows. One alone is new."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "crm-bridge-demo").mkdir()
    (tmp_path / "crm-bridge-demo/crm-bridge.toml").touch()

    assert ["crm-bridge-demo", "."] == _places("all", "siebel")
    assert ["other"] == _places("all", directory=Path("other"))


def test_a_configuration_that_is_here_goes_before_the_demos(tmp_path, monkeypatch):
    """And where there is neither, it is here as well."""
    monkeypatch.chdir(tmp_path)
    assert ["."] == _places("all")
    (tmp_path / "crm-bridge-demo").mkdir()
    for place in (tmp_path, tmp_path / "crm-bridge-demo"):
        (place / "crm-bridge.toml").touch()

    assert ["."] == _places("all")


def test_all_without_a_configuration_is_all_that_are_installed(tmp_path):
    """For whoever wants to look at them first."""
    stands = stands_for("all", settings=None, base_dir=tmp_path, port=None)

    assert {"siebel", "callcenter", "sms_gateway", "vendor_files"} <= {stand.system for stand in stands}


@pytest.mark.parametrize(("name", "port"), [("callcentre", None), ("other", None), ("all", 8000)])
def test_what_cannot_be_simulated_is_said(settings, tmp_path, name, port):
    """With the names that can."""
    with pytest.raises(UserMistake):
        stands_for(name, settings=settings, base_dir=tmp_path, port=port)


def test_the_port_is_the_first_urls():
    """A setting without a URL says nothing about it."""
    assert 81 == port_of({"name": "x", "base_url": "http://127.0.0.1:81/a", "other": "http://127.0.0.1:82"})
    assert port_of({"folder": "inbox"}) is None


class Recorder:
    """A simulator that does nothing but note what is asked of it."""

    def __init__(self, calls, *, fails=None, cannot_save=None):
        self.calls, self.fails, self.cannot_save = calls, fails, cannot_save

    def configure(self, **knobs):
        self.calls.append(("configure", knobs))

    def start(self, port=0):
        if self.fails:
            raise self.fails
        self.calls.append(("start", port))
        return {"base_url": f"http://127.0.0.1:{port}"}

    def stop(self):
        self.calls.append(("stop",))
        if self.cannot_save:
            raise self.cannot_save


def _stand(tmp_path, simulator, knobs=("fail_next", "delay")):
    kind = SimulatorType("x", lambda folder, clock: simulator, "for tests", 1, dict.fromkeys(knobs, "words"))
    return Stand("north", kind, tmp_path / "state", 7)


def test_knobs_are_set_before_it_serves(tmp_path):
    """Numbers are numbers; the latency is whichever knob it is called by."""
    calls = []
    knobs = ["fail_next=3"]
    with running([_stand(tmp_path, Recorder(calls))], knobs=knobs, latency=0.5) as started:
        assert {"north": {"base_url": "http://127.0.0.1:7"}} == started

    assert [("configure", {"delay": 0.5, "fail_next": 3}), ("start", 7), ("stop",)] == calls


@pytest.mark.parametrize(("knobs", "latency"), [(["fail_nex=3"], None), (["fail_next"], None), ([], 1.0)])
def test_an_unknown_knob_is_refused(tmp_path, knobs, latency):
    """Before anything is started."""
    calls = []
    stand = _stand(tmp_path, Recorder(calls), knobs=("fail_next",))
    with pytest.raises(UserMistake), running([stand], knobs=knobs, latency=latency):
        pass

    assert [] == calls


def test_a_taken_port_is_told_and_the_others_are_stopped(tmp_path):
    """Nothing is left behind."""
    calls = []
    good, bad = Recorder(calls), Recorder(calls, fails=OSError(98, "Address already in use"))
    stands = [_stand(tmp_path, good), _stand(tmp_path, bad)]
    with pytest.raises(UserMistake, match="cannot listen on port 7"), running(stands, knobs=(), latency=None):
        pass

    assert [("start", 7), ("stop",)] == calls


def test_it_runs_until_it_is_asked_to_end(tmp_path):
    """A process of its own: it says where it listens, answers, and SIGTERM ends it with 0, whoever is still connected,
    whatever has become of its folder, and though nobody answers its webhook."""
    mute = socket.create_server(("127.0.0.1", 0))
    webhook = f"webhook_url=http://127.0.0.1:{mute.getsockname()[1]}/"
    command = [sys.executable, "-m", "crm_bridge", "simulate", "callcenter", "--port", "0", "--set", webhook, "--json"]
    with (
        mute,
        httpx.Client() as kept_alive,
        subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, text=True) as process,
    ):
        try:
            lines = iter(process.stdout.readline, "}\n")
            said = json.loads("".join(lines) + "}")
            url = said["simulators"]["callcenter"]["base_url"]
            answer = kept_alive.get(f"{url}/api/v1/clients")
            has_token = (tmp_path / said["state"] / "callcenter/token").is_file()
            kept_alive.post(f"{url}/_simulator/load/client", json=[{"id": "cc-1", "last_name": "Вигадана"}])
            kept_alive.post(f"{url}/_simulator/edit/client/cc-1", json={"last_name": "Інша"})
            taken, _ = mute.accept()
            shutil.rmtree(tmp_path / said["state"])
        finally:
            process.send_signal(signal.SIGTERM)
        with taken:
            process.wait(timeout=3)  # seconds; the webhook alone waits for 5

    assert (401, True) == (answer.status_code, has_token)  # there, and it wants its token
    assert ExitCode.OK == process.returncode


def test_a_simulator_whose_folder_is_gone_ends_all_the_same(tmp_path, capsys):
    """What could not be saved is said; the others are stopped, too."""
    calls = []
    gone = Recorder(calls, cannot_save=FileNotFoundError(2, "No such file or directory"))

    with running([_stand(tmp_path, gone), _stand(tmp_path, gone)], knobs=(), latency=None):
        pass

    assert ([("start", 7)] * 2 + [("stop",)] * 2, 2) == (calls, capsys.readouterr().err.count("could not be saved"))


def test_knobs_without_a_name_are_those_of_all_and_else_a_name_is_needed(cli, settings, tmp_path):
    """``--knobs`` starts nothing, so it can mean all."""
    config = ("--config", str(settings.path))

    knobs = cli(*config, "simulate", "--knobs")
    nobody = cli(*config, "simulate")

    assert {"north", "south"} == {line.split()[0] for line in knobs.out.splitlines()}
    assert (ExitCode.USAGE, True) == (nobody.code, "NAME is needed" in nobody.err)


def test_a_simulator_of_files_says_that_it_is_not_the_configured_agency(tmp_path):
    """It has folders and columns of its own; one that listens where it is expected is the configured one."""
    played = {
        "inbox": str(tmp_path / "simulators" / "in"),
        "outbox": str(tmp_path / "simulators" / "out"),
        "columns": ["a", "b"],
        "settle_seconds": 0.0,
    }
    for folder in ("inbox", "outbox"):
        Path(played[folder]).mkdir(parents=True)
    text = (
        '[systems.mine]\nconnector = "vendor_files"\ninbox = "agency/in"\noutbox = "simulators/out"\n'
        'columns = ["a", "c"]\nsettle_seconds = 30.0\n'
    )
    (tmp_path / "crm-bridge.toml").write_text(CONFIG + text)
    settings = load_settings(tmp_path / "crm-bridge.toml", check_secrets=False)
    listening = {"base_url": "http://127.0.0.1:18102", "token_ref": "file:/elsewhere"}

    found = others_than_configured({"mine": played, "north": listening, "unknown": played}, settings=settings)

    assert {"mine": ["inbox", "columns"]} == found
