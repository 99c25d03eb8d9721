"""EAI UI Data Adapter: paging by attributes of the containers, and the query's template is the projection."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from crm_bridge_siebel.conditions import Condition, spec_text
from crm_bridge_siebel.dialects.seam import Call, Modes, said_by_modes, spelled, wrapped
from crm_bridge_siebel.query import Query
from crm_bridge_siebel.shapes import SYSTEM_FIELDS, Component, ServiceShape


@dataclass(frozen=True, slots=True)
class UiDataAdapter:
    """The dialect of ``WC_Contacts_BS``, ``SelfService…`` and of our own services."""

    shape: ServiceShape
    sortable: bool = True
    paged: bool = True

    def said_as(self, condition: Condition) -> str:
        """The search specification of the component."""
        return _specification(condition, self.shape.query.component)

    def question(self, query: Query, *, modes: Modes) -> Call:
        """QueryPage with a template."""
        said = {"lovlanguagemode": modes.language, "viewmode": modes.view, "executionmode": "ForwardOnly"}
        tree = wrapped(self.shape.query, arguments(query, self.shape))
        return Call("QueryPage", tree | said_by_modes(self.shape, "QueryPage", said, modes=modes))

    def writing(self, method: str, rows: Sequence[Mapping[str, Any]], *, modes: Modes) -> Call:
        """Insert, Update, Delete or Execute."""
        component = self.shape.data.component
        said = {"lovlanguagemode": modes.language, "viewmode": modes.view}
        tree = wrapped(self.shape.data, {component.tag: [spelled(row, component.tags) for row in rows]})
        return Call(method, tree | said_by_modes(self.shape, method, said, modes=modes))


def arguments(query: Query, shape: ServiceShape) -> dict[str, Any]:
    """``query`` as the tree that QueryPage takes. A field that is not asked for does not come back."""
    component = shape.query.component
    held = frozenset(shape.data.component.fields)
    available = [name for name in component.fields if name in held]
    wanted = [name for name in available if name in SYSTEM_FIELDS] if query.keys_only else available
    sequence = {name: str(number) for number, name in enumerate(query.sort, start=1)}
    order = "DESC" if query.descending else "ASC"
    row: dict[str, Any] = {component.tags.get(name, name): _asked(sequence.get(name), order) for name in wanted}
    for child in component.lists:
        if not query.keys_only or child.tag in query.children:
            row[child.tag] = _children(child.component, query, paged="pagesize" in child.attributes)
    if not query.keys_only:
        row |= _direct(component, query)
    if query.searchspec is not None:
        row["searchspec"] = _specification(query.searchspec, component)
    return {"pagesize": query.page_size, "startrownum": query.start_row, component.tag: row}


def _specification(condition: Condition, component: Component) -> str:
    return spec_text(condition, named=lambda name: component.tags.get(name, name))


def _asked(sequence: str | None, order: str) -> Mapping[str, str] | str:
    return "" if sequence is None else {"_value_1": "", "sortorder": order, "sortsequence": sequence}


def _children(component: Component, query: Query, *, paged: bool) -> dict[str, Any]:
    row: dict[str, Any] = dict.fromkeys(component.fields, "")
    for child in component.lists:
        row[child.tag] = _children(child.component, query, paged="pagesize" in child.attributes)
    row |= _direct(component, query)
    pages = {"pagesize": query.child_page_size, "startrownum": query.child_start} if paged else {}
    return {**pages, component.tag: row}


def _direct(component: Component, query: Query) -> dict[str, Any]:
    """Components without a container."""
    return {each.tag: _children(each, query, paged=False)[each.tag] for each in (*component.parts, *component.rows)}
