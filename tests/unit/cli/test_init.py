"""``init`` leaves a project that works against the simulators as it is."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import urlsplit

import httpx
import pytest

from crm_bridge.cli.simulate import running, stands_for
from crm_bridge.config import check_kinds, load_settings, secret_resolver, validate_options
from crm_bridge.connector import ConnectorContext
from crm_bridge.errors import ExitCode
from crm_bridge.plugin_manager import load_plugins

from .conftest import Ended


@pytest.fixture
def project(cli, tmp_path) -> tuple[Ended, object]:
    ended = cli("init", "project")
    return ended, tmp_path / "project"


def test_a_project_is_written(project):
    """A configuration and the mappings that it names; what to do next is said."""
    ended, folder = project

    assert 0 == ended.code
    assert "next (cd project first): crm-bridge simulate all" in ended.out
    assert load_settings(folder / "crm-bridge.toml", check_secrets=False).systems


def test_nothing_is_overwritten_unasked(project, cli):
    """Somebody's edits may be in there."""
    _, folder = project
    (folder / "crm-bridge.toml").write_text("# mine\n")

    assert ExitCode.USAGE == cli("init", "project").code
    assert "# mine\n" == (folder / "crm-bridge.toml").read_text()
    assert 0 == cli("init", "project", "--force").code
    assert "# mine\n" != (folder / "crm-bridge.toml").read_text()


def test_the_systems_stand_where_the_simulators_do(project):
    """Each connector takes its settings, holds the kinds named, and its simulator gives the same settings."""
    _, folder = project
    config = folder / "crm-bridge.toml"
    stands = stands_for("all", settings=load_settings(config, check_secrets=False), base_dir=folder, port=None)
    assert ["siebel", "callcenter", "sms_gateway", "vendor_files"] == [stand.system for stand in stands]
    assert [stand.simulator.default_port for stand in stands] == [stand.port for stand in stands]

    free = [type(stand)(stand.system, stand.simulator, stand.folder, 0) for stand in stands]
    with running(free, knobs=(), latency=None) as started:
        settings = load_settings(config)  # the simulators have made the secrets that it refers to
        plugins = load_plugins([], connectors={name: each.connector for name, each in settings.systems.items()})
        for name, system in settings.systems.items():
            connector_type = plugins.connectors()[system.connector]
            options = validate_options(connector_type, system=system, place=settings.place)
            context = ConnectorContext(name, folder, secret_resolver(folder), lambda: None)
            connector = connector_type.open(options, context)
            check_kinds(connector.kinds(), system=system, place=settings.place)
            connector.close()
            ours = _plain(system.options, folder)
            assert _plain(started[name], folder) == {key: ours[key] for key in started[name]}
        plugins.close()


def test_a_consent_that_is_withdrawn_in_siebel_is_carried_by_the_next_sync(project, cli, monkeypatch):
    """The row changes and its contact's stamp does not: the configuration looks at such rows by itself, and at once."""
    _, folder = project
    config = folder / "crm-bridge.toml"
    stands = stands_for("all", settings=load_settings(config, check_secrets=False), base_dir=folder, port=None)
    free = [type(stand)(stand.system, stand.simulator, stand.folder, 0) for stand in stands]
    with running(free, knobs=(), latency=None) as started:
        text = config.read_text(encoding="utf-8")
        for stand in stands:
            if stand.port:
                address = next(str(value) for value in started[stand.system].values() if "127.0.0.1" in str(value))
                text = text.replace(f":{stand.port}", f":{urlsplit(address).port}")
        config.write_text(text, encoding="utf-8")
        siebel = _control(started["siebel"]["endpoint"])
        consent = {"Purpose": "Claims", "Channel": "Cell Phone", "Status": "Granted"}
        dated = {**consent, "CapturedDate": "01/02/2026 03:04:05"}
        contact = {"LastName": "Вигадана", "FirstName": "Олена", "ListOfConsent": {"Consent": [dated]}}
        (row_id,) = httpx.post(f"{siebel}/load/contact", json=[contact]).json()
        monkeypatch.chdir(folder)
        assert 0 == cli("sync").code
        (before,) = httpx.get(f"{siebel}/state/contact").json()

        (row,) = before["ListOfConsent"]["Consent"]
        later = {**row, "Status": "Withdrawn", "CapturedDate": "03/02/2026 03:04:05"}
        httpx.post(f"{siebel}/edit/contact/{row_id}", json={"ListOfConsent": {"Consent": [later]}})
        assert 0 == cli("sync").code

        (after,) = httpx.get(f"{siebel}/state/contact").json()
        assert before["Updated"] == after["Updated"]
        (client,) = httpx.get(f"{_control(started['callcenter']['base_url'])}/state/client").json()
        assert ["withdrawn"] == [each["status"] for each in client["consents"]]


def _control(address: str) -> str:
    """A simulator's own address, for playing its people."""
    return f"http://{urlsplit(address).netloc}/_simulator"


def _plain(options: Mapping[str, object], folder) -> dict[str, object]:
    """Without what differs by place: folders and ports."""
    here = f"{folder.resolve()}/"
    texts = {name: re.sub(r"(127\.0\.0\.1):\d+", r"\1", str(value)) for name, value in options.items()}
    return {name: text.replace(here, "") for name, text in texts.items()}
