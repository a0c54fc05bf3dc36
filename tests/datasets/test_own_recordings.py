from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from builders import refused
from numpy.testing import assert_array_equal

from har.config import DataConfig
from har.datasets import loading
from har.datasets.loading import open_all_subjects, open_data, open_training
from har.datasets.own_recordings import read_own_recordings
from har.errors import ConfigError, DataError
from har.signals.channels import RAW_CHANNELS, UCI_CHANNELS
from har.signals.filters import uci_har_channels
from har.signals.windows import sliding_windows

SEGMENTS = "file,subject,start_s,end_s,activity"
LABELS = "file,subject,label_column"
TEST_ON_2 = DataConfig(set="recordings", test_subjects=(2,))


def recorded(n_samples=1000, seed=0) -> pd.DataFrame:
    """Return the file of a phone that hangs upright and sways, at 50 Hz."""
    random = np.random.default_rng(seed)
    samples = random.normal([1, 0, 0, 0, 0, 0], 0.05, (n_samples, 6)).astype(np.float32)
    table = pd.DataFrame(samples, columns=list(RAW_CHANNELS))
    table.insert(0, "time_s", np.arange(n_samples) / 50)
    return table


@pytest.fixture
def folder(tmp_path):
    """Write recordings and their table: `folder({"a.csv": recorded()}, heading, *lines)`."""

    def write(recordings, *lines):
        for name, recording in recordings.items():
            recording.to_csv(tmp_path / name, index=False)
        (tmp_path / "recordings.csv").write_text("\n".join(lines))
        return tmp_path

    return write


@pytest.fixture
def of_two(folder):
    """Write recordings of 20 s of two people: `of_two(*lines)` with lines of segments."""
    recordings = {"a.csv": recorded(seed=1), "b.csv": recorded(seed=2)}
    return lambda *lines: folder(recordings, SEGMENTS, *lines)


def read(folder, config=TEST_ON_2):
    return read_own_recordings(folder, config)


def windows_of(recording, first=0, last=None):
    """Return all windows of a part of a file, whatever the activity."""
    samples = recording[list(RAW_CHANNELS)].to_numpy(np.float32)[first:last]
    channels = uci_har_channels(samples, start="settled").astype(np.float32)
    return sliding_windows(channels, 128, 64)


def test_segments_become_windows_of_their_people(of_two):
    data = read(of_two("a.csv,1,0,20,WALKING", "b.csv,2,0,10,RUNNING", "b.csv,2,10,20,WALKING"))
    assert_array_equal(data.train.signals, windows_of(recorded(seed=1)))
    assert data.train.subjects.tolist() == [1] * 14
    assert data.train.labels.tolist() == [0] * 14
    # Windows begin every 1.28 s; those that begin at 7.68 s and 8.96 s end after 10 s.
    expected = windows_of(recorded(seed=2))
    assert_array_equal(data.test.signals, np.delete(expected, [6, 7], axis=0))
    assert data.test.labels.tolist() == [1] * 6 + [0] * 6
    assert data.test.channels == UCI_CHANNELS
    assert (data.name, data.source) == (
        of_two().name,
        f"2 recordings of 2 people in {of_two()}",
    )


def test_a_column_of_labels_gives_the_same_as_segments(of_two, folder):
    lines = ["a.csv,1,0,6.5,REST", "a.csv,1,6.5,12.02,WALKING", "b.csv,2,4,20,REST"]
    by_segments = read(of_two(*lines))
    recordings = {"a.csv": recorded(seed=1), "b.csv": recorded(seed=2)}
    for name, recording in recordings.items():
        recording["did"] = ""
        for file, _subject, start_s, end_s, activity in (line.split(",") for line in lines):
            if file == name:
                first, last = round(float(start_s) * 50), round(float(end_s) * 50)
                recording.loc[first : last - 1, "did"] = activity
    by_column = read(folder(recordings, LABELS, "a.csv,1,did", "b.csv,2,did"))
    assert by_column.fingerprint == by_segments.fingerprint
    assert by_column.notes == by_segments.notes


def test_filters_and_windows_start_anew_after_a_gap(folder):
    recording = recorded(1100).drop(index=range(300, 500))
    recordings = {"a.csv": recording, "b.csv": recorded(seed=2)}
    lines = ["a.csv,1,0,22,REST", "b.csv,2,0,20,REST"]
    data = read(folder(recordings, SEGMENTS, *lines))
    expected = [windows_of(recording, 0, 300), windows_of(recording, 300)]
    assert_array_equal(data.train.signals, np.concatenate(expected))


