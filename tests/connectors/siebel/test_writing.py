"""What the bridge writes to Siebel, and what becomes of it: outcomes, stale versions, child rows, lost answers."""

from __future__ import annotations

from time import monotonic
from typing import Any

import pytest

from crm_bridge.api import Accepted, CredentialsRefused, Postponed, Refused, Stale, Unknown, Unreachable


def children(*names):
    return {"Child": [{"FirstName": name} for name in names]}


def test_an_update_changes_what_it_names(siebel, update):
    """The receipt carries the new version; fields that were not named are untouched; an empty text empties."""
    record_id, _ = siebel.load(2, FirstName="Оксана", JobTitle="бухгалтер")

    (outcome,) = siebel.connector().write("contact", [update(record_id, LastName="Коваль", JobTitle="")])

    assert Accepted(record_id=record_id, version="1") == outcome
    held = siebel.held(record_id)
    assert ("Коваль", "Оксана", "", "1") == (held["LastName"], held["FirstName"], held["JobTitle"], held["ModId"])


def test_a_stale_update_is_noticed(siebel, update):
    """Somebody else's change since the read wins; ours is told to merge again."""
    (record_id,) = siebel.load(1)
    siebel.simulator.edit("contact", record_id, {"JobTitle": "лікарка"})

    (outcome,) = siebel.connector().write("contact", [update(record_id, LastName="Коваль")])

    assert isinstance(outcome, Stale)
    assert "Тест0" == siebel.held(record_id)["LastName"]


def test_an_update_of_a_deleted_record_does_not_create_it_anew(siebel, update):
    """An upsert without its row would insert; the version makes it a conflict."""
    (record_id,) = siebel.load(1)
    siebel.simulator.remove("contact", record_id)

    (outcome,) = siebel.connector().write("contact", [update(record_id, LastName="Коваль")])

    assert isinstance(outcome, Stale)
    assert [] == list(siebel.simulator.records("contact"))


def test_child_rows_are_never_deleted_by_accident(siebel, update):
    """One row changed, one added, one deleted: all others stay, in this container and in the rest."""
    (record_id,) = siebel.simulator.load(
        "contact",
        [
            {
                "LastName": "Тест",
                "ListOfChild": children("Марко", "Олена", "Іван"),
                "ListOfPersonalAddress": {"PersonalAddress": [{"PersonalCity": "Київ"}, {"PersonalCity": "Львів"}]},
            }
        ],
    )
    marko, olena, _ = siebel.held(record_id)["ListOfChild"]["Child"]
    rows = [
        {"@operation": "update", "Id": marko["Id"], "BirthDate": "09/01/2017"},
        {"@operation": "delete", "Id": olena["Id"]},
        {"@operation": "insert", "FirstName": "Соломія"},
    ]

    (outcome,) = siebel.connector().write("contact", [update(record_id, ListOfChild={"Child": rows})])

    assert isinstance(outcome, Accepted)
    held = siebel.held(record_id)
    assert [("Марко", "09/01/2017"), ("Іван", None), ("Соломія", None)] == [
        (row["FirstName"], row.get("BirthDate")) for row in held["ListOfChild"]["Child"]
    ]
    assert ["Київ", "Львів"] == [row["PersonalCity"] for row in held["ListOfPersonalAddress"]["PersonalAddress"]]


def test_an_empty_container_is_not_sent(siebel, update):
    """To Siebel an empty container means: delete all."""
    (record_id,) = siebel.load(1, ListOfChild=children("Марко"))

    siebel.connector().write("contact", [update(record_id, LastName="Коваль", ListOfChild={"Child": []})])

    assert ["Марко"] == [row["FirstName"] for row in siebel.held(record_id)["ListOfChild"]["Child"]]


