"""kill -9, anywhere: nothing is lost, nothing happens twice, and two cycles later everything is in step."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

DRIVER = Path(__file__).with_name("crash_driver.py")


@pytest.mark.parametrize("target", ["can be asked", "knows the key of a repeated write"])
def test_a_sync_killed_at_any_commit_or_write_or_at_random_loses_and_repeats_nothing(tmp_path, target):
    """Every point is enumerated: before and after each commit, before and after each write."""
    more = [] if target == "can be asked" else ["--deaf"]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(DRIVER.parent), str(DRIVER.parent.parent)])}

    told = subprocess.run(  # fixed arguments, our own interpreter
        [sys.executable, str(DRIVER), str(tmp_path), *more],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    crashes = [json.loads(line) for line in told.stdout.splitlines()]

    assert [] == [crash for crash in crashes if crash["wrong"]]
    assert {"before writing 1 into a", "after writing 2 into b"} <= {crash["where"] for crash in crashes}
    assert len(crashes) > 25
