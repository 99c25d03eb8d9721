"""What the simulator refuses with: a Siebel code, its symbol, and the fault's XML in each spelling that was seen."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from types import MappingProxyType

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


def fault_xml(refusal: RefusalError, *, parentheses: bool, wrapped: bool) -> bytes:
    """The SOAP fault for ``refusal``, with ``siebdetail`` as Siebel writes it."""
    code, message = refusal.code, escape(refusal.message, quote=False)
    text = f"{message}({code})"
    errors = [(code, SYMBOLS.get(code, ""), text)]
    if wrapped and code != _WRAPPER:
        errors = [(_WRAPPER, "", f"Method 'Execute' of the business service failed with: {text}")]
        text = errors[0][2]
    stack = "".join(
        f"<siebelf:error><siebelf:errorcode>{f'({number})' if parentheses else number}</siebelf:errorcode>"
        f"<siebelf:errorsymbol>{symbol}</siebelf:errorsymbol><siebelf:errormsg>{said}</siebelf:errormsg></siebelf:error>"
        for number, symbol, said in errors
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        '<SOAP-ENV:Envelope xmlns:SOAP-ENV="http://schemas.xmlsoap.org/soap/envelope/"><SOAP-ENV:Body><SOAP-ENV:Fault>'
        f"<faultcode>SOAP-ENV:Server</faultcode><faultstring>{text}</faultstring><detail>"
        '<siebelf:siebdetail xmlns:siebelf="http://www.siebel.com/ws/fault">'
        "<siebelf:logfilename>EAIObjMgr_enu_0001.log</siebelf:logfilename>"
        f"<siebelf:errorstack>{stack}</siebelf:errorstack></siebelf:siebdetail>"
        "</detail></SOAP-ENV:Fault></SOAP-ENV:Body></SOAP-ENV:Envelope>"
    ).encode()
