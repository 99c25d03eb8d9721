"""Two clients that are one person are contacted as one; taken apart, each has its own contacts again."""

import pytest
from memory_world import World

CONSENT = {"purpose": "claims", "channel": "sms", "status": "granted", "captured_at": "2026-01-02T03:04:05Z"}
ANNA = {"last_name": "Коваль", "first_name": "Anna", "consents": [{**CONSENT, "id": "k-1"}]}


@pytest.fixture
def two(tmp_path):
    """One message a week for a client. The same woman twice in A, under two numbers, and nobody saw it."""
    world = World(
        tmp_path,
        active=["dedup.exact_keys", "notification.claims_sms"],
        more="[policy.caps]\ndays_7 = 1\nuncapped_purposes = []\n",
    )
    world.ids = world["a"].load(
        "person", [{**ANNA, "mobile_phone": "+380505550101"}, {**ANNA, "mobile_phone": "+380505550102"}]
    )
    world.settle()
    world.clients = [world.ask("lookup", phone=f"+38050555010{number}")[0]["id"] for number in (1, 2)]
    return world


def claim(world, number, owner):
    world["a"].load("claim", [{"number": number, "status": "registered", "owner": world.ids[owner]}])
    world.sync()


def sent(world):
    return len(world["a"].channel.sent)


def keys(world, client):
    return [notice["state"] for notice in world.ask("show", client)["notices"]]


@pytest.mark.parametrize("absorbed_first", [True, False])
def test_what_one_was_told_counts_for_the_other(two, absorbed_first):
    """Whichever of them the message was for, before the merge or after."""
    first, second = (1, 0) if absorbed_first else (0, 1)
    claim(two, "CL-1", first)
    two.ask("merge", two.clients[0], two.clients[1], by="Olha", reason="called her")

    claim(two, "CL-2", second)

    assert 1 == sent(two)
    assert [2, 2] == [len(keys(two, client)) for client in two.clients]


def test_taken_apart_each_has_its_own_again(two):
    claim(two, "CL-1", 1)
    two.ask("merge", *two.clients, by="Olha", reason="called her")
    two.ask("unmerge", two.clients[0], f"a/person/{two.ids[1]}", by="Olha", reason="her sister")

    claim(two, "CL-2", 0)

    assert 2 == sent(two)
    assert [1, 1] == [len(keys(two, client)) for client in two.clients]
