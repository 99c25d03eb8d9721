"""An edit of an address or a name stands also above those who had said only a part of what it replaced."""

import pytest
from saying import Systems, said

from crm_bridge.sync.claims import Contribution, Mark, canonical
from crm_bridge.sync.rules import Survivorship
from crm_bridge.sync.survivorship import survive

UNIT = "contact_points[postal/home]"
POLICY = Survivorship(order=("siebel", "callcenter", "agency"))


def address(**parts):
    return {"kind": "person", "contact_points": [{"type": "postal", "purpose": "home", "address": parts}]}


def test_a_fuller_address_that_was_edited_does_not_give_way_to_a_part_of_the_old_one():
    """Found by `crm-bridge prove`: the call centre's old street came back, and took Siebel's region with it."""
    old = {
        "type": "postal",
        "purpose": "home",
        "address": {"lines": ["Old St"], "city": "Kyiv", "region": "Kyiv region"},
    }
    edited = Mark(seq=9, at="2026-10-20T10:00:00Z", replaced=(canonical(old),))
    cluster = [
        Contribution(
            "siebel/contact/1", "siebel", {"kind": "person", "contact_points": [old]}, 1, "2026-10-01T00:00:00Z"
        ),
        Contribution(
            "callcenter/client/1", "callcenter", address(lines=["Old St"], city="Kyiv"), 2, "2026-10-01T00:00:00Z"
        ),
        Contribution(
            "agency/client/1",
            "agency",
            address(lines=["New St"], city="Kyiv", region="Kyiv region"),
            3,
            "2026-10-01T00:00:00Z",
            marks={UNIT: edited},
        ),
    ]

    [found] = survive(cluster, policy=POLICY).doc["contact_points"]

    assert {"lines": ["New St"], "city": "Kyiv", "region": "Kyiv region"} == found["address"]


@pytest.mark.parametrize("carried", [False, True], ids=["not carried", "carried to the first"])
def test_an_edit_of_a_part_keeps_what_its_users_could_not_see(carried):
    """B holds no patronymic. C's edit of the family name is on the card already, and did not reach B."""
    systems = Systems(
        said("a", seq=1, name={"family": "Коваль", "given": "Anna"}),
        said("b", seq=2, name={"family": "Коваль", "given": "Anna"}),
        said("c", seq=3, name={"family": "Коваль"}),
    )
    a, b, c = systems.records
    systems.reads(a, name={"family": "Коваль", "given": "Anna", "patronymic": "Петрівна"})
    systems.reads(c, name={"family": "Бондар"})
    if carried:
        systems.carry(a)
    systems.reads(b, name={"family": "Коваль", "given": "Марія"})

    assert {"family": "Коваль", "given": "Марія", "patronymic": "Петрівна"} == systems.card().doc["name"]
