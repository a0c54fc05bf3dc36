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
from har.datasets.hapt_recordings import find_recordings
from har.errors import DataError
from har.reading.columns import PLAIN_HEADING
from har.reading.recording_files import read_recording
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
    notes_with(recording, "1 row there twice word for word, left out once")


def with_lines_before(path, *lines):
    path.write_text("\n".join([*lines, path.read_text()]))
    return path


def test_a_rate_in_a_header_block_stands_in_for_stamps_and_only_then(written, phone):
    rate = "Measurement Frequency,50 Hz"
    path = with_lines_before(written(edit=lambda frame: frame.drop(columns="time_s")), rate)
    recording = read_recording(path)
    assert_array_equal(recording.samples, phone.astype(np.float32))
    notes_with(recording, "time: no stamps, 50 samples a second as the file says")
    recording = read_recording(path, rate_hz=25)
    notes_with(recording, "25 samples a second as given by --rate-hz")
    recording = read_recording(with_lines_before(written(), "Sample rate: 25"))
    notes_with(recording, "column 'time_s' in seconds, 50 Hz")
    path = with_lines_before(written(edit=lambda frame: frame.drop(columns="time_s")), "fs: 5")
    with refused(DataError, "rate in the file: found 5 samples a second, expected 10 to 1000"):
        read_recording(path)


def test_notes_on_the_table_come_first(written, phone):
    path = with_lines_before(written(), "Walk of Ada", "")
    path.write_text(path.read_text() + "The end\n")
    recording = read_recording(path)
    assert_array_equal(recording.samples, phone.astype(np.float32))
    assert [note.split(":")[0] for note in recording.notes][:3] == [
        "table",
        "table",
        "acceleration",
    ]
    notes_with(recording, "table: 1 line of other text left out (line 6004, 'The end')")


def test_without_a_heading_columns_are_given_by_number(written, phone):
    path = written(header=False)
    with refused(DataError, "found no heading above '0.0,", "--columns time=1,acc_x=2"):
        read_recording(path)
    numbers = dict(zip(["time", *RAW_CHANNELS], "1234567", strict=True))
    recording = read_recording(path, columns=numbers)
    assert_array_equal(recording.samples, phone.astype(np.float32))


