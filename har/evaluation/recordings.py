"""`RecordingEvaluation`: timelines of whole recordings, and every figure that follows from them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property, reduce
from operator import add
from typing import Any, TypedDict

import numpy as np

from har.arrays import FloatArray, IntArray
from har.errors import DataError
from har.evaluation.events import PREDICTED_EVENTS, TRUE_EVENTS, EventCounts, count_events
from har.evaluation.intervals import (
    FIGURES,
    Interval,
    ends,
    quantile,
    resampled,
    resampled_quantile,
)
from har.evaluation.scored_recordings import ALONE, WITH_CONTEXT, NamedRecording, ScoredRecording
from har.signals.subjects import Subject, subject_key


class WrittenFigure(TypedDict):
    """A `FigureOverPeople` as JSON has it."""

    value: float | None
    interval: Interval | None


@dataclass(frozen=True)
class FigureOverPeople:
    """A figure, and its 95 % interval over people.

    Parameters
    ----------
    value : float or None
        Figure; None where there is nothing to work it out of.
    interval : list of float or None
        Lower and upper end; None for a single person, too.
    """

    value: float | None
    interval: Interval | None

    @classmethod
    def of(cls, value: float, resamples: FloatArray | None) -> FigureOverPeople:
        """Return a figure from its value and that of each resample; NaN is none."""
        if not np.isfinite(value):
            return cls(None, None)
        is_known = resamples is not None and bool(np.isfinite(resamples).all())
        return cls(float(value), ends(resamples) if is_known and resamples is not None else None)


# Figures by their names, of each way to name moments.
Figures = Mapping[str, Mapping[str, FigureOverPeople]]


def figures_to_dict(figures: Figures) -> dict[str, dict[str, WrittenFigure]]:
    """Return figures ready for JSON."""
    return {
        way: {
            name: WrittenFigure(value=figure.value, interval=figure.interval)
            for name, figure in named.items()
        }
        for way, named in figures.items()
    }


def figures_from_dict(content: Mapping[str, Mapping[str, WrittenFigure]] | None) -> Figures | None:
    """Return the figures that `figures_to_dict` described; None of none."""
    if content is None:
        return None
    return {
        way: {name: FigureOverPeople(**values) for name, values in named.items()}
        for way, named in content.items()
    }


@dataclass(frozen=True)
class RecordingEvaluation:
    """Timelines of whole recordings.

    Parameters
    ----------
    activities : tuple of str
        Names of the classes.
    recordings : tuple of ScoredRecording
        At least one, with labelled time; all have the same timelines.

    Raises
    ------
    DataError
        If there is no labelled time, or recordings have other timelines than the rest.
    """

    activities: tuple[str, ...]
    recordings: tuple[ScoredRecording, ...]

    def __post_init__(self) -> None:
        if not any(one.truth["activity"].isin(self.activities).any() for one in self.recordings):
            raise DataError(
                f"recordings: found no labelled time in {len(self.recordings)} of them, expected "
                f"some of {', '.join(self.activities)}"
            )
        shape = (len(self.activities), len(self.activities) + 1)
        for one in self.recordings:
            if ALONE not in one.named or one.named.keys() != self.recordings[0].named.keys():
                raise DataError(
                    f"recordings: found timelines {', '.join(one.named)} of {one.source}, "
                    "expected the same of all"
                )
            for named in one.named.values():
                if named.windows.shape != shape:
                    raise DataError(
                        f"recordings: found windows of shape {named.windows.shape} of "
                        f"{one.source}, expected {shape}"
                    )

    @property
    def ways(self) -> tuple[str, ...]:
        """Ways in which moments were named, with their context first."""
        return tuple(way for way in (WITH_CONTEXT, ALONE) if way in self.recordings[0].named)

    @cached_property
    def subjects(self) -> tuple[Subject, ...]:
        """The people, in their natural order."""
        return tuple(sorted({one.subject for one in self.recordings}, key=subject_key))

    @property
    def labelled_s(self) -> float:
        """Labelled time of all recordings in seconds."""
        labelled = [
            one.truth[one.truth["activity"].isin(self.activities)] for one in self.recordings
        ]
        return float(sum((table["end_s"] - table["start_s"]).sum() for table in labelled))

    @cached_property
    def counts(self) -> Mapping[str, Mapping[Subject, EventCounts]]:
        """Counts of each way and person."""
        return {way: self._by_subject(way) for way in self.ways}

    def _by_subject(self, way: str) -> dict[Subject, EventCounts]:
        counts: dict[Subject, list[EventCounts]] = {subject: [] for subject in self.subjects}
        for one in self.recordings:
            segments = one.named[way].segments
            counts[one.subject].append(count_events(one.truth, segments, self.activities))
        return {subject: reduce(add, several) for subject, several in counts.items()}

    def total(self, way: str) -> EventCounts:
        """Return the counts of one way, of all people together."""
        return reduce(add, self.counts[way].values())

    def accuracy_by_subject(self, way: str) -> dict[Subject, float]:
        """Return the share of each person's labelled time that is named right, the lowest first."""
        shares = {
            subject: float(counts.time.trace() / counts.time.sum())
            for subject, counts in self.counts[way].items()
            if counts.time.any()
        }
        return dict(sorted(shares.items(), key=lambda item: item[1]))

    @cached_property
    def figures(self) -> Figures:
        """Figures of each way, with context first, by their names: see `SHARES` and `DELAYS`."""
        return {way: self._figures(way) for way in self.ways}

    def _figures(self, way: str) -> dict[str, FigureOverPeople]:
        people = self._sums(way)
        total = {name: counts.sum(axis=0) for name, counts in people.items()}
        drawn = None
        if len(self.subjects) > 1:
            drawn = {name: resampled(counts) for name, counts in people.items()}
        found = {
            name: FigureOverPeople.of(float(share(total)), None if drawn is None else share(drawn))
            for name, share in SHARES.items()
        }
        return found | self._delay_figures(way)

    def _sums(self, way: str) -> dict[str, IntArray]:
        """Return each person's counts, shape (n_subjects, …), by what was counted."""
        n_activities = len(self.activities)
        windows = np.zeros((len(self.subjects), n_activities, n_activities + 1), dtype=np.int64)
        place = {subject: number for number, subject in enumerate(self.subjects)}
        for one in self.recordings:
            windows[place[one.subject]] += one.named[way].windows
        counts = self.counts[way].values()
        return {
            "windows": windows,
            "time": np.stack([one.time for one in counts]),
            "true": np.stack([one.true_events.sum(axis=1) for one in counts]),
            "predicted": np.stack([one.predicted_events.sum(axis=1) for one in counts]),
            "matched": np.array([one.n_matched.sum() for one in counts]),
            "untold": np.array([one.n_untold for one in counts]),
            "told": np.array([len(one.delays_s) for one in counts]),
        }

    def _delay_figures(self, way: str) -> dict[str, FigureOverPeople]:
        counts = list(self.counts[way].values())
        delays_s = np.concatenate([one.delays_s for one in counts])
        if not len(delays_s):
            return dict.fromkeys(DELAYS, FigureOverPeople(None, None))
        n = len(counts)
        of_subject = np.repeat(np.arange(n), [len(one.delays_s) for one in counts])
        return {
            name: FigureOverPeople.of(
                quantile(delays_s, share),
                resampled_quantile(delays_s, of_subject, n, share) if n > 1 else None,
            )
            for name, share in DELAYS.items()
        }

    def segment_scores(self, way: str) -> dict[str, dict[str, float]]:
        """Return the figures of each activity's segments.

        Parameters
        ----------
        way : str
            One of `ways`.

        Returns
        -------
        dict
            Precision, recall and f1 of each activity that occurs or was predicted, 0 where
            undefined, and the numbers n_true and n_predicted of its segments.
        """
        total = self.total(way)
        n_true, n_predicted = total.true_events.sum(axis=0), total.predicted_events.sum(axis=0)
        columns = {
            "precision": total.n_matched / np.maximum(n_predicted, 1),
            "recall": total.n_matched / np.maximum(n_true, 1),
            "f1": 2 * total.n_matched / np.maximum(n_true + n_predicted, 1),
            "n_true": n_true,
            "n_predicted": n_predicted,
        }
        rows = zip(*(column.tolist() for column in columns.values()), strict=True)
        named = zip(self.activities, rows, strict=True)
        table = {activity: dict(zip(columns, row, strict=True)) for activity, row in named}
        return {name: row for name, row in table.items() if row["n_true"] or row["n_predicted"]}

    def to_dict(self) -> dict[str, object]:
        """Return all figures, and the segments that they follow from, ready for JSON."""
        return {
            "activities": list(self.activities),
            "n_people": len(self.subjects),
            "labelled_s": round(self.labelled_s, 2),
            "figures": figures_to_dict(self.figures),
            "events": {way: _events_to_dict(self.total(way)) for way in self.ways},
            "recordings": [one.to_dict() for one in self.recordings],
        }

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> RecordingEvaluation:
        """Return the object that `to_dict` described; its figures are worked out anew.

        Raises
        ------
        KeyError, TypeError, ValueError, AttributeError
            If something is missing or is no segment or number.
        DataError
            If nothing is labelled, or recordings have other timelines than the rest.
        """
        recordings = []
        for one in content["recordings"]:
            named = {way: NamedRecording.from_values(**of) for way, of in one["named"].items()}
            recordings.append(ScoredRecording.from_values(**{**one, "named": named}))
        return cls(tuple(map(str, content["activities"])), tuple(recordings))


