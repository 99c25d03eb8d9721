"""One run of the bridge over one page-by-page listing, in a process of its own: ``bench/inbound.py`` starts it.

Arguments: the call centre's address, the working directory, and ``full`` (all clients come again) or ``incremental``.
Prints one line of JSON: CPU seconds of the run alone, what the bridge reports, and its stages when asked for.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import time
from datetime import UTC, datetime
from pathlib import Path

from crm_bridge.app import open_bridge
from crm_bridge.config import load_settings
from crm_bridge.store import runs
from crm_bridge.store.opening import open_database
from crm_bridge.store.runs import Cursor

CONFIG = """\
[bridge]
name = "bench"
store = "sqlite:///bridge.db"
region = "UA"

[systems.callcenter]
connector = "callcenter"
base_url = "{url}"
token_ref = "env:BENCH_TOKEN"

[systems.callcenter.records.client]
mapping = "crm_bridge_mappings:callcenter/client.yaml"
write = false

[plugins]
active = ["dedup.exact_keys"]
"""


def cpu_seconds() -> float:
    """User and system time of this process, its threads, and its children so far."""
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def set_cursor_back(directory: Path) -> None:
    """Have everything listed again; that the first load was done is still known."""
    database = open_database("sqlite:///bridge.db", base_dir=directory)
    with database.transaction() as connection:
        runs.move_cursor(connection, "callcenter", "client", Cursor(None, loaded=True), at="2026-01-01T00:00:00Z")
    database.close()


def main() -> None:
    """Run once."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("url")
    parser.add_argument("directory", type=Path)
    parser.add_argument("mode", choices=["full", "incremental"])
    parser.add_argument("--stages", action="store_true", help="measure the steps of a page too; slows the run a little")
    asked = parser.parse_args()
    os.environ.setdefault("BENCH_TOKEN", "invented")
    config = asked.directory / "crm-bridge.toml"
    config.write_text(CONFIG.format(url=asked.url), encoding="utf-8")
    if asked.mode == "full" and (asked.directory / "bridge.db").exists():
        set_cursor_back(asked.directory)
    measured = None
    if asked.stages:
        from stages import Stages  # only when asked for: it changes the functions that it measures

        measured = Stages()
    with open_bridge(load_settings(config), clock=lambda: datetime.now(UTC)) as bridge:
        begun, started = cpu_seconds(), time.perf_counter()
        report = bridge.sync()
        spent, took = cpu_seconds() - begun, time.perf_counter() - started
        with bridge.reading() as connection:
            rows, versions = connection.exec_driver_sql(
                "SELECT count(*), sum(json_extract(CAST(raw AS TEXT), '$.version')) FROM source_records"
            ).one()
    print(
        json.dumps(
            {
                "cpu": spent,
                "wall": took,
                "rows": rows,
                "versions": versions,
                "exit": int(report.exit_code),
                "report": report.as_dict(),
                "stages": measured.seconds if measured else {},
            }
        )
    )


if __name__ == "__main__":
    main()
