from __future__ import annotations

import pytest
from builders import refused
from numpy.testing import assert_array_equal

from har.errors import DataError
from har.reading.tables.opening import check_heading

PLAIN = "time_s,acc_x,acc_y,acc_z,gyro_x,gyro_y,gyro_z"

ACTIGRAPH = """\
------------ Data File Created By ActiGraph GT9X ActiLife v6.13.4 date format dd/MM/yyyy at 50 Hz --
Serial Number: XXX0A00000000
Start Time 14:05:22
Start Date 24/11/2023
Epoch Period (hh:mm:ss) 00:00:00
Current Battery Voltage: 4.1     Mode = 12
--------------------------------------------------"""
GENEACTIV = """\
Device Type,GENEActiv
Device Model,1.1
Measurement Frequency,50 Hz
Measurement Period,7 Days

Sensor type,MEMS accelerometer x-axis
Range,-8 to 8
Units,g
Subject Code,0012
Calibration Date,2012-05-25 11:00:01:000"""
XSENS = """\
sep=,
DeviceTag:,Xsens DOT
FirmwareVersion:,2.0.0
SyncStatus:,Synced
OutputRate:,50Hz
FilterProfile:,General
Measurement Mode:,Custom Mode 1

"""


@pytest.mark.parametrize(
    ("before", "rate_hz"),
    [
        ("Recording of 24 November\n", None),
        ("Recording of 24 November,,,,,,\n,,,,,,", None),
        ("Walk, with stairs, of Ada\nby bus, 3, 4", None),
        ("// Device: phone\n// Start: 2023-11-24 14:05:22\n// Update Rate: 50.0Hz", 50.0),
        ("%OpenBCI\n%Sample Rate = 50 Hz\n%First Column = SampleIndex", 50.0),
        (";; made by an app\n;; fs: 50", 50.0),
        ("# Start,2023-11-24,14:05:22\n#\n# Sampling interval (ms): 20", 50.0),
        ('"sep=,"', None),
        ("sep=,\n", None),
        (ACTIGRAPH, 50.0),
        (GENEACTIV, 50.0),
        (XSENS, 50.0),
        ("\n".join(f"Setting {i},{i}" for i in range(300)), None),
    ],
)
def test_the_heading_is_found_below_other_lines(opened, read, numbers, lines_of, before, rate_hz):
    table = opened([*before.split("\n"), PLAIN, *lines_of()])
    assert (table.headings, table.rate_hz) == (tuple(PLAIN.split(",")), rate_hz)
    assert table.first_line is None
    assert_array_equal(read(table), numbers)


@pytest.mark.parametrize("mark", ["# ", "#", "%", "// "])
def test_a_comment_may_be_the_heading(opened, read, numbers, lines_of, mark):
    table = opened([f"{mark}made at noon, today", mark + PLAIN, *lines_of()])
    assert table.headings == tuple(PLAIN.split(","))
    assert_array_equal(read(table), numbers)


def test_names_that_are_not_understood_are_a_heading_all_the_same(opened, numbers, lines_of):
    names = "when;ax1;ax2;ax3;w1;w2;w3"
    table = opened(["Walk", names, *lines_of(";", ",")])
    assert table.headings == tuple(names.split(";"))
    assert table.notes == ("table: heading in line 2, below 1 line of other text",)


SHIMMER = "Timestamp_Unix_CAL\tAccel_X\tAccel_Y\tAccel_Z\tGyro_X\tGyro_Y\tGyro_Z\t"
UNITS = "ms\tm/(s^2)\tm/(s^2)\tm/(s^2)\tdeg/s\tdeg/s\tdeg/s\t"
JOINED = ("(ms)", *["(m/s^2)"] * 3, *["(deg/s)"] * 3)


