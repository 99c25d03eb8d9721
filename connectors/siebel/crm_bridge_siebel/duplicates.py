"""Which record a refused create met: by what Siebel can have recognised it.

Siebel matches records by user keys and does not say which record it found. Our own stamp tells a create that arrived
before. Any other record has to be read and resolved before it is written, so it is reported as one to read again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from crm_bridge.api import Accepted, RecordWrite, Refused, Stale, Unknown, WriteOutcome
from crm_bridge_siebel.conditions import AllOf, Compare, Condition
from crm_bridge_siebel.shapes import INTEGRATION_ID, ROW_ID, VERSION, Component
from crm_bridge_siebel.siebel_values import as_siebel
from crm_bridge_siebel.writing import stamped_with

AMBIGUOUS = "SBL-EAI-04390"

Find = Callable[[Condition], Sequence[Mapping[str, Any]]]


def resolved(
    write: RecordWrite, component: Component, *, user_keys: Sequence[str], find: Find, otherwise: WriteOutcome
) -> WriteOutcome:
    """What a create came to that Siebel refused as a duplicate.

    Args:
        user_keys: sets of fields, such as ``LastName+FirstName+BirthDate``, in Siebel's order.
        find: the records that a condition names, two at most.
        otherwise: the outcome when no record can be found.
    """
    own = not write.fields.get(INTEGRATION_ID)
    for number, condition in enumerate(_conditions(write, user_keys, component)):
        found = find(condition)
        if len(found) > 1:
            return Refused(
                "several records have the keys of the one to be created; a person has to say which", AMBIGUOUS
            )
        if found and own and number == 0:
            record = dict(found[0])
            lacking = _short_of_rows(write.fields, record, component)
            if lacking:
                return Unknown(f"the create was carried out before, and not all rows of {lacking} are there")
            return Accepted(record_id=record[ROW_ID], version=record.get(VERSION), record=record)
        if found:
            return Stale("a record with the same user key exists already", record_id=str(found[0][ROW_ID]))
    return otherwise


def _short_of_rows(fields: Mapping[str, Any], record: Mapping[str, Any], component: Component) -> str | None:
    """The container of which ``record`` has fewer rows than were sent: over REST a create may break off in between."""
    for each in component.lists:
        sent, held = fields.get(each.tag), record.get(each.tag)
        if not isinstance(sent, Mapping) or not isinstance(held, Mapping):
            continue  # nothing was sent there, or it was not asked for
        if len(held.get(each.component.tag) or ()) < len(sent.get(each.component.tag) or ()):
            return each.tag
    return None


def _conditions(write: RecordWrite, user_keys: Sequence[str], component: Component) -> Iterator[Condition]:
    yield Compare(INTEGRATION_ID, "=", stamped_with(write))
    yield from by_user_keys(write.fields, user_keys, component)


def by_user_keys(fields: Mapping[str, Any], user_keys: Sequence[str], component: Component) -> Iterator[Condition]:
    """What names the records that have the keys of one with these fields; nothing for a key that it has no value of."""
    sought = as_siebel(component, zone="UTC")(fields)  # specifications are never in ISO 8601
    for key in user_keys:
        names = [name.strip() for name in key.split("+")]
        values = [sought.get(name) for name in names]
        if names != [INTEGRATION_ID] and all(isinstance(value, str) and value for value in values):
            parts = tuple(Compare(name, "=", str(value)) for name, value in zip(names, values, strict=True))
            yield parts[0] if len(parts) == 1 else AllOf(parts)
