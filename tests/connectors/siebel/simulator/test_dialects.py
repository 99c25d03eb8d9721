"""Each dialect asks and answers in its own way, about the same records."""

from __future__ import annotations

import pytest


@pytest.fixture
def three(siebel):
    """Three contacts, the first with two children."""
    (first,) = siebel.simulator.load(
        "contact",
        [
            {
                "LastName": "Коваль", "FirstName": "Марія", "Gender": "F", "SuppressAllCalls": "Y",
                "BirthDate": "03/08/1985",
                "ListOfChild": {"Child": [{"FirstName": "Марко", "BirthDate": "09/01/2017"}, {"FirstName": "Олена"}]},
            }
        ],
    )  # fmt: skip
    return [first, *siebel.simulator.load("contact", [{"LastName": "Ковальчук"}, {"LastName": "Шевченко"}])]


def test_asi_pages_by_elements_and_says_which_page_is_the_last(soap, three):
    """LastPage is an element with true or false; a default page has ten rows."""
    first = soap.asi("QueryPage", PageSize="2", StartRowNum="0", SortSpec="[Contact.Last Name](DESCENDING)")
    second = soap.asi("QueryPage", PageSize="2", StartRowNum="2", SortSpec="[Contact.Last Name](DESCENDING)")

    assert (["Шевченко", "Ковальчук"], "false") == (first.all("LastName"), first.one("LastPage"))
    assert (["Коваль"], "true") == (second.all("LastName"), second.one("LastPage"))


@pytest.mark.parametrize(
    ("example", "found"),
    [
        ("Коваль", ["Коваль"]),
        ("='Коваль'", ["Коваль"]),
        ("Ков*", ["Коваль", "Ковальчук"]),
        ("~LIKE 'ков*'", ["Коваль", "Ковальчук"]),
        ("LIKE 'ков*'", []),
        ("~ков*", ["Коваль", "Ковальчук"]),
        ("'Ков*'", []),
        ("<> 'Коваль'", ["Ковальчук", "Шевченко"]),
        ("='Коваль' OR ='Шевченко'", ["Коваль", "Шевченко"]),
        ("> 'Коваль' AND < 'Шевченко'", ["Ковальчук"]),
        ("IS NULL", []),
        ("IS NOT NULL", ["Коваль", "Ковальчук", "Шевченко"]),
    ],
)
def test_query_by_example_reads_expressions(soap, three, example, found):
    """What stands in a field is an expression, wildcards and all."""
    example = example.replace("<", "&lt;").replace(">", "&gt;")

    asi = soap.asi("QueryByExample", f"<Contact><LastName>{example}</LastName></Contact>")
    adapter = soap.adapter("QueryPage", f"<Contact><LastName>{example}</LastName></Contact>")

    assert [sorted(found), sorted(found)] == [sorted(asi.all("LastName")), sorted(adapter.all("LastName"))]


@pytest.mark.parametrize("example", ["EXISTS ('x')", "[Id] = 'x'", "(='x')", "=", "='x' OR 'y' AND 'z'", "it's"])
def test_an_example_that_it_does_not_know_is_a_fault(soap, example):
    """A guess would let a wrong query look right."""
    assert {"SBL-EAI-04316"} == soap.asi("QueryByExample", f"<Contact><LastName>{example}</LastName></Contact>").codes


def test_asi_reads_one_record_by_its_id(soap, three):
    """PrimaryRowId is an argument."""
    heard = soap.asi("QueryById", PrimaryRowId=three[1])

    assert [three[1]] == heard.all("Id")


@pytest.mark.parametrize(
    ("spec", "codes", "found"),
    [
        ("[Contact.LastName] = 'Коваль'", set(), 1),
        ("[Contact.Last Name] = 'Коваль'", set(), 1),
        ("[LastName] = 'Коваль'", {"SBL-DAT-00398"}, 0),
        ("[Account.Name] = 'x'", {"SBL-DAT-00398"}, 0),
    ],
)
def test_asi_names_fields_behind_their_component(soap, three, spec, codes, found):
    """As in [Account.Name]; the bare tag is the other dialect's."""
    heard = soap.asi("QueryPage", SearchSpec=spec)

    assert (codes, found) == (heard.codes, len(heard.all("LastName")))


