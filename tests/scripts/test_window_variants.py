from __future__ import annotations

from functools import partial

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from window_variants import (
    as_recorded,
    greatest_overlap,
    hapt_places,
    remade,
    restarted,
    seconds_to_change,
    uci_har_places,
    without_means,
    without_trends,
)

from har.datasets.file_trees import trees_at
from har.datasets.hapt import holds_hapt, read_segments
from har.datasets.hapt_recordings import read_recordings
from har.signals.channels import RAW_CHANNELS, UCI_CHANNELS
from har.signals.filters import uci_har_channels
from har.signals.recording import Recording

# Half of the last digit that the published files print, and single precision.
AS_PRINTED = {"rtol": 0, "atol": 1e-6}
MOVEMENTS, TOTAL_ACC = slice(0, 6), slice(6, 9)
each_start = pytest.mark.parametrize("start", ["zero", "settled"])


def noise(n_timesteps=1000, seed=0):
    """A phone that is shaken, with gravity."""
    random = np.random.default_rng(seed)
    return random.normal(size=(n_timesteps, len(RAW_CHANNELS))) + [0, 0, 1, 0, 0, 0]


def places_of(*rows):
    return pd.DataFrame(rows, columns=["experiment", "first_sample", "subject", "label"])


def segments_of(*rows):
    columns = ["experiment", "user", "activity", "first_sample", "last_sample"]
    return pd.DataFrame(rows, columns=columns)


@pytest.fixture(scope="module")
def hapt(data_root):
    """HAPT's recordings and segments."""
    tree = next(filter(holds_hapt, trees_at(data_root / "hapt.zip")))
    recordings = read_recordings(tree)
    return recordings, read_segments(tree, recordings)


def test_windows_as_recorded_are_the_published_ones(hapt, uci_har):
    windows = remade(hapt[0], uci_har_places(), as_recorded)
    assert_allclose(windows.signals, uci_har.train.signals, **AS_PRINTED)
    assert_array_equal(windows.labels, uci_har.train.labels)
    assert_array_equal(windows.subjects, uci_har.train.subjects)


def test_filters_that_start_from_zero_with_the_recording_give_the_published_windows(hapt, uci_har):
    some = np.arange(0, 7352, 150)
    places = uci_har_places().iloc[some]
    earliest_s = places["first_sample"].max() / 50
    whole = partial(restarted, lead_s=earliest_s, start="zero")
    windows = remade(hapt[0], places, whole)
    assert_allclose(windows.signals, uci_har.train.signals[some], **AS_PRINTED)


def test_hapts_own_windows_are_those_of_its_training_subjects_without_transitions(hapt):
    places = hapt_places(hapt[1])
    n_windows_of_class = [1226, 1073, 987, 1293, 1423, 1413]
    assert places["label"].value_counts(sort=False).sort_index().tolist() == n_windows_of_class
    assert set(places["subject"]) == set(uci_har_places()["subject"])


@each_start
@pytest.mark.parametrize("lead_s", [0, 0.5, 2])
def test_a_restarted_window_is_the_end_of_its_piece_filtered_alone(lead_s, start):
    samples, firsts = noise(), np.array([400, 130, 700])
    windows = restarted(samples, firsts, lead_s, start)
    for window, first in zip(windows, firsts, strict=True):
        # One sample more, at which the median looks.
        piece = samples[first - round(50 * lead_s) : first + 129]
        assert_allclose(window, uci_har_channels(piece, start)[:-1][-128:], atol=1e-12)


@each_start
def test_a_piece_that_would_begin_before_its_recording_begins_with_it(start):
    samples, firsts = noise(), np.array([0, 70, 250])
    windows = restarted(samples, firsts, 10, start)
    expected = uci_har_channels(samples, start)
    for window, first in zip(windows, firsts, strict=True):
        assert_allclose(window, expected[first : first + 128], atol=1e-9)


@each_start
def test_the_last_window_of_a_recording_is_filtered_to_its_end(start):
    samples = noise(300)
    (window,) = restarted(samples, np.array([172]), 10, start)
    assert_allclose(window, uci_har_channels(samples, start)[172:], atol=1e-9)


