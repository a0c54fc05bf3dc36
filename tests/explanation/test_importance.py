from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import expit, softmax
from sklearn.inspection import permutation_importance
from sklearn.linear_model import LogisticRegression

from har.explanation.findings import OccludedSpans
from har.explanation.importance import occlusion_by_activity, occlusions, permutation_importances
from har.signals.windows import Windows

CHANNELS = ("body_acc_x", "body_acc_y", "gyro_x", "gyro_y", "gyro_z", "total_acc_x")
ACC, GYRO, TOTAL, BOTH = range(4)


def make_windows(n=400, n_timesteps=24, subjects=(1, 2, 3), seed=0, activities=("A", "B")):
    generator = np.random.default_rng(seed)
    signals = generator.normal(size=(n, n_timesteps, len(CHANNELS))).astype(np.float32)
    labels = (signals[:, 0, 0] > 0).astype(int)
    who = generator.choice(subjects, size=n)
    return Windows(signals, labels, who, CHANNELS, activities, 50.0)


def by_first_sample(signals):
    """Tell the activity of `make_windows`, by one sample of one channel."""
    is_second = expit(signals[:, 0, 0].astype(float))
    return np.stack([1 - is_second, is_second], axis=1)


def test_what_is_read_is_important_and_what_is_not_read_is_not():
    windows = make_windows()
    found = permutation_importances(windows, by_first_sample, np.random.default_rng(0))
    assert [one.signal for one in found] == [
        "body_acc",
        "gyro",
        "total_acc",
        "body_acc and total_acc",
    ]
    # Somebody else's signals are right by chance: as often as two labels are the same.
    share = windows.labels.mean()
    assert found[ACC].lost == pytest.approx(2 * share * (1 - share), abs=0.03)
    assert found[BOTH].lost == pytest.approx(found[ACC].lost, abs=0.05)
    assert 0 < found[ACC].deviation < 0.05
    for unread in (found[GYRO], found[TOTAL]):
        assert (unread.lost, unread.deviation, unread.interval) == (0, 0, [0, 0])


def test_importances_are_those_of_scikit_learn():
    generator = np.random.default_rng(1)
    table = generator.normal(size=(1500, 3))
    labels = (table @ [1.0, 0.5, 0.0] + generator.normal(0, 0.3, 1500) > 0).astype(int)
    model = LogisticRegression().fit(table, labels)
    expected = permutation_importance(model, table, labels, n_repeats=30, random_state=0)
    windows = Windows(
        table[:, None].astype(np.float32), labels, labels, ("one", "two", "three"), ("A", "B"), 1.0
    )
    found = permutation_importances(
        windows, lambda signals: model.predict_proba(signals[:, 0]), np.random.default_rng(0)
    )
    assert_allclose([one.lost for one in found], expected.importances_mean, atol=0.015)
    assert_allclose([one.deviation for one in found], expected.importances_std, atol=0.01)


def test_all_channels_of_a_source_come_from_the_same_other_window():
    windows = make_windows()
    windows.signals[:] = np.arange(len(windows))[:, None, None]
    seen = []

    def predict(signals):
        seen.append(signals.copy())
        return by_first_sample(signals)

    permutation_importances(windows, predict, np.random.default_rng(0))
    exchanged = seen[1]
    assert (exchanged[:, :, :2] == exchanged[:, :1, :1]).all()
    assert_array_equal(np.sort(exchanged[:, 0, 0]), np.arange(len(windows)))
    assert not np.array_equal(exchanged[:, 0, 0], np.arange(len(windows)))
    assert_array_equal(exchanged[:, :, 2:], windows.signals[:, :, 2:])


