"""Files that come and go: what was read, what is still being written, what is handed over."""

from __future__ import annotations

import csv
import os
from pathlib import Path

import pytest
from pydantic import ValidationError

from crm_bridge.api import Accepted, RecordSource, RecordTarget, RecordWrite, Unreachable
from crm_bridge_vendor_files.simulator import AgencySimulator
from crm_bridge_vendor_files.simulator.agency import COLUMNS, RECORD_ID

from .conftest import NOW, row, write_of


def ids(pages):
    return [record[RECORD_ID] for page in pages for record in page.records]


def last_cursor(pages):
    return [page.cursor for page in pages if page.cursor][-1]


def test_it_is_what_it_says(connector):
    """The bridge looks for protocols with isinstance."""
    assert isinstance(connector, RecordSource)
    assert isinstance(connector, RecordTarget)


def test_nothing_is_read_twice(connector, system):
    """A file that was read stays where it is."""
    system.load("client", [row(1)])
    cursor = last_cursor(list(connector.read_changes("client", None)))

    assert [] == list(connector.read_changes("client", cursor))


def test_a_file_rewritten_under_its_name_is_read_again(connector, system, inbox):
    """Same name, same size, same time, another content."""
    system.load("client", [row(1, Місто="Київ")])
    cursor = last_cursor(list(connector.read_changes("client", None)))
    (file,) = inbox.glob("*.csv")
    times = file.stat()
    file.write_bytes(file.read_bytes().replace("Київ".encode("cp1251"), "Рівн".encode("cp1251")))
    os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))

    assert ["Рівн"] == [record["Місто"] for page in connector.read_changes("client", cursor) for record in page.records]


def test_a_cursor_moves_behind_a_file_only_when_it_was_read_whole(open_connector, system):
    """Killed between two pages of a file, it is read again."""
    system.load("client", [row(number) for number in range(5)])
    cursors = [page.cursor for page in open_connector(page_size=2).read_changes("client", None)]

    assert [True, True, False] == [cursor is None for cursor in cursors]


def test_a_file_that_is_still_being_written_waits(connector, system):
    """By its name."""
    system.configure(unfinished_next=1)
    system.load("client", [row(1)])

    assert [] == list(connector.read_changes("client", None))


def test_a_file_that_is_too_young_waits(open_connector, system, inbox):
    """By its age, where agencies do not rename."""
    system.load("client", [row(1)])
    connector = open_connector(settle_seconds=60.0)
    (file,) = inbox.glob("*.csv")
    os.utime(file, (NOW.timestamp() - 59, NOW.timestamp() - 59))
    young = ids(connector.read_changes("client", None))
    os.utime(file, (NOW.timestamp() - 61, NOW.timestamp() - 61))

    assert ([], ["Д-00001"]) == (young, ids(connector.read_changes("client", None)))


def test_a_newer_file_waits_for_an_older_one_that_is_not_whole_yet(open_connector, system, inbox):
    """Read before it, its news would be overwritten by older ones."""
    system.load("client", [row(1)])
    system.edit("client", "Д-00001", {"Місто": "Львів"})
    connector = open_connector(settle_seconds=60.0)
    older, newer = sorted(inbox.glob("*.csv"))
    os.utime(older, (NOW.timestamp() - 1, NOW.timestamp() - 1))
    os.utime(newer, (NOW.timestamp() - 99, NOW.timestamp() - 99))
    waiting = ids(connector.read_changes("client", None))
    os.utime(older, (NOW.timestamp() - 99, NOW.timestamp() - 99))
    pages = list(connector.read_changes("client", None))

    assert [] == waiting
    assert ["", "Львів"] == [record["Місто"] for page in pages for record in page.records]


def test_a_file_that_is_replaced_while_it_is_read_waits(connector, system, inbox, monkeypatch):
    """Half of one and half of the other would be a third that nobody wrote."""
    system.load("client", [row(1)])
    read_bytes = Path.read_bytes

    def replaced_meanwhile(path):
        content = read_bytes(path)
        other = path.with_suffix(".new")
        other.write_bytes(content)
        other.replace(path)
        return content

    with monkeypatch.context() as patched:
        patched.setattr(Path, "read_bytes", replaced_meanwhile)
        assert [] == list(connector.read_changes("client", None))

    assert ["Д-00001"] == ids(connector.read_changes("client", None))


