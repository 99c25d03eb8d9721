"""One run of the bridge over one page-by-page listing, in a process of its own: ``bench/inbound.py`` starts it.

Arguments: the call centre's address, the working directory, and ``full`` (all clients come again) or ``incremental``.
The store is a SQLite file there, or a schema of its own in the PostgreSQL database that ``POSTGRES`` names. Prints one
line of JSON: CPU seconds of the run alone, what the bridge reports, and its stages when asked for.
"""

from __future__ import annotations

import argparse
import json
import os
import re
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
store = "{store}"
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
VERSION = {
    "sqlite": "json_extract(CAST(raw AS TEXT), '$.version')",
    "postgresql": "CAST(CAST(convert_from(raw, 'UTF8') AS json) ->> 'version' AS integer)",
}


def cpu_seconds() -> float:
    """User and system time of this process, its threads, and its children so far."""
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def store_of(directory: Path) -> str:
    """The store's address. A schema is made at the first run."""
    address = os.environ.get("POSTGRES")
    if address is None:
        return "sqlite:///bridge.db"
    import psycopg

    schema = "bridge_" + re.sub(r"\W", "_", directory.name).lower()
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(f"CREATE SCHEMA IF NOT EXISTS {schema}")
    return f"{address}{'&' if '?' in address else '?'}options=-csearch_path%3D{schema}"


def set_cursor_back(store: str, directory: Path) -> None:
    """Have everything listed again; that the first load was done is still known."""
    database = open_database(store, base_dir=directory)
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
    store = store_of(asked.directory)
    later = config.exists()
    config.write_text(CONFIG.format(url=asked.url, store=store), encoding="utf-8")
    if asked.mode == "full" and later:
        set_cursor_back(store, asked.directory)
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
                f"SELECT count(*), sum({VERSION[connection.dialect.name]}) FROM source_records"
            ).one()
    print(
        json.dumps(
            {
                "cpu": spent,
                "wall": took,
                "rows": rows,
                "versions": int(versions),
                "exit": int(report.exit_code),
                "report": report.as_dict(),
                "stages": measured.seconds if measured else {},
            }
        )
    )


if __name__ == "__main__":
    main()
