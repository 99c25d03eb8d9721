"""Which Siebel fault means what: one table of ``SBL-…`` codes, and what each class leads to.

Texts are localised, so only codes are matched. A fault carries several of them: wrappers hide their cause, in the
error stack or in the text, with or without parentheses. All are taken, and the first class in the order of
:class:`FaultClass` that any of them has decides.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType

from crm_bridge.api import (
    BridgeError,
    ConfigMistake,
    CredentialsRefused,
    Postponed,
    Refused,
    RetryLater,
    Stale,
    Unknown,
    WriteOutcome,
)


class FaultClass(Enum):
    """What kind of fault, in the order in which classes win when a fault carries several codes."""

    LOGIN = "login"
    TOKEN = "token"  # noqa: S105  # a class of faults, not a token
    CONFLICT = "conflict"
    DUPLICATE = "duplicate"
    AMBIGUOUS = "ambiguous"
    NO_KEY = "no_key"
    PICKLIST = "picklist"
    FORBIDDEN = "forbidden"
    BAD_QUERY = "bad_query"
    REJECTED = "rejected"
    TOO_MANY_ROWS = "too_many_rows"
    SITE = "site"
    BUSY = "busy"
    UNKNOWN = "unknown"
    WRAPPER = "wrapper"


FAULT_TABLE: Mapping[str, FaultClass] = MappingProxyType(
    {
        "SBL-UIF-00272": FaultClass.LOGIN,
        "SBL-SEC-10007": FaultClass.LOGIN,
        "10944642": FaultClass.TOKEN,
        "SBL-UIF-00880": FaultClass.TOKEN,
        "SBL-SSM-00005": FaultClass.BUSY,
        "10879185": FaultClass.BUSY,
        "SBL-DAT-00523": FaultClass.CONFLICT,
        "SSASqlErrWriteConflict": FaultClass.CONFLICT,
        "SBL-EAI-04383": FaultClass.DUPLICATE,
        "SBL-EAI-04381": FaultClass.DUPLICATE,
        "SBL-DAT-00381": FaultClass.DUPLICATE,
        "SBL-DAT-00382": FaultClass.DUPLICATE,
        "IDS_ERR_EAI_SA_INSERT_MATCH_FOUND": FaultClass.DUPLICATE,
        "SBL-EAI-04390": FaultClass.AMBIGUOUS,
        "IDS_ERR_EAI_SA_MULTIPLE_MATCH": FaultClass.AMBIGUOUS,
        "SBL-EAI-04397": FaultClass.NO_KEY,
        "IDS_ERR_EAI_SA_NO_USERKEY": FaultClass.NO_KEY,
        "SBL-DAT-00225": FaultClass.PICKLIST,
        "SBL-EAI-04401": FaultClass.PICKLIST,
        "IDS_ERR_EAI_SA_PICK_VALIDATE": FaultClass.PICKLIST,
        "SBL-DAT-00510": FaultClass.PICKLIST,
        "SBL-DAT-00553": FaultClass.FORBIDDEN,
        "SBL-DAT-00825": FaultClass.FORBIDDEN,
        "SBL-EAI-04471": FaultClass.FORBIDDEN,
        "SBL-DAT-00359": FaultClass.BAD_QUERY,
        "SBL-DAT-00501": FaultClass.BAD_QUERY,
        "SBL-DAT-00498": FaultClass.REJECTED,
        "SBL-DAT-00521": FaultClass.REJECTED,
        "SBL-EAI-04389": FaultClass.REJECTED,
        "SBL-DAT-00398": FaultClass.REJECTED,
        "SBL-EAI-04316": FaultClass.REJECTED,
        "SBL-EAI-04127": FaultClass.REJECTED,
        "SBL-EAI-04421": FaultClass.REJECTED,
        "IDS_WRN_EAI_SA_DML": FaultClass.REJECTED,
        "SBL-EAI-04184": FaultClass.REJECTED,
        "SBL-EAI-04009": FaultClass.REJECTED,
        "SBL-DAT-00500": FaultClass.TOO_MANY_ROWS,
        "SBL-BPR-00140": FaultClass.SITE,
        "SBL-EXL-": FaultClass.SITE,
        "SBL-APS-": FaultClass.SITE,
        "SBL-EAI-04376": FaultClass.WRAPPER,
        "SBL-EAI-04451": FaultClass.WRAPPER,
        "SBL-BPR-00162": FaultClass.WRAPPER,
    }
)
"""Code, symbol, or a code's beginning that ends in ``-``, to its class. A site adds its own in ``faults``."""


