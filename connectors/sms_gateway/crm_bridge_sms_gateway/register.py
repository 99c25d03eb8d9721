"""The gateway's register of subscribers: read in the order of change, replaced whole, under an etag."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote

import orjson

from crm_bridge.api import (
    Accepted,
    BrokenRecord,
    HttpAnswer,
    HttpCalls,
    OutcomeUnknown,
    Page,
    RawRecord,
    RecordWrite,
    Refused,
    RetryLater,
    Unknown,
    WriteOutcome,
)

SUBSCRIBERS = "/subscribers"
KEPT_BY_SERVER = frozenset({"id", "version", "updated_at"})
FIELDS = KEPT_BY_SERVER | frozenset(
    [
        "msisdn",
        "first_name",
        "last_name",
        "middle_name",
        "birth_date",
        "email",
        "language",
        "claims_sms",
        "consent_at",
        "external_id",
        "postal_code",
    ]
)
NEXT_POSITION = "next-position"  # header: it can be read when the body cannot
IDS_A_CALL = 100
FIELDS_NAMED = 8  # of an answer that is something else
_LONGEST_SAMPLE = 4000


class Register:
    """HttpCalls of the register, as values of the bridge."""

    def __init__(self, calls: HttpCalls, *, system: str, page_size: int) -> None:
        self._calls = calls
        self._system = system
        self._page_size = page_size

    def changes(self, cursor: str | None) -> Iterator[Page]:
        """Pages behind ``cursor``, which is the register's own. One that is none is asked for in smaller pieces."""
        position, limit = cursor, self._page_size
        been = {position}
        while True:
            query = {"limit": str(limit)} if position is None else {"after": position, "limit": str(limit)}
            answer = self._calls.get(SUBSCRIBERS, query=query)
            where = f"subscribers behind {position or 'the beginning'}"
            said = _object_of(answer)
            if said is not None and isinstance(said.get("subscribers"), list) and isinstance(said.get("next"), str):
                records, broken = _split(said["subscribers"], where=where)
                behind, more = said["next"], said.get("more") is True
            elif limit > 1:
                limit = max(1, limit // 10)
                continue
            elif (following := answer.headers.get(NEXT_POSITION)) and following != position:
                code, what = _what_it_is(answer)
                cause = f"{what}, also when asked for alone: ask the gateway to mend this subscriber"
                sample = answer.body[:_LONGEST_SAMPLE].decode("utf-8", "replace")
                records, broken = [], [BrokenRecord(where, cause, sample, code)]
                behind, more = following, True
            else:
                raise RetryLater(f"{_what_it_is(answer)[1]}, and names no next page", system=self._system)
            if records or broken:
                yield Page(records=records, cursor=behind, broken=broken)
            if not more:
                return
            if behind in been:
                raise RetryLater("the register's pages go round in a circle: ask it to mend them", system=self._system)
            been.add(behind)
            position, limit = behind, min(self._page_size, limit * 10)

    def read(self, record_ids: Sequence[str]) -> Sequence[RawRecord]:
        """These, as they are."""
        found: list[RawRecord] = []
        for start in range(0, len(record_ids), IDS_A_CALL):
            found += self._listed({"ids": ",".join(map(_in_list, record_ids[start : start + IDS_A_CALL]))})
        wanted = set(record_ids)
        return [record for record in found if record["id"] in wanted]

    def created_with(self, key: str) -> RawRecord | None:
        """The subscriber that a create with this key made."""
        found = self._listed({"request_key": key})
        if len(found) > 1:
            said = f"the register names {len(found)} subscribers for one request: nobody can tell which it made"
            raise RetryLater(said, system=self._system)
        return found[0] if found else None

    def keys(self) -> Iterator[str]:
        """Every id. The register says how many there are: fewer is an error, not an end."""
        after, given, total = "", set[str](), 0
        while True:
            said = _object_of(self._calls.get("/subscriber-ids", query={"after": after, "limit": "10000"})) or {}
            ids, following = said.get("ids"), said.get("next")
            well_formed = isinstance(ids, list) and all(isinstance(name, str) for name in ids)
            if not isinstance(ids, list) or not well_formed or type(said.get("total")) is not int or "next" not in said:
                raise RetryLater("the list of ids is none: not one was taken as missing", system=self._system)
            fresh = [name for name in dict.fromkeys(ids) if name not in given]
            given.update(fresh)
            yield from filter(None, fresh)  # one without an id is a dead letter
            total = max(total, said["total"])
            if following is None:
                break
            if not isinstance(following, str) or not fresh:
                raise RetryLater("the list of ids goes round in a circle", system=self._system)
            after = following
        if len(given) < total:
            raise RetryLater(f"the list of ids ended after {len(given)} of {total}", system=self._system)

    def write(self, write: RecordWrite) -> WriteOutcome:
        """One write: a create, or a replacement of what was seen.

        Raises:
            Unreachable: nothing was sent.
            CredentialsRefused: the account is refused.
        """
        body = orjson.dumps(
            {name: value for name, value in write.full.items() if name not in KEPT_BY_SERVER},
            option=orjson.OPT_SORT_KEYS,
        )
        headers = {"content-type": "application/json"}
        if write.operation == "create":
            method, path = "POST", SUBSCRIBERS
            headers["request-key"] = write.key
        elif write.operation != "update" or write.record_id is None:
            return Refused(f"the register has no {write.operation} of a subscriber", code="unsupported")
        elif write.expected_version is None:
            return Refused("a replacement without the version it was computed against", code="no_version")
        else:
            method, path = "PUT", f"{SUBSCRIBERS}/{quote(write.record_id, safe='')}"
            headers["if-match"] = f'"{write.expected_version}"'
        try:
            return self._outcome(self._calls.call(method, path, headers=headers, body=body))
        except OutcomeUnknown as error:
            return Unknown(error.message)

    def _outcome(self, answer: HttpAnswer) -> WriteOutcome:
        said = _object_of(answer)
        match answer.status:
            case 200 | 201 if said and isinstance(said.get("id"), str) and isinstance(said.get("version"), str):
                return Accepted(record_id=said["id"], version=said["version"], record=said)
            case 404:
                return Refused("no such subscriber in the register", code="not_found")
            case 400 | 422:
                given = said.get("errors") if said is not None else None
                errors = {str(field): str(code) for field, code in given.items()} if isinstance(given, dict) else {}
                named = ", ".join(f"{field}: {code}" for field, code in errors.items()) or "no field named"
                return Refused(
                    f"the register refused the content ({named})", code=next(iter(errors.values()), "refused")
                )
        return answer.not_done()

    def _listed(self, query: Mapping[str, str]) -> list[RawRecord]:
        answer = self._calls.get(SUBSCRIBERS, query=query)
        said = _object_of(answer)
        if said is None or not isinstance(said.get("subscribers"), list):
            raise RetryLater(_what_it_is(answer)[1], system=self._system)
        good, broken = _split(said["subscribers"], where="subscribers by id")
        if broken:  # to leave out who was asked for by id would say that it is gone
            raise RetryLater(f"{broken[0].position}: {broken[0].cause}", system=self._system)
        return good


def _in_list(record_id: str) -> str:
    """The id as an item of ``ids=a,b``: a comma in it divides nothing."""
    return record_id.replace("%", "%25").replace(",", "%2C")


def _object_of(answer: HttpAnswer) -> dict[str, Any] | None:
    try:
        said = orjson.loads(answer.body)
    except orjson.JSONDecodeError:
        return None
    return said if isinstance(said, dict) else None


def _what_it_is(answer: HttpAnswer) -> tuple[str, str]:
    """An answer that is no page: the code of its letter, and what it is in words."""
    try:
        said = orjson.loads(answer.body)
    except orjson.JSONDecodeError:
        return "malformed_json", "the register's answer is not JSON"
    other = "the register's answer is JSON and no page of subscribers (`subscribers` with `next`), but"
    if isinstance(said, dict):
        return "another_shape", f"{other} holds: {', '.join(sorted(said)[:FIELDS_NAMED]) or 'nothing'}"
    return "another_shape", f"{other} is: {type(said).__name__}"


def _split(items: Sequence[Any], *, where: str) -> tuple[list[RawRecord], list[BrokenRecord]]:
    """Records, untouched, and the pieces that are none."""
    good: list[RawRecord] = [item for item in items if isinstance(item, dict) and isinstance(item.get("id"), str)]
    if len(good) == len(items):
        return good, []
    cause = "not a subscriber: an object with `id` was expected; ask the gateway to mend it"
    broken = [
        BrokenRecord(
            f"{where}, item {number + 1}", cause, orjson.dumps(item).decode()[:_LONGEST_SAMPLE], "not_a_record"
        )
        for number, item in enumerate(items)
        if not (isinstance(item, dict) and isinstance(item.get("id"), str))
    ]
    return good, broken
