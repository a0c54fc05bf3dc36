"""Which labels are probably wrong, by what a network says that never learned from them.

Confident learning (Northcutt, Jiang and Chuang, *Confident Learning: Estimating Uncertainty in
Dataset Labels*, Journal of Artificial Intelligence Research 70, 2021): networks are surer of some
activities than of others, so each activity has its own threshold, the mean probability that windows
labelled so are given for it. A window that reaches the threshold of another activity, and is more
probably that one than what its label says, is suspected.

The method needs probabilities of windows that were not trained on. It knows no more than the
network: what the network is wrong about, it suspects.
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
        What may be wrong.
    probabilities : ndarray of float, shape (n_windows, n_activities)
        From a network that was not trained on these windows.

    Returns
    -------
    DataFrame
        A row per suspected window, the most suspect first. Columns window, label, likely (the most
        probable of the other activities whose threshold is reached), probability (of that one) and
        margin (by how much that exceeds the probability of the label, after which rows are sorted).
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
    """Mean probability of each activity where it is the label; out of reach where it never is."""
    n_windows = is_label.sum(axis=0)
    sums = np.where(is_label, probabilities, 0).sum(axis=0)
    return np.where(n_windows > 0, sums / np.maximum(n_windows, 1), np.inf)
