"""Writes whose answer is lost behind their commit, between processes: found again by their key, never made twice."""

from __future__ import annotations

from town import Town, phone


def test_a_create_cut_off_behind_its_commit_is_not_made_twice(town: Town) -> None:
    """Siebel has committed and the connection closes: it is looked up by IntegrationId before anything is resent."""
    client = {"last_name": "Вигаданий", "first_name": "Петро", "birth_date": "1985-03-08", "mobile_phone": phone(1)}
    town.control("callcenter", "load/client", [client])
    town.control("siebel", "knobs", {"drop_answer_next": 1})

    first = town.sync(check=False)
    assert 0 == town.control("siebel", "knobs")["drop_answer_next"], f"no create was cut off: {first.stderr}"
    town.sync()
    town.sync()

    (contact,) = town.held("siebel")
    assert (phone(1), True) == (contact["CellularPhone"], bool(contact["IntegrationId"]))
