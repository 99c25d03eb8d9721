"""A workflow with names of its own, on a real server: nothing is missed, and nobody's record is another's.

All people and numbers are invented.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from workflow_site import CARRIED_OUT, SPEC, Persons, served, workflow

from crm_bridge.api import (
    Accepted,
    ConfigMistake,
    ConnectorContext,
    EffectSafety,
    Note,
    OutcomeUnknown,
    RecordWrite,
    RetryLater,
    Secret,
)
from crm_bridge_siebel import changes
from crm_bridge_siebel.checking import left_to_fill
from crm_bridge_siebel.registration import open_connector
from crm_bridge_siebel.settings import SiebelSettings

NAMED = {"SearchSpec": "Search_spcExpression", "SortSpec": "Sort Expression"}


@pytest.fixture
def site() -> Iterator[Persons]:
    """Such a workflow, with 25 people."""
    with served() as started:
        for number in range(25):
            started.add(LastName=f"Тест{number}")
        yield started


@pytest.fixture
def opened(site, tmp_path):
    connectors = []

    def connect(wsdl: str = "", **kind):
        (tmp_path / "w.wsdl").write_text(wsdl or workflow(), encoding="utf-8")
        given = {
            "wsdl": "w.wsdl",
            "operations": CARRIED_OUT,
            "arguments": {"Channel": "BRIDGE"},
            "children": [],
            **kind,
        }
        faults = given.pop("faults", {})
        settings = SiebelSettings(
            faults=faults,
            endpoint=site.endpoint,
            username="X",
            password_ref="env:X",
            page_size=10,
            retry_wait_seconds=0.0,
            kinds={"person": given},
        )
        context = ConnectorContext(
            system="siebel",
            base_dir=tmp_path,
            secret=lambda _: Secret("x"),
            clock=lambda: datetime(2026, 10, 20, tzinfo=UTC),
            creates=frozenset({"person"}),
        )
        connectors.append(open_connector(settings, context))
        return connectors[-1]

    yield connect
    for connector in connectors:
        connector.close()


def write(operation: str, record_id: str | None = None, *, key: str = "w-1", **fields: str) -> RecordWrite:
    return RecordWrite(
        kind="person",
        operation=operation,
        record_id=record_id,
        fields={**({"Id": record_id} if record_id else {}), **fields},
        full={},
        expected_version="0" if record_id else None,
        key=key,
    )


@pytest.mark.parametrize("named", [{}, NAMED])
@pytest.mark.parametrize("listens", [True, False])
def test_a_record_is_found_by_its_id_whatever_page_it_is_on(site, opened, named, listens):
    """Asked for by its Id where that can be said; otherwise, or where the service does not listen, among all."""
    site.listens = listens
    connector = opened(query_arguments={"SearchSpec": SPEC} if named else {})

    found = connector.read("person", ["1-003", "1-024", "1-099"])

    assert ["1-003", "1-024"] == sorted(record["Id"] for record in found)


def test_a_service_that_ignores_conditions_and_is_read_by_them_is_named(site, opened):
    """There is no other way to look."""
    site.listens = False

    with pytest.raises(ConfigMistake, match="search specification"):
        opened(query_arguments=NAMED).read("person", ["1-024"])


@pytest.mark.parametrize("named", [{}, {"SearchSpec": SPEC}, NAMED])
def test_a_write_is_looked_up_by_its_own_key(site, opened, named):
    """Somebody else's record is no proof, and a record on the last page is one."""
    connector = opened(query_arguments=named)
    mine = write("create", key="w-9", LastName="Новий")
    update = connector.find_write("person", write("update", "1-024", LastName="Інше"))

    assert connector.find_write("person", mine) is None
    assert isinstance(connector.write("person", [mine])[0], Accepted)
    assert ("Новий", "1-026") == tuple(connector.find_write("person", mine)[name] for name in ("LastName", "Id"))
    assert ("1-024", None) == (update["Id"], connector.find_write("person", write("update", "1-099", LastName="Інше")))


def test_a_create_that_nothing_tells_is_left_to_a_person(opened):
    """Without IntegrationId nobody can say which record a create made."""
    without = workflow().replace('name="IntegrationId"', 'name="Nickname"')
    connector = opened(wsdl=without)

    assert EffectSafety.NONE is connector.capabilities("person").effect_safety
    with pytest.raises(OutcomeUnknown, match="IntegrationId"):
        connector.find_write("person", write("create", LastName="Новий"))
    assert EffectSafety.QUERYABLE is opened().capabilities("person").effect_safety


def test_a_service_whose_arguments_are_named_is_read_in_windows_by_key(site, opened):
    """Only what changed is asked for."""
    connector = opened(query_arguments=NAMED)
    pages = list(connector.read_changes("person", None))
    site.asked.clear()
    site.rows["1-005"] |= {"Updated": "10/20/2026 09:00:00", "ModId": "1"}

    changed = [record["Id"] for page in connector.read_changes("person", pages[-1].cursor) for record in page.records]

    assert (25, ["1-005"]) == (sum(len(page.records) for page in pages), changed)
    assert all(SPEC in asked for asked in site.asked)


