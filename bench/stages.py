"""Where a page's time goes: CPU time of the steps of the inbound path, taken around the functions that are them.

For ``bench/bridge_side.py --stages``. A step inside another is taken out of it, so that the figures add up.
"""

from __future__ import annotations

import functools
import time
from collections import defaultdict
from collections.abc import Callable
from typing import Any

from crm_bridge.http_calls import HttpCalls
from crm_bridge.mapping import CompiledMapping
from crm_bridge.plugin_manager import Plugins
from crm_bridge.runner import inbound, reading, sync
from crm_bridge.store import clients, history, journal, records, runs
from crm_bridge_callcenter import connector as callcenter

STEPS: tuple[tuple[str, Any, str], ...] = (
    ("HTTP", HttpCalls, "call"),
    ("JSON", callcenter, "_page_of"),
    ("record ids", inbound, "record_ids"),
    ("look up digests", records, "known"),
    ("digest", reading, "canonical_bytes"),
    ("digest", reading, "digest_of"),
    ("mapping", CompiledMapping, "read"),
    ("match keys", inbound, "keys_of"),
    ("candidates: keys", records, "pks_by_key"),
    ("candidates: records", records, "by_pks"),
    ("comparing (dedup.exact_keys)", Plugins, "find_duplicates"),
    ("resolution", inbound, "resolve"),
    ("survivorship", inbound, "_merge"),
    ("store: records", records, "insert_all"),
    ("store: records", records, "update_all"),
    ("store: links", records, "link_all"),
    ("store: keys", records, "put_keys"),
    ("store: clients", clients, "insert_all"),
    ("store: clients", clients, "update_all"),
    ("store: history", history, "insert_all"),
    ("store: outbox", journal, "enqueue"),
    ("store: cursor", runs, "move_cursor"),
    ("store: commit and the rest", inbound, "commit_page"),
    ("reading, the rest", sync, "pull_all"),
    ("delivery", sync, "deliver_all"),
)


class Stages:
    """CPU seconds by step, measured from the moment that it is made."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = defaultdict(float)
        self._inside: list[float] = []  # of each step that is under way: seconds of steps within it
        for name, owner, attribute in STEPS:
            setattr(owner, attribute, self._timed(name, getattr(owner, attribute)))

    def _timed(self, name: str, step: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(step)
        def timed(*args: Any, **kwargs: Any) -> Any:
            self._inside.append(0.0)
            begun = time.process_time()
            try:
                return step(*args, **kwargs)
            finally:
                spent = time.process_time() - begun
                self.seconds[name] += spent - self._inside.pop()
                if self._inside:
                    self._inside[-1] += spent

        return timed
