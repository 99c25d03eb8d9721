"""What the installation is like: its zone, its language, its limits, who sees what, and how rows are told apart."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

ASK = "<Contact><Id/><LastName/><FirstName/><Updated/></Contact>"


@pytest.mark.parametrize(
    ("moment", "local"),
    [
        ((2026, 10, 24, 22, 0), "10/25/2026 01:00:00"),
        ((2026, 10, 25, 0, 30), "10/25/2026 03:30:00"),
        ((2026, 10, 25, 1, 30), "10/25/2026 03:30:00"),  # the hour that autumn gives twice
        ((2026, 1, 1, 0, 0), "01/01/2026 02:00:00"),
        ((2026, 7, 1, 0, 0), "07/01/2026 03:00:00"),
    ],
)
def test_times_are_in_the_users_zone_with_daylight_saving(siebel, soap, turn, moment, local):
    """In whole seconds; UTCCanonical gives UTC."""
    siebel.clock.now = datetime(*moment, tzinfo=UTC)
    siebel.load(1)
    turn(time_zone="Europe/Kyiv")

    heard = soap.asi("QueryPage")
    canonical = soap.asi("QueryPage", UTCCanonical="Y")

    assert local == heard.one("Updated")
    assert siebel.clock.now.strftime("%m/%d/%Y %H:%M:%S") == canonical.one("Updated")


def test_search_specifications_are_in_the_users_zone_too(siebel, soap, turn):
    """Whoever asks in UTC while the user lives elsewhere misses rows, or reads them twice."""
    siebel.load(1)
    turn(time_zone="Europe/Kyiv")

    in_zone = soap.asi("QueryPage", SearchSpec="[Contact.Updated] = '10/20/2026 11:00:00'")
    in_utc = soap.asi("QueryPage", SearchSpec="[Contact.Updated] = '10/20/2026 08:00:00'")
    canonical = soap.asi("QueryPage", SearchSpec="[Contact.Updated] = '10/20/2026 08:00:00'", UTCCanonical="Y")

    assert [1, 0, 1] == [len(heard.all("Id")) for heard in (in_zone, in_utc, canonical)]


def test_a_typed_time_of_another_zone_has_no_offset(siebel, soap, turn):
    """Our guess; and what is written comes back."""
    (record_id,) = siebel.load(1, ListOfConsent={"Consent": []})
    turn(time_zone="Europe/Kyiv")

    soap.adapter(
        "Execute",
        f'<Contact operation="upsert"><Id>{record_id}</Id><ListOfConsent><Consent><Purpose>Claims</Purpose>'
        "<Channel>Email</Channel><Status>Granted</Status><CapturedDate>2026-10-20T11:00:00</CapturedDate></Consent>"
        "</ListOfConsent></Contact>",
        service="contact_typed",
    )
    heard = soap.adapter("QueryPage", "<Contact><Updated/></Contact>", service="contact_typed")

    assert "10/20/2026 08:00:00" == siebel.held(record_id)["ListOfConsent"]["Consent"][0]["CapturedDate"]
    assert "2026-10-20T11:00:00" == heard.one("Updated")


@pytest.mark.parametrize(("language", "shown"), [("ENU", "Female"), ("UKR", "Жіноча"), ("RUS", "Женский")])
def test_lists_of_values_go_by_code_or_by_display_value(siebel, soap, turn, language, shown):
    """LIC is the same everywhere; LDC is what users of the language see, both ways."""
    (record_id,) = siebel.load(1, Gender="F")
    turn(language=language)
    ask = "<Contact><Gender/></Contact>"
    row = "<Contact><Id>{}</Id><Gender>{}</Gender></Contact>"

    codes = soap.adapter("QueryPage", ask).one("Gender")
    words = soap.adapter("QueryPage", ask, lov="LDC").one("Gender")
    refused = soap.adapter("Update", row.format(record_id, "M"), lov="LDC")
    taken = soap.adapter("Update", row.format(record_id, shown), lov="LDC")

    assert ("F", shown) == (codes, words)
    assert ({"SBL-EAI-04401"}, set(), "F") == (refused.codes, taken.codes, siebel.held(record_id)["Gender"])
    assert shown == soap.asi("QueryPage").one("Gender")
    assert {"SBL-EAI-04316"} == soap.adapter("QueryPage", ask, lov="LDX").codes


def test_faults_speak_the_users_language(siebel, soap, turn):
    """Only codes are the same."""
    row = "<Contact><FirstName>x</FirstName></Contact>"
    english = soap.adapter("Insert", row)
    turn(language="UKR")
    ukrainian = soap.adapter("Insert", row)

    assert english.codes == ukrainian.codes == {"SBL-DAT-00498"}
    assert english.one("faultstring") != ukrainian.one("faultstring")


def test_pages_have_limits(siebel, soap, turn):
    """The default, the maximum, and 10,000 rows without ForwardOnly."""
    siebel.load(12)
    turn(default_page_size=7, max_page_size=11, row_limit=10)

    assert 7 == len(soap.asi("QueryPage").all("Id"))
    assert {"SBL-EAI-04376"} == soap.asi("QueryPage", PageSize="12").codes
    assert {"SBL-DAT-00500"} == soap.asi("QueryPage", PageSize="11").codes
    assert {"SBL-DAT-00500"} == soap.asi("QueryByExample").codes
    assert 11 == len(soap.asi("QueryPage", PageSize="11", ExecutionMode="ForwardOnly").all("Id"))
    assert {"SBL-DAT-00500"} == soap.adapter("QueryPage", ASK, attributes='pagesize="5" startrownum="8"').codes


def test_child_pages_have_the_same_limits(siebel, soap, turn):
    """Each container says whether there are more."""
    siebel.load(1, ListOfChild={"Child": [{"FirstName": name} for name in "АБВ"]})
    turn(default_page_size=2, max_page_size=3)
    ask = "<Contact><ListOfChild{}><Child><FirstName/></Child></ListOfChild></Contact>"

    default = soap.adapter("QueryPage", ask.format(""))
    second = soap.adapter("QueryPage", ask.format(' pagesize="2" startrownum="2"'))

    assert (["А", "Б"], ["В"]) == (default.all("FirstName"), second.all("FirstName"))
    assert (["true", "false"], ["true", "true"]) == (
        default.root.xpath("//@lastpage"),
        second.root.xpath("//@lastpage"),
    )
    assert {"SBL-EAI-04376"} == soap.adapter("QueryPage", ask.format(' pagesize="4"')).codes


def test_system_fields_may_be_hidden(siebel, soap, turn):
    """As in an installation whose administrator did not change their type."""
    siebel.load(1)
    turn(hide_system_fields=True)

    heard = soap.asi("QueryPage")

    assert ([], [], [], ["Тест0"]) == (
        heard.all("Id"), heard.all("Updated"), heard.all("ModId"), heard.all("LastName"),
    )  # fmt: skip


def test_fields_that_were_never_filled_may_come_as_empty_elements(siebel, soap, turn):
    """Or not at all."""
    siebel.load(1)
    absent = soap.adapter("QueryPage", ASK).all("FirstName")
    turn(empty_elements=True)

    assert ([], [""]) == (absent, soap.adapter("QueryPage", ASK).all("FirstName"))


def test_a_stale_modid_is_noticed_only_with_a_modification_key_and_when_sent(siebel, soap, turn):
    """Otherwise the last write wins."""
    (record_id,) = siebel.load(1)
    siebel.simulator.edit("contact", record_id, {"LastName": "Інший"})
    row = f"<Contact><Id>{record_id}</Id>{{}}<LastName>Наш</LastName></Contact>"

    stale = soap.adapter("Update", row.format("<ModId>0</ModId>"))
    unsaid = soap.adapter("Update", row.format(""))
    turn(modification_key=False)
    unchecked = soap.adapter("Update", row.format("<ModId>0</ModId>"))

    assert ({"SBL-DAT-00523"}, set(), set()) == (stale.codes, unsaid.codes, unchecked.codes)


@pytest.mark.parametrize(
    ("touches", "versions"), [(True, ("1", "10/20/2026 08:01:00")), (False, ("0", "10/20/2026 08:00:00"))]
)
def test_a_change_of_child_rows_need_not_touch_the_parent(siebel, soap, turn, touches, versions):
    """Then polling the parent alone never sees it, whoever made it."""
    (record_id,) = siebel.load(1)
    turn(child_touches_parent=touches)
    siebel.clock.move(60)

    child = "<ListOfChild><Child><FirstName>Марко</FirstName></Child></ListOfChild>"
    soap.adapter("Execute", f'<Contact operation="upsert"><Id>{record_id}</Id>{child}</Contact>')

    held = siebel.held(record_id)
    assert ("Марко", *versions) == (held["ListOfChild"]["Child"][0]["FirstName"], held["ModId"], held["Updated"])
    siebel.simulator.edit("contact", record_id, {"ListOfChild": {"Child": []}})
    assert str(int(versions[0]) + touches) == siebel.held(record_id)["ModId"]


@pytest.mark.parametrize(
    ("touches", "parents"), [(True, ("10/20/2026 08:01:00", "1")), (False, ("10/20/2026 08:00:00", "0"))]
)
def test_child_rows_have_versions_of_their_own(siebel, soap, turn, touches, parents):
    """The full services publish them. Whether their parent is touched differs from site to site."""
    turn(child_touches_parent=touches)
    (record_id,) = siebel.load(1, ListOfChild={"Child": [{"FirstName": "Марко"}]})
    (child,) = siebel.held(record_id)["ListOfChild"]["Child"]
    siebel.clock.move(60)
    soap.asi(
        "InsertOrUpdate",
        f"<Contact><Id>{record_id}</Id><ListOfChild><Child><Id>{child['Id']}</Id><FirstName>Марк</FirstName></Child>"
        "</ListOfChild></Contact>",
    )

    heard = soap.asi("QueryById", PrimaryRowId=record_id)

    at, version = parents
    assert [at, "10/20/2026 08:01:00"] == heard.all("Updated")
    assert ([version, "1"], ["EIM"]) == (heard.all("ModId"), heard.all("CreatedBy"))
    assert ["BRIDGE" if touches else "EIM"] == heard.all("UpdatedBy")


def test_a_misspelt_operation_is_sync_or_a_fault(siebel, soap, turn):
    """On Demand refuses it; the EAI Siebel Adapter deletes child rows without a word."""
    (record_id,) = siebel.load(1, ListOfChild={"Child": [{"FirstName": "Марко"}]})
    row = f'<Contact operation="Upsert"><Id>{record_id}</Id><ListOfChild/></Contact>'

    turn(on_demand=True)
    refused = soap.adapter("Execute", row)
    kept = len(siebel.held(record_id)["ListOfChild"]["Child"])
    turn(on_demand=False)
    soap.adapter("Execute", row)

    assert ({"SBL-EAI-04009"}, 1, 0) == (refused.codes, kept, len(siebel.held(record_id)["ListOfChild"]["Child"]))


def test_records_are_matched_by_user_keys(siebel, soap, turn):
    """None usable, several, one that is there, one that the user does not see."""
    siebel.simulator.load("contact", [{"LastName": "А", "FirstName": "Б"}, {"LastName": "А", "FirstName": "Б"}])
    siebel.load(1, IntegrationId="K-1")
    turn(user_keys="IntegrationId;LastName+FirstName")

    def upserted(method="InsertOrUpdate", **fields):
        row = "".join(f"<{name}>{value}</{name}>" for name, value in fields.items())
        return soap.asi(method, f"<Contact>{row}</Contact>").codes

    assert {"SBL-EAI-04397"} == upserted(LastName="В")
    assert {"SBL-EAI-04390"} == upserted(LastName="А", FirstName="Б")
    assert {"SBL-EAI-04383"} == upserted("Insert", LastName="В", IntegrationId="K-1")
    assert set() == upserted(LastName="В", IntegrationId="K-1")
    unseen = next(row["Id"] for row in siebel.simulator.records("contact") if row.get("IntegrationId"))
    siebel.simulator.assign("contact", unseen, organization="Elsewhere")
    turn(default_view_mode="Organization")
    assert {"SBL-DAT-00381"} == upserted("Insert", LastName="Г", IntegrationId="K-1")


def test_one_address_is_the_primary(siebel, soap, turn):
    """The first, until a message with the whole set makes another one so."""
    (record_id,) = siebel.load(1, ListOfPersonalAddress={"PersonalAddress": [{"PersonalCity": city} for city in "АБ"]})
    turn(primary_mvg=True)
    keys = [row["PersonalAddressId"] for row in siebel.held(record_id)["ListOfPersonalAddress"]["PersonalAddress"]]
    plain, marked = (f"<PersonalAddress{mark}><PersonalAddressId>{{}}</PersonalAddressId></PersonalAddress>"
                     for mark in ("", ' IsPrimaryMVG="Y"'))  # fmt: skip

    def primaries(rows=""):
        if rows:
            row = f"<Id>{record_id}</Id><ListOfPersonalAddress>{rows}</ListOfPersonalAddress>"
            soap.asi("InsertOrUpdate", f"<Contact>{row}</Contact>")
        return soap.asi("QueryPage").root.xpath("//@IsPrimaryMVG")

    assert ["Y", "N"] == primaries()
    assert ["Y", "N"] == primaries(marked.format(keys[1]))
    assert ["N", "Y"] == primaries(plain.format(keys[0]) + marked.format(keys[1]))


def test_records_of_one_message_see_each_other(siebel, soap):
    """And are one transaction: the second cannot be inserted, so neither is."""
    twice = "<Contact><LastName>А</LastName><IntegrationId>K-1</IntegrationId></Contact>" * 2

    refused = soap.asi("Insert", twice)
    before = siebel.simulator.records("contact")
    merged = soap.asi("InsertOrUpdate", twice)

    assert ({"SBL-EAI-04383"}, []) == (refused.codes, before)
    assert ["А"] == [row["LastName"] for row in siebel.simulator.records("contact")]
    assert 2 == len(merged.all("Contact"))


@pytest.mark.parametrize(
    ("knobs", "mode", "seen"),
    [
        ({}, "All", 3),
        ({}, "", 3),
        ({}, "Organization", 2),
        ({}, "Sales Rep", 1),
        ({"default_view_mode": "Sales Rep"}, "", 1),
        ({"all_sees_all": False}, "All", 2),
        ({"user_organization": "Third"}, "Organization", 2),
        ({"user_position": "Agent 7"}, "Sales Rep", 2),
    ],
)
def test_rows_that_the_user_does_not_see_are_missing_without_a_word(siebel, soap, turn, knobs, mode, seen):
    """By ViewMode, organization and position."""
    _, agents, foreign = siebel.load(3)
    siebel.simulator.assign("contact", agents, positions=["Agent 7"])
    siebel.simulator.assign("contact", foreign, organization="Elsewhere", positions=["Agent 8"])
    turn(**knobs)

    asked = {"ViewMode": mode} if mode else {}

    assert seen == len(soap.asi("QueryPage", **asked).all("Id"))


def test_a_row_that_is_not_seen_cannot_be_written(siebel, soap, turn):
    """It looks as if it were gone; an unknown ViewMode is a fault."""
    (record_id,) = siebel.load(1)
    siebel.simulator.assign("contact", record_id, organization="Elsewhere")
    row = f"<Contact><Id>{record_id}</Id><ModId>0</ModId><LastName>x</LastName></Contact>"

    assert {"SBL-DAT-00523"} == soap.asi("Update", row, ViewMode="Organization").codes
    assert {"SBL-EAI-04316"} == soap.asi("QueryPage", ViewMode="Everything").codes


def test_a_merge_makes_the_loser_vanish(siebel, soap):
    """Its child rows move; the winner counts its merges; nothing says where the loser went."""
    winner, loser = siebel.load(2, ListOfChild={"Child": [{"FirstName": "Марко"}]})
    siebel.clock.move(60)

    siebel.simulator.merge("contact", winner, loser)

    heard = soap.asi("QueryPage")
    assert ([winner], ["1"]) == (heard.all("Id")[:1], heard.all("MergeSequenceNumber"))
    assert (2, "10/20/2026 08:01:00") == (len(heard.all("Child")), heard.all("Updated")[0])
    with pytest.raises(ValueError):
        siebel.simulator.merge("contact", winner, loser)


def test_a_late_commit_appears_with_an_older_time(siebel, soap):
    """Behind the watermark of whoever polled in between; a rolled back one never."""
    one, two = siebel.load(2)
    siebel.clock.move(60)
    late = siebel.simulator.begin("contact", one, {"LastName": "Пізній"})
    never = siebel.simulator.begin("contact", two, {"LastName": "Ніколи"})
    siebel.clock.move(60)
    siebel.simulator.edit("contact", two, {"LastName": "Рано"})
    before = siebel.held(one)["LastName"]

    siebel.simulator.commit(late)
    siebel.simulator.roll_back(never)

    assert ("Тест0", "Пізній", "10/20/2026 08:01:00") == (
        before,
        siebel.held(one)["LastName"],
        siebel.held(one)["Updated"],
    )
    assert ("Рано", "10/20/2026 08:02:00") == (siebel.held(two)["LastName"], siebel.held(two)["Updated"])
    with pytest.raises(ValueError):
        siebel.simulator.commit(late)
