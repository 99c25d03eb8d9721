"""What this invented installation holds: components, fields, lists of values and lengths."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from crm_bridge_siebel.shapes import Component, ComponentList

_FLAG = frozenset({"Y", "N"})
_IO = "http://www.siebel.com/xml/{io}/{part}"


@dataclass(frozen=True, slots=True)
class Rules:
    """What a write to one component has to keep.

    Attributes:
        key: the field that names a row.
        required: fields that an insert needs.
        lists_of_values: bounded picklists, as language-independent codes.
        lengths: longest text of a field; ``other_length`` for the rest.
        read_only: fields that no message may set.
    """

    key: str = "Id"
    required: frozenset[str] = frozenset()
    lists_of_values: Mapping[str, frozenset[str]] = field(default_factory=dict)
    lengths: Mapping[str, int] = field(default_factory=dict)
    other_length: int = 100
    read_only: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Kind:
    """One service and the component behind it."""

    name: str
    prefix: str
    io: str
    list_tag: str
    fields: tuple[str, ...]
    children: Mapping[str, tuple[str, ...]]
    rules: Mapping[str, Rules]
    dates: frozenset[str]
    numbers: frozenset[str]
    component: str

    def namespace(self, part: str) -> str:
        """Namespace of the ``Query``, ``Data`` or ``Id`` tree."""
        return _IO.format(io=self.io, part=part)

    def shape(self, part: str) -> ComponentList:
        """The tree of ``part``, as the WSDL has it."""
        space = self.namespace(part)
        ids = part == "Id"
        lists = tuple(
            ComponentList(
                tag=f"ListOf{tag}",
                component=Component(tag=tag, namespace=space, fields=(self.rules[tag].key,) if ids else fields),
            )
            for tag, fields in self.children.items()
        )
        own = ("Id", "ModId") if ids else self.fields
        return ComponentList(
            tag=self.list_tag, component=Component(tag=self.component, namespace=space, fields=own, lists=lists)
        )


CONTACT = Kind(
    name="contact",
    prefix="CRM_Contact_BS",
    io="CRM_Contact_IO",
    list_tag="ListOfCrm_Contact_Io",
    component="Contact",
    fields=(
        "Id", "Created", "Updated", "ModId", "LastName", "FirstName", "MiddleName", "PersonalTitle",
        "FullName", "Gender",
        "BirthDate", "MaritalStatus", "JobTitle", "Status", "PreferredLanguageCode", "PreferredCommunications",
        "TimeZoneName", "IntegrationId", "TaxId", "CellularPhone", "HomePhone", "WorkPhone", "WorkPhoneExtension",
        "EmailAddress", "SuppressAllCalls", "SuppressAllEmails", "SuppressAllMailings", "FavoriteDish",
    ),
    children=MappingProxyType(
        {
            "PersonalAddress": (
                "PersonalAddressId", "PersonalStreetAddress", "PersonalStreetAddress2", "PersonalCity", "PersonalState",
                "PersonalPostalCode", "PersonalCountry",
            ),
            "CommunicationAddress": ("Id", "AlternateEmailAddress"),
            "Child": ("Id", "FirstName", "BirthDate"),
            "Consent": ("Id", "Purpose", "Channel", "Status", "CapturedDate", "FormNumber"),
        }
    ),
    rules=MappingProxyType(
        {
            "Contact": Rules(
                required=frozenset({"LastName"}),
                lists_of_values={
                    "Gender": frozenset({"M", "F", "U"}),
                    "MaritalStatus": frozenset({"Single", "Married", "Divorced", "Widowed"}),
                    "Status": frozenset({"Active", "Inactive", "Prospect"}),
                    "PreferredLanguageCode": frozenset({"UKR", "RUS", "ENU", "POL", "KAZ"}),
                    "PreferredCommunications": frozenset({"Phone", "Cell Phone", "Email", "Mail"}),
                    "SuppressAllCalls": _FLAG,
                    "SuppressAllEmails": _FLAG,
                    "SuppressAllMailings": _FLAG,
                },
                lengths={
                    "LastName": 50, "FirstName": 50, "MiddleName": 50, "PersonalTitle": 15, "JobTitle": 75,
                    "EmailAddress": 50, "CellularPhone": 40, "HomePhone": 40, "WorkPhone": 40, "WorkPhoneExtension": 10,
                    "IntegrationId": 30, "TaxId": 30,
                },
                read_only=frozenset({"FullName"}),
            ),
            "PersonalAddress": Rules(
                key="PersonalAddressId",
                lengths={
                    "PersonalStreetAddress": 200, "PersonalStreetAddress2": 100, "PersonalCity": 50,
                    "PersonalState": 50,
                    "PersonalPostalCode": 30, "PersonalCountry": 50,
                },
            ),
            "CommunicationAddress": Rules(),
            "Child": Rules(required=frozenset({"FirstName"}), lengths={"FirstName": 50}),
            "Consent": Rules(
                required=frozenset({"Purpose", "Channel", "Status"}),
                lists_of_values={
                    "Purpose": frozenset({"Claims", "Service", "Sales", "Survey", "Greeting"}),
                    "Channel": frozenset({"Cell Phone", "Phone", "Email"}),
                    "Status": frozenset({"Granted", "Withdrawn", "Denied"}),
                },
            ),
        }
    ),
    dates=frozenset({"Created", "Updated", "BirthDate"}),
    numbers=frozenset({"ModId"}),
)  # fmt: skip

CLAIM = Kind(
    name="claim",
    prefix="CRM_Claim_BS",
    io="CRM_Claim_IO",
    list_tag="ListOfCrm_Claim_Io",
    component="Claim",
    fields=(
        "Id", "Created", "Updated", "ModId", "ClaimNumber", "PolicyNumber", "ContactId", "Status", "RegisteredDate",
        "PaymentOrder", "PaymentDate", "PaymentAmount", "PaymentCurrency",
    ),
    children=MappingProxyType({"Document": ("Id", "Name")}),
    rules=MappingProxyType({"Claim": Rules(), "Document": Rules()}),
    dates=frozenset({"Created", "Updated", "RegisteredDate", "PaymentDate"}),
    numbers=frozenset({"ModId", "PaymentAmount"}),
)  # fmt: skip

CATALOGUE: Mapping[str, Kind] = MappingProxyType({kind.name: kind for kind in (CONTACT, CLAIM)})