def test_the_same_file_under_another_name_is_told_and_not_read(connector, system, inbox):
    """An agency that sends twice sends no news."""
    system.load("client", [row(1), row(2)])
    (file,) = inbox.glob("*.csv")
    cursor = last_cursor(list(connector.read_changes("client", None)))
    (inbox / "zz copy.csv").write_bytes(file.read_bytes())
    (again,) = connector.read_changes("client", cursor)

    assert ([], []) == (list(again.records), list(again.broken))
    assert (f"zz copy.csv holds the same as {file.name}, byte for byte: it was not read again",) == again.notes
    assert [] == list(connector.read_changes("client", again.cursor))


def test_an_old_file_sent_again_sets_nobody_back_and_is_asked_about(connector, system, inbox):
    """Its rows are old ones, or the newest word: nobody can tell, and nothing of it counts, by id neither."""
    (name,) = system.load("client", [row(1, Місто="Київ")])
    (old,) = inbox.glob("*.csv")
    system.edit("client", name, {"Місто": "Львів"})
    cursor = last_cursor(list(connector.read_changes("client", None)))
    (inbox / "zz copy.csv").write_bytes(old.read_bytes())
    (again,) = connector.read_changes("client", cursor)

    assert ([], ["repeated_file"]) == (list(again.records), [piece.code for piece in again.broken])
    assert ["Львів"] == [record["Місто"] for record in connector.read("client", [name])]
    assert [] == list(connector.read_changes("client", again.cursor))


def test_a_file_that_differs_by_a_line_is_read(connector, system, inbox):
    """So does an agency say that it means what it sent before."""
    (name,) = system.load("client", [row(1, Місто="Київ")])
    (old,) = inbox.glob("*.csv")
    system.edit("client", name, {"Місто": "Львів"})
    cursor = last_cursor(list(connector.read_changes("client", None)))
    (inbox / "zz copy.csv").write_bytes(old.read_bytes() + b"\r\n")

    assert ["Київ"] == [row["Місто"] for page in connector.read_changes("client", cursor) for row in page.records]


def test_a_header_alone_is_no_repetition(connector, system, inbox):
    """A day without news looks like any other."""
    system.load("client", [row(1)])
    (file,) = inbox.glob("*.csv")
    for name in ("z1.csv", "z3.csv"):
        (inbox / name).write_bytes(file.read_bytes().split(b"\n")[0] + b"\n")
    (inbox / "z2.csv").write_bytes(file.read_bytes() + b"\r\n")

    assert [] == [piece for page in connector.read_changes("client", None) for piece in [*page.broken, *page.notes]]


def test_a_broken_row_in_the_middle_and_an_open_quote(connector, system):
    """The agency's own mistakes: the others come, with Cyrillic as it was."""
    system.configure(broken_row_next=1, unclosed_quote_next=1)
    system.load("client", [row(number) for number in range(6)])
    pages = list(connector.read_changes("client", None))

    assert [row(number) for number in range(6)] == [dict(record) for page in pages for record in page.records]
    assert ["wrong_column_count", "unclosed_quote"] == [piece.code for page in pages for piece in page.broken]


@pytest.mark.parametrize(
    ("knob", "code"), [("wrong_header_next", "wrong_header"), ("wrong_encoding_next", "wrong_encoding")]
)
def test_a_wrong_file_is_told_once_and_read_when_it_was_mended(connector, system, inbox, knob, code):
    """Its broken piece moves the cursor; the mended file has another content."""
    system.configure(**{knob: 1})
    system.load("client", [row(1)])
    pages = list(connector.read_changes("client", None))
    system.edit("client", "Д-00001", {"Місто": "Львів"})
    good = sorted(inbox.glob("*.csv"))[-1]
    good.replace(sorted(inbox.glob("*.csv"))[0])

    assert ([], [code]) == (ids(pages), [piece.code for page in pages for piece in page.broken])
    assert ["Д-00001"] == ids(connector.read_changes("client", last_cursor(pages)))


def test_a_share_that_is_not_mounted_is_not_an_empty_agency(open_connector):
    """Nothing is concluded from it."""
    connector = open_connector(inbox="nowhere")
    with pytest.raises(Unreachable):
        list(connector.read_changes("client", None))
    with pytest.raises(Unreachable):
        connector.check()


def test_our_file_is_taken_up_by_the_agency(connector, system):
    """Whole rows, in its own code page, Cyrillic and quotes as they were."""
    system.load("client", [row(1), row(2)])
    first, second = connector.read("client", ["Д-00001", "Д-00002"])
    writes = [
        write_of(first, {"ПІБ": "Коваль «Оксана»; № 1"}),
        write_of(second, {"Телефон": "+380675550101"}, key="w-2"),
    ]
    outcomes = connector.write("client", writes)

    assert [Accepted("Д-00001", None, {**first, "ПІБ": "Коваль «Оксана»; № 1"}), "+380675550101"] == [
        outcomes[0],
        outcomes[1].record["Телефон"],
    ]
    assert ["Коваль «Оксана»; № 1", row(2)["ПІБ"]] == [held["ПІБ"] for held in system.records("client")]


