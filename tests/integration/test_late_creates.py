"""A create that its system carries out late, after it said that there is nothing: one record all the same."""

import pytest
from memory_world import Peer, World, capable

from crm_bridge.connector import EffectSafety, Postponed, Unknown


class Late(Peer):
    """Takes a create, loses the answer, says when asked that there is nothing, and then carries it out.

    Attributes:
        late: creates that are still under way.
        after_looks: so many times it is asked before they take effect.
    """

    def __init__(self, *, capabilities, keyed=True):
        super().__init__(capabilities=capabilities)
        self.late, self.slow, self.looks, self.keyed = [], True, 1, keyed

    def write(self, kind, writes):
        if self.slow and any(write.operation == "create" for write in writes):
            self.slow = False
            self.writes.extend(writes)
            self.late = [(kind, write) for write in writes]
            return [Unknown("the answer was lost")] * len(writes)
        return super().write(kind, writes)

    def find_write(self, kind, write):
        found = super().find_write(kind, write)
        self.looks -= 1
        if self.looks == 0:
            self.commit()
        return found

    def commit(self):
        for kind, write in self.late:
            self._carried_out(kind, write)
        self.late = []

    def _carried_out(self, kind, write):
        if not self.keyed and write.operation == "create" and write.key in self._answered:
            first, outcome = self._answered.pop(write.key), super()._carried_out(kind, write)
            self._answered[write.key] = first  # it is found by what the key made first
            return outcome
        return super()._carried_out(kind, write)


def installation(tmp_path, *, effect_safety, keyed):
    world = World(tmp_path, systems=dict.fromkeys("ab", capable()), create=["b"])
    late = Late(capabilities=capable(effect_safety=effect_safety, deletes_visible=False), keyed=keyed)
    late.channel = world["b"].channel
    world.peers["b"] = world.opened["b"] = late
    late.read_changes = lambda kind, cursor: iter(())  # what it made shows nowhere but by its key
    world.ids = world.person("a", job_title="pupil")
    return world


def creates(world):
    return [write for write in world["b"].writes if write.operation == "create"]


@pytest.fixture
def keyed(tmp_path):
    """It knows the key of a repeated create."""
    return installation(tmp_path, effect_safety=EffectSafety.KEYED, keyed=True)


@pytest.fixture
def queryable(tmp_path):
    """It makes a record of every create, and finds it by the key."""
    return installation(tmp_path, effect_safety=EffectSafety.QUERYABLE, keyed=False)


def test_a_create_carried_out_after_the_look_up_is_made_once(keyed):
    keyed.sync()
    keyed.sync()

    assert 1 == len(keyed["b"].records("person"))


def test_the_second_try_has_the_key_and_content_of_the_first_and_what_changed_since_follows(keyed):
    keyed.sync("b")
    keyed["b"].slow = True  # the second create is lost as well
    keyed.sync()
    keyed["a"].edit("person", keyed.ids["a"], {"job_title": "teacher"})
    keyed.sync()
    keyed.sync()

    assert 1 == len({(write.key, str(write.full)) for write in creates(keyed)})
    assert ["teacher"] == [record["job_title"] for record in keyed["b"].records("person")]
    assert 0 == keyed.sync().written


def test_where_the_key_only_serves_to_ask_it_is_asked_again_right_before_the_second_try(queryable):
    queryable.sync()
    queryable["b"].commit()
    queryable["a"].edit("person", queryable.ids["a"], {"job_title": "teacher"})
    queryable.sync()

    assert (1, 1) == (len(creates(queryable)), len(queryable["b"].records("person")))
    assert ["teacher"] == [record["job_title"] for record in queryable["b"].records("person")]


def test_a_postponed_create_keeps_its_key_and_says_what_is_true_now(tmp_path):
    """Nothing happened there, so there is nothing that it must repeat."""
    world = World(tmp_path, create=["b"])
    ids = world.person("a", job_title="pupil")
    keys, really = [], world["b"].write

    def busy(kind, writes):
        keys.extend(write.key for write in writes)
        return [Postponed("too many requests", retry_after=1)] * len(writes)

    world["b"].write = busy
    world.sync()
    world["b"].write = really
    world["a"].edit("person", ids["a"], {"job_title": "teacher"})
    world.sync()

    [create] = creates(world)
    assert (keys, "teacher") == ([create.key], create.full["job_title"])


def test_a_refused_create_is_replayed_under_another_key(tmp_path):
    """A system that keeps answers by key would refuse it for ever."""
    world = World(tmp_path, create=["b"])
    world.person("a")
    world["b"].refuse(None)
    world.sync()
    world["b"]._refused.clear()
    [letter] = world.ask("dead_letters")

    world.ask("replay", [letter["id"]])
    world.sync()

    assert 2 == len({write.key for write in creates(world)})
    assert 1 == len(world["b"].records("person"))


def test_a_system_that_makes_a_record_of_every_create_is_asked_again_before_it_is_sent_one(queryable):
    """Just after the answer was lost it may still be at work: the next run asks, and sends only what is not there."""
    queryable["b"].looks = 3  # nothing is there as long as the first run lasts, however often it asks

    report = queryable.sync()
    assert (1, 1) == (len(creates(queryable)), report.unknown)
    queryable["b"].commit()
    queryable.sync()

    assert (1, 1) == (len(creates(queryable)), len(queryable["b"].records("person")))
    assert 0 == queryable.sync().unknown
