"""kill -9, anywhere: nothing is lost, nothing happens twice, and two cycles later everything is in step.

Every point of the sync is tried; of the other scenarios a few, drawn by chance, and every one with
``CRM_BRIDGE_CRASHES=all``.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ALL = os.environ.get("CRM_BRIDGE_CRASHES") == "all"


def crashes(folder, *asked):
    told = subprocess.run(  # fixed arguments, our own interpreter
        [sys.executable, str(HERE / "crash_driver.py"), str(folder), *asked],
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(HERE), str(HERE.parent)])},
        capture_output=True,
        text=True,
        timeout=1800 if ALL else 300,
        check=True,
    )
    return [json.loads(line) for line in told.stdout.splitlines()]


@pytest.mark.parametrize("target", ["can be asked", "knows the key of a repeated write"])
def test_a_sync_killed_at_any_commit_or_write_or_at_random_loses_and_repeats_nothing(tmp_path, target):
    """Every point is enumerated: before and after each commit, before and after each write."""
    more = [] if target == "can be asked" else ["--deaf"]
    found = crashes(tmp_path, "edits on two sides and a create", *more)

    assert [] == [crash for crash in found if crash["wrong"]]
    assert {"before writing 1 into a", "after writing 2 into b"} <= {crash["where"] for crash in found}
    assert len(found) > 25


def test_where_nobody_can_tell_a_kill_leaves_unknown_what_was_under_way_and_no_more(tmp_path):
    """The rest of the batch had not left: it is sent by the next run, and no person is asked about it."""
    found = crashes(tmp_path, "creates that nobody can tell of", "--deaf")

    assert [] == [crash for crash in found if crash["wrong"]]
    assert 4 == sum(crash["where"] == "after writing 1 into b" for crash in found)


MIDDLES = {
    "a deletion that spreads": "after writing 1 into b",
    "a deletion that an edit beats": "after writing 1 into a",
    "a merge": "after writing 1 into b",
    "an SMS": "after sending by a",
    "an undo": "after writing 1 into a",
}


@pytest.fixture(scope="module")
def found_in_the_middle(tmp_path_factory):
    """All of them in one process, which has not to be started for each."""
    return crashes(tmp_path_factory.mktemp("crashes"), *MIDDLES, *([] if ALL else ["--sample", "3"]))


@pytest.mark.parametrize(("scenario", "point"), MIDDLES.items())
def test_whatever_is_killed_in_the_middle_ends_as_if_it_had_not_been(found_in_the_middle, scenario, point):
    """A deletion, a merge, a message, an undo; who asked for it asks again, where a person did."""
    found = [crash for crash in found_in_the_middle if crash["scenario"] == scenario]

    assert [] == [crash for crash in found if crash["wrong"]]
    assert not ALL or point in {crash["where"] for crash in found}
    assert len(found) >= (20 if ALL else 3)
