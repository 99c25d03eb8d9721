"""One kind as REST shows it: where it is, what its fields are called, its pages, and how one record stands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from crm_bridge.api import ConfigMistake, OutcomeUnknown
from crm_bridge_siebel.conditions import Compare, spec_text
from crm_bridge_siebel.faults import Fault, SiebelFaultError
from crm_bridge_siebel.rest_answers import NotFoundError
from crm_bridge_siebel.rest_calls import RestCalls, RestSite, segment
from crm_bridge_siebel.rest_names import FieldNames, names_for, split
from crm_bridge_siebel.settings import RestKind
from crm_bridge_siebel.shapes import INTEGRATION_ID, ROW_ID, SYSTEM_FIELDS, Component


class RestResource:
    """``component`` tells which tags there are; a row of the site tells their field names."""

    def __init__(self, site: RestSite, component: Component, given: RestKind, *, kind: str) -> None:
        self.site = site
        self.component = component
        self.kind = kind
        self._given = given
        self._proved = False  # a row was seen, so the names of object and component are right
        self._names: FieldNames | None = None
        self._child_names: dict[str, FieldNames] = {}
        name = given.component or component.tag
        self.calls = RestCalls(site, f"/data/{segment(given.business_object or name)}/{segment(name)}", kind)

    def names(self) -> FieldNames:
        """Field names, as far as they are known."""
        if self._names is not None and not self._names.guessed:
            return self._names
        try:
            rows = self.calls.get("", self._one_of_all())
        except NotFoundError:
            rows = []
        self._proved = self._proved or bool(rows)
        self._names = names_for(self.component, given=self._given.fields, seen=rows[0].keys() if rows else None)
        return self._names

    def names_so_far(self) -> FieldNames:
        """Field names without asking for any."""
        return self._names or names_for(self.component, given=self._given.fields, seen=None)

    def missing(self, tags: frozenset[str]) -> Sequence[str]:
        """Those of ``tags`` that have no field here, as far as a row has shown, and that nobody left out."""
        missing = self.names().missing & tags
        return sorted(missing - {tag for tag, name in self._given.fields.items() if not name})

    def names_of_child(self, component: Component, rows: Sequence[Mapping[str, Any]]) -> FieldNames:
        """Field names of a child component, learned from ``rows``."""
        known = self._child_names.get(component.tag)
        if known is None or (known.guessed and rows):
            given = self._given.child_fields.get(component.tag, {})
            known = names_for(component, given=given, seen=rows[0].keys() if rows else None)
            self._child_names[component.tag] = known
        return known

    def child(self, container: str) -> str:
        """What the child component of ``container`` is called; empty: it is not here."""
        named = self._given.children.get(container)
        return named if named is not None else split(container.removeprefix("ListOf"))

    def page(self, asked: Mapping[str, str], *, size: int, start: int) -> list[dict[str, Any]]:
        """One page of rows; none where there are none.

        Raises:
            ConfigMistake: there is no such object.
            SiebelFaultError, OutcomeUnknown, UnreadableAnswer, CredentialsRefused: see rest_answers.
        """
        try:
            return self.calls.get("", {**asked, "PageSize": str(size), "StartRowNum": str(start)})
        except NotFoundError:
            if self._proved:
                return []
        # Siebel says 404 for an empty result as well as for a wrong name: only a look at the whole tells.
        try:
            self.calls.get("", self._one_of_all())
        except NotFoundError:
            if not self.calls.is_described():
                raise ConfigMistake(
                    f"{self.site.system}: {self.kind}: REST finds nothing at {self.calls.place} and does not "
                    f"describe it: the names are wrong (name business_object and component under rest.{self.kind}; "
                    f"{self.site.base}/data/describe lists those that there are), or it is empty for this login"
                ) from None
            self._proved = True
        return []

    def stand(self, record_id: str, *, absent: Fault | None = None) -> dict[str, str]:
        """The system fields and IntegrationId of a record; none where they cannot be told.

        Args:
            absent: the fault where there is no such record.
        """
        names = self.names()
        fields = [names.name_of[tag] for tag in (*SYSTEM_FIELDS, INTEGRATION_ID) if tag in names.name_of]
        asked = {
            "uniformresponse": "y",
            "ViewMode": self.site.view_mode,
            "childlinks": "None",
            "fields": ",".join(fields),
            "searchspec": spec_text(Compare(ROW_ID, "=", record_id), named=lambda _: "Id"),
        }
        try:
            rows = self.page(asked, size=1, start=0)
        except (SiebelFaultError, OutcomeUnknown):
            if absent is not None:
                raise
            return {}
        if not rows and absent is not None:
            raise SiebelFaultError(absent)
        return names.record(rows[0]) if rows else {}

    def _one_of_all(self) -> dict[str, str]:
        return {"uniformresponse": "y", "PageSize": "1", "ViewMode": self.site.view_mode}
