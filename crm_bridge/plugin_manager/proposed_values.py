"""Whether the model allows a proposed value at its path. Pure.

The value is set into an otherwise silent document, and only what the model says about that very place counts: what else
a whole client would need is the source's affair.
"""

from __future__ import annotations

import re
from typing import Any

from crm_bridge.model import InvalidClient, validate_client

_STEP = re.compile(r"(?P<name>[a-z_]+)(\[(?P<selector>[^\]]+)\])?(\.|$)")


def fits(path: str, value: Any, *, kind: str) -> bool:
    """Whether a client of ``kind`` may have ``value`` at ``path``, a known path without positions."""
    place: list[str] = []
    built: Any = value
    for step in reversed(list(_STEP.finditer(path))):
        selector = step["selector"]
        if selector is not None:
            # Of most lists the selector begins with the item's type, which decides what else it may hold.
            built = [{"type": selector.partition("/")[0], **built} if isinstance(built, dict) else built]
        built = {step["name"]: built}
        place = [step["name"], *(["0"] if selector is not None else []), *place]
    at = ".".join(place)
    try:
        validate_client({"kind": kind, **built})
    except InvalidClient as error:
        return not any(problem.path == at or problem.path.startswith(f"{at}.") for problem in error.problems)
    return True
