"""``crm-bridge mapping test|explain``: exit codes, differences, JSON."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from crm_bridge.cli.mapping import app
from crm_bridge.errors import ConfigMistake, DataMistake
from crm_bridge.mapping import TransformType

CONTACT = "crm_bridge_mappings:siebel/contact.yaml"
GOOD = """mapping: a.b
version: 1
client: person
record: {id: Id, image: full}
fields: {job_title: Title}
tests:
  - {name: a title, given: {Id: "1", Title: лікар}, expect: {job_title: лікар}}
"""


def run(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_a_shipped_document_passes():
    """By package:path, as in the configuration."""
    result = run("test", CONTACT)

    assert (0, "crm_bridge_mappings:siebel/contact.yaml: 18 passed, 0 failed\n") == (result.exit_code, result.stdout)


def test_a_failing_test_shows_the_difference_and_exits_65(tmp_path):
    """Place, name, and what was expected and found."""
    file = tmp_path / "wrong.yaml"
    file.write_text(GOOD.replace("expect: {job_title: лікар}", "expect: {job_title: вчитель}"), encoding="utf-8")

    result = run("test", file)

    assert 65 == result.exit_code
    assert f"FAILED {file}:7:5: a title\n    job_title: expected 'вчитель', found 'лікар'\n" in result.stdout


def test_a_mistake_exits_78_and_the_other_files_are_tested(tmp_path):
    """All of them in one run, as JSON too."""
    good, bad = tmp_path / "good.yaml", tmp_path / "bad.yaml"
    good.write_text(GOOD, encoding="utf-8")
    bad.write_text(GOOD.replace("job_title: Title", "job_titel: Title"), encoding="utf-8")

    result = run("test", bad, good, "--json")

    found = json.loads(result.stdout)
    assert 78 == result.exit_code
    assert [True] == [each["passed"] for each in found["tests"]]
    assert found["mistakes"][0].startswith(f"{bad}:5:10: job_titel: the model has no such path")


def test_explain_shows_each_path(tmp_path):
    """Row, raw and result; a quarantined record exits 65."""
    record = tmp_path / "record.json"
    record.write_text(json.dumps({"Id": "1-1", "LastName": "Ткач", "Gender": "?"}), encoding="utf-8")

    text, data = run("explain", CONTACT, record), run("explain", CONTACT, record, "--json")

    assert (65, 65) == (text.exit_code, data.exit_code)
    assert 'LastName: "Ткач"\n    = "Ткач"\n' in text.stdout
    assert "quarantine: Gender: unknown_code: this value is not in the value map" in text.stdout
    found = json.loads(data.stdout)
    assert (True, "1-1", ["gender"]) == (
        found["quarantined"],
        found["record_id"],
        [each["path"] for each in found["problems"]],
    )


@pytest.mark.parametrize("options", [(), ("--json",)])
def test_half_a_letter_is_shown_escaped(tmp_path, options):
    """With the problem that the reference names, and 65 as for any record that is quarantined."""
    document, record = tmp_path / "m.yaml", tmp_path / "r.json"
    document.write_text(GOOD, encoding="utf-8")
    record.write_text('{"Id": "1", "Title": "A \\ud800"}', encoding="utf-8")

    result = run("explain", document, record, *options)

    assert 65 == result.exit_code
    assert '"A \\ud800"' in result.stdout
    assert "control_character" in result.stdout


@pytest.mark.parametrize("content", [None, "{", "[]", b"\xff"])
def test_a_record_that_is_no_json_object_is_named(tmp_path, content):
    """Missing, broken, a list, not UTF-8."""
    record = tmp_path / "record.json"
    if content is not None:
        record.write_bytes(content if isinstance(content, bytes) else content.encode())

    assert isinstance(run("explain", CONTACT, record).exception, DataMistake)


@pytest.mark.parametrize("name", ["missing.yaml", "no_such_package:x.yaml", "crm_bridge_mappings:missing.yaml"])
def test_a_document_that_is_not_there_is_named(tmp_path, name):
    """A message with the name that was given."""
    assert isinstance(run("explain", name, tmp_path / "r.json").exception, ConfigMistake)


class Plugins:
    """Brings one transform."""

    def transforms(self):
        shout = TransformType("shout", lambda value, _: value.upper(), None, "In capitals.")
        return {"acme.shout": shout}

    def close(self):
        pass


CALLING = GOOD.replace("{job_title: Title}", "{job_title: {src: Title, call: acme.shout, dir: read}}").replace(
    "expect: {job_title: лікар}", "expect: {job_title: ЛІКАР}"
)


@pytest.mark.parametrize(
    ("config", "options", "expected"),
    [
        (None, ["--plugin", "acme", "--plugin", "other"], ["acme", "other"]),
        ('[plugins]\nactive = ["acme"]\n', [], ["acme"]),
        ('[plugins]\nactive = ["acme"]\n', ["--plugin", "acme"], ["acme"]),
    ],
)
def test_a_plugins_transform_is_found(tmp_path, monkeypatch, config, options, expected):
    """Of the plugins that the configuration names, where there is one, and of those on the command line."""
    asked = []
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("crm_bridge.plugin_manager.load_plugins", lambda names, **_: asked.append(names) or Plugins())
    (tmp_path / "calling.yaml").write_text(CALLING, encoding="utf-8")
    if config:
        (tmp_path / "crm-bridge.toml").write_text(config, encoding="utf-8")

    result = run("test", "calling.yaml", *options)

    assert (0, [expected]) == (result.exit_code, asked)


def test_a_document_without_a_call_needs_no_configuration(tmp_path, monkeypatch):
    """One that is being mended does not stop the tests of a mapping."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "crm-bridge.toml").write_text("[bridg]\n")
    (tmp_path / "good.yaml").write_text(GOOD, encoding="utf-8")

    assert 0 == run("test", "good.yaml").exit_code


