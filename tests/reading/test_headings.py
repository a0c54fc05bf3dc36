from __future__ import annotations

import pytest

from har.reading.headings import read_heading


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
