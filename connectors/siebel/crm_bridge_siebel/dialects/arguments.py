"""Arguments of an operation by what they are for: what is probably meant by a site's own name, and what nobody fills.

Nothing here is taken for granted: ``inspect`` proposes it, and the settings say it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType

from crm_bridge_siebel.dialects.recognition import DialectName, dialect_of
from crm_bridge_siebel.dialects.seam import argument, purposes
from crm_bridge_siebel.messages import Operation, Service, plain
from crm_bridge_siebel.shapes import ServiceShape

# Names that sites give to what carries a part of a query, without their escapes.
_USUAL: Mapping[str, Sequence[str]] = MappingProxyType(
    {
        "SearchSpec": (
            "searchexpression",
            "searchexpr",
            "searchstring",
            "searchcriteria",
            "searchcondition",
            "searchfilter",
            "queryexpression",
            "queryspec",
            "filterexpression",
            "filter",
            "whereclause",
        ),
        "SortSpec": ("sortexpression", "sortexpr", "sortstring", "sortcriteria", "sortorder", "sortby", "orderby"),
        "PageSize": ("pagelength", "pagerows", "rowsperpage", "recordsperpage", "maxrows", "maxrecords", "limit"),
        "StartRowNum": (
            "startrecord",
            "startrecordnum",
            "startindex",
            "startposition",
            "firstrow",
            "rowoffset",
            "offset",
        ),
    }
)
_OF_QUERIES = frozenset(
    {"searchspec", "sortspec", "pagesize", "startrownum", "executionmode", "newquery", "utccanonical"}
)
_OF_ALL = frozenset({"viewmode", "lovlanguagemode"})
# Siebel fills these itself, or does well without them, whatever minOccurs says.
_LEFT_OUT = frozenset(
    {
        "statusobject",
        "primaryrowid",
        "messageid",
        "objectid",
        "processinstanceid",
        "siebeloperationobjectid",
        "errorcode",
        "errormessage",
        "returncode",
    }
)


def proposed_arguments(shape: ServiceShape) -> dict[str, str]:
    """Arguments of the query that may carry a part of it under a name of the site's own, for ``query_arguments``."""
    known = purposes(shape, "QueryPage")
    found: dict[str, str] = {}
    for purpose, usual in _USUAL.items():
        if plain(purpose) not in known:
            meant = [tag for tag in shape.arguments.get("QueryPage", ()) if plain(tag) in usual]
            if len(meant) == 1:
                found[purpose] = meant[0]
    return found


def unfilled(
    service: Service, shape: ServiceShape, *, fixed: Mapping[str, str], write: bool = True
) -> Iterator[tuple[str, str]]:
    """(operation, argument) of what has to be there (``minOccurs`` is not 0), and neither we nor ``fixed`` fill.

    Of an RPC message that is each part: WSDL cannot call a part optional, and so does not say which Siebel needs.

    Args:
        fixed: the setting ``arguments``.
        write: the operations that write count as well.
    """
    by_name = {operation.name: operation for operation in service.operations}
    own = {plain(name) for name in fixed}
    given: set[tuple[str, str]] = set()
    for method, name in shape.operations.items():
        if method != "QueryPage" and not write:
            continue
        filled = {tag for purpose, tag in purposes(shape, method).items() if purpose in _filled(by_name[name], method)}
        for child in by_name[name].input.children:
            one = (name, child.tag)
            if child.children or child.open or not child.required or child.tag in filled or one in given:
                continue
            if plain(child.tag) not in own | _LEFT_OUT and argument(child.tag) not in own:
                given.add(one)
                yield one


def _filled(operation: Operation, method: str) -> frozenset[str]:
    if method != "QueryPage":
        return _OF_ALL
    return _OF_ALL | (frozenset({"executionmode"}) if dialect_of(operation) is DialectName.UI_DATA else _OF_QUERIES)
