"""What was done at each sample of a recording, and in each window."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from har.arrays import FloatArray
from har.config import Straddling
from har.datasets.recordings_table import Segment
from har.errors import DataError
from har.signals.channels import N_TIMESTEPS, WINDOW_STEP
from har.signals.recording import Recording
from har.signals.windows import sliding_windows

# A segment may end with the last sample of the slowest sensor that is read, at 10 Hz.
_LAST_SAMPLE_S = 0.1
# Seconds are written with a few decimals: a sample that lies so near to an edge lies on it.
_EDGE_S = 1e-6

# Kinds of windows, in words.
LEFT_OUT = "Windows {}, left out"
NAMED_AFTER_MOST = "Windows {}, named after most of their samples"

# An activity's name at each sample; "" where none is given.
NameArray = NDArray[np.object_]


def sample_times_s(recording: Recording) -> FloatArray:
    """Tell when each sample was taken, in seconds from the first one; gaps count."""
    return np.concatenate(
        [
            stretch.start_s + np.arange(stretch.n_samples) / recording.rate_hz
            for stretch in recording.stretches
        ]
    )


def names_from_segments(recording: Recording, segments: Sequence[Segment]) -> NameArray:
    """Name the activity at each sample after the segment it lies in.

    Parameters
    ----------
    recording : Recording
        At any rate.
    segments : sequence of Segment
        Those that overlap have the same activity.

    Returns
    -------
    ndarray of str, shape (n_timesteps,)
        ``""`` outside of all segments.

    Raises
    ------
    DataError
        If a segment reaches beyond the recording by more than 0.1 s.
    """
    times_s = sample_times_s(recording) + _EDGE_S
    names: NameArray = np.full(len(recording), "", dtype=object)
    for segment in segments:
        if segment.end_s > recording.duration_s + _LAST_SAMPLE_S:
            raise DataError(
                f"{segment.place}: found a segment that ends at {segment.end_s:g} s, expected an "
                f"end within {recording.source}, which lasts {recording.duration_s:.2f} s"
            )
        first, last = np.searchsorted(times_s, [segment.start_s, segment.end_s])
        names[first:last] = segment.activity
    return names


def names_from_column(
    recording: Recording, row_times_s: FloatArray, values: pd.Series[Any]
) -> NameArray:
    """Name the activity at each sample as in the last row of the file before it.

    Parameters
    ----------
    recording : Recording
        Made of the file, at another rate perhaps.
    row_times_s : ndarray of float64, shape (n_rows,)
        When the rows were taken, in seconds from the first one; increasing.
    values : Series
        What the rows say, in text or numbers; missing or ``""`` where nothing.

    Returns
    -------
    ndarray of str, shape (n_timesteps,)
    """
    rows = np.searchsorted(row_times_s, sample_times_s(recording) + _EDGE_S, side="right") - 1
    names: NameArray = values.map(_name, na_action="ignore").fillna("").to_numpy(object)
    named: NameArray = names[rows]
    return named


def _name(value: object) -> str:
    # Whole numbers beside empty cells come as floats.
    is_whole = isinstance(value, float) and value.is_integer()
    return f"{value:.0f}" if is_whole else str(value).strip()


def name_windows(names: NameArray, straddling: Straddling) -> tuple[NameArray, Counter[str]]:
    """Name the activity of each window that `sliding_windows` cuts from a stretch.

    Parameters
    ----------
    names : ndarray of str, shape (n_timesteps,)
        The activity at each sample, ``""`` where none is given; at least one window long.
    straddling : {"drop", "majority"}
        What becomes of a window that is not all of one activity: it is left out, or takes the one
        of more than half of its samples.

    Returns
    -------
    names : ndarray of str, shape (n_windows,)
        ``""`` for windows to leave out.
    counts : Counter of str
        How many windows were no plain case, by what they were and became, in words.
    """
    codes, found = pd.factorize(names)
    views = sliding_windows(codes[:, np.newaxis], N_TIMESTEPS, WINDOW_STEP)[:, :, 0]
    n_samples = np.stack([(views == code).sum(axis=1) for code in range(len(found))])
    n_most = n_samples.max(axis=0)
    window_names: NameArray = found[n_samples.argmax(axis=0)]
    is_mixed = n_most < N_TIMESTEPS
    has_unlabelled = n_samples[found == ""].sum(axis=0) > 0
    counts = Counter(
        {LEFT_OUT.format("without an activity"): np.count_nonzero(~is_mixed & has_unlabelled)}
    )
    if straddling == "drop":
        window_names[is_mixed] = ""
    window_names[2 * n_most <= N_TIMESTEPS] = ""
    is_left_out = window_names == ""
    for is_kind, kind in (
        (is_mixed & ~has_unlabelled, "over two activities"),
        (is_mixed & has_unlabelled, "partly without an activity"),
    ):
        counts[LEFT_OUT.format(kind)] = np.count_nonzero(is_kind & is_left_out)
        counts[NAMED_AFTER_MOST.format(kind)] = np.count_nonzero(is_kind & ~is_left_out)
    return window_names, counts