class OnQuery(Enum):
    """What a query does that met a fault."""

    LOGIN = "stop: who we are was refused"
    MEND = "mend"  # the same question is refused for ever: the settings, the WSDL or Siebel have to change
    LATER = "later"  # it passes


class OnWrite(Enum):
    """What a write comes to that met a fault."""

    LOGIN = "stop: who we are was refused"
    AGAIN = "send again"
    READ_AGAIN = "read again and merge"
    LOOK_UP = "look up"
    DEAD_LETTER = "dead letter"


@dataclass(frozen=True, slots=True)
class Action:
    """What a class of faults leads to.

    Attributes:
        once_more: a query is asked once more before that: what it met may have passed.
        advice: for whoever reads the message.
        of_query: the same for a query, where it is another.
    """

    query: OnQuery
    write: OnWrite
    advice: str
    once_more: bool = False
    of_query: str = ""


_DEAD = OnWrite.DEAD_LETTER

ACTIONS: Mapping[FaultClass, Action] = MappingProxyType(
    {
        FaultClass.LOGIN: Action(
            OnQuery.LOGIN,
            OnWrite.LOGIN,
            "user or password refused; mend username or password_ref before trying again",
        ),
        FaultClass.TOKEN: Action(OnQuery.LATER, OnWrite.AGAIN, "the session token was refused"),
        FaultClass.CONFLICT: Action(
            OnQuery.MEND,
            OnWrite.READ_AGAIN,
            "the record changed, or was deleted, since it was read",
            once_more=True,
            of_query="the query writes to records, and they change meanwhile; take what writes out of the workflow, "
            "or of the business component's user properties and scripts",
        ),
        FaultClass.DUPLICATE: Action(OnQuery.MEND, _DEAD, "a record with the same user key exists already"),
        FaultClass.AMBIGUOUS: Action(
            OnQuery.MEND, _DEAD, "several records match the user key; a person has to say which"
        ),
        FaultClass.NO_KEY: Action(OnQuery.MEND, _DEAD, "no user key was usable; the mapping has to give one"),
        FaultClass.PICKLIST: Action(
            OnQuery.MEND, _DEAD, "a value is not in its list of values; mend the mapping's value map or the value"
        ),
        FaultClass.FORBIDDEN: Action(
            OnQuery.MEND,
            _DEAD,
            "the integration user has no right to it; give its responsibility or position that right",
        ),
        FaultClass.BAD_QUERY: Action(
            OnQuery.MEND,
            _DEAD,
            "Siebel does not understand the condition; compare field_names and the WSDL with Siebel",
        ),
        FaultClass.REJECTED: Action(OnQuery.MEND, _DEAD, "a field is required, unknown, too long or not writable"),
        FaultClass.TOO_MANY_ROWS: Action(
            OnQuery.MEND, _DEAD, "too many rows for one query; publish ExecutionMode, which allows more"
        ),
        FaultClass.SITE: Action(
            OnQuery.MEND,
            _DEAD,
            "a rule of this installation refused it; the setting faults may give its code another class",
        ),
        # The web server says this both before and after the object manager took the request.
        FaultClass.BUSY: Action(
            OnQuery.LATER, OnWrite.LOOK_UP, "Siebel is busy or not reachable behind its web server"
        ),
        FaultClass.UNKNOWN: Action(
            OnQuery.MEND, _DEAD, "not a code of the table; name its class in the setting faults, such as busy"
        ),
        FaultClass.WRAPPER: Action(
            OnQuery.MEND,
            _DEAD,
            "Siebel gave no cause; its log names it",
            once_more=True,
            of_query="Siebel gave no cause; where it comes at once and each time, the page is larger than the service "
            "allows (MaximumPageSize): lower page_size; otherwise Siebel's log names it",
        ),
    }
)
"""What each class leads to."""

