"""Faults of sensors: values cut off at the limits of their range, and values that never change."""

from __future__ import annotations

import numpy as np

from har.arrays import FloatArray
from har.errors import DataError
from har.signals.channels import unit_of

# A phone at rest shows the same values again and again; from these on they are a limit.
_LEAST_LIMIT = {"g": 1.5, "rad/s": 3.0}
_FEWEST_AT_LIMIT = 10
_LONGEST_STILL_S = 5.0


def saturation_notes(samples: FloatArray, channels: tuple[str, ...]) -> list[str]:
    """Find channels that were cut off at the end of the sensor's range.

    Parameters
    ----------
    samples : ndarray, shape (n_timesteps, n_channels)
        Signals in g and rad/s.
    channels : tuple of str
        Names of the columns.

    Returns
    -------
    list of str
        A note for each end of a range that samples often reach twice in a row or more.
    """
    notes = []
    for values, channel in zip(samples.T, channels, strict=True):
        unit = unit_of(channel)
        for limit in (values.min(), values.max()):
            is_at = values == limit
            in_a_row = int((is_at[1:] & is_at[:-1]).sum())
            if abs(limit) >= _LEAST_LIMIT[unit] and in_a_row >= _FEWEST_AT_LIMIT:
                notes.append(
                    f"{channel}: {int(is_at.sum())} samples are cut off at {limit:.4g} {unit}, "
                    "the end of the sensor's range"
                )
    return notes


def stillness_notes(
    seconds: FloatArray, samples: FloatArray, channels: tuple[str, ...], place: str
) -> list[str]:
    """Find channels that kept one value for longer than 5 s.

    Parameters
    ----------
    seconds : ndarray of float64, shape (n_timesteps,)
        Times of the samples, increasing.
    samples, channels
        Signals and the names of their columns, as for `saturation_notes`.
    place : str
        File, for the message.

    Returns
    -------
    list of str
        A note for each channel that kept a value for a part of the time.

    Raises
    ------
    DataError
        If a channel never changes.
    """
    notes = []
    for values, channel in zip(samples.T, channels, strict=True):
        is_same = np.concatenate([[False], values[1:] == values[:-1], [False]])
        # A run starts before the first equal sample, and ends with the last.
        firsts, lasts = np.flatnonzero(is_same[1:] != is_same[:-1]).reshape(-1, 2).T
        lengths_s = seconds[lasts] - seconds[firsts]
        if is_same[1:-1].all():
            raise DataError(
                f"{place}: found {values[0]:.6g} in every row of {channel}, expected it to change: "
                "the sensor does not work"
            )
        if (lengths_s > _LONGEST_STILL_S).any():
            longest = int(np.argmax(lengths_s))
            notes.append(
                f"{channel}: the same value for {lengths_s[longest]:.1f} s from "
                f"{seconds[firsts[longest]]:.1f} s on, as if stuck; in all "
                f"{lengths_s[lengths_s > _LONGEST_STILL_S].sum():.1f} s in such runs"
            )
    return notes
