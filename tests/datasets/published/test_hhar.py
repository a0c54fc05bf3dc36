from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose
from published_copies import as_folder, expected_windows, hhar

from har.config import DataConfig
from har.datasets.loading import read_data
from har.datasets.published import hhar as module
from har.errors import DataError

ACC, GYRO = (f"Activity recognition exp/Phones_{s}.csv" for s in ("accelerometer", "gyroscope"))


def read(files, tmp_path, **config):
    return read_data(as_folder(files, tmp_path), DataConfig(set="hhar", **config))


def test_each_device_of_a_person_is_a_recording_at_50_hz_in_g_and_rad_s(tmp_path):
    data = read(hhar(), tmp_path)
    assert (data.train.subject_names, data.test.subject_names) == (("a",), ("h", "i"))
    assert data.source.startswith("6 recordings of 3 people")
    walking = data.train.signals[data.train.labels == data.train.activities.index("WALKING")]
    expected = expected_windows()
    for of_device in (walking[:8], walking[8:]):
        assert_allclose(of_device[:-1], expected[: len(of_device) - 1], atol=0.01)


def test_rows_without_an_activity_are_left_out(tmp_path):
    data = read(hhar(), tmp_path)
    assert data.train.activities == ("WALKING", "SITTING")
    files = hhar()
    files[ACC] = files[ACC].replace(b",null\n", b",\n")
    assert read(files, tmp_path / "empty").fingerprint == data.fingerprint


def test_blocks_make_no_difference(tmp_path, monkeypatch):
    whole = read(hhar(), tmp_path)
    monkeypatch.setattr(module, "_ROWS_AT_ONCE", 700)
    assert read(hhar(), tmp_path).fingerprint == whole.fingerprint


def test_a_clock_of_another_pace_gives_way_to_the_time_of_arrival(tmp_path):
    data = read(hhar(pace=1e-3), tmp_path)
    usual = read(hhar(), tmp_path / "usual")
    assert len(data.train) == len(usual.train)
    assert any("accelerometer by Arrival_Time in milliseconds" in note for note in data.notes)
    assert_allclose(data.train.signals[:3], usual.train.signals[:3], atol=0.05)


def test_clocks_that_differ_between_sensors_give_way_too(tmp_path):
    files = hhar()
    # The gyroscope counts from another start.
    heading, *rows = (line.split(",") for line in files[GYRO].decode().splitlines())
    later = [[*row[:2], str(int(row[2]) + 9 * 10**14), *row[3:]] for row in rows]
    files[GYRO] = "\n".join(",".join(row) for row in [heading, *later]).encode() + b"\n"
    data = read(files, tmp_path)
    assert any("Arrival_Time" in note for note in data.notes)
    assert len(data.train) == len(read(hhar(), tmp_path / "usual").train)


def test_a_device_without_a_gyroscope_is_left_out_unless_it_is_not_needed(tmp_path):
    files = hhar()
    files[GYRO] = b"".join(row for row in files[GYRO].splitlines(True) if b"s3_2" not in row)
    data = read(files, tmp_path)
    assert data.source.startswith("3 recordings")
    assert any("s3_2: left out, because there is no gyroscope" in note for note in data.notes)
    assert read(files, tmp_path, sensors="acc").source.startswith("6 recordings")


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (lambda text: text.replace(b",sit\n", b",fly\n"), "found activity 'fly', expected walk"),
        (lambda text: text.replace(b"Creation_Time", b"Time"), "Creation_Time"),
        (
            lambda text: text + b"1,x,2,1,1,1,a,nexus4,nexus4_1,walk\n",
            "expected numbers in columns",
        ),
    ],
)
def test_other_rows_are_refused(edit, message, tmp_path):
    files = hhar(("a", "h"))
    files[ACC] = edit(files[ACC])
    with pytest.raises(DataError, match=f"Phones_accelerometer.csv.*{message}"):
        read(files, tmp_path)


def test_the_files_of_a_placement_must_be_there(tmp_path):
    files = {name: text for name, text in hhar().items() if "Watch_gyro" not in name}
    with pytest.raises(DataError, match="found no watch_gyroscope.csv, expected it; --data"):
        read(files, tmp_path, placement="watch")
    assert np.isfinite(read(files, tmp_path, placement="watch", sensors="acc").train.signals).all()
