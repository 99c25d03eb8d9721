"""A merge carried a consent to the records of somebody else: taken back, it does not stay with who never gave it."""

import pytest

GIVEN = {"id": "k1", "purpose": "claims", "channel": "sms", "status": "granted", "captured_at": "2026-01-02T03:04:05Z"}


@pytest.fixture
def parted(world):
    """Anna gave her consent in A; she and Olha, who has a record in B, were made one client, and parted again."""
    anna = world["a"].load(
        "person", [{"last_name": "Коваль", "first_name": "Anna", "mobile_phone": "+380505550101", "consents": [GIVEN]}]
    )[0]
    olha = world["b"].load(
        "person", [{"last_name": "Бондар", "first_name": "Olha", "mobile_phone": "+380505550102", **world.olha}]
    )[0]
    world.settle()
    [one], [other] = (world.ask("lookup", phone=f"+38050555010{number}") for number in (1, 2))
    world.ask("merge", other["id"], one["id"], by="Ivan", reason="a mistake")
    world.sync()
    assert "granted" in statuses(world, "b", olha)
    if world.numbers_rows:  # as systems do that keep nested rows: each has an id of its own, read back
        rows = world["b"].person(olha)["consents"]
        world["b"].edit("person", olha, {"consents": [{"id": f"n{at}", **row} for at, row in enumerate(rows)]})
        world.sync()
    world.ask("unmerge", other["id"], f"a/person/{anna}", by="Ivan", reason="two people")
    world.sync()
    world.anna, world.olha_id, world.olha_client = anna, olha, other["id"]
    return world


def statuses(world, system, record):
    return [row["status"] for row in world[system].person(record).get("consents", ())]


class TestWhoNeverSaidAnything:
    @pytest.fixture
    def world(self, world):
        world.olha, world.numbers_rows = {}, True
        return world

    def test_the_row_that_we_wrote_is_withdrawn_and_the_giver_keeps_hers(self, parted):
        assert ["granted"] == statuses(parted, "a", parted.anna)
        assert ["withdrawn"] == statuses(parted, "b", parted.olha_id)
        assert 0 == parted.sync().written

    def test_it_is_no_word_of_hers_on_her_card(self, parted):
        parted.sync()

        assert "consents" not in parted.ask("show", parted.olha_client)["client"]

    def test_a_consent_that_she_gives_later_is_hers(self, parted):
        [row] = parted["b"].person(parted.olha_id)["consents"]
        hers = {**row, "status": "granted", "captured_at": "2026-11-02T03:04:05Z"}
        parted["b"].edit("person", parted.olha_id, {"consents": [hers]})
        parted.sync()

        assert ["granted"] == statuses(parted, "b", parted.olha_id)
        assert 1 == len(parted.ask("show", parted.olha_client)["client"]["consents"])


class TestWhoHadRefused:
    @pytest.fixture
    def world(self, world):
        world.olha = {"consents": [{**GIVEN, "id": "k9", "status": "denied", "captured_at": "2025-01-02T03:04:05Z"}]}
        world.numbers_rows = True
        return world

    def test_her_refusal_holds_again(self, parted):
        assert "granted" not in statuses(parted, "b", parted.olha_id)
        assert 0 == parted.sync().written


class TestWhereItCannotBeSaid:
    @pytest.fixture
    def world(self, world):
        world.olha, world.numbers_rows = {}, False
        return world

    def test_a_person_is_told_and_the_letter_closes_when_it_is_done(self, parted):
        """The row has no id by which it could be updated."""
        [letter] = parted.ask("dead_letters")
        told = letter["code"], letter["path"], letter["record_id"]
        [row] = parted["b"].person(parted.olha_id)["consents"]
        done = {**row, "status": "withdrawn", "captured_at": "2026-11-02T03:04:05Z"}
        parted["b"].edit("person", parted.olha_id, {"consents": [done]})
        parted.sync()

        assert ("consent_of_another", "consents[claims/sms]", parted.olha_id) == told
        assert [] == parted.ask("dead_letters")