def test_asi_gives_the_containers_that_are_named(soap, three):
    """All when none is named; fields always."""
    everything = soap.asi("QueryById", PrimaryRowId=three[0])
    named = soap.asi(
        "QueryPage", "<Contact><LastName>='Коваль'</LastName><ListOfConsent><Consent/></ListOfConsent></Contact>"
    )

    assert (2, 0) == (len(everything.all("Child")), len(named.all("Child")))
    assert "Марія" in named.all("FirstName")


def test_asi_inserts_and_tells_the_row_id(siebel, soap):
    """PrimaryRowId, and the keys of what was written."""
    heard = soap.asi("Insert", "<Contact><LastName>Новенко</LastName></Contact>", StatusObject="true")

    assert ["Новенко"] == [row["LastName"] for row in siebel.simulator.records("contact")]
    assert heard.one("PrimaryRowId") == heard.one("Id")


@pytest.mark.parametrize(
    ("method", "left"),
    [("Update", ["Іван"]), ("Synchronize", ["Іван"]), ("InsertOrUpdate", ["Марко", "Олена", "Іван"])],
)
def test_asi_methods_fare_with_child_rows_as_the_documents_say(siebel, soap, three, method, left):
    """Update and Synchronize delete what a present container lacks."""
    soap.asi(
        method,
        f"<Contact><Id>{three[0]}</Id><ListOfChild><Child><FirstName>Іван</FirstName></Child></ListOfChild></Contact>",
    )

    assert left == [row["FirstName"] for row in siebel.held(three[0])["ListOfChild"]["Child"]]


def test_asi_deletes_by_user_key(siebel, soap):
    """Also without an Id."""
    siebel.load(1, IntegrationId="K-1")

    soap.asi("Delete", "<Contact><IntegrationId>K-1</IntegrationId></Contact>")

    assert [] == siebel.simulator.records("contact")


def test_a_workflow_tells_of_errors_inside_a_normal_answer(siebel, soap):
    """HTTP 200, no fault, nothing written; the code stands in a field."""
    heard = soap.workflow("Upsert", "<Contact><FirstName>Без</FirstName><IntegrationId>h-1</IntegrationId></Contact>")

    assert (200, set(), "SBL-DAT-00498") == (heard.status, heard.codes, heard.one("Error_spcCode"))
    assert "SBL-DAT-00498" in heard.one("Error_spcMessage")
    assert [] == siebel.simulator.records("contact")


def test_a_workflow_queries_and_writes(siebel, soap, three):
    """Its names have their spaces escaped, and its page does not say whether it is the last."""
    page = soap.workflow("Query", Page_spcSize="2", Search_spcSpecification="[Contact.Last Name] LIKE 'Ков*'")
    done = soap.workflow("Upsert", "<Contact><LastName>Новенко</LastName><IntegrationId>h-1</IntegrationId></Contact>")

    assert (["Коваль", "Ковальчук"], "") == (page.all("LastName"), page.one("Error_spcCode"))
    assert ([], []) == (page.all("LastPage"), page.root.xpath("//@lastpage"))
    assert ("", "0") == (done.one("Error_spcCode"), done.one("Return_spcCode"))
    assert siebel.held(done.one("Object_spcId"))["LastName"] == "Новенко"


