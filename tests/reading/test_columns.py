from __future__ import annotations

import pytest
from builders import refused

from har.errors import DataError
from har.reading.columns import PLAIN_HEADING, find_columns, read_heading

PLACE = "walk.csv"
ALIASES = ("t", "ax", "ay", "az", "gx", "gy", "gz")


def test_the_plain_heading_needs_no_words_whatever_stands_beside_it():
    headings = ["timestamp", "ax", "note", *PLAIN_HEADING, "linear_acc_x"]
    columns = find_columns(headings, PLACE)
    assert list(columns.indices.values()) == [3, 4, 5, 6, 7, 8, 9]
    assert (columns.time_unit, columns.acc_unit, columns.gyro_unit) == ("s", None, None)
    assert columns.notes == []


def test_other_names_are_noted():
    columns = find_columns(["gz", "gy", "gx", "Acc Z (g)", "ay", "acc_x", "ts"], PLACE)
    assert columns.indices == dict(zip(("time", *PLAIN_HEADING[1:]), range(6, -1, -1), strict=True))
    assert columns.acc_unit == "g"
    (note,) = columns.notes
    assert note.startswith("columns: time from 'ts', acc_y from 'ay', acc_z from 'Acc Z (g)', gyro")


def test_the_users_word_wins():
    columns = find_columns([*ALIASES, "up (m/s²)"], PLACE, {"acc_x": "up (m/s²)"})
    assert columns.indices["acc_x"] == 7
    assert columns.acc_unit == "m/s2"


def test_a_gyroscope_that_is_not_needed_is_left_out():
    assert find_columns(ALIASES, PLACE, needs_gyroscope=False).channels == PLAIN_HEADING[1:4]
    assert find_columns(ALIASES[1:4], PLACE, None, False, False).channels == PLAIN_HEADING[1:4]


@pytest.mark.parametrize(
    ("headings", "named", "parts"),
    [
        ([*ALIASES, "acc_x"], {}, ["'ax' and 'acc_x' for acc_x, expected one", "columns="]),
        ([*ALIASES, "ax"], {"acc_x": "ax"}, ["'ax' and 'ax' for acc_x, expected one"]),
        (ALIASES, {"acc_x": "ay"}, ["found 'ay' for acc_x and acc_y, expected it for one"]),
        (
            ALIASES[:4],
            {},
            ["found no gyroscope among columns t, ax, ay, az", "har train --data.sensors acc"],
        ),
        (ALIASES[1:], {}, ["expected one of time stamps", "rate_hz"]),
        (["t", "linear_acc_x", *ALIASES[4:]], {}, ["without gravity (linear_acc_x)", "total"]),
        (ALIASES, {"acc_x": "up"}, ["no column 'up' for acc_x, expected one of t, ax"]),
        (["t (weeks)", *ALIASES[1:]], {}, ["column 't (weeks)': found unit 'weeks'"]),
        (
            ["t", "ax (furlong)", *ALIASES[2:]],
            {},
            ["found unit 'furlong', expected one of g, m/s2"],
        ),
        (["t", "ax (g)", "ay (mg)", *ALIASES[3:]], {}, ["different units in ax (g), ay (mg)"]),
        ([f"column {i}" for i in range(50)], {}, ["column 11 and 38 more"]),
    ],
)
def test_columns_that_cannot_be_recognised_are_refused(headings, named, parts):
    with refused(DataError, PLACE, *parts):
        find_columns(headings, PLACE, named)


def test_a_channel_that_does_not_exist_cannot_be_named():
    with refused(DataError, "columns: found 'acc_w', expected one of time, acc_x"):
        find_columns(ALIASES, PLACE, {"acc_w": "ax"})


@pytest.mark.parametrize(
    ("text", "role", "unit"),
    [
        ("acc_x", "acc_x", None),
        ("accX", "acc_x", None),
        (" Ax ", "acc_x", None),
        ("accelerometer_y", "acc_y", None),
        ("Acceleration z (m/s^2)", "acc_z", "m/s^2"),
        ("total_acc_x", "acc_x", None),
        ("accelerometerAccelerationX(G)", "acc_x", "G"),
        ("acc_x_mg", "acc_x", "mg"),
        ("gFx", "acc_x", None),
        ("gyro_x", "gyro_x", None),
        ("gx", "gyro_x", None),
        ("gyrX", "gyro_x", None),
        ("wz", "gyro_z", None),
        ("Gyroscope y [rad/s]", "gyro_y", "rad/s"),
        ("rotation-rate x", "gyro_x", None),
        ("gyro_x_dps", "gyro_x", "dps"),
        ("userAccelerationX", "linear_x", None),
        ("Linear Acceleration x (m/s^2)", "linear_x", "m/s^2"),
        ("time_s", "time", "s"),
        ("Time (s)", "time", "s"),
        ("timestamp", "time", None),
        ("t", "time", None),
        ("ts", "time", None),
        ("seconds_elapsed", "time", "seconds"),
        ("unix_ms", "time", "ms"),
        ("timestamp [ns]", "time", "ns"),
        ("magnetometer_x", None, None),
        ("gravity_x", None, None),
        ("label (text)", None, "text"),
    ],
)
def test_headings_of_phones_apps_are_understood(text, role, unit):
    heading = read_heading(text)
    assert (heading.text, heading.role, heading.unit) == (text, role, unit)