def test_a_drain_whose_last_page_is_full_remembers_what_it_gave(site, opened, monkeypatch):
    """Otherwise all of the overlap comes again at the next poll."""
    monkeypatch.setattr(changes, "_SEEN_IN_EVERY_PAGE", 20)
    for number in range(5):
        site.add(LastName=f"Тест{number}", Updated="10/20/2026 08:00:30")
    connector = opened(query_arguments=NAMED)
    pages = list(connector.read_changes("person", None))

    again = list(connector.read_changes("person", pages[-1].cursor))

    assert 30 == sum(len(page.records) for page in pages)
    assert [] == [record["Id"] for page in again for record in page.records]


def test_an_argument_that_is_not_there_is_a_mistake_in_the_settings(opened):
    """It names those that are."""
    with pytest.raises(ConfigMistake, match="Search_spcExpression"):
        opened(query_arguments={"SearchSpec": "Wherever"}).read("person", ["1-001"])


@pytest.mark.parametrize("writes", [True, False])
def test_check_says_that_single_records_cannot_be_asked_for(opened, writes):
    """Also of a kind that is only read, and with the line that mends it."""
    findings = " ".join(opened(write=writes).check())

    assert "query_arguments = { SearchSpec = 'Search_spcExpression', SortSpec = 'Sort_spcExpression' }" in findings
    assert "query_arguments" not in " ".join(opened(write=writes, query_arguments=NAMED).check())


@pytest.mark.parametrize("named", [NAMED, {"SearchSpec": SPEC}])
def test_check_says_that_a_service_does_not_look_at_its_conditions(site, opened, named):
    """Whether a record comes when it is asked for is tried."""
    site.listens = False

    assert any(
        "does not look at its search" in finding for finding in opened(query_arguments=named, write=False).check()
    )


def test_check_says_that_a_service_does_not_sort(site, opened):
    """Windows by key over rows in another order would miss some."""
    site.rows["1-001"]["Updated"] = "10/20/2026 09:00:00"
    told = {sorts: opened(query_arguments=NAMED, write=False) for sorts in (True, False)}

    for sorts, connector in told.items():
        site.sorts = sorts
        assert sorts is not any("sort specification" in finding for finding in connector.check())


@pytest.mark.parametrize(
    ("inside", "told", "remedy"),
    [
        ("<Error_spcCode>7</Error_spcCode>", "7: ", "faults"),
        ("<Error_spcMessage>Помилка</Error_spcMessage>", "a fault without code", "log"),
        ("<Error_spcMessage>Запис змінено(SBL-DAT-00523)</Error_spcMessage>", "SBL-DAT-00523", "take what writes out"),
        ("<Error_spcCode>SBL-EAI-04376</Error_spcCode>", "SBL-EAI-04376", "lower page_size"),
        ("<Error_spcCode>SBL-DAT-00553</Error_spcCode>", "SBL-DAT-00553", "no right"),
    ],
)
def test_an_error_in_an_answer_is_the_sites_to_mend(site, opened, inside, told, remedy):
    """With the code and the remedy; it is no mistake of the bridge's to be reported."""
    site.told = [inside] * 3

    with pytest.raises(ConfigMistake) as raised:
        opened().read("person", ["1-001"])

    assert 78 == raised.value.exit_code
    assert told in raised.value.message
    assert remedy in raised.value.message
    assert "Помилка" not in raised.value.message


def test_a_workflows_own_code_has_the_class_that_the_site_gives_it(site, opened):
    """As one of Siebel's has."""
    site.told = ["<Error_spcCode>7</Error_spcCode>"] * 9

    with pytest.raises(RetryLater, match="7"):
        opened(faults={"7": "busy"}).read("person", ["1-001"])


def test_check_names_an_argument_that_is_required(site, opened):
    """The refusal alone names a code."""
    findings = " ".join(opened(arguments={}).check())

    assert "Get_spcPersons requires the argument Channel" in findings
    assert "SBL-EAI-04127" in findings
    assert "Channel" not in " ".join(opened().check())


def test_a_part_that_an_rpc_service_may_need_is_a_note():
    """Its WSDL calls every part required, so that Siebel needs it is not certain, and is nothing to mend."""
    asked = [("QueryPhone", "Phone_spcNumber"), ("Get_spcPersons", "Channel")]

    perhaps, surely = left_to_fill("person", asked, rpc={"QueryPhone"})

    assert (True, False) == (isinstance(perhaps, Note), isinstance(surely, Note))
    assert "if Siebel needs it, name it in arguments, such as { Phone_spcNumber = '…' }" in perhaps


def test_what_is_asked_for_records_is_told_from_what_takes_them(opened):
    """All three operations give persons. One takes none and looks for them: no setting has to name it."""
    connector = opened(operations={name: each for name, each in CARRIED_OUT.items() if name != "QueryPage"})

    assert 25 == sum(len(page.records) for page in connector.read_changes("person", None))
