"""The activity of each sample of a recording and of each window."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from har.arrays import FloatArray
from har.config import Straddling
from har.datasets.own.segment_times import Segment
from har.signals.channels import N_TIMESTEPS, WINDOW_STEP
from har.signals.recording import Recording
from har.signals.windows import sliding_windows

# Seconds are written with few decimals: a sample this close to an edge counts as on the edge.
_EDGE_S = 1e-6

# Descriptions of the windows that are counted.
LEFT_OUT = "Windows {}, left out"
NAMED_AFTER_MOST = "Windows {}, named after most of their samples"

# Name of the activity of each sample; "" if it is unlabelled.
NameArray = NDArray[np.object_]


def _sample_times_s(recording: Recording) -> FloatArray:
    """Return the time of each sample in seconds from the first one, gaps included."""
    parts = recording.stretches
    return np.concatenate([p.start_s + np.arange(p.n_samples) / recording.rate_hz for p in parts])


def names_from_segments(recording: Recording, segments: Sequence[Segment]) -> NameArray:
    """Return the activity of each sample according to labelled segments.

    Parameters
    ----------
    recording : Recording
        Recording at any rate.
    segments : sequence of Segment
        Labelled segments; those that overlap have the same activity.

    Returns
    -------
    ndarray of str, shape (n_timesteps,)
        Names of activities, ``""`` outside all segments.
    """
    times_s = _sample_times_s(recording) + _EDGE_S
    names: NameArray = np.full(len(recording), "", dtype=object)
    for segment in segments:
        first, last = np.searchsorted(times_s, [segment.start_s, segment.end_s])
        names[first:last] = segment.activity
    return names


def names_from_column(
    recording: Recording, row_times_s: FloatArray, values: NameArray
) -> NameArray:
    """Return the activity of each sample according to a column of its file.

    Parameters
    ----------
    recording : Recording
        Recording made from the file, possibly resampled.
    row_times_s : ndarray of float64, shape (n_rows,)
        Increasing times of the rows, in seconds from the first one.
    values : ndarray of str, shape (n_rows,)
        Label of each row; ``""`` if it has none.

    Returns
    -------
    ndarray of str, shape (n_timesteps,)
        Names of activities, each from the last row at or before the sample.
    """
    rows = np.searchsorted(row_times_s, _sample_times_s(recording) + _EDGE_S, side="right") - 1
    return np.asarray(values[rows])


def segments_from_names(recording: Recording, names: NameArray) -> pd.DataFrame:
    """Return the segments of a recording whose samples have one activity.

    Parameters
    ----------
    recording : Recording
        Recording at any rate.
    names : ndarray of str, shape (n_timesteps,)
        Activity of each sample, ``""`` if unlabelled.

    Returns
    -------
    DataFrame
        Columns start_s, end_s and activity, in the order of time; none reaches over a gap.
    """
    is_first = np.zeros(len(names), dtype=np.bool_)
    is_first[[stretch.first_sample for stretch in recording.stretches]] = True
    is_first[1:] |= names[1:] != names[:-1]
    first = np.flatnonzero(is_first)
    last = np.append(first[1:], len(names)) - 1
    times_s = _sample_times_s(recording)
    columns = {
        "start_s": times_s[first],
        "end_s": times_s[last] + 1 / recording.rate_hz,
        "activity": names[first],
    }
    return pd.DataFrame(columns)[names[first] != ""].reset_index(drop=True)


def name_windows(names: NameArray, straddling: Straddling) -> tuple[NameArray, Counter[str]]:
    """Return the activity of each window that `sliding_windows` cuts from a stretch.

    Parameters
    ----------
    names : ndarray of str, shape (n_timesteps,)
        Activity of each sample, ``""`` if unlabelled; at least one window long.
    straddling : {"drop", "majority"}
        Treatment of windows over several labels: leave them out, or name them after the activity of
        more than half of their samples.

    Returns
    -------
    names : ndarray of str, shape (n_windows,)
        Names of activities, ``""`` for windows to leave out.
    counts : Counter of str
        Numbers of windows that do not lie in one activity, keyed by a description.
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
        counts[LEFT_OUT.format(kind)] = int(np.count_nonzero(is_kind & is_left_out))
        counts[NAMED_AFTER_MOST.format(kind)] = int(np.count_nonzero(is_kind & ~is_left_out))
    return window_names, counts
