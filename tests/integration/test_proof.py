"""`crm-bridge prove`: the real engine and store hold under random edits and faults; broken configurations are found.

The nightly form tries more stories: ``CRM_BRIDGE_STORIES=500``.
"""

import json
import os
from pathlib import Path

import pytest
from memory_world import PERSON, World, capable
from proving import declared_in, proof_of

from crm_bridge.cli.main import main
from crm_bridge.connector import EffectSafety, WriteMode

STORIES = int(os.environ.get("CRM_BRIDGE_STORIES", "3"))
SHIPPED = Path(__file__).with_name("shipped.toml").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("mix", "more"),
    [
        ({}, ""),
        ({"b": {"conditional_writes": False, "effect_safety": EffectSafety.QUERYABLE}}, ""),
        ({"b": {"effect_safety": EffectSafety.NONE}, "c": {"effect_safety": EffectSafety.IDEMPOTENT}}, ""),
        ({"c": {"reads_back": False, "conditional_writes": False, "deletes_visible": False}}, ""),
        ({"b": {"write_mode": WriteMode.REPLACE, "deletes_visible": False}}, '[survivorship.paths]\nname = ["c", "a"]'),
    ],
    ids=["able", "unconditional and asked", "unanswered and idempotent", "takes up late", "whole records, own order"],
)
def test_no_edit_is_lost_whatever_the_systems_can_do(tmp_path, mix, more):
    """Edits, deletes, merges, crashes at commits and calls, lost answers, disorder: an oracle of edits looks on."""
    world = World(tmp_path, create=["b"], spread=["a"], more=more, store="sqlite:///bridge.db")

    found = proof_of(declared_in(world, **mix), examples=STORIES)

    assert (None, True) == (found.counterexample, found.edits > 40)


CALL_CENTRE = "\nvalues:\n  back: {female: male, male: female, unknown: unknown}\n"
CROSSED = {
    "values: gender, unknown": "values: gender, write_values: back, unknown",
    "\nvalues:\n": "\nvalues:\n  back: {female: M, male: F}\n",
}


def broken(tmp_path, changes):
    world = World(tmp_path, systems=dict.fromkeys("ab", capable()), store="sqlite:///bridge.db")
    text = PERSON.format(system="b", image="full")
    for old, new in changes.items():
        assert old in text
        text = text.replace(old, new)
    world.write_mapping("b", text)
    return declared_in(world)


def test_a_way_back_that_crosses_codes_is_found_and_told_in_few_steps(tmp_path):
    """Female is written as M, which is read as male: the edit comes to B as its opposite."""
    found = proof_of(broken(tmp_path, CROSSED), examples=60).counterexample

    assert found is not None
    assert any(wrong.startswith("gender of client") for wrong in found.wrong)
    assert len(found.steps) <= 2


def test_two_paths_that_share_one_field_are_found(tmp_path):
    """The write-back of one drops what the other said."""
    found = proof_of(broken(tmp_path, {"{src: dish,": "{src: job_title,"}), examples=60).counterexample

    assert found is not None
    assert any("job_title" in wrong or "favourite_dish" in wrong for wrong in found.wrong)


def test_an_emptied_field_that_comes_back_is_lost_where_that_is_asked_for(tmp_path):
    """`unset: keep` is a promise not made: without `--strict` it holds, with it the story is told."""
    what = broken(tmp_path, {"unset: blank": "unset: keep"})

    strictly = proof_of(what, examples=150, strict=True).counterexample

    assert strictly is not None
    assert any("becomes nothing" in sentence for sentence in strictly.story)
    assert proof_of(what, examples=20).counterexample is None


def test_the_four_shipped_mappings_hold(tmp_path, capsys):
    """As a user runs it: the real connectors say what they can do, nothing is reached, no secret is looked up."""
    (tmp_path / "crm-bridge.toml").write_text(SHIPPED, encoding="utf-8")

    ended = main(
        ["prove", "-c", str(tmp_path / "crm-bridge.toml"), "--examples", str(STORIES), "--seed", "1", "--json"]
    )

    answer = json.loads(capsys.readouterr().out)
    assert (0, True, 27) == (ended, answer["held"], len(answer["paths"]))
    assert not (tmp_path / "bridge.db").exists()


def test_a_counterexample_ends_with_five_and_the_same_seed_tells_it_again(tmp_path, capsys):
    lossy = tmp_path / "lossy.yaml"
    shipped = Path(__file__).parents[2] / "mappings/crm_bridge_mappings/callcenter/client.yaml"
    whole = shipped.read_text(encoding="utf-8").partition("\ntests:")[0]  # these would find it too
    lossy.write_text(
        whole.replace("values: gender,", "values: gender, write_values: back,").replace("\nvalues:\n", CALL_CENTRE, 1),
        "utf-8",
    )
    text = SHIPPED.replace('"crm_bridge_mappings:callcenter/client.yaml"', '"lossy.yaml"')
    (tmp_path / "crm-bridge.toml").write_text(text, encoding="utf-8")
    asked = ["prove", "-c", str(tmp_path / "crm-bridge.toml"), "--examples", "40", "--seed", "3"]

    ended = main(asked)
    told = capsys.readouterr().out

    assert ended == 5
    assert "It does not hold:" in told
    assert "--seed 3" in told
    assert main(asked) == 5
    assert capsys.readouterr().out == told


def test_without_hypothesis_it_says_what_to_install(tmp_path, monkeypatch, capsys):
    (tmp_path / "crm-bridge.toml").write_text(SHIPPED, encoding="utf-8")
    monkeypatch.setitem(__import__("sys").modules, "crm_bridge.prove.search", None)

    main(["prove", "-c", str(tmp_path / "crm-bridge.toml")])

    assert "install crm-bridge[prove]" in capsys.readouterr().err