@pytest.mark.parametrize(
    "between",
    [
        [UNITS],
        ["CAL\t" * 7, UNITS],
        [UNITS.replace("\t", "*\t").replace("ms*", "(ms)")],
        [UNITS.replace("m/(s^2)", "[m/s^2]")],
    ],
)
def test_units_below_the_heading_are_joined_to_it(opened, read, numbers, lines_of, between):
    table = opened(["sep=\t", "Shimmer\t" * 7, SHIMMER, *between, *lines_of("\t", end="\t")])
    assert tuple(heading.split(" ")[-1] for heading in table.headings) == JOINED
    assert table.headings[1] == "Accel_X (m/s^2)"
    assert_array_equal(read(table), numbers)
    assert f"table: units in line {3 + len(between)}" in table.notes


def test_units_of_other_things_are_left_out(opened, lines_of):
    units = "yyyy-mm-dd,g,g,no units,uT,uT,uT"
    table = opened([PLAIN, units, *lines_of()])
    assert table.headings[:4] == ("time_s", "acc_x (g)", "acc_y (g)", "acc_z")


@pytest.mark.parametrize(
    "heading",
    [
        "time,Accelerometer,,,Gyroscope,,\ns,x,y,z,x,y,z",
        ",Accelerometer,,,Gyroscope,,\ntime (s),x,y,z,x,y,z",
        "Accelerometer and gyro,,,,,,\ntime,acc_x,acc_y,acc_z,gyro_x,gyro_y,gyro_z",
        "time_s,acc,,,gyro,,\ntime_s,x,y,z,x,y,z",
        "Walk\ntime,acc,acc,acc,gyro,gyro,gyro\n,X,Y,Z,X,Y,Z",
    ],
)
def test_groups_over_columns_are_joined_to_their_names(opened, read, numbers, lines_of, heading):
    table = opened([*heading.split("\n"), *lines_of()])
    assert table.headings[0].startswith("time")
    assert [name.lower()[-1] for name in table.headings[1:]] == list("xyzxyz")
    assert [name.lower()[0] for name in table.headings[1:]] == list("aaaggg")
    assert_array_equal(read(table), numbers)


def test_a_comment_that_lists_columns_is_no_heading(opened, read, numbers, lines_of):
    names = PLAIN.replace(",", " ")
    rows = lines_of(" ")
    table = opened([f"# columns: {names}", names, *rows])
    assert table.headings == tuple(PLAIN.split(","))
    assert_array_equal(read(table), numbers)
    assert opened([f"# columns: {names}", *rows]).headings == tuple("1234567")


@pytest.mark.parametrize("before", [[], ["Walk of Ada", ""], GENEACTIV.split("\n")])
def test_without_a_heading_columns_have_numbers(opened, read, numbers, lines_of, before):
    table = opened([*before, *lines_of()])
    assert table.headings == tuple("1234567")
    assert_array_equal(read(table), numbers)
    assert "table: without a heading, columns by number" in table.notes
    with refused(
        DataError,
        "walk.csv: found no heading above '0.000,0.126,",
        "expected names such as time_s,acc_x",
        "--columns time=1,acc_x=2,acc_y=3,acc_z=4,gyro_x=5,gyro_y=6,gyro_z=7",
    ):
        check_heading(table)


def test_columns_that_a_program_counted_keep_their_numbers(opened, read, numbers, lines_of):
    table = opened(["0,1,2,3,4,5,6", *lines_of()])
    assert table.headings == tuple("0123456")
    assert_array_equal(read(table), numbers)


def test_a_first_row_without_signals_is_no_heading(opened, read):
    rows = ["2023-11-24T14:05:22,,,", *["2023-11-24T14:05:23,0.1,0.2,0.3"] * 9]
    table = opened(["time,acc_x,acc_y,acc_z", *rows])
    assert table.headings == ("time", "acc_x", "acc_y", "acc_z")
    assert len(read(table, 1)) == 10


def test_a_heading_alone_is_a_table_without_rows(opened, read):
    table = opened(["Walk", PLAIN])
    assert table.headings == tuple(PLAIN.split(","))
    assert len(read(table)) == 0
