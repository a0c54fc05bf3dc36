from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from builders import refused
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from har.errors import DataError
from har.reading.times.clock import read_clock, regular_ticks
from har.reading.times.time_units import DECLARABLE, SECONDS
from har.reading.times.timestamps import Stamps, stamps_of

PLACE = ("column 't'", "walk.csv")


def clock(stamps, unit=None):
    stamps = stamps if isinstance(stamps, Stamps) else Stamps(np.asarray(stamps))
    found = read_clock(stamps, None, unit, *PLACE)
    return found.ticks, found.rows, found.notes


@settings(deadline=None, max_examples=50)
@given(st.sampled_from(DECLARABLE), st.floats(10, 400), st.sampled_from([0.0, 1.7e9]))
def test_the_unit_is_inferred_from_steps_and_size(unit, rate_hz, start_s):
    stamps = np.rint((start_s + np.arange(200) / rate_hz) * 1e9) / (SECONDS[unit] * 1e9)
    ticks, rows, notes = clock(stamps)
    assert rows is None
    assert_allclose(ticks.rate_hz, rate_hz, rtol=0.001)
    assert_allclose(ticks.seconds, np.arange(200) / rate_hz, atol=1e-5)
    assert {"s": "seconds", "ms": "milli", "us": "micro", "ns": "nano"}[unit] in notes[0]


def test_nanoseconds_since_1970_keep_their_last_digit():
    stamps = 1_700_000_000_000_000_001 + np.arange(200) * 20_000_000
    stamps[1] += 3
    ticks, _, _ = clock(stamps)
    assert ticks.seconds[1] == 20_000_003 * 1e-9


def test_dates_become_seconds():
    column = pd.Series(["2024-05-01T10:00:00.000Z", "2024-05-01T10:00:00.020+00:00", None])
    ticks, rows, notes = clock(stamps_of(column[:2], "t"))
    assert_allclose(ticks.seconds, [0, 0.02])
    assert "as dates, 50 Hz" in notes[0]
    assert stamps_of(column, "t").is_missing().tolist() == [False, False, True]


def test_a_few_late_stamps_are_sorted_and_noted():
    stamps = np.arange(500) / 50
    stamps[[100, 101]] = stamps[[101, 100]]
    ticks, rows, notes = clock(stamps, "s")
    assert_allclose(ticks.seconds, np.arange(500) / 50)
    assert rows[[100, 101]].tolist() == [101, 100]
    assert notes[1] == "time: 1 row with a stamp before the one above, sorted by time"


def test_a_few_repeated_and_missing_stamps_are_left_out_and_noted():
    stamps = np.arange(500) / 50
    stamps[200], stamps[300] = stamps[199], np.nan
    ticks, rows, notes = clock(stamps, "s")
    assert set(range(500)) - set(rows.tolist()) == {200, 300}
    assert [note.split(",")[0] for note in notes[1:]] == [
        "time: 1 row with no stamp",
        "time: 1 row with the stamp of an earlier row",
    ]


def test_days_of_a_spreadsheet_become_seconds():
    days = (45_254.587 + np.arange(500) / 30 / 86_400).round(9)
    ticks, _, notes = clock(days)
    assert_allclose(ticks.seconds, np.arange(500) / 30, atol=1e-4)
    assert "in days, as spreadsheets count them" in notes[0]


@pytest.mark.parametrize("start", [638_363_643_220_000_000, 133_452_988_220_000_000])
def test_ticks_of_100_ns_become_seconds(start):
    ticks, _, notes = clock(start + np.arange(500) * 200_000)
    assert_allclose(ticks.seconds, np.arange(500) / 50)
    assert "ticks of 100 nanoseconds" in notes[0]


def test_the_unit_of_packets_is_told_from_their_samples():
    ticks, _, notes = clock(np.arange(500) // 5 * 125)
    assert_allclose(ticks.rate_hz, 40)
    assert "milliseconds" in notes[0]


@pytest.mark.parametrize(
    ("stamps", "unit", "message"),
    [
        (np.where(np.arange(200) % 10, np.arange(200) / 50, np.nan), "s", "row 1: found no stamp"),
        (np.arange(200.0), "s", "found 1 samples a second, expected 10 to 1000"),
        (np.arange(200.0), None, "found steps of 1 in no known unit"),
        (np.arange(200) * 1000, None, "found steps of 1000 in no known unit"),
        (np.zeros(200), None, "200 samples share a stamp"),
        (np.array([0.0, np.inf]), "s", "row 2: found an infinite stamp"),
        (np.array([0.0, np.nan]), "s", "found 1 usable stamps, expected at least 2"),
        (1.7e9 + np.arange(200.0), None, "(in seconds): found 1 samples a second"),
        (np.arange(200) / 5000, None, "give --time-unit (s, ms, us, ns) or --rate-hz"),
    ],
)
def test_stamps_that_are_no_clock_are_refused(stamps, unit, message):
    with refused(DataError, "walk.csv, column 't'", message):
        clock(stamps, unit)


def test_a_gap_starts_a_stretch_and_a_small_hole_does_not():
    seconds = np.delete(np.arange(500) / 50, [100, 101, 102, 103, *range(200, 205)])
    ticks, _, _ = clock(seconds, "s")
    assert_array_equal(ticks.stretch_starts(), [0, 196])


def test_jitter_is_what_95_percent_of_the_steps_keep():
    steps = np.full(1000, 0.02)
    steps[::10] += 0.004
    steps[500] = 7.0
    ticks, _, notes = clock(np.cumsum(steps), "s")
    assert_allclose(ticks.jitter_s, 0.004)
    assert "50 Hz, jitter 4.0 ms (95 %)" in notes[0]


def test_without_stamps_samples_are_evenly_spaced():
    assert_array_equal(regular_ticks(3, 20.0).seconds, [0.0, 0.05, 0.1])
