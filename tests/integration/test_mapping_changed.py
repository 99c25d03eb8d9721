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


def test_an_unchanged_mapping_reads_nothing_twice(world):
    world.person("a", "b")
    world.settle()
    before = world["a"].fetched

    world.sync()

    assert before == world["a"].fetched
