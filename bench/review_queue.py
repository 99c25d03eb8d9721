"""What the review queue is worth: how many questions, how many with the answer yes, how many true pairs are not in it.

Runs the whole demo, once on its own sample and, with ``--input``, once on a sample of the clusters of a labelled file,
and prints a table of what it finds about merging and asking.

    python bench/review_queue.py [--input FILE] [--clusters N] [--clients N] [--seed N]
    python bench/review_queue.py --short    60 people, for CI: ends with 1 where a card mixes two people
"""

from __future__ import annotations

import argparse
import csv
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from random import Random

from crm_bridge.demo.input_file import read_input

FIGURES = (
    "records in all",
    "persons in truth",
    "pairs: precision",
    "pairs: recall",
    "cards that mix two people",
    "pairs that wait for a person",
    "questions: answer is yes",
    "questions: precision",
    "true pairs not merged",
    "true pairs not merged that are asked",
    "questions: recall",
    "pairs judged two persons",
)
HEADER = {"id": "unique_id", "cluster": "cluster", "given": "first_name", "family": "surname", "birth_date": "dob"} | {
    name: name for name in ("city", "postal_code", "gender", "job_title", "email", "phone")
}


def sample(file: Path, *, clusters: int, seed: int, into: Path) -> None:
    """Write the records of ``clusters`` clusters of ``file``, drawn by ``seed``, as CSV."""
    records = read_input(file).records
    names = sorted({record.cluster for record in records})
    drawn = set(Random(seed).sample(names, min(clusters, len(names))))  # a repeatable sample, no secret
    with into.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(HEADER.values())
        writer.writerows([getattr(record, name) for name in HEADER] for record in records if record.cluster in drawn)


def run_demo(directory: Path, *arguments: str) -> dict[str, object]:
    """The figures of one demo."""
    command = [sys.executable, "-m", "crm_bridge", "demo", "--json", "--dir", str(directory), *arguments]
    done = subprocess.run(command, check=False, capture_output=True, text=True)  # our own command
    if not done.stdout:
        sys.exit(done.stderr)
    figures: dict[str, object] = json.loads(done.stdout)["figures"]
    return figures


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--input", type=Path, help="a Parquet or CSV file with a cluster column")
    parser.add_argument("--clusters", type=int, default=2500, help="how many of its clusters (default 2,500)")
    parser.add_argument("--clients", type=int, default=1000, help="people of the demo's own sample (default 1,000)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--short", action="store_true", help="60 people of the demo's own sample alone, for CI")
    options = parser.parse_args()
    clients = 60 if options.short else options.clients
    with tempfile.TemporaryDirectory() as folder:
        here = Path(folder)
        columns = {"demo": run_demo(here / "demo", "--clients", str(clients))}
        if options.input is not None and not options.short:
            sample(options.input, clusters=options.clusters, seed=options.seed, into=here / "sample.csv")
            columns[options.input.stem] = run_demo(here / "input", "--input", str(here / "sample.csv"))
    print("| figure |", " | ".join(columns), "|")
    print("|---|", "---|" * len(columns), sep="")
    for figure in FIGURES:
        print(f"| {figure} |", " | ".join(str(found.get(figure, "")) for found in columns.values()), "|")
    return 1 if any(found["cards that mix two people"] for found in columns.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