def test_a_given_rate_wins_over_stamps(written, phone):
    recording = read_recording(written(phone, SECONDS // 0.1), rate_hz=50)
    assert_array_equal(recording.samples, phone.astype(np.float32))
    notes_with(recording, "50 samples a second as given by --rate-hz, instead of column 'time_s'")


def test_no_stamps_need_a_rate(written):
    path = written(edit=lambda frame: frame.drop(columns="time_s"))
    with refused(
        DataError, "expected one of time stamps such as time_s", "give the rate by --rate-hz"
    ):
        read_recording(path)
    assert len(read_recording(path, rate_hz=50)) == 6000
    with refused(DataError, "--rate-hz: found 5 samples a second, expected 10 to 1000"):
        read_recording(path, rate_hz=5)


def test_small_values_in_deg_per_s_are_recognised_by_how_the_phone_turns(make, written):
    phone = make.carried_phone(fastest_rad_per_s=0.3)
    values = phone * [1, 1, 1, *[180 / np.pi] * 3]
    assert np.abs(values[:, 3:]).max() < 35
    recording = read_recording(written(values))
    assert_allclose(recording.samples, phone, atol=1e-6)
    notes_with(recording, "gyroscope: in deg/s, told from how the phone turns")
    with refused(
        DataError, "fit the turning of gravity in deg/s, expected rad/s as given by --gyro"
    ):
        read_recording(written(values), gyro_unit="rad/s")


def fidgeting(fastest_deg_per_s=12.0):
    """Sit for 13 s and tilt the phone by a few degrees, with angular rates in deg/s."""
    seconds = np.arange(650) / 50
    angle = np.radians(fastest_deg_per_s) / 2.5 * np.sin(2.5 * seconds)
    samples = np.random.default_rng(0).normal(scale=0.002, size=(650, 6))
    samples[:, 0] += np.cos(angle)
    samples[:, 1] -= np.sin(angle)
    samples[:, 5] += np.gradient(angle, seconds)
    return samples * np.repeat([1, 180 / np.pi], 3)


def test_quiet_degrees_are_told_from_gravity_that_stood_still(written):
    path = written(fidgeting())
    recording = read_recording(path)
    assert np.abs(recording.samples[:, 5]).max() < 0.3
    notes_with(
        recording, "gyroscope: in deg/s, told from how gravity stood still: rad/s would have"
    )


def test_quiet_degrees_that_are_declared_radians_are_doubted(written):
    recording = read_recording(written(fidgeting()), gyro_unit="rad/s")
    notes_with(recording, "doubt: the gyroscope, in rad/s", "could be in deg/s: --gyro-unit deg/s")


@pytest.mark.parametrize("one", [1.0, 9.80665, 1000.0])
def test_someone_who_runs_throughout_is_read(written, one):
    seconds = np.arange(650) / 50
    phase = 2 * np.pi * 2.8 * seconds
    running = np.random.default_rng(0).normal(scale=0.05, size=(650, 6))
    running[:, 0] += 1 + 2.1 * np.sin(phase)
    running[:, 1] += 1.5 * np.cos(phase)
    running[:, 2] += np.sin(2 * phase)
    running[:, 3:] += np.sin(phase / 2)[:, None]
    assert np.median(np.linalg.norm(running[:, :3], axis=1)) > 1.5
    recording = read_recording(written(running * np.repeat([one, 1], 3)))
    assert_allclose(recording.samples, running, rtol=1e-5, atol=1e-6)
    notes_with(recording, "acceleration: in", "told from the mean")


def test_core_motions_parts_are_summed_and_turned_round(written, phone):
    gravity = np.tile([0.1, -0.2, 0.95], (6000, 1))
    parts = np.hstack([-gravity, gravity - phone[:, :3], phone[:, 3:]])
    forms = ("gravity.{}", "userAcceleration.{}", "rotationRate.{}")
    names = ["time", *(form.format(axis) for form in forms for axis in "xyz")]
    recording = read_recording(written(parts, names=names))
    assert_allclose(recording.samples, phone, atol=1e-6)
    notes_with(recording, "signs: all three signs of acceleration turned round")
    notes_with(recording, "acceleration: the sum of gravity and of acceleration without gravity")
    with refused(DataError, "gravity alone, without movement"):
        named = {f"acc_{axis}": f"gravity.{axis}" for axis in "xyz"}
        read_recording(written(turned(parts), names=names), columns=named)


def turned(parts):
    """Let gravity turn, and movement shake the gyroscope."""
    angle = np.sin(np.arange(6000) / 100)
    parts = parts.copy()
    parts[:, :3] = -np.column_stack([np.cos(angle), np.sin(angle), np.cos(angle) / 10])
    parts[:, 6:] = np.random.default_rng(0).normal(scale=0.3, size=(6000, 3))
    parts[:, 8] -= np.gradient(angle, 1 / 50)
    return parts


def test_what_the_user_says_wins_over_headings(written, phone):
    names = ["t (weeks)", *(f"acc_{a} (raw)" for a in "xyz"), *(f"gyro_{a} (rad/s)" for a in "xyz")]
    path = written(phone * np.repeat([9.80665, 180 / np.pi], 3), names=names)
    recording = read_recording(path, time_unit="s", acc_unit="m/s2", gyro_unit="deg/s")
    assert_allclose(recording.samples, phone, atol=1e-6)
    notes_with(recording, "acceleration: in m/s2, as given by --acc-unit")


def test_without_a_gyroscope_acceleration_is_enough_if_so_wished(written, phone):
    path = written()
    recording = read_recording(path, needs_gyroscope=False)
    assert recording.channels == RAW_CHANNELS[:3]
    assert_array_equal(recording.samples, phone[:, :3].astype(np.float32))
    notes_with(recording, "gyroscope: left out")
    path = written(edit=lambda frame: frame.iloc[:, :4])
    with refused(DataError, "expected also gyro_x: this model needs a gyroscope"):
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
        (
            changed(acc_y=(41, "oops")),
            {},
            ["line 43, column 'acc_y': found 'oops', expected a fin"],
        ),
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
            ["mean acceleration of 1", "expected about 9.807"],
        ),
        (lambda f: f, {"gyro_unit": "deg/s"}, ["fit the turning of gravity in rad/s"]),
        (lambda f: f, {"time_unit": "ms"}, ["(in milliseconds): found 5e+04 samples a second"]),
        (lambda f: f * [1, 3.2, 3.2, 3.2, 1, 1, 1], {}, ["mean acceleration of 3.2"]),
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
    with refused(DataError, "column 'time_s', row 3001: found '60.0', expected"):
        read_recording(path)


def test_a_large_angular_rate_that_comes_late_settles_the_unit(written, phone, monkeypatch):
    monkeypatch.setattr("har.reading.tables.delimited._MOST_ROWS_IN_BLOCK", 200)
    values = phone * np.repeat([1, 180 / np.pi], 3)
    values[:300, 3:] = values[:300, 3:] * 0.1
    recording = read_recording(written(values))
    assert_allclose(recording.samples[300:], phone[300:], atol=1e-6)
    notes_with(recording, "gyroscope: in deg/s, values up to")


def test_what_is_no_file_is_refused(tmp_path):
    with refused(DataError, "found no such file or directory, expected a table such as CSV"):
        read_recording(tmp_path / "none.csv")
    with refused(DataError, "found no acceleration (no table), expected acceleration with gravity"):
        read_recording(tmp_path)


@pytest.fixture(scope="module")
def hapt(data_root):
    (tree,) = trees_at(data_root / "hapt.zip")
    return find_recordings(tree)


@pytest.mark.parametrize("experiment", [1, 23, 40, 61])
def test_a_real_recording_is_read_back_bit_for_bit_and_without_alarm(hapt, written, experiment):
    samples = hapt[experiment].read().samples
    recording = read_recording(written(samples))
    assert_array_equal(recording.samples, samples.astype(np.float32))
    notes_with(recording, "axes: the gyroscope explains")
    with refused(DataError, "acc_x and acc_y exchanged"):
        read_recording(written(samples, edit=swapped("acc_x", "acc_y")))


@pytest.mark.slow
def test_no_recording_of_hapt_is_refused_and_exchanged_axes_are_found_in_most(hapt, written):
    n_found = 0
    for files in hapt.values():
        recording = files.read()
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
    [(24 * 3600 * 50, 0, 0.2e9, 700), (950_000, 190, 2e9, 600)],
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
