"""How a run was adapted to a person: a section of its manifest."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np

from har.arrays import BoolArray, IntArray
from har.runs.json_object import FLAG, INTEGER, NUMBER, TEXT, TEXTS, JsonObject, Kind, above_0
from har.signals.subjects import Subject
from har.signals.windows import Windows

# What a manifest may say, so that what is saved is read back.
HIGHEST_STRENGTH = 10**12
_STRENGTH = above_0(NUMBER, HIGHEST_STRENGTH)
_COUNT: Kind[int] = Kind(
    "a whole number from 0",
    lambda value: INTEGER.accepts(value) and INTEGER.convert(value) >= 0,
    INTEGER.convert,
)
_PERSON: Kind[Subject] = Kind(
    "a person, as whole number or text",
    lambda value: INTEGER.accepts(value) or TEXT.accepts(value),
    lambda value: value,
)


@dataclass(frozen=True)
class TaughtActivity:
    """Windows of one activity that a network was adapted to, and how it does on some of them.

    Those that are scored are of the second half in time, without any that overlaps the first; the
    network that is scored was adapted to the first half alone.

    Parameters
    ----------
    activity : str
        Name.
    is_new : bool
        Whether the network did not know it.
    n_windows : int
        Windows that the network was adapted to.
    n_scored : int
        Windows that are scored.
    n_right_before, n_right_after : int
        Number of these that the network names right before, and after it was adapted to the first
        half.
    """

    activity: str
    is_new: bool
    n_windows: int
    n_scored: int
    n_right_before: int
    n_right_after: int

    @classmethod
    def from_dict(cls, content: JsonObject) -> TaughtActivity:
        """Read the fields; what is missing or wrong is a `RunError`."""
        counts = ("n_windows", "n_scored", "n_right_before", "n_right_after")
        return cls(
            content.required("activity", TEXT),
            content.required("is_new", FLAG),
            *(content.required(name, _COUNT) for name in counts),
        )


@dataclass(frozen=True, kw_only=True)
class AdaptationDescription:
    """The adaptation of a model to a person.

    Parameters
    ----------
    strength : float
        Pull to the network that was adapted, see `har.training.adaptation`.
    layer : str
        Part that was adapted: ``summary`` or ``last layer``.
    activities : tuple of TaughtActivity
        Activities that there were windows of.
    seconds_per_window : float
        Time that each further window of an activity adds.
    person : int, str or None
        Person it was adapted to; None if that was not told.
    source : str or None
        Folder of the run that was adapted.
    recordings : str or None
        Where the person's recordings lie.
    left_out : tuple of str
        Sentence on each activity that had too few windows.
    """

    strength: float
    layer: str
    activities: tuple[TaughtActivity, ...]
    seconds_per_window: float
    person: Subject | None = None
    source: str | None = None
    recordings: str | None = None
    left_out: tuple[str, ...] = ()

    @property
    def n_scored(self) -> int:
        """Windows that are scored."""
        return sum(row.n_scored for row in self.activities)

    @property
    def accuracy_before(self) -> float | None:
        """Share of the scored windows that are right before; None if none is scored."""
        n_right = sum(row.n_right_before for row in self.activities)
        return n_right / self.n_scored if self.n_scored else None

    @property
    def accuracy_after(self) -> float | None:
        """The same share after the adaptation to the first half."""
        n_right = sum(row.n_right_after for row in self.activities)
        return n_right / self.n_scored if self.n_scored else None

    def to_dict(self) -> dict[str, object]:
        """Collect what is known, ready for JSON."""
        known = {key: value for key, value in vars(self).items() if value is not None}
        return known | {"activities": [asdict(row) for row in self.activities]}

    @classmethod
    def from_dict(cls, content: JsonObject) -> AdaptationDescription:
        """Read what `to_dict` collected; what is missing or wrong is a `RunError`."""
        return cls(
            strength=content.required("strength", _STRENGTH),
            layer=content.required("layer", TEXT),
            activities=tuple(map(TaughtActivity.from_dict, content.inners("activities"))),
            seconds_per_window=content.required("seconds_per_window", NUMBER),
            person=content.optional("person", _PERSON),
            source=content.optional("source", TEXT),
            recordings=content.optional("recordings", TEXT),
            left_out=content.optional("left_out", TEXTS) or (),
        )


def scored_activities(
    taught: Windows, n_known: int, scored: IntArray, before: BoolArray, after: BoolArray
) -> tuple[TaughtActivity, ...]:
    """Count the windows of each activity that there are any of.

    Parameters
    ----------
    taught : Windows
        All windows that a network was adapted to.
    n_known : int
        Activities that the network knew.
    scored : ndarray of int, shape (n_scored,)
        True activities of the windows that are scored.
    before, after : ndarray of bool, shape (n_scored,)
        Whether each was named right before and after.

    Returns
    -------
    tuple of TaughtActivity
    """
    return tuple(
        TaughtActivity(
            taught.activities[label],
            label >= n_known,
            int((taught.labels == label).sum()),
            int((scored == label).sum()),
            int(before[scored == label].sum()),
            int(after[scored == label].sum()),
        )
        for label in np.unique(taught.labels).tolist()
    )
