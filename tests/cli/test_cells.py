"""Cells and columns as people write them (INT-03)."""

from __future__ import annotations

from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from cli.importing.fields import CLAIMS, CUSTOMERS, FOLLOW_UPS, PEOPLE, TEAMS, Content, Field, MappingError, match
from cli.importing.kind import lanes
from cli.importing.rows import Record
from cli.importing.sheets import FileError, read_sheet
from cli.importing.values import CellError, instant_text, money, text, value_of

DATE = Field("at", content=Content.DATE)
INSTANT = Field("at", content=Content.INSTANT)
AMOUNT = Field("amount", content=Content.AMOUNT)
COUNT = Field("days", content=Content.COUNT)
TRUTH = Field("answered", content=Content.TRUTH)
SHANGHAI = ZoneInfo("Asia/Shanghai")


def sheet_of(tmp_path: Path, content: bytes) -> Any:
    path = tmp_path / "file.csv"
    path.write_bytes(content)
    return read_sheet(path)


@pytest.mark.parametrize("cell", ["2026-11-05", "2026/11/5", "2026.11.05", "2026年11月5日", date(2026, 11, 5)])
def test_a_date_may_be_written_as_is_usual_here(cell: Any) -> None:
    assert value_of(cell, DATE) == date(2026, 11, 5)


@pytest.mark.parametrize("cell", ["05/11/2026", "11-05-2026", "2026-02-30", "20261105", "tomorrow", 46000.0])
def test_a_date_that_can_be_read_two_ways_or_none_is_refused(cell: Any) -> None:
    with pytest.raises(CellError) as refused:
        value_of(cell, DATE)
    assert str(cell) not in str(refused.value)


@pytest.mark.parametrize(("cell", "meant"), [("30", 30), (" 0 ", 0), (45.0, 45), (7, 7)])
def test_a_number_of_days_is_a_whole_one(cell: Any, meant: int) -> None:
    """INT-10."""
    assert value_of(cell, COUNT) == meant


@pytest.mark.parametrize("cell", ["-1", "1.5", 2.5, "十", True, "1e3"])
def test_what_is_no_whole_number_of_days_is_refused(cell: Any) -> None:
    """INT-10."""
    with pytest.raises(CellError):
        value_of(cell, COUNT)


@pytest.mark.parametrize(
    ("cell", "meant"),
    [
        ("2026-11-05 14:30", "2026-11-05T14:30:00+08:00"),
        ("2026/11/5 9:05:07", "2026-11-05T09:05:07+08:00"),
        ("2026年11月5日 14时30分", "2026-11-05T14:30:00+08:00"),
        ("2026-11-05T14:30:00Z", "2026-11-05T14:30:00+00:00"),
        ("2026-11-05 14:30+09:00", "2026-11-05T14:30:00+09:00"),
        ("2026-11-05", "2026-11-05T00:00:00+08:00"),
        (datetime(2026, 11, 5, 14, 30), "2026-11-05T14:30:00+08:00"),  # noqa: DTZ001 - a sheet knows no zones
    ],
)
def test_a_time_without_an_offset_is_that_of_the_program_s_calendar(cell: Any, meant: str) -> None:
    assert instant_text(value_of(cell, INSTANT), SHANGHAI) == meant


@pytest.mark.parametrize("cell", ["2026-11-05 25:00", "2026-11-05 14", "noon", 5])
def test_a_time_that_does_not_exist_is_refused(cell: Any) -> None:
    with pytest.raises(CellError):
        value_of(cell, INSTANT)


@pytest.mark.parametrize(
    ("cell", "found"),
    [("120,000.50", "120000.50"), ("¥1,234", "1234"), ("12.5元", "12.5"), (1200.5, "1200.5"), (7, "7"), ("-3", "-3")],
)
def test_amounts_keep_every_digit(cell: Any, found: str) -> None:
    assert value_of(cell, AMOUNT) == Decimal(found)


@pytest.mark.parametrize("cell", ["12,5", "1.234,56", "1,23,456", "much", "NaN", "1e5", True])
def test_amounts_that_could_mean_another_number_are_refused(cell: Any) -> None:
    with pytest.raises(CellError):
        value_of(cell, AMOUNT)


