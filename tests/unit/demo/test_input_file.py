"""Reading ``--input``."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow
import pyarrow.parquet
import pytest

from crm_bridge.demo.input_file import InputRecord, read_input
from crm_bridge.errors import DataMistake

SPLINK_HEADER = (
    "unique_id,cluster,full_name,first_and_surname,first_name,surname,dob,birth_place,postcode_fake,gender,occupation"
)


def test_a_csv_with_the_columns_of_the_historical_data_is_read(tmp_path: Path) -> None:
    """Every column has its meaning; empty cells say nothing."""
    file = tmp_path / "people.csv"
    file.write_text(f"{SPLINK_HEADER}\nQ1-1,Q1,anna maria novak,anna novak,anna,novak,1850-02-03,brno,,female,\n")

    data = read_input(file)

    expected = InputRecord(
        id="Q1-1", cluster="Q1", given="anna", family="novak", birth_date="1850-02-03", city="brno", gender="female"
    )
    assert (expected,) == data.records
    assert data.labelled


def test_a_parquet_file_reads_like_its_csv(tmp_path: Path) -> None:
    """Nulls stay silent."""
    file = tmp_path / "people.parquet"
    columns = {"unique_id": ["1"], "surname": ["Novak"], "first_name": [None], "dob": ["1850-02-03"], "cluster": ["a"]}
    pyarrow.parquet.write_table(pyarrow.table(columns), file)

    assert (InputRecord(id="1", cluster="a", family="Novak", birth_date="1850-02-03"),) == read_input(file).records


def test_any_csv_with_id_name_and_birth_date_will_do(tmp_path: Path) -> None:
    """A name in one column is split before its last word; without clusters everyone is alone and nothing is judged."""
    file = tmp_path / "people.csv"
    file.write_text("\ufeffID;Name;Date_of_Birth\n1;Anna Maria Novak;1950-02-03\n2;Boris;\n", encoding="utf-8")

    data = read_input(file)

    assert not data.labelled
    assert ("Anna Maria", "Novak", "1950-02-03") == (
        data.records[0].given,
        data.records[0].family,
        data.records[0].birth_date,
    )
    assert (None, "Boris", None) == (data.records[1].given, data.records[1].family, data.records[1].birth_date)
    assert data.records[0].cluster != data.records[1].cluster


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("a.csv", b"id,name\n1,Anna\n", "a birth date"),
        ("a.csv", b"name,dob\nAnna,1950-01-01\n", "an id"),
        ("a.csv", b"id,dob\n1,1950-01-01\n", "a name"),
        ("a.csv", b"id,name,dob\n", "no records"),
        ("a.csv", b"id,name,dob\n1,\xcf\xe5\xf2\xf0\xee,1950-01-01\n", "not UTF-8"),
        ("a.parquet", b"PAR1 not really", "not a Parquet file"),
        ("a.xlsx", b"", ".parquet and .csv"),
        ("a.csv", b"id,name,dob\n1,A,1950-01-01\n2,B,1950-01-01\n1,C,\n", "record 3 has the id of record 1 "),
        ("a.csv", b"id,name,dob\n1,Koval, Anna,1950-01-01\n", "line 2 has 4 cells and the header 3"),
        ("a.csv", b"id,name,dob\n1,A,1950-01-01\n2,B\n", "line 3 has 2 cells"),
        ("a.csv", b'id,name,dob\n1,"A,1950-01-01\n', "line 2 cannot be read as CSV"),
        ("a.csv", b"id,name,dob\n1," + b"A" * 200_000 + b",1950-01-01\n", "line 2 cannot be read as CSV"),
        ("a.csv", b"id,name,dob\n1,A,1950-01-01\n2,\xc0,\n", "line 3 is not UTF-8"),
        ("a.csv", b"id,ID,name,dob\n1,2,A,1950-01-01\n", "columns 1 and 2 have the same name"),
        ("a.csv", b"id,name,dob\n1,A,1950-01-01\n,B,\n \t,C,\n", "record 2 has no id, record 3 has no id "),
        ("a.csv", "id,name,dob\n\u200b,A,1950-01-01\n".encode(), "record 1 has no id"),
        ("a.csv", b"id,name,dob\n" + b",A,\n" * 1007, "record 5 has no id, and 1,002 more "),
        ("a.csv", b"id,name,dob\n,,\n", "record 1 has no id"),
        ("a.csv", b"", "is empty"),
        ("a.csv", "id,name,dob\n1,A,1950-01-01\n".encode("utf-16"), "line 1 is not UTF-8"),
    ],
)
def test_a_file_that_is_not_what_it_should_be_is_refused_with_what_to_do(
    tmp_path: Path, name: str, content: bytes, says: str
) -> None:
    """The message names the file and the lack."""
    file = tmp_path / name
    file.write_bytes(content)

    with pytest.raises(DataMistake, match=says) as caught:
        read_input(file)

    assert str(file) in str(caught.value)


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_header_tells_the_delimiter(tmp_path: Path, delimiter: str) -> None:
    """A line break within quotes belongs to its cell, a blank line to nobody; a suffix may be in capitals."""
    file = tmp_path / "PEOPLE.CSV"
    rows = [["id", "surname", "dob", "city"], ["1", '"Ko\nval"', "1950-02-03", '"a,;\t|b"'], [""]]
    file.write_text("\n".join(delimiter.join(row) for row in rows), encoding="utf-8")

    [record] = read_input(file).records

    assert ("Ko\nval", "a,;\t|b") == (record.family, record.city)


def test_typed_columns_of_a_parquet_file_read_as_people_write_them(tmp_path: Path) -> None:
    """A date is a date, midnight is no time of day, NaN says nothing; what is no text is no column."""
    file = tmp_path / "people.parquet"
    columns = {
        "id": [7],
        "surname": ["Novak"],
        "dob": [datetime(1950, 2, 3)],  # noqa: DTZ001  # files have such
        "phone": [float("nan")],
        "photo": [{"name": "brno"}],
    }
    pyarrow.parquet.write_table(pyarrow.table(columns), file)

    assert (InputRecord("7", "alone: 7", family="Novak", birth_date="1950-02-03"),) == read_input(file).records


def written(folder: Path, **columns: object) -> Path:
    """A Parquet file of one record, with these columns instead of the usual ones."""
    usual = {"id": ["1"], "surname": ["Novak"], "dob": ["1950-02-03"]}
    pyarrow.parquet.write_table(pyarrow.table({**usual, **columns}), folder / "people.parquet")
    return folder / "people.parquet"


MIDNIGHT = datetime(1950, 2, 3)  # noqa: DTZ001  # files have such


@pytest.mark.parametrize(
    ("column", "says"),
    [
        (pyarrow.array([MIDNIGHT], pyarrow.timestamp("ns")), "1950-02-03"),
        (pyarrow.array([MIDNIGHT.replace(tzinfo=UTC)], pyarrow.timestamp("us", tz="UTC")), "1950-02-03"),
        (pyarrow.array([MIDNIGHT.replace(hour=13)]), "1950-02-03 13:00:00"),
        (pyarrow.array([123456789], pyarrow.timestamp("ns")), "1970-01-01 00:00:00.123456789"),
        (pyarrow.array([MIDNIGHT.date()], pyarrow.date64()), "1950-02-03"),
        (pyarrow.array(["1950-02-03"]).dictionary_encode(), "1950-02-03"),
        (pyarrow.array(["1950-02-03"], pyarrow.large_string()), "1950-02-03"),
        (pyarrow.array([19500203.0]), "19500203"),
        (pyarrow.array([Decimal("1950.50")]), "1950.50"),
        (pyarrow.array([Decimal("1950.00")]), "1950"),
        (pyarrow.array([None]), None),
    ],
    ids=str,
)
def test_whatever_a_column_is_made_of_its_values_are_text(tmp_path: Path, column: object, says: str | None) -> None:
    """What a birth date may look like, the bridge decides."""
    assert says == read_input(written(tmp_path, dob=column)).records[0].birth_date


def test_a_moment_that_no_calendar_has_is_the_bridges_to_judge(tmp_path: Path) -> None:
    """It ends one record, and not the demo."""
    file = written(tmp_path, dob=pyarrow.array([2**62], pyarrow.timestamp("us")))

    assert read_input(file).records[0].birth_date


@pytest.mark.parametrize("name", ["surname", "city", "id", "dob", "cluster"])
@pytest.mark.parametrize(
    ("values", "kind"),
    [([["Novak"]], "list<"), ([{"a": "b"}], "struct<"), ([b"Novak"], "binary"), ([True], "bool")],
    ids=["list", "struct", "bytes", "bool"],
)
def test_a_column_that_is_asked_for_and_holds_no_single_values_is_refused(
    tmp_path: Path, name: str, values: object, kind: str
) -> None:
    """It is not left out without a word."""
    with pytest.raises(DataMistake, match=f"column {name} holds {kind}.* make it text"):
        read_input(written(tmp_path, **{name: values}))


def test_two_columns_of_one_name_are_told_in_parquet_too(tmp_path: Path) -> None:
    """The file is whole: nobody looks for a broken transfer."""
    columns = [pyarrow.array([text]) for text in ("1", "a", "b", "1950-01-01")]
    file = tmp_path / "people.parquet"
    pyarrow.parquet.write_table(pyarrow.Table.from_arrays(columns, ["id", "surname", "surname", "dob"]), file)

    with pytest.raises(DataMistake, match="columns 2 and 3 have the same name"):
        read_input(file)


def test_a_file_without_a_header_tells_nobody_of_its_first_record(tmp_path: Path) -> None:
    """Messages hold nothing personal."""
    file = tmp_path / "people.csv"
    file.write_text("1,Kovalenko,Anna,1950-01-01\n2,Melnyk,Ivan,1951-01-01\n", encoding="utf-8")

    with pytest.raises(DataMistake, match="of the 4 columns in its first line these are known: none") as caught:
        read_input(file)

    assert "Kovalenko" not in str(caught.value)


def test_columns_without_a_name_and_lines_of_blanks_are_nobodys(tmp_path: Path) -> None:
    """Spreadsheets leave both behind."""
    file = tmp_path / "people.csv"
    file.write_text("id,surname,dob,,\n1,Novak,1950-01-01,,\n  \n2,Koval,1951-01-01,,\n\n", encoding="utf-8")

    assert ["Novak", "Koval"] == [record.family for record in read_input(file).records]


def test_a_missing_file_is_a_data_mistake(tmp_path: Path) -> None:
    """No traceback for a mistyped path."""
    with pytest.raises(DataMistake, match="no such file"):
        read_input(tmp_path / "none.csv")


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_a_file_that_cannot_be_opened_is_a_data_mistake(tmp_path: Path, suffix: str) -> None:
    """The system's own words say why, and nobody is asked whether it was cut in transfer."""
    with pytest.raises(DataMistake, match=r"it cannot be opened .*too long"):
        read_input(tmp_path / f"{'a' * 300}.{suffix}")


def test_parquet_without_pyarrow_says_which_extra_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The rest of the demo needs no pyarrow."""
    file = tmp_path / "people.parquet"
    file.write_bytes(b"")
    monkeypatch.setitem(sys.modules, "pyarrow", None)

    with pytest.raises(DataMistake, match=r"crm-bridge\[parquet\]"):
        read_input(file)
