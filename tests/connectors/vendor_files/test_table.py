"""Reading a file row by row: what is broken costs itself alone, and nothing is swallowed or guessed."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_bridge.mapping import compile_mapping, load_mapping
from crm_bridge_vendor_files.simulator.agency import COLUMNS
from crm_bridge_vendor_files.table import Layout, read_table

LAYOUT = Layout(("№", "ПІБ", "Діти"), "№", "cp1251", ";")
GOOD = "1;Анна;"
HEADER = "№;ПІБ;Діти\r\n".encode("cp1251")


def read(text, *, layout=LAYOUT, encoding="cp1251"):
    return read_table(text.encode(encoding), file="a.csv", layout=layout)


def ids(table):
    return [record["№"] for record in table.records]


def test_a_plain_file():
    """Every cell is text, as it stands there."""
    table = read('№;ПІБ;Діти\r\n1;Анна ;"Марко 7; Олена"\r\n2;ТОВ "Ромашка";""\r\n')

    assert [
        {"№": "1", "ПІБ": "Анна ", "Діти": "Марко 7; Олена"},
        {"№": "2", "ПІБ": 'ТОВ "Ромашка"', "Діти": ""},
    ] == list(table.records)
    assert [] == list(table.broken)


@pytest.mark.parametrize(
    ("bad", "code"),
    [
        ("2;лише два", "wrong_column_count"),
        ("2;а;б;в", "wrong_column_count"),
        (";без номера;", "missing_id"),
        ("  ;без номера;", "missing_id"),
        ("2;а\x00;", "nul"),
        ('2;"відкрита;', "unclosed_quote"),
        ('2;"закрита"зайве;', "unclosed_quote"),
        ('2;а;"відкрита', "unclosed_quote"),
    ],
)
def test_a_broken_row_in_the_middle_costs_itself_alone(bad, code):
    """The rows around it come; its line and its content are told."""
    table = read(f'№;ПІБ;Діти\r\n1;Анна;"Марко"\r\n{bad}\r\n3;Борис;"Олена"\r\n4;Віра;\r\n')

    assert ["1", "3", "4"] == ids(table)
    assert [("a.csv:3", code, bad)] == [(piece.position, piece.code, piece.raw) for piece in table.broken]


def test_a_byte_that_is_nothing_in_the_code_page_breaks_its_row():
    """0x98 is the one hole in cp1251."""
    table = read_table(
        "№;ПІБ;Діти\n1;Ан".encode("cp1251") + b"\x98" + ";\n2;Борис;\n".encode("cp1251"), file="a.csv", layout=LAYOUT
    )

    assert (["2"], ["undecodable_byte"]) == (ids(table), [piece.code for piece in table.broken])


def test_a_stray_closing_quote_in_the_next_row_swallows_nothing():
    """The trap of quote-counting readers: both quotes together look like one long value."""
    table = read('№;ПІБ;Діти\n1;Анна;"Марко\n2;Борис;Олена"\n3;Віра;\n')

    assert (["2", "3"], ["a.csv:2"]) == (ids(table), [piece.position for piece in table.broken])


def test_a_quoted_value_may_hold_a_line_end():
    """As spreadsheets write it."""
    table = read('№;ПІБ;Діти\r\n1;"Анна\r\nБорисівна";\r\n2;Борис;\r\n')

    assert (["Анна\r\nБорисівна", "Борис"], []) == ([record["ПІБ"] for record in table.records], list(table.broken))


def test_the_same_row_twice_is_one():
    """There is nothing to choose."""
    assert ["1"] == ids(read(f"№;ПІБ;Діти\n{GOOD}\n{GOOD}\n"))


def test_one_client_with_two_contents_is_broken_both_times():
    """Nobody can tell which row is right, so neither is taken."""
    table = read("№;ПІБ;Діти\n1;Анна;\n2;Борис;\n1;Ганна;\n")

    assert (["2"], [("a.csv:2", "1"), ("a.csv:4", "1")]) == (
        ids(table),
        [(piece.position, piece.record_id) for piece in table.broken],
    )


@pytest.mark.parametrize(
    ("content", "code", "word"),
    [
        ("№;ПІБ\n1;Анна\n".encode("cp1251"), "wrong_header", "Діти"),
        (b"", "empty_file", "the file is empty"),
        (b" \r\n\r\n", "empty_file", "the file is empty"),
        (b"\xef\xbb\xbf", "empty_file", "the file is empty"),
        (f"№;ПІБ;Діти\n{GOOD}\n".encode(), "wrong_encoding", "utf-8"),
        (f"№;ПІБ;Діти\n{GOOD}\n".encode("utf-16"), "wrong_encoding", "utf-16"),
        (b"PK\x03\x04\x98\x00", "wrong_header", "not one row"),
        (f"№;ПІБ;Діти\r{GOOD}\r".encode("cp1251"), "wrong_line_ends", "CR alone"),
    ],
    ids=["a column is missing", "empty", "empty lines", "a mark alone", "utf-8", "utf-16", "a spreadsheet", "CR alone"],
)
def test_another_file_than_agreed_is_not_half_read(content, code, word):
    """One piece for the whole file, with a cause that can be acted on."""
    table = read_table(content, file="a.csv", layout=LAYOUT)

    assert [] == list(table.records)
    assert [code] == [piece.code for piece in table.broken]
    assert word in table.broken[0].cause


def test_a_code_page_is_told_from_another():
    """№ is not in cp866's place: the header shows it."""
    layout = Layout(("ID", "ПІБ", "Діти"), "ID", "cp1251", ";")
    table = read_table("ID;ПІБ;Діти\n1;Анна;\n".encode("koi8-u"), file="a.csv", layout=layout)

    assert "koi8-u" in table.broken[0].cause


