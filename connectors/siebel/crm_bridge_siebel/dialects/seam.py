"""What a dialect has to say: which call puts a query, which call makes a write, and whether an answer is a refusal."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from crm_bridge_siebel.conditions import Condition
from crm_bridge_siebel.messages import plain
from crm_bridge_siebel.query import Query
from crm_bridge_siebel.shapes import ComponentList, ServiceShape

_CODE = re.compile(r"SBL[-_][A-Z]{3}[-_]\d{5}")
_WELL = frozenset({"", "ok", "success", "successful", "succeeded", "noerror", "none", "null", "s", "y"})  # plain words
_CODES = ("errorcode", "errcode", "errorcd")
_MESSAGES = ("errormessage", "errormsg", "errmsg", "errortext", "errmessage")
_NUMBER = re.compile(r"-?0*[1-9]\d*")


@dataclass(frozen=True, slots=True)
class Modes:
    """How every call is to be made.

    Attributes:
        view: Siebel's ViewMode.
        language: LOVLanguageMode, LIC or LDC.
        fixed: further arguments of the site's own, by the WSDL's names.
        template: whether a query carries every field, empty; ``None``: as the dialect needs it.
    """

    view: str
    language: str
    fixed: Mapping[str, str]
    template: bool | None = None


@dataclass(frozen=True, slots=True)
class Call:
    """A method of :attr:`ServiceShape.methods` and its arguments, by the WSDL's names."""

    method: str
    arguments: Mapping[str, Any]


class Dialect(Protocol):
    """One dialect, for one service.

    Attributes:
        sortable: pages come in an order that we ask for, so windows by key work.
        paged: an answer may be a page; otherwise it is all there is.
    """

    @property
    def sortable(self) -> bool: ...

    @property
    def paged(self) -> bool: ...

    def said_as(self, condition: Condition) -> str:
        """What a query of ours says for ``condition``; empty: the service cannot be asked for it."""

    def question(self, query: Query, *, modes: Modes) -> Call:
        """The call that puts ``query``."""

    def writing(self, method: str, rows: Sequence[Mapping[str, Any]], *, modes: Modes) -> Call:
        """The call that writes ``rows`` of the component."""


def refusal(head: Mapping[str, str]) -> tuple[str, str] | None:
    """What went wrong, when a normal answer says so beside its records: ``Error_spcCode`` and its like; and the code.

    Args:
        head: the simple elements of the answer.
    """
    said = {plain(name): value.strip() for name, value in head.items()}
    code = next((said[name] for name in _CODES if said.get(name)), "")
    message = next((said[name] for name in _MESSAGES if said.get(name)), "")
    returned = said.get("returncode", "")
    well = plain(code.strip("0")) in _WELL
    # A message alone is an error too: Siebel fills it where a step of the workflow failed.
    if not well or _CODE.search(message) or (not code and plain(message.rstrip(".!")) not in _WELL):
        return f"{code} {message}".strip(), code
    if _CODE.search(returned) or _NUMBER.fullmatch(returned):
        return f"{returned} {message}".strip(), returned
    return None


def said_by_modes(shape: ServiceShape, method: str, said: Mapping[str, str], *, modes: Modes) -> dict[str, Any]:
    """Those of ``said`` (by plain names) that the operation takes, by the WSDL's names, and the site's own."""
    known = purposes(shape, method)
    given = {known[name]: value for name, value in said.items() if name in known}
    own = {plain(tag): tag for tag in shape.arguments.get(method, ())}
    return given | {
        own.get(plain(name)) or known[argument(name)]: value
        for name, value in modes.fixed.items()
        if plain(name) in own or argument(name) in known
    }


def purposes(shape: ServiceShape, method: str) -> dict[str, str]:
    """The arguments of the operation, by what they are for: as the settings say, or as they are called."""
    named = shape.named if method == "QueryPage" else {}
    by_name = {argument(tag): tag for tag in shape.arguments.get(method, ()) if tag not in named}
    return by_name | {purpose: tag for tag, purpose in named.items()}


_SYNONYMS: Mapping[str, str] = {
    "searchspecification": "searchspec",
    "sortspecification": "sortspec",
    "startrow": "startrownum",
    "startrownumber": "startrownum",
}


def argument(name: str) -> str:
    """What an argument is for, whatever way the service spells it: ``Start_spcRow_spcNum`` is ``startrownum``."""
    found = plain(name)
    return _SYNONYMS.get(found, found)


def wrapped(container: ComponentList, content: Mapping[str, Any]) -> dict[str, Any]:
    """``content`` as the container's, within the elements that wrap it."""
    inner: Mapping[str, Any] = content
    for tag in reversed((*container.path, container.tag)):
        inner = {tag: inner}
    return dict(inner)


def spelled(row: Mapping[str, Any], tags: Mapping[str, str]) -> dict[str, Any]:
    """``row`` with the WSDL's own tags."""
    return {tags.get(name, name): value for name, value in row.items()} if tags else dict(row)
