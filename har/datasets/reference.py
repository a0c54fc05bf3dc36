"""What is known of a published data set, to compare what was read with."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from har.arrays import FloatArray
from har.errors import DataError
from har.signals.channels import UCI_CHANNELS
from har.signals.windows import Windows

# Means and deviations are known to six decimals.
_TOLERANCE = 2e-6


@dataclass(frozen=True)
class KnownSplit:
    """What is known of a split.

    Parameters
    ----------
    subjects : tuple of int
        Who is in it.
    n_windows_of_class : tuple of int
        Windows of each activity.
    means, deviations : tuple of float
        Over all windows, a value per channel of `UCI_CHANNELS`, in g and rad/s.
    """

    subjects: tuple[int, ...]
    n_windows_of_class: tuple[int, ...]
    means: tuple[float, ...]
    deviations: tuple[float, ...]


def check_split(windows: Windows, known: KnownSplit, where: str) -> None:
    """Compare windows with what is known of them.

    Counts alone would not notice swapped or unfiltered channels, so means and deviations are
    compared too.

    Parameters
    ----------
    windows : Windows
        What was read.
    known : KnownSplit
        What it should be.
    where : str
        Place and split, for messages.

    Raises
    ------
    DataError
        Naming the first difference.
    """
    n_classes = len(known.n_windows_of_class)
    n_windows_of_class = tuple(np.bincount(windows.labels, minlength=n_classes).tolist())
    if windows.subject_names != known.subjects:
        raise DataError(
            f"{where}: found subjects {windows.subject_names}, expected {known.subjects}"
        )
    if n_windows_of_class != known.n_windows_of_class:
        raise DataError(
            f"{where}: found {n_windows_of_class} windows of the {n_classes} activities, "
            f"expected {known.n_windows_of_class}"
        )
    means = windows.signals.mean(axis=(0, 1), dtype=np.float64)
    deviations = windows.signals.std(axis=(0, 1), dtype=np.float64)
    _check_moments(means, known.means, "mean", where)
    _check_moments(deviations, known.deviations, "deviation", where)


def _check_moments(found: FloatArray, known: tuple[float, ...], what: str, where: str) -> None:
    for channel, value, expected in zip(UCI_CHANNELS, found, known, strict=True):
        if abs(value - expected) > _TOLERANCE:
            raise DataError(
                f"{where}, {channel}: found a {what} of {value:.6f}, expected {expected:.6f}: "
                "channels are swapped, or were not filtered as the published ones"
            )
