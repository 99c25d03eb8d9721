"""Rows read from the characters of a page: exactly what the parser gives, or left to the parser."""

from __future__ import annotations

import re
import time
from unittest import mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crm_bridge.api import BridgeError
from crm_bridge_siebel import records
from crm_bridge_siebel.records import RecordReader, RefusedInAnswerError
from crm_bridge_siebel.scanning import Scanner
from crm_bridge_siebel.shapes import Component, ComponentList

DATA, OTHER = "http://www.siebel.com/xml/CRM_Contact_IO/Data", "http://www.siebel.com/xml/Other"
TYPES = {"Flag": "boolean", "Born": "date", "Seen": "dateTime"}
FIELDS = ("Id", "Updated", "ModId", "LastName", "JobTitle", "Flag", "Born", "Seen", "Name.x-y")
ENVELOPE = (
    "{declaration}<e:Envelope xmlns:e='http://schemas.xmlsoap.org/soap/envelope/'{spaces}><e:Body><Out>{before}"
    "<{p}ListOfContact{attributes}>{rows}</{p}ListOfContact>{after}</Out></e:Body></e:Envelope>"
)


def shape_of(*, inner=DATA, deeper="Child"):
    below = ComponentList("ListOfToy", Component("Toy", inner, ("Id", "Name")))
    child = Component(deeper, inner, ("Id", "FirstName", "Flag"), (below,), types={"Flag": "boolean"})
    note = Component("Note", DATA, ("Id", "Text"))
    lists = (ComponentList("ListOfChild", child), ComponentList("ListOfNote", note))
    job = Component("Job", DATA, ("Id", "Title"), (ComponentList("ListOfNote", note),))
    phone = Component("Phone", inner, ("Id", "Number", "Flag"), types={"Flag": "boolean"})
    top = Component("Contact", DATA, FIELDS, lists, types=TYPES, parts=(job,), rows=(phone,))
    return ComponentList("ListOfContact", top)


def outcome(reader, body):
    """The answer, or the error: its class and what it says."""
    try:
        answer = reader.read(body, page_size=3, where="page")
    except (BridgeError, RefusedInAnswerError) as error:
        return type(error).__name__, str(error)
    return answer, [list(record) for record in answer.records]


def parsed(shape, body):
    """What the parser alone makes of it."""
    with mock.patch.object(records, "cut", return_value=None):
        return outcome(RecordReader(shape, system="s", output="Out"), body)


def page(rows, *, p="", spaces=f" xmlns='{DATA}'", declaration="", attributes="", before="", after=""):
    return ENVELOPE.format(
        rows=rows, p=p, spaces=spaces, declaration=declaration, attributes=attributes, before=before, after=after
    )


CALM = [
    "",
    "1-1",
    "Y",
    "N",
    "10/20/2026 08:00:00",
    "10/20/2026",
    "a &amp; b",
    "&lt;i&gt;",
    "&#1071;&#x42F;",
    "&#13;",
    " x\n",
]
CALM += ["\r\n", "\r", "\t", "Коваль", "😀", "\x7f\x85", "=", "'\"/", "/", "http://x.example/"]
ODD_TEXT = [
    "&#0;",
    "&#xFFFE;",
    "&#xD800;",
    "&nbsp;",
    "a & b",
    "&;",
    "a > b",
    "]]>",
    "\x01",
    "\ufffe",
    "\x00",
    "<",
    ">",
    "&",
]
ODD_TEXT += [
    "<![CDATA[<Contact>]]>",
    "<![CDATA[x]]>",
    "<!-- </Contact> -->",
    "a<!-- x> -->b",
    "<?php x ?>",
    "<b/>",
    "<b>x</b>",
]
ODD_TEXT += [
    "http://www.w3.org/2001/XInclude",
    "<Contact>",
    "</Contact>",
    "<Contact/>",
    "<Id>1-2</Id>",
    "<ListOfChild/>",
    "<9/>",
]
ODD_TEXT += [
    "<Ім'я/>",
    "<Поле/>",
    "<q:Id>1</q:Id>",
    "<z:Id/>",
    f"<Id xmlns='{OTHER}'>7</Id>",
    "<a><b/>x</a>",
    "<Child/>",
    "<a></b>",
]
ODD_IN_TAG = [
    " ",
    "  ",
    "/",
    " lastpage='false'",
    ' lastpage="true" recordcount="2"',
    " a='1' a='2'",
    " x='a&amp;b'",
    " x='<'",
]
ODD_IN_TAG += [
    " x='>'",
    f" xmlns='{OTHER}'",
    f" xmlns:p='{OTHER}'",
    " z:a='1'",
    " xsi:nil='true'",
    " a=1",
    " a",
    "\n",
    "\t",
    "x",
]
ODD_IN_TAG += [" a='1'  b='2'", " xml:space='preserve'", " xmlns=''", " a='\n'", " q:a='1' p:a='1'", "\x00", "é"]
ODD_BYTES = [b"", b"\x00", b"\xff", b"\xef\xbf\xbe", b"\xed\xa0\x80", b"<", b">", b"&", b"\xc3"]
LISTS = {
    "Contact": [("ListOfChild", "Child"), ("ListOfNote", "Note")],
    "Child": [("ListOfToy", "Toy")],
    "Note": [],
    "Job": [("ListOfNote", "Note")],
    "Phone": [],
    "Toy": [],
}
NAMES = {
    "Contact": FIELDS,
    "Child": ("Id", "FirstName", "Flag"),
    "Note": ("Id", "Text"),
    "Job": ("Id", "Title"),
    "Phone": ("Id", "Number", "Flag"),
    "Toy": ("Id", "Name"),
}


