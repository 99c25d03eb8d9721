"""The desk: all that can be asked of the store alone.

No system is opened and no mapping compiled, so it is quick, and answers while a system is away or a mapping is mended.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

from sqlalchemy import Connection

from crm_bridge.config import Settings, resolve_secret
from crm_bridge.errors import ConfigMistake, StoreAway, UserMistake
from crm_bridge.runner import cases, in_doubt, queries
from crm_bridge.store import causes, corrections, letters, outbox, pauses, review, runs
from crm_bridge.store.causes import EVERY, Cause
from crm_bridge.store.database import Database
from crm_bridge.store.letters import id_to_ask_for
from crm_bridge.store.opening import open_database, open_to_look

SHOWN = 200  # rows of a list, where nobody asked for another number


class Desk:
    """Looking, without changing anything."""

    def __init__(self, settings: Settings, *, database: Database) -> None:
        self.settings = settings
        self._database = database

    def lookup(
        self,
        *,
        phone: str | None = None,
        email: str | None = None,
        identifier: str | None = None,
        name: str | None = None,
        limit: int = queries.FOUND_AT_MOST,
    ) -> list[dict[str, Any]]:
        """Clients that answer to all that is given, ``limit`` at most.

        Raises:
            UserMistake: what cannot be read.
        """
        with self._database.reading() as connection:
            return queries.lookup(
                connection,
                phone=phone,
                email=email,
                identifier=identifier,
                name=name,
                region=self.settings.bridge.region,
                limit=limit,
            )

    def show(self, client_id: str) -> dict[str, Any]:
        """The card, its records, and what lies beside it."""
        with self._database.reading() as connection:
            return queries.show(connection, client_id)

    def history(self, client_id: str) -> list[dict[str, Any]]:
        """Every value ever observed, with source and time."""
        with self._database.reading() as connection:
            return queries.tell_history(connection, client_id)

    def why(self, client_id: str, path: str, system: str | None = None) -> dict[str, Any]:
        """Why a path of the card has its value; with ``system``, what carried it there. Raises :class:`UserMistake`."""
        policy = self.settings.survivorship.as_policy()
        with self._database.reading() as connection:
            answer = queries.why(connection, client_id, path, system=system, policy=policy)
        configured = self.settings.systems  # one that is not any more may have been written to all the same
        if system is not None and system not in configured and not answer["carried"]:
            raise UserMistake(f"no such system: {system}; configured: {', '.join(configured)}")
        return answer

    def review_list(self, *, limit: int = SHOWN, after: int = 0) -> list[dict[str, Any]]:
        """Open cases, the surer first; ``after`` goes on behind that case."""
        with self._database.reading() as connection:
            return review.listing(connection, limit=limit, after=after)

    def review_total(self) -> int:
        """How many cases are open."""
        with self._database.reading() as connection:
            return review.count_open(connection)

    def review_case(self, question: int) -> dict[str, Any]:
        """One case with what both sides say. Raises :class:`UserMistake`."""
        with self._database.reading() as connection:
            return cases.show_case(connection, int(question))

    def compare_records(self, *keys: str) -> dict[str, Any]:
        """What the rules of matching say of two records (``system/kind/id``). Raises :class:`UserMistake`."""
        with self._database.reading() as connection:
            return cases.compare_records(connection, keys)

    def unknown_list(self) -> list[dict[str, Any]]:
        """Writes and messages of which nobody can tell whether they arrived."""
        with self._database.reading() as connection:
            return in_doubt.listing(connection)

    def unknown_case(self, which: str) -> dict[str, Any]:
        """One of them with what was sent. Raises :class:`UserMistake`."""
        with self._database.reading() as connection:
            return in_doubt.show(connection, which)

    def dead_letters(self, *, cause: Cause = EVERY, limit: int = SHOWN, after: int = 0) -> list[dict[str, Any]]:
        """Open letters of ``cause`` behind number ``after``, without their contents."""
        with self._database.reading() as connection:
            return causes.page(connection, cause, limit=limit, after=after)

    def dead_letters_total(self, *, cause: Cause = EVERY) -> int:
        """How many letters of ``cause`` are open."""
        with self._database.reading() as connection:
            return causes.count(connection, cause)

    def dead_letter_groups(self, *, cause: Cause = EVERY) -> list[dict[str, Any]]:
        """Open letters by cause, the largest group first."""
        with self._database.reading() as connection:
            return causes.groups(connection, cause)

    def cause_of(self, letter_id: int) -> Cause:
        """The group that a letter belongs to. Raises :class:`UserMistake`."""
        with self._database.reading() as connection:
            return causes.of_letter(connection, int(letter_id))

    def dead_letter(self, letter_id: int) -> dict[str, Any]:
        """One letter, with the offending record and its corrections; ``of_a_place``: nothing but a place in a file says
        what it is about. Raises :class:`UserMistake`."""
        with self._database.reading() as connection:
            found = letters.get(connection, [int(letter_id)])
            made = corrections.of_letter(connection, int(letter_id))
        if not found:
            raise UserMistake(f"there is no dead letter {letter_id}; see `crm-bridge dead-letters list`")
        told = [
            {"by": each.made_by, "at": each.made_at, "said": each.said, "meant": each.meant}
            | ({"superseded_at": each.superseded_at} if each.superseded_at else {})
            for each in made
        ]
        placed = {"of_a_place": True} if found[0]["stage"] == "read" and id_to_ask_for(found[0]) is None else {}
        return {**found[0], **placed, **({"corrections": told} if told else {})}

    def status(self, *, at: str) -> dict[str, Any]:
        """What waits, and for whom: systems that are left alone, postponed and held writes, what people have to decide.

        Args:
            at: now, ISO 8601 in UTC: a pause that is over is none.
        """
        with self._database.reading() as connection:
            latest = [{k: v for k, v in row.items() if k != "report"} for row in runs.listing(connection, limit=1)]
            return {
                "paused": [
                    {"system": each.system, "until": each.until, "reason": each.reason, "since": each.since}
                    for each in pauses.every(connection).values()
                    if each.until > at
                ],
                "waiting": [asdict(each) for each in outbox.waiting(connection, now=at)],
                "dead_letters": letters.count_open(connection),
                "reviews": review.count_open(connection),
                "unknown": len(in_doubt.listing(connection)),
                "latest_run": latest[0] if latest else None,
            }

    def runs(self) -> list[dict[str, Any]]:
        """The latest runs, newest first, without their reports."""
        with self._database.reading() as connection:
            rows = runs.listing(connection)
        return [{name: value for name, value in row.items() if name != "report"} for row in rows]

    def run(self, run_id: str) -> dict[str, Any]:
        """One run with its report. Raises :class:`UserMistake`."""
        with self._database.reading() as connection:
            found = runs.get(connection, run_id)
        if found is None:
            raise UserMistake(f"there is no run {run_id}; see `crm-bridge runs list`")
        return found

    def ready(self) -> None:
        """Return when the store answers and has the present schema."""
        self._database.schema_version()

    def check_store(self) -> dict[str, Any]:
        """Which store is used; raises :class:`StoreAway` when it does not answer."""
        return {"store": self.settings.bridge.store_address, "schema": self._database.schema_version()}

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A consistent view of the store, for reports."""
        with self._database.reading() as connection:
            yield connection


def open_store(settings: Settings, *, to_look: bool = False) -> Database:
    """The store that ``settings`` name.

    Args:
        to_look: nothing is written; a full disk is no hindrance then.

    Raises:
        ConfigMistake: it cannot be opened as it is configured; with file and line.
        StoreAway: it does not answer; with its address.
    """
    base_dir, reference = settings.base_dir, settings.bridge.store_password_ref
    key = "store_password_ref"
    try:
        password = resolve_secret(reference, base_dir=base_dir) if reference else None
        key = "store"
        opening = open_to_look if to_look else open_database
        return opening(settings.bridge.store, base_dir=base_dir, password=password)
    except ConfigMistake as error:
        place = settings.place(("bridge", key))
        raise ConfigMistake(error.message, place=place, path=f"bridge.{key}") from error
    except StoreAway as error:
        raise StoreAway(f"{settings.bridge.store_address}: {error.message}") from error


@contextmanager
def open_desk(settings: Settings) -> Iterator[Desk]:
    """The desk of the store that ``settings`` name, closed afterwards."""
    database = open_store(settings, to_look=True)
    try:
        yield Desk(settings, database=database)
    finally:
        database.close()
