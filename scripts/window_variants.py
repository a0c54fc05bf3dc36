"""Windows made in other ways, to find out whether a network sees person or recording.

A network that sees thousandths of a g could also see what is no movement: the filters' memory of
the posture before, drift since the phone was started, the order of activities. Here the windows
are remade from the raw recordings without the one or the other, and each is placed in time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd
from scipy import signal

from har.arrays import FloatArray, IntArray
from har.datasets.uci_har import TRAIN_SUBJECTS, window_table
from har.signals.activities import UCI_ACTIVITIES
from har.signals.channels import N_TIMESTEPS, SAMPLE_RATE_HZ, UCI_CHANNELS, WINDOW_STEP
from har.signals.filters import (
    Start,
    UciHarLowPasses,
    beyond,
    denoised_signals,
    inner_medians,
    uci_har_channels,
)
from har.signals.recording import Recording
from har.signals.windows import Windows

# From a recording's samples, shape (n_timesteps, 6), and where windows begin in it, shape
# (n_windows,), to the windows, shape (n_windows, 128, 9).
Remake = Callable[[FloatArray, IntArray], FloatArray]

_IS_MOVEMENT = np.array([name.startswith("body_") for name in UCI_CHANNELS])


def uci_har_places() -> pd.DataFrame:
    """Find where each training window of UCI HAR lies in the HAPT recordings.

    Returns
    -------
    DataFrame
        Columns experiment, first_sample (from 0), subject and label (from 0); a row per window of
        the 21 training subjects, in published order.
    """
    table = window_table()
    runs = table[table["split"] == "train"]
    return _places(runs.assign(label=runs["activity"] - 1))


def hapt_places(segments: pd.DataFrame) -> pd.DataFrame:
    """Find HAPT's own windows of the training subjects in the six activities of UCI HAR.

    Parameters
    ----------
    segments : DataFrame
        HAPT's ``labels.txt``; see `har.datasets.hapt.read_segments`.

    Returns
    -------
    DataFrame
        As of `uci_har_places`, in the order of ``labels.txt``.
    """
    is_wanted = segments["activity"].le(len(UCI_ACTIVITIES)) & segments["user"].isin(TRAIN_SUBJECTS)
    runs = segments[is_wanted]
    n_samples = runs["last_sample"] - runs["first_sample"] + 1
    n_windows = ((n_samples - N_TIMESTEPS) // WINDOW_STEP + 1).clip(lower=0)
    return _places(
        runs.assign(
            first_sample=runs["first_sample"] - 1,
            subject=runs["user"],
            label=runs["activity"] - 1,
            n_windows=n_windows,
        )
    )


def _places(runs: pd.DataFrame) -> pd.DataFrame:
    """Make a row per window out of a row per run of windows."""
    each = runs.loc[runs.index.repeat(runs["n_windows"])]
    first_sample = each["first_sample"] + WINDOW_STEP * each.groupby(level=0).cumcount()
    columns = ["experiment", "first_sample", "subject", "label"]
    return each.assign(first_sample=first_sample)[columns].reset_index(drop=True)


def remade(recordings: Mapping[int, Recording], places: pd.DataFrame, remake: Remake) -> Windows:
    """Make windows from raw recordings.

    Parameters
    ----------
    recordings : mapping of int to Recording
        HAPT's, by experiment.
    places : DataFrame
        A row per window; see `uci_har_places`.
    remake : callable
        A way to make windows, such as `as_recorded`.

    Returns
    -------
    Windows
        In the order of `places`.
    """
    signals = np.empty((len(places), N_TIMESTEPS, len(UCI_CHANNELS)), np.float32)
    first_samples = places["first_sample"].to_numpy()
    for experiment, rows in places.groupby("experiment").indices.items():
        signals[rows] = remake(recordings[experiment].samples, first_samples[rows])
    return Windows(signals, places["label"].to_numpy(), places["subject"].to_numpy())


def as_recorded(samples: FloatArray, first_samples: IntArray) -> FloatArray:
    """Cut windows as they were published: out of a recording that was filtered whole."""
    return _cut(uci_har_channels(samples), first_samples, N_TIMESTEPS)


def restarted(
    samples: FloatArray, first_samples: IntArray, lead_s: float, start: Start = "settled"
) -> FloatArray:
    """Make windows whose filters know nothing of what was earlier than some seconds before them.

    Parameters
    ----------
    samples : ndarray, shape (n_timesteps, 6)
        A recording.
    first_samples : ndarray of int, shape (n_windows,)
        Where windows begin in it.
    lead_s : float
        Time from the start of each filter to that of its window; no filter starts before the
        recording does.
    start : {"settled", "zero"}
        State in which it starts, see `har.signals.filters.LowPass`.

    Returns
    -------
    ndarray of float64, shape (n_windows, 128, 9)
    """
    n_lead = round(lead_s * SAMPLE_RATE_HZ)
    # What the filters would believe to be before a recording, put there, does not change them: so
    # pieces that begin there are as long as all others. The median looks at one sample more.
    earlier = np.repeat(beyond(samples[:1], start), n_lead, axis=0)
    padded = np.concatenate([earlier, samples, beyond(samples[-1:], start)])
    pieces = _cut(padded, first_samples, n_lead + N_TIMESTEPS + 1).swapaxes(0, 1)
    medians = inner_medians(np.concatenate([beyond(pieces[:1], start), pieces]))
    return UciHarLowPasses(start)(medians)[-N_TIMESTEPS:].swapaxes(0, 1)


def without_trends(samples: FloatArray, first_samples: IntArray) -> FloatArray:
    """Make windows whose movements never met the slow filters.

    ``body_acc`` is ``total_acc`` less its straight line through the window, and ``body_gyro`` the
    angular rate less its own; ``total_acc`` is as published.
    """
    acc_and_gyro = _cut(denoised_signals(samples), first_samples, N_TIMESTEPS)
    movements = signal.detrend(acc_and_gyro, axis=1)
    return np.concatenate([movements, acc_and_gyro[..., :3]], axis=-1)


def without_means(samples: FloatArray, first_samples: IntArray) -> FloatArray:
    """Make windows in which each movement, ``body_…``, is 0 on average."""
    windows = as_recorded(samples, first_samples)
    means: FloatArray = windows.mean(axis=1, keepdims=True)
    return windows - _IS_MOVEMENT * means


def _cut(signals: FloatArray, first_samples: IntArray, size: int) -> FloatArray:
    """Copy pieces out of signals; shape (n_pieces, size, n_channels)."""
    pieces: FloatArray = signals[first_samples[:, np.newaxis] + np.arange(size)]
    return pieces


def seconds_to_change(places: pd.DataFrame, segments: pd.DataFrame) -> FloatArray:
    """Return the time from each window to the nearest beginning or end of a labelled segment.

    Parameters
    ----------
    places : DataFrame
        A row per window; see `uci_har_places`.
    segments : DataFrame
        HAPT's ``labels.txt``, transitions too.

    Returns
    -------
    ndarray of float, shape (n_windows,)
        From the window's nearer edge; 0 if the label changes within the window.
    """
    first_samples = places["first_sample"].to_numpy()[:, np.newaxis]
    n_between = np.empty(len(places))
    for experiment, rows in places.groupby("experiment").indices.items():
        of_experiment = segments[segments["experiment"] == experiment]
        edges = np.concatenate([of_experiment["first_sample"] - 1, of_experiment["last_sample"]])
        first = first_samples[rows]
        between = np.maximum(first - edges, edges - (first + N_TIMESTEPS))
        n_between[rows] = between.clip(min=0).min(axis=1)
    return n_between / SAMPLE_RATE_HZ


def greatest_overlap(places: pd.DataFrame, others: pd.DataFrame) -> FloatArray:
    """Return the share of each window that lies in the other window that overlaps it most.

    Parameters
    ----------
    places, others : DataFrame
        A row per window; see `uci_har_places`.

    Returns
    -------
    ndarray of float, shape (n_windows,)
        From 0 to 1.
    """
    first_samples = places["first_sample"].to_numpy()[:, np.newaxis]
    n_shared = np.empty(len(places))
    for experiment, rows in places.groupby("experiment").indices.items():
        of_experiment = others.loc[others["experiment"] == experiment, "first_sample"].to_numpy()
        offsets = np.abs(first_samples[rows] - of_experiment)
        n_shared[rows] = N_TIMESTEPS - offsets.min(axis=1, initial=N_TIMESTEPS)
    return n_shared / N_TIMESTEPS