@st.composite
def rows_of(draw, component, *, p, gap, tag=None):
    """One row as Siebel would write it: some fields in their order, empty ones in either way, lists behind them."""
    tag, parts = tag or component, []
    names = list(NAMES[component])
    if draw(st.integers(0, 7)) == 0:
        names = draw(st.permutations(names))
    for name in names:
        if name == "Id" or draw(st.booleans()):
            text = "1-7" if name == "Id" and draw(st.integers(0, 30)) else draw(st.sampled_from(CALM))
            is_short = text == "" and draw(st.booleans())
            parts.append(f"<{p}{name}/>" if is_short else f"<{p}{name}>{text}</{p}{name}>")
        if draw(st.integers(0, 15)) == 0:
            parts.append(draw(st.sampled_from(["<New>x</New>", "<New/>", "<Newer><Id>1</Id></Newer>"])))
    for container, row in LISTS[component]:
        if draw(st.booleans()):
            spelled = draw(st.sampled_from([row] * 9 + ["Contact"]))
            inner = draw(st.lists(rows_of(row, p=p, gap=gap, tag=spelled), max_size=2))
            said = draw(st.sampled_from(["", "", " lastpage='true'", ' lastpage="false" recordcount="2"']))
            parts.append(f"<{p}{container}{said}>{gap}{''.join(inner)}</{p}{container}>")
    if component == "Contact" and draw(st.booleans()):
        for each in draw(st.lists(st.sampled_from(["Job", "Phone"]), max_size=3)):
            place = draw(st.integers(0, len(parts)))
            parts.insert(place, draw(rows_of(each, p=p, gap=gap) | st.just(f"<{p}{each}/>")))
    return f"<{p}{tag}>{gap}{gap.join(parts)}{gap}</{p}{tag}>{gap}"


@st.composite
def documents(draw):
    """A page as Siebel would write it, with some oddities here and there."""
    p = draw(st.sampled_from(["", "", "p:"]))
    rows = "".join(
        draw(st.lists(rows_of("Contact", p=p, gap=draw(st.sampled_from(["", "", "\n ", "\r\n"]))), max_size=4))
    )
    other = f" xmlns:q='{OTHER}' xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance'"
    is_calm = draw(st.booleans())
    text = page(
        rows,
        p=p,
        spaces=(f" xmlns:p='{DATA}'" if p else f" xmlns='{DATA}' xmlns:p='{DATA}'")
        + draw(st.sampled_from(["", other])),
        declaration=draw(st.sampled_from(["", "<?xml version='1.0' encoding='UTF-8'?>", "\ufeff"])),
        attributes=draw(st.sampled_from(["", " lastpage='true'", " lastpage='false'"])),
        before=draw(st.sampled_from(["", "<LastPage>true</LastPage>", "<!-- <Contact> -->"])),
        after=draw(st.sampled_from(["", "<StatusObject/>", "<!-- </Contact> -->"])),
    )
    if is_calm:
        return text.encode()
    for _ in range(draw(st.integers(1, 2))):
        tags = list(re.finditer(r"<[^<>]*>", text))
        place = draw(st.sampled_from(tags))
        if draw(st.booleans()):
            odd, at = draw(st.sampled_from(ODD_TEXT)), place.end()
        else:
            odd, at = draw(st.sampled_from(ODD_IN_TAG)), place.end() - 1 - place[0].endswith("/>")
        text = text[:at] + odd + text[at:]
    wrong = ["<?xml version='1.1'?>", "<?xml version='1.0' encoding='windows-1251'?>", "<!DOCTYPE x>", "<?x?>"]
    if draw(st.integers(0, 9)) == 0:
        text = draw(st.sampled_from(wrong)) + text
    body = text.encode(draw(st.sampled_from(["utf-8"] * 15 + ["cp1251", "utf-16"])), errors="replace")
    if draw(st.integers(0, 5)) == 0:
        at = draw(st.integers(0, len(body)))
        body = body[:at] + draw(st.sampled_from(ODD_BYTES)) + body[at + draw(st.integers(0, 12)) :]
    return body


