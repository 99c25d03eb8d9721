"""No foreign exception escapes: every class of zeep, requests and lxml has a line in the table."""

from __future__ import annotations

import inspect

import pytest
import requests.exceptions
import urllib3.exceptions
import zeep.exceptions
from lxml import etree

from crm_bridge.api import BridgeError, ConfigMistake, OutcomeUnknown, RejectRecord, Unreachable
from crm_bridge_siebel.translation import TRANSLATION, Meaning, UnreadableAnswer, meaning_of, translated


def own_exceptions(module):
    return [
        found
        for _, found in inspect.getmembers(module, inspect.isclass)
        if issubclass(found, BaseException) and found.__module__ == module.__name__
    ]


@pytest.mark.parametrize("module", [zeep.exceptions, requests.exceptions], ids=lambda module: module.__name__)
def test_every_exception_has_its_own_line(module):
    """A class that a new release brings fails here until somebody has decided what it means."""
    names = {f"{found.__module__}.{found.__qualname__}" for found in own_exceptions(module)}

    assert set() == names - set(TRANSLATION)


@pytest.mark.parametrize("module", [urllib3.exceptions, etree], ids=lambda module: module.__name__)
def test_every_exception_below_is_covered_by_a_base(module):
    """urllib3 and lxml have many classes that never reach us; their bases answer for them."""
    errors = [
        found
        for found in own_exceptions(module)
        if not issubclass(found, Warning) and not found.__name__.startswith("_")
    ]
    uncovered = [
        found.__name__
        for found in errors
        if not any(f"{base.__module__}.{base.__qualname__}" in TRANSLATION for base in found.__mro__)
    ]

    assert [] == uncovered


def test_every_line_names_a_class_that_exists():
    """A line with a misspelt name would translate nothing."""
    from importlib import import_module

    for dotted in TRANSLATION:
        module, _, name = dotted.rpartition(".")
        assert isinstance(getattr(import_module(module), name), type), dotted


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (requests.exceptions.ConnectTimeout("https://u:secret@host"), Unreachable),
        (requests.exceptions.ReadTimeout("secret"), OutcomeUnknown),
        (requests.exceptions.ConnectionError("secret"), OutcomeUnknown),
        (requests.exceptions.ConnectionError(urllib3.exceptions.NewConnectionError(None, "secret")), Unreachable),
        (zeep.exceptions.XMLParseError("secret"), UnreadableAnswer),
        (zeep.exceptions.ValidationError("secret"), RejectRecord),
        (zeep.exceptions.WsdlSyntaxError("secret"), ConfigMistake),
        (requests.exceptions.InvalidURL("secret"), ConfigMistake),
    ],
)
def test_each_meaning_has_its_error(error, expected):
    """Our error says what to do next; the foreign text stays out of it."""
    ours = translated(error, system="siebel", doing="calling Siebel")

    assert expected is type(ours)
    assert isinstance(ours, BridgeError)
    assert "secret" not in str(ours)


def test_a_bug_of_ours_is_not_dressed_up():
    """An exception outside the table goes on as it is."""
    assert meaning_of(KeyError("x")) is None
    with pytest.raises(KeyError):
        translated(KeyError("x"), system="siebel", doing="calling Siebel")


def test_each_meaning_is_used():
    """No meaning without a line."""
    assert set(Meaning) == set(TRANSLATION.values())
