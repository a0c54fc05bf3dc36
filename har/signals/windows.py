"""Windows: short, equally long cuts of a recording, the unit that is classified.

Cutting and joining them, splitting them by subject, and finding neighbours in time. Windows of one
person overlap and resemble each other, so that no split may have a person on both sides.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace

import numpy as np

from har.arrays import BoolArray, FloatArray, IntArray, SubjectArray, blocks_of
from har.errors import DataError
from har.signals.activities import UCI_ACTIVITIES
from har.signals.channels import SAMPLE_RATE_HZ, UCI_CHANNELS, WINDOW_STEP
from har.signals.selected_rows import selected_rows
from har.signals.subjects import Subject, number_subjects

# From signals, shape (n_windows, n_timesteps, n_channels), to probabilities, shape
# (n_windows, n_activities).
Predict = Callable[[FloatArray], FloatArray]


@dataclass(frozen=True)
class WindowFormat:
    """The form of the windows that a model reads, and the activities that it predicts.

    Parameters
    ----------
    channels : tuple of str
        Names of the last axis of the signals.
    activities : tuple of str
        Names of the classes.
    rate_hz : float
        Samples per second.
    n_timesteps : int
        Samples in a window.
    """

    channels: tuple[str, ...]
    activities: tuple[str, ...]
    rate_hz: float
    n_timesteps: int

    def check(self, windows: Windows | FloatArray) -> None:
        """Refuse windows of another format.

        Parameters
        ----------
        windows : Windows or ndarray, shape (n_windows, n_timesteps, n_channels)
            Windows to check; of an array, the shape alone.

        Raises
        ------
        DataError
            If they differ from this format, or a value is NaN or infinite.
        """
        if isinstance(windows, Windows):
            for name in ("channels", "activities", "rate_hz"):
                found, expected = getattr(windows, name), getattr(self, name)
                if found != expected:
                    raise DataError(f"windows: found {name} {found}, expected {expected}")
        signals = windows.signals if isinstance(windows, Windows) else windows
        check_signals(signals, len(self.channels), "windows", self.n_timesteps)

    def with_all_activities(self, windows: Windows) -> Windows:
        """Return windows with all activities of this format, if theirs are the first of these.

        So do those of a data set to a run that was trained on it, and taught others later.
        """
        known = windows.activities
        is_first = known != self.activities and known == self.activities[: len(known)]
        return replace(windows, activities=self.activities) if is_first else windows


@dataclass(frozen=True)
class Windows:
    """Labelled windows, and the meaning of their axes.

    Parameters
    ----------
    signals : ndarray of float32, shape (n_windows, n_timesteps, n_channels)
        Signals in g and rad/s, see `har.signals.channels.unit_of`.
    labels : ndarray of int, shape (n_windows,)
        Indices into `activities`, from 0.
    subjects : ndarray of int or str, shape (n_windows,)
        The person measured in each window.
    channels, activities, rate_hz
        As for `WindowFormat`.

    Raises
    ------
    DataError
        If the arrays do not fit each other, or a value is NaN or infinite.
    """

    signals: FloatArray
    labels: IntArray
    subjects: SubjectArray
    channels: tuple[str, ...] = UCI_CHANNELS
    activities: tuple[str, ...] = UCI_ACTIVITIES
    rate_hz: float = SAMPLE_RATE_HZ

    def __post_init__(self) -> None:
        check_signals(self.signals, len(self.channels), place="windows")
        for name, values in (("labels", self.labels), ("subjects", self.subjects)):
            if values.shape != (len(self.signals),):
                raise DataError(
                    f"windows: found {name} of shape {values.shape}, "
                    f"expected one for each of {len(self.signals)} windows"
                )
        if len(self) and not 0 <= self.labels.min() <= self.labels.max() < len(self.activities):
            raise DataError(
                f"windows: found labels {self.labels.min()}..{self.labels.max()}, "
                f"expected 0..{len(self.activities) - 1}"
            )

    def __len__(self) -> int:
        """Count the windows."""
        return len(self.signals)

    @property
    def n_timesteps(self) -> int:
        """Samples in a window."""
        return int(self.signals.shape[1])

    @property
    def window_format(self) -> WindowFormat:
        """The form of these windows, which a model trained on them expects of others."""
        return WindowFormat(self.channels, self.activities, self.rate_hz, self.n_timesteps)

    @property
    def subject_names(self) -> tuple[Subject, ...]:
        """The different subjects, in order."""
        return number_subjects(self.subjects)[0]

    def where(self, chosen: IntArray | BoolArray) -> Windows:
        """Return the windows at some indices, or where a mask of length n_windows is true."""
        return replace(
            self,
            signals=self.signals[chosen],
            labels=self.labels[chosen],
            subjects=self.subjects[chosen],
        )

    def selection(self, is_chosen: BoolArray) -> Windows:
        """Return the windows of a mask like `where`, without a copy of the signals.

        These are `har.signals.selected_rows.SelectedRows`, unless all windows are chosen.
        """
        if is_chosen.all():
            return self
        rows = np.flatnonzero(is_chosen)
        signals = selected_rows(self.signals, rows)
        return replace(
            self, signals=signals, labels=self.labels[rows], subjects=self.subjects[rows]
        )

    def of_subjects(self, subjects: Collection[Subject]) -> Windows:
        """Return the windows of some subjects, in their order here."""
        return self.where(np.isin(self.subjects, list(subjects)))


def check_signals(
    signals: FloatArray, n_channels: int, place: str, n_timesteps: int | None = None
) -> None:
    """Refuse an array that cannot be windows.

    Parameters
    ----------
    signals : ndarray, shape (n_windows, n_timesteps, n_channels)
        The array to check.
    n_channels : int
        Expected number of channels.
    place : str
        File or argument that it came from, for the message.
    n_timesteps : int or None
        Expected number of samples in a window; None: any number.

    Raises
    ------
    DataError
        If the shape or type is wrong, or a value is NaN or infinite.
    """
    if signals.ndim != 3 or signals.shape[2] != n_channels:
        raise DataError(
            f"{place}: found an array of shape {signals.shape}, "
            f"expected (n_windows, n_timesteps, {n_channels})"
        )
    if n_timesteps is not None and signals.shape[1] != n_timesteps:
        raise DataError(f"{place}: found {signals.shape[1]} time steps, expected {n_timesteps}")
    if signals.dtype.kind != "f":
        raise DataError(f"{place}: found values of type {signals.dtype}, expected floats")
    if not all(np.isfinite(block).all() for block in blocks_of(signals)):
        window, timestep, channel = np.argwhere(~np.isfinite(signals))[0]
        raise DataError(
            f"{place}: found {signals[window, timestep, channel]} in window {window}, "
            f"time step {timestep}, channel {channel}, expected finite numbers"
        )


def sliding_windows(recording: FloatArray, size: int, step: int) -> FloatArray:
    """Cut one recording into overlapping windows.

    Parameters
    ----------
    recording : ndarray, shape (n_timesteps, n_channels)
        Acceleration in g and angular rate in rad/s.
    size, step : int
        Window length and hop in samples; 128 and 64 are 2.56 s and 1.28 s at 50 Hz.

    Returns
    -------
    ndarray, shape (n_windows, size, n_channels)
        A read-only view; an incomplete last window is dropped.

    Raises
    ------
    DataError
        If `recording` is shorter than `size`.
    """
    if len(recording) < size:
        raise DataError(
            f"recording: found {len(recording)} samples, expected at least {size} for one window"
        )
    views = np.lib.stride_tricks.sliding_window_view(recording, size, axis=0)
    return views[::step].swapaxes(1, 2)


def join_windows(signals: FloatArray, step: int) -> FloatArray:
    """Undo `sliding_windows`.

    Parameters
    ----------
    signals : ndarray, shape (n_windows, n_timesteps, n_channels)
        One window or more; each overlaps the next one, or touches it.
    step : int
        Samples from the start of a window to the start of the next.

    Returns
    -------
    ndarray, shape (n_timesteps + (n_windows - 1) * step, n_channels)
        The recording that they were cut from.
    """
    return np.concatenate([*signals[:-1, :step], signals[-1]])


def hold_out_subjects(windows: Windows, n_subjects: int, seed: int) -> tuple[Windows, Windows]:
    """Split off the windows of some randomly drawn subjects.

    Parameters
    ----------
    windows : Windows
        Windows to split.
    n_subjects : int
        Number of subjects to hold out.
    seed : int
        The same seed draws the same subjects.

    Returns
    -------
    rest, held_out : Windows
        No subject is in both. The rest's signals are a `selection`.

    Raises
    ------
    DataError
        If no subject would be left in the rest.
    """
    subjects = windows.subject_names
    if n_subjects >= len(subjects):
        raise DataError(
            f"windows: asked to hold out {n_subjects} subjects of {len(subjects)}, "
            "expected to leave at least one to train on"
        )
    drawn = np.random.default_rng(seed).permutation(np.array(subjects))[:n_subjects]
    is_held_out = np.isin(windows.subjects, drawn)
    return windows.selection(~is_held_out), windows.where(is_held_out)


def number_stretches(windows: Windows, step: int = WINDOW_STEP) -> IntArray:
    """Assign numbers to the stretches of windows that were cut one after the other, without a gap.

    A window follows the one before it if both are of one subject, and it begins with exactly the
    samples that the other one ends with. Samples that do not vary prove nothing: a dead sensor's
    windows all look alike.

    Parameters
    ----------
    windows : Windows
        One window or more, in the order in which they were cut.
    step : int
        Samples from the start of a window to the start of the next.

    Returns
    -------
    ndarray of int, shape (n_windows,)
        The number of each window's stretch, from 0; windows that do not overlap have one each.
    """
    if step >= windows.n_timesteps:
        return np.arange(len(windows))
    begins, ends = windows.signals[1:, :-step], windows.signals[:-1, step:]
    follows = (begins == ends).all(axis=(1, 2))
    follows &= (begins != begins[:, :1]).any(axis=(1, 2))
    follows &= windows.subjects[1:] == windows.subjects[:-1]
    return np.concatenate([[0], np.cumsum(~follows)])


def neighbours_of(window: int, stretches: IntArray, n_around: int) -> IntArray:
    """Find the windows around one, in the order of time.

    Parameters
    ----------
    window : int
        Index of the window.
    stretches : ndarray of int, shape (n_windows,)
        Result of `number_stretches`.
    n_around : int
        Largest number of neighbours on either side.

    Returns
    -------
    ndarray of int
        Indices of the window and its neighbours, all of one stretch.
    """
    first = max(window - n_around, 0)
    near = np.arange(first, min(window + n_around + 1, len(stretches)))
    return np.asarray(near[stretches[near] == stretches[window]])
