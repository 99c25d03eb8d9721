"""From what happened to a message on its way: plugins ask for notices, policy decides at the moment of dispatch, and a
message goes out once, or visibly nobody knows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from crm_bridge.connector import (
    MessageAccepted,
    MessageChannel,
    MessageOutcome,
    OutboundMessage,
    Postponed,
    Refused,
    Unknown,
)
from crm_bridge.errors import ConnectorFailed, CredentialsRefused, OutcomeUnknown, RejectRecord, RetryLater, Unreachable
from crm_bridge.hookspecs import ContactRequest, Event, HeldNotice, Notice
from crm_bridge.outbox.pauses import stopped_by
from crm_bridge.outbox.retry import Again, RetryPolicy, next_step
from crm_bridge.plugin_manager.isolation import Failed
from crm_bridge.plugin_manager.plugins import FAILED_RULE
from crm_bridge.policy import PastContact, PolicySettings, decide
from crm_bridge.run_context.context import RunContext, iso
from crm_bridge.run_context.isolation import calling, failure
from crm_bridge.store import clients, history, letters, notices
from crm_bridge.store.letters import Letter

EVENTS_AT_ONCE = 500
LONGEST_CAP = timedelta(days=90)
# How long a report is kept whose message we do not know: others may send by the same account.
REPORTS_KEPT = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class MessageRoute:
    """The system that carries messages of one channel. ``report_url``: where it should send delivery reports."""

    system: str
    channel: str
    connector: MessageChannel
    sender: str | None = None
    report_url: str | None = None


def start_listening(run: RunContext) -> None:
    """A plugin hears what happens from the run on in which it is first active, not what happened before."""
    with run.database.transaction() as connection:
        for plugin in run.plugins.implementers("clients_changed"):
            history.start_at_the_end(connection, _consumer(plugin))


def ask_plugins(run: RunContext) -> None:
    """Tell each plugin what happened since it was last told, and plan the notices that it asks for, once each."""
    for plugin in run.plugins.implementers("clients_changed"):
        while _ask(run, plugin):
            pass


def _consumer(plugin: str) -> str:
    return f"notices:{plugin}"


def _ask(run: RunContext, plugin: str) -> bool:
    """One batch of events for one plugin. Returns whether there may be more."""
    with run.database.reading() as connection:
        rows = history.untold(connection, _consumer(plugin), limit=EVENTS_AT_ONCE)
        cards = clients.get_all(connection, {row.client_id for row in rows if row.client_id})
    if not rows:
        return False
    events = [
        Event(f"history:{row.seq}", row.type, row.client_id, datetime.fromisoformat(row.at), row.body)
        for row in rows
        if row.client_id in cards
    ]
    docs = {client_id: card.doc() for client_id, card in cards.items()}
    told = run.plugins.clients_changed(events, docs, only=plugin)
    if told.failed:
        return False  # told again by the next run; the notices' keys keep them from going out twice
    at = run.now()
    with run.database.transaction() as connection:
        for _, notice in told.notices:
            notices.plan(connection, _planned(run, plugin, notice, at=at))
        held = [_held(plugin, wish) for _, wish in told.held]
        run.report.new_dead_letters += letters.put(connection, held, at=at, run_id=run.run_id)
        history.handled(connection, _consumer(plugin), rows[-1].seq)
    return True


def _planned(run: RunContext, plugin: str, notice: Notice, *, at: str) -> dict[str, Any]:
    return {
        "key": notice.key,
        "message_id": run.new_id(),
        "plugin": plugin,
        "client_id": notice.client_id,
        "channel": notice.channel,
        "purpose": notice.purpose,
        "text": notice.text,
        "valid_until": iso(notice.valid_until) if notice.valid_until else None,
        "created_at": at,
        "updated_at": at,
    }


def _held(plugin: str, wish: HeldNotice) -> Letter:
    return Letter(
        stage="notice",
        system=plugin,
        kind="notice",
        record_id=wish.key,
        code="incomplete",
        message=f"the notice cannot be written: {', '.join(wish.missing)} missing",
        hint="complete the record in its system; the change asks for the notice again",
        client_id=wish.client_id,
    )


def dispatch(
    run: RunContext,
    routes: Callable[[str], MessageRoute | None],
    *,
    policy: PolicySettings,
    retry: RetryPolicy,
    unasked: Mapping[str, str],
) -> None:
    """Send every planned notice whose time has come, if policy and plugins allow it now.

    Args:
        unasked: client → system that may know of a withdrawal and could not be asked. Their notices wait.
    """
    with run.database.reading() as connection:
        planned = notices.in_state(connection, "planned", now=run.now())
    for row in planned:
        route = routes(row["channel"])
        if route is None or route.system in run.report.stopped:
            continue
        address = _allowed_address(run, row, policy, unasked)
        if address is not None:
            _send(run, route, row, address, retry)


def unsettled(run: RunContext) -> None:
    """Messages that we were sending when we were stopped: nobody can tell, so they are not sent again. Reports about
    messages of others are forgotten in time."""
    with run.database.transaction() as connection:
        for row in notices.in_state(connection, "submitted"):
            status = notices.strongest_report(connection, row["message_id"])
            notices.change(
                connection, row["key"], at=run.now(), state=status or "unknown", reason="stopped while sending"
            )
        notices.forget_reports_of_others(connection, before=iso(run.clock() - REPORTS_KEPT))


def _allowed_address(
    run: RunContext, row: dict[str, Any], policy: PolicySettings, unasked: Mapping[str, str]
) -> str | None:
    """The number to send to; ``None`` when the notice does not go now, with the reason on it."""
    now = run.clock()
    with run.database.reading() as connection:
        client = clients.standing(connection, row["client_id"])
        person = clients.one_person(connection, row["client_id"])
        past = notices.contacts_since(connection, person, iso(now - LONGEST_CAP))
    if client is None:
        _stop(run, row, "suppressed", "no_client", "the client is not known any more")
        return None
    if row["valid_until"] is not None and row["valid_until"] <= iso(now):
        _stop(run, row, "expired_unsent", "valid_until", "its time is over")
        return None
    if client.id in unasked:
        why = f"{unasked[client.id]} could not be asked whether the consent stands"
        _stop(run, row, "planned", "unasked", why)
        return None
    doc = client.doc()
    decision = decide(
        doc,
        purpose=row["purpose"],
        channel=row["channel"],
        at=now,
        settings=policy,
        contacts_so_far=[PastContact(datetime.fromisoformat(at), channel, purpose) for at, channel, purpose in past],
    )
    if not decision.allowed:
        if decision.defer_until is not None:
            with run.database.transaction() as connection:
                notices.change(
                    connection,
                    row["key"],
                    at=run.now(),
                    not_before=iso(decision.defer_until),
                    rule=decision.rule,
                    reason=decision.reason,
                )
        else:
            _stop(run, row, "suppressed", decision.rule, decision.reason)
        return None
    request = ContactRequest(client.id, doc, row["channel"], row["purpose"], row["key"], now)
    opinion = run.plugins.decide_contact(request)
    if isinstance(opinion, Failed):
        why = f"the plugin {opinion.plugin} gave no answer whether it may go; every run asks again"
        _stop(run, row, "planned", f"{FAILED_RULE}{opinion.plugin}", why)
        run.report.hold_for(opinion.plugin)
        return None
    if opinion is not None and not opinion.allowed:
        _stop(run, row, "suppressed", opinion.rule, opinion.reason)
        return None
    return str(decision.contact_point["value"]) if decision.contact_point else None


def _stop(run: RunContext, row: dict[str, Any], state: str, rule: str, reason: str) -> None:
    with run.database.transaction() as connection:
        notices.change(connection, row["key"], at=run.now(), state=state, rule=rule, reason=reason)


def _send(run: RunContext, route: MessageRoute, row: dict[str, Any], address: str, retry: RetryPolicy) -> None:
    message = OutboundMessage(
        id=row["message_id"],
        channel=route.channel,
        to=address,
        text=row["text"],
        sender=route.sender,
        report_url=route.report_url,
    )
    with run.database.transaction() as connection:
        notices.change(
            connection,
            row["key"],
            at=run.now(),
            state="submitted",
            rule="allowed",
            system=route.system,
            address=address,
        )
    try:
        outcome = _outcome(route, message)
    except CredentialsRefused as error:
        outcome = Postponed(error.message)
        stopped_by(run, route.system, error)
    except ConnectorFailed as error:
        outcome = Unknown(error.message)  # it may have been sent before the mistake
        error.system = route.system
        stopped_by(run, route.system, error)
    with run.database.transaction() as connection:
        _settle(run, connection, row, outcome, retry)


def _outcome(route: MessageRoute, message: OutboundMessage) -> MessageOutcome:
    try:
        with calling(route.connector, "send"):
            outcome = route.connector.send(message)
        if not isinstance(outcome, MessageAccepted | Refused | Postponed | Unknown):
            raise failure(route.connector, "send", f"gave {type(outcome).__name__} instead of an outcome")
        return outcome
    except Unreachable as error:
        return Postponed(error.message, error.retry_after)
    except RejectRecord as error:
        return Refused(error.message, error.code)
    except (RetryLater, OutcomeUnknown) as error:
        return Unknown(error.message)


def _settle(run: RunContext, connection: Any, row: dict[str, Any], outcome: MessageOutcome, retry: RetryPolicy) -> None:
    at, key = run.now(), row["key"]
    match outcome:
        case MessageAccepted():
            reported = notices.strongest_report(connection, row["message_id"])
            state = max("accepted", reported or "accepted", key=lambda status: notices.RANK.get(status, 0))
            notices.change(
                connection, key, at=at, state=state, provider_id=outcome.provider_id, parts=outcome.parts, reason=None
            )
        case Refused():
            notices.change(connection, key, at=at, state="failed", rule=outcome.code, reason=outcome.reason)
            letter = Letter(
                stage="notice",
                system=row["plugin"],
                kind="notice",
                record_id=key,
                code=outcome.code,
                message=f"the message was refused: {outcome.reason}",
                client_id=row["client_id"],
            )
            run.report.new_dead_letters += letters.put(connection, [letter], at=at, run_id=run.run_id)
        case Postponed():
            attempts = row["attempts"] + 1
            step = next_step(
                retry,
                attempts=attempts,
                since=datetime.fromisoformat(row["created_at"]),
                now=run.clock(),
                retry_after=outcome.retry_after,
                random=run.random,
            )
            if isinstance(step, Again):
                notices.change(
                    connection,
                    key,
                    at=at,
                    state="planned",
                    attempts=attempts,
                    not_before=iso(step.at),
                    reason=outcome.reason,
                )
            else:
                notices.change(connection, key, at=at, state="failed", attempts=attempts, reason=step.reason)
        case Unknown():
            reported = notices.strongest_report(connection, row["message_id"])
            notices.change(connection, key, at=at, state=reported or "unknown", reason=outcome.reason)
