"""Systems in miniature, and makers of claims: so that a test reads as what was said where, in which order."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
