from __future__ import annotations

from pathlib import Path

import pytest
from builders import refused

from har.datasets.own.recordings_table import ReadingSettings, read_segments, read_table
from har.datasets.own.segment_times import WrittenSegment
from har.errors import DataError

SEGMENTS = "file,subject,start_s,end_s,activity"
LABELS = "file,subject,label_column"


def no_clock():
    pytest.fail("nothing needs the clock of the recording")


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
    walk, rest = read_table(folder).files
    assert (walk.path, walk.subject, walk.label_column) == (folder / "walk.csv", "1", None)
    assert walk.segments == (
        WrittenSegment(10.0, 20.5, "UP", f"{folder}/recordings.csv, line 2"),
        WrittenSegment(2.0, 3.0, "DOWN", f"{folder}/recordings.csv, line 4"),
    )
    assert (rest.path, rest.subject, len(rest.segments)) == (folder / "home/rest.parquet", "2", 1)


def test_a_row_may_name_the_column_of_labels_instead(table):
    (walk,) = read_table(table(LABELS, "walk.csv,3,what I did")).files
    assert (walk.label_column, walk.segments, walk.subject) == ("what I did", (), "3")


def test_how_to_read_a_file_may_be_said_in_any_spelling(table):
    heading = f"{LABELS},rate_hz,time_unit,acc_unit,gyro_unit"
    lines = ["walk.csv,1,label,100,milliseconds,m/s²,dps", "home/rest.parquet,1,label,,,,"]
    walk, rest = read_table(table(heading, *lines)).files
    assert walk.settings == ReadingSettings(100.0, "ms", "m/s2", "deg/s")
    assert rest.settings == ReadingSettings()


def test_the_axis_that_points_up_may_be_said_of_each_file(table):
    lines = ["walk.csv,1,label,-y", "home/rest.parquet,1,label,"]
    walk, rest = read_table(table(f"{LABELS},upright", *lines)).files
    assert (walk.upright, rest.upright) == ("-y", None)


def test_no_other_axis_points_up(table):
    with refused(DataError, "line 2, upright: found 'up'", "x, -x, y, -y, z, -z, auto"):
        read_table(table(f"{LABELS},upright", "walk.csv,1,label,up"))


def test_what_spreadsheets_leave_behind_is_no_row(table):
    folder = table(SEGMENTS, "walk.csv, 1 , 0, 5, REST ", ",,,,", "", encoding="utf-8-sig")
    (walk,) = read_table(folder).files
    assert [segment.activity for segment in walk.segments] == ["REST"]


def test_segments_may_touch_and_those_of_one_activity_overlap(table):
    lines = ["walk.csv,1,5,9,UP", "walk.csv,1,0,5,DOWN", "walk.csv,1,6,10,UP"]
    assert len(read_table(table(SEGMENTS, *lines)).files[0].segments) == 3


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
        (
            "file,subject,start_s,activity",
            "the columns 'file', 'subject', 'start_s', 'activity', expected",
        ),
        (f"{SEGMENTS},subject", "each once"),
        ("file,subject,beginning,activity", "the column beginning, but no start_s"),
        ("file,activity", "the columns 'file', 'activity', expected"),
        (f"{SEGMENTS},label_column", "both label_column and start_s, end_s, activity"),
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
        (["walk.csv,,0,5,UP"], "line 2, subject: found '', expected a name or number for each"),
        (["walk.csv,1,0,14:05,UP"], "line 2, end_s: found '14:05', expected seconds in both"),
        (
            ["walk.csv,1,,,UP", "walk.csv,1,5,6,DOWN"],
            "line 3: found DOWN from 5 s on, expected nothing before the end, when UP ends",
        ),
        (
            ["walk.csv,1,0,5,Going up", "walk.csv,1,5,6,DOWN", "walk.csv,1,7,8,going_UP"],
            "line 4: found activities in two spellings ('Going up' and 'going_UP'), expected each",
        ),
        (
            ["walk.csv,P01,0,5,UP", "home/rest.parquet,p1,5,6,UP"],
            "line 3: found people in two spellings ('P01' and 'p1')",
        ),
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


@pytest.mark.parametrize(
    "content", [f'{SEGMENTS}\n"walk.csv'.encode(), b"PK\x03\x04", b"\xff\xfea"]
)
def test_a_damaged_table_is_refused(tmp_path, content):
    (tmp_path / "recordings.csv").write_bytes(content)
    with refused(DataError, "recordings.csv: found", "expected a", "CSV", "in UTF-8"):
        read_table(tmp_path)