@settings(max_examples=150, deadline=None)
@given(
    st.lists(documents(), min_size=1, max_size=3), st.sampled_from([DATA, OTHER]), st.sampled_from(["Child", "Contact"])
)
def test_it_gives_what_the_parser_gives(bodies, inner, deeper):
    """Whatever comes, in whatever order: the same records, the same order of their fields, the same refusals."""
    shape = shape_of(inner=inner, deeper=deeper)
    reader = RecordReader(shape, system="s", output="Out")
    for body in [*bodies, *bodies]:
        assert parsed(shape, body) == outcome(reader, body)


PLAIN = {
    "plain": "<Contact><Id>1-1</Id><LastName>Коваль</LastName></Contact>" * 3,
    "absent and empty": "<Contact><Id>1</Id><JobTitle/></Contact><Contact><Id>2</Id><JobTitle></JobTitle></Contact>",
    "child rows": "<Contact><Id>1</Id><ListOfChild lastpage='false'><Child><Id>2</Id></Child></ListOfChild></Contact>",
    "an empty list": "<Contact><Id>1-1</Id><ListOfChild/><ListOfNote></ListOfNote></Contact>",
    "newer fields": "<Contact><New/><Id>1-1</Id><Newer a='1'><b>x</b><c/></Newer><LastName>x</LastName></Contact>",
    "pretty-printed": "<Contact>\r\n  <Id>\r\n 1-1 </Id>\r\n</Contact>\r\n",
    "another order": "<Contact><LastName>x</LastName><ModId>0</ModId><Id>1-1</Id></Contact>" * 12,
    "references": "<Contact><Id>1-1</Id><LastName>&lt;&amp;&#1071;&#x1F600;&#13;&quot;</LastName></Contact>",
    "nothing, said": "<Contact><Id>1-1</Id><LastName xsi:nil='true'/></Contact>",
    "without a list": "<Contact><Id>1</Id><Job><Id>2</Id><Title/></Job><Phone><Id>3</Id></Phone><Phone/>"
    "<Phone><Number>4</Number></Phone></Contact>",
    "types": "<Contact><Id>1-1</Id><Flag>Y</Flag><Born>10/20/1985</Born><Seen>10/20/2026 08:00:00</Seen></Contact>",
}


@pytest.mark.parametrize("rows", PLAIN.values(), ids=PLAIN.keys())
@pytest.mark.parametrize("p", ["", "p:"])
def test_what_siebel_writes_is_read_without_the_parser(rows, p):
    """Each of these is worth its speed, and comes out as the parser would give it, also once it was learned."""
    shape = shape_of()
    spaces = f" xmlns{':p' if p else ''}='{DATA}' xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance'"
    body = page(re.sub(r"<(/?)(?=[A-Z])", rf"<\1{p}", rows), p=p, spaces=spaces).encode()
    reader = RecordReader(shape, system="s", output="Out")

    with mock.patch.object(records, "rows", side_effect=AssertionError):
        found = [outcome(reader, body) for _ in range(3)]

    assert [parsed(shape, body)] * 3 == found


def test_a_page_that_hides_where_its_rows_are_goes_to_the_parser():
    """What looks like a row in a comment, in an attribute, or in another place is none."""
    shape = shape_of()
    row = "<Contact><Id>1-1</Id></Contact>"
    hidden = [
        page(row, before="<!-- <Contact> -->"),
        page(f"<!-- {row} -->"),
        page(row, attributes=" a='<Contact>'"),
        page(row, after="<!-- </Contact> -->"),
        page(row, before=f"<Other>{row}</Other>"),
        page(row, after=f"<ListOfContact>{row}</ListOfContact>"),
        page(row + "<Contact/>"),
        page(f"<Contact><Id>1-1</Id><ListOfChild>{row}</ListOfChild></Contact>"),
        page("<Contact><Id>1-1</Id><ListOfChild><Contact><Id>1-1</Id></Contact>"),
        page(row).replace("</e:Envelope>", ""),
    ]
    for body in map(str.encode, hidden):
        assert parsed(shape, body) == outcome(RecordReader(shape, system="s", output="Out"), body)


