from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from builders import refused
from numpy.testing import assert_allclose

from har.errors import DataError
from har.reading.label_column import read_column
from har.reading.recording_files import read_recording
from har.reading.tables import delimited
from har.signals.channels import RAW_CHANNELS


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
    assert values.tolist() == list(map(str, range(1000)))


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
    assert values.tolist() == [str(row) for row in range(1000) if row != 3]
    assert (np.diff(seconds) > 0).all()


def test_a_rate_in_a_header_block_gives_the_seconds_of_rows(tmp_path):
    path = write(recorded().drop(columns="time_ms"), tmp_path / "a.csv")
    path.write_text("Sample rate: 25 Hz\n" + path.read_text())
    seconds, _values = read_column(path, "row")
    assert_allclose(seconds, np.arange(1000) / 25)


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
    assert (values == "").sum() == 30
    assert (values[30:] == "WALKING").all()


def test_a_column_that_is_not_there_is_refused(tmp_path):
    with refused(DataError, "a.csv: found no columns 'did', expected one among 'time_ms', 'acc_x'"):
        read_column(write(recorded(), tmp_path / "a.csv"), "did")
