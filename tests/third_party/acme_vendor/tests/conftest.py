"""Where acme-vendor is not installed, its tests run against its source."""

import importlib.util
import sys
from pathlib import Path

if importlib.util.find_spec("acme_vendor") is None:
    sys.path.insert(0, str(Path(__file__).parents[1] / "src"))
