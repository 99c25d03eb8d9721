"""The demo's working directory."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from crm_bridge.demo.workdir import (
    CONFIG,
    MARKER,
    claim_directory,
    config_text,
    relative_references,
    toml_value,
    write_secret,
)
from crm_bridge.errors import ConfigMistake, UserMistake


def test_a_new_or_empty_directory_is_taken(tmp_path: Path) -> None:
    """And gets the marker."""
    claim_directory(tmp_path)
    claim_directory(tmp_path / "deep" / "new")

    assert (tmp_path / MARKER).is_file()
    assert (tmp_path / "deep" / "new" / MARKER).is_file()


def test_a_foreign_directory_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    """Even when it holds a configuration of that name."""
    (tmp_path / CONFIG).write_text("[bridge]\n")

    with pytest.raises(UserMistake, match="not empty"):
        claim_directory(tmp_path)

    assert [CONFIG] == [entry.name for entry in tmp_path.iterdir()]


def test_an_earlier_demo_is_replaced_and_the_users_own_files_stay(tmp_path: Path) -> None:
    """Only what the demo makes is removed."""
    claim_directory(tmp_path)
    for name in ("bridge.db", "bridge.db-wal", CONFIG, "notes.txt"):
        (tmp_path / name).write_text("old")
    (tmp_path / "simulators" / "siebel").mkdir(parents=True)

    claim_directory(tmp_path)

    assert {MARKER, "notes.txt"} == {entry.name for entry in tmp_path.iterdir()}


def test_force_replaces_the_demos_files_without_a_marker(tmp_path: Path) -> None:
    """The user's files stay even then."""
    (tmp_path / CONFIG).write_text("old")
    (tmp_path / "notes.txt").write_text("mine")

    claim_directory(tmp_path, force=True)

    assert {MARKER, "notes.txt"} == {entry.name for entry in tmp_path.iterdir()}


def test_a_file_is_no_directory(tmp_path: Path) -> None:
    """The message names the option."""
    (tmp_path / "file").write_text("")

    with pytest.raises(UserMistake, match="--dir"):
        claim_directory(tmp_path / "file")


def test_a_secret_is_a_file_of_its_owner_alone(tmp_path: Path) -> None:
    """The configuration gets the reference, relative to itself."""
    reference = write_secret(tmp_path, "web-token", "s3cret")

    file = tmp_path / reference.removeprefix("file:")
    assert "s3cret" == file.read_text()
    assert 0o600 == file.stat().st_mode & 0o777
    assert not Path(reference.removeprefix("file:")).is_absolute()


def test_the_configuration_is_toml_with_everything_in_its_place(tmp_path: Path) -> None:
    """Strings with quotes and backslashes survive; systems stand in the order of trust."""
    text = config_text(
        systems={
            "siebel": {"endpoint": "http://127.0.0.1:1/x", "timeouts": {"read": 3.5}},
            "vendor_files": {"in": 'a"\\b'},
        },
        records={"siebel": {"claim": {"mapping": "mappings/siebel/claim.yaml", "write": False}}},
        plugins={"dedup.exact_keys": {}, "notification.claims_sms": {"system": "sms_gateway"}},
        web={"listen": "127.0.0.1:8090"},
        guard={"min_records": 100},
        policy={"quiet_hours": {"exempt_purposes": ["claims"]}},
    )

    document = tomllib.loads(text)

    assert {"connector": "siebel", "endpoint": "http://127.0.0.1:1/x", "timeouts": {"read": 3.5}} == {
        key: value for key, value in document["systems"]["siebel"].items() if key != "records"
    }
    assert 'a"\\b' == document["systems"]["vendor_files"]["in"]
    assert document["systems"]["siebel"]["records"]["claim"]["write"] is False
    assert ["siebel", "vendor_files"] == document["survivorship"]["order"]
    assert ["dedup.exact_keys", "notification.claims_sms"] == document["plugins"]["active"]
    assert {"notification.claims_sms": {"system": "sms_gateway"}} == document["plugins"]["settings"]


def test_a_value_that_toml_does_not_know_is_refused() -> None:
    """Rather than written as something else."""
    with pytest.raises(ConfigMistake, match="set"):
        toml_value({1, 2})


def test_paths_inside_the_directory_become_relative(tmp_path: Path) -> None:
    """So that the whole directory can be moved; addresses and absent settings are no paths."""
    settings = {
        "folder": tmp_path / "simulators" / "x",
        "secret_ref": f"file:{tmp_path}/s",
        "page_size": 3,
        "none": None,
    }

    assert {"folder": "simulators/x", "secret_ref": "file:s", "page_size": 3} == relative_references(
        settings, directory=tmp_path
    )
