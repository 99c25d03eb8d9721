"""Every row of the table "Survivorship defaults", and the site's own rules."""

import pytest
from saying import MOBILE, TRUST, Systems, said

from crm_bridge.sync.rules import Rule, Survivorship
from crm_bridge.sync.survivorship import survive


def card(*contributions, policy=TRUST, current=None):
    return survive(contributions, policy=policy, current=current)


class TestName:
    def test_the_whole_name_comes_from_one_source(self):
        left = said("a", name={"family": "Коваль"})
        right = said("b", name={"family": "Ковальчук", "given": "Anna", "patronymic": "Петрівна"})

        assert {"family": "Коваль"} == card(left, right).doc["name"]

    def test_among_equals_the_more_complete_wins(self):
        nobody_ranked = Survivorship()
        left = said("a", name={"family": "Коваль"})
        right = said("b", name={"family": "Коваль", "given": "Anna"})

        assert {"family": "Коваль", "given": "Anna"} == card(left, right, policy=nobody_ranked).doc["name"]

    def test_then_the_newest(self):
        nobody_ranked = Survivorship()
        left = said("a", at="2026-05-01T00:00:00Z", name={"family": "Коваль"})
        right = said("b", at="2026-04-01T00:00:00Z", name={"family": "Бондар"})

        assert "Коваль" == card(left, right, policy=nobody_ranked).doc["name"]["family"]


class TestBirthDate:
    @pytest.mark.parametrize(
        ("trusted", "other", "stands"),
        [
            ("1985", "1985-03-08", "1985-03-08"),
            ("1985-03-08", "1985", "1985-03-08"),
            ("1985-03", "1985-03-08", "1985-03-08"),
            ("--03-08", "1985-03-08", "1985-03-08"),
            ("1985-03-08", "--03-08", "1985-03-08"),
        ],
    )
    def test_the_more_precise_stands_if_consistent(self, trusted, other, stands):
        verdict = card(said("a", birth_date=trusted), said("b", birth_date=other)).verdicts["birth_date"]

        assert (stands, False) == (verdict.value, verdict.ask)

    @pytest.mark.parametrize("other", ["1985-04-08", "1986", "--03-09"])
    def test_a_contradiction_goes_by_trust_and_is_asked_about(self, other):
        verdict = card(said("a", birth_date="1985-03-08"), said("b", birth_date=other)).verdicts["birth_date"]

        assert ("1985-03-08", "contradiction", True) == (verdict.value, verdict.reason, verdict.ask)


def test_gender_goes_by_trust():
    assert "female" == card(said("b", gender="unknown"), said("a", gender="female")).doc["gender"]


class TestContactPoints:
    def test_numbers_of_all_systems_stand_once_each(self):
        email = {"type": "email", "value": "anna@example.com"}
        left, right = said("a", contact_points=[MOBILE]), said("b", contact_points=[MOBILE, email])

        assert [email, MOBILE] == card(left, right).doc["contact_points"]

    def test_what_only_one_tells_of_a_number_is_kept(self):
        left = said("a", contact_points=[MOBILE])
        right = said("b", contact_points=[{**MOBILE, "purpose": "work", "status": "active"}])

        assert [{**MOBILE, "status": "active"}] == card(left, right).doc["contact_points"]

    def test_an_address_is_decided_as_a_whole(self):
        kyiv = {"type": "postal", "purpose": "home", "value": "Київ", "address": {"city": "Київ"}}
        lviv = {
            "type": "postal",
            "purpose": "home",
            "value": "x, Львів",
            "address": {"city": "Львів", "lines": ["x"]},
        }

        assert [kyiv] == card(said("b", contact_points=[lviv]), said("a", contact_points=[kyiv])).doc["contact_points"]


def test_identifiers_of_all_systems_stand():
    left = said("a", identifiers=[{"system": "a.id", "value": "1", "type": "record"}])
    right = said("b", identifiers=[{"system": "b.id", "value": "1", "type": "record"}])

    assert 2 == len(card(left, right).doc["identifiers"])


def consent(status, captured_at=None):
    dated = {"captured_at": captured_at} if captured_at else {}
    return [{"purpose": "claims", "channel": "sms", "status": status, **dated}]


class TestConsents:
    def decided(self, left, right):
        return card(said("a", consents=left), said("b", consents=right)).doc["consents"][0]["status"]

    def test_the_newest_dated_word_counts_whoever_is_trusted(self):
        assert "withdrawn" == self.decided(
            consent("granted", "2026-01-01T00:00:00Z"), consent("withdrawn", "2026-02-01T00:00:00Z")
        )
        assert "granted" == self.decided(
            consent("denied", "2026-01-01T00:00:00Z"), consent("granted", "2026-02-01T00:00:00Z")
        )

    def test_a_refusal_wins_a_tie(self):
        at = "2026-01-01T00:00:00Z"

        assert "denied" == self.decided(consent("granted", at), consent("denied", at))

    def test_a_refusal_wins_over_an_undated_grant_and_without_a_date_over_every_grant(self):
        assert "denied" == self.decided(consent("granted"), consent("denied", "2026-01-01T00:00:00Z"))
        assert "denied" == self.decided(consent("granted", "2026-01-01T00:00:00Z"), consent("denied"))

    def test_dates_are_compared_as_moments(self):
        """Two spellings of time: fractions of a second and offsets do not turn the order round."""
        assert "withdrawn" == self.decided(
            consent("granted", "2026-01-01T00:00:00Z"), consent("withdrawn", "2026-01-01T00:00:00.500000Z")
        )


