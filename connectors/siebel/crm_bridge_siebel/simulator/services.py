"""The Web services that this invented installation publishes: the same data in Siebel's three dialects.

Which dialect has which operations and arguments is after the WSDLs that were seen; names and namespaces are our own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from crm_bridge_siebel.simulator.catalogue import CHILD_SYSTEM, CLAIM, CONTACT, Kind

UI_DATA_ADAPTER = "ui_data_adapter"
ASI = "asi"
WORKFLOW = "workflow"
DIALECTS = (UI_DATA_ADAPTER, ASI, WORKFLOW)

_CUSTOM = "http://siebel.com/CustomUI"
_INTERFACE = "http://www.siebel.com/xml/CRM%20Contact%20Interface"


@dataclass(frozen=True, slots=True)
class Tree:
    """One component of a service's integration object: its fields in order, and its child containers."""

    tag: str
    fields: tuple[str, ...]
    children: tuple[Tree, ...] = ()


@dataclass(frozen=True, slots=True)
class Service:
    """One published service.

    Attributes:
        name: of service, port and binding.
        file: its WSDL, in the folder ``wsdl`` and as ``?WSDL=``.
        prefix: what its operations' names begin with.
        space: namespace of its operations.
        list_tag: the outermost container.
        spaces: namespace of the trees ``Query``, ``Data`` and ``Id``; one of all where the dialect has but one.
        typed: its schema has dates, booleans and numbers; else everything is a string.
        full: it publishes every system field, also of child rows.
    """

    name: str
    file: str
    kind: Kind
    dialect: str
    prefix: str
    space: str
    list_tag: str
    spaces: Mapping[str, str]
    methods: tuple[str, ...]
    typed: bool = False
    full: bool = False

    def tree(self, part: str) -> Tree:
        """The integration object's tree, as the WSDL has it. ``Id`` holds keys alone."""
        kind = self.kind
        if part == "Id":
            keys = tuple(Tree(tag, (kind.rules[tag].key,)) for tag in kind.children)
            return Tree(kind.component, ("Id", "ModId"), keys)
        return Tree(kind.component, tuple(self._fields()), tuple(self._child(tag) for tag in kind.children))

    def operations(self) -> Iterator[tuple[str, str]]:
        """The name of each operation, and its method."""
        return ((f"{self.prefix}{method}", method) for method in self.methods)

    def _fields(self) -> Iterator[str]:
        for name in self.kind.fields:
            yield name
            if self.full and name == "ModId":
                yield from self.kind.hidden

    def _child(self, tag: str) -> Tree:
        fields = self.kind.children[tag]
        return Tree(tag, (fields[0], *CHILD_SYSTEM, *fields[1:]) if self.full else fields)


def _adapter(kind: Kind, name: str, *, file: str, methods: tuple[str, ...], typed: bool = False) -> Service:
    io = f"{name.removesuffix('_BS')}_IO"
    return Service(
        name=name,
        file=file,
        kind=kind,
        dialect=UI_DATA_ADAPTER,
        prefix=name,
        space=_CUSTOM,
        list_tag=f"ListOf{io.title()}",
        spaces=MappingProxyType({part: f"http://www.siebel.com/xml/{io}/{part}" for part in ("Query", "Data", "Id")}),
        methods=methods,
        typed=typed,
        full=typed,
    )


_WRITES = ("Insert", "Update", "Delete", "Execute")

CONTACT_BS = _adapter(CONTACT, "CRM_Contact_BS", file="contact", methods=("QueryPage", *_WRITES))
CLAIM_BS = _adapter(CLAIM, "CRM_Claim_BS", file="claim", methods=("QueryPage",))
TYPED_BS = _adapter(CONTACT, "CRM_Contact_Typed_BS", file="contact_typed", methods=("QueryPage", *_WRITES), typed=True)
CONTACT_ASI = Service(
    name="CRM_spcContact_spcServices",
    file="contact_asi",
    kind=CONTACT,
    dialect=ASI,
    prefix="CRMContactServices",
    space="http://siebel.com/asi/",
    list_tag="ListOfCrmContactInterface",
    spaces=MappingProxyType(dict.fromkeys(("Query", "Data", "Id"), _INTERFACE)),
    methods=(
        "QueryByExample", "QueryById", "QueryPage", "Insert", "Update", "InsertOrUpdate", "Synchronize", "Delete",
    ),
    full=True,
)  # fmt: skip
CONTACT_WORKFLOW = Service(
    name="CRM_spcContact_spcProcess",
    file="contact_workflow",
    kind=CONTACT,
    dialect=WORKFLOW,
    prefix="CRM_spcContact_spc",
    space=_CUSTOM,
    list_tag="ListOfCrmContactInterface",
    spaces=MappingProxyType(dict.fromkeys(("Query", "Data", "Id"), _INTERFACE)),
    methods=("Query", "Upsert", "Synchronize"),
    full=True,
)

SERVICES: tuple[Service, ...] = (CONTACT_BS, CLAIM_BS, TYPED_BS, CONTACT_ASI, CONTACT_WORKFLOW)
BY_FILE: Mapping[str, Service] = MappingProxyType({service.file: service for service in SERVICES})
