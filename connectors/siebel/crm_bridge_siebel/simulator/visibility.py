"""Which rows a user sees, by ViewMode and position. Rows that are not seen are missing without a word.

A row belongs to one organization and to the positions of its team; rows that nobody was assigned belong to the
integration user's. Assignments are kept with the row under names that no service publishes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crm_bridge_siebel.simulator.knobs import Knobs
from crm_bridge_siebel.simulator.refusals import RefusalError
from crm_bridge_siebel.simulator.searchspec import Predicate
from crm_bridge_siebel.simulator.sessions import ANONYMOUS, Caller

ORGANIZATION = ".Organization"
POSITIONS = ".Positions"
_ALL = frozenset({"All", "Catalog"})
_BY_ORGANIZATION = frozenset({"Organization", "Sub-Organization", "Group"})
_BY_POSITION = frozenset({"Sales Rep", "Manager", "Personal"})

Row = Mapping[str, Any]


def visible_to(caller: Caller, *, mode: str, knobs: Knobs) -> Predicate | None:
    """A test of rows; ``None``: the user sees all. Rows that nobody was assigned are the integration user's.

    Raises:
        RefusalError: a ViewMode that there is not.
    """
    mode = mode or knobs.text("default_view_mode")
    if mode not in _ALL | _BY_ORGANIZATION | _BY_POSITION:
        raise RefusalError("SBL-EAI-04316", f"ViewMode '{mode}' is not known")
    if caller.user == ANONYMOUS:
        return lambda _row: False
    if mode in _ALL and knobs.on("all_sees_all"):
        return None
    if mode in _BY_POSITION:
        ours = knobs.text("user_position")
        position = caller.position or ours
        return lambda row: position in row.get(POSITIONS, (ours,))
    our_own = knobs.text("user_organization")
    organization = caller.organization or our_own
    return lambda row: bool(row.get(ORGANIZATION, our_own) == organization)
