"""No phone, name or secret reaches a log line."""

from __future__ import annotations

import io
import json
import logging
from datetime import UTC, datetime

import pytest
import structlog

from crm_bridge.config.logging import configure_logging

NOW = datetime(2026, 10, 20, 8, 0, tzinfo=UTC)
CANARY = "+380505550101"  # invented


@pytest.fixture
def lines():
    root = logging.getLogger()
    before = root.handlers[:], root.level
    # import-linter, run in this process by another test, disables the loggers that it finds.
    for name in ("urllib3.connectionpool", "zeep.transports", "httpx"):
        logging.getLogger(name).disabled = False
    stream = io.StringIO()
    configure_logging("DEBUG", clock=lambda: NOW, stream=stream)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    structlog.reset_defaults()
    root.handlers[:], root.level = before


def test_only_allowed_keys_keep_their_values(lines):
    """The others are named, so that whoever misses one knows why."""
    structlog.get_logger("x").info("page committed", system="siebel", records=500, phone=CANARY, name="Anna")

    assert [
        {
            "event": "page committed",
            "level": "info",
            "system": "siebel",
            "records": 500,
            "dropped": ["name", "phone"],
            "timestamp": "2026-10-20T08:00:00+00:00",
        }
    ] == lines()


def test_an_exception_is_told_by_its_class(lines):
    """Its text may quote a record."""
    try:
        int(CANARY + "x")
    except ValueError:
        structlog.get_logger("x").exception("broke")

    assert "ValueError" == lines()[0]["error_type"]
    assert CANARY not in json.dumps(lines())


def test_other_libraries_cannot_leak_either(lines):
    """httpx writes whole URLs at INFO; what is written at all comes without its values."""
    logging.getLogger("httpx").info("GET %s", f"http://x/?phone={CANARY}")
    logging.getLogger("zeep.transports").debug("POST %s", CANARY)
    logging.getLogger("urllib3.connectionpool").warning("Retrying %s", CANARY)
    logging.getLogger("other").error(f"could not parse {CANARY}")

    assert ["urllib3.connectionpool", "other"] == [line["logger"] for line in lines()]
    assert CANARY not in json.dumps(lines())


def test_each_line_names_the_bridge_once_it_is_known(lines):
    """Our own lines and those of other libraries."""
    stream = io.StringIO()
    configure_logging("INFO", clock=lambda: NOW, bridge="north", stream=stream)
    structlog.get_logger("x").info("listening")
    logging.getLogger("foreign").warning("disk is full")

    assert ["north", "north"] == [json.loads(line)["bridge"] for line in stream.getvalue().splitlines()]
