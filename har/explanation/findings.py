"""What was found about how a network decides: values that a run's folder keeps.

Large arrays are kept as text of half-precision numbers, whose three digits are enough to draw.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import partial
from typing import Any

import numpy as np

from har.arrays import FloatArray
from har.evaluation.intervals import Interval
from har.signals.channels import triads_of

JOINT = " and "


def sources_of(channels: Sequence[str]) -> dict[str, list[int]]:
    """Tell which channels belong together.

    Parameters
    ----------
    channels : sequence of str
        Names of the last axis of windows.

    Returns
    -------
    dict of str to list of int
        Those of `har.signals.channels.triads_of`. Several of one sensor are there once more
        together: body and total acceleration are both measured by the accelerometer, and one cannot
        change without the other.
    """
    signals = triads_of(channels)
    of_sensor: dict[str, list[str]] = {}
    for name in signals:
        of_sensor.setdefault(name.rpartition("_")[2], []).append(name)
    joint = {
        JOINT.join(names): [place for name in names for place in signals[name]]
        for names in of_sensor.values()
        if len(names) > 1
    }
    return signals | joint


@dataclass(frozen=True)
class Importance:
    """How much accuracy is lost when a source is exchanged among windows.

    Parameters
    ----------
    source : str
        A name of `sources_of`.
    lost : float
        Mean over the repeats.
    deviation : float
        Standard deviation over the repeats.
    interval : list of float or None
        95 % of the means lie between these if people are drawn anew; None for one person.
    """

    source: str
    lost: float
    deviation: float
    interval: Interval | None


@dataclass(frozen=True)
class Stretches:
    """Which parts of a window are occluded, one at a time.

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
    def of(cls, n_timesteps: int) -> Stretches:
        """Cut a window into 15 eighths that overlap by half: of 128 samples, 16 each 8 samples."""
        size = max(1, n_timesteps // 8)
        starts = np.linspace(0, n_timesteps - size, 15).round().astype(int)
        return cls(size, tuple(dict.fromkeys(starts.tolist())))


@dataclass(frozen=True)
class ExplainedWindow:
    """What mattered in one window.

    Parameters
    ----------
    index : int
        Its place among the test windows, from 0.
    subject : int
        Who was measured.
    true, predicted : str
        Names of activities.
    probability : float
        What the network gave the activity it predicted.
    signals : ndarray of float, shape (n_timesteps, n_channels)
        What was measured.
    attributions : ndarray of float, shape (n_timesteps, n_channels)
        Integrated gradients of the logarithm of that probability.
    gained : float
        That logarithm less that at the baseline: what `attributions` should add up to.
    gap : float
        By how much their sum is too large.
    occlusion : ndarray of float, shape (n_sources, n_stretches)
        By how much that probability falls when a stretch of a source is occluded.
    """

    index: int
    subject: int
    true: str
    predicted: str
    probability: float
    signals: FloatArray
    attributions: FloatArray
    gained: float
    gap: float
    occlusion: FloatArray


@dataclass(frozen=True)
class States:
    """What the last LSTM layer holds while it reads a window.

    Parameters
    ----------
    index : int
        The window's place among the test windows.
    values : ndarray of float, shape (5, n_steps, n_units)
        h, c, i, f and o of `har.models.layers`.
    n_forward : int
        How many units, the first ones, read forwards; the others read backwards.
    """

    index: int
    values: FloatArray
    n_forward: int


@dataclass(frozen=True)
class Explanation:
    """What a network looks at.

    Parameters
    ----------
    accuracy : float
        Of the windows as they are.
    n_windows, n_repeats : int
        How many they are, and how often each source was exchanged among them.
    channels, activities : tuple of str
        What windows hold, and the names of the classes.
    rate_hz : float
        Samples per second.
    importances : tuple of Importance
        One of each source.
    stretches : Stretches
        What was occluded.
    n_occluded : tuple of int
        Windows of each activity whose fall was averaged.
    occlusion : ndarray of float, shape (n_activities, n_sources, n_stretches)
        Mean fall of the predicted activity's probability, by true activity; 0 without windows.
    windows : tuple of ExplainedWindow
        The mistakes, then a typical window of each activity.
    states : tuple of States
        Of one or two of these windows.
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
    stretches: Stretches
    n_occluded: tuple[int, ...]
    occlusion: FloatArray
    windows: tuple[ExplainedWindow, ...]
    states: tuple[States, ...]
    n_units: int

    def to_dict(self) -> dict[str, Any]:
        """Collect all that was found, ready for JSON."""
        content: dict[str, Any] = _as_json(self)
        return content

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> Explanation:
        """Read what `to_dict` made.

        Raises
        ------
        KeyError, TypeError, ValueError
            If something is missing, or does not fit the rest.
        """
        explanation: Explanation = _from_json(cls, content)
        _check(explanation)
        return explanation

    def window(self, index: int) -> ExplainedWindow:
        """Find an explained window by its place among the test windows."""
        return next(window for window in self.windows if window.index == index)


def _as_json(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        halves = value.astype("<f2").tobytes()
        return {"shape": list(value.shape), "float16": base64.b64encode(halves).decode("ascii")}
    if isinstance(value, (tuple, list)):
        return [_as_json(item) for item in value]
    if hasattr(value, "__dataclass_fields__"):
        return {field.name: _as_json(getattr(value, field.name)) for field in fields(value)}
    return value


def _unpacked(content: Mapping[str, Any]) -> FloatArray:
    halves = np.frombuffer(base64.b64decode(content["float16"], validate=True), "<f2")
    values: FloatArray = halves.reshape(content["shape"]).astype(np.float64)
    if not np.isfinite(values).all():
        raise ValueError("an array with values that are no numbers")
    return values


def _from_json(kind: Any, content: Mapping[str, Any]) -> Any:
    """Make a value of one of the kinds above, each field as it is annotated."""
    return kind(**{f.name: _READERS[str(f.type)](content[f.name]) for f in fields(kind)})


def _many(reader: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda items: tuple(map(reader, items))


_READERS: dict[str, Callable[[Any], Any]] = {
    "int": int,
    "float": float,
    "FloatArray": _unpacked,
    "str": str,
    "tuple[int, ...]": _many(int),
    "tuple[str, ...]": _many(str),
    "Interval | None": lambda ends: None if ends is None else [float(end) for end in ends],
    "Stretches": partial(_from_json, Stretches),
    "tuple[Importance, ...]": _many(partial(_from_json, Importance)),
    "tuple[ExplainedWindow, ...]": _many(partial(_from_json, ExplainedWindow)),
    "tuple[States, ...]": _many(partial(_from_json, States)),
}


def _check(explanation: Explanation) -> None:
    """Refuse what cannot be drawn, with a `ValueError`."""
    activities, sources = explanation.activities, list(sources_of(explanation.channels))
    grid = (len(sources), len(explanation.stretches.starts))
    _check_shape(explanation.occlusion, (len(activities), *grid))
    if [importance.source for importance in explanation.importances] != sources:
        raise ValueError(f"importances of something else than {', '.join(sources)}")
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
