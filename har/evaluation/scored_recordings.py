"""Labelled recordings with their timelines, from which the figures of timelines follow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from har.arrays import IntArray
from har.signals.subjects import Subject

# The two ways to name the moments of a recording: each window by what is around it, too, or alone.
WITH_CONTEXT, ALONE = "with_context", "alone"

# The columns of segments, as JSON has them.
_Columns = Mapping[str, Sequence[object]]
_SEGMENT_COLUMNS = {"start_s": float, "end_s": float, "activity": str}


@dataclass(frozen=True)
class NamedRecording:
    """A timeline, as far as it is needed to score it.

    Parameters
    ----------
    segments : DataFrame
        Predicted segments: start_s, end_s and activity.
    windows : ndarray of int, shape (n_activities, n_activities + 1)
        Windows within one labelled segment, see `har.evaluation.agreement.window_confusion`.
    """

    segments: pd.DataFrame
    windows: IntArray

    @classmethod
    def from_values(cls, segments: _Columns, windows: Sequence[Sequence[int]]) -> NamedRecording:
        """Return a timeline from its values in `ScoredRecording.to_dict`.

        Raises
        ------
        KeyError, TypeError, ValueError
            If something is missing or is no segment or number.
        """
        return cls(_segments_from(segments), np.array(windows, dtype=np.int64))


@dataclass(frozen=True)
class ScoredRecording:
    """A labelled recording and its timelines.

    Parameters
    ----------
    subject : int or str
        Person.
    source : str
        File of the recording.
    duration_s : float
        Duration, gaps included.
    truth : DataFrame
        True segments: start_s, end_s and activity.
    named : mapping of str to NamedRecording
        Timelines: that of `ALONE`, perhaps that of `WITH_CONTEXT`.
    """

    subject: Subject
    source: str
    duration_s: float
    truth: pd.DataFrame
    named: Mapping[str, NamedRecording]

    def to_dict(self) -> dict[str, object]:
        """Return it ready for JSON; times are rounded to milliseconds."""
        return {
            "subject": self.subject,
            "source": self.source,
            "duration_s": round(self.duration_s, 3),
            "truth": _columns_of(self.truth),
            "named": {
                way: {"segments": _columns_of(named.segments), "windows": named.windows.tolist()}
                for way, named in self.named.items()
            },
        }

    @classmethod
    def from_values(
        cls,
        subject: Subject,
        source: str,
        duration_s: float,
        truth: _Columns,
        named: Mapping[str, NamedRecording],
    ) -> ScoredRecording:
        """Return a recording from the values of `to_dict`, but for its timelines.

        Raises
        ------
        KeyError, TypeError, ValueError
            If something is missing or is no segment or number.
        """
        person = subject if isinstance(subject, int) else str(subject)
        return cls(person, str(source), float(duration_s), _segments_from(truth), named)


def _columns_of(segments: pd.DataFrame) -> _Columns:
    rounded = segments.round({"start_s": 3, "end_s": 3})
    return {name: rounded[name].tolist() for name in _SEGMENT_COLUMNS}


def _segments_from(columns: _Columns) -> pd.DataFrame:
    table = pd.DataFrame({name: columns[name] for name in _SEGMENT_COLUMNS})
    table = table.astype(_SEGMENT_COLUMNS)
    if not np.isfinite(table[["start_s", "end_s"]].to_numpy()).all():
        raise ValueError("a segment without a time")
    return table
