from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from builders import refused
from hypothesis import given
from hypothesis import strategies as st

from har.errors import DataError
from har.reading.times.moments import Moment, parse_moment

DATES = st.datetimes(datetime(1990, 1, 1), datetime(2060, 1, 1))
ZONES = st.integers(-12 * 4, 14 * 4).map(lambda n: timezone(timedelta(minutes=15 * n)))


@pytest.mark.parametrize(
    "text",
    [
        "2023-11-24T14:05:22.5",
        "2023-11-24 14:05:22,500",
        "2023/11/24 2:05:22.5 PM",
        "24.11.2023 14:05:22.5",
        "24.11.2023, 14:05:22:500",
    ],
)
def test_dates_are_read_in_the_forms_that_have_one_meaning(text):
    day = (datetime(2023, 11, 24) - datetime(1970, 1, 1)).days
    assert parse_moment(text, "cell") == Moment(14 * 3600 + 5 * 60 + 22.5, day)


@pytest.mark.parametrize(
    ("text", "clock_s"),
    [("14:05", 50700.0), ("9:05:01", 32701.0), ("12:00 am", 0.0), ("12:30 PM", 45000.0)],
)
def test_a_time_of_day_has_no_date(text, clock_s):
    assert parse_moment(text, "cell") == Moment(clock_s)


@pytest.mark.parametrize(
    "text",
    ["", "noon", "24:00:00", "13:00 PM", "1:05.5", "12", "1.5"],
)
def test_what_is_no_moment_is_none(text):
    assert parse_moment(text, "cell") is None


def test_a_month_first_is_known_where_only_it_is_possible():
    assert parse_moment("11/24/2023 14:05", "cell") == parse_moment("2023-11-24 14:05", "cell")


@pytest.mark.parametrize("text", ["2023-02-30 10:00", "03/04/2023 10:00"])
def test_days_that_do_not_exist_or_have_two_meanings_are_refused(text):
    with refused(DataError, "cell: found"):
        parse_moment(text, "cell")


@given(DATES, ZONES, st.timedeltas(timedelta(0), timedelta(days=30)), ZONES)
def test_seconds_between_moments_are_those_of_datetime(start, zone, duration, other_zone):
    first = start.replace(tzinfo=zone)
    second = (first + duration).astimezone(other_zone)
    moments = [parse_moment(one.isoformat(), "cell") for one in (first, second)]
    expected = (second - first).total_seconds()
    assert moments[1].seconds_after(moments[0]) == pytest.approx(expected, abs=1e-3)


def test_a_clock_goes_on_over_midnight():
    assert (
        parse_moment("0:00:05", "cell").seconds_after(parse_moment("2023-11-24 23:59:55", "cell"))
        == 10
    )
