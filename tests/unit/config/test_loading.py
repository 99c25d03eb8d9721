"""A configuration is read into frozen settings, or all that is wrong with it is told at once, by file and line."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import ValidationError

from crm_bridge.config import ConfigMistakes, load_settings
from crm_bridge.errors import ConfigMistake, ExitCode, Place
from crm_bridge.sync.rules import Rule


def test_a_good_file_becomes_settings(project):
    """Values arrive typed; a connector's own keys stay together, beside the two that are ours."""
    settings = load_settings(project())

    siebel = settings.systems["siebel"]
    assert "siebel" == siebel.name
    assert "siebel" == siebel.connector
    assert {"url": "http://127.0.0.1:8101/eai", "password_ref": "env:SIEBEL_PASSWORD"} == siebel.options
    assert siebel.records["contact"].read is True
    assert siebel.records["contact"].create is False
    assert timedelta(seconds=30) == settings.outbox.first_delay
    assert timedelta(days=3) == settings.outbox.give_up_after
    assert ("127.0.0.1", 8090) == (settings.web.host, settings.web.port)
    assert "http://bridge.example" == settings.web.public_url
    assert ("dedup.exact_keys", "notification.claims_sms") == settings.plugins.active


def test_an_empty_file_is_a_configuration(project):
    """Every table has defaults that are safe on a laptop."""
    settings = load_settings(project(""))

    assert {} == settings.systems
    assert timedelta(hours=72) == settings.outbox.give_up_after
    assert "127.0.0.1" == settings.web.host


def test_settings_cannot_be_changed(project):
    """Frozen values cross boundaries."""
    settings = load_settings(project())

    with pytest.raises(ValidationError):
        settings.bridge.name = "other"


def test_the_store_is_beside_the_file(project, tmp_path):
    """A relative store does not depend on where the command was started."""
    project()

    settings = load_settings(Path("..") / tmp_path.name / "crm-bridge.toml")

    assert tmp_path == settings.base_dir.resolve()
    assert "sqlite:///bridge.db" == settings.bridge.store


def test_systems_that_the_order_forgets_come_last(project):
    """The order of trust is whole: what it does not name follows as it stands in the file."""
    settings = load_settings(project())

    policy = settings.survivorship.as_policy()
    assert ("siebel", "callcenter") == policy.order
    assert {"name": Rule("precedence", ("callcenter", "siebel")), "birth_date": Rule("manual")} == policy.rules


def test_a_place_is_the_line_of_a_key_or_of_the_table_around_it(project):
    """What comes to light later is still told with its line."""
    settings = load_settings(project())

    assert Place("crm-bridge.toml", 8) == settings.place(("systems", "siebel", "url"))
    assert Place("crm-bridge.toml", 6) == settings.place(("systems", "siebel", "not there"))
    assert Place("crm-bridge.toml", 1) == settings.place(("nowhere",))


def test_a_file_of_another_editor_is_read(project, good):
    """Windows line ends and a byte order mark change neither values nor lines."""
    Path(project()).write_bytes(b"\xef\xbb\xbf" + good.replace("\n", "\r\n").encode())

    settings = load_settings("crm-bridge.toml")

    assert Place("crm-bridge.toml", 8) == settings.place(("systems", "siebel", "url"))


def test_a_file_nested_without_end_is_a_mistake_in_it(project):
    """And none of ours."""
    with pytest.raises(ConfigMistake, match=r"crm-bridge\.toml: nested too deeply"):
        load_settings(project(f"x = {'[' * 3000}"))


