"""Findings about how a network decides, and their JSON in a run's folder.

Large arrays are kept as text of half-precision numbers, whose three digits are enough to draw.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypedDict

import numpy as np

from har.arrays import FloatArray
from har.evaluation.intervals import Interval
from har.signals.channels import triads_of
from har.signals.subjects import Subject

JOINT = " and "


def signal_groups(channels: Sequence[str]) -> dict[str, list[int]]:
    """Group the channels that belong together.

    Parameters
    ----------
    channels : sequence of str
        Names of the last axis of windows.

    Returns
    -------
    dict of str to list of int
        Indices of the channels of each signal, as `har.signals.channels.triads_of` gives them.
        Several signals of one sensor make one more group: body and total acceleration are both
        measured by the accelerometer, and one cannot change without the other.
    """
    signals = triads_of(channels)
    of_sensor: dict[str, list[str]] = {}
    for name in signals:
        of_sensor.setdefault(name.rpartition("_")[2], []).append(name)
    joint = {
        JOINT.join(names): [channel for name in names for channel in signals[name]]
        for names in of_sensor.values()
        if len(names) > 1
    }
    return signals | joint


class _PackedArray(TypedDict):
    shape: list[int]
    float16: str


@dataclass(frozen=True)
class Importance:
    """Accuracy that is lost when a signal is exchanged among windows.

    Parameters
    ----------
    signal : str
        A name from `signal_groups`; ``source`` in the JSON.
    lost : float
        Mean over the repeats.
    deviation : float
        Standard deviation over the repeats.
    interval : list of float or None
        95 % bootstrap interval of the mean over subjects; None for one subject.
    """

    signal: str
    lost: float
    deviation: float
    interval: Interval | None

    def to_dict(self) -> dict[str, object]:
        """Return the fields, ready for JSON."""
        return {
            "source": self.signal,
            "lost": self.lost,
            "deviation": self.deviation,
            "interval": self.interval,
        }

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> Importance:
        """Read what `to_dict` made."""
        interval = content["interval"]
        return cls(
            signal=str(content["source"]),
            lost=float(content["lost"]),
            deviation=float(content["deviation"]),
            interval=None if interval is None else [float(end) for end in interval],
        )


@dataclass(frozen=True)
class OccludedSpans:
    """The parts of a window that are occluded, one at a time.

    Parameters
    ----------
    size : int
        Samples in each.
    starts : tuple of int
        First sample of each.
    """

    size: int
    starts: tuple[int, ...]

    @classmethod
    def of(cls, n_timesteps: int) -> OccludedSpans:
        """Cut a window into 15 eighths that overlap by half: of 128 samples, 16 each 8 samples."""
        size = max(1, n_timesteps // 8)
        starts = np.linspace(0, n_timesteps - size, 15).round().astype(int)
        return cls(size, tuple(dict.fromkeys(starts.tolist())))

    def to_dict(self) -> dict[str, object]:
        """Return the fields, ready for JSON."""
        return {"size": self.size, "starts": list(self.starts)}

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> OccludedSpans:
        """Read what `to_dict` made."""
        return cls(int(content["size"]), tuple(map(int, content["starts"])))


@dataclass(frozen=True)
class ExplainedWindow:
    """What mattered in one window.

    Parameters
    ----------
    index : int
        Index among the test windows, from 0.
    subject : int or str
        The person who was measured.
    true, predicted : str
        Names of activities.
    probability : float
        Probability of the predicted activity.
    signals : ndarray of float, shape (n_timesteps, n_channels)
        Measured values, in g and rad/s.
    attributions : ndarray of float, shape (n_timesteps, n_channels)
        Integrated gradients of the logarithm of that probability.
    gained : float
        That logarithm less that at the baseline: what `attributions` should add up to.
    gap : float
        Sum of `attributions` less `gained`.
    occlusion : ndarray of float, shape (n_groups, n_spans)
        Fall of that probability when a span of a signal is occluded.
    """

    index: int
    subject: Subject
    true: str
    predicted: str
    probability: float
    signals: FloatArray
    attributions: FloatArray
    gained: float
    gap: float
    occlusion: FloatArray

    def to_dict(self) -> dict[str, object]:
        """Return the fields, ready for JSON."""
        return {
            "index": self.index,
            "subject": self.subject,
            "true": self.true,
            "predicted": self.predicted,
            "probability": self.probability,
            "signals": _packed(self.signals),
            "attributions": _packed(self.attributions),
            "gained": self.gained,
            "gap": self.gap,
            "occlusion": _packed(self.occlusion),
        }

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> ExplainedWindow:
        """Read what `to_dict` made."""
        return cls(
            index=int(content["index"]),
            subject=content["subject"],
            true=str(content["true"]),
            predicted=str(content["predicted"]),
            probability=float(content["probability"]),
            signals=_unpacked(content["signals"]),
            attributions=_unpacked(content["attributions"]),
            gained=float(content["gained"]),
            gap=float(content["gap"]),
            occlusion=_unpacked(content["occlusion"]),
        )


@dataclass(frozen=True)
class States:
    """Output, memory and gates of the last LSTM layer while it reads a window.

    Parameters
    ----------
    index : int
        Index of the window among the test windows, from 0.
    values : ndarray of float, shape (5, n_steps, n_units)
        h, c, i, f and o of `har.models.layers`.
    n_forward : int
        Number of units, the first ones, that read forwards; the others read backwards.
    """

    index: int
    values: FloatArray
    n_forward: int

    def to_dict(self) -> dict[str, object]:
        """Return the fields, ready for JSON."""
        return {
            "index": self.index,
            "values": _packed(self.values),
            "n_forward": self.n_forward,
        }

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> States:
        """Read what `to_dict` made."""
        return cls(
            index=int(content["index"]),
            values=_unpacked(content["values"]),
            n_forward=int(content["n_forward"]),
        )


@dataclass(frozen=True)
class Explanation:
    """What a network looks at.

    Parameters
    ----------
    accuracy : float
        Accuracy on the undisturbed windows.
    n_windows, n_repeats : int
        Number of windows, and how often each signal was exchanged among them.
    channels, activities : tuple of str
        Names of the channels and of the classes.
    rate_hz : float
        Samples per second.
    importances : tuple of Importance
        One for each of `signal_groups`, in the same order.
    spans : OccludedSpans
        Parts of a window that were occluded; ``stretches`` in the JSON.
    n_occluded : tuple of int
        Windows of each activity whose fall was averaged.
    occlusion : ndarray of float, shape (n_activities, n_groups, n_spans)
        Mean fall of the predicted activity's probability, by true activity; 0 without windows.
    windows : tuple of ExplainedWindow
        The mistakes, then a typical window of each activity.
    states : tuple of States
        States for one or two of these windows.
    n_units : int
        Units of that layer, in all directions; `states` has those that vary most.
    """

    accuracy: float
    n_windows: int
    n_repeats: int
    channels: tuple[str, ...]
    activities: tuple[str, ...]
    rate_hz: float
    importances: tuple[Importance, ...]
    spans: OccludedSpans
    n_occluded: tuple[int, ...]
    occlusion: FloatArray
    windows: tuple[ExplainedWindow, ...]
    states: tuple[States, ...]
    n_units: int

    def to_dict(self) -> dict[str, object]:
        """Return the fields, ready for JSON."""
        return {
            "accuracy": self.accuracy,
            "n_windows": self.n_windows,
            "n_repeats": self.n_repeats,
            "channels": list(self.channels),
            "activities": list(self.activities),
            "rate_hz": self.rate_hz,
            "importances": [importance.to_dict() for importance in self.importances],
            "stretches": self.spans.to_dict(),
            "n_occluded": list(self.n_occluded),
            "occlusion": _packed(self.occlusion),
            "windows": [window.to_dict() for window in self.windows],
            "states": [states.to_dict() for states in self.states],
            "n_units": self.n_units,
        }

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> Explanation:
        """Read what `to_dict` made.

        Raises
        ------
        KeyError, TypeError, ValueError
            If something is missing, or does not fit the rest.
        """
        explanation = cls(
            accuracy=float(content["accuracy"]),
            n_windows=int(content["n_windows"]),
            n_repeats=int(content["n_repeats"]),
            channels=tuple(map(str, content["channels"])),
            activities=tuple(map(str, content["activities"])),
            rate_hz=float(content["rate_hz"]),
            importances=tuple(map(Importance.from_dict, content["importances"])),
            spans=OccludedSpans.from_dict(content["stretches"]),
            n_occluded=tuple(map(int, content["n_occluded"])),
            occlusion=_unpacked(content["occlusion"]),
            windows=tuple(map(ExplainedWindow.from_dict, content["windows"])),
            states=tuple(map(States.from_dict, content["states"])),
            n_units=int(content["n_units"]),
        )
        _check(explanation)
        return explanation

    def window(self, index: int) -> ExplainedWindow:
        """Find an explained window by its index among the test windows."""
        return next(window for window in self.windows if window.index == index)


def _packed(array: FloatArray) -> _PackedArray:
    halves = array.astype("<f2").tobytes()
    return {"shape": list(array.shape), "float16": base64.b64encode(halves).decode("ascii")}


def _unpacked(content: _PackedArray) -> FloatArray:
    halves = np.frombuffer(base64.b64decode(content["float16"], validate=True), "<f2")
    values: FloatArray = halves.reshape(content["shape"]).astype(np.float64)
    if not np.isfinite(values).all():
        raise ValueError("an array with values that are no numbers")
    return values


def _check(explanation: Explanation) -> None:
    """Refuse what cannot be drawn, with a `ValueError`."""
    activities, signals = explanation.activities, list(signal_groups(explanation.channels))
    grid = (len(signals), len(explanation.spans.starts))
    _check_shape(explanation.occlusion, (len(activities), *grid))
    if [importance.signal for importance in explanation.importances] != signals:
        raise ValueError(f"importances of something else than {', '.join(signals)}")
    if len(explanation.n_occluded) != len(activities):
        raise ValueError(f"{len(explanation.n_occluded)} counts of {len(activities)} activities")
    if not explanation.windows or not explanation.states:
        raise ValueError("no window that was looked into")
    for window in explanation.windows:
        _check_shape(window.signals, (len(window.signals), len(explanation.channels)))
        _check_shape(window.attributions, window.signals.shape)
        _check_shape(window.occlusion, grid)
        if not {window.true, window.predicted} <= set(activities):
            raise ValueError(f"window {window.index} of an unknown activity")
    for states in explanation.states:
        _check_shape(states.values, (5, *states.values.shape[1:3]))
        if states.index not in [window.index for window in explanation.windows]:
            raise ValueError(f"states of window {states.index}, which is not there")


def _check_shape(array: FloatArray, shape: tuple[int, ...]) -> None:
    if array.shape != shape:
        raise ValueError(f"an array of shape {array.shape} instead of {shape}")
