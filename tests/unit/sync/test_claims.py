"""Edits, echoes, and what stays behind them."""

from dataclasses import replace

import pytest
from saying import MOBILE, OTHER, TRUST, Systems, said

from crm_bridge.sync.claims import ABSENT, Echo, settle
from crm_bridge.sync.rules import Survivorship

A, B, C = "a/contact/1", "b/contact/1", "c/contact/1"


def two(**doc):
    return Systems(said("a", seq=1, **doc), said("b", seq=2, **doc))


def three(**doc):
    return Systems(said("a", seq=1, **doc), said("b", seq=2, **doc), said("c", seq=3, **doc))


def test_an_edit_wins_over_the_value_that_it_replaced_wherever_that_still_stands():
    """The least trusted system's edit counts: its user had seen the old value."""
    systems = two(job_title="teacher")

    systems.reads(B, job_title="headmaster")

    assert "headmaster" == systems.card().doc["job_title"]


def test_disjoint_edits_both_stand():
    systems = two(job_title="teacher", gender="female")

    systems.reads(A, job_title="headmaster")
    systems.reads(B, gender="unknown")

    assert ("headmaster", "unknown") == (systems.card().doc["job_title"], systems.card().doc["gender"])


def test_two_edits_of_one_value_are_a_conflict_and_trust_decides():
    systems = two(job_title="teacher")

    systems.reads(A, job_title="headmaster")
    systems.reads(B, job_title="baker")
    verdict = systems.card().verdicts["job_title"]

    assert ("headmaster", True, ["baker"]) == (verdict.value, verdict.conflict, [each.value for each in verdict.losers])


def test_a_conflict_stays_one_when_the_edited_values_were_echoes():
    """B's user saw the old value, not A's newer one, although B had it from A: B's edit does not replace A's."""
    systems = Systems(said("a", seq=1, job_title="teacher"), said("b", seq=2))
    systems.carry()

    systems.reads(A, job_title="headmaster")
    systems.reads(B, job_title="baker")
    verdict = systems.card().verdicts["job_title"]

    assert ("headmaster", True) == (verdict.value, verdict.conflict)


def test_the_same_edit_on_both_sides_is_no_conflict():
    systems = two(job_title="teacher")

    systems.reads(A, job_title="headmaster")
    systems.reads(B, job_title="headmaster")
    verdict = systems.card().verdicts["job_title"]

    assert ("headmaster", False) == (verdict.value, verdict.conflict)


def test_emptying_a_field_is_an_edit():
    systems = two(job_title="teacher")

    systems.reads(B, job_title=None)

    assert "job_title" not in systems.card().doc
    assert ABSENT is systems.card().verdicts["job_title"].value


def test_a_removed_phone_goes_however_the_others_describe_it():
    """Removing a number says: not this number. The purpose under which another system keeps it does not matter."""
    systems = Systems(
        said("a", seq=1, contact_points=[{**MOBILE, "purpose": "home"}]), said("b", seq=2, contact_points=[MOBILE])
    )

    systems.reads(B, contact_points=[])

    assert "contact_points" not in systems.card().doc


def test_a_removed_phone_can_come_back():
    systems = two(contact_points=[MOBILE])
    systems.reads(B, contact_points=[])
    systems.carry()

    systems.reads(A, contact_points=[MOBILE])

    assert [MOBILE] == systems.card().doc["contact_points"]


def test_there_and_back_again_is_an_edit_each_time():
    """X, Y, X: the second edit replaces Y everywhere, also where X had not arrived yet."""
    systems = two(job_title="X")
    systems.reads(A, job_title="Y")
    systems.carry(B)

    systems.reads(A, job_title="X")

    assert "X" == systems.card().doc["job_title"]
    systems.carry(B)
    assert "X" == systems.records[B].doc["job_title"]


def test_an_edit_in_the_echo_wins_over_its_origin():
    systems = Systems(said("a", seq=1, job_title="teacher"), said("b", seq=2))
    systems.carry()

    systems.reads(B, job_title="baker")
    systems.carry()

    assert "baker" == systems.records[A].doc["job_title"]


def test_reading_an_echo_again_changes_nothing():
    systems = Systems(said("a", seq=1, job_title="teacher"), said("b", seq=2))
    systems.carry()

    assert () == systems.reads(B)
    assert {} == systems.carry()


