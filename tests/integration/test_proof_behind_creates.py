"""Stories that lost an edit: a record that a create made, of which nobody knew yet, came to be read as somebody else's.

The identity of a record is its birth date and its tax identifier; a user edits these before the bridge has read it.
"""

import pytest
from memory_world import World
from proving import declared_in, with_tax_ids

from crm_bridge.connector import EffectSafety
from crm_bridge.prove.ground import ground_of
from crm_bridge.prove.search import _start, play
from crm_bridge.prove.steps import Add, Edit, Sync, Tell, Trouble

B, C = 1, 2
ANSWER_LOST, KILLED_BEHIND = 0, 5


@pytest.mark.parametrize(
    ("trouble", "safety", "leaf"),
    [
        (KILLED_BEHIND, EffectSafety.KEYED, "birth_date"),
        (KILLED_BEHIND, EffectSafety.NONE, "identifiers[ua.rnokpp]"),
        (ANSWER_LOST, EffectSafety.NONE, "identifiers[ua.rnokpp]"),
    ],
)
def test_a_created_record_of_another_identity_by_now_is_still_the_clients(tmp_path, trouble, safety, leaf):
    """News of it come before the next sync; a person finds it, and says what it is."""
    world = with_tax_ids(World(tmp_path, create=["b"], store="sqlite:///bridge.db"))
    what = declared_in(world, b={"effect_safety": safety})
    ground = ground_of(what.kinds)
    edited = next(i for i, each in enumerate(ground.editable) if (each.system, each.leaf) == ("b", leaf))
    story = Add(C), Trouble(B, trouble), Sync(), Edit(edited, 1), Tell(B, 1)

    with _start(what, ground) as (folder, situation):
        machine = play(what, ground, story, folder=folder, start=situation)

    assert "becomes" in " ".join(machine.story)
    assert [1, 1] == [len(client.records["b"]) for client in machine.clients]
