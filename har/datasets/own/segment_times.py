"""Segments of recordings as people write them, and in seconds from the first sample."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from har.arrays import FloatArray
from har.errors import DataError
from har.reading.times.moments import DAY_S, Moment

# A segment may exceed the recording by one sample interval at the lowest rate accepted, 10 Hz.
_LAST_SAMPLE_S = 0.1
# Zones are whole quarters of an hour ahead of UTC, from -12:00 to +14:00.
_ZONES_S = np.arange(-12 * 4, 14 * 4 + 1) * 900.0

Edge = float | Moment | None


@dataclass(frozen=True)
class WrittenSegment:
    """A part of a recording with one activity, as it was written.

    Parameters
    ----------
    start, end : float, Moment or None
        Seconds from the first sample, or a date and time of day; None is the start of the
        recording, or its end.
    activity : str
        Name of the activity.
    place : str
        Line of the table, for messages.
    """

    start: Edge
    end: Edge
    activity: str
    place: str

    @property
    def has_moments(self) -> bool:
        """Whether the recording's own clock is needed to place the segment."""
        return isinstance(self.start, Moment) or isinstance(self.end, Moment)


@dataclass(frozen=True)
class Segment:
    """A part of a recording with one activity.

    Parameters
    ----------
    start_s, end_s : float
        Seconds from the first sample; the sample at `end_s` is excluded.
    activity : str
        Name of the activity.
    place : str
        Line of the table, for messages.
    """

    start_s: float
    end_s: float
    activity: str
    place: str


def place_segments(
    written: Sequence[WrittenSegment],
    source: str,
    duration_s: float,
    read_start: Callable[[], Moment],
) -> tuple[tuple[Segment, ...], list[str]]:
    """Find out where segments lie in their recording.

    Parameters
    ----------
    written : sequence of WrittenSegment
        Segments of one recording.
    source : str
        File of the recording, for messages.
    duration_s : float
        Time from its first sample to the end of its last.
    read_start : callable
        Function that reads the moment of its first sample; called if a segment has moments.

    Returns
    -------
    segments : tuple of Segment
        Segments in the same order.
    notes : list of str
        Assumptions about clocks.

    Raises
    ------
    DataError
        If a segment is not within the recording, or two differ in activity and overlap.
    """
    notes: list[str] = []
    start = read_start() if any(segment.has_moments for segment in written) else None
    shift_s = 0.0
    if start is not None:
        shift_s, notes = _find_zone(written, start, source, duration_s)
    segments = tuple(_placed(segment, start, shift_s, duration_s, source) for segment in written)
    check_overlaps(segments)
    return segments, notes


def as_seconds(written: WrittenSegment, duration_s: float = math.inf) -> Segment | None:
    """Return a segment without moments in seconds; None for one with moments."""
    if isinstance(written.start, Moment) or isinstance(written.end, Moment):
        return None
    start_s = 0.0 if written.start is None else written.start
    end_s = duration_s if written.end is None else written.end
    return Segment(start_s, end_s, written.activity, written.place)


def check_overlaps(segments: Sequence[Segment]) -> None:
    """Refuse segments that overlap and differ in activity."""
    last: Segment | None = None
    for segment in sorted(segments, key=lambda segment: segment.start_s):
        if last and segment.start_s < last.end_s and segment.activity != last.activity:
            end = "the end" if math.isinf(last.end_s) else f"{last.end_s:g} s"
            raise DataError(
                f"{segment.place}: found {segment.activity} from {segment.start_s:g} s on, "
                f"expected nothing before {end}, when {last.activity} ends"
            )
        if last is None or segment.end_s > last.end_s:
            last = segment


def _placed(
    written: WrittenSegment, start: Moment | None, shift_s: float, duration_s: float, source: str
) -> Segment:
    """Return a segment in seconds, and refuse one that is not within the recording."""
    start_s, end_s = _edges_s(written, start, shift_s, duration_s)
    if end_s > duration_s + _LAST_SAMPLE_S:
        raise DataError(
            f"{written.place}: found a segment that ends at {end_s:g} s, expected an "
            f"end within {source}, which lasts {duration_s:.2f} s"
        )
    if start_s < -_LAST_SAMPLE_S:
        raise DataError(
            f"{written.place}: found a segment that begins {-start_s:g} s before {source}, "
            "expected a start within it"
        )
    if end_s <= start_s:
        raise DataError(
            f"{written.place}: found an end at {end_s:g} s, "
            f"expected an end after the start at {start_s:g} s"
        )
    return Segment(max(start_s, 0.0), end_s, written.activity, written.place)


def _edges_s(
    written: WrittenSegment, start: Moment | None, shift_s: float, duration_s: float
) -> tuple[float, float]:
    """Return start and end in seconds from the first sample."""

    def seconds(edge: Edge, without: float) -> float:
        if edge is None:
            return without
        if not isinstance(edge, Moment) or start is None:
            return float(edge)  # type: ignore[arg-type]
        found = edge.seconds_after(start) + shift_s
        if edge.day is not None and start.day is not None:
            return found
        # Of all days, the one on which it is nearest to the recording.
        return min(
            (found % DAY_S, found % DAY_S - DAY_S),
            key=lambda s: max(-s, s - duration_s - _LAST_SAMPLE_S, 0.0),
        )

    return seconds(written.start, 0.0), seconds(written.end, duration_s)


def _find_zone(
    written: Sequence[WrittenSegment], start: Moment, source: str, duration_s: float
) -> tuple[float, list[str]]:
    """Find the shift between the clock of the table and that of the recording.

    If one of the two names no zone, as for stamps since 1970 beside the time on a wall, it is the
    only one with which all segments lie within the recording.
    """
    moments = [edge for one in written for edge in (one.start, one.end) if isinstance(edge, Moment)]
    if start.day is None or any(moment.day is None for moment in moments):
        if duration_s > DAY_S:
            raise DataError(
                f"{written[0].place}: found a time of day without a date, expected a date, too: "
                f"{source} lasts more than a day"
            )
    if all(moment.is_utc == start.is_utc for moment in moments):
        return 0.0, []
    edges: FloatArray = np.array([_edges_s(one, start, 0.0, duration_s) for one in written])
    fits = [shift_s for shift_s in _ZONES_S.tolist() if _fits(written, start, shift_s, duration_s)]
    if len(fits) != 1:
        found = "none" if not fits else f"{len(fits)}"
        raise DataError(
            f"{written[0].place}: found times that name no zone as {source} does, or the other way "
            f"round, and {found} of all zones with which they are within it (as they stand they "
            f"begin {edges[0, 0]:g} s after its start), expected one: "
            "write the zone behind each time, as in 14:05:22+01:00"
        )
    hours = -fits[0] / 3600
    note = f"labels: times are {hours:+g} h from the recording's, as that is where they fit"
    return fits[0], [note] if hours else []


def _fits(
    written: Sequence[WrittenSegment], start: Moment, shift_s: float, duration_s: float
) -> bool:
    edges = np.array([_edges_s(one, start, shift_s, duration_s) for one in written])
    is_within = (edges[:, 0] >= -_LAST_SAMPLE_S) & (edges[:, 1] <= duration_s + _LAST_SAMPLE_S)
    return bool((is_within & (edges[:, 1] > edges[:, 0])).all())
