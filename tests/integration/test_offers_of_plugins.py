"""What a plugin proposed lives as long as the plugin works: taken out, its word goes; put in, it is asked about all."""

from types import SimpleNamespace

from crm_bridge.api import Proposal, ProposalMode, hookimpl


def titled(world, title):
    """Make ``better`` a plugin that writes job titles its own way."""

    @hookimpl
    def enrich_clients(batch):
        return [
            Proposal(view.key, "job_title", title, "an example", ProposalMode.NORMALISE)
            for view in batch
            if "job_title" in view.doc
        ]

    world.plugins["better"] = SimpleNamespace(enrich_clients=enrich_clients)


def title(world):
    return world.client()["job_title"]


def test_taken_out_its_word_goes_and_the_sources_own_is_back(world):
    titled(world, "TEECHER")
    world.active.append("better")
    world.person("a", job_title="teacher")
    world.sync()
    before = title(world)
    world.active.remove("better")
    world.sync()

    assert ("TEECHER", "teacher") == (before, title(world))
    assert 0 == world.sync().written


def test_put_in_it_is_asked_about_what_is_stored_once(world):
    world.person("a", job_title="teacher")
    world.sync()
    titled(world, "Teacher")
    world.active.append("better")
    world.sync()
    first = title(world)
    titled(world, "TEACHER")
    world.sync()

    assert ("Teacher", "Teacher") == (first, title(world))


def test_a_mended_plugin_is_asked_anew_when_it_is_taken_out_and_put_in(world):
    titled(world, "TEECHER")
    world.active.append("better")
    world.person("a", job_title="teacher")
    world.sync()
    world.active.remove("better")
    world.sync()
    titled(world, "Teacher")
    world.active.append("better")
    world.sync()

    assert "Teacher" == title(world)
    told = [line for line in world.ask("history", world.client()["id"]) if line.get("path") == "job_title"]
    assert told
