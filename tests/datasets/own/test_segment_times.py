from __future__ import annotations

import pytest
from builders import refused

from har.datasets.own.segment_times import WrittenSegment, place_segments
from har.errors import DataError
from har.reading.times.moments import Moment, parse_moment


def placed(start, end, begins="2023-11-24 23:59:50", duration_s=60.0):
    """Return start and end in seconds of a segment of a recording, and the notes."""
    edges = [parse_moment(edge, "cell") if isinstance(edge, str) else edge for edge in (start, end)]
    written = [WrittenSegment(*edges, "UP", "table, line 7")]
    at = parse_moment(begins, "cell") if isinstance(begins, str) else begins
    (segment,), notes = place_segments(written, "walk.csv", duration_s, lambda: at)
    return segment.start_s, segment.end_s, notes


def test_seconds_need_no_clock_and_nothing_is_the_whole_file():
    written = [WrittenSegment(None, None, "UP", "table, line 2")]
    (segment,), _notes = place_segments(written, "walk.csv", 12.5, pytest.fail)
    assert (segment.start_s, segment.end_s) == (0.0, 12.5)


def test_moments_count_from_the_first_sample():
    assert placed("2023-11-25 00:00:00", "2023-11-25T00:00:12.5") == (10, 22.5, [])
    assert placed("23:59:52", "0:00:12.5") == (2, 22.5, [])
    assert placed("24.11.2023 23:59:52", None) == (2, 60, [])


def test_zones_are_obeyed():
    begins = "2023-11-24T10:00:00Z"
    assert placed("2023-11-24T11:00:05+01:00", "11:00:20+01:00", begins) == (5, 20, [])


@pytest.mark.parametrize("begins", [Moment.since_1970(1_700_834_720.0), "2023-11-24T14:05:20Z"])
def test_a_zone_that_is_not_written_is_where_the_segment_fits(begins):
    assert placed("2023-11-24 14:05:22", "14:05:32", begins) == (2, 12, [])
    start_s, end_s, (note,) = placed("15:05:22", "15:05:32", begins)
    assert (start_s, end_s) == (2, 12)
    assert note == "labels: times are +1 h from the recording's, as that is where they fit"


def test_a_zone_that_cannot_be_told_must_be_written():
    begins = "2023-11-24T14:05:20Z"
    with refused(DataError, "table, line 7", "write the zone behind each time"):
        placed("15:05:22", "15:05:32", begins, duration_s=5000.0)
    with refused(DataError, "table, line 7", "none of all zones"):
        placed("2023-11-26 14:05:22", "2023-11-26 14:05:32", begins)


@pytest.mark.parametrize(
    ("start", "end", "message"),
    [
        (0.0, 60.2, "found a segment that ends at 60.2 s, expected an end within walk.csv"),
        ("23:59:48", "23:59:55", "found a segment that begins 2 s before walk.csv"),
        ("2023-11-25 00:00:10", "2023-11-25 00:00:10", "found an end at 20 s"),
        ("2023-11-26 00:00:10", "2023-11-26 00:00:20", "which lasts 60.00 s"),
    ],
)
def test_a_segment_that_is_not_within_its_recording_is_refused(start, end, message):
    with refused(DataError, "table, line 7: ", message):
        placed(start, end)


def test_a_segment_may_exceed_the_recording_by_a_sample():
    assert placed(0.0, 60.09)[1] == 60.09


def test_a_time_of_day_does_not_tell_the_day_of_a_long_recording():
    with refused(DataError, "found a time of day without a date", "more than a day"):
        placed("10:00", "11:00", duration_s=100_000.0)
