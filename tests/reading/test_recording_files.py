from __future__ import annotations

import builtins
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from builders import refused
from command_line import PEAK_MB
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from har.datasets.file_trees import trees_at
from har.datasets.hapt_recordings import read_recordings
from har.errors import DataError
from har.reading.columns import PLAIN_HEADING
from har.reading.recording_files import read_column, read_recording
from har.reading.tables import delimited
from har.signals.channels import RAW_CHANNELS
from har.signals.recording import Stretch

in_a_folder = settings(
    deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
SECONDS = np.arange(6000) / 50


def notes_with(recording, *parts):
    """Find the one note that has these parts."""
    (note,) = [note for note in recording.notes if all(part in note for part in parts)]
    return note


def test_the_plain_form_is_read_as_it_is(written, phone):
    path = written()
    recording = read_recording(path, subject=7)
    assert recording.samples.dtype == np.float32
    assert_array_equal(recording.samples, phone.astype(np.float32))
    assert (recording.rate_hz, recording.channels) == (50.0, RAW_CHANNELS)
    assert (recording.subject, recording.source) == (7, str(path))
    assert recording.stretches == (Stretch(0, 6000, 0.0),)
    assert [note.split(":")[0] for note in recording.notes] == [
        "acceleration",
        "gyroscope",
        "time",
        "samples",
        "axes",
    ]
    notes_with(recording, "axes: the gyroscope explains 9")


@in_a_folder
@given(
    order=st.permutations(range(8)),
    delimiter=st.sampled_from([",", ";", "\t"]),
    acc=st.sampled_from([("acc_{}", 1), ("total_acc_{}", 1), ("A{} (m/s²)", 9.80665)]),
    gyro=st.sampled_from([("gyro_{}", 1), ("w{}", 1), ("gyr {} [deg/s]", 180 / np.pi)]),
    time=st.sampled_from([("time_s", 1), ("timestamp", 1e3), ("unix_us", 1e6), ("ts", 1e9)]),
)
def test_names_units_order_and_delimiter_do_not_matter(
    written, phone, order, delimiter, acc, gyro, time
):
    values = np.column_stack([phone[:, :3] * acc[1], phone[:, 3:] * gyro[1]])
    names = [time[0]] + [form.format(axis) for form, _ in (acc, gyro) for axis in "XYZ"]

    def shuffled(frame):
        return frame.assign(extra="word").iloc[:, list(order)]

    path = written(values, np.rint(SECONDS * 1e3) * time[1] / 1e3, names, shuffled, sep=delimiter)
    recording = read_recording(path)
    factors = np.repeat([1 if acc[1] == 1 else 1 / 9.80665, 1 if gyro[1] == 1 else np.pi / 180], 3)
    assert_array_equal(recording.samples, (values * factors).astype(np.float32))


def test_parquet_and_csv_give_the_same(written, tmp_path):
    path = written()
    exact = pd.read_csv(path, converters=dict.fromkeys(PLAIN_HEADING, float))
    exact.to_parquet(tmp_path / "walk.parquet")
    of_csv, of_parquet = read_recording(path), read_recording(tmp_path / "walk.parquet")
    assert_array_equal(of_parquet.samples, of_csv.samples)
    assert of_parquet.notes == of_csv.notes


def test_dates_in_parquet_are_time_stamps(phone, tmp_path):
    dates = pd.date_range("2024-05-01", periods=6000, freq="20ms", tz="Asia/Tokyo")
    frame = pd.DataFrame(phone, columns=RAW_CHANNELS, index=dates.rename("timestamp"))
    frame.to_parquet(tmp_path / "walk.parquet")
    recording = read_recording(tmp_path / "walk.parquet")
    assert_array_equal(recording.samples, phone.astype(np.float32))
    notes_with(recording, "column 'timestamp' as dates, 50 Hz")


def test_without_pyarrow_parquet_names_the_extra(tmp_path, monkeypatch):
    (tmp_path / "walk.parquet").write_bytes(b"PAR1")
    real = builtins.__import__

    def without(name, *rest):
        if name.startswith("pyarrow"):
            raise ImportError(name)
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    with refused(DataError, "pip install 'gluon-har[parquet]'"):
        read_recording(tmp_path / "walk.parquet")


def test_a_damaged_parquet_file_is_refused(tmp_path):
    (tmp_path / "walk.parquet").write_bytes(b"PAR1 and no more")
    with refused(DataError, "walk.parquet: found a damaged Parquet file"):
        read_recording(tmp_path / "walk.parquet")


@pytest.mark.parametrize("rate_hz", [20.0, 49.0, 100.0])
def test_other_rates_are_brought_to_50_hz(make, written, rate_hz):
    phone = make.carried_phone(int(60 * rate_hz), rate_hz)
    path = written(phone, np.arange(len(phone)) / rate_hz)
    recording = read_recording(path)
    assert len(recording) == pytest.approx(3000, abs=5)
    at = np.arange(len(recording)) / 50
    expected = np.interp(at, np.arange(len(phone)) / rate_hz, phone[:, 3])
    assert np.abs(recording.samples[50:-50, 3] - expected[50:-50]).mean() < 0.01
    notes_with(recording, f"brought from {rate_hz:g} Hz to 50 Hz")


def test_a_slow_rate_is_noted_with_what_it_misses(make, written):
    phone = make.carried_phone(1500, 25.0)
    recording = read_recording(written(phone, np.arange(1500) / 25))
    notes_with(recording, "movement faster than 12.5 Hz is missing")


def test_gaps_part_the_recording(written, phone):
    kept = np.r_[0:1000, 1100:1103, 1300:6000]
    recording = read_recording(written(phone[kept], SECONDS[kept]))
    assert recording.stretches == (
        Stretch(0, 1000, 0.0),
        Stretch(1000, 3, 22.0),
        Stretch(1003, 4700, 26.0),
    )
    assert_array_equal(recording.samples, phone[kept].astype(np.float32))
    notes_with(recording, "time: 2 gaps, the longest 3.96 s from 22.0 s on")


def test_small_holes_are_interpolated(written, phone):
    kept = np.delete(np.arange(6000), [1000, 2000, 2001])
    recording = read_recording(written(phone[kept], SECONDS[kept]))
    assert len(recording) == 6000
    assert_allclose(recording.samples[kept], phone[kept], atol=1e-5)
    notes_with(recording, "time: 2 holes of up to 0.06 s interpolated")


def test_empty_cells_are_filled_in_short_runs_and_part_the_recording_in_long_ones(written, phone):
    holed = phone.copy()
    holed[1000:1005, 2] = holed[3000:3100, 4] = np.nan
    recording = read_recording(written(holed))
    assert [stretch.n_samples for stretch in recording.stretches] == [3000, 2900]
    line = np.interp(SECONDS[1000:1005], SECONDS[[999, 1005]], phone[[999, 1005], 2])
    assert_allclose(recording.samples[1000:1005, 2], line, rtol=1e-5)
    notes_with(recording, "acc_z: 5 cells", "5 of them interpolated in runs of up to 0.1 s")
    notes_with(recording, "rows: 100 left out")


def test_stamps_out_of_order_and_repeated_are_corrected(written, phone):
    order = np.arange(6000)
    order[[100, 101]] = [101, 100]
    order = np.insert(order, 3000, order[2999])
    recording = read_recording(written(phone[order], SECONDS[order]))
    assert_array_equal(recording.samples, phone.astype(np.float32))
    notes_with(recording, "1 row with a stamp before the one above, sorted")
    notes_with(recording, "1 row with the stamp of an earlier row, left out")


def test_a_given_rate_wins_over_stamps(written, phone):
    recording = read_recording(written(phone, SECONDS // 0.1), rate_hz=50)
    assert_array_equal(recording.samples, phone.astype(np.float32))
    notes_with(recording, "50 samples a second as given in rate_hz, instead of column 'time_s'")


def test_no_stamps_need_a_rate(written):
    path = written(edit=lambda frame: frame.drop(columns="time_s"))
    with refused(DataError, "expected one of time stamps such as time_s, or the rate in rate_hz"):
        read_recording(path)
    assert len(read_recording(path, rate_hz=50)) == 6000
    with refused(DataError, "rate_hz: found 5 samples a second, expected 10 to 1000"):
        read_recording(path, rate_hz=5)


def test_small_values_in_deg_per_s_are_recognised_by_how_the_phone_turns(make, written):
    phone = make.carried_phone(fastest_rad_per_s=0.3)
    values = phone * [1, 1, 1, *[180 / np.pi] * 3]
    assert np.abs(values[:, 3:]).max() < 35
    recording = read_recording(written(values))
    assert_allclose(recording.samples, phone, atol=1e-6)
    notes_with(recording, "gyroscope: in deg/s, told from how the phone turns")
    with refused(DataError, "fit the turning of gravity in deg/s, expected rad/s as given in gyro"):
        read_recording(written(values), gyro_unit="rad/s")


def test_without_a_gyroscope_acceleration_is_enough_if_so_wished(written, phone):
    path = written()
    recording = read_recording(path, needs_gyroscope=False)
    assert recording.channels == RAW_CHANNELS[:3]
    assert_array_equal(recording.samples, phone[:, :3].astype(np.float32))
    notes_with(recording, "gyroscope: left out")
    path = written(edit=lambda frame: frame.iloc[:, :4])
    with refused(DataError, "found no gyroscope"):
        read_recording(path)
    assert read_recording(path, needs_gyroscope=False).channels == RAW_CHANNELS[:3]


def swapped(first, second):
    def edit(frame):
        return frame.rename(columns={first: second, second: first})

    return edit


def changed(**cells):
    def edit(frame):
        frame = frame.astype(object)
        for name, (rows, value) in cells.items():
            column = frame.columns.get_loc(name)
            frame.iloc[rows, column] = value(frame.iloc[rows, column]) if callable(value) else value
        return frame

    return edit


@pytest.mark.parametrize(
    ("edit", "options", "parts"),
    [
        (lambda frame: frame.head(1), {}, ["found 1 row of numbers, expected at least 2"]),
        (lambda frame: frame.head(0), {}, ["found 0 rows of numbers"]),
        (lambda frame: frame.assign(time_s=np.arange(6000)), {}, ["found 1 samples a second"]),
        (changed(acc_y=(41, "oops")), {}, ["column 'acc_y', row 42: found 'oops', expected a fin"]),
        # pandas 3 reads a number that is too large as an infinite one.
        (changed(acc_y=(41, "1e400")), {}, ["column 'acc_y', row 42: found '", "expected a fin"]),
        (changed(gyro_z=(41, np.inf)), {}, ["column 'gyro_z', row 42: found 'inf', expected"]),
        (changed(acc_y=(slice(None), np.nan)), {}, ["found no row with acc_x, acc_y and acc_z"]),
        (changed(acc_y=(slice(None), 0.25)), {}, ["found 0.25 in every row of acc_y"]),
        (
            lambda f: f.assign(
                **{c: f[c].where(f.index < 4000, f[c] * 9.81) for c in f.columns[1:4]}
            ),
            {},
            ["found accelerations of 9.", "from 80.0 s on", "one unit"],
        ),
        (
            lambda f: f.assign(acc_z=f.acc_z * 9.80665),
            {},
            ["with acc_z in m/s2 and the others in"],
        ),
        (lambda f: f.assign(gyro_y=-f.gyro_y), {}, ["with the sign of gyro_y turned round"]),
        (swapped("acc_x", "acc_y"), {}, ["with acc_x and acc_y exchanged"]),
        (swapped("gyro_x", "gyro_z"), {}, ["with gyro_x and gyro_z exchanged"]),
        (swapped("acc_z", "gyro_x"), {}, ["acc_z and gyro_x exchanged"]),
        (
            lambda f: f,
            {"acc_unit": "m/s2"},
            ["length of acceleration of 1", "expected about 9.807"],
        ),
        (lambda f: f, {"gyro_unit": "deg/s"}, ["fit the turning of gravity in rad/s"]),
        (lambda f: f, {"time_unit": "ms"}, ["(in milliseconds): found 5e+04 samples a second"]),
        (lambda f: f * [1, 3.2, 3.2, 3.2, 1, 1, 1], {}, ["median length of acceleration of 3.2"]),
    ],
)
def test_content_that_cannot_be_trusted_is_refused(written, edit, options, parts):
    path = written(edit=edit)
    with refused(DataError, str(path), *parts):
        read_recording(path, **options)


def test_acceleration_without_gravity_is_refused(make, written, phone):
    shaking = np.random.default_rng(0).normal(scale=0.6, size=(6000, 3))
    with refused(DataError, "gravity was removed", "total acceleration"):
        read_recording(written(np.hstack([shaking, phone[:, 3:]])))


def test_dates_and_numbers_do_not_mix(written, monkeypatch):
    monkeypatch.setattr("har.reading.tables.delimited._MOST_ROWS_IN_BLOCK", 1000)
    dates = pd.date_range("2024-05-01", periods=3000, freq="20ms").map(lambda day: day.isoformat())
    path = written(edit=lambda frame: frame.assign(time_s=[*dates, *SECONDS[3000:]]))
    with refused(DataError, "column 'time_s': found dates and numbers"):
        read_recording(path)


def test_a_large_angular_rate_that_comes_late_settles_the_unit(written, phone, monkeypatch):
    monkeypatch.setattr("har.reading.tables.delimited._MOST_ROWS_IN_BLOCK", 200)
    values = phone * np.repeat([1, 180 / np.pi], 3)
    values[:300, 3:] = values[:300, 3:] * 0.1
    recording = read_recording(written(values))
    assert_allclose(recording.samples[300:], phone[300:], atol=1e-6)
    notes_with(recording, "gyroscope: in deg/s, values up to")


def test_what_is_no_file_is_refused(tmp_path):
    with refused(DataError, "found no such file or directory, expected a CSV or Parquet file"):
        read_recording(tmp_path / "none.csv")
    with refused(DataError, "found a folder, expected a CSV or Parquet file"):
        read_recording(tmp_path)


@pytest.fixture(scope="module")
def hapt(data_root):
    (tree,) = trees_at(data_root / "hapt.zip")
    return read_recordings(tree)


@pytest.mark.parametrize("experiment", [1, 23, 40, 61])
def test_a_real_recording_is_read_back_bit_for_bit_and_without_alarm(hapt, written, experiment):
    samples = hapt[experiment].samples
    recording = read_recording(written(samples))
    assert_array_equal(recording.samples, samples.astype(np.float32))
    notes_with(recording, "axes: the gyroscope explains")
    with refused(DataError, "acc_x and acc_y exchanged"):
        read_recording(written(samples, edit=swapped("acc_x", "acc_y")))


@pytest.mark.slow
def test_no_recording_of_hapt_is_refused_and_exchanged_axes_are_found_in_most(hapt, written):
    n_found = 0
    for recording in hapt.values():
        again = read_recording(written(recording.samples))
        assert_array_equal(again.samples, recording.samples.astype(np.float32))
        try:
            read_recording(written(recording.samples, edit=swapped("acc_x", "acc_y")))
        except DataError as error:
            n_found += "acc_x and acc_y exchanged" in str(error)
    assert len(hapt) == 61
    assert n_found >= 58


READ_AND_MEASURE = f"""
import sys, har
recording = har.read_recording(sys.argv[1])
print(len(recording), {PEAK_MB})
"""


def write_long(path, phone, n_samples, n_more_columns):
    """Write a carried phone's two minutes again and again, with further columns."""
    names = [f"more_{i}" for i in range(n_more_columns)]
    more = "".join(f",{i / 7:.8f}" for i in range(n_more_columns))
    rows = ["".join(f",{value:.7f}" for value in row) + more + "\n" for row in phone.tolist()]
    with path.open("w") as stream:
        stream.write(",".join(["time_s", *RAW_CHANNELS, *names]) + "\n")
        stream.writelines(f"{i / 50:.2f}{rows[i % len(rows)]}" for i in range(n_samples))
    return path


@pytest.mark.slow
@pytest.mark.parametrize(
    ("n_samples", "n_more_columns", "least_bytes", "most_mb"),
    [(24 * 3600 * 50, 0, 0.2e9, 450), (950_000, 190, 2e9, 600)],
    ids=["a day", "2 GB"],
)
def test_long_files_are_read_in_bounded_memory(
    tmp_path, phone, n_samples, n_more_columns, least_bytes, most_mb
):
    path = write_long(tmp_path / "long.csv", phone, n_samples, n_more_columns)
    assert path.stat().st_size >= least_bytes
    command = [sys.executable, "-c", READ_AND_MEASURE, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    path.unlink()
    n_read, peak_mb = map(int, done.stdout.split())
    assert n_read == n_samples
    assert peak_mb < most_mb


def recorded(n_samples=1000, rate_hz=50.0):
    """Make a file of a phone that hangs upright, in whose column `row` each row has its number."""
    samples = np.random.default_rng(0).normal([1, 0, 0, 0, 0, 0], 0.05, (n_samples, 6))
    table = pd.DataFrame(samples, columns=list(RAW_CHANNELS))
    table.insert(0, "time_ms", 1_700_000_000_000 + np.arange(n_samples) * 1000 / rate_hz)
    table["row"] = np.arange(n_samples)
    return table


def write(table, path):
    table.to_parquet(path) if path.suffix == ".parquet" else table.to_csv(path, index=False)
    return path


@pytest.mark.parametrize("name", ["a.csv", "a.parquet"])
def test_a_column_comes_with_the_seconds_of_its_rows(tmp_path, name):
    seconds, values = read_column(write(recorded(rate_hz=100), tmp_path / name), "row")
    assert_allclose(seconds, np.arange(1000) / 100)
    assert values.tolist() == list(range(1000))


def test_its_seconds_are_those_of_the_recording(tmp_path):
    table = recorded()
    table.loc[:24, "gyro_x"] = np.nan  # the gyroscope starts half a second late
    table = table.drop(index=range(400, 500))
    path = write(table, tmp_path / "a.csv")
    first, second = read_recording(path).stretches
    seconds, values = read_column(path, "row")
    starts_s = np.interp([25, 500], values.astype(int), seconds)
    assert_allclose([first.start_s, second.start_s], starts_s)
    assert_allclose(starts_s, [0.5, 10.0])


def test_rows_without_or_with_a_late_stamp_are_treated_as_in_the_recording(tmp_path):
    table = recorded()
    table.loc[3, "time_ms"] = np.nan
    table.loc[[10, 11]] = table.loc[[11, 10]].to_numpy()
    seconds, values = read_column(write(table, tmp_path / "a.csv"), "row")
    assert values.tolist() == [row for row in range(1000) if row != 3]
    assert (np.diff(seconds) > 0).all()


def test_a_given_rate_stands_in_for_stamps(tmp_path):
    path = write(recorded().drop(columns="time_ms"), tmp_path / "a.csv")
    seconds, values = read_column(path, "row", rate_hz=25.0)
    assert_allclose(seconds, np.arange(1000) / 25)
    assert len(values) == 1000


def test_empty_blocks_before_text_are_read(tmp_path, monkeypatch):
    monkeypatch.setattr(delimited, "_BLOCK_BYTES", 1)
    table = recorded(40)
    table["did"] = [None] * 30 + ["WALKING"] * 10
    _seconds, values = read_column(write(table, tmp_path / "a.csv"), "did")
    assert values.isna().sum() == 30
    assert (values[30:] == "WALKING").all()


def test_a_column_that_is_not_there_is_refused(tmp_path):
    with refused(DataError, "a.csv: found no columns 'did', expected one among time_ms, acc_x"):
        read_column(write(recorded(), tmp_path / "a.csv"), "did")
