from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from builders import refused
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from har.errors import DataError
from har.reading.recording_files import read_recording
from har.reading.tables.opening import open_table

HEADING = "time_s,acc_x,acc_y,acc_z,gyro_x,gyro_y,gyro_z"
SHORT = "time_s,acc_x,acc_y"


@settings(
    deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    values=st.lists(
        st.tuples(*[st.floats(-1e3, 1e3), st.floats(-40, 40), st.floats(-2, 2)]), min_size=1
    ),
    delimiter=st.sampled_from([",", ";", "\t", "|", " ", "   ", " \t", ", ", " ; "]),
    decimal=st.sampled_from([".", ","]),
    newline=st.sampled_from(["\n", "\r\n", "\r", "\r\r\n"]),
    start=st.sampled_from(["", "\ufeff", "# made by an app\n# today\n\n", "Walk of Ada\n\n"]),
    end=st.sampled_from(["", ";"]),
    encoding=st.sampled_from(["utf-8", "utf-16", "utf-16-le", "utf-16-be", "cp1252"]),
)
def test_a_number_is_the_same_however_it_is_written(
    tmp_path, read, values, delimiter, decimal, newline, start, end, encoding
):
    if "," in delimiter:
        decimal = "."
    if encoding == "cp1252":
        start = start.replace("\ufeff", "")
    lines = [delimiter.join(SHORT.split(",")) + end]
    lines += [delimiter.join(repr(v).replace(".", decimal) for v in row) + end for row in values]
    path = tmp_path / "walk.csv"
    path.write_bytes((start.replace("\n", newline) + newline.join(lines)).encode(encoding))
    table = open_table(path)
    assert table.headings == tuple(SHORT.split(","))
    assert_array_equal(read(table), np.array(values))


def test_blocks_follow_each_other(tmp_path, monkeypatch):
    monkeypatch.setattr("har.reading.tables.delimited._BLOCK_BYTES", 100)
    path = tmp_path / "walk.csv"
    pd.DataFrame({"a": np.arange(1000), "b": 1.5}).to_csv(path, index=False)
    blocks = list(open_table(path).blocks({"b": 1, "a": 0}))
    assert len(blocks) > 50
    assert_array_equal(np.concatenate([block.index for block in blocks]), np.arange(1000))
    assert_array_equal(np.concatenate([block["a"] for block in blocks]), np.arange(1000))


@pytest.mark.parametrize("n_bytes", [30, 1000, 1 << 20])
def test_what_is_left_out_does_not_depend_on_blocks(
    opened, read, numbers, lines_of, monkeypatch, n_bytes
):
    monkeypatch.setattr("har.reading.tables.delimited._BLOCK_BYTES", n_bytes)
    rows = lines_of()
    lines = ["Walk", HEADING, *rows[:50], "# a comment", "", HEADING, *rows[50:], "End of file"]
    table = opened(lines, newline="\r\n")
    assert_array_equal(read(table), numbers)
    assert table.notes == (
        "table: heading in line 2, below 1 line of other text",
        "table: 1 line with the heading again left out (line 55)",
        "table: 1 line of other text left out (line 126, 'End of file')",
    )
    assert_array_equal(read(table, 3), numbers[:, [3]])


def test_all_notes_are_those_of_the_last_reading(opened, read, lines_of):
    table = opened([HEADING, *lines_of(), HEADING])
    read(table)
    read(table)
    assert table.notes == ("table: 1 line with the heading again left out (line 122)",)


@pytest.mark.parametrize(
    ("footers", "note"),
    [
        (["Samples: 120"], "1 line of other text left out (line 122, 'Samples: 120')"),
        (["", "Total,120", "Mean,of,all"], "2 lines of other text left out (the first is 123"),
        (["End of recording,,,,,,"], "1 line of other text left out (line 122"),
        ([",,,,,,", ",,,,,,"], None),
        (["\x1a"], "1 line of other text left out"),
        (["time_s,acc_x,acc_y,acc_z,gyro_x,gyro_y,gyro_z,;"], "1 line of other text"),
    ],
)
def test_footers_are_left_out(opened, read, numbers, lines_of, footers, note):
    table = opened([HEADING, *lines_of(), *footers])
    assert_array_equal(read(table), numbers)
    assert (note in table.notes[0]) if note else table.notes == ()


