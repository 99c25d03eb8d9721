"""An agency to try the bridge with: two folders and somebody at the other end, built from documents."""

from __future__ import annotations

from .agency import SIMULATOR, AgencySimulator

__all__ = ["SIMULATOR", "AgencySimulator"]