def test_a_typed_schema_has_iso_dates_and_truth_values(siebel, soap, three):
    """Both ways; what a string schema takes is taken too."""
    fields = "<Contact><Id/><Updated/><BirthDate/><SuppressAllCalls/><ModId/></Contact>"
    heard = soap.adapter("QueryPage", fields, service="contact_typed", attributes='pagesize="1"')
    soap.adapter(
        "Update",
        f"<Contact><Id>{three[0]}</Id><BirthDate>1986-04-09</BirthDate>"
        "<SuppressAllCalls>false</SuppressAllCalls></Contact>",
        service="contact_typed",
    )

    assert ("2026-10-20T08:00:00Z", "1985-03-08", "true") == (
        heard.one("Updated"), heard.one("BirthDate"), heard.one("SuppressAllCalls"),
    )  # fmt: skip
    held = siebel.held(three[0])
    assert ("04/09/1986", "N") == (held["BirthDate"], held["SuppressAllCalls"])


def test_a_typed_schema_may_be_filled_with_text(soap, three, turn):
    """Then Y stands where a boolean is promised."""
    turn(typed_text=True)
    fields = "<Contact><Updated/><SuppressAllCalls/></Contact>"

    heard = soap.adapter("QueryPage", fields, service="contact_typed", attributes='pagesize="1"')

    assert ("10/20/2026 08:00:00", "Y") == (heard.one("Updated"), heard.one("SuppressAllCalls"))


@pytest.mark.parametrize("bad", ["1986-04-09", "31.12.1986", "13/13/1986"])
def test_a_date_of_another_format_is_refused(siebel, soap, three, bad):
    """A string schema takes MM/DD/YYYY alone."""
    row = f"<Contact><Id>{three[0]}</Id><BirthDate>{bad}</BirthDate></Contact>"

    assert {"SBL-EAI-04184"} == soap.adapter("Update", row).codes
    assert "03/08/1985" == siebel.held(three[0])["BirthDate"]


def test_child_rows_can_be_searched_by_when_they_changed(siebel, soap, three):
    """The child's search specification limits the child rows alone."""
    siebel.clock.move(60)
    rows = siebel.held(three[0])["ListOfChild"]["Child"]
    siebel.simulator.edit("contact", three[0], {"ListOfChild": {"Child": [rows[0], rows[1] | {"FirstName": "Оленка"}]}})

    heard = soap.adapter(
        "QueryPage",
        "<Contact><Id/><ListOfChild><Child searchspec=\"[Updated] >= '10/20/2026 08:01:00'\"><FirstName/><ModId/>"
        "</Child></ListOfChild></Contact>",
        service="contact_typed",
    )

    assert (["Оленка"], ["1"], 3) == (heard.all("FirstName"), heard.all("ModId"), len(heard.all("Contact")))


def test_empty_and_absent_differ_on_the_way_in(siebel, soap, three):
    """An empty element empties, an absent one leaves."""
    soap.asi("InsertOrUpdate", f"<Contact><Id>{three[0]}</Id><FirstName></FirstName></Contact>")

    assert ("", "Коваль") == (siebel.held(three[0])["FirstName"], siebel.held(three[0])["LastName"])


def test_the_number_of_all_rows_comes_when_it_is_asked_for(soap, three):
    """It may cost a count over the whole table."""
    ask = "<Contact><Id/></Contact>"

    asked = soap.adapter("QueryPage", ask, attributes='pagesize="1" recordcountneeded="true"')
    unasked = soap.adapter("QueryPage", ask, attributes='pagesize="1"')

    assert (["3"], []) == (asked.root.xpath("//@recordcount"), unasked.root.xpath("//@recordcount"))


def test_what_no_service_has_is_refused(soap):
    """Unknown fields, operations and namespaces are faults."""
    assert {"SBL-EAI-04127"} == soap.asi("Insert", "<Contact><Nickname>x</Nickname></Contact>").codes
    assert {"SBL-EAI-04316"} == soap.asi("Explode").codes
    assert {"SBL-EAI-04316"} == soap.asi("QueryPage", Pagesize="5").codes
    assert {"SBL-EAI-04316"} == soap.adapter("QueryPage", "<Contact><Id/></Contact>", NamedSearchSpec="Mine").codes
    assert {"SBL-EAI-04316"} == soap.asi("QueryPage", PageSize="many", StartRowNum="0").codes