def test_files_put_behind_one_another_are_read_as_one(opened, read, numbers, lines_of):
    one = ["sep=,", "Walk of Ada", HEADING, "s,g,g,g,rad/s,rad/s,rad/s", *lines_of()]
    table = opened("".join("\ufeff" + "\r\n".join(one) + "\r\n" for _ in range(3)))
    assert_array_equal(read(table), np.tile(numbers, (3, 1)))
    assert table.headings[:2] == ("time_s (s)", "acc_x (g)")
    assert "table: 4 lines with the heading again left out (the first is 127)" in table.notes


def test_many_lines_of_text_are_refused(opened, read, lines_of):
    with refused(DataError, "walk.csv, line 122: found 'lost connection', and 29 more such lines"):
        read(opened([HEADING, *lines_of(), *["lost connection"] * 30]))


def test_a_last_line_that_was_cut_is_left_out(opened, read, numbers, lines_of):
    text = "\n".join([HEADING, *lines_of()])
    table = opened(text[:-12])
    assert_array_equal(read(table), numbers[:-1])
    assert table.notes == ("table: 1 line that ends too early, the last left out (line 121)",)


def test_a_few_broken_lines_are_left_out_and_many_refused(opened, read, numbers, lines_of):
    lines = lines_of(rows=np.tile(numbers, (5, 1)))
    broken = [*lines[:100], "2.0,0.1,0.2", *lines[100:300], lines[0] + lines[1], *lines[300:]]
    table = opened([HEADING, *broken, '2.0,"0.1,0.2,0,0,0,0'])
    assert_array_equal(read(table), np.tile(numbers, (5, 1)))
    note = "table: 3 lines with too few or too many fields left out (the first is 102)"
    assert table.notes == (note,)
    with refused(DataError, "walk.csv, line 102: found '2.0,0.1,0.2', and 9 more such lines"):
        read(opened([HEADING, *lines[:100], *["2.0,0.1,0.2"] * 10, *lines[100:]]))


def test_zeros_where_the_power_was_lost_are_left_out(opened, read, numbers, lines_of):
    text = "\n".join([HEADING, *lines_of()]).encode()
    cut = text.index(b"\n0.560,") + 20
    at = text.index(b"\n0.580,")
    table = opened(text[:cut] + bytes(3000) + text[at:])
    assert_array_equal(read(table), np.delete(numbers, 28, axis=0))
    assert table.notes[0].startswith("table: 1 line with too few or too many fields left out")


def test_a_line_of_zeros_and_ends_between_rows_are_nothing(opened, read, numbers, lines_of):
    table = opened([HEADING, "", *lines_of()[:60], "", "  ", "%", "//", "", *lines_of()[60:]])
    assert_array_equal(read(table), numbers)
    assert table.notes == ()


MARKS = [
    "",
    "NaN",
    "nan",
    "NAN",
    "NA",
    "N/A",
    "null",
    "NULL",
    "None",
    "-",
    "--",
    "?",
    " - ",
    "#N/A",
]


@pytest.mark.parametrize("mark", MARKS)
@pytest.mark.parametrize("delimiter", [",", ";"])
def test_marks_of_missing_values(opened, read, numbers, lines_of, mark, delimiter):
    lines = [line.split(delimiter) for line in lines_of(delimiter)]
    holed = numbers.copy()
    for row, column in [(0, 6), (5, 1), (6, 1), (7, 3), (119, 6)]:
        lines[row][column] = mark
        holed[row, column] = np.nan
    table = opened([HEADING.replace(",", delimiter), *map(delimiter.join, lines)])
    assert_array_equal(read(table), holed)
    assert table.notes == ()


def test_a_row_of_which_only_the_time_is_known_is_a_row(opened, read, numbers):
    lines = ["2023-11-24T14:05:22,,,", *["2023-11-24T14:05:23,0.1,0.2,0.3"] * 9]
    for first in (lines, lines[::-1]):
        assert len(read(opened(["time,acc_x,acc_y,acc_z", *first]), 1)) == 10


def test_text_among_numbers_names_its_line(opened, read, lines_of):
    lines = ["Walk", "", HEADING, *lines_of()]
    lines[43] = lines[43].replace(",", ",oops", 1)
    with refused(DataError, "walk.csv, line 44, column 'acc_x': found 'oops", "a finite number"):
        read(opened(lines))
    assert len(read(opened(lines), 0, 2)) == 120


def test_text_comes_as_it_is_written(opened, read):
    cells = ["01", "1", "null", "None", "True", "NA", "-", "1.50", "WALKING", ""]
    lines = [f"{i / 50},{i},{cell}" for i, cell in enumerate(cells)]
    frame = read(opened(["time_s,acc_x,did", *lines]), 0, 2, as_text=[2])
    assert frame["2"].iloc[:-1].tolist() == cells[:-1]
    assert frame["2"].isna().tolist() == [False] * 9 + [True]


