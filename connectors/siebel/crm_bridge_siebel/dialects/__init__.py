"""The three dialects that Siebel's services speak, behind one small seam.

``recognition`` tells them apart by their types, ``choice`` finds what to call in a WSDL, and each dialect says how a
query is put and how a write is wrapped. Everything else, from windows to readers, is the same for all.
"""

from crm_bridge_siebel.dialects.choice import Wanted, dialect_for, shape_of
from crm_bridge_siebel.dialects.recognition import DialectName, dialect_of, dialect_of_service, method_of
from crm_bridge_siebel.dialects.seam import Call, Dialect, Modes

__all__ = [
    "Call",
    "Dialect",
    "DialectName",
    "Modes",
    "Wanted",
    "dialect_for",
    "dialect_of",
    "dialect_of_service",
    "method_of",
    "shape_of",
]
