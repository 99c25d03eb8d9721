"""Business objects and components as REST names them: fields by their own names, with spaces and signs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from crm_bridge_siebel.simulator.catalogue import CHILD_SYSTEM, CLAIM, CONTACT, Kind
from crm_bridge_siebel.simulator.refusals import RefusalError

_WORDS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_OWN_NAMES: Mapping[str, str] = MappingProxyType(
    {
        "CellularPhone": "Cellular Phone #", "HomePhone": "Home Phone #", "WorkPhone": "Work Phone #", "Gender": "M/F",
        "PersonalTitle": "M/M",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Resource:
    """One business component. ``tags`` is from field name to tag; ``key`` the tag of its row id."""

    name: str
    tag: str
    kind: Kind
    key: str
    tags: Mapping[str, str]
    children: tuple[str, ...] = ()
    writable: bool = True

    @property
    def names(self) -> tuple[str, ...]:
        """Its fields' names."""
        return tuple(self.tags)

    def tag_of(self, name: str) -> str:
        """The tag of a field.

        Raises:
            RefusalError: there is no such field.
        """
        if name not in self.tags:
            raise RefusalError("SBL-DAT-00398", f"Field '{name}' does not exist in definition for '{self.name}'")
        return self.tags[name]


def named(tag: str) -> str:
    """The own name of a field or component with this tag."""
    return _OWN_NAMES.get(tag) or _WORDS.sub(" ", tag)


def child_resource(parent: Resource, name: str) -> Resource | None:
    """The child component ``name`` of ``parent``."""
    tag = next((tag for tag in parent.kind.children if named(tag) == name), None)
    if tag is None:
        return None
    key = parent.kind.rules[tag].key
    fields = (*parent.kind.children[tag], *CHILD_SYSTEM)
    tags = {"Id" if field == key else named(field): field for field in fields}
    return Resource(name=name, tag=tag, kind=parent.kind.of_child(tag), key=key, tags=tags, writable=parent.writable)


def _resource(kind: Kind, *, writable: bool) -> Resource:
    return Resource(
        name=kind.component,
        tag=kind.component,
        kind=kind,
        key="Id",
        tags={named(field): field for field in (*kind.fields, *kind.hidden)},
        children=tuple(named(tag) for tag in kind.children),
        writable=writable,
    )


RESOURCES: Mapping[tuple[str, str], Resource] = MappingProxyType(
    {
        ("Contact", "Contact"): _resource(CONTACT, writable=True),
        ("Claim", "Claim"): _resource(CLAIM, writable=False),
    }
)