def test_decimal_signs_of_two_kinds(opened, read):
    lines = [f"{i / 50:.2f};0,5;-1,25" for i in range(30)]
    values = read(opened(["time_s;acc_x;acc_y", *lines]))
    assert_array_equal(values, [[i / 50, 0.5, -1.25] for i in range(30)])


def test_decimal_commas_in_quotations(opened, read, numbers, lines_of):
    lines = ['"' + line.replace(";", '","') + '"' for line in lines_of(";", ",")]
    assert_array_equal(read(opened([HEADING, *lines])), numbers)


def test_commas_that_could_be_of_thousands_are_refused(opened):
    lines = [f"{i};{'1,020' if i % 7 else '980'};5" for i in range(50)]
    with refused(DataError, "found numbers such as '1,020'", "could be of thousands"):
        opened(["time_ms;acc_x;acc_y", *lines])


def test_minus_signs_of_typography(opened, read, numbers, lines_of):
    lines = [line.replace("-", "\N{MINUS SIGN}") for line in lines_of()]
    assert_array_equal(read(opened([HEADING, *lines])), numbers)


def test_quotations_may_hold_delimiters(opened, read, numbers, lines_of):
    lines = [f'{line},"sits, or ""lies"""' for line in lines_of()]
    frame = read(opened([f'"{HEADING.replace(",", chr(34) + "," + chr(34))}",did', *lines]),
                 1, 7, as_text=[7])  # fmt: skip
    assert_array_equal(frame["1"], numbers[:, 1])
    assert set(frame["7"]) == {'sits, or "lies"'}


def test_another_encoding_that_shows_late_is_read(opened, read, monkeypatch):
    monkeypatch.setattr("har.reading.tables.delimited.SNIFFED_BYTES", 200)
    lines = [f"{i / 50},{i},gehen" for i in range(50)] + ["1.0,5,läuft"]
    table = opened("\n".join(["time_s,acc_x,did", *lines]).encode("cp1252"))
    assert read(table, 0, 2, as_text=[2])["2"].iloc[-1] == "läuft"


def test_a_heading_in_another_encoding_is_read(opened):
    table = opened("t,Acceleration x (m/s²)\n0,1\n".encode("cp1252"))
    assert table.headings[1] == "Acceleration x (m/s²)"


def test_rows_that_leave_cells_out_are_read_where_they_are_many(opened, read):
    table = opened(f"{SHORT},did\n1,2,3,\n4,5\n")
    assert_array_equal(read(table, 0, 1, 2), [[1, 2, 3], [4, 5, np.nan]])


def test_integers_stay_exact(opened):
    stamps = 1_700_000_000_123_456_789 + 20_000_000 * np.arange(30)
    lines = [f"{stamp},0.5,0.25" for stamp in stamps]
    (block,) = opened(["time_ns,acc_x,acc_y", *lines, "End"]).blocks({"time": 0})
    assert block["time"].dtype == np.int64
    assert_array_equal(block["time"], stamps)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "found an empty file, expected time_s,acc_x"),
        (b" \n\n", "found an empty file"),
        (b"# nothing\n", "found only comments"),
        (bytes(range(256)), "found binary data"),
        (bytes(range(1, 256)), "found binary data"),
        (b"a,b\n1,2\n1,2,3\n1,2\n", "line 3: found 3 fields, as in 1 of 3 lines, expected 2 as in"),
        (b'a,b\n1,2\n"1,2\n', "walk.csv, line 3: found '\"1,2', expected 2 fields"),
        (b'"t","a","b","c"\n"1",1,2,3,4\n"2",1,2,3,4\n', "line 2: found 5 fields, as in 2 of 2"),
        (b"a,b,c\n1,2\n1,2\n", "line 2: found 2 fields, as in all lines, expected 3 as in the"),
        (b"1" * (17 << 20), "found a line of more than 1 MB"),
    ],
)
def test_what_is_no_table_is_refused(opened, content, message):
    with refused(DataError, "walk.csv", message):
        list(opened(content).blocks({"a": 0}))


def test_escapes_of_a_terminal_in_a_heading_are_shown_and_not_obeyed(tmp_path):
    path = tmp_path / "walk.csv"
    path.write_bytes(b"time_s,\x1b[31macc\x1b]0;title\x07,b\n0,1,2\n")
    with refused(DataError, r"\x1b[31macc\x1b]0;title\x07"):
        read_recording(path)
