"""What ``simulate`` prints can be pasted into a configuration."""

from __future__ import annotations

import tomllib

from crm_bridge.cli.simulate import toml_block


def test_the_settings_are_printed_as_toml_that_reads_back_the_same():
    settings = {
        "connector": "siebel",
        "endpoint": "http://127.0.0.1:8711/eai?a=b, c = d",
        "folder": 'C:\\in "box"\n\x7f',
        "port": 8711,
        "verify": False,
        "kinds": ["contact", "claim"],
        "session": {"mode": "none"},
    }

    block = toml_block("siebel", settings)

    assert {"systems": {"siebel": settings}} == tomllib.loads(block)
    assert block.startswith('[systems.siebel]\nconnector = "siebel"\n')
