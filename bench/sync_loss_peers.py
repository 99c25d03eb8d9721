"""One sync by a peer, both ways: ``bench/sync_loss.py`` starts this in an environment of the peers.

``sync_loss_peers.py PEER FOLDER [URL]`` reads lines: seconds after which the sync is killed, or ``-``. It answers each
with seconds and the exit code. Each sync is a forked process, so that importing the peer is paid once.

Settings are the best that each has for two systems that both change:

- vdirsyncer: two ``filesystem`` storages, one pair, ``conflict_resolution = "a wins"``. By default it stops at each
  conflict; a resolver of one's own sees both sides, and not what they last agreed on.
- dlt: a pipeline for each direction, incremental by the change number, ``merge`` by the shared key, rows deleted by
  ``hard_delete`` from the source's log of deletions.
- drt: for each direction a sync of changed rows (``PUT``) and one of deletions (``DELETE``), incremental by the
  change number.
"""

from __future__ import annotations

import os
import sqlite3
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from doomed import doomed  # found by the line above

COLUMNS = "id, last_name, first_name, birth_date, job_title, home_phone, dish, email, mobile_phone, changed_at"


def vdirsyncer(folder: Path, _url: str) -> Callable[[], None]:
    (folder / "config").write_text(
        f"""[general]
status_path = "{folder}/status"
[pair both]
a = "a"
b = "b"
collections = null
conflict_resolution = "a wins"
[storage a]
type = "filesystem"
path = "{folder}/a"
fileext = ".vcf"
[storage b]
type = "filesystem"
path = "{folder}/b"
fileext = ".vcf"
"""
    )
    from vdirsyncer.cli import app

    def call(*arguments: str) -> None:
        ended = app.main(["-v", "ERROR", "-c", str(folder / "config"), *arguments], standalone_mode=False)
        if ended:
            raise SystemExit(ended)

    doomed(lambda: call("discover"), killed_after=None)
    return lambda: call("sync")


def dlt(folder: Path, _url: str) -> Callable[[], None]:
    os.environ.update(RUNTIME__DLTHUB_TELEMETRY="false", RUNTIME__LOG_LEVEL="CRITICAL")
    import dlt as peer

    @peer.resource(
        name="clients",
        primary_key="id",
        write_disposition={"disposition": "merge", "strategy": "delete-insert"},
        columns={
            **{name: {"data_type": "text"} for name in COLUMNS.split(", ")},
            "is_gone": {"hard_delete": True, "data_type": "bool"},
        },
    )
    def clients(
        source: Path,
        changed_at: Any = peer.sources.incremental("changed_at", initial_value=""),  # noqa: B008  # how dlt has it
    ) -> Iterator[list[dict[str, Any]]]:
        database = sqlite3.connect(source, timeout=30)
        database.row_factory = sqlite3.Row
        since = (changed_at.last_value or "",)
        changed = f"SELECT {COLUMNS}, 0 AS is_gone FROM clients WHERE changed_at > ?"  # names of columns
        gone = "SELECT id, changed_at, 1 AS is_gone FROM gone WHERE changed_at > ?"
        for query in (gone, changed):
            rows = [{**row, "is_gone": bool(row["is_gone"])} for row in map(dict, database.execute(query, since))]
            if rows:
                yield rows
        database.close()

    def one_way(source: str, target: str) -> None:
        place = peer.destinations.sqlalchemy(f"sqlite:///{folder / target}.db", destination_name=target)
        pipeline = peer.pipeline(
            f"{source}_to_{target}", pipelines_dir=str(folder / "dlt"), destination=place, dataset_name="main"
        )
        pipeline.run(clients(folder / f"{source}.db")).raise_on_failed_jobs()

    def both() -> None:
        one_way("a", "b")
        one_way("b", "a")

    def first() -> None:
        """The tables, as dlt makes them."""
        for name in "ab":
            place = peer.destinations.sqlalchemy(f"sqlite:///{folder / name}.db", destination_name=name)
            pipeline = peer.pipeline(f"first_{name}", pipelines_dir=str(folder / "dlt"), destination=place,
                                     dataset_name="main")  # fmt: skip
            pipeline.run([dict.fromkeys(COLUMNS.split(", "), "none")], table_name="clients")
            with sqlite3.connect(folder / f"{name}.db") as database:
                database.execute("DELETE FROM clients")

    doomed(first, killed_after=None)
    return both


def drt(folder: Path, url: str) -> Callable[[], None]:
    os.environ.update(HOME=str(folder), DO_NOT_TRACK="1")
    (folder / ".drt").mkdir()
    (folder / ".drt" / "profiles.yml").write_text(
        "".join(f"{name}:\n  type: sqlite\n  database: {folder / name}.db\n" for name in "ab")
    )
    for source, target in ("ab", "ba"):
        project = folder / f"{source}_to_{target}"
        (project / "syncs").mkdir(parents=True)
        (project / "drt_project.yml").write_text(f"name: {project.name}\nversion: '0.1'\nprofile: {source}\n")
        for name, table, columns, method in (
            ("deletions", "gone", "id, changed_at", "DELETE"),
            ("rows", "clients", COLUMNS, "PUT"),
        ):
            (project / "syncs" / f"{name}.yml").write_text(
                f"""name: {name}
model: "SELECT {columns} FROM {table}"
destination:
  type: rest_api
  url: "{url}/{target}"
  method: {method}
sync:
  mode: incremental
  cursor_field: changed_at
  watermark: {{storage: local, default_value: "0"}}
  batch_size: 100
  rate_limit: {{requests_per_second: 100000}}
  on_error: fail
"""
            )
    from drt.cli.main import app

    def both() -> None:
        for project in ("a_to_b", "b_to_a"):
            os.chdir(folder / project)
            for name in ("deletions", "rows"):
                app(["run", "--select", name, "--quiet"], standalone_mode=False)

    return both


PEERS = {"vdirsyncer": vdirsyncer, "dlt": dlt, "drt": drt}


def main() -> None:
    name, folder, *more = sys.argv[1:]
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # what the peer prints is no answer
    sync = PEERS[name](Path(folder), more[0] if more else "")
    print("ready", file=answers)
    for line in sys.stdin:
        said = line.strip()
        seconds, ended = doomed(sync, killed_after=None if said == "-" else float(said))
        print(seconds, ended, file=answers)


if __name__ == "__main__":
    main()
