"""A real server on loopback, over a bridge of memory."""

from __future__ import annotations

import threading
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest

from crm_bridge.hookspecs import PageView
from crm_bridge.web import create_app, serve_in_thread

NOW = datetime(2026, 10, 20, 8, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Result:
    status_code: int


@dataclass
class MemoryBridge:
    """Keeps what it receives; ``answers`` and ``raises`` say what happens next."""

    answers: int = 202
    raises: Exception | None = None
    unready: Exception | None = None
    received: list[Any] = field(default_factory=list)
    asked: list[Any] = field(default_factory=list)
    known: list[Any] = field(default_factory=lambda: [{"id": "c-1", "name": "Anna"}])
    lock: threading.Lock = field(default_factory=threading.Lock)

    def receive(self, system, request):
        if self.raises:
            raise self.raises
        with self.lock:
            self.received.append((system, request))
        return Result(self.answers)

    def lookup(self, *, limit=50, **asked):
        self.asked.append(asked)
        return self.known[:limit]

    def pages(self):
        return [PageView("report", "Report", lambda query: f"<h1>{query.get('of', 'all')}</h1>")]

    def ready(self):
        if self.unready:
            raise self.unready


@pytest.fixture
def bridge():
    return MemoryBridge()


@pytest.fixture
def serve():
    """Serve an application for the length of a test."""
    with ExitStack() as stack:

        def start(bridge, *, protocol=None, **options):
            app = create_app(bridge, clock=lambda: NOW, **options)
            more = {} if protocol is None else {"protocol": protocol}
            return stack.enter_context(serve_in_thread(app, **more))

        yield start


@pytest.fixture
def url(serve, bridge):
    return serve(bridge)