def test_relationships_of_all_stand_once_each():
    child = {"type": "child", "to": {"name": "Марко"}}

    assert [child] == card(said("a", relationships=[child]), said("b", relationships=[child])).doc["relationships"]


@pytest.mark.parametrize("field", ["facts", "segments", "scores"])
def test_the_newest_word_counts_for_each_key(field):
    older = said("a", at="2026-01-01T00:00:00Z", **{field: [{"key": "k", "value": "1"}]})
    newer = said("b", at="2026-02-01T00:00:00Z", **{field: [{"key": "k", "value": "2"}]})

    assert [{"key": "k", "value": "2"}] == card(older, newer).doc[field]


def test_preferences_go_by_the_newest_word():
    older = said("a", at="2026-01-01T00:00:00Z", preferences={"languages": ["uk"], "time_zone": "Europe/Kyiv"})
    newer = said("b", at="2026-02-01T00:00:00Z", preferences={"languages": ["en"]})

    assert {"languages": ["en"], "time_zone": "Europe/Kyiv"} == card(older, newer).doc["preferences"]


@pytest.mark.parametrize(
    ("left", "right", "stands"),
    [
        ("active", "deceased", "deceased"),
        ("deceased", "erased", "erased"),
        ("prospect", "active", "active"),
        ("former", "active", "active"),
        ("prospect", "former", "former"),
    ],
)
def test_status_goes_by_its_order_not_by_trust(left, right, stands):
    assert stands == card(said("a", status=left), said("b", status=right)).doc["status"]


class TestTheSitesOwnRules:
    def test_a_path_may_have_its_own_order(self):
        policy = Survivorship(order=("a", "b"), rules={"job_title": Rule("precedence", ("b", "a"))})

        assert "baker" == card(said("a", job_title="x"), said("b", job_title="baker"), policy=policy).doc["job_title"]

    def test_newest_looks_at_time_alone(self):
        policy = Survivorship(order=("a", "b"), rules={"job_title": Rule("newest")})
        older = said("a", at="2026-01-01T00:00:00Z", job_title="x")
        newer = said("b", at="2026-02-01T00:00:00Z", job_title="baker")

        assert "baker" == card(older, newer, policy=policy).doc["job_title"]

    def test_manual_asks_nobody_about_a_part_that_agrees(self):
        """A system that holds only the family name says nothing against the rest."""
        policy = Survivorship(order=("a", "b"), rules={"name": Rule("manual")})
        whole, part = said("a", name={"family": "Коваль", "given": "Anna"}), said("b", name={"family": "Коваль"})
        stands = card(whole, policy=policy).doc

        verdict = card(whole, part, policy=policy, current=stands).verdicts["name"]

        assert (False, whole.doc["name"]) == (verdict.ask, verdict.value)

    def test_manual_keeps_what_stands_and_asks(self):
        policy = Survivorship(order=("a", "b"), rules={"job_title": Rule("manual")})
        left, right = said("a", job_title="x"), said("b", job_title="baker")

        verdict = card(left, right, policy=policy, current={"job_title": "baker"}).verdicts["job_title"]

        assert ("baker", True) == (verdict.value, verdict.ask)


def test_a_fuller_address_that_contradicts_nothing_stands():
    """The trusted system's address has no postal code; the other says the same and the code."""
    poor = {"type": "postal", "purpose": "home", "value": "x", "address": {"city": "Алматы"}}
    full = {"type": "postal", "purpose": "home", "value": "y", "address": {"city": "Алматы", "postal_code": "050010"}}
    card = Systems(said("a", contact_points=[poor]), said("b", seq=2, contact_points=[full])).card()

    assert [full] == card.doc["contact_points"]
    assert not any(verdict.conflict for verdict in card.verdicts.values())


def test_an_address_in_another_city_does_not_stand_for_being_fuller():
    poor = {"type": "postal", "purpose": "home", "value": "x", "address": {"city": "Алматы"}}
    full = {"type": "postal", "purpose": "home", "value": "y", "address": {"city": "Київ", "postal_code": "01001"}}
    card = Systems(said("a", contact_points=[poor]), said("b", seq=2, contact_points=[full])).card()

    assert [poor] == card.doc["contact_points"]
