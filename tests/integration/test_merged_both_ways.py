"""Two clients made one, parted, and made one the other way round: each record still knows where it belongs."""


def test_a_merge_the_other_way_round_can_be_taken_back_too(world):
    """Found by `crm-bridge prove`: a record that had been merged and parted once counted as merged in for ever."""
    first = world.person("a", number=1)["a"]
    second = world.person("a", number=2, last_name="Бондар")["a"]
    world.sync()
    [one] = [found["id"] for found in world.ask("lookup", name="Коваль")]
    [other] = [found["id"] for found in world.ask("lookup", name="Бондар")]
    world.ask("merge", one, other, by="Olha", reason="alike", despite_identifiers=True)
    world.ask("unmerge", one, f"a/person/{second}", by="Olha", reason="two people")
    world.ask("merge", other, one, by="Olha", reason="alike after all", despite_identifiers=True)

    answer = world.ask("unmerge", other, f"a/person/{first}", by="Olha", reason="two people")

    assert {"from": other, "to": one, "records": [f"a/person/{first}"]} == answer
