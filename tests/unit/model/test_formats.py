"""Formats of single values."""

from __future__ import annotations

import pytest

from crm_bridge.model.formats import is_blank


@pytest.mark.parametrize("text", ["", " ", "\t\n", "\u00a0", "\u200b", "\ufeff\u00ad", " \u3164 ", "\u2800"])
def test_what_nobody_can_see_is_blank(text: str) -> None:
    """Blanks, letters without width, and letters that are drawn as nothing."""
    assert is_blank(text)


@pytest.mark.parametrize("text", ["0", "a", " a ", "\u200bї", "王", "é", "\u00a0-"])
def test_one_letter_that_is_seen_is_enough(text: str) -> None:
    """Whatever stands beside it."""
    assert not is_blank(text)
