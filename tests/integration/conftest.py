"""The whole engine over a real store, between systems that live in memory."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from memory_world import World  # found by the line above


@pytest.fixture
def world(tmp_path):
    """Three systems, ``a`` the most trusted; nothing in them yet."""
    return World(tmp_path)
