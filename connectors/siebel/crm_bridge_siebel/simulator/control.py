"""The control addresses: another process drives the simulator as its own process would, by JSON."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote, urlsplit

import orjson

from crm_bridge_siebel.simulator.installation import Installation
from crm_bridge_siebel.simulator.knobs import Knobs
from crm_bridge_siebel.simulator.sessions import Sessions, User

CONTROL = "/_simulator/"


def controlled(
    installation: Installation, sessions: Sessions, knobs: Knobs, *, method: str, path: str, body: bytes
) -> tuple[int, bytes]:
    """Carry out a request to a control address: those of docs/reference/siebel-simulator.md.

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
            case "POST", ["bulk", kind, record_id]:
                installation.edit(kind, record_id, _object(given), bulk=True)
                return _told({"edited": record_id})
            case "POST", ["begin", kind, record_id]:
                return _told({"transaction": installation.begin(kind, record_id, _object(given))})
            case "POST", ["commit", name]:
                installation.commit(name)
                return _told({"committed": name})
            case "POST", ["roll-back", name]:
                installation.roll_back(name)
                return _told({"rolled_back": name})
            case "POST", ["merge", kind, winner, loser]:
                installation.merge(kind, winner, loser)
                return _told({"merges": installation.merges(kind, winner)})
            case "POST", ["assign", kind, record_id]:
                whose = _object(given)
                installation.assign(
                    kind, record_id, organization=whose.get("organization"), positions=whose.get("positions")
                )
                return _told({"assigned": record_id})
            case "POST", ["user", name]:
                sessions.admit(name, User(**_object(given)))
                return _told({"admitted": name})
            case "GET", ["sessions"]:
                return _told({"open": sessions.count()})
            case "POST", ["kill-tasks"]:
                return _told({"killed": sessions.kill_tasks()})
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
