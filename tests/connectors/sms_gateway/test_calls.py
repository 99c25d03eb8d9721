"""Calls to the SMS gateway: no foreign exception comes through."""

from __future__ import annotations

import inspect

import httpx
import pytest

from crm_bridge.api import OutcomeUnknown, Unreachable
from crm_bridge_sms_gateway.calls import TRANSLATION, translate

LEAVES = [
    kind
    for _, kind in inspect.getmembers(httpx, inspect.isclass)
    if issubclass(kind, httpx.TransportError | httpx.TooManyRedirects | httpx.DecodingError | httpx.InvalidURL)
    and not kind.__subclasses__()
]


@pytest.mark.parametrize("kind", LEAVES, ids=lambda kind: kind.__name__)
def test_every_exception_of_httpx_is_in_the_table(kind):
    """A new one in a later release is noticed here."""
    assert kind in TRANSLATION


@pytest.mark.parametrize("kind", LEAVES, ids=lambda kind: kind.__name__)
def test_the_text_of_a_foreign_exception_is_not_passed_on(kind):
    """It may quote an address."""
    assert "+380505550101" not in str(translate(kind("+380505550101"), system="sms_gateway"))


def test_only_what_was_surely_not_sent_is_unreachable():
    """Everything else may have taken effect."""
    assert Unreachable is type(translate(httpx.ConnectError("x"), system="s"))
    assert OutcomeUnknown is type(translate(httpx.ReadTimeout("x"), system="s"))
