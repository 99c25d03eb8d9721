"""Each failure that the simulator can play, met while reading; and what may never be seen of it."""

from __future__ import annotations

import logging
import re
import traceback
from importlib.resources import files
from pathlib import Path

import pytest

from crm_bridge.api import ConfigMistake, CredentialsRefused, Note, RetryLater, Unreachable
from crm_bridge_siebel.faults import FaultClass, classify

BUNDLED = Path(str(files("crm_bridge_siebel"))) / "wsdl"


@pytest.mark.parametrize(
    ("knobs", "settings", "expected"),
    [
        ({"fail_next": 3}, {}, RetryLater),
        ({"busy_html_next": 3}, {}, RetryLater),
        ({"delay": 5.0}, {"timeouts": {"read": 0.1}}, RetryLater),
        ({"delay": 5.0}, {"timeouts": {"total": 0.1}}, RetryLater),
        ({"fault_next": "SBL-UIF-00880"}, {}, RetryLater),
        ({"fault_next": "SBL-DAT-00501"}, {}, ConfigMistake),
        ({"fault_next": "SBL-DAT-00359"}, {}, ConfigMistake),
        ({"fault_next": "SBL-DAT-00398"}, {}, ConfigMistake),
        ({"fault_next": "SBL-EAI-04397"}, {}, ConfigMistake),
        ({"fault_next": "SBL-DAT-00553"}, {}, ConfigMistake),
        ({"fault_next": "SBL-DAT-00825"}, {}, ConfigMistake),
        ({"fault_next": "SBL-UIF-00272"}, {}, CredentialsRefused),
        ({"reject_login": True}, {}, CredentialsRefused),
    ],
)
def test_each_failure_of_a_read_has_its_error(siebel, drain, knobs, settings, expected):
    """The error says what to do next."""
    siebel.load(1)
    siebel.simulator.configure(**knobs)

    with pytest.raises(expected) as caught:
        drain(siebel.connector(**settings))

    assert expected is type(caught.value)
    assert str(caught.value).startswith("siebel: ") or "siebel" == caught.value.system


@pytest.mark.parametrize("knob", ["fail_next", "busy_html_next"])
def test_one_failure_of_a_read_is_tried_over(siebel, drain, knob):
    """Reading changes nothing, so one repetition is free."""
    siebel.load(3)
    siebel.simulator.configure(**{knob: 1})

    assert 3 == len(drain(siebel.connector())[0][0].records)


@pytest.mark.parametrize("knobs", [{"busy_html_next": 1, "truncate_next": 1}, {"busy_html_next": 2}])
def test_two_failures_of_a_read_close_together_are_tried_over(siebel, drain, knobs):
    """Neither says that the next answer will be lost too."""
    siebel.load(3)
    siebel.simulator.configure(**knobs)

    assert 3 == len(drain(siebel.connector())[0][0].records)


def test_a_refused_login_is_not_tried_over(siebel, drain):
    """Repeating a refused password locks the account: one call, one refusal."""
    siebel.simulator.configure(fault_next="SBL-UIF-00272")
    connector = siebel.connector()
    with pytest.raises(CredentialsRefused):
        drain(connector)

    assert ([], None) == drain(connector)


def test_a_stopped_siebel_is_unreachable(siebel, drain):
    """Nothing was sent."""
    connector = siebel.connector()
    siebel.simulator.stop()

    with pytest.raises(Unreachable):
        drain(connector)


@pytest.mark.parametrize("parentheses", [True, False])
@pytest.mark.parametrize("wrapped", [True, False])
@pytest.mark.parametrize("status", [200, 500])
def test_a_fault_is_known_in_every_dress(siebel, update, parentheses, wrapped, status):
    """Both spellings of errorcode, hidden in a wrapper's text or not, at HTTP 200 and 500."""
    (record_id,) = siebel.load(1)
    siebel.simulator.configure(fault_parentheses=parentheses, fault_wrapped=wrapped, fault_status=status)

    (outcome,) = siebel.connector().write("contact", [update(record_id, Gender="Femal")])

    assert "SBL-EAI-04401" == outcome.code