@pytest.mark.parametrize("none", ["", "<Id/>", "<Id></Id>"])
def test_a_row_without_an_id_is_broken_alone(none):
    """It is not dropped, and takes none of its page with it."""
    good = "<Contact><Id>{}</Id><LastName>Коваль</LastName></Contact>"
    body = page(good.format("1-1") + f"<Contact>{none}<LastName>Мельник</LastName></Contact>" + good.format("1-2"))

    answer, _ = outcome(RecordReader(shape_of(), system="s", output="Out"), body.encode())

    [broken] = answer.broken
    assert ["1-1", "1-2"] == [record["Id"] for record in answer.records]
    assert ("no_row_id", None, "page, record 2") == (broken.code, broken.record_id, broken.position)
    assert "Мельник" in broken.raw


def test_a_page_that_was_made_to_be_slow_is_not():
    """Rows that take turns in spelling, and elements nobody knows by the hundred thousand, teach nothing for long."""
    shape = shape_of()
    turns = "".join(
        f"<{p}Contact><{p}Id>1-1</{p}Id><New{number}/></{p}Contact>" for number in range(8_000) for p in ("", "p:")
    )
    many = "<Contact><Id>1-1</Id>" + "".join(f"<N{number}/>" for number in range(150_000)) + "</Contact>"
    for rows in (turns, many):
        body = page(rows, spaces=f" xmlns='{DATA}' xmlns:p='{DATA}'").encode()
        began = time.process_time()
        answer = RecordReader(shape, system="s").read(body, page_size=3, where="page")
        assert answer.records
        assert time.process_time() - began < 5


ODD_ROWS = {
    "a comment": "<Contact><Id>1-9</Id><!-- a --><LastName>x<!-- <b> -->y</LastName></Contact>",
    "a CDATA section": "<Contact><Id>1-9</Id><LastName><![CDATA[<Коваль> & ]]></LastName></Contact>",
    "a bare sign": "<Contact><Id>1-9</Id><LastName>a > b</LastName></Contact>",
    "a prefix of its own": f"<Contact><z:Id xmlns:z='{DATA}'>1-9</z:Id></Contact>",
    "another spelling": "<Contact><Id  a='1'>1-9</Id ></Contact>",
}
ROW = "<Contact><Id>1-1</Id><LastName>Коваль</LastName></Contact>"


@pytest.mark.parametrize("odd", ODD_ROWS.values(), ids=ODD_ROWS.keys())
@pytest.mark.parametrize(("before", "behind"), [(0, 4_000), (2_000, 2_000), (4_000, 0)])
def test_an_odd_row_does_not_send_its_page_to_the_parser(odd, before, behind):
    """Only the rows around it are parsed, wherever in the page it stands."""
    shape, body = shape_of(), page(ROW * before + odd + ROW * behind).encode()
    scanned: list[int] = []
    scan = Scanner._scanned

    def counting(scanner, chunk):
        found = scan(scanner, chunk)
        scanned.append(len(found))
        return found

    with (
        mock.patch.object(records, "rows", side_effect=AssertionError),
        mock.patch.object(Scanner, "_scanned", counting),
    ):
        found = outcome(RecordReader(shape, system="s", output="Out"), body)

    assert parsed(shape, body) == found
    assert sum(scanned) > 2_000


@pytest.mark.parametrize("odd", ["<!-- {} -->", "<LastName><![CDATA[{}]]></LastName>", "<?x {}?>", "<A a='{}'/>"])
@pytest.mark.parametrize("end", ["</Contact>", "</Contact><Contact>", "</crm-bridge-shell>"])
def test_what_pretends_to_be_the_end_of_a_row_is_left_to_the_parser(odd, end):
    """An end tag that is none cuts a page where no row ends, wherever it stands among the rows."""
    shape = shape_of()
    row = f"<Contact><Id>1-9</Id>{odd.format(end)}</Contact>"
    for before in range(1_017, 1_031):  # round the end of the first piece
        body = page(ROW * before + row + ROW * 900).encode()
        assert parsed(shape, body) == outcome(RecordReader(shape, system="s", output="Out"), body)
