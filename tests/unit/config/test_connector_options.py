"""A connector judges its own settings, and its complaints carry the configuration's lines."""

from __future__ import annotations

import pytest
from pydantic import Field

from crm_bridge.config import ConfigMistakes, check_kinds, endpoint_of, load_settings, validate_options
from crm_bridge.connector import ConnectorSettings, ConnectorType


class Timeouts(ConnectorSettings):
    connect: float = 5.0


class SiebelLike(ConnectorSettings):
    url: str
    password_ref: str
    page_size: int = Field(default=100, ge=1)
    timeouts: Timeouts = Timeouts()


SIEBEL = ConnectorType(name="siebel", settings=SiebelLike, open=lambda settings, context: None, summary="for tests")


def _validate(path):
    settings = load_settings(path)
    return validate_options(SIEBEL, system=settings.systems["siebel"], place=settings.place)


def test_good_options_become_the_connectors_settings(project):
    """What stands under the system, without our own two keys, is what the model gets."""
    options = _validate(project())

    assert SiebelLike(url="http://127.0.0.1:8101/eai", password_ref="env:SIEBEL_PASSWORD") == options


def test_a_connectors_complaint_names_file_line_and_path(project, good):
    """Unknown, missing and wrong values come at once."""
    text = good.replace('url = "http://127.0.0.1:8101/eai"', "timeouts = { conect = 1 }\npage_size = 0\nurll = 1")

    with pytest.raises(ConfigMistakes) as caught:
        _validate(project(text))

    assert [
        "crm-bridge.toml:6: systems.siebel.url: is missing: add it",
        "crm-bridge.toml:8: systems.siebel.timeouts.conect: unknown key: did you mean 'connect'?",
        "crm-bridge.toml:9: systems.siebel.page_size: must be at least 1",
        "crm-bridge.toml:10: systems.siebel.urll: unknown key: did you mean 'url'?",
    ] == str(caught.value).splitlines()


def test_records_of_a_kind_that_the_system_lacks_are_refused(project):
    """The kinds are the connector's to name."""
    settings = load_settings(project())

    with pytest.raises(ConfigMistakes) as caught:
        check_kinds(["contacts", "claim"], system=settings.systems["siebel"], place=settings.place)

    expected = "crm-bridge.toml:11: systems.siebel.records.contact: siebel holds no such records: "
    assert f"{expected}did you mean 'contacts'?" == str(caught.value)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"username": "x", "endpoint": "https://u:secret@siebel.example:8443/eai?x=1"}, "siebel.example:8443"),
        ({"inbox": "files", "password_ref": "file:files"}, "files"),
        ({"username": "nobody", "page_size": 3}, None),
        ({}, None),
    ],
)
def test_people_are_told_where_a_system_is(tmp_path, options, expected):
    """Host and port, or the folder; never what stands in a URL before them."""
    (tmp_path / "files").mkdir()

    assert expected == endpoint_of(options, base_dir=tmp_path)


@pytest.mark.parametrize(
    "address", ["http://127.0.0.1:99999/eai", "http://:80/", "http://[::1", "http://h:x/", "http://h:0"]
)
def test_an_address_that_cannot_be_called_is_told_with_its_line(project, good, address):
    """Before anything is called."""
    text = good.replace("http://127.0.0.1:8101/eai", address)
    path, line = project(text), 1 + text.splitlines().index(f'url = "{address}"')

    with pytest.raises(ConfigMistakes, match=rf"toml:{line}: systems.siebel.url: is no address"):
        _validate(path)
