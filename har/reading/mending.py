"""Missing cells, as short runs that can be filled and long ones that are gaps."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from har.arrays import FloatArray
from har.errors import DataError


def fill_missing(
    seconds: FloatArray, values: FloatArray, longest_s: float, step_s: float
) -> tuple[FloatArray, NDArray[np.bool_]]:
    """Interpolate short runs of missing values in one channel.

    Parameters
    ----------
    seconds : ndarray of float64, shape (n_timesteps,)
        Increasing.
    values : ndarray, shape (n_timesteps,)
        NaN where missing.
    longest_s : float
        Longer runs stay as they are, and so do those at both ends.
    step_s : float
        From a sample to the next; a single missing one counts as so long.

    Returns
    -------
    filled : ndarray, shape (n_timesteps,)
        A copy.
    was_filled : ndarray of bool, shape (n_timesteps,)
    """
    known = np.flatnonzero(~np.isnan(values))
    # The time from one known value to the next, less a step, belongs to the missing ones between.
    is_short = np.diff(seconds[known]) - step_s <= longest_s * 1.000001
    here = np.flatnonzero(np.isnan(values))
    run = np.searchsorted(known, here) - 1
    inside = (run >= 0) & (run < len(known) - 1)
    here, run = here[inside], run[inside]
    here = here[is_short[run]]
    filled = values.copy()
    filled[here] = np.interp(seconds[here], seconds[known], values[known])
    was_filled = np.zeros(len(values), np.bool_)
    was_filled[here] = True
    return filled, was_filled


def mend_missing(
    seconds: FloatArray,
    samples: FloatArray,
    channels: tuple[str, ...],
    longest_s: float,
    step_s: float,
    place: str,
) -> tuple[NDArray[np.bool_] | None, list[str]]:
    """Fill short runs of missing values in place, and find the rows to leave out for long ones.

    Parameters
    ----------
    seconds : ndarray of float64, shape (n_timesteps,)
        Increasing.
    samples : ndarray, shape (n_timesteps, n_channels)
        NaN where missing; short runs are overwritten.
    channels : tuple of str
        The names of the columns.
    longest_s, step_s : float
        As for `fill_missing`.
    place : str
        The file, for the message.

    Returns
    -------
    complete : ndarray of bool, shape (n_timesteps,), or None
        The rows to keep; None if all.
    notes : list of str

    Raises
    ------
    DataError
        If a channel has no values, or too few rows are complete.
    """
    notes = []
    complete = np.ones(len(samples), np.bool_)
    for index, channel in enumerate(channels):
        is_missing = np.isnan(samples[:, index])
        n_missing = int(is_missing.sum())
        if n_missing == len(samples):
            raise DataError(f"{place}: found no value of {channel} in any row, expected numbers")
        if n_missing:
            filled, was_filled = fill_missing(seconds, samples[:, index], longest_s, step_s)
            samples[:, index] = filled
            complete &= ~np.isnan(filled)
            share = n_missing / len(samples)
            notes.append(
                f"{channel}: {n_missing} cells ({share:.2g} of all) were empty, "
                f"{int(was_filled.sum())} of them interpolated in runs of up to {longest_s:g} s"
            )
    n_left_out = len(complete) - int(complete.sum())
    if len(complete) - n_left_out < 2:
        raise DataError(
            f"{place}: found {len(complete) - n_left_out} rows with all of {', '.join(channels)}, "
            "expected at least 2"
        )
    if n_left_out:
        notes.append(f"rows: {n_left_out} left out for empty cells in longer runs, or at the ends")
    return (complete if n_left_out else None), notes
