"""Which system carries messages, and what the operator reads where one cannot say what it carries."""

from __future__ import annotations

import io
import json
import logging
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
import structlog

from crm_bridge.config.logging import configure_logging
from crm_bridge.errors import RetryLater
from crm_bridge.runner.routes import route
from crm_bridge.testing.memory_channel import MemoryChannel

CANARY = "+380505550101"  # invented


class Carrier(MemoryChannel):
    """Carries SMS, or cannot say what it carries."""

    def __init__(self, error: Exception | None = None) -> None:
        super().__init__()
        self._error = error

    def channels(self) -> tuple[str, ...]:
        if self._error is not None:
            raise self._error
        return ("sms",)


def system(name, error=None):
    return SimpleNamespace(name=name, connector=Carrier(error))


@pytest.fixture
def lines():
    root = logging.getLogger()
    before = root.handlers[:], root.level
    stream = io.StringIO()
    configure_logging("WARNING", clock=lambda: datetime(2026, 10, 20, tzinfo=UTC), stream=stream)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    structlog.reset_defaults()
    root.handlers[:], root.level = before


@pytest.mark.parametrize(("error", "told"), [(KeyError(CANARY), "KeyError"), (RetryLater(CANARY), "RetryLater")])
def test_the_next_system_carries_them_and_the_cause_is_logged(lines, error, told):
    """By class and place in the code: the text of an error may quote a record."""
    found = route([system("a", error), system("b")], None, "sms")

    [line] = lines()
    assert "b" == found.system
    assert ("a", told, "test_routes.py") == (line["system"], line["error_type"], line["place"].partition(":")[0])
    assert "dropped" not in line
    assert CANARY not in json.dumps(line)
