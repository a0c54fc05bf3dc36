"""Statistics of two classifiers that predicted the same windows of the same people.

Two things are asked. Would the difference hold for other people? A bootstrap that draws people,
with all their windows, answers that. And could so lopsided a count of windows that one got right
and the other wrong be chance? McNemar's test answers that, taking windows as independent.
"""

from __future__ import annotations

from dataclasses import dataclass

import scipy

from har.arrays import IntArray
from har.evaluation.intervals import FIGURES, Interval, ends, resampled


@dataclass(frozen=True)
class Difference:
    """A figure of one classifier less that of another, on the same windows.

    Parameters
    ----------
    difference : float
        The difference over all windows.
    interval : list of float or None
        Percentiles that hold 95 % of 10,000 bootstrap resamples of subjects, the same ones for
        both classifiers; None for less than two subjects.
    """

    difference: float
    interval: Interval | None


def paired_differences(other: IntArray, reference: IntArray) -> dict[str, Difference]:
    """Measure how much better or worse one classifier is than another, and how surely.

    Parameters
    ----------
    other, reference : ndarray of int, shape (n_subjects, n_activities, n_activities)
        Each subject's windows by true and predicted activity, the same windows in both.

    Returns
    -------
    dict of str to Difference
        For ``accuracy`` and ``macro_f1``.
    """
    resamples = [resampled(confusions) for confusions in (other, reference)]
    differences = {}
    for name in ("accuracy", "macro_f1"):
        figure = FIGURES[name]
        interval = ends(figure(resamples[0]) - figure(resamples[1]))
        differences[name] = Difference(
            float(figure(other.sum(axis=0)) - figure(reference.sum(axis=0))),
            interval if len(reference) > 1 else None,
        )
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
    return float(scipy.stats.binomtest(n_only_first, n_discordant).pvalue) if n_discordant else 1.0
