"""Log-ins that systems refused, so that no run tries one again: a few tries lock an account in many a system.

What is kept is a salted digest by scrypt (RFC 7914): it tells whether a log-in is the refused one, and nothing else.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from datetime import datetime

from sqlalchemy import Connection, delete, select

from crm_bridge.connector import Secret
from crm_bridge.errors import CredentialsRefused
from crm_bridge.store.database import Database, upsert
from crm_bridge.store.schema import refused_logins

_SALT_BYTES = 16


class StoredLogins:
    """What is remembered of one system; a :class:`crm_bridge.connector.LoginMemory`.

    Args:
        draw: so many random bytes.
    """

    def __init__(
        self, database: Database, system: str, *, clock: Callable[[], datetime], draw: Callable[[int], bytes]
    ) -> None:
        self._database = database
        self._system = system
        self._clock = clock
        self._draw = draw

    def demand_untried(self, login: Secret) -> None:
        """Called before ``login`` is sent. Raises :class:`CredentialsRefused` where it was refused already."""
        table = refused_logins
        with self._database.reading() as connection:
            row = connection.execute(
                select(table.c.salt, table.c.digest, table.c.refused_at).where(table.c.system == self._system)
            ).one_or_none()
        if row is None or not hmac.compare_digest(_digest(login, row[0]), row[1]):
            return
        raise CredentialsRefused(
            f"user and password were refused at {row[2]} and have not changed since, so they were not tried again, "
            "which could lock the account: mend them; where they are right by now (account unlocked, password renewed "
            f"there), `crm-bridge check --system {self._system}` tries them once more",
            system=self._system,
        )

    def remember(self, login: Secret) -> None:
        """The system refused ``login``."""
        salt = self._draw(_SALT_BYTES)
        at = self._clock().isoformat(timespec="seconds").replace("+00:00", "Z")
        row = {"system": self._system, "salt": salt, "digest": _digest(login, salt), "refused_at": at}
        with self._database.transaction() as connection:
            upsert(connection, refused_logins, row, on=["system"])


def forget(connection: Connection, system: str) -> None:
    """A person wants the system's log-in tried again."""
    connection.execute(delete(refused_logins).where(refused_logins.c.system == system))


def _digest(login: Secret, salt: bytes) -> bytes:
    return hashlib.scrypt(login.reveal().encode(), salt=salt, n=2**14, r=8, p=1, dklen=32)
