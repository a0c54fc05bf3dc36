"""Reference values of published splits, against which files that were read are checked."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from har.arrays import FloatArray, blocks_of, channel_moments
from har.errors import DataError
from har.signals.channels import UCI_CHANNELS
from har.signals.windows import Windows

# Reference means and standard deviations have six decimals.
_TOLERANCE = 2e-6


@dataclass(frozen=True)
class ReferenceSplit:
    """Reference values of a published split.

    Parameters
    ----------
    subjects : tuple of int
        All subjects of the split.
    n_windows_of_class : tuple of int
        Number of windows of each activity.
    means, deviations : tuple of float
        Means and standard deviations over all windows, in g and rad/s, a value per channel of
        `UCI_CHANNELS`.
    """

    subjects: tuple[int, ...]
    n_windows_of_class: tuple[int, ...]
    means: tuple[float, ...]
    deviations: tuple[float, ...]


def check_split(windows: Windows, known: ReferenceSplit, place: str) -> None:
    """Check windows against the reference values of their split.

    Counts alone would not reveal swapped or unfiltered channels, so means and standard deviations
    are checked too.

    Parameters
    ----------
    windows : Windows
        Windows that were read.
    known : ReferenceSplit
        Reference values.
    place : str
        Source and split, for messages.

    Raises
    ------
    DataError
        If they differ; names the first difference.
    """
    n_classes = len(known.n_windows_of_class)
    n_windows_of_class = tuple(np.bincount(windows.labels, minlength=n_classes).tolist())
    if windows.subject_names != known.subjects:
        raise DataError(
            f"{place}: found subjects {windows.subject_names}, expected {known.subjects}"
        )
    if n_windows_of_class != known.n_windows_of_class:
        raise DataError(
            f"{place}: found {n_windows_of_class} windows of the {n_classes} activities, "
            f"expected {known.n_windows_of_class}"
        )
    means, deviations = channel_moments(blocks_of(windows.signals))
    _check_moments(means, known.means, "mean", place)
    _check_moments(deviations, known.deviations, "deviation", place)


def _check_moments(found: FloatArray, known: tuple[float, ...], moment: str, place: str) -> None:
    for channel, value, expected in zip(UCI_CHANNELS, found, known, strict=True):
        if abs(value - expected) > _TOLERANCE:
            raise DataError(
                f"{place}, {channel}: found a {moment} of {value:.6f}, expected {expected:.6f}: "
                "channels are swapped, or were not filtered as the published ones"
            )
