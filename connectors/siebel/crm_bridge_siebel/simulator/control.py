"""The control addresses: another process drives the simulator as its own process would, by JSON."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote, urlsplit

import orjson

from crm_bridge_siebel.simulator.installation import Installation
from crm_bridge_siebel.simulator.knobs import Knobs

CONTROL = "/_simulator/"


def controlled(installation: Installation, knobs: Knobs, *, method: str, path: str, body: bytes) -> tuple[int, bytes]:
    """Carry out a request to a control address.

    ``GET state/{kind}``, ``GET knobs``, ``POST knobs`` (an object), ``POST load/{kind}`` (a list of records,
    answers their ids), ``POST edit/{kind}/{id}`` (an object of changes), ``POST remove/{kind}/{id}``.

    Returns:
        HTTP status and JSON.
    """
    parts = [unquote(part) for part in urlsplit(path).path.removeprefix(CONTROL).split("/") if part]
    try:
        given = orjson.loads(body) if body else None
        match method, parts:
            case "GET", ["state", kind]:
                return _told(installation.records(kind))
            case "GET", ["knobs"]:
                return _told(knobs.values())
            case "POST", ["knobs"]:
                knobs.set(_object(given))
                return _told(knobs.values())
            case "POST", ["load", kind]:
                return _told(installation.load(kind, _objects(given)))
            case "POST", ["edit", kind, record_id]:
                installation.edit(kind, record_id, _object(given))
                return _told({"edited": record_id})
            case "POST", ["remove", kind, record_id]:
                installation.remove(kind, record_id)
                return _told({"removed": record_id})
            case _:
                return 404, orjson.dumps({"error": "no such control address"})
    except (ValueError, TypeError, KeyError) as error:
        return 400, orjson.dumps({"error": str(error)})


def _told(value: object) -> tuple[int, bytes]:
    return 200, orjson.dumps(value)


def _objects(value: Any) -> list[dict[str, Any]]:
    if not isinstance(value, list):
        raise TypeError("expected a list of records")
    return [_object(record) for record in value]


def _object(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise TypeError("expected an object")
    return value