def test_codes_count_and_words_do_not():
    """Texts are localised; a code in brackets, alone or inside a sentence is the same code."""
    text = "Erro(SBL-EAI-04376) não foi possível: (SBL-DAT-00523)"

    fault = classify(text, names=frozenset(), site={})

    assert FaultClass.CONFLICT is fault.kind
    assert ("SBL-DAT-00523", "SBL-EAI-04376") == fault.codes


def test_a_code_is_the_same_with_underscores():
    """Logs and scripts of a site write SBL_DAT_00523; a longer number is another code."""
    assert ("SBL-DAT-00523",) == classify("x SBL_DAT_00523: y", names=frozenset(), site={}).codes
    assert () == classify("SBL-DAT-005231", names=frozenset(), site={}).codes


def test_a_site_names_its_own_codes(siebel, update):
    """A workflow's code means what this installation says it means."""
    (record_id,) = siebel.load(1)
    siebel.simulator.configure(fault_next="SBL-BPR-00140")
    connector = siebel.connector(faults={"SBL-BPR-00140": "conflict"})

    (outcome,) = connector.write("contact", [update(record_id, LastName="Коваль")])

    assert "Stale" == type(outcome).__name__


@pytest.mark.parametrize(
    "knobs",
    [
        {"reject_login": True},
        {"fail_next": 9},
        {"busy_html_next": 9},
        {"truncate_next": 9},
        {"fault_next": "SBL-XYZ-00001"},
        {"delay": 5.0},
    ],
)
def test_the_password_is_never_seen(siebel, update, knobs, caplog):
    """Neither in an error, its traceback, a repr nor a log of any level."""
    caplog.set_level(logging.DEBUG)
    (record_id,) = siebel.load(1)
    connector = siebel.connector(timeouts={"read": 0.1})
    siebel.simulator.configure(**knobs)
    seen = [repr(connector), repr(vars(connector)), repr(connector._settings)]
    for call in (
        lambda: connector.read("contact", [record_id]),
        lambda: connector.write("contact", [update(record_id, LastName="Коваль")]),
    ):
        try:
            seen.append(repr(call()))
        except Exception as error:  # noqa: BLE001  # any error at all is looked at here
            seen += [str(error), repr(error), "".join(traceback.format_exception(error))]
    seen += [repr(vars(connector)), caplog.text, *(str(record.args) for record in caplog.records)]

    password = (siebel.folder / "siebel" / "password").read_text(encoding="ascii")
    assert password not in "\n".join(seen)


@pytest.mark.parametrize("name", ["contact", "contact_asi"])
@pytest.mark.parametrize("children", [[], ["ListOfChild"]])
def test_hidden_system_fields_are_named_with_what_to_do(siebel, drain, name, children):
    """A fresh Siebel outputs none: the check-up finds it, and reading stops instead of trying for ever."""
    siebel.load(3)
    connector = siebel.connector(kinds={"contact": {"wsdl": str(BUNDLED / f"{name}.wsdl"), "children": children}})
    _, cursor = drain(connector)
    siebel.simulator.configure(hide_system_fields=True)
    words = r"contact: Siebel does not output the system fields Id, Updated, ModId: .*from System to Data"

    assert [True] == [re.match(words, finding) is not None for finding in connector.check()]
    for at in (None, cursor):
        with pytest.raises(ConfigMistake, match=words):
            drain(siebel.connector(kinds=connector._kinds, children_seconds=0), at)
    with pytest.raises(ConfigMistake, match=words):
        list(connector.list_keys("contact"))


def test_child_rows_that_nobody_watches_are_noted(siebel):
    """Their changes alone would be missed; whoever has decided is not told again."""
    unsaid, decided = siebel.connector(children={}), siebel.connector(children={"contact": [], "claim": []})

    assert ["contact", "claim"] == [note.partition(":")[0] for note in unsaid.check() if isinstance(note, Note)]
    assert [] == list(decided.check())


def test_containers_that_are_never_asked_for_are_not_noted(siebel):
    """What `only` leaves out is not read, so nobody can watch it."""
    kind = {"wsdl": str(BUNDLED / "contact.wsdl")}
    some = siebel.connector(kinds={"contact": {**kind, "only": ["LastName", "ListOfChild"]}}).check()
    none = siebel.connector(kinds={"contact": {**kind, "only": ["LastName"]}}).check()

    (note,) = [each for each in some if "child rows" in each]
    assert "that matter of ListOfChild;" in note
    assert [] == [each for each in none if "child rows" in each]
