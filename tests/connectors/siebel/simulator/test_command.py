"""``crm-bridge simulate siebel`` from the command line."""

from __future__ import annotations

import json
import signal
import subprocess
import sys

import requests


def test_the_command_chooses_dialect_zone_language_and_limits(tmp_path):
    """By ``--set``, once for each; the settings that it prints lead to that dialect."""
    options = ["dialect=asi", "time_zone=Europe/Kyiv", "language=UKR", "max_page_size=100"]
    arguments = [part for option in options for part in ("--set", option)]
    command = ["-m", "crm_bridge", "simulate", "siebel", "--port", "0", "--dir", str(tmp_path), "--json", *arguments]
    with subprocess.Popen([sys.executable, *command], stdout=subprocess.PIPE, text=True) as process:
        try:
            settings = json.loads(_document(process.stdout))["simulators"]["siebel"]
            knobs = requests.get(settings["endpoint"].split("/siebel")[0] + "/_simulator/knobs", timeout=5).json()
            served = requests.get(settings["endpoint"].split("?")[0] + "?WSDL", timeout=5).text
        finally:
            process.send_signal(signal.SIGTERM)

    assert ("asi", "Europe/Kyiv", "UKR", 100) == (
        knobs["dialect"], knobs["time_zone"], knobs["language"], knobs["max_page_size"],
    )  # fmt: skip
    assert "CRMContactServicesQueryByExample" in served
    assert settings["wsdl"]["contact"].endswith("contact_asi.wsdl")
    assert (100, None) == (settings.get("page_size"), settings.get("child_page_size"))


def _document(stream):
    """The JSON that the command prints before it waits."""
    text = ""
    for line in stream:
        text += line
        try:
            json.loads(text)
        except ValueError:
            continue
        return text
    return text