def test_columns_may_stand_in_another_order():
    """They are read by name."""
    assert [{"№": "1", "ПІБ": "Анна", "Діти": "Марко"}] == list(read("Діти;№;ПІБ\nМарко;1;Анна\n").records)


@given(st.lists(st.tuples(*[st.text("ажґ;\"' =@,\t1", max_size=8)] * 2), max_size=6))
def test_what_csv_writes_is_read_as_it_was(cells):
    """Another writer's quoting, read by our reader."""
    rows = [{"№": str(number), "ПІБ": name, "Діти": other} for number, (name, other) in enumerate(cells)]
    text = io.StringIO()
    writer = csv.DictWriter(text, ["№", "ПІБ", "Діти"], delimiter=";", lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(rows)
    table = read(text.getvalue())

    assert (rows, []) == (list(table.records), list(table.broken))


@given(st.binary(max_size=200))
def test_no_bytes_make_it_fall_over(content):
    """Any file is records or broken pieces."""
    read_table("№;ПІБ;Діти\n".encode("cp1251") + content, file="a.csv", layout=LAYOUT)
    read_table(content, file="a.csv", layout=LAYOUT)


@pytest.mark.parametrize("number", ["3,80505E+11", "3.80505E+11", "1E+12", " 1,23Е+05 "])
def test_a_number_that_a_spreadsheet_rounded_names_nobody(number):
    """Two clients could have it: as one they would be mixed."""
    table = read(f"№;ПІБ;Діти\r\n{number};Коваль;\r\nД-2;Ткач;\r\n")

    assert ["mangled_number"] == [piece.code for piece in table.broken]
    assert ["Д-2"] == ids(table)


def test_a_row_in_another_encoding_is_not_read_as_gibberish():
    """Cp1251 can read nearly any byte: UTF-8 would become a name that nobody has."""
    mixed = HEADER + "Д-1;Коваль;\r\n".encode("cp1251") + "Д-2;Ткаченко;\r\n".encode() + "Д-3;РІЙ;".encode("cp1251")
    table = read_table(mixed, file="f.csv", layout=LAYOUT)

    assert [("wrong_encoding", "f.csv:3")] == [(piece.code, piece.position) for piece in table.broken]
    assert ["Д-1", "Д-3"] == ids(table)


def test_a_last_row_that_was_cut_off_is_told_where_files_end_with_a_line_end():
    """It may have all its columns, and half a value in the last."""
    strict = replace(LAYOUT, ends_with_line_end=True)
    content = HEADER + "Д-1;Коваль;Київ\r\nД-2;Ткач;Льв".encode("cp1251")
    table = read_table(content, file="f.csv", layout=strict)

    assert [("cut_off", "f.csv:3")] == [(piece.code, piece.position) for piece in table.broken]
    assert ["Д-1"] == ids(table)
    assert 2 == len(read_table(content, file="f.csv", layout=LAYOUT).records)
    assert () == tuple(read_table(content + b"\r\n", file="f.csv", layout=strict).broken)


@pytest.mark.parametrize("phone", ["3,80505E+11", "3.80505E+11"])
def test_a_phone_that_a_spreadsheet_rounded_is_no_phone(phone):
    """The mapping that ships says so: its digits are gone, and nothing is made of the rest."""
    place = files("crm_bridge_mappings") / "vendor_files" / "client.yaml"
    mapping = compile_mapping(load_mapping(place.read_text(encoding="utf-8"), file="client.yaml"))
    reading = mapping.read(dict.fromkeys(COLUMNS, "") | {"№ договору": "Д-1", "ПІБ": "Коваль Анна", "Телефон": phone})

    assert [("Телефон", "bad_phone")] == [(problem.field, problem.code) for problem in reading.problems]
