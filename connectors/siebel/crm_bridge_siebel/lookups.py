"""What ``check`` finds out by asking: how times in search specifications are read, and whether a key finds its record.

Everything here depends on it: a poll asks for what changed since a time that an answer told, and a create whose answer
was lost is looked for by its ``IntegrationId``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

from crm_bridge.api import ConfigMistake, Note
from crm_bridge_siebel.asking import Asker
from crm_bridge_siebel.conditions import AllOf, Compare, Condition, moment
from crm_bridge_siebel.duplicates import by_user_keys
from crm_bridge_siebel.query import BY_CHANGE, Query
from crm_bridge_siebel.settings import SiebelSettings
from crm_bridge_siebel.shapes import INTEGRATION_ID, ROW_ID, UPDATED, Component

Record = Mapping[str, Any]
Ask = Callable[[Condition], Sequence[Record]]

_STEP = timedelta(minutes=15)  # every zone's offset is a whole number of these
_FARTHEST = 26 * 4  # steps between the earliest and the latest local time on Earth
_TRIES = 3
_SAMPLE = 10  # records among which one with an IntegrationId is looked for
_NOBODYS_KEY = "crm-bridge-check"


def looked_up(
    kind: str,
    records: Sequence[Record],
    *,
    component: Component,
    asker: Asker,
    settings: SiebelSettings,
    askable: bool,
    sortable: bool,
    creates: bool,
) -> Iterator[str]:
    """What is wrong with conditions on ``kind``.

    Args:
        records: some of its records, as far as their system fields go.
        askable: a condition can be said at all.
        sortable: polls ask for windows over ``Updated``.
        creates: records are created, and may have to be found by their ``IntegrationId``.
    """

    def ask(condition: Condition) -> Sequence[Record]:
        return asker.readable(kind, Query(condition, page_size=2, keys_only=True))

    if records and askable:
        yield from unfound(kind, records[0], ask=ask)
    if records and records[0].get(UPDATED) and sortable:
        first = asker.whole(kind, Query(None, sort=BY_CHANGE, page_size=min(_SAMPLE, settings.page_size))).records
        yield from unsorted(kind, first)
        yield from misread_times(kind, records[0], ask=ask, zone=settings.user_time_zone)
    if creates and askable:
        newest = BY_CHANGE if sortable else ()
        some = Query(None, sort=newest, descending=bool(newest), page_size=min(_SAMPLE, settings.page_size))
        sample = asker.whole(kind, some).records
        yield from unfound_keys(kind, sample, ask=ask)
        for key in settings.user_keys.get(kind, ()):
            yield from unfound_user_key(kind, key, sample, component=component, ask=ask)


def unfound(kind: str, record: Record, *, ask: Ask) -> Iterator[str]:
    """Whether a record is found by its own Id, and no other one."""
    found = [each[ROW_ID] for each in ask(Compare(ROW_ID, "=", record[ROW_ID]))]
    if any(row_id != record[ROW_ID] for row_id in found):
        yield (
            f"{kind}: asked for a record by its Id, the service gives others: it does not look at its search "
            "specification, so every look at a record reads all pages, and changes cannot be asked for: mend "
            "field_names or query_arguments, or publish SearchSpec"
        )


def unsorted(kind: str, records: Sequence[Record]) -> Iterator[str]:
    """Whether records came in the order of their Updated, which was asked for."""
    try:
        times = [moment(str(record.get(UPDATED, ""))) for record in records]
    except ValueError:
        return
    if times != sorted(times):
        yield (
            f"{kind}: asked for records in the order of their Updated, the service gives them in another: it does not "
            "look at its sort specification, so polls would miss changes: mend field_names or query_arguments, or "
            "publish SortSpec"
        )


def misread_times(kind: str, record: Record, *, ask: Ask, zone: str) -> Iterator[str]:
    """Whether a search specification means by a time what an answer means by it.

    Args:
        record: one of ``kind`` that exists, as an answer told it.
        ask: gives at most two records that fulfil a condition.
        zone: the configured zone of the integration user.
    """
    for _ in range(_TRIES):
        told = _misread(kind, record, ask=ask, zone=zone)
        if told is None:
            return
        now = ask(Compare(ROW_ID, "=", record[ROW_ID]))
        if not now:
            return  # it was deleted meanwhile
        if now[0].get(UPDATED) == record[UPDATED]:
            yield told
            return
        record = now[0]  # it was edited meanwhile


def _misread(kind: str, record: Record, *, ask: Ask, zone: str) -> str | None:
    told = moment(record[UPDATED])
    whole = told.replace(microsecond=0)

    def found(operator: str, steps: int = 0) -> bool:
        at = (whole + steps * _STEP).isoformat()
        return bool(ask(AllOf((Compare(ROW_ID, "=", record[ROW_ID]), Compare(UPDATED, operator, at, is_moment=True)))))

    if found(">=") and not found(">=", 1):
        return None
    if found(">=", _FARTHEST):
        return f"{kind}: conditions on Updated are not looked at, so changes cannot be asked for: publish SearchSpec"
    if not found(">=", -_FARTHEST):
        return (
            f"{kind}: a record is not found by its own Updated: dates in search specifications are read in another "
            "form than MM/DD/YYYY HH:MM:SS, or a field of another name is meant: mend system_fields or field_names"
        )
    low, high = -_FARTHEST, _FARTHEST
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if found(">=", middle) else (low, middle)
    hours = f"{abs(low) / 4:g} h {'later' if low > 0 else 'earlier'}"
    return (
        f"{kind}: search specifications write the time of a record {hours} than answers do (user_time_zone is {zone}), "
        "so polls ask for the wrong changes: give the integration user's profile and the server's default the zone UTC"
    )


def unfound_keys(kind: str, sample: Sequence[Record], *, ask: Ask) -> Iterator[str]:
    """Whether ``IntegrationId`` finds the record that has it, and nothing else.

    Args:
        sample: some records of ``kind``.
    """
    if ask(Compare(INTEGRATION_ID, "=", _NOBODYS_KEY)):
        yield (
            f"{kind}: a look-up by an IntegrationId that no record has finds some, so a create whose answer was lost "
            "would be taken for another record: publish SearchSpec, or mend field_names"
        )
        return
    known = next((record for record in sample if record.get(INTEGRATION_ID)), None)
    if known is None:
        yield Note(
            f"{kind}: none of {len(sample)} records has an IntegrationId, so it was not tried that one is found by it"
        )
    else:
        found = ask(Compare(INTEGRATION_ID, "=", known[INTEGRATION_ID]))
        if len(found) > 1:
            yield f"{kind}: several records have the same IntegrationId: a create cannot be told by it; make it unique"
        elif [each[ROW_ID] for each in found] != [known[ROW_ID]]:
            yield (
                f"{kind}: a look-up by the IntegrationId of a record does not find it, so a create whose answer was "
                "lost would be sent again: mend field_names, or the integration component's field"
            )
    yield Note(
        f"{kind}: that IntegrationId is a user key, so that a second create with it is refused, cannot be tried by "
        "anything but a create: look into the integration component's keys"
    )


def unfound_user_key(kind: str, key: str, sample: Sequence[Record], *, component: Component, ask: Ask) -> Iterator[str]:
    """Whether a record is found by the values of a user key; only then is a create that met it resolved.

    Args:
        key: fields of the setting ``user_keys``, such as ``LastName+FirstName``.
        sample: some records of ``kind``.
    """
    for record in sample:
        for condition in by_user_keys(record, [key], component):
            try:
                found = ask(condition)
            except ConfigMistake as refused:
                yield (
                    f"{kind}: a look-up by the user key {key} is refused ({refused.message}): where the integration "
                    "component's fields have other names than the WSDL's tags, such as with blanks, name them in "
                    "field_names"
                )
            else:
                if not found:
                    yield f"{kind}: a look-up by the user key {key} of a record does not find it: mend field_names"
            return
