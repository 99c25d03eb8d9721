"""What a simulator is built from: a real HTTP server on loopback, failure knobs, and state that survives the process.

A part of the second door for those who write a :class:`crm_bridge.api.Simulator` of their own system. It stands by
itself, so that who inherits contract suites loads no server.
"""

from __future__ import annotations

from crm_bridge.testing.simulation.knobs import Knobs, KnobValue
from crm_bridge.testing.simulation.loopback import Asked, LoopbackServer, Reply, as_json
from crm_bridge.testing.simulation.shelf import Shelf, kept_secret

__all__ = ["Asked", "KnobValue", "Knobs", "LoopbackServer", "Reply", "Shelf", "as_json", "kept_secret"]
