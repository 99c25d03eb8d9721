"""An SMS gateway to try the bridge with: Kannel's HTTP contract on loopback, built from documents; it sends nothing."""

from __future__ import annotations

from .gateway import SIMULATOR, SmsGatewaySimulator

__all__ = ["SIMULATOR", "SmsGatewaySimulator"]