COVERED = """mapping: a.b
version: 1
client: person
record: {id: Id, image: full}
values: {gender: {F: female, M: male}}
fields:
  job_title: {src: Title, dir: read}
  gender: {src: Sex, as: code, values: gender}
lists:
  relationships:
    - {each: Children.Child, key: Id, item: {type: child}, parts: {to.name: {src: Name}}}
"""


@pytest.mark.parametrize("lines", [False, True])
def test_coverage_says_what_records_hold_that_no_row_names(tmp_path, lines):
    """With counts and codes, without a value; from a JSON list or an object a line."""
    document, file = tmp_path / "a.yaml", tmp_path / "records.json"
    document.write_text(COVERED, encoding="utf-8")
    child = {"Id": "7", "Name": "Марко", "School": "12"}
    records = [
        {"Id": "1", "Title": "лікар", "Sex": "X", "Hobby": "шахи", "Children": {"Child": [child, child]}},
        {"Id": "2", "Title": "", "Sex": "F", "Hobby": ""},
    ]
    told = "\n".join(map(json.dumps, records)) if lines else json.dumps(records)
    file.write_text(told, encoding="utf-8")

    result = run("coverage", document, "--records", file, "--json")

    found = json.loads(result.stdout)
    assert 0 == result.exit_code
    assert (2, {"Children.Child.School": 1, "Hobby": 1}) == (found["records"], found["unmapped"])
    assert [{"field": "Sex", "code": "X", "records": 1}] == found["unknown_codes"]
    assert {"job_title": "Title"} == found["read_only"]
    assert {"name.family", "birth_date", "contact_points"} <= set(found["not_fed"])
    assert not {"gender", "job_title", "relationships"} & set(found["not_fed"])
    shown = run("coverage", document, "--records", file).stdout
    assert not [value for value in ("лікар", "шахи", "Марко") if value in shown + result.stdout]


def test_what_is_no_code_is_not_shown_as_one(tmp_path):
    """A value map on a field of names would tell the names."""
    document, file = tmp_path / "a.yaml", tmp_path / "records.json"
    document.write_text(COVERED.replace("src: Sex", "src: Name"), encoding="utf-8")
    file.write_text(json.dumps([{"Id": str(number), "Name": f"Koval {number}"} for number in range(30)]))

    result = run("coverage", document, "--records", file, "--json")

    assert [{"field": "Name", "code": None, "records": 30}] == json.loads(result.stdout)["unknown_codes"]
    assert "Koval" not in result.stdout


def test_coverage_refuses_what_are_no_records(tmp_path):
    """With the line or the number."""
    document, file = tmp_path / "a.yaml", tmp_path / "records.json"
    document.write_text(COVERED, encoding="utf-8")
    for content, says in (('{"Id": "1"}\n{"Id"', "line 2"), ('[{"Id": "1"}, 3]', "record 2")):
        file.write_text(content)
        assert says in str(run("coverage", document, "--records", file).exception)


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        (None, "name `region` under `defaults:` of the mapping, or in [bridge] of the configuration"),
        ('[bridge]\nname = "b"\nstore = "sqlite:///b.db"\nregion = "PL"\n', '"+48501234567"'),
    ],
)
def test_phones_are_read_by_the_region_of_the_project(tmp_path, monkeypatch, config, expected):
    """A document that names no region takes the project's; where there is none either, the problem says so."""
    monkeypatch.chdir(tmp_path)
    if config is not None:
        (tmp_path / "crm-bridge.toml").write_text(config, encoding="utf-8")
    phones = "lists: {contact_points: [{src: Phone, as: phone, item: {type: phone}}]}\n"
    (tmp_path / "m.yaml").write_text(GOOD + phones, encoding="utf-8")
    (tmp_path / "r.json").write_text('{"Id": "1", "Phone": "501 234 567"}', encoding="utf-8")

    assert expected in run("explain", "m.yaml", "r.json").stdout
