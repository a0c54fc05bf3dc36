from __future__ import annotations

from pathlib import Path

import pytest
from builders import refused

from har.datasets.recordings_table import ReadingSettings, Segment, read_segments, read_table
from har.errors import DataError

SEGMENTS = "file,subject,start_s,end_s,activity"
LABELS = "file,subject,label_column"


@pytest.fixture
def table(tmp_path):
    """Write a table beside two empty recordings: `table(heading, *lines)` returns the folder."""
    (tmp_path / "home").mkdir()
    for name in ("walk.csv", "home/rest.parquet"):
        (tmp_path / name).touch()

    def write(*lines: str, encoding: str = "utf-8") -> Path:
        (tmp_path / "recordings.csv").write_text("\n".join(lines), encoding=encoding)
        return tmp_path

    return write


def test_rows_of_a_file_become_its_segments_in_their_order(table):
    folder = table(
        SEGMENTS, "walk.csv,1,10,20.5,UP", "home/rest.parquet,2,0,5,REST", "./walk.csv,1,2,3,DOWN"
    )
    walk, rest = read_table(folder)
    assert (walk.path, walk.subject, walk.label_column) == (folder / "walk.csv", 1, None)
    assert walk.segments == (
        Segment(10.0, 20.5, "UP", f"{folder}/recordings.csv, line 2"),
        Segment(2.0, 3.0, "DOWN", f"{folder}/recordings.csv, line 4"),
    )
    assert (rest.path, rest.subject, len(rest.segments)) == (folder / "home/rest.parquet", 2, 1)


def test_a_row_may_name_the_column_of_labels_instead(table):
    (walk,) = read_table(table(LABELS, "walk.csv,3,what I did"))
    assert (walk.label_column, walk.segments, walk.subject) == ("what I did", (), 3)


def test_how_to_read_a_file_may_be_said_in_any_spelling(table):
    heading = f"{LABELS},rate_hz,time_unit,acc_unit,gyro_unit"
    lines = ["walk.csv,1,label,100,milliseconds,m/s²,dps", "home/rest.parquet,1,label,,,,"]
    walk, rest = read_table(table(heading, *lines))
    assert walk.settings == ReadingSettings(100.0, "ms", "m/s2", "deg/s")
    assert rest.settings == ReadingSettings()


def test_the_axis_that_points_up_may_be_said_of_each_file(table):
    lines = ["walk.csv,1,label,-y", "home/rest.parquet,1,label,"]
    walk, rest = read_table(table(f"{LABELS},upright", *lines))
    assert (walk.upright, rest.upright) == ("-y", None)


def test_no_other_axis_points_up(table):
    with refused(DataError, "line 2, upright: found 'up'", "x, -x, y, -y, z, -z, auto"):
        read_table(table(f"{LABELS},upright", "walk.csv,1,label,up"))


def test_what_spreadsheets_leave_behind_is_no_row(table):
    folder = table(SEGMENTS, "walk.csv, 1 , 0, 5, REST ", ",,,,", "", encoding="utf-8-sig")
    (walk,) = read_table(folder)
    assert [segment.activity for segment in walk.segments] == ["REST"]


def test_segments_may_touch_and_those_of_one_activity_overlap(table):
    lines = ["walk.csv,1,5,9,UP", "walk.csv,1,0,5,DOWN", "walk.csv,1,6,10,UP"]
    assert len(read_table(table(SEGMENTS, *lines))[0].segments) == 3


def test_the_error_about_a_missing_table_describes_one(tmp_path):
    columns = "file, subject and either start_s, end_s, activity or label_column"
    expected = f"found no recordings.csv in it, expected a table with the columns {columns}"
    with refused(DataError, f"{tmp_path}: {expected}"):
        read_table(tmp_path)
    (tmp_path / "data.zip").touch()
    with refused(DataError, f"{tmp_path}/data.zip: {expected}"):
        read_table(tmp_path / "data.zip")


