"""The simulator's knobs: what the installation is like, how it fails, and the counting down."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from crm_bridge_siebel.simulator.catalogue import CONTACT
from crm_bridge_siebel.simulator.languages import LANGUAGES
from crm_bridge_siebel.simulator.services import DIALECTS, UI_DATA_ADAPTER

PICKLIST_FAULTS = ("SBL-EAI-04401", "SBL-DAT-00225", "SBL-DAT-00510")
Value = int | float | str | bool


@dataclass(frozen=True, slots=True)
class Knob:
    """One knob: where it stands at first, what it does, and which texts or numbers it takes (``None``: any)."""

    default: Value
    words: str
    takes: Callable[[Value], bool] | None = None
    choices: str = ""


def _zone(name: Value) -> bool:
    try:
        ZoneInfo(str(name))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def _zone_or_none(name: Value) -> bool:
    return name == "" or _zone(name)


def _keys(text: Value) -> bool:
    names = [name for key in str(text).split(";") for name in key.split("+")]
    return text == "" or set(names) <= set(CONTACT.fields)


def _counted(words: str) -> Knob:
    return Knob(0, words, lambda value: float(value) >= 0, "0 and up")


def _choice(default: Value, words: str, *names: Value) -> Knob:
    return Knob(default, words, lambda value: value in names, ", ".join(str(name) for name in names))


_TABLE: Mapping[str, Knob] = MappingProxyType(
    {
        # what the installation is like
        "dialect": _choice(
            UI_DATA_ADAPTER, "which dialect `?WSDL` and the settings lead to; all are always served", *DIALECTS
        ),
        "typed": Knob(False, "let the dialect ui_data_adapter be the service with the typed schema"),
        "typed_text": Knob(False, "answer the typed service with Y, N and MM/DD/YYYY all the same"),
        "time_zone": Knob("UTC", "zone of the integration user's profile, as in `Europe/Kyiv`", _zone, "zone names"),
        "spec_time_zone": Knob(
            "",
            "zone in which search specifications are read; empty: that of answers",
            _zone_or_none,
            "zone names, or none",
        ),
        "language": _choice("ENU", "language of display values and of fault texts", *LANGUAGES),
        "default_page_size": Knob(10, "rows of a page when none is asked for"),
        "max_page_size": Knob(1000, "Siebel's MaximumPageSize (1000)"),
        "rest_max_page_size": Knob(100, "rows of a page over REST, whatever is asked for"),
        "rest_empty_status": _choice(404, "HTTP status of a REST query that finds nothing: 404 or 204", 404, 204),
        "page_cap": _counted("the most rows of a SOAP page, whatever is asked for, without a word; 0: no such cap"),
        "row_limit": Knob(10_000, "rows that a query reaches without ExecutionMode=ForwardOnly"),
        "hide_system_fields": Knob(False, "queries give no Id, Created, Updated, ModId and their like"),
        "empty_elements": Knob(False, "give a field that was never filled as an empty element"),
        "primary_mvg": Knob(False, "mark each address IsPrimaryMVG Y or N"),
        "modification_key": Knob(True, "check ModId when it is sent (true)"),
        "child_touches_parent": Knob(False, "a change of child rows alone moves the parent's ModId and Updated"),
        "read_only_ignored": Knob(False, "take writes to calculated fields and ignore those fields; off: refuse"),
        "picklist_fault": _choice(
            "SBL-EAI-04401",
            "code for a value that is not in its list",
            "SBL-EAI-04401",
            "SBL-DAT-00225",
            "SBL-DAT-00510",
        ),
        "user_keys": Knob(
            "IntegrationId",
            "user keys after Id, as in `IntegrationId;LastName+FirstName+BirthDate`",
            _keys,
            "fields of a contact",
        ),
        "on_demand": Knob(False, "refuse a misspelt operation instead of taking it for sync"),
        "user_position": Knob("Bridge", "position of the integration user, for ViewMode Sales Rep"),
        "user_organization": Knob("Default Organization", "organization of the integration user"),
        "default_view_mode": Knob("All", "ViewMode of a call that says none"),
        "all_sees_all": Knob(True, "ViewMode All shows all organizations; off: it shows the user's own alone"),
        # sessions
        "anonymous": Knob(False, "a call without credentials is the anonymous user, who sees no row; off: refused"),
        "lock_after": _counted("refused log-ins of a user in a row that lock the account for good; 0: never"),
        "login_delay": Knob(0.0, "seconds that each login takes; calls with a token take none of it"),
        "token_calls": _counted("calls that a session's tokens last for; 0: no limit"),
        "session_timeout": Knob(900.0, "Siebel's SessionTimeout: seconds without a call that end a session"),
        "session_token_timeout": Knob(900.0, "Siebel's SessionTokenTimeout: seconds that a token lives unused"),
        "session_token_max_age": Knob(2880.0, "Siebel's SessionTokenMaxAge: minutes that a session's tokens live"),
        "old_tokens_live": Knob(False, "take also tokens that a later answer has replaced"),
        "session_preference": Knob(True, "a token is tied to its task; off: any task takes it"),
        "task_gone_next": _counted("the next N calls with a token find their task gone (SBL-UIF-00880)"),
        "max_tasks": _counted("sessions at a time; above: the busy page; 0: no limit"),
        # failures
        "fail_next": _counted("answer the next N calls with HTTP 503, without carrying them out"),
        "busy_html_next": _counted("answer the next N calls with a busy page in HTML, without carrying them out"),
        "busy_status": _choice(200, "HTTP status of the busy page", 200, 502, 503),
        "conflict_next": _counted("another user changes what the next N writes are about, the moment before each"),
        "locked": Knob("", "row ids, parted by `;`, of records that another user holds locked"),
        "lock_wait": Knob(0.0, "seconds that a write waits for a locked record before it is refused"),
        "lock_fault": Knob("SBL-DAT-00523", "code for a record that stays locked; no document names it"),
        "truncate_next": _counted("carry out the next N calls and send half of each answer"),
        "malformed_next": _counted("carry out the next N calls and break a tag in each answer"),
        "drop_answer_next": _counted("carry out the next N writes and close the connection without an answer"),
        "rollback_next": _counted("refuse the next N changes at their commit, after their events have left"),
        "fault_next": Knob("", "answer the next call with this fault code, without carrying it out"),
        "delay": Knob(0.0, "seconds to wait, after carrying out, before each answer"),
        "drip": _counted("send each answer at so many bytes a second; 0: at once"),
        "encoding": _choice("UTF-8", "encoding that SOAP answers declare and have", "UTF-8", "windows-1251", "UTF-16"),
        "gzip": Knob(False, "compress answers for those who accept gzip"),
        "reject_login": Knob(False, "refuse every login"),
        "fault_parentheses": Knob(False, "write errorcode as (SBL-…) instead of SBL-…"),
        "fault_status": _choice(500, "HTTP status of faults: 500 or 200", 500, 200),
        "fault_wrapped": Knob(False, "hide each fault's code in the text behind a wrapper code"),
        "fault_style": _choice(
            "siebdetail", "shape of a fault's detail: siebdetail, or as in the ASI guide", "siebdetail", "asi_guide"
        ),
        # events
        "notify_url": Knob("", "send a SiebelMessage to this address at each change, before its commit"),
        "notify_content": _choice("full", "what such a message holds: the whole record, or its Id", "full", "id"),
    }
)

KNOBS: Mapping[str, str] = MappingProxyType({name: knob.words for name, knob in _TABLE.items()})


class Knobs:
    """The knobs' present positions. They are not part of the persistent state: a restart puts them back."""

    def __init__(self) -> None:
        self._values: dict[str, Value] = {name: knob.default for name, knob in _TABLE.items()}
        self._lock = threading.Lock()

    def set(self, values: Mapping[str, object]) -> None:
        """Turn several knobs at once.

        Raises:
            ValueError: an unknown name, or a value that the knob does not take; none is turned then.
        """
        checked = {name: _checked(name, value) for name, value in values.items()}
        with self._lock:
            self._values.update(checked)

    def values(self) -> dict[str, Value]:
        """All positions by name."""
        with self._lock:
            return dict(self._values)

    def on(self, name: str) -> bool:
        """Whether a switch is on."""
        with self._lock:
            return bool(self._values[name])

    def number(self, name: str) -> float:
        """The position of a knob with a number."""
        with self._lock:
            return float(self._values[name])

    def text(self, name: str) -> str:
        """The position of a knob with a text."""
        with self._lock:
            return str(self._values[name])

    def take(self, name: str) -> bool:
        """Count one use of a ``…_next`` knob; whether there was one left."""
        with self._lock:
            left = int(self._values[name])
            if left > 0:
                self._values[name] = left - 1
            return left > 0

    def take_fault(self) -> str:
        """The code that the next call is to be refused with, once; empty: none."""
        with self._lock:
            code = str(self._values["fault_next"])
            self._values["fault_next"] = ""
            return code


def _checked(name: str, value: object) -> Value:
    knob = _TABLE.get(name)
    if knob is None:
        raise ValueError(f"no knob {name!r}; there are {', '.join(sorted(_TABLE))}")
    wanted = type(knob.default)
    if wanted is float and type(value) is int:
        value = float(value)
    if not isinstance(value, (int, float, str, bool)) or type(value) is not wanted:
        raise ValueError(f"knob {name} takes {wanted.__name__}")
    if knob.takes is not None and not knob.takes(value):
        raise ValueError(f"knob {name} takes {knob.choices}")
    return value
