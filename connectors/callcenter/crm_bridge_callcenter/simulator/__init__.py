"""A call centre to try the bridge with: a real server on loopback, built from documents, not from a living system."""

from __future__ import annotations

from .callcenter import SIMULATOR, CallCenterSimulator

__all__ = ["SIMULATOR", "CallCenterSimulator"]