def test_what_was_before_the_lead_does_not_change_a_restarted_window():
    samples, firsts = noise(), np.array([600])
    windows = restarted(samples, firsts, 2)
    samples[:500] += 1
    assert_array_equal(restarted(samples, firsts, 2), windows)
    samples[500] += 1
    assert np.abs(restarted(samples, firsts, 2) - windows).max() > 0.01


def test_without_trends_movements_are_what_a_straight_line_leaves():
    samples, firsts = noise(), np.array([400, 500])
    windows, usual = without_trends(samples, firsts), as_recorded(samples, firsts)
    assert_array_equal(windows[..., TOTAL_ACC], usual[..., TOTAL_ACC])
    time = np.arange(128)
    for window, total_acc in zip(windows, usual[..., TOTAL_ACC], strict=True):
        line = np.polynomial.polynomial.polyfit(time, total_acc, 1)
        expected = total_acc - np.polynomial.polynomial.polyval(time, line).T
        assert_allclose(window[:, :3], expected, atol=1e-9)


def test_without_trends_a_steady_drift_does_not_show():
    drift = np.arange(1000)[:, np.newaxis] / 5000
    samples, firsts = np.array([0, 0, 1, 0, 0, 0]) + drift, np.array([800])
    assert np.abs(as_recorded(samples, firsts)[..., MOVEMENTS]).max() > 0.01
    assert_allclose(without_trends(samples, firsts)[..., MOVEMENTS], 0, atol=1e-9)


def test_without_means_only_movements_change_and_are_0_on_average():
    samples, firsts = noise(), np.array([0, 400])
    windows, usual = without_means(samples, firsts), as_recorded(samples, firsts)
    assert_allclose(windows[..., MOVEMENTS].mean(axis=1), 0, atol=1e-12)
    assert_array_equal(windows[..., TOTAL_ACC], usual[..., TOTAL_ACC])
    changes = usual - windows
    assert_allclose(changes, np.broadcast_to(changes[:, :1], changes.shape), atol=1e-12)


def test_windows_of_several_recordings_keep_the_order_of_their_places():
    recordings = {n: Recording(noise(seed=n), n, "made up") for n in (1, 2)}
    places = places_of((2, 64, 2, 5), (1, 0, 1, 0), (2, 0, 2, 3))
    windows = remade(recordings, places, as_recorded)
    assert windows.signals.shape == (3, 128, len(UCI_CHANNELS))
    for window, (experiment, first, *_rest) in zip(windows.signals, places.values, strict=True):
        expected = uci_har_channels(recordings[experiment].samples)[first : first + 128]
        assert_array_equal(window, expected.astype(np.float32))
    assert windows.labels.tolist() == [5, 0, 3]
    assert windows.subjects.tolist() == [2, 1, 2]


def test_places_of_hapt_follow_each_other_within_segments_that_are_long_enough():
    segments = segments_of((1, 1, 5, 11, 250), (1, 1, 7, 251, 500), (1, 1, 4, 501, 600))
    assert hapt_places(segments).values.tolist() == [[1, 10, 1, 4], [1, 74, 1, 4]]


def test_the_distance_to_a_change_of_label_is_that_of_the_nearer_edge():
    # Labelled are samples 100..399 and, after a second without label, 450..799.
    segments = segments_of((1, 1, 5, 101, 400), (1, 1, 4, 451, 800), (2, 2, 1, 1, 9000))
    firsts = [100, 200, 260, 300, 500, 900]
    places = places_of(*((1, first, 1, 4) for first in firsts))
    # Edges at 100, 400, 450 and 800; windows end 128 samples after their first.
    n_samples = [0, 72, 12, 0, 50, 100]
    assert_allclose(seconds_to_change(places, segments), np.array(n_samples) / 50)


def test_the_greatest_overlap_is_with_the_nearest_window_of_the_same_recording():
    others = places_of((1, 0, 1, 0), (1, 64, 1, 0), (2, 300, 2, 0))
    places = places_of((1, 64, 1, 0), (1, 96, 1, 0), (1, 160, 1, 0), (1, 300, 1, 0), (2, 268, 2, 0))
    assert greatest_overlap(places, others).tolist() == [1, 0.75, 0.25, 0, 0.75]
