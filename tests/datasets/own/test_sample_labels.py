from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from har.datasets.own.sample_labels import (
    name_windows,
    names_from_column,
    names_from_segments,
    segments_from_names,
)
from har.datasets.own.segment_times import Segment
from har.signals.recording import Recording, Stretch

NAMES = ("", "UP", "DOWN")


def recording_of(n_samples, *stretches):
    return Recording(np.zeros((n_samples, 6)), 1, "walk.csv", stretches=stretches)


def segment(start_s, end_s, activity="UP"):
    return Segment(start_s, end_s, activity, "table, line 7")


def runs(*pairs):
    return np.repeat(*(list(values) for values in zip(*pairs, strict=True))).astype(object)


def test_a_segment_has_the_sample_at_its_start_and_not_the_one_at_its_end():
    segments = [segment(0.02, 0.06), segment(0.06, 0.08, "DOWN"), segment(0.11, 0.15)]
    names = names_from_segments(recording_of(9), segments)
    assert names.tolist() == ["", "UP", "UP", "DOWN", "", "", "UP", "UP", ""]


@given(first=st.integers(0, 10**7), n_samples=st.integers(1, 100))
@settings(max_examples=50, deadline=None)
def test_times_as_decimals_hit_their_samples_however_late(first, n_samples):
    recording = recording_of(120, Stretch(0, 120, first / 50))
    start_s, end_s = (float(f"{sample / 50:.2f}") for sample in (first, first + n_samples))
    names = names_from_segments(recording, [segment(start_s, end_s)])
    assert names.tolist() == ["UP"] * n_samples + [""] * (120 - n_samples)


def test_seconds_go_on_during_gaps():
    recording = recording_of(5, Stretch(0, 2, 1.0), Stretch(2, 3, 10.0))
    names = names_from_segments(recording, [segment(0, 1.02), segment(5, 10.04, "DOWN")])
    assert names.tolist() == ["UP", "", "DOWN", "DOWN", ""]


def test_segments_of_names_end_at_changes_and_gaps():
    recording = recording_of(7, Stretch(0, 4, 1.0), Stretch(4, 3, 10.0))
    names = runs(("", 1), ("UP", 2), ("DOWN", 3), ("", 1))
    segments = segments_from_names(recording, names)
    assert segments["activity"].tolist() == ["UP", "DOWN", "DOWN"]
    expected = [[1.02, 1.06], [1.06, 1.08], [10, 10.04]]
    assert_allclose(segments[["start_s", "end_s"]], expected)


@given(st.lists(st.tuples(st.sampled_from(NAMES), st.integers(1, 9)), min_size=1))
@settings(max_examples=30)
def test_names_are_the_same_after_a_round_through_segments(pairs):
    names = runs(*pairs)
    recording = recording_of(len(names))
    found = segments_from_names(recording, names).itertuples(index=False)
    again = names_from_segments(recording, [segment(*row) for row in found])
    assert_array_equal(again, names)


def test_each_sample_takes_the_name_of_the_last_row_before_it():
    row_times_s = np.array([0.0, 0.03, 0.06, 0.09])
    values = np.array(["UP", "", "DOWN", "UP"], dtype=object)
    names = names_from_column(recording_of(5), row_times_s, values)
    assert names.tolist() == ["UP", "UP", "", "DOWN", "DOWN"]


def test_names_at_other_rates_are_those_of_pandas_merge_asof():
    random = np.random.default_rng(0)
    row_times_s = np.concatenate([[0.0], np.cumsum(random.uniform(0.001, 0.03, 400))])
    values = random.choice(NAMES, 401).astype(object)
    recording = recording_of(200, Stretch(0, 50, 0.5), Stretch(50, 150, 2.0))
    times_s = np.concatenate([0.5 + np.arange(50) / 50, 2.0 + np.arange(150) / 50])
    rows = pd.DataFrame({"time_s": row_times_s, "name": values})
    expected = pd.merge_asof(pd.DataFrame({"time_s": times_s}), rows, on="time_s")["name"]
    assert_array_equal(names_from_column(recording, row_times_s, values), expected)


@pytest.mark.parametrize(
    ("straddling", "expected"),
    [("drop", ["UP", "", "", "DOWN", "", ""]), ("majority", ["UP", "UP", "DOWN", "DOWN", "", ""])],
)
def test_windows_over_two_names_are_left_out_or_take_that_of_most(straddling, expected):
    # Windows begin at 0, 64, 128, 192, 256 and 320; the second has 65 UP, the fifth 64 DOWN.
    names, counts = name_windows(runs(("UP", 129), ("DOWN", 191), ("", 130)), straddling)
    assert names.tolist() == expected
    n_over_two = {"drop": (2, 0), "majority": (0, 2)}[straddling]
    assert +counts == {
        key: number
        for key, number in {
            "Windows without an activity, left out": 1,
            "Windows partly without an activity, left out": 1,
            "Windows over two activities, left out": n_over_two[0],
            "Windows over two activities, named after most of their samples": n_over_two[1],
        }.items()
        if number
    }


@given(
    lengths=st.lists(st.tuples(st.sampled_from(NAMES), st.integers(1, 200)), min_size=1),
    straddling=st.sampled_from(["drop", "majority"]),
)
@settings(max_examples=100, deadline=None)
def test_each_window_is_named_as_one_by_one_and_counted_once(lengths, straddling):
    samples = runs(*lengths, ("UP", 128))
    names, counts = name_windows(samples, straddling)
    enough = 128 if straddling == "drop" else 65
    expected = []
    for first in range(0, len(samples) - 127, 64):
        shares = pd.Series(samples[first : first + 128]).value_counts()
        expected.append(shares.index[0] if shares.iloc[0] >= enough else "")
    assert names.tolist() == expected
    n_left_out = sum(number for kind, number in counts.items() if kind.endswith("left out"))
    assert n_left_out == (names == "").sum()
