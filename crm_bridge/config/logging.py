"""Logs are JSON lines on stderr without personal data: a value is written only under a key known to be harmless."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from datetime import datetime
from typing import Any, TextIO

import orjson
import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

ALLOWED_KEYS = frozenset(
    {
        "attempt",
        "bridge",
        "causation_id",
        "client_id",
        "code",
        "connector",
        "correlation_id",
        "count",
        "duration_ms",
        "error_type",
        "event",
        "event_id",
        "exit_code",
        "hook",
        "job",
        "kind",
        "level",
        "logger",
        "mapping",
        "operation",
        "outcome",
        "page",
        "path",
        "place",
        "plugin",
        "port",
        "records",
        "rule",
        "run_id",
        "stage",
        "status_code",
        "system",
        "timestamp",
        "trace_id",
    }
)
# At DEBUG or INFO these write whole URLs and envelopes, phones included.
TALKATIVE = ("httpx", "httpcore", "urllib3", "requests", "zeep", "uvicorn", "asyncio")


def configure_logging(
    level: str = "INFO", *, clock: Callable[[], datetime], bridge: str | None = None, stream: TextIO | None = None
) -> None:
    """Set up structlog and the standard library's logging for this process.

    Args:
        level: the lowest level of our own events; foreign loggers start at WARNING whatever it is.
        clock: stamps each line.
        bridge: the name of this installation, on each line once the configuration is read.
        stream: where lines go; ``None``: stderr as it is at the moment of writing.
    """

    def stamp(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
        del logger, method
        event["timestamp"] = clock().isoformat()
        if bridge is not None:
            event["bridge"] = bridge
        return event

    processors: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        stamp,
        error_to_its_type,
        drop_unknown_keys,
    ]
    structlog.configure(
        processors=[*processors, _as_json],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=lambda *_: _Lines(stream),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(_ForeignFormatter(clock, bridge))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    for name in TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)


def drop_unknown_keys(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    """Leave only keys on the allowlist; the names of the others are told under ``dropped``, their values are not."""
    del logger, method
    dropped = sorted(key for key in event if key not in ALLOWED_KEYS)
    kept = {key: value for key, value in event.items() if key in ALLOWED_KEYS}
    return {**kept, "dropped": dropped} if dropped else kept


def error_to_its_type(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    """An exception is told by its class alone: its text may quote a record."""
    del logger, method
    error = event.pop("exc_info", None)
    if error is True:
        error = sys.exc_info()[1]
    if isinstance(error, tuple):
        error = error[1]
    if isinstance(error, BaseException):
        event.setdefault("error_type", type(error).__qualname__)
    return event


class _ForeignFormatter(logging.Formatter):
    """Records of other libraries: their fixed text without the values that were to be filled in."""

    def __init__(self, clock: Callable[[], datetime], bridge: str | None) -> None:
        super().__init__()
        self._clock = clock
        self._named = {} if bridge is None else {"bridge": bridge}

    def format(self, record: logging.LogRecord) -> str:
        event: dict[str, Any] = {
            "event": str(record.msg) if record.args else "a message of another library",
            "level": record.levelname.lower(),
            "logger": record.name,
            "timestamp": self._clock().isoformat(),
            **self._named,
        }
        if record.exc_info and record.exc_info[0]:
            event["error_type"] = record.exc_info[0].__qualname__
        return orjson.dumps(event).decode()


class _Lines:
    """Writes finished lines; every level is the same here, for filtering has happened."""

    def __init__(self, stream: TextIO | None) -> None:
        self._stream = stream

    def msg(self, line: str) -> None:
        print(line, file=self._stream or sys.stderr, flush=True)

    debug = info = warning = warn = error = critical = exception = fatal = log = msg


def _as_json(logger: WrappedLogger, method: str, event: EventDict) -> str:
    del logger, method
    return orjson.dumps(event, default=str, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS).decode()
