"""Counting the parts of a text, with the numbers that networks bill by."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_bridge_sms_gateway.segments import Alphabet, Segments, count_segments


@pytest.mark.parametrize(
    ("text", "places", "parts"),
    [
        ("", 0, 1),
        ("a" * 160, 160, 1),
        ("a" * 161, 161, 2),
        ("a" * 306, 306, 2),
        ("a" * 307, 307, 3),
        ("€" * 80, 160, 1),
        ("€" * 81, 162, 2),
        ("a" * 152 + "€" + "a" * 152, 306, 3),  # the escape and its letter do not fit into one part: they move on
        ("[]{}^~|\\", 16, 1),
        ("@£Ñ\n", 4, 1),
    ],
)
def test_gsm_texts(text, places, parts):
    """160 alone, 153 joined, two for an extended letter."""
    assert Segments(Alphabet.GSM7, places, parts) == count_segments(text)


@pytest.mark.parametrize(
    ("text", "places", "parts"),
    [
        ("ж" * 70, 70, 1),
        ("ж" * 71, 71, 2),
        ("ж" * 134, 134, 2),
        ("ж" * 135, 135, 3),
        ("€" * 69 + "ж", 70, 1),
        ("😀" * 35, 70, 1),
        ("ж" * 66 + "😀" + "ж" * 66, 134, 3),  # an emoji is not split over two parts
    ],
)
def test_ucs2_texts(text, places, parts):
    """70 alone, 67 joined, two for a letter outside the plane."""
    assert Segments(Alphabet.UCS2, places, parts) == count_segments(text)


@pytest.mark.parametrize("sign", ["’", "«", "»", "—", "№", "ґ", "`"])
def test_one_sign_flips_a_latin_text(sign):
    """The signs that cost a campaign twice its price."""
    assert Alphabet.UCS2 is count_segments("a" * 69 + sign).alphabet


@given(st.text(max_size=400))
def test_parts_hold_what_they_must(text):
    """No text takes fewer parts than its places need, and none more than one part over twice that."""
    found = count_segments(text)
    alone, joined = found.alphabet.value
    least = 1 if found.places <= alone else -(-found.places // joined)

    assert least <= found.parts <= least + 1
