"""Which windows lie next to each other in time, told from their samples alone.

The windows of a data set are in the order of time within each stretch that was cut, and overlap;
where one stretch ends and the next begins is not kept. But two windows share exact samples only if
they were cut from the same recording.
"""

from __future__ import annotations

import numpy as np

from har.signals import WINDOW_STEP, IntArray
from har.windows import Windows


def number_stretches(windows: Windows, step: int = WINDOW_STEP) -> IntArray:
    """Tell which windows were cut one after the other, without a gap.

    A window follows the one before it if both are of one subject, and it begins with exactly the
    samples that the other one ends with. Samples that do not vary prove nothing: a dead sensor's
    windows all look alike.

    Parameters
    ----------
    windows : Windows
        At least one, in the order in which they were cut.
    step : int
        Samples from the start of a window to the start of the next.

    Returns
    -------
    ndarray of int, shape (n_windows,)
        The number of each window's stretch, from 0. Windows that do not overlap each have their
        own.
    """
    if step >= windows.n_timesteps:
        return np.arange(len(windows))
    begins, ends = windows.signals[1:, :-step], windows.signals[:-1, step:]
    follows = (begins == ends).all(axis=(1, 2))
    follows &= (begins != begins[:, :1]).any(axis=(1, 2))
    follows &= windows.subjects[1:] == windows.subjects[:-1]
    return np.concatenate([[0], np.cumsum(~follows)])


def neighbours_of(window: int, stretches: IntArray, n_around: int) -> IntArray:
    """Find the windows around one, in the order of time.

    Parameters
    ----------
    window : int
        Which one.
    stretches : ndarray of int, shape (n_windows,)
        From `number_stretches`.
    n_around : int
        How many before and after it, at most.

    Returns
    -------
    ndarray of int
        Itself and its neighbours, all of its own stretch.
    """
    first = max(window - n_around, 0)
    near = np.arange(first, min(window + n_around + 1, len(stretches)))
    return np.asarray(near[stretches[near] == stretches[window]])