@pytest.mark.parametrize("operation", ["Update", "upsert", "sync", "", None])
def test_an_operation_that_siebel_could_misread_is_never_sent(siebel, update, operation):
    """A misspelt operation means `sync` there, which deletes."""
    (record_id,) = siebel.load(1, ListOfChild=children("Марко"))
    row = {"@operation": operation, "FirstName": "Олена"} if operation is not None else {"FirstName": "Олена"}

    (outcome,) = siebel.connector().write("contact", [update(record_id, ListOfChild={"Child": [row]})])

    assert "bad_operation" == outcome.code
    assert "0" == siebel.held(record_id)["ModId"]


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"Gender": "Femal"}, "SBL-EAI-04401"),
        ({"LastName": ""}, "SBL-DAT-00498"),
        ({"FirstName": "х" * 51}, "SBL-EAI-04184"),
        ({"FullName": "Хтось"}, "SBL-EAI-04421"),
        ({"Nickname": "Хтось"}, "unknown_field"),
        ({"JobTitle": None}, "bad_shape"),
        ({"JobTitle": "зі\x08птом"}, "bad_message"),
        ({"ListOfChild": [{"FirstName": "Марко"}]}, "bad_shape"),
    ],
)
def test_what_siebel_would_not_take_is_refused_with_a_code(siebel, update, fields, code):
    """Neither cut nor guessed; the reason holds no value."""
    (record_id,) = siebel.load(1)

    (outcome,) = siebel.connector().write("contact", [update(record_id, **fields)])

    assert isinstance(outcome, Refused)
    assert code == outcome.code
    assert "Femal" not in outcome.reason
    assert "0" == siebel.held(record_id)["ModId"]


def test_a_refusal_names_the_field(siebel, update):
    """Field names may be told, values not."""
    (record_id,) = siebel.load(1)

    (outcome,) = siebel.connector().write("contact", [update(record_id, Gender="Femal")])

    assert "Gender" in outcome.reason
    assert "Femal" not in outcome.reason


def test_a_create_is_stamped_and_found_again(siebel, create):
    """The write's key goes to IntegrationId when that is free."""
    connector = siebel.connector()

    (outcome,) = connector.write("contact", [create(LastName="Новенко", key="w-77")])

    held = siebel.held(outcome.record_id)
    assert ("w-77", "0") == (held["IntegrationId"], outcome.version)
    assert held == connector.find_write("contact", create(LastName="Новенко", key="w-77"))
    assert connector.find_write("contact", create(LastName="Новенко", key="w-78")) is None


def test_a_key_too_long_for_integration_id_is_stamped_as_its_digest(siebel, create):
    """Thirty characters is what the column holds; the digest is as stable as the key."""
    connector = siebel.connector()
    long = create(LastName="Новенко", key="b" * 64)

    (outcome,) = connector.write("contact", [long])

    assert 30 == len(siebel.held(outcome.record_id)["IntegrationId"])
    assert outcome.record_id == connector.find_write("contact", long)["Id"]


def test_a_taken_integration_id_is_kept(siebel, create):
    """The client's own integration id is not overwritten by the stamp, and finds the create as well."""
    connector = siebel.connector()
    own = create(LastName="Новенко", IntegrationId="hub-5", key="w-9")

    (outcome,) = connector.write("contact", [own])

    assert "hub-5" == siebel.held(outcome.record_id)["IntegrationId"]
    assert outcome.record_id == connector.find_write("contact", own)["Id"]


def test_a_lost_answer_to_a_create_is_unknown_and_can_be_looked_up(siebel, create):
    """Siebel carried it out, nobody heard: the look-up finds it, and a repetition makes no second record."""
    connector = siebel.connector()
    siebel.simulator.configure(drop_answer_next=1)
    write = create(LastName="Новенко", key="w-1")

    (lost,) = connector.write("contact", [write])
    found = connector.find_write("contact", write)
    (again,) = connector.write("contact", [write])

    assert isinstance(lost, Unknown)
    assert found is not None
    assert (found["Id"], found["ModId"]) == (again.record_id, again.version)
    assert 1 == len(siebel.simulator.records("contact"))


def test_somebody_elses_duplicate_is_not_taken_for_ours(siebel, create):
    """A create with a user key that another record holds: that record is to be read first."""
    (there,) = siebel.load(1, IntegrationId="hub-5")

    (outcome,) = siebel.connector().write("contact", [create(LastName="Новенко", IntegrationId="hub-5")])

    assert (Stale, there) == (type(outcome), outcome.record_id)