def _events_to_dict(counts: EventCounts) -> dict[str, dict[str, int]]:
    kinds = (
        ("true", TRUE_EVENTS, counts.true_events),
        ("predicted", PREDICTED_EVENTS, counts.predicted_events),
    )
    return {
        side: dict(zip(names, events.sum(axis=1).tolist(), strict=True))
        for side, names, events in kinds
    }


# From counts, of shape (…) before what was counted, to a share of shape (…).
_Share = Callable[[Mapping[str, IntArray]], FloatArray]


def _ratio(over: IntArray, under: IntArray) -> FloatArray:
    """Return a share; NaN of nothing."""
    return np.asarray(over / np.where(under > 0, under, np.nan))


def _of(table: str, figure: str) -> _Share:
    """Return a figure of a confusion matrix; NaN of an empty one."""

    def share(counts: Mapping[str, IntArray]) -> FloatArray:
        confusions = counts[table]
        is_empty = ~confusions.any(axis=(-2, -1))
        # An entry that keeps the figure of an empty table from a division by zero.
        safe = confusions.copy()
        safe[..., 0, 0] += is_empty
        return np.where(is_empty, np.nan, FIGURES[figure](safe))

    return share


def _events(side: str, *kinds: str) -> _Share:
    names = TRUE_EVENTS if side == "true" else PREDICTED_EVENTS
    rows = [names.index(kind) for kind in kinds]
    return lambda counts: _ratio(counts[side][..., rows].sum(axis=-1), counts[side].sum(axis=-1))


