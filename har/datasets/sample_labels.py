"""What was done at each sample of a recording, and in each window."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from har.datasets.recordings_table import Segment
from har.errors import DataError
from har.recording import Recording
from har.signals import N_TIMESTEPS, WINDOW_STEP, FloatArray
from har.windows import sliding_windows

# Seconds are written with a few decimals: a sample that lies so near to an edge lies on it.
_EDGE_S = 1e-6

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
        If a segment reaches beyond the recording by more than a sample.
    """
    times_s = sample_times_s(recording) + _EDGE_S
    longest_s = recording.duration_s + 1 / recording.rate_hz + _EDGE_S
    names: NameArray = np.full(len(recording), "", dtype=object)
    for segment in segments:
        if segment.end_s > longest_s:
            raise DataError(
                f"{segment.place}: found a segment that ends at {segment.end_s:g} s, expected an "
                f"end within {recording.source}, which lasts {recording.duration_s:.2f} s"
            )
        first, last = np.searchsorted(times_s, [segment.start_s, segment.end_s])
        names[first:last] = segment.activity
    return names


def names_from_rows(
    recording: Recording, row_times_s: FloatArray, row_names: NameArray
) -> NameArray:
    """Name the activity at each sample as in the last row of the file before it.

    Parameters
    ----------
    recording : Recording
        Made of the file, at another rate perhaps.
    row_times_s : ndarray of float64, shape (n_rows,)
        When the rows were taken, in seconds from the first one; increasing.
    row_names : ndarray of str, shape (n_rows,)
        ``""`` where none is given.

    Returns
    -------
    ndarray of str, shape (n_timesteps,)
    """
    rows = np.searchsorted(row_times_s, sample_times_s(recording) + _EDGE_S, side="right") - 1
    names: NameArray = row_names[rows]
    return names


def name_windows(
    names: NameArray, straddling: Literal["drop", "majority"]
) -> tuple[NameArray, Counter[str]]:
    """Name the activity of each window that `har.windows.sliding_windows` cuts from a stretch.

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
    is_whole = n_most == N_TIMESTEPS
    has_unlabelled = (n_samples[found == ""] > 0).any(axis=0)
    counts = Counter({"unlabelled left out": int((is_whole & (window_names == "")).sum())})
    enough = N_TIMESTEPS if straddling == "drop" else N_TIMESTEPS // 2 + 1
    window_names[n_most < enough] = ""
    for is_kind, kind in (
        (~is_whole & ~has_unlabelled, "over two activities"),
        (~is_whole & has_unlabelled, "partly unlabelled"),
    ):
        is_kept = window_names[is_kind] != ""
        counts[f"{kind} left out"] = int((~is_kept).sum())
        counts[f"{kind} named after most of their samples"] = int(is_kept.sum())
    return window_names, counts
