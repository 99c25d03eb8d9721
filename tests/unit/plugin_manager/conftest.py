"""Entry points name importable modules, so the plugins of these tests are made importable by their own name."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
