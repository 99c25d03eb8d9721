"""Who we say we are in a SOAP call: credentials each time, or a session whose token changes with every answer.

Siebel binds a token to one server task, so a session serves one caller at a time: a worker takes a free one, or opens
another, uses it alone, and gives it back with the token of the latest answer. Nothing here does I/O.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal
from xml.sax.saxutils import escape

from crm_bridge.api import Secret
from crm_bridge_siebel.envelope import SIEBEL_HEADER

SessionMode = Literal["none", "stateless"]
Security = Literal["siebel-header", "wsse-2002", "wsse-2004", "none"]

_MOST_LOST = 8  # sessions of lost answers that are logged out at the end; older ones expire by themselves
_OASIS = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-"
_WSSE_2002 = "http://schemas.xmlsoap.org/ws/2002/07/secext"
_WSSE_2004 = f"{_OASIS}wssecurity-secext-1.0.xsd"
_PASSWORD_TYPE_2004 = f"{_OASIS}username-token-profile-1.0#PasswordText"


@dataclass(frozen=True, slots=True)
class Identity:
    """The integration user, and how a message names it."""

    username: str
    password: Secret | None
    security: Security = "siebel-header"


@dataclass(frozen=True, slots=True, repr=False)
class Login:
    """The SOAP header of a message that logs in, or that carries its credentials by itself (``session_type`` None)."""

    identity: Identity
    session_type: str = "None"

    @property
    def username(self) -> str:
        """Of the integration user."""
        return self.identity.username

    @property
    def password(self) -> Secret:
        """Of the integration user; empty where there is none."""
        return self.identity.password or Secret("")

    def xml(self) -> str:
        """The header's elements; the password is in them."""
        return _credentials(self.identity) + _siebel("SessionType", self.session_type)


@dataclass(frozen=True, slots=True, repr=False)
class Token:
    """The SOAP header of a message within a session. ``last``: the session ends with it."""

    token: Secret
    last: bool = False

    def xml(self) -> str:
        """The header's elements; the token is in them, and no password."""
        return _siebel("SessionToken", self.token.reveal()) + _siebel(
            "SessionType", "None" if self.last else "Stateless"
        )


Header = Login | Token


class Session:
    """One session, used by one caller at a time. ``token`` is that of the latest answer."""

    __slots__ = ("token",)

    def __init__(self) -> None:
        self.token: Secret | None = None

    def __repr__(self) -> str:
        return f"Session({'logged in' if self.token is not None else 'logged out'})"


class Sessions:
    """The sessions of one connector, as many as callers were busy at once."""

    def __init__(self, mode: SessionMode) -> None:
        self._mode = mode
        self._free: list[Session] = []
        self._lost: deque[Secret] = deque(maxlen=_MOST_LOST)
        self._lock = threading.Lock()

    @contextmanager
    def borrowed(self) -> Iterator[Session]:
        """A session for the caller alone; the one used last, so that seldom used ones may expire in peace."""
        with self._lock:
            session = self._free.pop() if self._free else Session()
        try:
            yield session
        finally:
            with self._lock:
                self._free.append(session)

    def header(self, session: Session, identity: Identity) -> Header:
        """What the next message of ``session`` carries."""
        if self._mode == "none":
            return Login(identity)
        return Token(session.token) if session.token is not None else Login(identity, session_type="Stateless")

    def taken(self, session: Session, token: Secret | None) -> None:
        """An answer came, also a fault: its token is the one to use next. An answer without one changes nothing."""
        if self._mode == "stateless" and token is not None:
            session.token = token

    def lost(self, token: Secret) -> None:
        """An answer to a message with ``token`` was lost. Whether the token still holds, nobody knows until the end."""
        if self._mode == "stateless":
            with self._lock:
                self._lost.append(token)

    def ending(self) -> list[Token]:
        """Headers that log out every session that is not in use; they are forgotten."""
        with self._lock:
            free, self._free = self._free, []
        return [Token(session.token, last=True) for session in free if session.token is not None]

    def ending_lost(self) -> list[Token]:
        """Headers that log out sessions whose answer was lost, where their last known token still holds."""
        with self._lock:
            lost = list(self._lost)
            self._lost.clear()
        return [Token(token, last=True) for token in reversed(lost)]


def _credentials(identity: Identity) -> str:
    if identity.security == "none" or identity.password is None:
        return ""
    password = identity.password.reveal()
    match identity.security:
        case "siebel-header":
            return _siebel("UsernameToken", identity.username) + _siebel("PasswordText", password)
        case "wsse-2002":
            return _wsse(_WSSE_2002, "wsse:PasswordText", identity.username, password)
        case "wsse-2004":
            return _wsse(_WSSE_2004, _PASSWORD_TYPE_2004, identity.username, password)


def _siebel(name: str, value: str) -> str:
    return f'<web:{name} xmlns:web="{SIEBEL_HEADER}">{escape(value)}</web:{name}>'


def _wsse(namespace: str, password_type: str, username: str, password: str) -> str:
    return (
        f'<wsse:Security xmlns:wsse="{namespace}"><wsse:UsernameToken>'
        f"<wsse:Username>{escape(username)}</wsse:Username>"
        f'<wsse:Password Type="{password_type}">{escape(password)}</wsse:Password>'
        "</wsse:UsernameToken></wsse:Security>"
    )
