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
    assert (columns.time_units, columns.acc_unit, columns.gyro_unit) == ({"time": "s"}, None, None)
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
        ([*ALIASES, "acc_x"], {}, ["'ax' and 'acc_x' for acc_x, expected one", "--columns acc_x="]),
        ([*ALIASES, "ax"], {"acc_x": "ax"}, ["'ax' and 'ax' for acc_x, expected one"]),
        (ALIASES, {"acc_x": "ay"}, ["found 'ay' for acc_x and acc_y, expected it for one"]),
        (
            ALIASES[:4],
            {},
            ["found columns 't', 'ax', 'ay', 'az', expected also gyro_x: this model needs"],
        ),
        (
            [*ALIASES, "left_acc_x", "left_acc_y", "left_acc_z"],
            {},
            ["several sensors for acc_x, 'ax' and 'left_acc_x'", "--columns acc_x="],
        ),
        (ALIASES[1:], {}, ["expected one of time stamps", "--rate-hz"]),
        (["t", "linear_acc_x", *ALIASES[4:]], {}, ["without gravity ('linear_acc_x')", "total"]),
        (ALIASES, {"acc_x": "up"}, ["no column 'up' for acc_x, expected one of 't', 'ax'"]),
        (["t (weeks)", *ALIASES[1:]], {}, ["column 't (weeks)': found unit 'weeks'"]),
        (
            ["t", "ax (furlong)", *ALIASES[2:]],
            {},
            ["found unit 'furlong', expected one of g, m/s2"],
        ),
        (["t", "ax (g)", "ay (mg)", *ALIASES[3:]], {}, ["different units in 'ax (g)', 'ay (mg)'"]),
        ([f"column {i}" for i in range(50)], {}, ["'column 7' and 42 more"]),
    ],
)
def test_columns_that_cannot_be_recognised_are_refused(headings, named, parts):
    with refused(DataError, PLACE, *parts):
        find_columns(headings, PLACE, named)


def test_a_channel_that_does_not_exist_cannot_be_named():
    with refused(DataError, "--columns: found 'acc_w', expected one of time, acc_x"):
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
        ("gravity_x", "gravity_x", None),
        ("ACC X [mg]", "acc_x", "mg"),
        ("acceleration_m/s^2_x", "acc_x", "ms2"),
        ("LSM6DSO_ACC_X", "acc_x", None),
        ("left_acc_x_g", "acc_x", "g"),
        ("phone_gx", "gyro_x", None),
        ("Shimmer_1234_Accel_LN_X_CAL (m/(s^2))", "acc_x", "m/(s^2"),
        ("Shimmer_1234_Mag_X_CAL", None, None),
        ("Acc_x_mean", None, None),
        ("FreeAcc_X", "linear_x", None),
        ("x-axis (g)", "axis_x", "g"),
        ("loggingTime(txt)", "time", None),
        ("timestamp (+0700)", "time", None),
        ("label (text)", None, "text"),
    ],
)
def test_headings_of_phones_apps_are_understood(text, role, unit):
    heading = read_heading(text)
    assert (heading.text, heading.role, heading.unit) == (text, role, unit)


def shimmer_headings(*sensors):
    axes = [f"Shimmer_1234_{sensor}_{axis}_CAL" for sensor in sensors for axis in "XYZ"]
    return ["Shimmer_1234_Timestamp_Unix_CAL", *axes]


def test_a_devices_name_around_a_sensors_does_not_matter():
    columns = find_columns(shimmer_headings("Accel_LN", "Gyro"), PLACE)
    assert list(columns.indices.values()) == [0, 1, 2, 3, 4, 5, 6]


def test_of_several_accelerometers_one_has_to_be_chosen_by_one_of_its_axes():
    headings = shimmer_headings("Accel_LN", "Accel_WR", "Gyro")
    with refused(DataError, "'Shimmer_1234_Accel_LN_X_CAL' and 'Shimmer_1234_Accel_WR_X_CAL'"):
        find_columns(headings, PLACE)
    columns = find_columns(headings, PLACE, {"acc_x": "Shimmer_1234_Accel_WR_X_CAL"})
    assert [columns.indices[f"acc_{axis}"] for axis in "xyz"] == [4, 5, 6]


def test_the_gyroscope_of_the_accelerometers_device_is_taken():
    headings = [
        "t",
        *(
            f"{d}_{s}_{a}"
            for d, s in [("watch", "gyro"), ("phone", "gyro"), ("phone", "acc")]
            for a in "xyz"
        ),
    ]
    columns = find_columns(headings, PLACE)
    assert [columns.indices[f"gyro_{axis}"] for axis in "xyz"] == [4, 5, 6]