def test_parts_that_are_too_short_for_a_window_are_counted(folder):
    recording = recorded(600).drop(index=[*range(100, 200), *range(500, 520)])
    recordings = {"a.csv": recording, "b.csv": recorded(seed=2), "c.csv": recorded(110)}
    lines = ["a.csv,1,0,12,REST", "b.csv,2,0,20,REST", "c.csv,1,0,2,REST"]
    data = read(folder(recordings, SEGMENTS, *lines))
    assert len(data.train) == 3  # of the 300 samples in the middle
    assert "Parts between gaps that are shorter than 128 samples, left out: 3." in data.notes


def test_known_activities_come_first_in_their_order_and_others_by_name(of_two):
    done = ("b", "LIE_TO_STAND", "a", "SITTING")
    lines = [f"a.csv,1,{5 * i},{5 * (i + 1)},{activity}" for i, activity in enumerate(done)]
    data = read(of_two(*lines, "b.csv,2,0,20,WALKING"))
    assert data.train.activities == ("WALKING", "SITTING", "LIE_TO_STAND", "a", "b")
    assert data.test.activities == data.train.activities


def test_without_any_gyroscope_there_are_six_channels(folder):
    recordings = {
        name: recorded(seed=seed).drop(columns=["gyro_x", "gyro_y", "gyro_z"])
        for seed, name in enumerate(("a.csv", "b.csv"))
    }
    data = read(folder(recordings, SEGMENTS, "a.csv,1,0,20,REST", "b.csv,2,0,20,REST"))
    assert data.train.channels == tuple(name for name in UCI_CHANNELS if "acc" in name)
    assert_array_equal(data.train.signals, windows_of(recorded(seed=0))[:, :, [0, 1, 2, 6, 7, 8]])


def test_a_gyroscope_in_some_recordings_only_is_refused(folder):
    without = recorded().drop(columns=["gyro_x", "gyro_y", "gyro_z"])
    recordings = {"a.csv": recorded(), "b.csv": without}
    with refused(DataError, "b.csv: found no gyroscope, but one in", "a.csv, expected it in all"):
        read(folder(recordings, SEGMENTS, "a.csv,1,0,20,REST", "b.csv,2,0,20,REST"))


def test_what_was_left_out_is_counted_in_the_notes(of_two):
    lines = ["a.csv,1,0,10,WALKING", "a.csv,1,10,12,TURN", "b.csv,2,0,20,WALKING"]
    notes = read(of_two(*lines, "b.csv,2,19,20,WALKING")).notes
    assert set(notes[:6]) == {
        "Windows of 128 samples, one every 64: 20.",
        "Windows in the first 10 s of a recording or after a gap, kept: 14.",
        "Windows over two activities, left out: 2.",
        "Windows partly without an activity, left out: 2.",
        "Windows without an activity, left out: 4.",
        "TURN: fills no window, so it is left out.",
    }


def test_a_phone_that_is_said_to_be_worn_otherwise_is_turned_upright(folder):
    in_pouch = recorded()
    for sensor in ("acc", "gyro"):
        x, y = (in_pouch[f"{sensor}_{axis}"].copy() for axis in "xy")
        in_pouch[f"{sensor}_x"], in_pouch[f"{sensor}_y"] = -y, x
    recordings = {"a.csv": in_pouch, "b.csv": recorded()}
    lines = ["a.csv,1,0,20,REST,y", "b.csv,2,0,20,REST,"]
    data = read(folder(recordings, f"{SEGMENTS},upright", *lines))
    assert_array_equal(data.train.signals, data.test.signals)
    assert any("upright: y taken to point up" in note for note in data.notes)


def test_the_setting_is_for_files_that_say_nothing(of_two):
    lines = ["a.csv,1,0,20,REST", "b.csv,2,0,20,REST"]
    usual, turned = (
        read(of_two(*lines), replace(TEST_ON_2, upright=upright)) for upright in (None, "-x")
    )
    signs = np.tile([-1, -1, 1], 3).astype(np.float32)
    np.testing.assert_allclose(turned.train.signals, usual.train.signals * signs, atol=1e-6)


def test_an_activity_of_one_split_only_is_noted(of_two):
    lines = ["a.csv,1,0,10,WALKING", "a.csv,1,10,20,REST", "b.csv,2,0,10,REST", "b.csv,2,10,20,RUN"]
    notes = read(of_two(*lines)).notes
    assert "WALKING: no test subject does it, so it is not tested." in notes
    assert "RUN: only test subjects do it, so it cannot be learned." in notes
    assert not any(note.startswith("REST") for note in notes)