def test_the_same_batch_again_makes_no_second_file(connector, system, out):
    """Its name is known by the keys of the writes."""
    system.configure(pause_pickup=1)
    writes = [write_of(row(1), {"Місто": "Львів"}), write_of(row(2), {"Місто": "Київ"}, key="w-2")]
    connector.write("client", writes)
    connector.write("client", writes)
    (file,) = out.iterdir()

    assert file.name.startswith("clients_20261020T081500000000_")
    with file.open(encoding="cp1251", newline="") as opened:
        assert [
            list(COLUMNS),
            *[list({**row(n), "Місто": city}.values()) for n, city in ((1, "Львів"), (2, "Київ"))],
        ] == list(csv.reader(opened, delimiter=";"))


def test_a_client_written_twice_in_a_batch_stands_there_once(connector, system, out):
    """As last written: two contents of one client would contradict each other."""
    system.configure(pause_pickup=1)
    connector.write("client", [write_of(row(1), {"Місто": "Львів"}), write_of(row(1), {"Місто": "Київ"}, key="w-2")])
    (file,) = out.iterdir()

    assert (2, True) == (len(file.read_bytes().splitlines()), "Київ".encode("cp1251") in file.read_bytes())


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"ПІБ": "Әлия"}, "unencodable"),
        ({"ПІБ": "=1+1"}, "formula"),
        ({"ПІБ": "@сума"}, "formula"),
        ({"ПІБ": "+cmd|x"}, "formula"),
        ({"ПІБ": "а\0б"}, "nul"),
        ({"ПІБ": 7}, "wrong_type"),
        ({"Невідоме": "x"}, "unknown_column"),
        ({RECORD_ID: ""}, "no_record_id"),
    ],
)
def test_what_cannot_stand_in_the_file_as_it_is_is_refused(connector, system, out, changes, code):
    """Never changed, never cut; and no file of refused rows alone."""
    write = RecordWrite("client", "create", None, changes, {**row(1), **changes}, None, "w-1")
    outcome = connector.write("client", [write])[0]

    assert (code, []) == (outcome.code, list(out.iterdir()))
    assert "Әлия" not in outcome.reason


def test_a_phone_is_no_formula(connector, system):
    """It begins with a plus, and leaves as it is."""
    outcome = connector.write("client", [write_of(row(1), {"Телефон": "+380 (50) 555-01-01"})])[0]

    assert isinstance(outcome, Accepted)


def test_formulas_may_be_let_through(open_connector, system):
    """Where no spreadsheet ever opens the file."""
    outcome = open_connector(refuse_formulas=False).write("client", [write_of(row(1), {"ПІБ": "=1+1"})])[0]

    assert "=1+1" == outcome.record["ПІБ"]


def test_an_outbox_that_is_gone_was_written_nothing(open_connector):
    """Safe to repeat."""
    with pytest.raises(Unreachable):
        open_connector(outbox="nowhere").write("client", [write_of(row(1), {"Місто": "Львів"})])


def test_the_agency_takes_no_file_that_is_not_as_agreed(system, out, tmp_path):
    """It lies among the rejected ones, and its base is as it was."""
    (out / "clients_x.csv").write_text("щось інше", encoding="utf-8")

    assert [] == list(system.records("client"))
    assert ["clients_x.csv"] == [file.name for file in (tmp_path / "agency" / "rejected").iterdir()]


def test_its_state_survives_a_restart(system, tmp_path):
    """The base and the knobs."""
    system.load("client", [row(1)])
    system.edit("client", "Д-00001", {"Місто": "Львів"})

    assert list(system.records("client")) == list(AgencySimulator(tmp_path / "agency", lambda: NOW).records("client"))


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"encoding": "cp9999"}, "no such codec"),
        ({"encoding": "utf-16"}, "cannot be told apart"),
        ({"encoding": "ascii"}, "cannot be written"),
        ({"record_id": "ID"}, "not one of columns"),
        ({"delimiter": '"'}, "delimiter"),
        ({"colums": []}, "Extra inputs"),
    ],
)
def test_a_wrong_setting_is_told_at_the_start(open_connector, changes, word):
    """With what to do."""
    with pytest.raises(ValidationError, match=word):
        open_connector(**changes)
