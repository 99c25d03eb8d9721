"""The settings of one Siebel installation: what stands under ``[systems.NAME]`` in the configuration."""

from __future__ import annotations

from typing import Literal, Self
from urllib.parse import parse_qsl, urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, Field, field_validator, model_validator

from crm_bridge.api import ConnectorSettings
from crm_bridge_siebel.faults import FaultClass


class SiebelTimeouts(BaseModel):
    """How long to wait, in seconds. ``total`` holds for a whole call, however slowly its answer drips in."""

    model_config = {"frozen": True, "extra": "forbid"}

    connect: float = Field(default=5.0, gt=0, description="Seconds to open a connection.")
    read: float = Field(default=30.0, gt=0, description="Seconds of silence before an answer counts as lost.")
    total: float = Field(default=120.0, gt=0, description="Seconds for one call from first byte out to last byte in.")


Method = Literal["QueryPage", "Insert", "Update", "Delete", "Execute"]
QueryArgument = Literal["SearchSpec", "SortSpec", "PageSize", "StartRowNum"]
SystemField = Literal["Id", "Created", "Updated", "ModId", "ConflictId", "IntegrationId"]


class KindSettings(BaseModel):
    """One kind of record that the site has described by a WSDL of its own: ``[systems.NAME.kinds.KIND]``."""

    model_config = {"frozen": True, "extra": "forbid"}

    wsdl: str = Field(description="WSDL file, relative to the configuration.")
    service: str | None = Field(
        default=None, description="Service or port of the file. Default: the one that gives records."
    )
    object: str | None = Field(
        default=None, description="Tag of the integration object's container or component, where there are several."
    )
    operations: dict[Method, str] = Field(
        default_factory=dict,
        description="Operations that carry out `QueryPage`, `Insert`, `Update`, `Delete`, `Execute` (an upsert), "
        "where their names do not say so.",
    )
    keeps_rows: bool = Field(
        default=False,
        description="You vouch that the operation named as `Execute` deletes no child rows that a message does not "
        "name, as an upsert does not: only then child rows are written through one whose name does not say so.",
    )
    arguments: dict[str, str] = Field(
        default_factory=dict, description="Further arguments of the site's own, sent with every call that takes them."
    )
    query_arguments: dict[QueryArgument, str] = Field(
        default_factory=dict,
        description="Arguments of a workflow's or custom service's query that carry the search specification, the "
        "order, the page size and the first row, where their names do not say so, such as "
        "`{SearchSpec = 'Search Expression'}`.",
    )
    system_fields: dict[SystemField, str] = Field(
        default_factory=dict,
        description="The WSDL's tags of system fields that have other names there, such as `{Id = 'ContactId'}`. "
        "Records carry them under the usual names.",
    )
    field_names: dict[str, str] = Field(
        default_factory=dict,
        description="Names of integration component fields by tag, such as `{JobTitle = 'Job Title'}`: "
        "for search specifications in the ASI dialect.",
    )
    only: list[str] = Field(
        default_factory=list,
        description="Fields and lists that queries ask for, beside the system fields; default: all. "
        "UI Data Adapter dialect, where the query is the projection.",
    )
    template: bool | None = Field(
        default=None, description="ASI dialect: whether queries carry every field, empty, as a projection."
    )
    children: list[str] | None = Field(
        default=None,
        description="Containers whose rows may change without their record's `Updated`, such as "
        "`['ListOfPersonalAddress']`: they are looked through, and records with other rows than before are read again.",
    )
    view_mode: str | None = Field(default=None, description="ViewMode of this kind. Default: the system's.")
    write: bool = Field(default=True, description="Whether the bridge may write this kind.")


