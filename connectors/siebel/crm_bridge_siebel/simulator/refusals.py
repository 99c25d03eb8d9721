"""What the simulator refuses with: a Siebel code, its symbol, and the fault's XML in each spelling that was seen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from types import MappingProxyType

from crm_bridge_siebel.simulator.languages import fault_words

_WRAPPER = "SBL-EAI-04376"

SYMBOLS: Mapping[str, str] = MappingProxyType(
    {
        "SBL-EAI-04383": "IDS_ERR_EAI_SA_INSERT_MATCH_FOUND",
        "SBL-EAI-04390": "IDS_ERR_EAI_SA_MULTIPLE_MATCH",
        "SBL-EAI-04397": "IDS_ERR_EAI_SA_NO_USERKEY",
        "SBL-EAI-04401": "IDS_ERR_EAI_SA_PICK_VALIDATE",
        "SBL-EAI-04421": "IDS_WRN_EAI_SA_DML",
        "SBL-DAT-00523": "SSASqlErrWriteConflict",
    }
)


class RefusalError(Exception):
    """A call that Siebel refuses."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code} {message}")
        self.code = code
        self.message = message


class BusyError(Exception):
    """No task is free: the web server answers with its busy page."""


@dataclass(frozen=True, slots=True)
class FaultStyle:
    """How this installation spells its faults."""

    parentheses: bool = False
    wrapped: bool = False
    asi_guide: bool = False
    language: str = "ENU"


def fault_text(refusal: RefusalError, *, style: FaultStyle) -> str:
    """What the fault says, its code at the end. Error Code 10944642 stands as a number, without SBL."""
    words = fault_words(refusal.code, refusal.message, language=style.language)
    ending = f"({refusal.code})" if refusal.code.startswith("SBL-") else f" Error Code: {refusal.code}"
    return f"{words}{ending}"


def fault_xml(refusal: RefusalError, *, style: FaultStyle) -> str:
    """The SOAP fault for ``refusal``: the element ``Fault`` of a SOAP body."""
    text = escape(fault_text(refusal, style=style), quote=False)
    code = refusal.code
    errors = [(code, SYMBOLS.get(code, ""), text)]
    if style.wrapped and code != _WRAPPER:
        errors = [(_WRAPPER, "", f"Method 'Execute' of the business service failed with: {text}")]
        text = errors[0][2]
    if style.asi_guide:
        return _fault(text, _asi_guide(errors))
    stack = "".join(
        f"<siebelf:error><siebelf:errorcode>{f'({number})' if style.parentheses else number}</siebelf:errorcode>"
        f"<siebelf:errorsymbol>{symbol}</siebelf:errorsymbol><siebelf:errormsg>{said}</siebelf:errormsg></siebelf:error>"
        for number, symbol, said in errors
    )
    return _fault(
        text,
        '<siebelf:siebdetail xmlns:siebelf="http://www.siebel.com/ws/fault">'
        "<siebelf:logfilename>EAIObjMgr_enu_0001.log</siebelf:logfilename>"
        f"<siebelf:errorstack>{stack}</siebelf:errorstack></siebelf:siebdetail>",
    )


def _asi_guide(errors: list[tuple[str, str, str]]) -> str:
    stack = "".join(
        f"<siebelf:error><siebelf:errorcode>{code}</siebelf:errorcode><siebelf:errorsymbol>{symbol}"
        f"</siebelf:errorsymbol><siebelf:errormsg>{said}</siebelf:errormsg></siebelf:error>"
        for code, symbol, said in errors
    )
    return f'<siebelf:errorstack xmlns:siebelf="http://www.oracle.com/ws/fault">{stack}</siebelf:errorstack>'


def _fault(text: str, detail: str) -> str:
    return (
        "<SOAP-ENV:Fault><faultcode>SOAP-ENV:Server</faultcode>"
        f"<faultstring>{text}</faultstring><detail>{detail}</detail></SOAP-ENV:Fault>"
    )