@pytest.mark.parametrize(
    ("heading", "found"),
    [
        ("file,subject,start_s,activity", "the columns file, subject, start_s, activity, expected"),
        ("", "the columns none, expected"),
        (f"{SEGMENTS},subject", "each once"),
        (f"{SEGMENTS},phone,pocket", "the unknown columns phone, pocket, expected"),
        (f"{LABELS},start_s,end_s", "both label_column and start_s, end_s, expected"),
    ],
)
def test_a_wrong_heading_is_refused(table, heading, found):
    with refused(DataError, "recordings.csv: found", found, "file, subject and either"):
        read_table(table(heading, "walk.csv,1"))


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ([], "recordings.csv: found no rows"),
        (["run.csv,1,0,5,RUN"], "line 2, file: found 'run.csv', expected a file in"),
        (["../walk.csv,1,0,5,RUN"], "line 2, file: found '../walk.csv', expected a file in"),
        (["walk.csv,1,0,5"], "line 2: found an unlabelled segment"),
        (["walk.csv,1,0,5, "], "leave the row out"),
        (["walk.csv,1,0,5,UP,DOWN"], "line 2: found 6 cells, expected 5 as in the heading"),
        (["walk.csv,P1,0,5,UP"], "line 2, subject: found 'P1', expected a whole number"),
        (["walk.csv,1.5,0,5,UP"], "line 2, subject: found '1.5', expected a whole number"),
        (["walk.csv,1,zero,5,UP"], "line 2, start_s: found 'zero', expected 0 or more seconds"),
        (["walk.csv,1,0,inf,UP"], "line 2, end_s: found 'inf', expected 0 or more seconds"),
        (["walk.csv,1,-1,5,UP"], "line 2, start_s: found '-1', expected 0 or more seconds"),
        (["walk.csv,1,5,5,UP"], "line 2, end_s: found '5', expected an end after the start at 5 s"),
        (
            ["walk.csv,1,0,5,UP", "walk.csv,2,5,9,UP"],
            "line 3, subject: found '2', expected '1' for walk.csv as in",
        ),
        (
            ["walk.csv,1,4,9,DOWN", "walk.csv,1,0,5,UP"],
            "line 2: found DOWN from 4 s on, expected nothing before 5 s, when UP ends",
        ),
        (
            ["walk.csv,1,0,9,UP", "walk.csv,1,1,2,UP", "walk.csv,1,5,6,DOWN"],
            "line 4: found DOWN from 5 s on, expected nothing before 9 s, when UP ends",
        ),
    ],
)
def test_a_wrong_line_is_named(table, lines, message):
    with refused(DataError, message):
        read_table(table(SEGMENTS, *lines))


@pytest.mark.parametrize(
    ("column", "value", "expected"),
    [
        ("rate_hz", "fast", "found 'fast', expected samples per second"),
        ("rate_hz", "5", "expected 10 to 1000"),
        ("time_unit", "weeks", "found unit 'weeks'"),
        ("acc_unit", "feet", "found unit 'feet'"),
        ("gyro_unit", "rpm", "found unit 'rpm'"),
    ],
)
def test_wrong_units_and_rates_are_named_with_their_line(table, column, value, expected):
    with refused(DataError, f"recordings.csv, line 2, {column}", expected):
        read_table(table(f"{LABELS},{column}", f"walk.csv,1,label,{value}"))


def test_a_file_has_one_row_that_names_its_column_of_labels(table):
    with refused(DataError, "line 3, file: found 'walk.csv', expected a row for each file, as in"):
        read_table(table(LABELS, "walk.csv,1,label", "walk.csv,1,label"))
    with refused(DataError, "line 2, label_column: found '', expected the name of a column"):
        read_table(table(LABELS, "walk.csv,1,"))


@pytest.mark.parametrize("content", [f'{SEGMENTS}\n"walk.csv'.encode(), SEGMENTS.encode("utf-16")])
def test_a_damaged_table_is_refused(tmp_path, content):
    (tmp_path / "recordings.csv").write_bytes(content)
    with refused(DataError, "recordings.csv: found", "expected a CSV file in UTF-8"):
        read_table(tmp_path)


def test_the_segments_of_one_recording_can_be_read_wherever_it_lies(table, tmp_path):
    folder = table(SEGMENTS, "home/walk.csv,1,10,20,UP", "gone.csv,1,0,5,REST")
    (segment,) = read_segments(folder / "recordings.csv", tmp_path / "elsewhere" / "walk.csv")
    assert (segment.start_s, segment.end_s, segment.activity) == (10, 20, "UP")


@pytest.mark.parametrize(
    ("heading", "line"), [(SEGMENTS, "walk.csv,1,10,20,UP"), (LABELS, "run.csv,1,label")]
)
def test_a_recording_without_segments_in_the_table_is_named(table, heading, line):
    folder = table(heading, line)
    with refused(DataError, "recordings.csv", "found no segment of run.csv"):
        read_segments(folder / "recordings.csv", Path("run.csv"))


def test_a_table_of_segments_that_is_not_there_is_named(tmp_path):
    with refused(DataError, f"{tmp_path}: found no truth.csv in it", "start_s, end_s"):
        read_segments(tmp_path / "truth.csv", Path("walk.csv"))
