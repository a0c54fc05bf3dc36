"""How much a network needs each source: exchanged among windows, or occluded for a while.

Permutation importance asks how much accuracy is lost if a source tells nothing of its own window
(Breiman, *Random forests*, 2001). Occlusion asks how much less probable the answer gets if a
stretch of a source is blotted out (Zeiler & Fergus, *Visualizing and understanding convolutional
networks*, 2014). Both need predictions only, and work for any network.
"""

from __future__ import annotations

import numpy as np

from har.arrays import FloatArray, IntArray
from har.evaluation.intervals import ends, resampled
from har.explanation.findings import Importance, Stretches, sources_of
from har.signals.windows import Predict, Windows

N_REPEATS = 5
# Of each activity; over all 2947 windows of UCI HAR it would take a minute.
_N_OCCLUDED = 100


def permutation_importances(
    windows: Windows, predict_proba: Predict, generator: np.random.Generator
) -> tuple[Importance, ...]:
    """Exchange each source among windows, and count how many more are named wrong.

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
        One of each of `sources_of`. All channels of a source, and all of a window's samples, go
        to the same other window.
    """

    def is_right(signals: FloatArray) -> IntArray:
        return np.asarray(predict_proba(signals).argmax(axis=1) == windows.labels, dtype=np.int64)

    before = is_right(windows.signals)
    importances = []
    for source, places in sources_of(windows.channels).items():
        lost = []
        for _ in range(N_REPEATS):
            exchanged = windows.signals.copy()
            order = generator.permutation(len(windows))
            exchanged[:, :, places] = windows.signals[order][:, :, places]
            lost.append(before - is_right(exchanged))
        importances.append(_importance(source, np.stack(lost), windows.subjects))
    return tuple(importances)


def _importance(source: str, lost: IntArray, subjects: IntArray) -> Importance:
    """Sum up what was lost, shape (n_repeats, n_windows), over repeats and people."""
    names, of_window = np.unique(subjects, return_inverse=True)
    counts = np.zeros((len(names), 2), dtype=np.int64)
    np.add.at(counts[:, 0], of_window, lost.sum(axis=0))
    np.add.at(counts[:, 1], of_window, len(lost))
    totals = resampled(counts) if len(names) > 1 else None
    return Importance(
        source,
        lost=float(lost.mean()),
        deviation=float(lost.mean(axis=1).std(ddof=1)),
        interval=None if totals is None else ends(totals[:, 0] / totals[:, 1]),
    )


def occlusions(
    signals: FloatArray, channels: tuple[str, ...], answers: IntArray, predict_proba: Predict
) -> FloatArray:
    """Occlude stretches of windows, and see how much less probable the answers get.

    A stretch of a source is replaced by the mean over its own window, along each axis: as if the
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
    ndarray of float, shape (n_windows, n_sources, n_stretches)
        By how much the probability falls, for each of `sources_of` and of `Stretches`; less than
        0 where it rises.
    """
    stretches, sources = Stretches.of(signals.shape[1]), sources_of(channels)
    rows = np.arange(len(signals))
    before = predict_proba(signals)[rows, answers]
    neutral = signals.mean(axis=1, keepdims=True)
    falls = np.empty((len(signals), len(sources), len(stretches.starts)))
    for number, places in enumerate(sources.values()):
        for place, start in enumerate(stretches.starts):
            occluded = signals.copy()
            occluded[:, start : start + stretches.size, places] = neutral[:, :, places]
            falls[:, number, place] = before - predict_proba(occluded)[rows, answers]
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
    falls : ndarray of float, shape (n_activities, n_sources, n_stretches)
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
