"""A refused log-in is sent once: not again in this process, nor in the next, until it changes or a person says so.

Wrong, expired or locked look alike from outside, and for each of them another attempt is of no use or does harm. An
outage of whatever checks passwords is none of them: a fault with a code of the class ``busy`` beside that of a refused
log-in is taken for an outage, and HTTP 403 tells nothing about the password.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace

from crm_bridge.api import LoginMemory, Secret
from crm_bridge_siebel.faults import FAULT_TABLE, Fault, FaultClass, SiebelFaultError
from crm_bridge_siebel.session import Identity
from crm_bridge_siebel.transport import PasswordRefused


class Logins:
    """Who we are, unless that was refused before.

    Args:
        memory: what is remembered from run to run.
        who: makes the identity; called when it is first needed, and again after it was refused.
        endpoint: where the identity is used: elsewhere it is another log-in.
    """

    def __init__(self, memory: LoginMemory, *, who: Callable[[], Identity], endpoint: str) -> None:
        self._memory = memory
        self._who = who
        self._endpoint = endpoint
        self._identity: Identity | None = None
        self._lock = threading.Lock()

    def identity(self) -> Identity:
        """Who we are.

        Raises:
            CredentialsRefused: it was refused, and has not changed.
        """
        with self._lock:
            if self._identity is None:
                identity = self._who()
                if identity.password is not None:
                    self._memory.demand_untried(self._login(identity))
                self._identity = identity
            return self._identity

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Around a call: remembers that the log-in was refused."""
        try:
            yield
        except PasswordRefused:
            self._refused()
            raise
        except SiebelFaultError as met:
            if met.fault.kind is FaultClass.LOGIN:
                self._refused()
            raise

    def _refused(self) -> None:
        with self._lock:
            identity, self._identity = self._identity, None
        if identity is not None and identity.password is not None:
            self._memory.remember(self._login(identity))

    def _login(self, identity: Identity) -> Secret:
        password = identity.password.reveal() if identity.password is not None else ""
        return Secret("\0".join((self._endpoint, identity.security, identity.username, password)))


def unless_away(fault: Fault, *, site: Mapping[str, FaultClass]) -> Fault:
    """``fault``; a refused log-in with a code that says that something is away is that outage instead."""
    table = {**FAULT_TABLE, **site}
    if fault.kind is FaultClass.LOGIN and any(table.get(code) is FaultClass.BUSY for code in fault.codes):
        return replace(fault, kind=FaultClass.BUSY)
    return fault
