"""The echoes of a write as the journal keeps them: what the receipt will make of each unit that it carried."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crm_bridge.sync.claims import Echo


def echoes_to(echoes: Mapping[str, Echo]) -> dict[str, list[Any]]:
    """``echoes``, by unit, for the request of an intent."""
    return {
        unit: [each.origin, each.replaced, each.said, each.seq, each.at, each.shared] for unit, each in echoes.items()
    }


def echoes_from(request: Mapping[str, Any]) -> dict[str, Echo]:
    """The echoes in the request of an intent, as :func:`echoes_to` wrote them."""
    return {
        unit: Echo(origin, tuple(replaced), said, seq, at, *shared)
        for unit, (origin, replaced, said, seq, at, *shared) in request["echoes"].items()
    }