def test_a_chain_of_edits_in_one_system_replaces_what_others_missed():
    """B was away while A went from one to four: B's old value is not a rival."""
    systems = Systems(said("b", seq=1, job_title="1"), said("c", seq=2, job_title="1"), policy=TRUST)
    for value in ("2", "3", "4"):
        systems.reads(C, job_title=value)

    verdict = systems.card().verdicts["job_title"]

    assert ("4", False) == (verdict.value, verdict.conflict)


@pytest.mark.parametrize("cleared", [False, True])
def test_a_chain_of_edits_through_several_systems_replaces_what_the_first_one_did(cleared):
    """A is away and the most trusted. B edits, C gets it and edits further: A's old value does not rise again."""
    systems = three(job_title="1")
    systems.reads(B, job_title=None if cleared else "2")
    systems.carry(B, C)
    systems.reads(C, job_title="3")
    systems.carry(B, C)
    verdict = systems.card().verdicts["job_title"]

    assert ("3", False) == (verdict.value, verdict.conflict)


def test_a_chain_through_a_system_that_agreed_by_itself_holds_as_well():
    """C says the same as B's edit of its own accord; its next edit still replaces what B's replaced."""
    systems = Systems(said("a", seq=1, job_title="1"), said("b", seq=2, job_title="1"), said("c", seq=3, job_title="2"))
    systems.reads(B, job_title="2")
    systems.reads(C, job_title="3")
    systems.carry(B, C)

    assert "3" == systems.card().doc["job_title"]


def test_a_writers_own_edit_keeps_its_force_when_the_write_completes_it():
    """A's edit of the family name is filled up by our write of the patronymic; B's old name is still replaced."""
    systems = Systems(
        said("b", seq=1, name={"family": "Коваль", "given": "Anna"}),
        said("a", seq=2, name={"family": "Коваль", "given": "Anna", "patronymic": "Петрівна"}),
        policy=TRUST,
    )
    systems.reads(B, name={"family": "Шевченко", "given": "Anna"})

    systems.carry(B)

    assert "Шевченко" == systems.card().doc["name"]["family"]


FULL = {"family": "Коваль", "given": "Anna", "patronymic": "Петрівна"}
PARTS = {"family", "given"}


class TestPartOfAGroup:
    """B holds family and given name, and has no field for a patronymic."""

    def systems(self):
        systems = Systems(said("a", seq=1, name=FULL), said("b", seq=2))
        systems.carry(B, parts=PARTS)
        return systems

    def test_an_edit_there_keeps_what_the_system_cannot_show(self):
        systems = self.systems()

        systems.reads(B, name={"family": "Шевченко", "given": "Anna"})

        assert {**FULL, "family": "Шевченко"} == systems.card().doc["name"]

    def test_nothing_is_written_back_and_forth(self):
        systems = self.systems()
        systems.reads(B, name={"family": "Шевченко", "given": "Anna"})
        systems.carry(A)
        systems.carry(B, parts=PARTS)

        assert {} == {**systems.carry(A), **systems.carry(B, parts=PARTS)}

    def test_edits_of_both_parts_both_stand(self):
        """A's user mends the patronymic, B's the family name: neither is lost."""
        systems = self.systems()

        systems.reads(A, name={**FULL, "patronymic": "Павлівна"})
        systems.reads(B, name={"family": "Шевченко", "given": "Anna"})

        assert {"family": "Шевченко", "given": "Anna", "patronymic": "Павлівна"} == systems.card().doc["name"]


class TestPartialImages:
    """A vendor's file mostly says nothing about what it lacks."""

    def test_silence_keeps_what_was_said(self):
        systems = Systems(said("a", seq=1, gender="female", job_title="teacher"))

        assert () == systems.reads(A, partial=True, gender="female")
        assert "teacher" == systems.card().doc["job_title"]

    def test_a_new_phone_in_the_slot_takes_the_place_of_the_old(self):
        systems = Systems(said("a", seq=1, contact_points=[MOBILE]), said("b", seq=2, contact_points=[MOBILE]))

        systems.reads(A, partial=True, contact_points=[OTHER])

        assert [OTHER] == systems.card().doc["contact_points"]

    def test_a_new_phone_leaves_other_slots_alone(self):
        email = {"type": "email", "value": "anna@example.com"}
        systems = Systems(said("a", seq=1, contact_points=[MOBILE, email]))

        systems.reads(A, partial=True, contact_points=[OTHER])

        assert [email, OTHER] == systems.card().doc["contact_points"]