def test_an_assumption_about_many_recordings_is_noted_once(of_two):
    notes = read(of_two("a.csv,1,0,20,REST", "b.csv,2,0,20,REST")).notes
    (unit,) = (note for note in notes if "acceleration: in g" in note)
    assert unit.startswith("a.csv: ")
    assert unit.endswith(" (alike in 1 more)")


@pytest.mark.parametrize(
    ("test_subjects", "message"),
    [
        (None, "found null, expected some of the subjects in"),
        (None, ": 1, 2; for example --data.test_subjects=[2]"),
        ((2, 7), "found 7, expected some of the subjects in"),
        ((1, 2), "found all subjects in"),
    ],
)
def test_whom_to_test_on_must_be_named_and_be_there(of_two, test_subjects, message):
    config = DataConfig(set="recordings", test_subjects=test_subjects)
    with refused(ConfigError, "data.test_subjects: ", message):
        read(of_two("a.csv,1,0,20,REST", "b.csv,2,0,20,REST"), config)


@pytest.mark.parametrize(("unlabelled", "split"), [("a.csv,1", "train"), ("b.csv,2", "test")])
def test_windows_to_train_and_to_test_on_are_needed(of_two, unlabelled, split):
    lines = ["a.csv,1,0,20,REST", "b.csv,2,0,20,REST"]
    lines = [f"{unlabelled},0,2,REST" if line.startswith(unlabelled) else line for line in lines]
    with refused(DataError, f"found no window with an activity to {split} on", "2.56 s"):
        read(of_two(*lines))


def test_a_folder_is_opened_by_its_settings_and_again_from_the_cache(of_two, monkeypatch):
    lines = ["a.csv,1,0,10,WALKING", "a.csv,1,10,20,REST", "b.csv,2,0,20,REST"]
    root = str(of_two(*lines))
    config = DataConfig(set="recordings", root=root, test_subjects=(2,), activities=("REST",))
    data = open_data(config)
    assert data.train.activities == ("REST",)
    assert (len(data.train), len(data.test)) == (6, 14)
    monkeypatch.setattr(loading, "read_own_recordings", lambda *_: pytest.fail("read again"))
    again = open_data(config)
    assert (again.fingerprint, again.notes) == (data.fingerprint, data.notes)


def test_without_a_folder_nothing_is_guessed(monkeypatch, tmp_path):
    monkeypatch.delenv("HAR_DATA", raising=False)
    monkeypatch.chdir(tmp_path)
    with refused(ConfigError, "data.root: found null, expected the folder with recordings.csv"):
        open_data(TEST_ON_2)


def test_people_may_be_text_throughout(folder):
    recordings = {f"{number}.csv": recorded(300, seed=number) for number in (2, 9, 10)}
    lines = [f"{number}.csv,P{number},0,6,REST" for number in (10, 9, 2)]
    config = DataConfig(set="recordings", test_subjects=("P10",))
    data = read(folder(recordings, SEGMENTS, *lines), config)
    assert data.train.subject_names == ("P2", "P9")
    assert data.test.subject_names == ("P10",)
    for known in ("p10", "P010"):
        config = DataConfig(set="recordings", test_subjects=(known,))
        assert read(folder(recordings, SEGMENTS, *lines), config).test.subject_names == ("P10",)
    with refused(ConfigError, "found P3, expected some of the subjects in", ": P2, P9, P10"):
        read(
            folder(recordings, SEGMENTS, *lines),
            DataConfig(set="recordings", test_subjects=("P3",)),
        )


@pytest.mark.parametrize(
    "names", [("1", "2"), ("01", "10"), ("null", "NA"), ("nan", "None"), ("True", "False")]
)
def test_activities_are_named_as_they_are_written(folder, names):
    recordings = {"a.csv": recorded(seed=1), "b.csv": recorded(seed=2)}
    for recording in recordings.values():
        recording["did"] = [names[0]] * 500 + [names[1]] * 400 + [""] * 100
    data = read(folder(recordings, LABELS, "a.csv,1,did", "b.csv,2,did"))
    assert set(data.train.activities) == set(names)
    lines = [f"{file},{s}" for s, file in enumerate(("a.csv", "b.csv"), start=1)]
    lines = [
        f"{line},{e},{n}" for line in lines for e, n in zip(("0,10", "10,18"), names, strict=True)
    ]
    assert read(folder(recordings, SEGMENTS, *lines)).fingerprint == data.fingerprint


