from __future__ import annotations

import builtins
import datetime
import zipfile

import numpy as np
import openpyxl
import pytest
from builders import refused
from numpy.testing import assert_allclose, assert_array_equal

from har.errors import DataError
from har.reading.tables.opening import check_heading, open_table, table_names

PLAIN = ["time_s", "acc_x", "acc_y", "acc_z", "gyro_x", "gyro_y", "gyro_z"]


@pytest.fixture
def saved(tmp_path):
    """Save a workbook: `saved({sheet: rows})` gives its path."""

    def save(sheets):
        workbook = openpyxl.Workbook()
        workbook.remove(workbook.active)
        for name, rows in sheets.items():
            sheet = workbook.create_sheet(name)
            for row in rows:
                sheet.append(row)
        path = tmp_path / "walk.xlsx"
        workbook.save(path)
        return path

    return save


def test_the_only_sheet_with_rows_is_read(saved, read, numbers):
    path = saved({"Notes": [], "Raw Data": [PLAIN, *numbers.tolist()]})
    table = open_table(path)
    assert table.headings == tuple(PLAIN)
    assert table.notes == ("table: sheet 'Raw Data' of a workbook",)
    assert_array_equal(read(table), numbers)


def test_what_is_no_row_is_left_out(saved, read, numbers, monkeypatch):
    monkeypatch.setattr("har.reading.tables.workbook._ROWS_IN_BLOCK", 7)
    rows = numbers.tolist()
    before = [["Walk of Ada"], ["Sample rate", "50 Hz"], [], PLAIN, ["s", *"ggg"]]
    table = open_table(saved({"a": [*before, *rows[:60], [], PLAIN, *rows[60:], ["The end"]]}))
    assert_array_equal(read(table), numbers)
    assert table.headings[:2] == ("time_s (s)", "acc_x (g)")
    assert table.rate_hz == 50
    assert table.notes == (
        "table: sheet 'a' of a workbook, heading in row 4",
        "table: 1 row with the heading again left out (row 67)",
        "table: 1 row of other text left out (row 128, 'The end')",
    )


def test_numbers_that_are_text_and_missing_cells_are_read(saved, read, numbers):
    rows = [[f"{value:.3f}".replace(".", ",") for value in row] for row in numbers]
    rows[3][2], rows[4][2], rows[5][2] = None, "-", "n/a"
    expected = numbers.copy()
    expected[3:6, 2] = np.nan
    assert_array_equal(read(open_table(saved({"a": [PLAIN, *rows]}))), expected)


@pytest.mark.parametrize("kind", ["dates", "times of day", "durations"])
def test_dates_and_times_in_cells(saved, kind):
    dates = [
        datetime.datetime(2023, 11, 24, 14, 5, 22) + datetime.timedelta(milliseconds=20 * i)
        for i in range(50)
    ]
    cells = {
        "dates": dates,
        "times of day": [date.time() for date in dates],
        "durations": [date - dates[0] for date in dates],
    }[kind]
    rows = [["time", *PLAIN[1:]], *[[cell, 1.5, 2, 3, 4, 5, 6] for cell in cells]]
    (block,) = open_table(saved({"a": rows})).blocks({"time": 0, "acc_x": 1})
    assert block["acc_x"].eq(1.5).all()
    time = block["time"]
    if kind == "dates":
        assert time.dtype.kind == "M"
        assert_allclose((time - time[0]).dt.total_seconds(), np.arange(50) / 50, atol=1e-3)
    elif kind == "durations":
        assert_allclose(time, np.arange(50) / 50, atol=1e-3)
    else:
        assert time[0] == "14:05:22"


def test_labels_come_as_text(saved, read):
    rows = [["time_s", "acc_x", "did"], *[[i / 50, 1.5, label] for i, label in enumerate("1a1")]]
    frame = read(open_table(saved({"a": rows})), 0, 2, as_text=[2])
    assert frame["2"].tolist() == ["1", "a", "1"]


def test_without_a_heading_columns_have_numbers(saved, numbers):
    table = open_table(saved({"a": numbers.tolist()}))
    assert table.headings == tuple("1234567")
    with refused(DataError, "found no heading above", "--columns time=1,acc_x=2"):
        check_heading(table)


def test_sheets_have_names(saved, read, numbers):
    path = saved({"acc": [PLAIN, *numbers.tolist()], "gyro": [PLAIN, [0] * 7]})
    assert table_names(path) == ("acc", "gyro")
    with refused(DataError, "found an Excel workbook of 2 sheets with rows: 'acc', 'gyro'"):
        open_table(path)
    assert_array_equal(read(open_table(path, "acc")), numbers)
    with refused(DataError, "found no sheet 'light', expected 'acc', 'gyro'"):
        open_table(path, "light")
    with refused(DataError, "found an Excel workbook of no rows"):
        open_table(saved({"a": []}))


def test_damaged_and_enormous_workbooks_are_refused(saved, numbers, monkeypatch):
    path = saved({"a": [PLAIN, *numbers.tolist()]})
    monkeypatch.setattr("har.reading.tables.workbook._MOST_SHEET_BYTES", 100)
    with refused(DataError, "MB in 'xl/worksheets/sheet1.xml' of an Excel workbook, expected at"):
        open_table(path)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("xl/workbook.xml", "<nothing>")
    with refused(DataError, "walk.xlsx: found a damaged Excel workbook"):
        open_table(path)


def test_without_openpyxl_the_extra_and_csv_are_named(saved, numbers, monkeypatch):
    path = saved({"a": [PLAIN, *numbers.tolist()]})
    real = builtins.__import__

    def without(name, *rest):
        if name.startswith("openpyxl"):
            raise ImportError(name)
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    with refused(
        DataError,
        "walk.xlsx: found an Excel workbook, expected openpyxl to read it: "
        "pip install 'gluon-har[excel]'; or save it as CSV",
    ):
        open_table(path)
