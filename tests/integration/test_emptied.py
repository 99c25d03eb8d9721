"""An emptied field takes that system's word back; it erases what others keep saying only where those are emptied."""

from memory_world import PERSON, World


def keeping(tmp_path):
    world = World(tmp_path)
    for name in "abc":
        text = PERSON.format(system=name, image="full").replace("unset: blank", "unset: keep")
        world.write_mapping(name, text)
    return world


def test_what_another_system_says_by_itself_stays_on_the_card(tmp_path):
    """And the system that emptied it gets it back: card and systems agree."""
    world = keeping(tmp_path)
    ids = world.person("a", "b", job_title="teacher")
    world.settle()

    world["b"].edit("person", ids["b"], {"job_title": ""})
    world.settle()

    assert "teacher" == world.client()["job_title"]
    assert "teacher" == world["b"].person(ids["b"])["job_title"]


def test_an_emptied_part_of_a_name_stays_where_others_say_it(tmp_path):
    world = keeping(tmp_path)
    ids = world.person("a", "b")
    world.settle()

    world["b"].edit("person", ids["b"], {"first_name": "  "})
    world.settle()

    assert {"family": "Коваль", "given": "Anna"} == world.client()["name"]
    assert "Anna" == world["b"].person(ids["b"])["first_name"]


def test_what_only_that_system_said_is_gone_from_the_card(tmp_path):
    world = keeping(tmp_path)
    ids = world.person("a", "b")
    world["b"].edit("person", ids["b"], {"job_title": "teacher"})
    world.settle()

    world["b"].edit("person", ids["b"], {"job_title": ""})
    world.settle()

    assert "job_title" not in world.client()


def test_a_changed_phone_still_replaces_the_one_that_others_hold(tmp_path):
    world = keeping(tmp_path)
    ids = world.person("a", "b")
    world.settle()

    world["b"].edit("person", ids["b"], {"mobile_phone": "+380505550177"})
    world.settle()

    assert "+380505550177" == world["a"].person(ids["a"])["mobile_phone"]
