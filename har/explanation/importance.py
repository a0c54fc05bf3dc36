"""How much a network needs each signal: exchanged among windows, or occluded for a while.

Permutation importance asks how much accuracy is lost if a signal says nothing of its own window
(Breiman, *Random forests*, 2001). Occlusion asks how much less probable the prediction gets if a
span of a signal is blotted out (Zeiler & Fergus, *Visualizing and understanding convolutional
networks*, 2014). Both need predictions only, and work for any network.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from har.arrays import FloatArray, IntArray
from har.evaluation.intervals import ends, resampled
from har.explanation.findings import Importance, OccludedSpans, signal_groups
from har.signals.windows import Windows

N_REPEATS = 5
# Of each activity; over all 2947 windows of UCI HAR it would take a minute.
_N_OCCLUDED = 100

Predict = Callable[[FloatArray], FloatArray]


def permutation_importances(
    windows: Windows, predict_proba: Predict, generator: np.random.Generator
) -> tuple[Importance, ...]:
    """Exchange each signal among windows, and count how many more are named wrong.

    Parameters
    ----------
    windows : Windows
        At least one.
    predict_proba : callable
        From signals to probabilities, shape (n_windows, n_activities).
    generator : numpy.random.Generator
        Draws who gets whose signals.

    Returns
    -------
    tuple of Importance
        One for each of `signal_groups`. All channels of a signal, and all of a window's samples, go
        to the same other window.
    """

    def is_right(signals: FloatArray) -> IntArray:
        return np.asarray(predict_proba(signals).argmax(axis=1) == windows.labels, dtype=np.int64)

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


def _importance(signal: str, lost: IntArray, subjects: IntArray) -> Importance:
    """Sum up what was lost, shape (n_repeats, n_windows), over repeats and people."""
    names, of_window = np.unique(subjects, return_inverse=True)
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
    signals: FloatArray, channels: tuple[str, ...], answers: IntArray, predict_proba: Predict
) -> FloatArray:
    """Occlude spans of windows, and see how much less probable the predictions get.

    A span of a signal is replaced by the mean over its own window, along each axis: as if the
    person had held still, the phone hanging as it did. Zeros would be a fall to weightlessness,
    and the mean of other windows a sudden turn.

    Parameters
    ----------
    signals : ndarray of float32, shape (n_windows, n_timesteps, n_channels)
        In g and rad/s.
    channels : tuple of str
        Names of the last axis.
    answers : ndarray of int, shape (n_windows,)
        The activity of each window whose probability to watch.
    predict_proba : callable
        From signals to probabilities, shape (n_windows, n_activities).

    Returns
    -------
    ndarray of float, shape (n_windows, n_groups, n_spans)
        Fall of the probability, for each of `signal_groups` and of `OccludedSpans`; less than 0
        where it rises.
    """
    spans, groups = OccludedSpans.of(signals.shape[1]), signal_groups(channels)
    rows = np.arange(len(signals))
    before = predict_proba(signals)[rows, answers]
    neutral = signals.mean(axis=1, keepdims=True)
    falls = np.empty((len(signals), len(groups), len(spans.starts)))
    for row, group in enumerate(groups.values()):
        for column, start in enumerate(spans.starts):
            occluded = signals.copy()
            occluded[:, start : start + spans.size, group] = neutral[:, :, group]
            falls[:, row, column] = before - predict_proba(occluded)[rows, answers]
    return falls


def occlusion_by_activity(
    windows: Windows, answers: IntArray, predict_proba: Predict, generator: np.random.Generator
) -> tuple[tuple[int, ...], FloatArray]:
    """Average what `occlusions` finds over windows of each activity.

    Parameters
    ----------
    windows : Windows
        Of each activity, 100 are drawn if there are more.
    answers : ndarray of int, shape (n_windows,)
        What was predicted.
    predict_proba : callable
        From signals to probabilities, shape (n_windows, n_activities).
    generator : numpy.random.Generator
        Draws them.

    Returns
    -------
    n_occluded : tuple of int
        How many windows of each activity there were.
    falls : ndarray of float, shape (n_activities, n_groups, n_spans)
        By true activity; 0 where there are none.
    """
    of_activity = [
        generator.permutation(np.flatnonzero(windows.labels == label))[:_N_OCCLUDED]
        for label in range(len(windows.activities))
    ]
    drawn = np.concatenate(of_activity)
    falls = occlusions(windows.signals[drawn], windows.channels, answers[drawn], predict_proba)
    labels = windows.labels[drawn]
    n_occluded = np.bincount(labels, minlength=len(of_activity))
    sums = np.zeros((len(of_activity), *falls.shape[1:]))
    np.add.at(sums, labels, falls)
    return tuple(n_occluded.tolist()), sums / np.maximum(n_occluded, 1)[:, None, None]
