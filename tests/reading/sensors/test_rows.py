from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from builders import refused

from har.errors import DataError
from har.reading.recording_files import read_recording
from har.reading.sensors.rows import split_by_sensor
from har.reading.tables.opening import open_table


@pytest.fixture(scope="module")
def phone(phone):
    """Half a minute of the carried phone."""
    return phone[:1500]


def events(phone, names, rate_hz=50.0, late_s=0.004):
    """Write each sample of two sensors as a row of its own, with times in ms, in order of time."""
    n_samples = len(phone)
    times = np.arange(n_samples) / rate_hz * 1000
    tables = [
        pd.DataFrame(
            {
                "sensor": name,
                "timestamp": times + start,
                **dict(zip("xyz", values.T, strict=True)),
            }
        )
        for name, start, values in zip(
            names, (0, late_s * 1000), (phone[:, :3] * 9.80665, phone[:, 3:]), strict=True
        )
    ]
    return pd.concat(tables).sort_values("timestamp", kind="stable")


@pytest.mark.parametrize(
    "names",
    [
        ("acc", "gyr"),
        ("Accelerometer", "Gyroscope"),
        ("android.sensor.accelerometer", "a.gyro"),
        ("A", "G"),
    ],
)
def test_rows_of_two_sensors_are_one_recording(tmp_path, phone, names):
    events(phone, names).to_csv(tmp_path / "long.csv", index=False)
    recording = read_recording(tmp_path / "long.csv")
    at = np.arange(len(recording)) / 50 + recording.stretches[0].start_s
    assert len(recording) == pytest.approx(1500, abs=2)
    for channel in (0, 5):
        late_s = 0.004 * (channel == 5)
        expected = np.interp(at - late_s, np.arange(1500) / 50, phone[:, channel])
        assert np.abs(recording.samples[:, channel] - expected).mean() < 0.01


def test_androids_numbers_of_sensors_are_understood(tmp_path, phone):
    table = events(phone, ("1", "4"))
    others = table.head(500).assign(sensor="2", x=40.0)
    mixed = pd.concat([others, table]).rename(columns={"sensor": "sensor_type"})
    mixed.to_csv(tmp_path / "long.csv", index=False)
    assert len(read_recording(tmp_path / "long.csv")) == pytest.approx(1500, abs=2)


def test_rows_of_gravity_and_the_rest_are_summed(tmp_path, phone):
    table = events(phone, ("linear_acceleration", "gyroscope"))
    is_linear = table["sensor"] == "linear_acceleration"
    gravity = table[is_linear].assign(sensor="gravity", x=0.0, y=0.0, z=9.80665)
    table.loc[is_linear, "z"] -= 9.80665
    pd.concat([table, gravity]).to_csv(tmp_path / "long.csv", index=False)
    recording = read_recording(tmp_path / "long.csv")
    assert np.abs(recording.samples[:1400, 2] - phone[:1400, 2]).mean() < 0.01
    assert any("the sum of gravity and of acceleration" in note for note in recording.notes)


def test_several_sensors_of_a_kind_are_refused(tmp_path, phone):
    table = events(phone, ("left acc", "gyro"))
    more = table[table["sensor"] == "left acc"].assign(sensor="right acc")
    pd.concat([table, more]).to_csv(tmp_path / "long.csv", index=False)
    with refused(DataError, "column 'sensor': found 'left acc' and 'right acc'"):
        read_recording(tmp_path / "long.csv")


def test_a_rate_cannot_stand_in_for_the_stamps_of_two_sensors(tmp_path, phone):
    events(phone[:500], ("acc", "gyr")).to_csv(tmp_path / "long.csv", index=False)
    with refused(DataError, "rows of several sensors", "leave --rate-hz out"):
        read_recording(tmp_path / "long.csv", rate_hz=50)


def test_a_column_of_other_words_makes_no_sensors(tmp_path):
    table = pd.DataFrame({"activity": ["walking", "sitting"], "t": [0, 1], "x": 1, "y": 2, "z": 3})
    table.to_csv(tmp_path / "walk.csv", index=False)
    assert split_by_sensor(open_table(tmp_path / "walk.csv")) is None


def test_hundreds_of_columns_are_not_read_one_after_the_other(tmp_path, phone, monkeypatch):
    table = events(phone[:50], ("acc", "gyr")).assign(**{f"c{n}": n for n in range(60)})
    table.to_csv(tmp_path / "wide.csv", index=False)
    opened = open_table(tmp_path / "wide.csv")
    monkeypatch.setattr(
        "har.reading.sensors.rows.texts_in", lambda *_column: pytest.fail("a column was read")
    )
    assert split_by_sensor(opened) is None
