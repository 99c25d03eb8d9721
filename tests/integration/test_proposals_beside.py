"""What plugins propose stays beside what the source said, also where the source says only a part at a time."""

from types import SimpleNamespace

import orjson
import pytest
from memory_world import Deaf, World, capable

from crm_bridge.api import Proposal, ProposalMode, hookimpl
from crm_bridge.store import records


def enriched(tmp_path, **options):
    """A plugin knows the gender, and writes job titles in small letters."""
    world = World(tmp_path, **options)

    @hookimpl
    def enrich_clients(batch):
        for view in batch:
            if view.system == "b":
                yield Proposal(view.key, "gender", "female", "her given name")
                if "job_title" in view.doc:
                    small = view.doc["job_title"].lower()
                    yield Proposal(view.key, "job_title", small, "small letters", ProposalMode.NORMALISE)

    world.plugins["better"] = SimpleNamespace(enrich_clients=enrich_clients)
    world.active.append("better")
    return world


class OnlyRead:
    """A system that is read and never written, so that its own words stay as they are."""

    def __init__(self, peer):
        for name in ("kinds", "capabilities", "check", "close", "read_changes", "read"):
            setattr(self, name, getattr(peer, name))


def stored(world, record_id):
    """The source's own words, and what counts."""
    with world.bridge() as bridge, bridge.reading() as connection:
        row = records.one(connection, "b", "person", record_id)
        return orjson.loads(row.doc), row.effective_doc()


@pytest.mark.parametrize("image", ["partial", "full"])
def test_the_sources_own_words_are_what_is_stored(tmp_path, image):
    world = enriched(tmp_path, images={"b": image})
    world.opened["b"] = OnlyRead(world["b"])
    ids = world.person("b", job_title="TEACHER", dish="борщ")
    world.sync()

    world["b"].edit("person", ids["b"], {"dish": "вареники", "job_title": "HEADMASTER"})
    world.sync("b")
    own, effective = stored(world, ids["b"])

    assert ("HEADMASTER", "headmaster") == (own["job_title"], effective["job_title"])
    assert (None, "female") == (own.get("gender"), effective["gender"])


def test_of_what_the_source_no_longer_mentions_both_are_kept(tmp_path):
    """Its word, and the better spelling of it."""
    world = enriched(tmp_path, images={"b": "partial"})
    world.opened["b"] = OnlyRead(world["b"])
    ids = world.person("b", job_title="TEACHER", dish="борщ")
    world.sync("b")

    world["b"].edit("person", ids["b"], {"dish": "вареники", "job_title": ""})
    world.sync("b")
    own, effective = stored(world, ids["b"])

    assert ("TEACHER", "teacher") == (own["job_title"], effective["job_title"])
    assert "teacher" == world.client()["job_title"]


def test_nor_where_a_system_is_slow_to_take_up_what_we_wrote(tmp_path):
    """It repeats its former word: what we wrote stays, and is not mixed with what was proposed."""
    world = enriched(tmp_path, systems={"a": capable(), "b": capable(reads_back=False)})
    ids = world.person("a", "b", job_title="TEACHER", dish="борщ")
    world.settle()
    world.opened["b"] = Deaf(world["b"])

    world["b"].edit("person", ids["b"], {"dish": "вареники"})
    world.sync()
    own, effective = stored(world, ids["b"])

    assert "вареники" == own["facts"][0]["value"]
    assert "gender" not in own or world["b"].person(ids["b"]).get("gender")
    assert effective["gender"] == "female"
