"""One run of dlt over the same listing, in its own environment: ``bench/inbound.py`` starts it. Needs nothing of ours.

Arguments: the call centre's address, the working directory, ``full`` or ``incremental``, and the destination. Settings
are those at which dlt was fastest here: whole pages yielded, rows parsed by orjson, parquet into DuckDB, CSV into
PostgreSQL, merge by ``upsert`` with a primary key. Prints one line of JSON: CPU seconds of the run alone, without
PostgreSQL's own.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

os.environ.update(
    RUNTIME__DLTHUB_TELEMETRY="false",
    RUNTIME__LOG_LEVEL="CRITICAL",
    DATA_WRITER__BUFFER_MAX_ITEMS="20000",
    NORMALIZE__DATA_WRITER__DISABLE_COMPRESSION="true",
    LOAD__DELETE_COMPLETED_JOBS="true",
)

import dlt
import orjson
import requests

PAGE = 1000
FILE_FORMATS = {"duckdb": "parquet", "postgres": "csv"}


def cpu_seconds() -> float:
    """User and system time of this process, its threads, and its children so far."""
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def pages(url: str, since: str | None) -> Iterator[list[dict[str, Any]]]:
    """The listing, a page at a time, over one connection."""
    with requests.Session() as session:
        session.trust_env = False
        session.headers["accept-encoding"] = "identity"
        following: str | None = f"/api/v1/clients?limit={PAGE}"
        if since:
            following = f"{following}&updated_since={since}"
        while following:
            said = orjson.loads(session.get(url + following, timeout=30).content)
            if said["clients"]:
                yield said["clients"]
            following = said["next"]


def resource_of(url: str, mode: str) -> Any:
    """The clients as a resource that merges by id."""
    settings: dict[str, Any] = {
        "name": "clients",
        "primary_key": "id",
        "write_disposition": {"disposition": "merge", "strategy": "upsert"},
    }
    if mode == "full":
        return dlt.resource(pages(url, None), **settings)

    @dlt.resource(**settings)
    def clients(updated_at: Any = dlt.sources.incremental("updated_at")) -> Iterator[Any]:  # noqa: B008  # how dlt has it
        yield from pages(url, updated_at.last_value)

    return clients


def destination_of(name: str, directory: Path) -> Any:
    """Where the rows go: a file of DuckDB, or the server that ``POSTGRES`` names."""
    if name == "duckdb":
        return dlt.destinations.duckdb(str(directory / "clients.duckdb"))
    return dlt.destinations.postgres(os.environ["POSTGRES"])


def main() -> None:
    """Run once."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("url")
    parser.add_argument("directory", type=Path)
    parser.add_argument("mode", choices=["full", "incremental"])
    parser.add_argument("destination", choices=list(FILE_FORMATS))
    asked = parser.parse_args()
    pipeline = dlt.pipeline(
        f"bench_{asked.destination}",
        pipelines_dir=str(asked.directory),
        destination=destination_of(asked.destination, asked.directory),
        dataset_name=f"clients_{asked.directory.name.replace('-', '_')}",
    )
    begun, started = cpu_seconds(), time.perf_counter()
    told = pipeline.run(resource_of(asked.url, asked.mode), loader_file_format=FILE_FORMATS[asked.destination])
    spent, took = cpu_seconds() - begun, time.perf_counter() - started
    told.raise_on_failed_jobs()
    with pipeline.sql_client() as client:
        rows = client.execute_sql("SELECT count(*), sum(version) FROM clients")[0]
    print(json.dumps({"cpu": spent, "wall": took, "rows": int(rows[0]), "versions": int(rows[1])}))


if __name__ == "__main__":
    main()
