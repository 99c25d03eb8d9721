"""What a process of the suite keeps from one test to the next, because it comes out the same each time.

A test opens the bridge anew for each of its commands, as a user does. Parsing the same YAML and compiling the same SQL
would be most of its time. Both are pure: nodes are frozen, a compiled statement knows nothing of its store.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from sqlalchemy.util import LRUCache

from crm_bridge.mapping import parse
from crm_bridge.store import opening
from crm_bridge.store.sqlite import SqliteDatabase

_open_sqlite = opening.open_sqlite
_compiled: dict[str, Any] = {}


def keep_parsed_yaml() -> None:
    parse.load_nodes = lru_cache(maxsize=512)(parse.load_nodes)


def open_unsynced(url: Any, **options: Any) -> SqliteDatabase:
    """A store that a killed process leaves whole and a power cut does not. Its statements are compiled once for all."""
    database = _open_sqlite(url, **{**options, "scratch": True})
    engine = database._engine
    engine.dialect = _compiled.setdefault("dialect", engine.dialect)  # the cache's keys name it
    engine._compiled_cache = _compiled.setdefault("cache", LRUCache(5_000))
    return database