def test_the_interval_is_that_of_people_drawn_anew():
    windows = make_windows(n=300, subjects=range(8))
    # Of the even subjects nothing is known anyway.
    windows.labels[windows.subjects % 2 == 0] = 0
    found = permutation_importances(windows, by_first_sample, np.random.default_rng(0))[ACC]
    generator, lost = np.random.default_rng(0), []
    for _ in range(5):
        order = generator.permutation(len(windows))
        right = [
            (s[:, 0, 0] > 0) == windows.labels for s in (windows.signals, windows.signals[order])
        ]
        lost.append(right[0].astype(int) - right[1])
    by_person = pd.DataFrame({"lost": np.mean(lost, axis=0), "who": windows.subjects}).groupby(
        "who"
    )
    sums, sizes = by_person["lost"].sum().to_numpy(), by_person["lost"].size().to_numpy()
    draws = np.random.default_rng(5).integers(len(sums), size=(20_000, len(sums)))
    means = sums[draws].sum(axis=1) / sizes[draws].sum(axis=1)
    assert found.lost == pytest.approx(np.mean(lost))
    assert_allclose(found.interval, np.percentile(means, [2.5, 97.5]), atol=0.01)


def test_one_person_gives_no_interval_and_one_window_loses_nothing():
    one_person = make_windows(subjects=(7,))
    generator = np.random.default_rng(0)
    assert permutation_importances(one_person, by_first_sample, generator)[ACC].interval is None
    one_window = make_windows(n=1)
    for one in permutation_importances(one_window, by_first_sample, generator):
        assert (one.lost, one.deviation) == (0, 0)


def linear(signals):
    """Probabilities that move with one sample of a gyroscope's axis, and one of acceleration."""
    is_second = 0.5 + 0.01 * signals[:, 10, 3] - 0.02 * signals[:, 23, 5]
    return np.stack([1 - is_second, is_second], axis=1).astype(float)


def test_occlusion_finds_the_samples_that_are_read_and_how_much_they_add():
    signals = make_windows(n=3).signals
    falls = occlusions(signals, CHANNELS, np.ones(3, dtype=int), linear)
    starts = np.array(OccludedSpans.of(24).starts)
    covers_10 = (starts <= 10) & (starts + 3 > 10)
    covers_23 = starts + 3 > 23
    moved = signals - signals.mean(axis=1, keepdims=True)
    expected = np.zeros_like(falls)
    expected[:, GYRO] = 0.01 * moved[:, 10, 3, None] * covers_10
    expected[:, TOTAL] = expected[:, BOTH] = -0.02 * moved[:, 23, 5, None] * covers_23
    assert_allclose(falls, expected, atol=1e-6)
    # Of the other activity all is the other way round.
    assert_allclose(occlusions(signals, CHANNELS, np.zeros(3, int), linear), -expected, atol=1e-6)


def test_to_occlude_what_is_constant_changes_nothing():
    signals = np.ones((2, 24, len(CHANNELS)), np.float32)
    assert_array_equal(occlusions(signals, CHANNELS, np.array([0, 1]), linear), 0)


def test_means_by_activity_are_those_of_their_windows():
    windows = make_windows(n=60, activities=("A", "B", "NEVER"))

    def predict(signals):
        return softmax(np.pad(linear(signals), [(0, 0), (0, 1)]), axis=1)

    predicted = predict(windows.signals).argmax(axis=1)
    n_occluded, means = occlusion_by_activity(windows, predicted, predict, np.random.default_rng(0))
    assert n_occluded == (*np.bincount(windows.labels).tolist(), 0)
    falls = occlusions(windows.signals, CHANNELS, predicted, predict)
    for label in (0, 1):
        assert_allclose(means[label], falls[windows.labels == label].mean(axis=0), atol=1e-7)
    assert_array_equal(means[2], 0)


def test_a_hundred_windows_of_each_activity_are_enough():
    windows = make_windows(n=500)
    predicted = windows.labels
    counts, means = occlusion_by_activity(windows, predicted, linear, np.random.default_rng(0))
    assert counts == (100, 100)
    other = occlusion_by_activity(windows, predicted, linear, np.random.default_rng(0))[1]
    assert_array_equal(means, other)
