"""System fields that Siebel keeps to itself until somebody changes their type: named, with what is to be done."""

from __future__ import annotations

from collections.abc import Sequence

from crm_bridge.api import ConfigMistake
from crm_bridge_siebel.records import NO_ROW_ID, Answer

HOW = (
    "in Siebel Tools or Web Tools, change the type of these fields from System to Data (Integration Object > "
    "Integration Component > Integration Component Field), deploy the object, and save the service's WSDL again"
)


class HiddenFields(ConfigMistake):
    """No record carries a row id: Siebel does not output its system fields."""


def hidden(names: Sequence[str], *, kind: str) -> str:
    """Which of a kind's system fields do not come, and what the Siebel administrator has to do."""
    return f"{kind}: Siebel does not output the system fields {', '.join(names)}: {HOW}"


def refuse_nameless(answer: Answer, *, kind: str, system: str) -> Answer:
    """``answer``, unless none of its records can be told from another.

    Raises:
        HiddenFields: none has a row id.
    """
    if answer.broken and not answer.records and all(each.code == NO_ROW_ID for each in answer.broken):
        raise HiddenFields(f"{system}: {hidden(answer.lacking, kind=kind)}")
    return answer
