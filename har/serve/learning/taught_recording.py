"""A labelled recording that a page sends, for the model to learn from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from har.arrays import BoolArray, FloatArray
from har.errors import DataError, quoted
from har.serve.messages import in_short, parsed, values_in
from har.signals.activities import UNKNOWN
from har.signals.orientation import Turn

_LONGEST_NAME = 60
# Two hours, with all breaks.
_LONGEST_S = 7200.0
# Learning takes longer with the windows, and with the activities that are new.
_LONGEST_LABELLED_S, _MOST_ACTIVITIES = 900.0, 20
_EXPECTED = '{"subject": ..., "samples": [[t_s, ax, ay, az, gx, gy, gz], ...], "labels": [...]}'


@dataclass(frozen=True)
class TaughtRecording:
    """What a person did, sample by sample.

    Parameters
    ----------
    person : str
        Name of the person.
    samples : ndarray of float64, shape (n_samples, 7) or (n_samples, 4)
        Time in s, acceleration in g and, unless the model needs none, angular rate in rad/s.
    labels : tuple of str
        Activity of each sample; ``""``: none.
    """

    person: str
    samples: FloatArray
    labels: tuple[str, ...]

    def turned(self, turn: Turn, channels: Sequence[str]) -> TaughtRecording:
        """Return what a phone turned so would have measured; channels are the samples' axes."""
        of_axes = turn.of(self.samples[:, 1:], channels)
        return replace(self, samples=np.column_stack([self.samples[:, 0], of_axes]))


def recording_in(body: bytes, n_channels: int) -> TaughtRecording:
    """Return the recording of a page's message.

    Parameters
    ----------
    body : bytes
        Message.
    n_channels : int
        6, or 3 if the model needs no gyroscope: more values are then left out.

    Returns
    -------
    TaughtRecording

    Raises
    ------
    DataError
        If it is anything else, longer than two hours, or has more than 20 activities or 15 minutes
        of them.
    """
    message = parsed(body)
    if not isinstance(message, dict) or {*message} != {"subject", "samples", "labels"}:
        raise DataError(f"message: found {in_short(message)}, expected {_EXPECTED}")
    person, rows, labels = message["subject"], message["samples"], message["labels"]
    if not isinstance(rows, list) or not isinstance(labels, list) or len(rows) != len(labels):
        raise DataError(
            f"message: found samples {in_short(rows)} and labels {in_short(labels)}, expected "
            "lists of the same length"
        )
    for name in {person if isinstance(person, str) else "", *_distinct(labels)}:
        if len(name) > _LONGEST_NAME or not name.isprintable():
            raise DataError(
                f"name: found {quoted(name)}, expected at most {_LONGEST_NAME} characters in a line"
            )
    if not isinstance(person, str) or not person.strip():
        raise DataError(f"subject: found {in_short(person)}, expected the name of a person")
    activities = tuple(label.strip() for label in labels)
    _check_activities({*activities} - {""})
    samples = np.array([values_in(row, 1 + n_channels) for row in rows])
    _check_times(samples[:, 0], np.array([activity != "" for activity in activities]))
    return TaughtRecording(person.strip(), samples, activities)


def _distinct(labels: list[object]) -> set[str]:
    """Return the different labels, if all of them are text."""
    found = {label for label in labels if isinstance(label, str)}
    if not all(isinstance(label, str) for label in labels):
        raise DataError("labels: found what is no text, expected an activity or an empty text each")
    return found


def _check_activities(names: set[str]) -> None:
    if not names:
        raise DataError("recording: found nothing labelled, expected an activity by a tap")
    if len(names) > _MOST_ACTIVITIES:
        raise DataError(
            f"labels: found {len(names)} activities, expected at most {_MOST_ACTIVITIES}"
        )
    if UNKNOWN in names:
        raise DataError(f"labels: found {UNKNOWN}, expected an activity: answers in doubt are that")


def _check_times(times_s: FloatArray, is_labelled: BoolArray) -> None:
    if np.any(np.diff(times_s) < 0):
        raise DataError("recording: found times that go back, expected those of one clock")
    length_s = float(times_s[-1] - times_s[0])
    if length_s > _LONGEST_S:
        raise DataError(
            f"recording: found {length_s:.0f} s from the first sample to the last, expected at "
            f"most {_LONGEST_S:.0f}"
        )
    labelled_s = float(np.diff(times_s)[is_labelled[1:]].sum())
    if labelled_s > _LONGEST_LABELLED_S:
        raise DataError(
            f"recording: found {labelled_s:.0f} s of activities, expected at most "
            f"{_LONGEST_LABELLED_S:.0f}"
        )
