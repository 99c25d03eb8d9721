"""A refused write names the field that it was refused for, where the system does."""


def test_the_letter_of_a_refused_write_names_the_field_and_its_value(world):
    """So that letters group by field, and a person sees what to mend."""
    ids = world.person("a", "b", job_title="лікар")
    world.settle()
    world["b"].refuse(ids["b"], code="too_long", field="job_title")
    world["a"].edit("person", ids["a"], {"job_title": "головний лікар"})

    world.sync()

    [letter] = world.ask("dead_letters")
    whole = world.ask("dead_letter", letter["id"])
    assert ("job_title", "too_long", "головний лікар") == (letter["path"], letter["code"], whole["value"])
    assert [1] == [group["letters"] for group in world.ask("dead_letter_groups")]


def test_a_refusal_without_a_field_has_no_path(world):
    """Nothing is guessed."""
    ids = world.person("a", "b", job_title="лікар")
    world.settle()
    world["b"].refuse(ids["b"])
    world["a"].edit("person", ids["a"], {"job_title": "головний лікар"})

    world.sync()

    [letter] = world.ask("dead_letters")
    assert ("", None) == (letter["path"], world.ask("dead_letter", letter["id"])["value"])