_CODE = re.compile(r"SBL[-_][A-Z]{3}[-_]\d{5}(?!\d)|\b(?:10944642|10879185)\b|\b(?:IDS_[A-Z_]+|SSASqlErr\w+)\b")
_OWN = re.compile(r"(?!\d{10})[A-Za-z0-9][\w.:-]{0,39}")
_WITHOUT_CODE = "Siebel's log, or the workflow's, says why; let what raises it give a code, which faults can class"
_QUOTED = re.compile(r"['\"‘’“”«»\[\]]([A-Za-z][\w .-]{0,60})['\"‘’“”«»\[\]]")


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault, without its text: that may hold values of the client.

    Attributes:
        codes: every code and symbol found, in order, without repetition.
        kind: the class that decides.
        names: fields and components of the service that the text quotes.
    """

    codes: tuple[str, ...]
    kind: FaultClass
    names: tuple[str, ...] = ()

    @property
    def code(self) -> str:
        """The code that decided, or the first, or ``fault``."""
        return self.codes[0] if self.codes else "fault"

    def __str__(self) -> str:
        return self.told(ACTIONS[self.kind].advice)

    def told(self, advice: str) -> str:
        """Its codes, what they are about, and ``advice``."""
        about = f" ({', '.join(self.names)})" if self.names else ""
        return f"{' '.join(self.codes) or 'a fault without code'}{about}: {advice if self.codes else _WITHOUT_CODE}"


class SiebelFaultError(Exception):
    """A fault on its way from the wire to whoever knows whether a read or a write was under way. Never leaves us."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(str(fault))
        self.fault = fault


def classify(text: str, *, names: frozenset[str], site: Mapping[str, FaultClass], own: str = "") -> Fault:
    """The fault that ``text`` (faultstring and the whole detail) describes. ``site`` goes before the table.

    Args:
        own: the code that a workflow's answer gives, of its maker's own kind perhaps.
    """
    said = [*_CODE.findall(text), *([own] if _OWN.fullmatch(own) else [])]
    found = tuple(dict.fromkeys(_spelled(code) for code in said))
    order = list(FaultClass)
    ranked = sorted(found, key=lambda code: _rank(code, _class_of(code, site), order))
    kind = _class_of(ranked[0], site) if ranked else FaultClass.UNKNOWN
    quoted = dict.fromkeys(name for name in _QUOTED.findall(text) if name in names)
    return Fault(codes=tuple(ranked), kind=kind, names=tuple(quoted))


def asked_once_more(error: BaseException) -> bool:
    """Whether a query that met ``error`` is asked once more before anything else comes of it."""
    return isinstance(error, SiebelFaultError) and ACTIONS[error.fault.kind].once_more


def read_error(fault: Fault, *, system: str) -> BridgeError:
    """What to raise when a query met ``fault``."""
    action = ACTIONS[fault.kind]
    match action.query:
        case OnQuery.LOGIN:
            return CredentialsRefused(str(fault), system=system)
        case OnQuery.MEND:
            return ConfigMistake(f"{system}: query refused with {fault.told(action.of_query or action.advice)}")
        case OnQuery.LATER:
            return RetryLater(f"query refused with {fault}", system=system)


def write_outcome(fault: Fault, *, system: str) -> WriteOutcome:
    """What a write came to that met ``fault``: one message is one transaction, so nothing of it took effect.

    Raises:
        CredentialsRefused: nothing was written, and trying on would lock the account.
    """
    match ACTIONS[fault.kind].write:
        case OnWrite.LOGIN:
            raise CredentialsRefused(str(fault), system=system)
        case OnWrite.AGAIN:
            return Postponed(str(fault))
        case OnWrite.READ_AGAIN:
            return Stale(str(fault))
        case OnWrite.LOOK_UP:
            return Unknown(str(fault))
        case OnWrite.DEAD_LETTER:
            return Refused(str(fault), code=fault.code, field=fault.names[0] if fault.names else None)


def _rank(code: str, kind: FaultClass, order: Sequence[FaultClass]) -> tuple[int, bool]:
    """Where a code stands. A symbol that nobody knows may belong to a wrapper, so any code goes before it."""
    is_symbol = not code.startswith("SBL-")
    return len(order) if is_symbol and kind is FaultClass.UNKNOWN else order.index(kind), is_symbol


def _spelled(code: str) -> str:
    """Logs and scripts write ``SBL_DAT_00523`` as well."""
    return code.replace("_", "-") if code.startswith("SBL_") else code


def _class_of(code: str, site: Mapping[str, FaultClass]) -> FaultClass:
    for table in (site, FAULT_TABLE):
        if code in table:
            return table[code]
        for beginning, kind in table.items():
            if beginning.endswith("-") and code.startswith(beginning):
                return kind
    return FaultClass.UNKNOWN
