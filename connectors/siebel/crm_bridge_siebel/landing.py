"""On which record a write landed, as the answer and the record tell: a receipt for another record is none.

Siebel finds records by user keys and does not say that it found one where a new one was meant. A record that an insert
made has ModId 0, unless a rule of the site wrote to it at once; then it was created a moment before it was changed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from crm_bridge.api import Accepted, RecordWrite, Refused, WriteOutcome
from crm_bridge_siebel.conditions import moment
from crm_bridge_siebel.shapes import CREATED, INTEGRATION_ID, ROW_ID, UPDATED, VERSION
from crm_bridge_siebel.writing import stamped_with

OTHER_RECORD = "other_record"
CREATED_OVER = "created_over"
_AT_ONCE = timedelta(seconds=60)  # the longest that rules of a site take after an insert

Record = Mapping[str, Any]


def landed(
    write: RecordWrite, answered: Record, *, refuses_known: bool, look: Callable[[str], Record | None]
) -> WriteOutcome:
    """What ``write`` came to, which Siebel says it carried out on ``answered``.

    Args:
        refuses_known: a create is refused where there is such a record, so one without a ModId is a new one.
        look: the record with an id, as it is now; ``None``: it cannot be seen.
    """
    record_id = str(answered[ROW_ID])
    if write.operation != "create":
        return _of_known(write, answered)
    told = answered.get(INTEGRATION_ID)
    if told and told != stamped_with(write):
        return other(record_id)
    version = answered.get(VERSION)
    if version == "0" or (not version and refuses_known):
        return Accepted(record_id=record_id, version=version)
    seen = answered if answered.get(CREATED) and answered.get(UPDATED) else look(record_id)
    if seen is None:
        return _perhaps_over(record_id)
    if was_there_before(seen):
        return over(record_id)
    return Accepted(record_id=record_id, version=version or seen.get(VERSION))


def was_there_before(record: Record) -> bool:
    """Whether a record that was just created by us was there before: it has been changed, and not at once."""
    if record.get(VERSION) in {None, "", "0"}:
        return False
    try:
        return moment(str(record.get(UPDATED, ""))) - moment(str(record.get(CREATED, ""))) > _AT_ONCE
    except ValueError:
        return True  # nobody can tell: it is looked at rather than believed


def other(record_id: str) -> Refused:
    """Siebel wrote to ``record_id``, which is another record."""
    return Refused(
        f"Siebel's answer is about another record, {record_id}, than the one to be written: it may have been changed; "
        "compare the two in Siebel, and its user keys with the mapping",
        OTHER_RECORD,
    )


def over(record_id: str) -> Refused:
    """A create was carried out on ``record_id``, which was there before."""
    return Refused(
        f"Siebel carried the create out on {record_id}, which was there before: its fields were written over; compare "
        "its history in Siebel, and let the create's operation insert only",
        CREATED_OVER,
    )


def _of_known(write: RecordWrite, answered: Record) -> WriteOutcome:
    record_id, sent = str(answered[ROW_ID]), write.fields.get(INTEGRATION_ID)
    told = answered.get(INTEGRATION_ID)
    if record_id != write.record_id or (sent and told and told != sent):
        return other(record_id)
    return Accepted(record_id=record_id, version=answered.get(VERSION))


def _perhaps_over(record_id: str) -> Refused:
    return Refused(
        f"whether Siebel made {record_id} or wrote over a record that was there before cannot be told, since it cannot "
        "be read: look at it in Siebel",
        CREATED_OVER,
    )