SHARES: dict[str, _Share] = {
    "window_accuracy": _of("windows", "accuracy"),
    "window_macro_f1": _of("windows", "macro_f1"),
    "time_accuracy": _of("time", "accuracy"),
    "time_macro_f1": _of("time", "macro_f1"),
    "time_unknown": lambda counts: _ratio(
        counts["time"][..., -1].sum(axis=-1), counts["time"].sum(axis=(-2, -1))
    ),
    "segment_precision": lambda counts: _ratio(counts["matched"], counts["predicted"].sum(axis=-1)),
    "segment_recall": lambda counts: _ratio(counts["matched"], counts["true"].sum(axis=-1)),
    "segment_f1": lambda counts: _ratio(
        2 * counts["matched"], counts["true"].sum(axis=-1) + counts["predicted"].sum(axis=-1)
    ),
    "deleted": _events("true", "deleted"),
    "fragmented": _events("true", "fragmented", "fragmented and merged"),
    "merged": _events("true", "merged", "fragmented and merged"),
    "inserted": _events("predicted", "inserted"),
    "untold": lambda counts: _ratio(counts["untold"], counts["untold"] + counts["told"]),
}
# Names of quantiles of the delays, and the shares of changes that are told by then.
DELAYS = {"delay_median_s": 0.5, "delay_p90_s": 0.9}
