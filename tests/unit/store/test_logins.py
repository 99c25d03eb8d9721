"""A refused log-in is remembered as a digest, until it changes or a person wants it tried again."""

from datetime import UTC, datetime

import pytest
from stores import new_store

from crm_bridge.api import CredentialsRefused, Secret
from crm_bridge.store.logins import StoredLogins, forget
from crm_bridge.store.opening import open_database

LOGIN = Secret("https://siebel.example\0BRIDGE\0canary-password")


@pytest.fixture
def database(tmp_path):
    database = open_database(new_store(tmp_path), base_dir=tmp_path)
    yield database
    database.close()


def logins(database, system="siebel"):
    return StoredLogins(database, system, clock=lambda: datetime(2026, 10, 20, tzinfo=UTC), draw=lambda n: b"s" * n)


def test_a_refused_login_is_not_tried_again_by_whoever_opens_the_store_next(database):
    logins(database).demand_untried(LOGIN)
    logins(database).remember(LOGIN)

    with pytest.raises(CredentialsRefused, match=r"at 2026-10-20T00:00:00Z.*crm-bridge check --system siebel") as told:
        logins(database).demand_untried(LOGIN)
    assert 77 == told.value.exit_code
    assert "canary" not in str(told.value)


def test_another_password_and_another_system_are_tried(database):
    logins(database).remember(LOGIN)

    logins(database).demand_untried(Secret("https://siebel.example\0BRIDGE\0mended"))
    logins(database, "sms").demand_untried(LOGIN)


def test_a_person_may_lift_it_and_a_second_refusal_counts_again(database):
    logins(database).remember(LOGIN)
    with database.transaction() as connection:
        forget(connection, "siebel")
    logins(database).demand_untried(LOGIN)

    logins(database).remember(LOGIN)
    with pytest.raises(CredentialsRefused):
        logins(database).demand_untried(LOGIN)