SEEDED = [
    ('name = "north"', "name = north", "2:8: not TOML: invalid value: correct this line"),
    ('name = "north"', 'name = ""', "2: bridge.name: must not be empty"),
    ('name = "north"', "name = 7", "2: bridge.name: must be text in quotes"),
    ("store =", "stor =", "3: bridge.stor: unknown key: did you mean 'store'?"),
    (
        "sqlite:///bridge.db",
        "mysql://x",
        "3: bridge.store: must be 'sqlite:///FILE' or 'postgresql://USER@HOST/DATABASE'",
    ),
    (
        "sqlite:///bridge.db",
        "postgresql://bridge:secret@db/bridge",
        "3: bridge.store: must not hold the password; name where it is kept in store_password_ref",
    ),
    (
        "sqlite:///bridge.db",
        "postgresql://bridge@db/bridge?password=secret",
        "3: bridge.store: must not hold the password; name where it is kept in store_password_ref",
    ),
    (
        '"UA"',
        '"UKR"',
        "4: bridge.region: 'UKR' is no region: use an ISO 3166 code of two capital letters, such as 'UA'",
    ),
    ('connector = "siebel"\n', "\n", "6: systems.siebel.connector: is missing: add it"),
    (
        'connector = "siebel"\n',
        'conector = "siebel"\n',
        "7: systems.siebel.conector: unknown key: did you mean 'connector'?",
    ),
    (
        "env:SIEBEL_PASSWORD",
        "hunter2",
        "9: systems.siebel.password_ref: is not a reference to a secret: write 'env:NAME' or 'file:PATH', "
        "and put the secret itself in that environment variable or file",
    ),
    (
        "env:SIEBEL_PASSWORD",
        "env:SIEBEL-PASSWORD",
        "9: systems.siebel.password_ref: 'env:' wants the name of an environment variable behind it, "
        "such as 'env:SIEBEL_PASSWORD'",
    ),
    (
        "env:SIEBEL_PASSWORD",
        "env:NOT_SET_ANYWHERE",
        "9: systems.siebel.password_ref: the environment variable NOT_SET_ANYWHERE is not set: "
        "export it before starting",
    ),
    (
        "env:SIEBEL_PASSWORD",
        "env:EMPTY_SECRET",
        "9: systems.siebel.password_ref: the environment variable EMPTY_SECRET is empty: give it the secret",
    ),
    (
        "file:secrets/callcenter",
        "file:secrets/none",
        "16: systems.callcenter.token_ref: the file secrets/none is not there: put the secret into it",
    ),
    (
        'mapping = "mappings/contact.yaml"\n\n',
        'mapping = "mappings/none.yaml"\n\n',
        "12: systems.siebel.records.contact.mapping: there is no file mappings/none.yaml: "
        "correct the path, or run `crm-bridge init`",
    ),
    (
        'mapping = "mappings/contact.yaml"\n\n',
        'mapping = "mappings"\n\n',
        "12: systems.siebel.records.contact.mapping: mappings is a folder: name the document in it",
    ),
    (
        'mapping = "mappings/contact.yaml"\n\n',
        'mapping = "crm_bridge:cli"\n\n',
        "12: systems.siebel.records.contact.mapping: crm_bridge:cli is a folder: name the document in it",
    ),
    (
        "file:secrets/callcenter",
        "file:secrets",
        "16: systems.callcenter.token_ref: secrets is a folder: name the file in it that holds the secret",
    ),
    (
        'mapping = "mappings/contact.yaml"\n\n',
        'mapping = "no_such_package:contact.yaml"\n\n',
        "12: systems.siebel.records.contact.mapping: the package 'no_such_package' is not installed: "
        "install it, or correct 'no_such_package:contact.yaml'",
    ),
    ("read = true", "raed = true", "20: systems.callcenter.records.client.raed: unknown key: did you mean 'read'?"),
    (
        "write = true",
        'write = "yes"',
        "21: systems.callcenter.records.client.write: must be true or false, without quotes",
    ),
    (
        "write = true",
        "write = false",
        "22: systems.callcenter.records.client.create: cannot be true where write = false: "
        "allow writing, or do not create",
    ),
    (
        '[systems.callcenter.records.client]\nmapping = "mappings/contact.yaml"',
        "[systems.callcenter.records.client]",
        "18: systems.callcenter.records.client.mapping: is missing: add it",
    ),
    ('active = ["dedup.exact_keys",', "active = [7,", "25: plugins.active.0: must be text in quotes"),
    ("timeout_seconds = 2.5", "timeout_seconds = 0", "26: plugins.timeout_seconds: must be more than 0.0"),
    (
        'settings."notification.claims_sms"',
        'settings."notification.claim_sms"',
        '28: plugins.settings."notification.claim_sms": no plugin of this name is active: '
        "did you mean 'notification.claims_sms'?",
    ),
    (
        'order = ["siebel"]',
        'order = ["sibel"]',
        "32: survivorship.order.0: 'sibel' is no system of this file: did you mean 'siebel'?",
    ),
    (
        'order = ["siebel"]',
        'order = "siebel"',
        '32: survivorship.order: must be a list, such as ["a", "b"]',
    ),
    (
        'name = ["callcenter", "siebel"]',
        'name = ["callcenter", "callcenter"]',
        "35: survivorship.paths.name.1: 'callcenter' stands here twice: keep one",
    ),
    (
        "birth_date = {",
        '"name.family" = {',
        "36: survivorship.paths.\"name.family\": is decided together with what is around it: write 'name'",
    ),
    (
        "birth_date = {",
        "birthdate = {",
        "36: survivorship.paths.birthdate: is no path of a client: did you mean 'birth_date'?",
    ),
    (
        'rule = "manual"',
        'rule = "best"',
        "36: survivorship.paths.birth_date.rule: must be one of 'precedence', 'newest', 'union' or 'manual'",
    ),
    ("max_change_percent = 10", "max_change_percent = 300", "39: guard.max_change_percent: must be at most 100.0"),
    ("min_records = 5", "min_records = 0.5", "40: guard.min_records: must be a whole number, without quotes"),
    ('"127.0.0.1:8090"', '"8090"', "43: web.listen: must be 'HOST:PORT', such as '127.0.0.1:8090'"),
    ("http://bridge", "bridge", "44: web.public_url: must be a URL that starts with http:// or https://"),
    (
        "http://bridge.example/",
        "http://bridge.example:99999/",
        "44: web.public_url: is no address that can be called: a host, and a port from 1 to 65535 behind a colon",
    ),
    ('"30s"', '"soon"', "47: outbox.first_delay: must be a time such as '30s', '5m', '6h' or '3d'"),
    ("[outbox]", "[outbocks]", "46: outbocks: unknown key: did you mean 'outbox'?"),
]


