"""What an answer of Siebel's REST interface says: rows, nothing, or an error with the same codes as SOAP's."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import orjson

from crm_bridge.api import ConfigMistake
from crm_bridge_siebel.faults import Fault, FaultClass, SiebelFaultError
from crm_bridge_siebel.translation import NotSiebelAnswer, UnreadableAnswer
from crm_bridge_siebel.transport import HttpAnswer, refuse_gateway

_MOST_PARTS = 1_000_000  # values in one answer: a page of 100 rows with 300 fields has 30,000
_LONGEST_TEXT = 1_000_000

Json = dict[str, Any] | list[Any]


class NotFoundError(Exception):
    """HTTP 404 from Siebel itself: no such row, no rows at all, or no such object."""


def rows_of(
    answer: HttpAnswer, *, classify: Callable[[str], Fault], system: str, of_write: bool = False
) -> list[dict[str, Any]]:
    """The rows of a good answer. One row may come as an object instead of a list, and none as no content (HTTP 204).

    Args:
        of_write: it answers a write, and may well name no row; then it is no receipt. An answer to a query has to say
            that there are none, as rows that are not there are taken for removed.

    Raises:
        SiebelFaultError: Siebel refused it, with a code or without.
        NotFoundError: HTTP 404.
        CredentialsRefused: HTTP 401 or 403.
        ConfigMistake: 405, 406, 415, or a redirect.
        OutcomeUnknown: something before Siebel answered, or it cannot be read.
    """
    if answer.status != 404:
        refuse_gateway(answer.status, system=system)
    if answer.status == 204 or (of_write and answer.status == 200 and not answer.body.strip()):
        return []
    if answer.status in {405, 406, 415}:
        raise ConfigMistake(
            f"{system}: REST answers HTTP {answer.status}: this object does not take that method in JSON; "
            "check the business object and component, and what the site exposes"
        )
    body = _parsed(answer.body, system=system)
    if body is None and answer.status in {200, 409, 500}:
        raise UnreadableAnswer(f"a REST answer (HTTP {answer.status}) is not JSON", system=system)
    if body is None:
        if answer.status == 404:
            raise ConfigMistake(f"{system}: REST answers HTTP 404 without JSON: mend endpoint or rest_path")
        raise NotSiebelAnswer(f"the web server answered HTTP {answer.status}", system=system)
    if answer.status == 404 and not _codes_in(body, classify):
        raise NotFoundError
    if answer.status not in {200, 201} or (isinstance(body, dict) and _error_of(body) is not None):
        raise SiebelFaultError(_fault(body, answer.status, classify))
    if isinstance(body, dict) and "items" not in body and "Id" not in body:
        if of_write:
            return []
        raise UnreadableAnswer("a REST answer (HTTP 200) has neither items nor a row", system=system)
    return _rows(body, system=system)


def _rows(body: Json, *, system: str) -> list[dict[str, Any]]:
    held = body if isinstance(body, list) else body.get("items", [body])
    rows = [held] if isinstance(held, dict) else held
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise UnreadableAnswer("items of a REST answer is neither an object nor a list of them", system=system)
    return rows


def _parsed(content: bytes, *, system: str) -> Json | None:
    if content.count(b",") + content.count(b"[") + content.count(b"{") > _MOST_PARTS:
        raise UnreadableAnswer("a REST answer with more values than any page has is refused", system=system)
    try:
        body = orjson.loads(content)
    except orjson.JSONDecodeError:
        return None
    return body if isinstance(body, (dict, list)) else None


def _fault(body: Json, status: int, classify: Callable[[str], Fault]) -> Fault:
    fault = classify(_text(body))
    if not fault.codes and status == 409:
        return Fault(codes=("HTTP-409",), kind=FaultClass.DUPLICATE)
    return fault if fault.codes else Fault(codes=(f"HTTP-{status}",), kind=fault.kind)


def _codes_in(body: Json, classify: Callable[[str], Fault]) -> bool:
    return bool(classify(_text(body)).codes)


def _error_of(body: Mapping[str, Any]) -> object:
    return next((value for name, value in body.items() if name.upper() in {"ERROR", "ERRORS"}), None)


def _text(body: object) -> str:
    return "\n".join(_texts(body))[:_LONGEST_TEXT]


def _texts(body: object) -> Iterator[str]:
    waiting = [body]
    while waiting:
        part = waiting.pop()
        if isinstance(part, str):
            yield part
        elif isinstance(part, int) and not isinstance(part, bool):
            yield str(part)
        elif isinstance(part, Mapping):
            waiting += part.values()
        elif isinstance(part, list):
            waiting += part


def links_of(row: Mapping[str, Any]) -> Sequence[Any]:
    """The links of a row, which come as one or as several."""
    links = row.get("Link", ())
    return [links] if isinstance(links, Mapping) else links if isinstance(links, list) else ()
