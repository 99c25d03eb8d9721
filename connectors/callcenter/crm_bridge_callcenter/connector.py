"""The call centre as the bridge sees it: clients read in pages, written one by one with the version seen."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import quote

import orjson

from crm_bridge.api import (
    Accepted,
    BrokenRecord,
    Capabilities,
    ConfigMistake,
    ConnectorContext,
    ConnectorType,
    CredentialsRefused,
    EffectSafety,
    HttpAnswer,
    HttpCalls,
    InboundRequest,
    Note,
    OutcomeUnknown,
    Page,
    Postponed,
    RawRecord,
    RecordHint,
    RecordWrite,
    Refused,
    RejectRecord,
    RetryLater,
    Unknown,
    Unreachable,
    WriteMode,
    WriteOutcome,
)

from . import webhooks
from .records import (
    FIELDS,
    MALFORMED,
    NOT_JSON,
    Position,
    begins_like_a_page,
    body_of,
    is_settled,
    listed,
    next_link,
    split_page,
    unreadable_record,
)
from .settings import CallCenterSettings

KIND = "client"
CLIENTS = "/api/v1/clients"
IDS_A_CALL = 100
KEYS_A_CALL = 10_000
FIELDS_NAMED = 8  # of an answer that is something else


class CallCenter:
    """A connector for one call centre. Implements RecordSource, KeyLister, FieldLister, RecordTarget and
    EventReceiver."""

    def __init__(self, settings: CallCenterSettings, context: ConnectorContext) -> None:
        self._settings = settings
        self._system = context.system
        self._calls = HttpCalls(
            settings.base_url,
            system=context.system,
            peer="the call centre",
            credentials="token_ref",
            headers={
                "authorization": f"Bearer {context.secret(settings.token_ref).reveal()}",
                "accept": "application/json",
            },
            timeout_seconds=settings.timeout_seconds,
            connect_timeout_seconds=settings.connect_timeout_seconds,
        )
        refs = [settings.webhook_secret_ref, settings.webhook_previous_secret_ref]
        try:
            self._keys = [webhooks.signing_key(context.secret(ref)) for ref in refs if ref]
        except ValueError as error:
            raise ConfigMistake(str(error), path=f"systems.{context.system}.webhook_secret_ref") from None

    def kinds(self) -> Sequence[str]:
        return (KIND,)

    def capabilities(self, kind: str) -> Capabilities:
        _known(kind)
        return Capabilities(
            incremental=True,
            complete_listing=True,
            conditional_writes=True,
            write_mode=WriteMode.MERGE,
            effect_safety=EffectSafety.KEYED,
            page_size=self._settings.page_size,
            batch_size=20,
            rate_per_second=self._settings.rate_per_second,
        )

    def fields(self, kind: str) -> frozenset[str]:
        """What the API's documentation names; ``facts`` holds whatever operators asked."""
        _known(kind)
        return FIELDS

    def check(self) -> Sequence[str]:
        """Ask for one client. It notes that there is no webhook secret."""
        self._calls.get(CLIENTS, query={"limit": "1"})
        return (
            () if self._keys else (Note("no webhook_secret_ref: changes are seen when polled, webhooks are refused"),)
        )

    def close(self) -> None:
        self._calls.close()

    # RecordSource

    def read_changes(self, kind: str, cursor: str | None) -> Iterator[Page]:
        """Pages in the order of (updated_at, id).

        A page that is not JSON is asked for again in smaller pieces, so that one broken client costs itself alone.
        """
        _known(kind)
        try:
            position = Position.parse(cursor)
        except (orjson.JSONDecodeError, KeyError, TypeError):
            raise RejectRecord("the stored cursor is not one of this connector", system=self._system) from None
        pinned: Position | None = None
        been = {position}
        limit = self._settings.page_size
        while True:
            answer = self._calls.get(CLIENTS, query=position.query(limit=limit))
            where = f"clients since {position.since or 'the beginning'}"
            parsed = _page_of(answer)
            broken: list[BrokenRecord] = []
            records: Sequence[RawRecord] = ()
            if parsed is not None:
                items, last = parsed["clients"], parsed["next"] is None
                records, broken = split_page(items, position=where)
                behind = next_link(answer.headers) or _behind(records) or position
            elif limit > 1:
                limit = max(1, limit // 10)
                continue
            else:
                link = next_link(answer.headers)
                if link is None:
                    raise RetryLater(f"{_what_it_is(answer)}, and names no next page", system=self._system)
                # The page holds one client, and the link names the last of it.
                behind, last = link, False
                broken = [unreadable_record(answer.body, position=where, record_id=link.after)]
            if pinned is None and not is_settled(behind, headers=answer.headers):
                pinned = replace(behind, after=None)
            if records or broken:
                yield Page(records=records, cursor=(pinned or behind).cursor(), broken=broken)
            if last:
                return
            if behind in been:
                raise RetryLater(
                    "the call centre's pages go round in a circle: ask it to mend them", system=self._system
                )
            been.add(behind)
            position, limit = behind, min(self._settings.page_size, limit * 10)

    def read(self, kind: str, record_ids: Sequence[str]) -> Sequence[RawRecord]:
        """These clients.

        Raises:
            RejectRecord: one of them makes the answer unreadable; ask for fewer.
        """
        _known(kind)
        found: list[RawRecord] = []
        for start in range(0, len(record_ids), IDS_A_CALL):
            found += self._by_ids(record_ids[start : start + IDS_A_CALL])
        wanted = set(record_ids)
        return [record for record in found if record["id"] in wanted]

    def _by_ids(self, record_ids: Sequence[str]) -> Sequence[RawRecord]:
        for _ in range(2):  # an answer that was cut off on its way comes whole the second time
            answer = self._calls.get(CLIENTS, query={"ids": listed(record_ids)})
            parsed = _page_of(answer)
            if parsed is not None:
                return self._all_whole(parsed["clients"])
            if not begins_like_a_page(answer.body):
                raise RetryLater(_what_it_is(answer), system=self._system)
            if len(record_ids) > 1:
                break
        raise RejectRecord(NOT_JSON, system=self._system, code=MALFORMED)

    def _all_whole(self, items: Sequence[Any]) -> Sequence[RawRecord]:
        """Who was asked for by id and came broken is there: to leave it out would say that it is gone."""
        good, broken = split_page(items, position="clients by id")
        if broken:
            raise RetryLater(f"{broken[0].position}: {broken[0].cause}", system=self._system)
        return good

    # KeyLister

    def list_keys(self, kind: str) -> Iterator[str]:
        """Every id, in order. The API says how many there are: fewer is an error, not an end."""
        _known(kind)
        after, given, total = "", set[str](), 0
        while True:
            answer = self._calls.get("/api/v1/client-ids", query={"after": after, "limit": str(KEYS_A_CALL)})
            try:
                said = answer.json()
                ids, total, following = said["ids"], max(total, said["total"]), said["next"]
            except (ValueError, KeyError, TypeError):
                ids, following = None, None
            if not isinstance(ids, list) or not all(isinstance(name, str) for name in ids):
                raise RetryLater("the list of ids is none: not one was taken as missing", system=self._system)
            fresh = [name for name in dict.fromkeys(ids) if name not in given]
            given.update(fresh)
            yield from filter(None, fresh)  # one without an id is a dead letter
            if following is None:
                break
            if not isinstance(following, str) or not fresh:
                raise RetryLater("the list of ids goes round in a circle", system=self._system)
            after = following
        if len(given) < total:
            raise RetryLater(f"the list of ids ended after {len(given)} of {total}", system=self._system)

    # RecordTarget

    def write(self, kind: str, writes: Sequence[RecordWrite]) -> Sequence[WriteOutcome]:
        """One call for each write. When the call centre goes away in the middle, the rest is postponed, unsent."""
        _known(kind)
        outcomes: list[WriteOutcome] = []
        for write in writes:
            try:
                outcomes.append(self._write_one(write))
            except OutcomeUnknown as error:
                outcomes.append(Unknown(error.message))
            except (Unreachable, CredentialsRefused) as error:
                if not outcomes:
                    raise
                waiting = len(writes) - len(outcomes)
                return [*outcomes, *[Postponed(f"not sent: {error.message}")] * waiting]
        return outcomes

    def _write_one(self, write: RecordWrite) -> WriteOutcome:
        headers = {"content-type": "application/json", "idempotency-key": write.key}
        body = orjson.dumps(body_of(write), option=orjson.OPT_SORT_KEYS)  # the same key always carries the same bytes
        if write.operation == "create":
            return _outcome(self._calls.call("POST", CLIENTS, headers=headers, body=body))
        if write.operation != "update" or write.record_id is None:
            return Refused(f"the call centre's API has no {write.operation} of a client", code="unsupported")
        if write.expected_version is None:
            return Refused("an update without the version it was computed against", code="no_version")
        headers["if-match"] = f'"{write.expected_version}"'
        return _outcome(
            self._calls.call("PATCH", f"{CLIENTS}/{quote(write.record_id, safe='')}", headers=headers, body=body)
        )

    # EventReceiver

    def verify(self, request: InboundRequest) -> None:
        webhooks.verify(request, keys=self._keys)

    def parse(self, request: InboundRequest) -> Sequence[RecordHint]:
        return webhooks.parse(request, kind=KIND)


def _known(kind: str) -> None:
    if kind != KIND:
        raise ValueError(f"a call centre holds {KIND}, not {kind!r}")


def _page_of(answer: HttpAnswer) -> Mapping[str, Any] | None:
    """The page, or ``None`` when it is not one."""
    try:
        said = orjson.loads(answer.body)
    except orjson.JSONDecodeError:
        return None
    shaped = isinstance(said, dict) and isinstance(said.get("clients"), list) and "next" in said
    return said if shaped else None


def _what_it_is(answer: HttpAnswer) -> str:
    """An answer that is no page, in words."""
    try:
        said = orjson.loads(answer.body)
    except orjson.JSONDecodeError:
        return "the call centre's answer is not JSON"
    fields = ", ".join(sorted(said)[:FIELDS_NAMED]) if isinstance(said, dict) else type(said).__name__
    return f"the call centre's answer is JSON and no page of clients (`clients` with `next`), but holds: {fields}"


def _behind(records: Sequence[RawRecord]) -> Position | None:
    return Position(since=records[-1]["updated_at"], after=records[-1]["id"]) if records else None


def _outcome(answer: HttpAnswer) -> WriteOutcome:
    """What the answer to a write says. What the API words itself is read, the rest means what it means anywhere."""
    status = answer.status
    if status in (200, 201):
        try:
            record = orjson.loads(answer.body)
            if isinstance(record["id"], str) and isinstance(record["version"], int | str):
                return Accepted(record_id=record["id"], version=str(record["version"]), record=record)
            return Unknown("a success whose answer is not a client")
        except (orjson.JSONDecodeError, KeyError, TypeError):
            return Unknown("a success whose answer is not a client")
    if status == 404:
        return Refused("no such client in the call centre", code="not_found")
    if status in (400, 413, 422):
        return _refusal(answer)
    if status == 409:
        return Postponed("the call centre answered 409", retry_after=answer.retry_after)
    return answer.not_done()


def _refusal(answer: HttpAnswer) -> Refused:
    """Names of fields and codes only: the values stay in the plan."""
    try:
        errors = [(str(error["field"]), str(error["code"])) for error in orjson.loads(answer.body)["errors"]]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        errors = []
    named = ", ".join(f"{field}: {code}" for field, code in errors) or "no field named"
    field, code = errors[0] if errors else ("", "refused")
    ours = any(name.split(".")[0] == field.split(".")[0] for name in FIELDS)  # it may also name a header
    return Refused(f"the call centre refused the content ({named})", code=code, field=field if ours else None)


def _rehearsals() -> Sequence[type]:
    from .rehearsal import CallCenterRehearsal  # late: test gear, which a sync does not load

    return (CallCenterRehearsal,)


CONNECTOR = ConnectorType(
    name="callcenter",
    settings=CallCenterSettings,
    open=CallCenter,
    summary="A call centre with a JSON API: clients both ways, with versions, and webhooks about changes.",
    rehearsals=_rehearsals,
)
