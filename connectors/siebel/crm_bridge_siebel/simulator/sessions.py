"""Logins, sessions and their tokens, after Siebel's documents: who calls, in which session, and what token goes back.

A session is held by one server task. Its token changes with every answer; the one of the latest answer counts.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from lxml import etree

from crm_bridge_siebel.simulator.knobs import Knobs
from crm_bridge_siebel.simulator.messages import SOAP
from crm_bridge_siebel.simulator.refusals import BusyError, RefusalError

USERNAME = "BRIDGE"
ANONYMOUS = "GUEST"
_HEADER = "{http://siebel.com/webservices}"
_SECURITY = "{http://schemas.xmlsoap.org/ws/2002/07/secext}"
_TOKENS_KEPT = 100
_TYPES = frozenset({"none", "stateless", "stateful", "serverdetermine"})


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a call says about itself. Texts are empty where it says nothing."""

    username: str = ""
    password: str = field(default="", repr=False)
    session_type: str = "none"
    token: str = field(default="", repr=False)


@dataclass(slots=True)
class Session:
    """One session of one user. ``queries`` are results that ``NewQuery=false`` goes on paging through."""

    user: str
    stateful: bool
    began: datetime
    used: datetime
    task: int
    tokens: list[str] = field(default_factory=list)
    queries: dict[object, list[str]] = field(default_factory=dict)
    calls: int = 0


@dataclass(frozen=True, slots=True)
class User:
    """A user beside the integration user. ``writes``: its responsibility allows changes.

    An empty position or organization is the integration user's.
    """

    password: str = field(repr=False)
    position: str = ""
    organization: str = ""
    writes: bool = True


@dataclass(frozen=True, slots=True)
class Caller:
    """Who makes this call. ``token`` goes back with the answer; ``session`` is ``None`` without one to keep."""

    user: str
    token: str = ""
    session: Session | None = None
    position: str = ""
    organization: str = ""
    writes: bool = True


def credentials_of(envelope: etree._Element, query: Mapping[str, str]) -> Credentials:
    """The login of a call: Siebel's own headers, then WS-Security's of 2002, then the address.

    Args:
        query: the address's arguments. Without ``WSSOAP=1``, Siebel does not look at SOAP headers.
    """
    header = envelope.find(f"{SOAP}Header")
    if header is None or query.get("WSSOAP") != "1":
        return Credentials(username=query.get("UserName", ""), password=query.get("Password", ""))
    secured = header.find(f"{_SECURITY}Security/{_SECURITY}UsernameToken")
    names: tuple[etree._Element, str, str] = (header, f"{_HEADER}UsernameToken", f"{_HEADER}PasswordText")
    if secured is not None:
        names = (secured, f"{_SECURITY}Username", f"{_SECURITY}Password")
    place, user, password = names
    return Credentials(
        username=place.findtext(user) or query.get("UserName", ""),
        password=place.findtext(password) or query.get("Password", ""),
        session_type=(header.findtext(f"{_HEADER}SessionType") or "None").strip().lower(),
        token=header.findtext(f"{_HEADER}SessionToken") or "",
    )


