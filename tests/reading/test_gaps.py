from __future__ import annotations

import numpy as np
import pandas as pd
from builders import refused
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from har.errors import DataError
from har.reading.gaps import fill_channel, fill_missing


def seconds_of(values):
    return np.arange(len(values)) / 50


@settings(deadline=None)
@given(st.lists(st.one_of(st.just(np.nan), st.floats(-2, 2)), min_size=2, max_size=60))
def test_runs_of_up_to_five_are_filled_as_pandas_would(values):
    values = np.array(values)
    series = pd.Series(values)
    run = series.isna().groupby(series.notna().cumsum()).transform("sum")
    inside = series.interpolate(limit_area="inside")
    expected = inside.where(series.notna() | (run <= 5))
    if series.notna().any():
        filled, was_filled = fill_channel(seconds_of(values), values, 0.1, 0.02)
        assert_allclose(filled, expected, atol=1e-9)
        assert_array_equal(was_filled, series.isna() & expected.notna())


def test_a_run_across_a_gap_is_not_filled():
    values = np.array([0.0, np.nan, 1.0])
    filled, _ = fill_channel(np.array([0.0, 0.02, 5.0]), values, 0.1, 0.02)
    assert np.isnan(filled[1])


def test_long_runs_and_both_ends_are_left_out():
    samples = np.ones((100, 2), np.float32)
    samples[:3, 0] = samples[50:60, 1] = samples[70, 1] = np.nan
    complete, notes = fill_missing(seconds_of(samples), samples, ("a", "b"), 0.1, 0.02, "walk.csv")
    assert_array_equal(np.flatnonzero(~complete), [0, 1, 2, *range(50, 60)])
    assert [note.split(",")[0] for note in notes] == [
        "a: 3 cells (0.03 of all) were empty",
        "b: 11 cells (0.11 of all) were empty",
        "rows: 13 left out for empty cells in longer runs",
    ]


def test_a_channel_without_values_is_refused():
    samples = np.ones((100, 2))
    samples[:, 1] = np.nan
    with refused(DataError, "walk.csv: found no value of b in any row, expected numbers"):
        fill_missing(seconds_of(samples), samples, ("a", "b"), 0.1, 0.02, "walk.csv")


def test_channels_that_never_meet_are_refused():
    samples = np.ones((100, 2))
    samples[:50, 0] = samples[50:, 1] = np.nan
    with refused(DataError, "found 0 rows with all of a, b"):
        fill_missing(seconds_of(samples), samples, ("a", "b"), 0.1, 0.02, "walk.csv")
