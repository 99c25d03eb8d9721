"""One kind looked at by ``check``, whole: what the WSDL lacks, what records lack, and what the service ignores."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from crm_bridge.api import ConfigMistake
from crm_bridge_siebel import echoes
from crm_bridge_siebel.asking import Asker
from crm_bridge_siebel.checking import (
    lacking_in_records,
    lacking_in_wsdl,
    left_to_fill,
    refused_rows,
    unaskable,
    unwatched,
    unwritable,
)
from crm_bridge_siebel.dialects.arguments import proposed_arguments, unfilled
from crm_bridge_siebel.kinds import Kind
from crm_bridge_siebel.lookups import looked_up
from crm_bridge_siebel.query import BY_CHANGE, BY_ID, Query, any_of
from crm_bridge_siebel.settings import KindSettings, SiebelSettings
from crm_bridge_siebel.shapes import INTEGRATION_ID, ROW_ID, UPDATED, narrowed
from crm_bridge_siebel.system_fields import HiddenFields
from crm_bridge_siebel.writing import may_delete_rows


@dataclass(frozen=True, slots=True)
class Ways:
    """How a kind is read.

    Attributes:
        paged: an answer may be a page; otherwise it is all there is.
        sortable: polls ask for windows by key.
        writes, creates: records are written, and created.
        by_argument: queries go by the arguments of the WSDL.
    """

    paged: bool
    sortable: bool
    writes: bool
    creates: bool
    by_argument: bool


def examined(
    kind: str,
    given: KindSettings,
    opened: Kind,
    *,
    asker: Asker,
    settings: SiebelSettings,
    ways: Ways,
    of_stale_writes: Callable[[Mapping[str, Any]], Iterator[str]],
    system: str,
) -> Iterator[str]:
    """What somebody should mend of one kind, and what could not be tried.

    Args:
        of_stale_writes: whether Siebel would carry out a stale write on a record.

    Raises:
        BridgeError: it cannot be asked at all, and nothing that was found says why.
    """
    component = opened.shape.data.component
    yield from lacking_in_wsdl(kind, component, write=given.write)
    yield from unwatched(kind, given.children, narrowed(opened.shape.data, only=frozenset(given.only)).component)
    yield from echoes.unrecognisable(kind, component, user=settings.integration_user)
    if given.write and "Execute" in opened.shape.methods and may_delete_rows(opened.shape):
        yield refused_rows(kind, opened.shape)
    if given.write and ways.writes:
        yield from unwritable(kind, opened.shape, creates=ways.creates)
    lacking = []
    if ways.by_argument:
        lacking = list(unfilled(opened.service.service, opened.shape, fixed=given.arguments, write=given.write))
        rpc = {each.name for each in opened.service.service.operations if each.style == "rpc"}
        yield from left_to_fill(kind, lacking, rpc=rpc)
    if ROW_ID not in component.fields:
        return
    askable = asker.can_ask(kind, any_of(ROW_ID, ["0-0"]))
    if not askable:
        yield unaskable(kind, opened.shape, proposed=proposed_arguments(opened.shape))
    if not ways.paged:
        return  # one record cannot be asked for: it would be all of them
    try:
        # In an order, where there is one: only so is a set of more rows than one query may find asked for in windows.
        order = (BY_CHANGE if UPDATED in component.fields else BY_ID) if ways.sortable else ()
        one = Query(None, sort=order, page_size=1, keys_only=True)
        records = asker.readable(kind, one)
    except HiddenFields as nameless:
        yield nameless.message.removeprefix(f"{system}: ")
        return
    except ConfigMistake as refused:
        if not lacking:
            raise
        yield refused.message.removeprefix(f"{system}: ")
        return
    yield from lacking_in_records(kind, records)
    yield from looked_up(
        kind,
        records,
        component=component,
        asker=asker,
        settings=settings,
        askable=askable,
        sortable=ways.sortable,
        creates=ways.creates and INTEGRATION_ID in component.fields,
    )
    if given.write and records:
        yield from of_stale_writes(records[0])
