"""Means, sums and maxima over time, written for the operators of MXNet that are fast on a CPU.

They are the mathematics of ``F.mean``, ``F.sum`` and ``F.max``, which run element by element when
they reduce any other axis than the last one, and slowly even there. `scripts/profile` measures
whole networks, and the tests of this module each function beside its plain operator.

- A sum is a product with a vector of ones, which the library for linear algebra computes: a quarter
  to a third of the time of ``F.mean``, forward and backward.
- A maximum is the maximum of two halves, again and again, since ``F.maximum`` of two arrays runs
  over contiguous memory: about half the time of ``F.max``.
- Axes are exchanged with ``F.transpose``: ``F.swapaxes`` takes up to fourteen times as long.
- ``F.Pooling`` is of no use: its backward takes from 10 to 136 ms in place of less than 1 ms.
"""

from __future__ import annotations

from typing import Any


def sum_over_first(F: Any, values: Any, length: int) -> Any:
    """Sum over the first axis.

    Parameters
    ----------
    F : module
        ``mxnet.nd`` or ``mxnet.sym``, as a block gets it.
    values : NDArray or Symbol, shape (length, n, size)
        Values in which time comes first.
    length : int
        Length of the axis, which a symbol does not know.

    Returns
    -------
    NDArray or Symbol, shape (n, size)
    """
    rows = F.reshape(values, shape=(length, -1))
    total = F.dot(F.ones((1, length)), rows)
    # The size of the last axis, and the number of windows is what remains.
    return F.reshape_like(total, values, lhs_begin=0, lhs_end=2, rhs_begin=1, rhs_end=3)


def mean_over_first(F: Any, values: Any, length: int) -> Any:
    """Return the mean over the first axis; as `sum_over_first`."""
    return sum_over_first(F, values, length) * (1 / length)


def max_over_first(F: Any, values: Any, length: int) -> Any:
    """Return the maximum over the first axis; as `sum_over_first`."""
    while length > 1:
        half = (length + 1) // 2
        # Of an odd number the middle one is in both halves.
        first = F.slice_axis(values, axis=0, begin=0, end=half)
        second = F.slice_axis(values, axis=0, begin=length - half, end=length)
        values, length = F.maximum(first, second), half
    return F.squeeze(values, axis=0)


def mean_over_last(F: Any, values: Any, length: int, keepdims: bool = False) -> Any:
    """Return the mean over the last axis.

    Parameters
    ----------
    F, length
        As for `sum_over_first`.
    values : NDArray or Symbol, shape (n, size, length)
        Values in which time comes last.
    keepdims : bool
        True to keep the last axis, with a length of 1.

    Returns
    -------
    NDArray or Symbol, shape (n, size) or (n, size, 1)
    """
    total = F.dot(values, F.ones((length, 1))) * (1 / length)
    return total if keepdims else F.squeeze(total, axis=2)
