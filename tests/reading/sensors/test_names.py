from __future__ import annotations

import pytest

from har.reading.sensors.names import axis_named, is_of_core_motion, sensor_named, words_of


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("accelerometerAccelerationX", ["accelerometer", "acceleration", "x"]),
        ("Shimmer_AD5E_Gyro-X", ["shimmer", "ad5", "e", "gyro", "x"]),
        ("IMUData x", ["imu", "data", "x"]),
        ("", []),
    ],
)
def test_words_are_parted_by_signs_and_capitals(text, words):
    assert words_of(text) == words


@pytest.mark.parametrize(
    ("text", "sensor", "is_second"),
    [
        ("Accelerometer", "acc", False),
        ("MetaWear_2019-03-20T10.47_C3A9_Accelerometer_50.000Hz_1.4.4", "acc", False),
        ("android.sensor.gyroscope", "gyro", False),
        ("gyr", "gyro", False),
        ("AngularVelocity", "gyro", False),
        ("GyroscopeUncalibrated", "gyro", True),
        ("TotalAcceleration", "acc", False),
        ("Linear Acceleration", "linear", False),
        ("acceleration without g", "linear", False),
        ("acceleration with g", "acc", False),
        ("user_acceleration", "linear", False),
        ("Gravity", "gravity", False),
    ],
)
def test_files_and_rows_name_their_sensors(text, sensor, is_second):
    name = sensor_named(text)
    assert (name.sensor, name.is_second) == (sensor, is_second)


@pytest.mark.parametrize(
    "text", ["Magnetometer", "Orientation", "Raw Data", "Barometer", "acc_mean", "Annotation", ""]
)
def test_other_sensors_and_what_is_computed_are_none(text):
    assert sensor_named(text) is None


def test_the_words_of_a_device_make_its_group():
    assert axis_named("watch_left_Acc_X").group == "watch left"
    assert axis_named("Accelerometer X").group == axis_named("acc_x").group == ""


@pytest.mark.parametrize("text", ["x y", "xz", "activity", "sensor", "", "roll_x", "fax"])
def test_what_is_no_axis_of_a_sensor_is_none(text):
    assert axis_named(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "userAcceleration.x",
        "motionUserAccelerationX(G)",
        "accelerometerAccelerationY(G)",
        "user_acc_z",
        "DMGrvX",
    ],
)
def test_headings_of_core_motion_are_known(text):
    assert is_of_core_motion(text)


@pytest.mark.parametrize("text", ["acc_x", "Linear Acceleration x (m/s^2)", "accelerometer_x"])
def test_other_headings_are_not_taken_for_core_motions(text):
    assert not is_of_core_motion(text)