class Sessions:
    """Every session that is open.

    Args:
        password: of the integration user.
        clock: the present time.
        new_token: makes tokens; nobody may guess one.
    """

    def __init__(
        self, *, password: str, clock: Callable[[], datetime], knobs: Knobs, new_token: Callable[[], str]
    ) -> None:
        self._clock = clock
        self._knobs = knobs
        self._new_token = new_token
        self._open: list[Session] = []
        self._gone_tasks: set[int] = set()
        self._last_task = 0
        self._lock = threading.Lock()
        self._users = {USERNAME: User(password)}
        self._refused: dict[str, int] = {}

    def admit(self, name: str, user: User) -> None:
        """Let another user in, or give one other rights; for this life of the simulator."""
        with self._lock:
            self._users[name] = user

    def caller(self, given: Credentials) -> Caller:
        """Who calls. A token goes before a password that stands beside it.

        Raises:
            RefusalError: login refused (SBL-UIF-00272), token missing, invalid or expired (10944642), or its task is
                gone (SBL-UIF-00880).
            BusyError: no task is free.
        """
        if given.session_type not in _TYPES:
            raise RefusalError("SBL-EAI-04316", "SessionType is none of None, Stateless, Stateful, ServerDetermine")
        with self._lock:
            now = self._clock()
            self._end_the_idle(now)
            if given.token:
                return self._by_token(given, now)
            user = self._logged_in(given)
            limit = int(self._knobs.number("max_tasks"))
            if limit and len(self._open) >= limit:
                raise BusyError
            if given.session_type == "none":
                return self._caller(user)
            if user == ANONYMOUS:
                raise _bad_token()  # there are no anonymous stateless sessions
            self._last_task += 1
            session = Session(
                user=user, stateful=given.session_type == "stateful", began=now, used=now, task=self._last_task
            )
            self._open.append(session)
            return self._renewed(session, now)

    def checked(self, *, username: str, password: str) -> bool:
        """Whether this is the user and the password, for logins that are not SOAP's."""
        user = self._users.get(username)
        limit = int(self._knobs.number("lock_after"))
        locked = bool(limit) and self._refused.get(username, 0) >= limit
        right = not self._knobs.on("reject_login") and user is not None and user.password == password
        if not locked:
            self._refused[username] = 0 if right else self._refused.get(username, 0) + 1
        return right and not locked

    def known(self, username: str) -> Caller:
        """A user who has proved to be one, without a session."""
        with self._lock:
            return self._caller(username)

    def count(self) -> int:
        """How many sessions are open."""
        with self._lock:
            self._end_the_idle(self._clock())
            return len(self._open)

    def kill_tasks(self) -> int:
        """End every task, as a restart of the object manager does; how many there were."""
        with self._lock:
            self._gone_tasks |= {session.task for session in self._open}
            return len(self._open)

    def _by_token(self, given: Credentials, now: datetime) -> Caller:
        found = next((session for session in self._open if given.token in session.tokens), None)
        if found is None or (given.token != found.tokens[-1] and not self._knobs.on("old_tokens_live")):
            raise _bad_token()
        if self._seconds(found.began, now) > self._knobs.number("session_token_max_age") * 60:
            self._open.remove(found)
            raise _bad_token()
        if self._knobs.take("task_gone_next") or found.task in self._gone_tasks:
            if self._knobs.on("session_preference") or found.stateful:
                self._open.remove(found)
                raise RefusalError("SBL-UIF-00880", "The server task of this session is no longer there")
            self._last_task += 1
            found.task, found.queries = self._last_task, {}
        if given.session_type == "none":
            self._open.remove(found)  # this is how a client logs out
            return self._caller(found.user)
        last = int(self._knobs.number("token_calls"))
        if last and found.calls >= last:
            self._open.remove(found)
            raise _bad_token()
        return self._renewed(found, now)

    def _logged_in(self, given: Credentials) -> str:
        if not given.username and not given.password:
            if self._knobs.on("anonymous") and not self._knobs.on("reject_login"):
                return ANONYMOUS
            if given.session_type != "none":
                raise _bad_token()
        if not self.checked(username=given.username, password=given.password):
            raise RefusalError("SBL-UIF-00272", "The user ID or password that you entered is incorrect")
        return given.username

    def _renewed(self, session: Session, now: datetime) -> Caller:
        session.used, session.calls = now, session.calls + 1
        session.tokens = [*session.tokens[-_TOKENS_KEPT:], self._new_token()]
        return self._caller(session.user, session)

    def _caller(self, name: str, session: Session | None = None) -> Caller:
        user = self._users.get(name, User(""))
        return Caller(
            user=name,
            token=session.tokens[-1] if session is not None else "",
            session=session,
            position=user.position,
            organization=user.organization,
            writes=user.writes,
        )

    def _end_the_idle(self, now: datetime) -> None:
        token_life = self._knobs.number("session_token_timeout")
        session_life = self._knobs.number("session_timeout")
        kept = []
        for session in self._open:
            idle = self._seconds(session.used, now)
            if idle > token_life or (session.stateful and idle > session_life):
                continue
            if idle > session_life:
                # The token still lives: Siebel logs in again by itself, into another task.
                self._last_task += 1
                session.task, session.queries = self._last_task, {}
            kept.append(session)
        self._open = kept

    @staticmethod
    def _seconds(since: datetime, now: datetime) -> float:
        return (now - since).total_seconds()


def _bad_token() -> RefusalError:
    return RefusalError("10944642", "The session token is missing, invalid or has expired")
