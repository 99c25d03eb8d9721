"""The sample people."""

from __future__ import annotations

from collections import defaultdict
from itertools import combinations

import phonenumbers
from stdnum.ua import rntrc

from crm_bridge.demo.people import ROLES, make_people
from crm_bridge.demo.scenes import CLAIM_PHONES, NEW_PHONE

PEOPLE = make_people(1_000)


def test_the_same_seed_gives_the_same_people_and_a_longer_sample_begins_with_a_shorter() -> None:
    """Anyone who runs the demo again sees the same people."""
    assert PEOPLE[:300] == make_people(300)
    assert make_people(50, seed=2) != PEOPLE[:50]


def test_every_phone_is_a_valid_number_of_an_invented_block() -> None:
    """Valid for a phone library, and all in the blocks that begin with 55."""
    phones = {phone for person in PEOPLE for phone in (person.mobile, person.home, person.work) if phone}

    assert [] == [phone for phone in phones if not phonenumbers.is_valid_number(phonenumbers.parse(phone))]
    assert all("55" in phone[5:10] for phone in phones)


def test_households_do_not_share_phones_with_other_households() -> None:
    """A mobile leads to one household, in a sample of any size."""
    households = defaultdict(set)
    for person in make_people(20_000):
        households[person.mobile].add(person.household)

    assert {1} == {len(of) for of in households.values()}


def test_tax_ids_are_unique_and_carry_the_right_check_digit() -> None:
    """As the register gives them: by birth date and gender."""
    assert [] == [person.tax_id for person in PEOPLE if not rntrc.is_valid(person.tax_id)]
    assert len(PEOPLE) == len({person.tax_id for person in PEOPLE})


def test_emails_are_unique_and_at_the_domains_for_examples() -> None:
    """Nobody can ever get such a letter."""
    emails = [person.email for person in PEOPLE if person.email]

    assert len(emails) == len(set(emails))
    assert {"example.com", "example.org", "example.net"} == {email.partition("@")[2] for email in emails}
    assert all(email.isascii() for email in emails)


def test_the_sample_holds_the_hard_cases_of_matching() -> None:
    """Namesakes and twins behind one phone, colleagues behind one switchboard, four languages."""
    pairs = [
        (one, other)
        for one, other in combinations(PEOPLE, 2)
        if one.household == other.household and one.mobile == other.mobile
    ]

    assert any(one.given == other.given and one.birth_date != other.birth_date for one, other in pairs)
    assert any(one.given != other.given and one.birth_date == other.birth_date for one, other in pairs)
    assert any(person.organisation and person.work and person.work_ext for person in PEOPLE)
    assert {"uk", "ru", "kk", "en"} == {person.language for person in PEOPLE}
    assert any(person.children for person in PEOPLE)
    assert any(person.patronymic == "" for person in PEOPLE)


def test_no_two_people_could_be_taken_for_one() -> None:
    """Phone, name and birth date together tell any two apart, so every merge of two people is a mistake."""
    keys = [(person.mobile, person.family, person.given, person.birth_date) for person in PEOPLE]

    assert len(keys) == len(set(keys))


def test_one_person_is_kept_for_each_scene() -> None:
    """They stand first, so that the smallest sample has them."""
    assert list(ROLES) == [person.role for person in PEOPLE[: len(ROLES)]]
    assert [True, False] == [p.consent.granted for p in PEOPLE if p.role in ("consent", "no_consent") and p.consent]


def test_the_numbers_that_the_scenes_enter_belong_to_nobody() -> None:
    """A look-up by one of them finds the client of the scene alone."""
    mobiles = {person.mobile for person in make_people(20_000)}

    assert set() == mobiles & {NEW_PHONE, *CLAIM_PHONES.values()}
