"""ASI and EAI Siebel Adapter: arguments are elements, and which there are, each site has published for itself.

So everything is found in the types: a search specification as an argument, as an attribute of the component, or not at
all, and then the query goes by example; pages by ``PageSize`` and ``StartRowNum``, or one answer with everything.
Workflows and custom services are asked in the same way, by whatever arguments they have.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from crm_bridge_siebel.conditions import Compare, Condition, example_of, spec_text
from crm_bridge_siebel.dialects.seam import Call, Modes, purposes, said_by_modes, spelled, wrapped
from crm_bridge_siebel.query import Query
from crm_bridge_siebel.shapes import ROW_ID, UPDATED, Component, ServiceShape

# Names of integration component fields that differ from their tags; the site's own come from the settings.
USUAL_NAMES: Mapping[str, str] = MappingProxyType(
    {"ModId": "Mod Id", "ConflictId": "Conflict Id", "IntegrationId": "Integration Id"}
)
# Fields whose name is their tag everywhere: these may stand in a specification without knowing the repository.
_CERTAIN = frozenset({ROW_ID, UPDATED})
_OPERATION = "operation"


@dataclass(frozen=True, slots=True)
class SiebelAdapter:
    """The dialect of ``SWIContactServices`` and of what is asked like it.

    Attributes:
        names: names of integration component fields, by tag, as they stand in search specifications.
    """

    shape: ServiceShape
    names: Mapping[str, str] = field(default_factory=dict)

    @property
    def paged(self) -> bool:
        """Whether pages can be asked for."""
        return {"pagesize", "startrownum"} <= self._published

    @property
    def sortable(self) -> bool:
        """Whether an order and a window over keys can be asked for; both are needed for windows."""
        return self.paged and "sortspec" in self._published and self._specified

    def said_as(self, condition: Condition) -> str:
        """A search specification, or the fields of an example."""
        said: dict[str, str] = {}
        return " ".join([*self._condition(condition, said).values(), *said.values()])

    def question(self, query: Query, *, modes: Modes) -> Call:
        """QueryPage, QueryByExample or the site's own operation."""
        said = {
            "pagesize": str(query.page_size),
            "startrownum": str(query.start_row),
            "viewmode": modes.view,
            "lovlanguagemode": modes.language,
            # The default keeps what it passed in memory and gives up at 10,000 rows (SBL-DAT-00500).
            "executionmode": "ForwardOnly",
            "newquery": "true",  # a cached query belongs to a session, and we read the rest by key
            "utccanonical": "Y",
        }
        if query.sort:
            order = "DESCENDING" if query.descending else "ASCENDING"
            said["sortspec"] = ", ".join(f"[{self._named(name)}]({order})" for name in query.sort)
        row: dict[str, Any] = _template(self.shape.query.component) if modes.template else {}
        if query.searchspec is not None:
            row |= self._condition(query.searchspec, said)
        arguments: dict[str, Any] = said_by_modes(self.shape, "QueryPage", said, modes=modes)
        if self._has_example:
            component = self.shape.query.component
            arguments |= wrapped(self.shape.query, {component.tag: spelled(row, component.tags)})
        return Call("QueryPage", arguments)

    def writing(self, method: str, rows: Sequence[Mapping[str, Any]], *, modes: Modes) -> Call:
        """Insert, InsertOrUpdate, Delete, or what the settings name."""
        component = self.shape.data.component
        if _OPERATION not in component.attributes:
            # Where the component takes no operation, the method says it.
            rows = [{name: value for name, value in row.items() if name != _OPERATION} for row in rows]
        said = {"viewmode": modes.view, "lovlanguagemode": modes.language}
        tree = wrapped(self.shape.data, {component.tag: [spelled(row, component.tags) for row in rows]})
        return Call(method, tree | said_by_modes(self.shape, method, said, modes=modes))

    def _condition(self, condition: Condition, said: dict[str, str]) -> Mapping[str, str]:
        """Where the condition stands: in ``said`` as an argument, or in what is returned for the component."""
        example = example_of(condition) if self._has_example else None
        fields = self.shape.query.component.fields
        fits = example is not None and all(name in fields for name in example)
        if example is not None and fits and not (self._specified and _names(condition) <= _CERTAIN):
            return example
        if "searchspec" in self._published:
            said["searchspec"] = spec_text(condition, named=self._named)
            return {}
        if self._by_attribute:
            return {"searchspec": spec_text(condition, named=self._named)}
        # What cannot be said is left to whoever reads: more rows come than were asked for.
        return example if example is not None and fits else {}

    def _named(self, name: str) -> str:
        component = self.shape.data.component
        tag = component.tags.get(name, name)
        return f"{component.tag}.{self.names.get(tag, USUAL_NAMES.get(tag, tag))}"

    @property
    def _published(self) -> set[str]:
        return set(purposes(self.shape, "QueryPage"))

    @property
    def _specified(self) -> bool:
        return "searchspec" in self._published or self._by_attribute

    @property
    def _by_attribute(self) -> bool:
        return self._has_example and "searchspec" in self.shape.query.component.attributes

    @property
    def _has_example(self) -> bool:
        """Whether the query takes an instance of the integration object at all."""
        return bool(self.shape.query.component.tag)


def _template(component: Component) -> dict[str, Any]:
    row: dict[str, Any] = dict.fromkeys(component.fields, "")
    for child in component.lists:
        row[child.tag] = {child.component.tag: _template(child.component)}
    for direct in (*component.parts, *component.rows):
        row[direct.tag] = _template(direct)
    return row


def _names(condition: Condition) -> set[str]:
    if isinstance(condition, Compare):
        return {condition.name}
    return {name for part in condition.parts for name in _names(part)}
