"""``erased`` and ``deceased`` stick: nobody overrules them from another record, and ``erased`` is never taken back."""

import pytest
from saying import Systems, said

from crm_bridge.sync.units import split


def step(*, a=None, b="active"):
    first = {"status": a} if a else {}
    systems = Systems(said("a", **first), said("b", seq=2, status=b))
    systems.carry()
    return systems


@pytest.mark.parametrize("final", ["erased", "deceased"])
def test_an_edit_of_another_record_does_not_overrule_it(final):
    """Though its user had the status in front of them."""
    systems = step(a=final)
    assert final == systems.records["b/contact/1"].doc["status"]

    systems.reads("b/contact/1", status="active")

    assert final == systems.card().doc["status"]
    assert {"b/contact/1": ["status"]} == systems.carry()


@pytest.mark.parametrize("final", ["erased", "deceased"])
def test_nor_does_a_status_that_was_emptied_elsewhere(final):
    """Silence of another record least of all."""
    systems = step(a=final)

    systems.reads("b/contact/1", status=None)

    assert final == systems.card().doc["status"]


def test_who_said_deceased_may_take_it_back():
    """A mistake in the record that said it is mended there, and the others follow."""
    systems = step(a="deceased")

    systems.reads("a/contact/1", status="active")
    systems.carry()

    assert ["active", "active"] == [each.doc["status"] for each in systems.records.values()]


@pytest.mark.parametrize("then", ["active", None])
def test_erased_is_not_taken_back_even_by_who_said_it(then):
    """The record gets it again, and stays its origin."""
    systems = step(a="erased")

    systems.reads("a/contact/1", status=then)
    assert ("erased", "a/contact/1") == (
        systems.card().doc["status"],
        systems.card().verdicts["status"].origin,
    )
    systems.reads("a/contact/1", status="former")
    assert "erased" == systems.card().doc["status"]
    systems.carry()

    assert ["erased", "erased"] == [each.doc["status"] for each in systems.records.values()]


def test_taken_out_of_the_client_the_other_record_has_its_own_word_again():
    """Another's erasure was never its own."""
    systems = step(a="erased")
    systems.reads("b/contact/1", status="former")

    alone = systems.only("b/contact/1")

    assert "former" == split(alone.card().doc)["status"]