class TestDeletion:
    def test_a_deleted_record_claims_nothing(self):
        systems = two(job_title="teacher")
        systems.reads(A, job_title="baker")
        systems.records[A] = replace(systems.records[A], gone=True)

        assert "teacher" == systems.card().doc["job_title"]

    def test_what_it_had_told_others_speaks_for_itself(self):
        systems = Systems(said("a", seq=1, job_title="teacher"), said("b", seq=2))
        systems.carry()
        systems.records[A] = replace(systems.records[A], gone=True)

        assert "teacher" == systems.card().doc["job_title"]


class TestUnmerge:
    def test_each_side_is_as_it_was(self):
        left, right = said("a", seq=1, job_title="teacher", gender="female"), said("b", seq=2, job_title="baker")
        systems = Systems(left, right)
        systems.carry()

        assert ("teacher", "baker") == (
            systems.only(A).card().doc["job_title"],
            systems.only(B).card().doc["job_title"],
        )
        assert "gender" not in systems.only(B).card().doc

    def test_writing_it_back_restores_the_record(self):
        right = said("b", seq=2, job_title="baker")
        systems = Systems(said("a", seq=1, job_title="teacher", gender="female"), right)
        systems.carry()
        alone = systems.only(B)

        alone.carry()

        assert right.doc == alone.records[B].doc
        assert {} == alone.carry()

    def test_an_edit_made_after_the_merge_goes_with_its_record(self):
        systems = Systems(said("a", seq=1, job_title="teacher"), said("b", seq=2, job_title="baker"))
        systems.carry()
        systems.reads(B, job_title="pilot")
        systems.carry()

        assert "pilot" == systems.only(B).card().doc["job_title"]
        assert "teacher" == systems.only(A).card().doc["job_title"]

    def test_a_restored_record_claims_no_absence_in_a_later_merge(self):
        """What was taken out of B by our own write is not B's word against anybody."""
        systems = Systems(said("a", seq=1, gender="female"), said("b", seq=2, job_title="baker"))
        systems.carry()
        alone = systems.only(B)
        alone.carry()

        again = Systems(systems.records[A], alone.records[B])

        assert "female" == again.card().doc["gender"]


def test_a_rule_of_the_site_goes_before_the_default():
    policy = Survivorship(order=("a", "b"), rules={})
    assert policy.rule("contact_points[phone/+1]").kind == "union"


class TestBehindADeletion:
    """A record that is gone, and what it had said."""

    def gone(self, systems, **how):
        systems.records[A] = replace(systems.records[A], gone=True, **how)
        return systems

    def test_an_echo_of_a_deleted_record_is_as_old_as_its_word(self):
        """A create that was sent again with its old bytes: C's edit had taken the place of that very word meanwhile."""
        systems = Systems(
            said("a", seq=1, job_title="pupil"), said("b", seq=2), said("c", seq=3, job_title="pupil"), policy=TRUST
        )
        systems.reads(C, job_title="teacher")
        late = {"job_title": Echo(A, (), "pupil", 1, "2026-01-01T00:00:00Z")}
        doc = {"kind": "person", "job_title": "pupil"}
        systems.records[B] = settle(systems.records[B], doc, seq=9, at="2026-03-01T00:00:00Z", echoes=late)

        self.gone(systems)

        assert "teacher" == systems.card().doc["job_title"]

    def test_it_claims_nothing(self):
        assert "job_title" not in self.gone(two(job_title="pupil")).without(B).card().doc

    def test_it_goes_on_where_an_edit_beat_the_deletion(self):
        systems = self.gone(two(job_title="pupil"), kept_from=9).without(B)

        assert "pupil" == systems.card().doc["job_title"]

    def test_but_not_once_its_system_has_the_client_again(self):
        systems = self.gone(two(job_title="pupil"), kept_from=9)
        anew = replace(said("a", seq=12, job_title="teacher"), key="a/contact/2")
        systems = Systems(systems.records[A], anew, policy=TRUST)

        assert "teacher" == systems.card().doc["job_title"]