def test_values_that_are_not_calibrated_come_second():
    raw = ["Shimmer_Accel_LN_X_RAW", "Shimmer_Accel_LN_Y_RAW", "Shimmer_Accel_LN_Z_RAW"]
    headings = ["t", *raw, *(text.replace("RAW", "CAL") for text in raw), *ALIASES[4:]]
    assert find_columns(headings, PLACE).indices["acc_x"] == 4
    assert find_columns([*ALIASES[:1], *raw, *ALIASES[4:]], PLACE).indices["acc_x"] == 1


def test_beside_g_force_a_is_acceleration_without_gravity():
    headings = ["time", "gFx", "gFy", "gFz", "ax", "ay", "az", "wx", "wy", "wz"]
    columns = find_columns(headings, PLACE)
    assert list(columns.indices.values()) == [0, 1, 2, 3, 7, 8, 9]


def apples(gravity, user, rate):
    return [form.format(axis) for form in (gravity, user, rate) for axis in "xyz"]


@pytest.mark.parametrize(
    ("headings", "is_reversed"),
    [
        (apples("gravity.{}", "userAcceleration.{}", "rotationRate.{}"), True),
        (apples("motionGravity_{}(G)", "motionUserAcceleration_{}(G)", "gyro_{}"), True),
        (apples("GRAVITY {} (m/s²)", "LINEAR ACCELERATION {} (m/s²)", "GYROSCOPE {}"), False),
    ],
)
def test_gravity_and_the_rest_are_to_be_summed_and_signs_told(headings, is_reversed):
    columns = find_columns(headings, PLACE, needs_time=False)
    assert columns.is_sum
    assert columns.is_reversed == is_reversed
    assert columns.channels == PLAIN_HEADING[1:]
    assert columns.indices["linear_y"] == 4
    assert any("the sum of gravity" in note for note in columns.notes)
    assert any("signs" in note for note in columns.notes) == is_reversed


def test_an_accelerometer_goes_before_a_sum():
    headings = [*apples("gravity.{}", "userAcceleration.{}", "gyro.{}"), *ALIASES[1:4]]
    columns = find_columns(headings, PLACE, needs_time=False)
    assert (columns.is_sum, columns.is_reversed) == (False, True)


def test_sensorlogs_headings_tell_apples_signs():
    headings = [
        f"{n}{a}({u})"
        for n, u in [("accelerometerAcceleration", "G"), ("gyroRotation", "rad/s")]
        for a in "XYZ"
    ]
    assert find_columns(["loggingTime(txt)", *headings], PLACE).is_reversed
    assert not find_columns(ALIASES, PLACE).is_reversed


def test_columns_can_be_given_by_number():
    named = dict(zip(("time", *PLAIN_HEADING[1:]), map(str, range(1, 8)), strict=True))
    assert list(find_columns([f"c{i}" for i in range(7)], PLACE, named).indices.values()) == [
        *range(7)
    ]
    with refused(DataError, "found no column '8' for acc_x", "or a number from 1 to 7"):
        find_columns(ALIASES, PLACE, {"acc_x": "8"})


def test_a_heading_that_is_a_number_goes_before_the_number():
    headings = ["t", "2", "1", "0", *ALIASES[4:]]
    named = {"acc_x": "1", "acc_y": "2", "acc_z": "0"}
    assert find_columns(headings, PLACE, named).indices["acc_x"] == 2


def test_a_declared_unit_wins_over_a_bracket_that_is_none():
    headings = ["t (weeks)", *(f"{n} (raw)" for n in ALIASES[1:])]
    with refused(DataError, "found unit 'raw'", "--acc-unit"):
        find_columns(headings, PLACE, declared=["time"])
    columns = find_columns(headings, PLACE, declared=["time", "acc", "gyro"])
    assert columns.time_units == {"time": None}
    assert (columns.acc_unit, columns.gyro_unit) == (None, None)


@pytest.mark.parametrize(
    ("sensor", "first"), [("acc", "acc_x"), ("linear", "acc_x"), ("gyro", "gyro_x")]
)
def test_bare_axes_are_those_of_the_tables_sensor(sensor, first):
    columns = find_columns(
        ["time", "z (m/s²)"[: 1 if sensor == "gyro" else None], "y", "x"], PLACE, sensor=sensor
    )
    assert columns.indices[first] == 3
    assert len(columns.channels) == 3
