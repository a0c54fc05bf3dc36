"""Statistics of two classifiers that answered the same windows of the same people.

Two things are asked. Would the difference hold for other people? A bootstrap that draws people,
with all their windows, answers that. And could so lopsided a count of windows that one got right
and the other wrong be chance? McNemar's test answers that, taking windows as independent.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.stats import binomtest

from har.comparison import N_RESAMPLES
from har.signals import FloatArray, IntArray


def confusions_by_subject(
    labels: IntArray, predicted: IntArray, subjects: IntArray, n_activities: int
) -> IntArray:
    """Count each subject's windows by true and predicted activity.

    Parameters
    ----------
    labels, predicted : ndarray of int, shape (n_windows,)
        Activities, counted from 0.
    subjects : ndarray of int, shape (n_windows,)
        Who was measured.
    n_activities : int
        How many there are.

    Returns
    -------
    ndarray of int, shape (n_subjects, n_activities, n_activities)
        Subjects in ascending order; rows are true, columns predicted activities.
    """
    names, places = np.unique(subjects, return_inverse=True)
    shape = (len(names), n_activities, n_activities)
    cells = np.ravel_multi_index((places, labels, predicted), shape)
    return np.bincount(cells, minlength=int(np.prod(shape))).reshape(shape)


def accuracy(confusions: FloatArray | IntArray) -> FloatArray:
    """Find the share of windows that are right.

    Parameters
    ----------
    confusions : ndarray, shape (…, n_activities, n_activities)
        Windows by true (rows) and predicted activity.

    Returns
    -------
    ndarray of float, shape (…)
    """
    return np.asarray(np.trace(confusions, axis1=-2, axis2=-1) / confusions.sum(axis=(-2, -1)))


def macro_f1(confusions: FloatArray | IntArray) -> FloatArray:
    """Find the mean F1 of the activities that occur or were predicted; see `accuracy`."""
    right = np.diagonal(confusions, axis1=-2, axis2=-1)
    n_named = confusions.sum(axis=-1) + confusions.sum(axis=-2)
    f1 = 2 * right / np.maximum(n_named, 1)
    return np.asarray(f1.sum(axis=-1) / np.count_nonzero(n_named, axis=-1))


def paired_differences(other: IntArray, reference: IntArray) -> dict[str, dict[str, Any]]:
    """Tell how much better or worse one classifier is than another, and how surely.

    Parameters
    ----------
    other, reference : ndarray of int, shape (n_subjects, n_activities, n_activities)
        What `confusions_by_subject` counted for the same windows.

    Returns
    -------
    dict
        For ``accuracy`` and ``macro_f1``, each over all windows: ``difference``, and as
        ``interval`` the percentiles that hold 95 % of 10,000 bootstrap resamples of subjects, who
        are the same ones for both; None for less than two subjects.
    """
    n_subjects = len(reference)
    chances = np.full(n_subjects, 1 / n_subjects)
    # How often each resample has each subject: sums over subjects become products of matrices.
    draws = np.random.default_rng(0).multinomial(n_subjects, chances, N_RESAMPLES).astype(float)
    resampled = [np.tensordot(draws, confusions, axes=1) for confusions in (other, reference)]
    differences = {}
    for name, figure in (("accuracy", accuracy), ("macro_f1", macro_f1)):
        low, high = np.percentile(figure(resampled[0]) - figure(resampled[1]), [2.5, 97.5])
        differences[name] = {
            "difference": float(figure(other.sum(axis=0)) - figure(reference.sum(axis=0))),
            "interval": [float(low), float(high)] if n_subjects > 1 else None,
        }
    return differences


def mcnemar(n_only_first: int, n_only_second: int) -> float:
    """Test whether two classifiers are right equally often, exactly.

    Parameters
    ----------
    n_only_first, n_only_second : int
        Windows that only one of them got right.

    Returns
    -------
    float
        The two-sided p-value; 1 if there are no such windows.

    References
    ----------
    McNemar, *Note on the sampling error of the difference between correlated proportions or
    percentages*, Psychometrika 12, 1947.
    """
    n_discordant = n_only_first + n_only_second
    return float(binomtest(n_only_first, n_discordant).pvalue) if n_discordant else 1.0
