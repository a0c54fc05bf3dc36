"""Labels that are probably wrong, found by confident learning.

Confident learning (Northcutt, Jiang and Chuang, *Confident Learning: Estimating Uncertainty in
Dataset Labels*, Journal of Artificial Intelligence Research 70, 2021): networks are more confident
in some activities than in others, so each activity has its own threshold, the mean probability that
the network gives it in windows with its label. A window is suspect if another activity reaches its
threshold and is more probable than the label.

The method needs probabilities of windows that were not trained on. It depends on the network: where
the network is confidently wrong, a correct label is suspected.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from har.arrays import FloatArray, IntArray


def find_label_errors(labels: IntArray, probabilities: FloatArray) -> pd.DataFrame:
    """Find the windows whose labels are probably wrong.

    Parameters
    ----------
    labels : ndarray of int, shape (n_windows,)
        Labels to check.
    probabilities : ndarray of float, shape (n_windows, n_activities)
        Probabilities from a network that was not trained on these windows.

    Returns
    -------
    DataFrame
        A row per suspect window, the largest margin first. Columns window, label, likely (the most
        probable of the other activities whose threshold is reached), probability (of that activity)
        and margin (difference between that and the probability of the label).
    """
    is_label = np.arange(probabilities.shape[1]) == labels[:, np.newaxis]
    is_reached = ~is_label & (probabilities >= _thresholds(is_label, probabilities))
    reached = np.where(is_reached, probabilities, -np.inf)
    table = pd.DataFrame(
        {
            "window": np.arange(len(labels)),
            "label": labels,
            "likely": reached.argmax(axis=1),
            "probability": reached.max(axis=1),
            "margin": reached.max(axis=1) - probabilities[is_label],
        }
    )
    suspected = table[table["margin"] > 0]
    return suspected.sort_values("margin", ascending=False, kind="stable", ignore_index=True)


def _thresholds(is_label: FloatArray, probabilities: FloatArray) -> FloatArray:
    """Return the mean probability of each activity in windows with its label, inf without any."""
    n_windows = is_label.sum(axis=0)
    sums = np.where(is_label, probabilities, 0).sum(axis=0)
    return np.where(n_windows > 0, sums / np.maximum(n_windows, 1), np.inf)
