"""Stories about deletions that were under way, of which the proof has to know what nobody could have saved."""

from memory_world import World
from proving import declared_in

from crm_bridge.prove.ground import ground_of
from crm_bridge.prove.search import _start, play
from crm_bridge.prove.steps import Delete, Edit, Sync

A, C = 0, 2
LATE = {"reads_back": False, "conditional_writes": False, "deletes_visible": False}


def test_what_is_typed_into_a_record_that_its_system_was_told_to_delete_goes_with_it(tmp_path):
    """C takes up what it was sent when it likes: nobody can call the delete back."""
    world = World(tmp_path, create=["b"], spread=["a"], store="sqlite:///bridge.db")
    what = declared_in(world, c=LATE)
    ground = ground_of(what.kinds)
    edited = next(i for i, each in enumerate(ground.editable) if (each.system, each.leaf) == ("c", "name.family"))

    with _start(what, ground) as (folder, situation):
        machine = play(what, ground, [Delete(A, 0), Sync(), Edit(edited, 0)], folder=folder, start=situation)

    assert "A user of c changes last_name" in " ".join(machine.story)
    assert {"a": [], "b": [], "c": []} == machine.clients[0].records