@pytest.mark.parametrize(("right", "wrong", "expected"), SEEDED, ids=[seed[2].split(": ")[0] for seed in SEEDED])
def test_each_mistake_is_told_with_its_line(project, good, monkeypatch, right, wrong, expected):
    """One seeded mistake gives one line: file, line, path, what to do; and exit code 78."""
    monkeypatch.setenv("EMPTY_SECRET", " ")
    assert good.count(right) >= 1

    with pytest.raises(ConfigMistakes) as caught:
        load_settings(project(good.replace(right, wrong, 1)))

    assert [f"crm-bridge.toml:{expected}"] == str(caught.value).splitlines()
    assert ExitCode.CONFIG == caught.value.exit_code


def test_all_mistakes_come_at_once_in_the_order_of_their_lines(project, good):
    """Nobody mends a file one run at a time."""
    wrong = good.replace("store =", "stor =").replace('"siebel"]', '"sibel"]').replace('"30s"', '"soon"')

    with pytest.raises(ConfigMistakes) as caught:
        load_settings(project(wrong))

    assert [3, 32, 35, 47] == [mistake.place.line for mistake in caught.value.mistakes]
    assert all(isinstance(mistake, ConfigMistake) for mistake in caught.value.mistakes)


def test_a_secret_that_stands_in_the_file_is_not_repeated(project, good):
    """The complaint about a secret in the wrong place must not spread it."""
    with pytest.raises(ConfigMistakes) as caught:
        load_settings(project(good.replace("env:SIEBEL_PASSWORD", "hunter2")))

    assert "hunter2" not in str(caught.value)


def test_secrets_need_not_be_set_for_what_reaches_no_system(project, monkeypatch):
    """``check_secrets=False`` still wants well-formed references."""
    monkeypatch.delenv("SIEBEL_PASSWORD")

    assert load_settings(project(), check_secrets=False)


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (lambda path: None, "there is no such file: give it with --config, or make one with `crm-bridge init`"),
        (lambda path: path.mkdir(), "is a folder: give the file in it"),
        (lambda path: path.write_bytes(b"\xcf\xf0\xe8"), "is not UTF-8: save it in that encoding"),
    ],
)
def test_a_file_that_cannot_be_read_is_a_mistake_too(tmp_path, make, expected):
    """Absent, a folder, another encoding: each says what to do."""
    path = tmp_path / "crm-bridge.toml"
    make(path)

    with pytest.raises(ConfigMistakes) as caught:
        load_settings(path)

    assert f"{path}: {expected}" == str(caught.value)