def test_a_delete_names_the_version_it_saw(siebel, update):
    """A stale delete is a conflict, a fresh one deletes."""
    from dataclasses import replace

    (record_id,) = siebel.load(1)
    connector = siebel.connector()
    delete = replace(update(record_id), operation="delete")

    stale, gone = (connector.write("contact", [replace(delete, expected_version=seen)])[0] for seen in ("7", "0"))

    assert isinstance(stale, Stale)
    assert isinstance(gone, Accepted)
    assert [] == list(siebel.simulator.records("contact"))


def test_claims_are_not_written(siebel, update):
    """Claims are read-only for the bridge."""
    (outcome,) = siebel.connector().write("claim", [update("1-1", Status="Paid")])

    assert "not_writable" == outcome.code


@pytest.mark.parametrize(
    ("knobs", "settings", "expected", "applied"),
    [
        ({"fail_next": 1}, {}, Unknown, False),
        ({"busy_html_next": 1}, {}, Unknown, False),
        ({"truncate_next": 1}, {}, Unknown, True),
        ({"malformed_next": 1}, {}, Unknown, True),
        ({"drop_answer_next": 1}, {}, Unknown, True),
        ({"delay": 5.0}, {"timeouts": {"read": 0.2}}, Unknown, True),
        ({"delay": 5.0}, {"timeouts": {"total": 0.2}}, Unknown, True),
        ({"fault_next": "SBL-UIF-00880"}, {}, Postponed, False),
        ({"fault_next": "SBL-SSM-00005"}, {}, Unknown, False),
        ({"fault_next": "SBL-EAI-04390"}, {}, Refused, False),
        ({"fault_next": "SBL-EAI-04397"}, {}, Refused, False),
        ({"fault_next": "SBL-BPR-00140"}, {}, Refused, False),
        ({"fault_next": "SBL-XYZ-99999"}, {}, Refused, False),
        ({"fault_next": "SBL-DAT-00523"}, {}, Stale, False),
    ],
)
def test_each_failure_of_a_write_has_its_outcome(siebel, update, knobs, settings, expected, applied):
    """Nothing that may have taken effect is called refused, and nothing is sent twice."""
    (record_id,) = siebel.load(1)
    connector = siebel.connector(**settings)
    siebel.simulator.configure(**knobs)

    (outcome,) = connector.write("contact", [update(record_id, LastName="Коваль")])

    siebel.simulator.configure(delay=0.0)
    assert expected is type(outcome)
    assert ("1" if applied else "0") == siebel.held(record_id)["ModId"]


def test_refused_credentials_stop_the_run(siebel, update):
    """Trying on would lock the account."""
    (record_id,) = siebel.load(1)
    siebel.simulator.configure(reject_login=True)

    with pytest.raises(CredentialsRefused):
        siebel.connector().write("contact", [update(record_id, LastName="Коваль")])


def test_a_refused_connection_means_that_nothing_was_sent(siebel, update):
    """Repeating is safe."""
    (record_id,) = siebel.load(1)
    connector = siebel.connector()
    siebel.simulator.stop()

    with pytest.raises(Unreachable):
        connector.write("contact", [update(record_id, LastName="Коваль")])


@pytest.mark.parametrize(("more", "met"), [({}, Stale), ({"lock_fault": "SBL-DAT-00498"}, Refused)])
@pytest.mark.parametrize("transport", ["soap", "rest"])
def test_a_record_that_another_user_has_locked_is_written_once_it_is_free(siebel, update, transport, more, met):
    """Until then it is refused, after waiting for as long as the site does."""
    record_id, other = siebel.load(2)
    siebel.simulator.configure(locked=f"9-9;{record_id}", lock_wait=0.05, **more)
    connector = siebel.connector(transport=transport)
    began = monotonic()

    def written(row_id: str) -> Any:
        return connector.write("contact", [update(row_id, JobTitle="лікарка")])[0]

    assert (met, Accepted) == (type(written(record_id)), type(written(other)))
    assert monotonic() - began >= 0.05
    siebel.simulator.configure(locked="")
    assert isinstance(written(record_id), Accepted)
