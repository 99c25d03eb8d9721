"""The systems that the bridge stands between, as processes of their own."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from town import Town  # found by the line above


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    """Both simulators, configured, nobody in them."""
    opened = Town(tmp_path)
    try:
        opened.configure(siebel=opened.start("siebel"), callcenter=opened.start("callcenter"))
        yield opened
    finally:
        opened.end()