class RestKind(BaseModel):
    """Where a kind is in REST, and how its fields are called there: ``[systems.NAME.rest.KIND]``."""

    model_config = {"frozen": True, "extra": "forbid"}

    business_object: str | None = Field(default=None, description="Business object. Default: as the component.")
    component: str | None = Field(
        default=None, description="Business component. Default: the integration component's tag."
    )
    fields: dict[str, str] = Field(
        default_factory=dict,
        description="REST's field names by tag, such as `{Gender = 'M/F'}`, where they are not found by themselves. "
        "`''`: there is no such field.",
    )
    children: dict[str, str] = Field(
        default_factory=dict,
        description="Child components by container, such as `{ListOfChild = 'Contact Child'}`; `''`: not here. "
        "Default: the container's own name in words.",
    )
    child_fields: dict[str, dict[str, str]] = Field(
        default_factory=dict, description="As `fields`, for each child component's tag."
    )


class EventSettings(BaseModel):
    """Notifications of Siebel's workflows: ``[systems.NAME.events]``."""

    model_config = {"frozen": True, "extra": "forbid"}

    path_token_ref: str | None = Field(
        default=None,
        description="Reference to a secret of 24 characters at least, the last part of the address that Siebel "
        "posts to.",
        repr=False,
    )
    username: str | None = Field(default=None, description="User of HTTP Basic authentication.")
    password_ref: str | None = Field(default=None, description="Reference to that user's password.", repr=False)
    objects: dict[str, list[str]] = Field(
        default_factory=dict,
        description="For each kind, the integration objects (`IntObjectName`) that speak of it. Default: any, by the "
        "component's tag.",
    )

    @model_validator(mode="after")
    def _some_proof(self) -> Self:
        if not self.path_token_ref and not (self.username and self.password_ref):
            raise ValueError("needs path_token_ref, or username and password_ref")
        return self


