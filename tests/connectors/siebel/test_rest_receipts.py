"""Writes over REST that are answered with nothing, or cannot be said: no receipt without proof.

All people and numbers are invented.
"""

from __future__ import annotations

import pytest
from rest_site import write

from crm_bridge.api import Accepted, Refused, Unknown


@pytest.mark.parametrize("answer", [(200, "application/json", b""), (204, "text/plain", b""), (200, "", b"{}")])
def test_a_write_that_is_answered_with_nothing_and_left_nothing_is_in_doubt(site, rest, answer):
    """A gateway may answer for Siebel: an answer that names no record is no receipt."""
    row_id = site.add(**{"Last Name": "Коваль"})
    site.told_writes = [answer]

    (outcome,) = rest().write("contact", [write(record_id=row_id, version="0", LastName="Мельник")])

    assert isinstance(outcome, Unknown)
    assert ("Коваль", "0") == (site.rows[row_id]["Last Name"], site.rows[row_id]["Mod Id"])


@pytest.mark.parametrize(("held", "moves"), [("Мельник", 0), ("МЕЛЬНИК", 1)])
def test_a_write_that_is_answered_with_nothing_and_is_seen_there_is_accepted(site, rest, held, moves):
    """The look afterwards proves it: by the version, or by what stands there."""
    row_id = site.add(**{"Last Name": "Коваль"})
    site.silent = True

    def changed(row):
        row.update({"Mod Id": str(moves - 1)})
        site.after.append(lambda: row.update({"Last Name": held}))

    site.quicker = [changed]

    (outcome,) = rest().write("contact", [write(record_id=row_id, version="0", LastName="Мельник")])

    assert (Accepted, str(moves)) == (type(outcome), outcome.version)


def test_a_create_that_is_answered_with_nothing_is_in_doubt(site, rest):
    """It is looked up by its key."""
    site.add()
    site.told_writes = [(204, "text/plain", b"")]

    assert isinstance(rest().write("contact", [write("create", LastName="Мельник")])[0], Unknown)


@pytest.mark.parametrize("silent", [True, False])
def test_a_child_row_whose_write_is_answered_with_nothing_is_looked_for(site, rest, silent):
    """Where it stands there, it was written; where not, nobody can tell."""
    row_id = site.add()
    site.children[row_id, "Child"] = {"1-C1": {"Id": "1-C1", "First Name": "Марко"}}
    rows = [{"@operation": "insert", "FirstName": "Олена"}, {"@operation": "update", "Id": "1-C1", "FirstName": "Марк"}]
    site.silent = silent
    if not silent:
        site.told_writes = [(204, "text/plain", b"")]

    (outcome,) = rest().write("contact", [write(record_id=row_id, version="0", ListOfChild={"Child": rows})])

    assert (Accepted if silent else Unknown) is type(outcome)


@pytest.mark.parametrize("answer", [(204, "text/plain", b""), (200, "application/json", b"{}")])
def test_a_delete_that_left_the_record_there_is_in_doubt(site, rest, answer):
    """A gateway may answer for Siebel; what still stands there was not deleted."""
    row_id = site.add()
    site.told_writes = [answer]

    (outcome,) = rest().write("contact", [write("delete", row_id, version="0")])

    assert isinstance(outcome, Unknown)
    assert "still there" in outcome.reason


@pytest.mark.parametrize("status", [404, 204])
def test_a_delete_is_proved_by_what_is_not_there_any_more(site, rest, status):
    """However the site says that there is nothing."""
    row_id, site.empty_status = site.add(), status

    (outcome,) = rest().write("contact", [write("delete", row_id, version="0")])

    assert (Accepted, {}) == (type(outcome), site.rows)


def test_a_delete_after_which_nobody_can_look_is_in_doubt(site, rest):
    row_id = site.add()
    site.after_delete = [(500, "application/json", b'{"ERROR": "(SBL-DAT-00501)"}')]

    (outcome,) = rest().write("contact", [write("delete", row_id, version="0")])

    assert isinstance(outcome, Unknown)


@pytest.mark.parametrize("component", ["left out", "unknown field"])
@pytest.mark.parametrize("operation", ["update", "create"])
def test_a_child_row_that_has_no_place_is_refused_before_anything_is_sent(site, rest, operation, component):
    """Refused by name: a record that is written without it would be in doubt every time."""
    row_id = site.add(**{"Last Name": "Коваль"})
    connector = rest(rest={"contact": {"children": {"ListOfChild": ""}}})
    known = {"record_id": row_id, "version": "0"} if operation == "update" else {}
    rows = [{"@operation": "insert", "FirstName": "Олена"}]

    (outcome,) = connector.write(
        "contact", [write(operation, **known, LastName="Мельник", ListOfChild={"Child": rows})]
    )

    assert (Refused, "unknown_field") == (type(outcome), getattr(outcome, "code", None))
    assert [] == [method for method, *_ in site.asked if method != "GET"]
    assert ["Коваль"] == [row["Last Name"] for row in site.rows.values()]


def test_a_create_that_is_met_again_without_its_child_rows_is_in_doubt(site, rest):
    """Its first try broke off between the record and the rows: it is no receipt for all of it."""
    site.add(**{"Last Name": "Коваль"})
    rows = {"Child": [{"@operation": "insert", "FirstName": "Марко"}, {"@operation": "insert", "FirstName": "Олена"}]}
    create = write("create", LastName="Мельник", ListOfChild=rows)
    connector = rest()
    connector.write("contact", [create])
    made = next(row_id for row_id, row in site.rows.items() if row["Last Name"] == "Мельник")
    whole = connector.write("contact", [create])
    site.children[made, "Child"].popitem()

    partly = connector.write("contact", [create])

    assert [Accepted, Unknown] == [type(outcome) for outcome in (*whole, *partly)]
