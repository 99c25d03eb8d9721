"""Carrying out one SOAP call: who calls, what is asked, what they see, and the content of the answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from zoneinfo import ZoneInfo

from crm_bridge_siebel.simulator.answers import Keep, Look, Page, business_error, queried, written
from crm_bridge_siebel.simulator.examples import example
from crm_bridge_siebel.simulator.installation import Installation
from crm_bridge_siebel.simulator.knobs import Knobs
from crm_bridge_siebel.simulator.manner import Manner
from crm_bridge_siebel.simulator.messages import UNLIMITED, Call, Template, messages_of, template_of
from crm_bridge_siebel.simulator.refusals import RefusalError
from crm_bridge_siebel.simulator.searchspec import Node, all_of, parsed, predicate
from crm_bridge_siebel.simulator.services import UI_DATA_ADAPTER, WORKFLOW
from crm_bridge_siebel.simulator.sessions import Caller
from crm_bridge_siebel.simulator.table import Table
from crm_bridge_siebel.simulator.visibility import visible_to
from crm_bridge_siebel.simulator.writes import Desk

_WORKFLOW_METHODS = {"Upsert": "InsertOrUpdate"}


def carried_out(call: Call, caller: Caller, *, installation: Installation, knobs: Knobs) -> str:
    """The content of the answer to ``call``. A workflow tells of a refusal inside a normal answer.

    Raises:
        RefusalError: nothing of it took effect.
    """
    try:
        carry_out = _queried if call.reads else _written
        return carry_out(call, caller, installation, knobs)
    except RefusalError as refusal:
        if call.service.dialect != WORKFLOW:
            raise
        return business_error(call, refusal.code, f"{refusal.message}({refusal.code})")


def user_keys(text: str) -> tuple[tuple[str, ...], ...]:
    """``IntegrationId;LastName+FirstName`` as sets of fields."""
    return tuple(tuple(key.split("+")) for key in text.split(";") if key)


def manner_of(call: Call, knobs: Knobs) -> Manner:
    """How ``call`` writes values, and wants them written.

    An ASI call without LOVLanguageMode means display values; our workflow sets LIC in its own steps.
    """
    zone = knobs.text("time_zone")
    codes = call.arguments.get("LOVLanguageMode") == "LIC" or call.service.dialect == WORKFLOW
    return Manner(
        zone=None if zone == "UTC" or call.says("UTCCanonical") else ZoneInfo(zone),
        typed=call.service.typed,
        display="" if codes else knobs.text("language"),
    )


def _queried(call: Call, caller: Caller, installation: Installation, knobs: Knobs) -> str:
    template, manner = template_of(call), manner_of(call, knobs)
    default = int(knobs.number("default_page_size"))
    size = template.page_size if template.page_size is not None else default
    limit = int(knobs.number("max_page_size"))
    for wanted in (size, *(child.page_size for child in template.children.values())):
        if wanted is not None and limit < wanted < UNLIMITED:
            raise RefusalError("SBL-EAI-04376", f"The page size {wanted} is above MaximumPageSize {limit}")
    read_in = knobs.text("spec_time_zone")
    spec = _spec(call, template, replace(manner, zone=ZoneInfo(read_in)) if read_in else manner)
    size = min(size, int(knobs.number("page_cap")) or size)
    page = _page(call, caller, template, spec, size=size, installation=installation, knobs=knobs)
    reach = int(knobs.number("row_limit"))
    if call.arguments.get("ExecutionMode") != "ForwardOnly" and template.start + len(page.rows) > reach:
        raise RefusalError("SBL-DAT-00500", f"There are more than {reach} rows; narrow the query")
    shown = Manner(zone=manner.zone, typed=manner.typed and not knobs.on("typed_text"), display=manner.display)
    look = Look(
        manner=shown,
        hide_system_fields=knobs.on("hide_system_fields"),
        empty_elements=knobs.on("empty_elements"),
        primary_mvg=knobs.on("primary_mvg"),
        default_page_size=default,
    )
    return queried(call, template, page, look=look, keeps=_keeps(call, template, manner))


def _spec(call: Call, template: Template, manner: Manner) -> Node | None:
    kind = call.service.kind
    qualified = call.service.dialect != UI_DATA_ADAPTER
    parts = [example(text, name=name, kind=kind, manner=manner) for name, text in template.examples.items()]
    if template.searchspec.strip():
        parts.append(parsed(template.searchspec, kind, manner=manner, qualified=qualified))
    return all_of(parts)


def _keeps(call: Call, template: Template, manner: Manner) -> Mapping[str, Keep]:
    """Which child rows are asked for. A child's search specification leaves the parents as they are (our guess)."""
    keeps: dict[str, Keep] = {}
    for tag, child in template.children.items():
        kind = call.service.kind.of_child(tag)
        parts = [example(text, name=name, kind=kind, manner=manner) for name, text in child.examples.items()]
        if child.searchspec.strip():
            parts.append(parsed(child.searchspec, kind, manner=manner))
        node = all_of(parts)
        if node is not None:
            keeps[tag] = predicate(node, kind)
        if child.sort:
            raise RefusalError("SBL-EAI-04316", "This simulator does not sort child components")
    return keeps


def _page(
    call: Call,
    caller: Caller,
    template: Template,
    spec: Node | None,
    *,
    size: int,
    installation: Installation,
    knobs: Knobs,
) -> Page:
    mode = call.arguments.get("View_spcMode") or call.arguments.get("ViewMode") or ""
    visible = visible_to(caller, mode=mode, knobs=knobs)
    kind = call.service.kind.name
    if call.method != "QueryPage" or call.service.dialect == UI_DATA_ADAPTER or caller.session is None:
        found, last = installation.select(
            kind, spec, sort=template.sort, start=template.start, size=size, visible=visible
        )
        total = len(installation.select(kind, spec, size=UNLIMITED, visible=visible)[0]) if template.counted else None
        return Page(found, last, total)
    # A session keeps the result of a query, and pages through it until it is asked for a new one.
    key = (kind, spec, template.sort, mode)
    held = caller.session.queries.get(key)
    if held is None or call.says("NewQuery"):
        rows, _ = installation.select(kind, spec, sort=template.sort, size=UNLIMITED, visible=visible)
        held = caller.session.queries[key] = [row["Id"] for row in rows]
    stop = template.start + size
    return Page(installation.by_ids(kind, held[template.start : stop]), len(held) <= stop)


def _written(call: Call, caller: Caller, installation: Installation, knobs: Knobs) -> str:
    mode = call.arguments.get("View_spcMode") or call.arguments.get("ViewMode") or ""
    if not caller.writes:
        raise RefusalError("SBL-EAI-04421", "The responsibility of this user does not allow the operation")
    visible = visible_to(caller, mode=mode, knobs=knobs)
    method = _WORKFLOW_METHODS.get(call.method, call.method) if call.service.dialect == WORKFLOW else call.method

    def desk(table: Table, now: str) -> Desk:
        return Desk(
            table=table,
            new_id=installation.new_id,
            now=now,
            user=caller.user,
            visible=visible,
            modification_key=knobs.on("modification_key"),
            user_keys=user_keys(knobs.text("user_keys")),
            misspelt_is_sync=not knobs.on("on_demand"),
            child_touches_parent=knobs.on("child_touches_parent"),
            manner=manner_of(call, knobs),
            read_only_ignored=knobs.on("read_only_ignored"),
            picklist_fault=knobs.text("picklist_fault"),
        )

    messages = [(method, message) for message in messages_of(call)]
    effects = installation.write(call.service.kind.name, messages, desk=desk)
    return written(call, [effect.shown for effect in effects])
