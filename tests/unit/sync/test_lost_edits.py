"""An edit that lost a conflict still replaced what it replaced: three systems, where each beats the next."""

from saying import TRUST

from crm_bridge.sync.claims import Contribution, Mark, Own, canonical
from crm_bridge.sync.survivorship import survive


def said(system, value, *, seq, replaced=(), echo=None, own=None, unit="job_title"):
    texts = tuple(canonical(each) for each in replaced)
    mark = Mark(seq=seq, at=f"2026-10-20T10:00:{seq:02}Z", replaced=texts, echo=echo, own=own)
    doc = {"kind": "person", unit: value}
    return Contribution(f"{system}/person/1", system, doc, 1, "2026-10-20T09:00:00Z", {unit: mark})


def test_what_a_loser_had_replaced_does_not_rise_again():
    """A said X; C's user saw X and typed Y; B's edit Z beat Y, and A is more trusted than B: Z stands all the same."""
    lost = Own("Y", 7, "2026-10-20T10:00:07Z", (canonical("X"),))
    group = [
        said("a", "X", seq=5, replaced=["before"]),
        said("b", "Z", seq=6, replaced=["before"]),
        said("c", "Z", seq=8, echo="b/person/1", own=lost),
    ]

    card = survive(group, policy=TRUST)

    assert "Z" == card.doc["job_title"]


def test_a_death_stands_though_a_loser_had_typed_over_it():
    """As no edit of another record takes its place, one that lost takes it even less."""
    lost = Own("active", 7, "2026-10-20T10:00:07Z", (canonical("deceased"),))
    group = [
        said("a", "deceased", seq=5, unit="status"),
        said("b", "inactive", seq=6, unit="status"),
        said("c", "inactive", seq=8, echo="b/person/1", own=lost, unit="status"),
    ]

    assert "deceased" == survive(group, policy=TRUST).doc["status"]
