"""The command line over a bridge of memory: what is asked of it, and what is shown of its answers."""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from crm_bridge.cli import invocation
from crm_bridge.cli.main import main
from crm_bridge.hookspecs import PlannedField, PlannedWrite
from crm_bridge.run_context.report import RunReport
from crm_bridge.runner.undo import UndoReport

CARD = {"id": "c-1", "name": {"family": "Тестова", "given": "Anna"}, "contact_points": [{"type": "phone"}]}


@dataclass(frozen=True)
class Report:
    """What a sync tells."""

    exit_code: int = 0
    dead_letters: int = 0

    def as_dict(self):
        reads = {"siebel/contact": {"read": 2, "new": 1}}
        said = {"reads": reads, "writes": {}, "notes": [], "clients": {"created": 1}}
        return {"exit_code": self.exit_code, "dead_letters": self.dead_letters, **said}


@dataclass(frozen=True)
class Plan:
    """What a plan tells."""

    writes: tuple[PlannedWrite, ...] = ()
    stopped: dict[str, str] = field(default_factory=dict)
    report: Report = Report()
    found: dict[str, Any] = field(default_factory=dict)

    def as_dict(self):
        return {"writes": len(self.writes), "blocked": [], "stopped": self.stopped, **self.found}


WRITE = PlannedWrite(
    system="callcenter",
    kind="client",
    operation="update",
    record_id="cc-1",
    client_id="c-1",
    fields=(PlannedField("name.family", "last_name", "Old", "New", "siebel is trusted more"),),
)


@dataclass
class MemoryBridge:
    """Notes every call by name and arguments, and answers from ``answers``."""

    calls: list[Any] = field(default_factory=list)
    answers: dict[str, Any] = field(default_factory=dict)

    def __getattr__(self, name):
        if name.startswith("_"):
            raise AttributeError(name)

        def called(*positional, **named):
            named.pop("progress", None)
            if not name.endswith(("_total", "_store")):  # asked beside the question itself
                self.calls.append((name, positional, named))
            answer = self.answers.get(name)
            if isinstance(answer, BaseException):
                raise answer
            return answer

        return called


@dataclass(frozen=True)
class Ended:
    """How a command line ended."""

    code: int
    out: str
    err: str

    @property
    def json(self):
        return json.loads(self.out)


@pytest.fixture
def bridge(monkeypatch):
    memory = MemoryBridge(
        answers={
            "check": [],
            "resume": {"system": "siebel", "resumed": True, "due": 2},
            "check_store": {"store": "sqlite:///bridge.db", "schema": "0001"},
            "sync": Report(),
            "plan": Plan(writes=(WRITE,)),
            "lookup": [{"id": "c-1", "name": "Anna"}],
            "show": CARD,
            "history": [{"at": "2026-10-20T08:00:00Z", "path": "name", "system": "siebel"}],
            "why": {"client": "c-1", "path": "name", "values": [], "carried": []},
            "merge": {"survivor": "c-1", "absorbed": "c-2"},
            "unmerge": {"client": "c-3"},
            "review_decide": {"client": "c-1"},
            "replay": {"counts": {"replayed": 2}, "replayed": [1, 2]},
            "discard": {"discarded": 1, "already": 0, "unknown": []},
            "dead_letter_groups": [{"code": "bad_date", "letters": 2, "oldest": "2026-10-20T08:00:00Z", "example": 1}],
            "undo": UndoReport("run-1", RunReport("run-2", ""), clients={"c-1"}),
            "plan_undo": UndoReport("run-1", RunReport("run-2", ""), writes=[WRITE], clients={"c-1"}),
            "review_total": 1,
            "dead_letters_total": 1,
            "review_list": [{"id": 1, "grade": "probable"}],
            "review_case": {
                "case": {"id": 1, "kind": "duplicate", "grade": "probable", "rule": "name", "evidence": ["a street"]},
                "sides": [{"record": "siebel/contact/1-A"}, {"record": "callcenter/client/cc-1"}],
                "rows": [{"path": "gender", "left": "male", "right": "female", "same": False}],
            },
            "dead_letters": [{"id": 1, "code": "bad_date"}],
            "dead_letter": {"id": 1, "code": "bad_date"},
            "unknown_list": [{"id": "i-1", "what": "create"}],
            "unknown_case": {"id": "i-1", "what": "create"},
            "unknown_resolve": {"id": "i-1", "outcome": "settled"},
            "runs": [{"id": "run-1"}],
            "run": {"id": "run-1", "exit_code": 0},
        }
    )

    @contextmanager
    def opened(settings):
        yield memory

    monkeypatch.setattr(invocation, "open_configured", opened)
    monkeypatch.setattr(invocation, "open_configured_desk", opened)
    return memory


@pytest.fixture
def cli(tmp_path, monkeypatch, capsys):
    """Run ``crm-bridge`` in a folder with an empty, and so valid, configuration."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "crm-bridge.toml").write_text("")

    def run(*arguments):
        code = main(arguments)
        printed = capsys.readouterr()
        return Ended(code, printed.out, printed.err)

    return run
