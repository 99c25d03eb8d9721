"""Outbound workflow notifications: a ``SiebelMessage`` over HTTP POST, sent before the change is committed.

As with Siebel's runtime events: whoever reads back at once sees the old record, and a change that is rolled back
afterwards was announced all the same. A receiver that fails is not told again.
"""

from __future__ import annotations

import http.client
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from crm_bridge_siebel.simulator.answers import escaped
from crm_bridge_siebel.simulator.catalogue import Kind

SECONDS = 5.0
"""How long a receiver may take; the change waits for it."""

Row = Mapping[str, Any]


def siebel_message(kind: Kind, row: Row, *, message_id: str, whole: bool) -> bytes:
    """The message about ``row`` as it will be. Values are as they are stored: codes, and times in UTC."""
    fields = (*kind.fields, *kind.hidden) if whole else ("Id",)
    parts = [_field(name, row) for name in fields]
    for tag, names in kind.children.items() if whole else ():
        held = row.get(f"ListOf{tag}", {}).get(tag, ())
        inner = "".join(f"<{tag}>{''.join(_field(name, child) for name in names)}</{tag}>" for child in held)
        parts.append(f"<ListOf{tag}>{inner}</ListOf{tag}>")
    name = f"CRM {kind.component} Outbound"
    container = f"ListOfCrm{kind.component}Outbound"
    return (
        '<?xml version="1.0" encoding="UTF-8"?><?Siebel-Property-Set EscapeNames="false"?>'
        f'<SiebelMessage MessageId="{message_id}" MessageType="Integration Object" IntObjectName="{name}" '
        f'IntObjectFormat="Siebel Hierarchical"><{container}><{kind.component}>{"".join(parts)}</{kind.component}>'
        f"</{container}></SiebelMessage>"
    ).encode()


def sent(url: str, body: bytes) -> bool:
    """POST ``body``; whether it was taken with a status of 200 to 299."""
    place = urlsplit(url)
    if place.scheme != "http" or not place.hostname:
        return False
    connection = http.client.HTTPConnection(place.hostname, place.port, timeout=SECONDS)
    try:
        path = f"{place.path or '/'}{'?' + place.query if place.query else ''}"
        connection.request("POST", path, body=body, headers={"Content-Type": "text/xml; charset=UTF-8"})
        return 200 <= connection.getresponse().status < 300
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _field(name: str, row: Row) -> str:
    value = row.get(name)
    return f"<{name}>{escaped(value)}</{name}>" if value is not None else f"<{name}/>"