class SiebelSettings(ConnectorSettings):
    """Settings of the ``siebel`` connector."""

    endpoint: str = Field(
        description="Address of the EAI service, with its query (`…/start.swe?SWEExtSource=…&WSSOAP=1`). "
        "It always wins over the address inside the WSDL. No user or password may stand in it."
    )
    transport: Literal["soap", "rest"] = Field(
        default="soap", description="`rest`: over Siebel's REST interface, with the same mapping."
    )
    rest_path: str = Field(
        default="/siebel/v1.0",
        pattern=r"^(/[A-Za-z0-9._-]+)+$",
        description="Path of the REST interface on the endpoint's host.",
    )
    rest_page_limit: int = Field(
        default=100, ge=1, le=10_000, description="The most rows that the REST interface gives in one page."
    )
    rest: dict[str, RestKind] = Field(
        default_factory=dict, description="Where each kind is in REST, see below. Default: found by its name."
    )
    username: str = Field(
        default="",
        description="The integration user; it needs the UTC time zone and a position that sees all rows. "
        "Required, unless `security` is `none`.",
    )
    integration_user: str | None = Field(
        default=None,
        description="How `UpdatedBy` names the integration user, where that is not its login, such as a row id. "
        "The log says how many records it saved last: a hint, on which nothing depends.",
    )
    password_ref: str = Field(
        default="",
        description="Reference to the password: `env:NAME` or `file:PATH`. Required, unless `security` is `none`.",
        repr=False,
    )
    session: Literal["none", "stateless"] = Field(
        default="none",
        description="`none`: each call carries the credentials. `stateless`: one log-in, then the token of the latest "
        "answer; one token a worker, logged out at the end.",
    )
    security: Literal["siebel-header", "wsse-2002", "wsse-2004", "none"] = Field(
        default="siebel-header",
        description="How the credentials travel: Siebel's own SOAP headers, or a WS-Security UsernameToken in the "
        "namespace of 2002 (Siebel's documents) or of 2004 (OASIS). `none`: no credentials at all.",
    )
    client_certificate: str | None = Field(
        default=None, description="PEM file of our certificate, for mutual TLS; the key may stand in it."
    )
    client_key_ref: str | None = Field(
        default=None, description="Reference to the certificate's private key in PEM, not encrypted.", repr=False
    )
    wsdl: dict[str, str] = Field(
        default_factory=dict,
        description="WSDL file for each kind, relative to the configuration. Default: bundled, for the simulator.",
    )
    kinds: dict[str, KindSettings] = Field(
        default_factory=dict, description="The site's own kinds of record, see below; they replace the bundled two."
    )
    view_mode: str = Field(default="All", description="Siebel's ViewMode: which rows the integration user sees.")
    language_mode: Literal["LIC", "LDC"] = Field(
        default="LIC",
        description="LOVLanguageMode. `LIC`: codes that no language changes; mappings rely on them. "
        "`LDC`: display values.",
    )
    page_size: int = Field(
        default=500, ge=1, le=10_000, description="Records a QueryPage; not above Siebel's parameter MaximumPageSize."
    )
    child_page_size: int = Field(
        default=100,
        ge=1,
        le=10_000,
        description="Child rows a container and answer; more are fetched by further calls.",
    )
    overlap_seconds: int = Field(
        default=120, ge=0, le=86_400, description="How far each poll looks back behind its watermark for late commits."
    )
    timeouts: SiebelTimeouts = Field(default_factory=SiebelTimeouts, description="See below.")
    user_time_zone: str = Field(
        default="UTC",
        description="Zone of the integration user's profile, as in `Europe/Kyiv`. UTC is best: with another zone each "
        "poll near a change of the clock looks two hours further back.",
    )
    children: dict[str, list[str]] = Field(
        default_factory=dict,
        description="For each of the bundled kinds, as `children` of a kind of the site's own.",
    )
    children_seconds: int = Field(
        default=900, ge=0, description="At least so many seconds between two looks at child rows; 0: at each poll."
    )
    sees_all_rows: bool = Field(
        default=False,
        description="You vouch that the integration user sees every row (position, ViewMode, organizations): only then "
        "a row that is not listed counts as deleted or merged away.",
    )
    write_batch_size: int = Field(
        default=20, ge=1, le=200, description="Records in one message, where the service takes several."
    )
    probe_writes: bool | None = Field(
        default=None,
        description="Whether `check` tries if a stale `ModId` is refused: by a message that asks for a write and never "
        "takes effect. Default: for the kinds that the bridge is configured to write.",
    )
    retry_wait_seconds: float = Field(
        default=0.5, ge=0, description="Seconds before a read whose answer was lost or unreadable is asked again."
    )
    max_answer_bytes: int = Field(
        default=64 * 1024 * 1024, ge=1024, description="Largest answer that is accepted, after decompression."
    )
    ca_file: str | None = Field(
        default=None,
        description="PEM file of the authorities that signed the endpoint's certificate; default: the usual.",
    )
    events: EventSettings | None = Field(
        default=None, description="Notifications of Siebel's workflows, see below. Default: none are taken."
    )
    user_keys: dict[str, list[str]] = Field(
        default_factory=dict,
        description="User keys of each kind's integration component, such as "
        "`{contact = ['LastName+FirstName+BirthDate']}`: by these a record is found that a create met.",
    )
    faults: dict[str, FaultClass] = Field(
        default_factory=dict,
        description="Classes of the site's own fault codes, such as `{'SBL-BPR-00140' = 'rejected'}`.",
    )

    @model_validator(mode="after")
    def _who_we_are(self) -> Self:
        if self.security != "none" and not (self.username and self.password_ref):
            raise ValueError("needs username and password_ref, or security = 'none'")
        if self.security == "none" and self.session == "stateless":
            raise ValueError("there is no anonymous stateless session: use session = 'none', or another security")
        if self.transport == "rest" and (self.session != "none" or self.security.startswith("wsse")):
            raise ValueError("transport = 'rest' has neither sessions nor WS-Security: each call carries credentials")
        if self.client_key_ref and not self.client_certificate:
            raise ValueError("client_key_ref needs client_certificate")
        return self

    @field_validator("user_time_zone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError("must be a zone's name, as in Europe/Kyiv") from None
        return value

    @field_validator("endpoint")
    @classmethod
    def _plain_http_address(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ValueError("must be an http:// or https:// address")
        named = {name.lower() for name, _ in parse_qsl(parts.query, keep_blank_values=True)}
        if parts.username or parts.password or named & {"username", "password"}:
            raise ValueError("must not hold a user or password: use username and password_ref")
        return value
