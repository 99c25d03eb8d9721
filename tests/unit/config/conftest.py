"""A working directory with a configuration that has nothing wrong with it."""

from __future__ import annotations

import pytest

GOOD = """\
[bridge]
name = "north"
store = "sqlite:///bridge.db"
region = "UA"

[systems.siebel]
connector = "siebel"
url = "http://127.0.0.1:8101/eai"
password_ref = "env:SIEBEL_PASSWORD"

[systems.siebel.records.contact]
mapping = "mappings/contact.yaml"

[systems.callcenter]
connector = "callcenter"
token_ref = "file:secrets/callcenter"

[systems.callcenter.records.client]
mapping = "mappings/contact.yaml"
read = true
write = true
create = true

[plugins]
active = ["dedup.exact_keys", "notification.claims_sms"]
timeout_seconds = 2.5

[plugins.settings."notification.claims_sms"]
sender = "Test"

[survivorship]
order = ["siebel"]

[survivorship.paths]
name = ["callcenter", "siebel"]
birth_date = { rule = "manual" }

[guard]
max_change_percent = 10
min_records = 5

[web]
listen = "127.0.0.1:8090"
public_url = "http://bridge.example/"

[outbox]
first_delay = "30s"
max_delay = "1h"
give_up_after = "3d"
"""


@pytest.fixture
def project(tmp_path, monkeypatch):
    """Write a configuration, with its mapping and secrets in place, and stand in its folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SIEBEL_PASSWORD", "a-test-password")
    (tmp_path / "mappings").mkdir()
    (tmp_path / "mappings/contact.yaml").write_text("mapping: test\n")
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets/callcenter").write_text("a-test-token\n")

    def write(text=GOOD):
        (tmp_path / "crm-bridge.toml").write_text(text, encoding="utf-8")
        return "crm-bridge.toml"

    return write


@pytest.fixture
def good():
    return GOOD
