from __future__ import annotations

from pathlib import Path

import pytest
from builders import refused

from har.errors import DataError
from har.reading.recording_paths import find_recordings, holds_one_recording, is_pattern


def fill(folder, *names):
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("content")


def names_of(folder, paths):
    return [path.relative_to(folder).as_posix() for path in paths]


def test_a_folder_is_searched_for_tables_in_the_order_of_their_names(tmp_path):
    fill(tmp_path, "b.csv", "a.parquet", "deep/er/c.txt", "photo.jpg", ".hidden.csv", "README.txt")
    fill(tmp_path, "recordings.csv", ".cache/d.csv")
    assert names_of(tmp_path, find_recordings([tmp_path])) == [
        "a.parquet",
        "b.csv",
        "deep/er/c.txt",
    ]


def test_what_har_wrote_is_no_recording(tmp_path):
    fill(tmp_path, "a.csv", "a-timeline.csv", "a-timeline-segments.csv", "a-timeline-about.json")
    fill(tmp_path, "out/finished.jsonl", "out/summary.csv", "out/deep/b-timeline.csv")
    assert names_of(tmp_path, find_recordings([tmp_path])) == ["a.csv"]


def test_a_file_is_taken_whatever_its_name(tmp_path):
    assert find_recordings([tmp_path / "odd.xyz"]) == [tmp_path / "odd.xyz"]


def test_a_folder_of_thousands_is_not_opened_to_find_them(tmp_path):
    fill(tmp_path, *(f"{number}.csv" for number in range(1200)))
    assert not holds_one_recording(tmp_path)
    assert len(find_recordings([tmp_path])) == 1200


def test_a_pattern_is_resolved_and_each_recording_is_there_once(tmp_path):
    fill(tmp_path, "b.csv", "a.csv", "c.txt")
    found = find_recordings([tmp_path / "b.csv", tmp_path / "*.csv"])
    assert names_of(tmp_path, found) == ["b.csv", "a.csv"]


def test_a_name_with_brackets_is_no_pattern_if_there_is_such_a_file(tmp_path):
    fill(tmp_path, "walk [1].csv")
    assert not is_pattern(tmp_path / "walk [1].csv")
    assert is_pattern(Path("data/*.csv"))


@pytest.mark.parametrize("path", ["*.csv", "empty"])
def test_nothing_found_is_one_line(path, tmp_path):
    (tmp_path / "empty").mkdir()
    with refused(DataError, str(tmp_path / path), "expected recordings"):
        find_recordings([tmp_path / path])


@pytest.mark.parametrize(
    ("names", "is_one"),
    [
        (("Accelerometer", "Gyroscope"), True),
        (("Accelerometer", "Linear Acceleration", "Gyroscope"), True),
        (("Accelerometer", "Gyroscope", "GyroscopeUncalibrated"), True),
        (("Acceleration", "AngularVelocity"), True),
        (("Accelerometer", "Gravity", "Gyroscope"), True),
        (("p1_acc", "p1_gyro", "p2_acc", "p2_gyro"), False),
        (("walk",), False),
    ],
)
def test_an_export_with_a_file_per_sensor_is_one_recording(names, is_one, tmp_path):
    fill(tmp_path / "walk", *(f"{name}.csv" for name in names))
    for name in names:
        (tmp_path / "walk" / f"{name}.csv").write_text("time_s,x,y,z\n0,1,0,0\n0.02,1,0,0\n")
    found = find_recordings([tmp_path])
    assert (found == [tmp_path / "walk"]) == is_one
    assert len(found) == (1 if is_one else len(names))
