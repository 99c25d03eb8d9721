"""E-mail addresses: lower case, ASCII by a fast path, international domains by the slow one; wrong ones are refused."""

from __future__ import annotations

import re

from crm_bridge.mapping.values import BadValue
from crm_bridge.model.formats import check_email

_ASCII = re.compile(
    r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]"
)
_LOCAL = re.compile(r"[\w!#$%&'*+/=?^`{|}~-]+(?:\.[\w!#$%&'*+/=?^`{|}~-]+)*")
_INVALID = "not a valid e-mail address: correct it in the system that holds it"


def read_email(text: str) -> str:
    """Lower-cased; raises ``bad_email``. RFC 5321 limits: 64 before the @, 254 in all."""
    lowered = text.lower()
    if lowered.isascii():
        if _ASCII.fullmatch(lowered) and len(lowered) <= 254 and lowered.index("@") <= 64:
            return lowered
        raise BadValue("bad_email", _INVALID)
    local, at, domain = lowered.rpartition("@")
    mixed = not local.isascii() and re.search(
        r"[a-z]", local
    )  # а Cyrillic letter among Latin ones is a slip of the hand
    try:
        ascii_domain = domain.encode("idna").decode("ascii")
    except UnicodeError:
        raise BadValue("bad_email", _INVALID) from None
    if (
        not at
        or mixed
        or not _LOCAL.fullmatch(local)
        or not _ASCII.fullmatch(f"x@{ascii_domain}")
        or len(lowered) > 254
    ):
        raise BadValue("bad_email", _INVALID)
    try:
        return check_email(lowered)
    except ValueError:
        raise BadValue("bad_email", _INVALID) from None
