"""A mapping that was changed reaches the records that were read before it."""

import pytest
from memory_world import PERSON, World, capable

WITH_INDUSTRY = "  job_title: {{src: job_title}}\n  preferences.time_zone: {{src: zone, dir: read}}\n"


@pytest.mark.parametrize("reads_back", [True, False])
def test_a_new_row_reaches_records_that_were_read_before(tmp_path, reads_back):
    """Read again from the system, or from what is kept where old words would pass for news."""
    world = World(tmp_path, systems={"a": capable(reads_back=reads_back)})
    world.person("a", zone="Asia/Almaty")
    world.settle()
    assert "preferences" not in world.client()

    text = PERSON.replace("  job_title: {{src: job_title}}\n", WITH_INDUSTRY)
    world.write_mapping("a", text.format(system="a", image="full"))
    world.sync()

    assert {"time_zone": "Asia/Almaty"} == world.client()["preferences"]


@pytest.mark.parametrize("reads_back", [True, False])
@pytest.mark.parametrize("known", [True, False], ids=["of a known record", "of a new one"])
def test_a_mended_row_reaches_records_that_it_had_put_aside(tmp_path, reads_back, known):
    """They come again from their system, or from the dead letter where it says everything once."""
    world = World(tmp_path, systems={"a": capable(reads_back=reads_back)})
    [record_id] = world.person("a", gender="F" if known else "X").values()
    world.sync()
    if known:
        world["a"].edit("person", record_id, {"gender": "X", "job_title": "teacher"})
        world.sync()
    assert 1 == world.ask("dead_letters_total")

    world.write_mapping("a", PERSON.format(system="a", image="full").replace("{F: female,", "{X: other, F: female,"))
    report = world.sync()

    assert ("other", 0, 0) == (world.client()["gender"], world.ask("dead_letters_total"), report.exit_code)


def test_a_letter_stays_where_the_mended_mapping_cannot_read_its_record_either(tmp_path):
    """That the version before it can be read says nothing of this one."""
    world = World(tmp_path, systems={"a": capable(reads_back=False)})
    [record_id] = world.person("a").values()
    world.sync()
    world["a"].edit("person", record_id, {"gender": "X", "job_title": "teacher"})
    world.sync()

    world.write_mapping("a", PERSON.format(system="a", image="full").replace("{F: female,", "{Y: other, F: female,"))
    world.sync()

    assert (1, None) == (world.ask("dead_letters_total"), world.client().get("job_title"))


def test_an_unchanged_mapping_reads_nothing_twice(world):
    world.person("a", "b")
    world.settle()
    before = world["a"].fetched

    world.sync()

    assert before == world["a"].fetched


def test_what_stays_aside_is_tried_once_for_each_mapping(tmp_path):
    """A quiet system brings no page that would say that it was read by the new one."""
    world = World(tmp_path, systems={"a": capable(reads_back=False)})
    world.person("a", gender="X")
    world.sync()
    world.write_mapping("a", PERSON.format(system="a", image="full").replace("{F: female,", "{Y: other, F: female,"))
    world.sync()
    [letter] = world.ask("dead_letters")
    report = world.sync()

    assert (letter["count"], {}) == (world.ask("dead_letters")[0]["count"], report.reads)
