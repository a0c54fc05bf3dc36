"""Types of the arrays that functions take and return, and windows worked through in blocks."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.floating[Any]]
IntArray = NDArray[np.integer[Any]]
ComplexArray = NDArray[np.complexfloating[Any, Any]]
StringArray = NDArray[np.str_]
BoolArray = NDArray[np.bool_]
# The person of each window: numbers, or text.
SubjectArray = NDArray[np.integer[Any]] | NDArray[np.str_]

# Working through so many windows at a time needs little memory besides theirs.
_N_PER_BLOCK = 2048


def blocks_of(signals: FloatArray) -> Iterator[FloatArray]:
    """Yield windows, shape (n_windows, n_timesteps, n_channels), a few thousand at a time."""
    for first in range(0, len(signals), _N_PER_BLOCK):
        yield signals[first : first + _N_PER_BLOCK]


def channel_moments(blocks: Iterable[FloatArray]) -> tuple[FloatArray, FloatArray]:
    """Return the mean and standard deviation of each channel, in double precision.

    Parameters
    ----------
    blocks : iterable of ndarray, shape (n_windows, n_timesteps, n_channels)
        Windows, some at a time, as `blocks_of` gives them.

    Returns
    -------
    means, deviations : ndarray of float64, shape (n_channels,)
        As `numpy.mean` and `numpy.std` give them for all windows, but that the deviation of a
        constant channel is 0, whatever is rounded. Blocks are joined by the formula of Chan, Golub
        and LeVeque, *Updating formulae and a pairwise algorithm for computing sample variances*,
        1979.
    """
    n, means, squares = 0, np.zeros(()), np.zeros(())
    lows, highs = np.array(np.inf), np.array(-np.inf)
    for block in blocks:
        n_block = len(block) * block.shape[1]
        of_block = block.mean(axis=(0, 1), dtype=np.float64)
        difference = of_block - means
        squares = squares + np.square(block - of_block).sum(axis=(0, 1))
        squares = squares + difference**2 * (n * n_block / (n + n_block))
        n += n_block
        means = means + difference * (n_block / n)
        lows = np.minimum(lows, block.min(axis=(0, 1)))
        highs = np.maximum(highs, block.max(axis=(0, 1)))
    return means, np.where(lows == highs, 0.0, np.sqrt(squares / max(n, 1)))


def check_text(array: NDArray[Any]) -> None:
    """Refuse an array of damaged text, which Python cannot take as strings.

    Parameters
    ----------
    array : ndarray, shape (n,)
        Values as they lay in a file; all but text is as good as it can be.

    Raises
    ------
    ValueError
        If a character is none of Unicode.
    """
    if array.dtype.kind == "U":
        # Damaged bytes make numbers of characters that NumPy does not check.
        numbers = array.view(np.dtype("u4").newbyteorder(array.dtype.byteorder))
        if numbers.max(initial=0) > sys.maxunicode:
            raise ValueError("text with characters beyond those of Unicode")