def test_one_activity_in_two_spellings_is_refused_wherever_it_is_written(folder):
    recordings = {"a.csv": recorded(seed=1), "b.csv": recorded(seed=2)}
    recordings["a.csv"]["did"], recordings["b.csv"]["did"] = "Walking up", "WALKING_UP"
    with refused(DataError, "b.csv: found activities in two spellings", "'WALKING_UP'"):
        read(folder(recordings, LABELS, "a.csv,1,did", "b.csv,2,did"))


def test_several_people_in_a_file_are_read_as_if_each_had_one(folder):
    recordings = {"a.csv": recorded(seed=1), "b.csv": recorded(500, seed=2)}
    lines = ["a.csv,Anna,0,20,REST", "b.csv,Ben,0,10,REST"]
    config = DataConfig(set="recordings", test_subjects=("Ben",))
    apart = read(folder(recordings, SEGMENTS, *lines), config)
    for recording, person in zip(recordings.values(), ("Anna", "Ben"), strict=True):
        recording["person"], recording["did"] = person, "REST"
    joined = pd.concat(recordings.values())
    heading = "file,subject_column,label_column"
    together = read(folder({"c.csv": joined}, heading, "c.csv,person,did"), config)
    assert together.fingerprint == apart.fingerprint
    assert together.source.startswith("1 recordings of 2 people in ")
    config = DataConfig(set="recordings", test_subjects=("Ben",), subject_column="person")
    whole = read(
        folder({"c.csv": joined.iloc[::-1].iloc[::-1]}, "file,activity", "c.csv,REST"), config
    )
    assert whole.fingerprint == apart.fingerprint


def test_moments_are_placed_by_the_time_stamps_of_the_recording(folder):
    recordings = {"a.csv": recorded(seed=1), "b.csv": recorded(seed=2)}
    lines = ["a.csv,1,2,20,REST", "b.csv,2,0,10,REST"]
    in_seconds = read(folder(recordings, SEGMENTS, *lines))
    times = pd.Timestamp("2023-11-24 23:59:50") + pd.to_timedelta(recorded()["time_s"], unit="s")
    recordings["a.csv"]["time_s"] = times.dt.strftime("%Y-%m-%d %H:%M:%S.%f")
    recordings["b.csv"]["time_s"] = (times - pd.Timestamp(0)) // pd.Timedelta("1ms")
    recordings["b.csv"] = recordings["b.csv"].rename(columns={"time_s": "timestamp"})
    lines = [
        "a.csv,1,2023-11-24T23:59:52,2023-11-25T00:00:10,REST",
        "b.csv,2,23:59:50,0:00:00,REST",
    ]
    data = read(folder(recordings, SEGMENTS, *lines))
    assert_array_equal(data.train.signals, in_seconds.train.signals)
    assert len(data.test) == len(in_seconds.test)


def test_seconds_since_the_start_do_not_tell_the_time_of_day(of_two):
    with refused(
        DataError,
        "a.csv: found time stamps that do not tell the time of day",
        "in seconds from the first",
    ):
        read(of_two("a.csv,1,14:00,14:01,REST", "b.csv,2,0,20,REST"))


def test_the_accelerometer_alone_is_read_whether_or_not_there_is_a_gyroscope(folder):
    without = recorded(seed=2).drop(columns=["gyro_x", "gyro_y", "gyro_z"])
    recordings = {"a.csv": recorded(seed=1), "b.csv": without}
    lines = ["a.csv,1,0,20,REST", "b.csv,2,0,20,REST"]
    config = DataConfig(set="recordings", test_subjects=(2,), sensors="acc")
    data = read(folder(recordings, SEGMENTS, *lines), config)
    assert data.train.channels == tuple(name for name in UCI_CHANNELS if "acc" in name)
    assert_array_equal(data.train.signals, windows_of(recorded(seed=1))[:, :, [0, 1, 2, 6, 7, 8]])
    assert "a.csv: gyroscope: left out, as it is not needed" in data.notes


def test_all_subjects_can_be_opened_without_naming_any_to_test_on(of_two):
    lines = ["a.csv,1,0,20,REST", "b.csv,2,0,10,REST", "b.csv,2,10,20,RUN"]
    config = DataConfig(set="recordings", root=str(of_two(*lines)))
    data = open_all_subjects(config)
    assert data.windows.subject_names == (1, 2)
    assert data.notes[-1] == "All 2 subjects are held out in turn."
    assert "RUN: only subject 2 does it, so it cannot be learned." in data.notes
    assert open_all_subjects(replace(config, test_subjects=(2,))).fingerprint == data.fingerprint
    # What was kept of all of them is not mistaken for training windows.
    for load in (open_data, open_training):
        with refused(ConfigError, "data.test_subjects: found null"):
            load(config)