def test_money_is_counted_in_the_minor_units_of_its_currency() -> None:
    assert money(Decimal("12.50"), "cny") == {"amount_minor": 1250, "currency": "CNY"}
    assert money(Decimal("12"), "JPY") == {"amount_minor": 12, "currency": "JPY"}
    for amount, currency in ((Decimal("12.505"), "CNY"), (Decimal("12.5"), "JPY"), (Decimal(1), "XYZ")):
        with pytest.raises(CellError):
            money(amount, currency)


@pytest.mark.parametrize(
    ("cell", "found"),
    [
        (13812345678.0, "13812345678"),
        (0.5, "0.5"),
        (True, "true"),
        (datetime(2026, 11, 5), "2026-11-05"),  # noqa: DTZ001 - a sheet knows no zones
        (time(9, 30), "09:30:00"),
        ("  =1+1 ", "=1+1"),
    ],
)
def test_a_cell_that_is_no_text_becomes_the_text_people_see(cell: Any, found: str) -> None:
    assert text(cell) == found


@pytest.mark.parametrize(("cell", "meant"), [("是", True), ("No", False), (1, True), (0.0, False), (False, False)])
def test_yes_and_no_have_many_names(cell: Any, meant: bool) -> None:
    assert value_of(cell, TRUTH) is meant
    with pytest.raises(CellError):
        value_of("perhaps", TRUTH)


# --- columns ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fields", [PEOPLE, TEAMS, CUSTOMERS, CLAIMS, FOLLOW_UPS])
def test_no_heading_means_two_fields(fields: tuple[Field, ...]) -> None:
    for field in fields:
        for heading in (field.name, *field.headings):
            needed = {f.name for f in fields}
            if field.refused is None:
                found = match([heading], fields, mapped={}, given=needed)
                assert [f.name for _, f in found.fields] == [field.name], heading


def test_a_column_may_mean_several_fields_and_two_columns_never_one() -> None:
    found = match(["Account", "Kind"], CUSTOMERS, mapped={"account": ["name", "external_id"]})
    assert [(at, f.name) for at, f in found.fields] == [(0, "name"), (0, "external_id"), (1, "kind")]
    with pytest.raises(MappingError, match="both mean phone"):
        match(["id", "kind", "name", "手机", "Mobile"], CUSTOMERS, mapped={})


def test_a_mapped_column_takes_the_place_of_one_that_only_bears_the_name() -> None:
    found = match(["id", "CRM no", "kind", "name"], CUSTOMERS, mapped={"CRM no": ["external_id"]})
    assert [(at, f.name) for at, f in found.fields] == [(1, "external_id"), (2, "kind"), (3, "name")]
    assert found.ignored == ("id",)


def test_rows_that_share_a_key_through_others_stay_in_their_order() -> None:
    records = [Record(line, str(line), {}) for line in range(1, 6)]
    made = lanes(records, {1: ["a"], 2: ["b"], 3: ["a", "b"], 4: ["c"]})
    assert [[r.line for r in lane] for lane in made] == [[1, 2, 3], [4], [5]]


# --- files -----------------------------------------------------------------------------------------------------------


def test_a_row_is_found_where_it_begins_though_cells_have_line_breaks(tmp_path: Path) -> None:
    read = sheet_of(tmp_path, b'id,note\nA,"one\ntwo"\n\nB,three\n')
    assert [(row.line, row.cells) for row in read.rows] == [(2, ("A", "one\ntwo")), (5, ("B", "three"))]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "is empty"),
        ("id,name\nA,一\n".encode("utf-16"), "UTF-16"),
        (b'id,name\nA,"open\n', "line 2"),
        (b"id,,name\n", "column 2"),
        (b"id,Name,Name\n", "more than one column"),
        (b"\xd0\xcf\x11\xe0rest", "old Excel format"),
        (b"PK\x03\x04rest", "no readable XLSX"),
        (b"id,name\n\xff\xff\n", "neither UTF-8 nor GB18030"),
        (b"id,na\0me\n", "no text file"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(tmp_path: Path, content: bytes, why: str) -> None:
    with pytest.raises(FileError, match=why):
        sheet_of(tmp_path, content)
