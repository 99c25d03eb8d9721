"""What this invented installation holds: components, fields, types, lists of values and lengths."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

_FLAG = frozenset({"Y", "N"})
CHILD_SYSTEM = ("Created", "Updated", "ModId")
"""What Siebel keeps of a child row beside its key. Only some services publish it."""

PRIMARY = ".Primary"
"""Where a child row keeps whether it is the primary of its set; without such a row, the first is."""

_SYSTEM_TYPES: Mapping[str, str] = MappingProxyType(
    {
        "Created": "datetime",
        "Updated": "datetime",
        "ModId": "integer",
        "ConflictId": "text",
        "MergeSequenceNumber": "integer",
    }
)


@dataclass(frozen=True, slots=True)
class Rules:
    """What one component's fields are, and what a write to it has to keep.

    Attributes:
        key: the field that names a row.
        required: fields that an insert needs.
        lists_of_values: bounded picklists, as language-independent codes.
        lengths: longest text of a field; ``other_length`` for the rest.
        read_only: fields that no message may set.
        types: of a field: ``datetime``, ``date``, ``boolean``, ``integer`` or ``decimal``; all others are ``text``.
    """

    key: str = "Id"
    required: frozenset[str] = frozenset()
    lists_of_values: Mapping[str, frozenset[str]] = field(default_factory=dict)
    lengths: Mapping[str, int] = field(default_factory=dict)
    other_length: int = 100
    read_only: frozenset[str] = frozenset()
    types: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Kind:
    """One business component with its child components.

    Attributes:
        fields: those of the plainest service, in the order of its WSDL; the simulator's records have these.
        mvgs: child components of which one row is the primary.
        hidden: system fields that only the services with a full set of them publish.
    """

    name: str
    component: str
    fields: tuple[str, ...]
    children: Mapping[str, tuple[str, ...]]
    rules: Mapping[str, Rules]
    hidden: tuple[str, ...] = ("CreatedBy", "UpdatedBy", "ConflictId")
    mvgs: frozenset[str] = frozenset()

    def type_of(self, name: str) -> str:
        """The type of the component's own field ``name``."""
        return _SYSTEM_TYPES.get(name) or self.rules[self.component].types.get(name, "text")

    @property
    def searchable(self) -> frozenset[str]:
        """Fields that a search specification may name."""
        return frozenset((*self.fields, *self.hidden))

    @property
    def dates(self) -> frozenset[str]:
        """Fields that compare by time."""
        return frozenset(name for name in self.searchable if self.type_of(name) in {"datetime", "date"})

    @property
    def numbers(self) -> frozenset[str]:
        """Fields that compare by size."""
        return frozenset(name for name in self.searchable if self.type_of(name) in {"integer", "decimal"})

    def of_child(self, tag: str) -> Kind:
        """The child component ``tag`` seen by itself."""
        return Kind(
            name=self.name,
            component=tag,
            fields=self.children[tag],
            children={},
            rules={tag: self.rules[tag]},
            hidden=tuple(name for name in CHILD_SYSTEM if name not in self.children[tag]),
        )


CONTACT = Kind(
    name="contact",
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
                types={
                    "BirthDate": "date", "SuppressAllCalls": "boolean", "SuppressAllEmails": "boolean",
                    "SuppressAllMailings": "boolean",
                },
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
            "Child": Rules(
                required=frozenset({"FirstName"}), lengths={"FirstName": 50}, types={"BirthDate": "date"},
            ),
            "Consent": Rules(
                required=frozenset({"Purpose", "Channel", "Status"}),
                lists_of_values={
                    "Purpose": frozenset({"Claims", "Service", "Sales", "Survey", "Greeting"}),
                    "Channel": frozenset({"Cell Phone", "Phone", "Email"}),
                    "Status": frozenset({"Granted", "Withdrawn", "Denied"}),
                },
                types={"CapturedDate": "datetime"},
            ),
        }
    ),
    hidden=("CreatedBy", "UpdatedBy", "ConflictId", "MergeSequenceNumber"),
    mvgs=frozenset({"PersonalAddress", "CommunicationAddress"}),
)  # fmt: skip

CLAIM = Kind(
    name="claim",
    component="Claim",
    fields=(
        "Id", "Created", "Updated", "ModId", "ClaimNumber", "PolicyNumber", "ContactId", "Status", "RegisteredDate",
        "PaymentOrder", "PaymentDate", "PaymentAmount", "PaymentCurrency",
    ),
    children=MappingProxyType({"Document": ("Id", "Name")}),
    rules=MappingProxyType(
        {
            "Claim": Rules(
                types={"RegisteredDate": "datetime", "PaymentDate": "date", "PaymentAmount": "decimal"}
            ),
            "Document": Rules(),
        }
    ),
)  # fmt: skip

CATALOGUE: Mapping[str, Kind] = MappingProxyType({kind.name: kind for kind in (CONTACT, CLAIM)})
