"""Windows with names of activities: cut from recordings, joined, and summed up in notes."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from har.arrays import FloatArray, SubjectArray
from har.config import Straddling
from har.datasets.own.sample_labels import NameArray, name_windows
from har.signals.activities import HAPT_ACTIVITIES
from har.signals.channels import N_TIMESTEPS, SAMPLE_RATE_HZ, WINDOW_STEP
from har.signals.filters import WARM_UP_S, channels_from, uci_har_channels
from har.signals.recording import Recording
from har.signals.subjects import natural_key
from har.signals.windows import Windows, sliding_windows

_SETTLING = f"Windows in the first {WARM_UP_S:g} s of a recording or after a gap, kept"
_TOO_SHORT = f"Parts between gaps that are shorter than {N_TIMESTEPS} samples, left out"


@dataclass(frozen=True)
class NamedWindows:
    """Windows of a recording, with names of activities in place of labels.

    Parameters
    ----------
    signals : ndarray of float32, shape (n_windows, n_timesteps, n_channels)
        Signals of the windows.
    names : ndarray of str, shape (n_windows,)
        Their activities.
    found : frozenset of str
        Activities of all samples, whether or not a window contains them.
    counts : Counter of str
        Numbers of windows treated specially, keyed by a description.
    notes : tuple of str
        Assumptions and corrections made on the way from the file.
    """

    signals: FloatArray
    names: NameArray
    found: frozenset[str]
    counts: Counter[str]
    notes: tuple[str, ...]


def cut_windows(
    recording: Recording, of_samples: NameArray, straddling: Straddling, n_before: int = 0
) -> NamedWindows:
    """Filter each part of a recording between gaps, and cut it into named windows.

    Parameters
    ----------
    recording : Recording
        Raw signals at 50 Hz.
    of_samples : ndarray of str, shape (n_timesteps,)
        Activity of each sample, ``""`` where there is none.
    straddling : {"drop", "majority"}
        Treatment of windows over several labels.
    n_before : int
        Samples of each part that come before its first window, and only settle the filters.

    Returns
    -------
    NamedWindows
        Windows of 128 samples at step 64; those without a name are left out.
    """
    n_channels = len(channels_from(recording.channels))
    signals = [np.empty((0, N_TIMESTEPS, n_channels), np.float32)]
    names: list[NameArray] = [np.empty(0, object)]
    counts = Counter[str]()
    for stretch in recording.stretches:
        if stretch.n_samples - n_before < N_TIMESTEPS:
            counts[_TOO_SHORT] += 1
            continue
        part = slice(stretch.first_sample, stretch.first_sample + stretch.n_samples)
        filtered = uci_har_channels(recording.samples[part], start="settled")
        channels = filtered[n_before:].astype(np.float32)
        window_names, window_counts = name_windows(of_samples[part][n_before:], straddling)
        is_kept = window_names != ""
        first_samples = np.arange(len(is_kept)) * WINDOW_STEP + n_before
        is_settling = first_samples < WARM_UP_S * SAMPLE_RATE_HZ
        counts += window_counts
        counts[_SETTLING] += int((is_kept & is_settling).sum())
        signals.append(sliding_windows(channels, N_TIMESTEPS, WINDOW_STEP)[is_kept])
        names.append(window_names[is_kept])
    found = frozenset(pd.unique(of_samples)) - {""}
    return NamedWindows(
        np.concatenate(signals), np.concatenate(names), found, counts, recording.notes
    )


def join_windows(
    pieces: Sequence[NamedWindows], subjects: SubjectArray, channels: tuple[str, ...]
) -> Windows:
    """Join the windows of recordings, and turn their names into labels.

    Parameters
    ----------
    pieces : sequence of NamedWindows
        Windows of each recording.
    subjects : ndarray of int or str, shape (n_pieces,)
        Person of each recording.
    channels : tuple of str
        Channels of the windows.

    Returns
    -------
    Windows
        Windows in the order of the recordings.
    """
    of_window = np.repeat(np.arange(len(pieces)), [len(piece.names) for piece in pieces])
    names = np.concatenate([piece.names for piece in pieces])
    activities = in_published_order(set(names.tolist()))
    return Windows(
        np.concatenate([piece.signals for piece in pieces]),
        pd.Categorical(names, categories=activities).codes.astype(np.int64),
        subjects[of_window],
        channels,
        activities,
    )


def in_published_order(activities: Collection[str]) -> tuple[str, ...]:
    """Sort activities so that known ones have the order, and thus the colours, of HAPT."""
    ranks = {activity: rank for rank, activity in enumerate(HAPT_ACTIVITIES)}
    return tuple(
        sorted(activities, key=lambda name: (ranks.get(name, len(ranks)), natural_key(name)))
    )


def count_notes(pieces: Sequence[NamedWindows]) -> Iterator[str]:
    """Count the windows of all recordings, and those that were treated specially."""
    yield f"Windows of {N_TIMESTEPS} samples, one every {WINDOW_STEP}: " + (
        f"{sum(len(piece.names) for piece in pieces):,}."
    )
    for kind, number in sum((piece.counts for piece in pieces), Counter[str]()).items():
        yield f"{kind}: {number:,}."


def merge_alike(notes: Iterable[tuple[str, str]]) -> Iterator[str]:
    """Merge the notes of several recordings that differ only in their numbers.

    Parameters
    ----------
    notes : iterable of tuple of str
        Name of a recording, and a note about it.

    Yields
    ------
    str
        The first of each kind, with the number of the others.
    """
    alike: dict[str, list[str]] = {}
    for name, note in notes:
        without_numbers = re.sub(r"[-+.\d]+(e[-+]?\d+)?", "0", note)
        alike.setdefault(without_numbers, []).append(f"{name}: {note}")
    for first, *others in alike.values():
        yield f"{first} (alike in {len(others)} more)" if others else first
