"""Phones: exact or refused, and the fast path agrees with the numbering plan."""

from __future__ import annotations

import phonenumbers
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from crm_bridge.mapping import BadValue
from crm_bridge.mapping.phones import phone_reader


@pytest.mark.parametrize(
    ("text", "region", "expected"),
    [
        ("050 123-45-67", "UA", ("+380501234567", None)),
        ("(067) 555 01 01", "UA", ("+380675550101", None)),
        ("+38 (050) 555-01-01", "UA", ("+380505550101", None)),
        ("380505550101", "UA", ("+380505550101", None)),
        ("tel:+380505550101", "UA", ("+380505550101", None)),
        ("8 (916) 555-01-01", "RU", ("+79165550101", None)),
        ("8 701 555 01 01", "KZ", ("+77015550101", None)),
        ("+44 20 7946 0018", "UA", ("+442079460018", None)),
        ("044 555 01 01 доб. 12", "UA", ("+380445550101", "12")),
        ("+380445550101 ext 12", "UA", ("+380445550101", "12")),
        ("+380445550101x7", "UA", ("+380445550101", "7")),
    ],
)
def test_usual_spellings_become_e164(text, region, expected):
    """National by region, international anywhere, extensions apart."""
    assert expected == phone_reader(region)(text)


@pytest.mark.parametrize(
    "text", ["000 00-00", "12-34", "нема", "0505550101, 0675550101", "+380 00 000 00 00", "+", "050 555 01 0"]
)
def test_what_is_no_number_is_refused(text):
    """Nothing is completed, corrected or guessed."""
    with pytest.raises(BadValue) as raised:
        phone_reader("UA")(text)

    assert "bad_phone" == raised.value.code


def _by_plan(digits, region):
    try:
        number = phonenumbers.parse(digits, region)
    except phonenumbers.NumberParseException:
        return None
    return phonenumbers.format_number(number, 0) if phonenumbers.is_valid_number(number) else None


CODES = ["39", "50", "63", "67", "93", "99", "44", "32", "900", "916", "999", "700", "701", "777", "709", "771"]


@given(
    prefix=st.sampled_from(["+380", "380", "0", "+7", "8", "7", ""]),
    rest=st.text("0123456789", min_size=8, max_size=11)
    | st.builds(str.__add__, st.sampled_from(CODES), st.text("0123456789", min_size=7, max_size=7)),
    region=st.sampled_from(["UA", "RU", "KZ"]),
)
@example(prefix="+380", rest="711234567", region="UA")
@example(prefix="7", rest="9000000000", region="KZ")
def test_the_fast_path_agrees_with_the_numbering_plan(prefix, rest, region):
    """A number has one answer, whichever way it takes."""
    try:
        found = phone_reader(region)(prefix + rest)[0]
    except BadValue:
        found = None

    assert _by_plan(prefix + rest, region) == found


def test_a_long_text_of_blanks_is_refused_at_once(monkeypatch):
    """A field that is no phone at all keeps nobody waiting: nothing is looked for in it."""

    class Never:
        def search(self, text):
            raise AssertionError("looked for an extension")

    monkeypatch.setattr("crm_bridge.mapping.phones._EXT", Never())
    with pytest.raises(BadValue, match="not a valid phone number"):
        phone_reader("UA")("1" + " " * 100_000 + "2x")


def test_a_phone_without_country_code_and_region_says_what_is_missing():
    """The number may be right; it is the region that nobody gave."""
    with pytest.raises(BadValue, match="no country code, and no region") as caught:
        phone_reader("ZZ")("050 555 01 01")

    assert "bad_phone" == caught.value.code
