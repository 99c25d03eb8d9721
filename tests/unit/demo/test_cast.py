"""Choosing clients for the scenes."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from crm_bridge.demo.cast import SCENES, choose, wanted

EVERYWHERE = {"siebel": ["1-A"], "callcenter": ["cc-1"], "sms_gateway": ["s-1"], "vendor_files": ["Д-1"]}


def test_the_client_kept_for_a_scene_plays_in_it() -> None:
    """With its record in each system."""
    cards = {f"c{n}": EVERYWHERE for n in range(10)}

    parts = choose(cards, wished={"phone": "c7"})

    assert "c7" == parts["phone"].client_id
    assert "cc-1" == parts["phone"].records["callcenter"]


def test_nobody_plays_twice() -> None:
    """One scene's edits must not disturb another's."""
    parts = choose({f"c{n}": EVERYWHERE for n in range(10)}, wished={"no_consent": "c0"})

    assert set(SCENES) == set(parts)
    assert len(SCENES) == len({part.client_id for part in parts.values()})


def test_a_scene_that_nobody_fits_is_missing() -> None:
    """A data set may know nobody in all four systems, or several times in one."""
    cards = {"c1": {"siebel": ["1-A"], "callcenter": ["cc-1"]}, "c2": EVERYWHERE | {"callcenter": ["cc-2", "cc-3"]}}

    assert {"phone"} == set(choose(cards, wished={"everywhere": "c2"}))


def test_excluded_clients_do_not_play() -> None:
    """Those whose records are bad on purpose."""
    assert {} == choose({"c1": EVERYWHERE}, wished={"everywhere": "c1"}, excluded=["c1"])


@pytest.mark.parametrize(
    ("needs", "words"),
    [
        ([("siebel", "callcenter")], "a client that the other scenes leave, known once to siebel and to callcenter"),
        ([("siebel",), ("siebel",)], "2 clients that the other scenes leave, each known once to siebel"),
        (
            [("siebel",), ("callcenter",)],
            "2 clients that the other scenes leave: one known once to siebel, one known once to callcenter",
        ),
    ],
)
def test_what_a_scene_takes_is_told_in_words(needs: Sequence[Sequence[str]], words: str) -> None:
    """Two clients of one system are two, not one and one."""
    assert words == wanted(needs)