def test_the_segments_of_one_recording_can_be_read_wherever_it_lies(table, tmp_path):
    folder = table(SEGMENTS, "home/walk.csv,1,10,20,UP", "gone.csv,1,0,5,REST")
    recording = tmp_path / "elsewhere" / "walk.csv"
    (segment,) = read_segments(folder / "recordings.csv", recording, 60.0, no_clock)
    assert (segment.start_s, segment.end_s, segment.activity) == (10, 20, "UP")


@pytest.mark.parametrize(
    ("heading", "line"), [(SEGMENTS, "walk.csv,1,10,20,UP"), (LABELS, "run.csv,1,label")]
)
def test_a_recording_without_segments_in_the_table_is_named(table, heading, line):
    folder = table(heading, line)
    with refused(DataError, "recordings.csv", "found no segment of run.csv"):
        read_segments(folder / "recordings.csv", Path("run.csv"), 60.0, no_clock)


def test_a_table_of_segments_that_is_not_there_is_named(tmp_path):
    with refused(DataError, f"{tmp_path}: found no truth.csv in it", "start_s, end_s"):
        read_segments(tmp_path / "truth.csv", Path("walk.csv"), 60.0, no_clock)


@pytest.mark.parametrize("delimiter", [";", "\t", "|", ","])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_a_table_is_read_as_a_spreadsheet_saves_it(table, delimiter, encoding):
    lines = [
        f"sep={delimiter}",
        "",
        " File ;SUBJECT; Start_s;end_s;activity;Anmerkung;;",
        'walk.csv;Jörg; "4,5";10.25;Gehen;"flott; bergauf";;',
        ";;;;;;;",
        "",
        'walk.csv;Jörg;"11,0";12;Gehen;;;',
    ]
    if delimiter != ";":
        lines = [line.replace("flott; bergauf", "flott").replace(";", delimiter) for line in lines]
    found = read_table(table(*lines, encoding=encoding))
    (walk,) = found.files
    assert walk.subject == "Jörg"
    assert [(s.start, s.end, s.activity) for s in walk.segments] == [
        (4.5, 10.25, "Gehen"),
        (11.0, 12.0, "Gehen"),
    ]
    assert found.notes == ("recordings.csv: the columns 'Anmerkung' are left out.",)


@pytest.mark.parametrize(
    ("heading", "line"),
    [("file,subject,activity", "walk.csv,1,UP"), (SEGMENTS, "walk.csv,1,,,UP")],
)
def test_an_activity_may_be_that_of_the_whole_file(table, heading, line):
    (walk,) = read_table(table(heading, line)).files
    assert [(s.start, s.end, s.activity) for s in walk.segments] == [(None, None, "UP")]


def test_two_activities_of_a_whole_file_contradict_each_other(table):
    with refused(DataError, "line 3: found DOWN from 0 s on", "the end, when UP ends"):
        read_table(table("file,subject,activity", "walk.csv,1,UP", "walk.csv,1,DOWN"))


@pytest.mark.parametrize("name", ["1", "01", "null", "None", "NA", "nan", "True", "1e3"])
def test_names_stay_as_they_are_written(table, name):
    (walk,) = read_table(table(SEGMENTS, f"walk.csv,{name},0,5,{name}")).files
    assert (walk.subject, walk.segments[0].activity) == (name, name)


def test_a_misspelt_column_is_not_left_out_silently(table):
    with refused(DataError, "found the column 'acc_units', expected 'acc_unit'?"):
        read_table(table(f"{SEGMENTS},acc_units", "walk.csv,1,0,5,UP,g"))


def test_several_people_in_a_file_are_named_by_one_of_its_columns(table):
    heading = "file,subject_column,label_column"
    (walk,) = read_table(table(heading, "walk.csv,who,did")).files
    assert (walk.subject, walk.subject_column, walk.label_column) == (None, "who", "did")
    folder = table("file,label_column", "walk.csv,did")
    assert read_table(folder, subject_column="who").files[0].subject_column == "who"
    with refused(DataError, "expected file, subject and either"):
        read_table(folder)
    with refused(DataError, "line 2, subject: found '1', expected none, as column 'who'"):
        read_table(table(LABELS, "walk.csv,1,did"), subject_column="who")
    with refused(DataError, "line 2: found start_s or end_s for a file of several people"):
        read_table(table(SEGMENTS, "walk.csv,,0,5,UP"), subject_column="who")
    with refused(DataError, "several people in one file a subject_column tells"):
        read_table(table(SEGMENTS, "walk.csv,1,0,5,UP", "walk.csv,2,5,9,UP"))
