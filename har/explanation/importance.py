"""The importance of each signal: exchanged among windows, or occluded for a while.

Permutation importance is the accuracy lost if a signal comes from another window (Breiman, *Random
forests*, 2001). Occlusion shows by how much the probability of the prediction falls if a span of
a signal is blotted out (Zeiler & Fergus, *Visualizing and understanding convolutional networks*,
2014). Both need predictions only, and work for any network.
"""

from __future__ import annotations

import numpy as np

from har.arrays import FloatArray, IntArray, SubjectArray
from har.evaluation.intervals import ends, resampled
from har.explanation.findings import Importance, OccludedSpans, signal_groups
from har.signals.subjects import number_subjects
from har.signals.windows import Predict, Windows

N_REPEATS = 5
# Windows of each activity to occlude; all 2947 of UCI HAR would take a minute.
_N_OCCLUDED = 100


def permutation_importances(
    windows: Windows, predict: Predict, generator: np.random.Generator
) -> tuple[Importance, ...]:
    """Exchange each signal among windows, and measure the accuracy that is lost.

    Parameters
    ----------
    windows : Windows
        One labelled window or more.
    predict : callable
        From windows to probabilities, shape (n_windows, n_activities).
    generator : numpy.random.Generator
        Source of the permutations.

    Returns
    -------
    tuple of Importance
        Importance of each of `signal_groups`. All channels of a signal, and all samples of a
        window, go to the same other window.
    """

    def is_right(signals: FloatArray) -> IntArray:
        return np.asarray(predict(signals).argmax(axis=1) == windows.labels, dtype=np.int64)

    before = is_right(windows.signals)
    importances = []
    for signal, channels in signal_groups(windows.channels).items():
        lost = []
        for _ in range(N_REPEATS):
            exchanged = windows.signals.copy()
            order = generator.permutation(len(windows))
            exchanged[:, :, channels] = windows.signals[order][:, :, channels]
            lost.append(before - is_right(exchanged))
        importances.append(_importance(signal, np.stack(lost), windows.subjects))
    return tuple(importances)


def _importance(signal: str, lost: IntArray, subjects: SubjectArray) -> Importance:
    """Sum up what was lost, shape (n_repeats, n_windows), over repeats and people."""
    names, of_window = number_subjects(subjects)
    counts = np.zeros((len(names), 2), dtype=np.int64)
    np.add.at(counts[:, 0], of_window, lost.sum(axis=0))
    np.add.at(counts[:, 1], of_window, len(lost))
    totals = resampled(counts) if len(names) > 1 else None
    return Importance(
        signal,
        lost=float(lost.mean()),
        deviation=float(lost.mean(axis=1).std(ddof=1)),
        interval=None if totals is None else ends(totals[:, 0] / totals[:, 1]),
    )


def occlusions(
    signals: FloatArray, channels: tuple[str, ...], predicted: IntArray, predict: Predict
) -> FloatArray:
    """Occlude spans of windows, and measure how far the probability of the prediction falls.

    A span of a signal is replaced by the mean over its own window, along each axis: as if the
    person had held still, the phone hanging as it did. Zeros would be a fall to weightlessness,
    and the mean of other windows a sudden turn.

    Parameters
    ----------
    signals : ndarray of float32, shape (n_windows, n_timesteps, n_channels)
        Windows in g and rad/s.
    channels : tuple of str
        Names of the last axis.
    predicted : ndarray of int, shape (n_windows,)
        Activity of each window whose probability is compared.
    predict : callable
        From windows to probabilities, shape (n_windows, n_activities).

    Returns
    -------
    ndarray of float, shape (n_windows, n_groups, n_spans)
        Fall of the probability for each of `signal_groups` and of `OccludedSpans`; negative where
        it rises.
    """
    spans, groups = OccludedSpans.of(signals.shape[1]), signal_groups(channels)
    rows = np.arange(len(signals))
    before = predict(signals)[rows, predicted]
    neutral = signals.mean(axis=1, keepdims=True)
    falls = np.empty((len(signals), len(groups), len(spans.starts)))
    for row, group in enumerate(groups.values()):
        for column, start in enumerate(spans.starts):
            occluded = signals.copy()
            occluded[:, start : start + spans.size, group] = neutral[:, :, group]
            falls[:, row, column] = before - predict(occluded)[rows, predicted]
    return falls


def occlusion_by_activity(
    windows: Windows, predicted: IntArray, predict: Predict, generator: np.random.Generator
) -> tuple[tuple[int, ...], FloatArray]:
    """Average `occlusions` over windows of each activity.

    Parameters
    ----------
    windows : Windows
        Labelled windows; of each activity 100 are drawn, if there are more.
    predicted : ndarray of int, shape (n_windows,)
        Predicted activities.
    predict : callable
        From windows to probabilities, shape (n_windows, n_activities).
    generator : numpy.random.Generator
        Source of the drawn windows.

    Returns
    -------
    n_occluded : tuple of int
        Number of occluded windows of each activity.
    falls : ndarray of float, shape (n_activities, n_groups, n_spans)
        Mean fall of the probability by true activity; 0 for an activity without windows.
    """
    of_activity = [
        generator.permutation(np.flatnonzero(windows.labels == label))[:_N_OCCLUDED]
        for label in range(len(windows.activities))
    ]
    drawn = np.concatenate(of_activity)
    falls = occlusions(windows.signals[drawn], windows.channels, predicted[drawn], predict)
    labels = windows.labels[drawn]
    n_occluded = np.bincount(labels, minlength=len(of_activity))
    sums = np.zeros((len(of_activity), *falls.shape[1:]))
    np.add.at(sums, labels, falls)
    return tuple(n_occluded.tolist()), sums / np.maximum(n_occluded, 1)[:, None, None]
