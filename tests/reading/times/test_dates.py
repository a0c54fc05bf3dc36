from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from builders import refused
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from har.errors import DataError
from har.reading.times.timestamps import stamps_of

moments = st.datetimes(dt.datetime(1971, 1, 1), dt.datetime(2069, 12, 31))
# A day beyond the 12th settles the order of day and month.
clear_moments = moments.map(lambda moment: moment.replace(day=13 + moment.day % 15))
DATES = {
    "%Y-%m-%d": moments,
    "%Y/%m/%d": moments,
    "%Y.%m.%d": moments,
    "%d.%m.%Y": clear_moments,
    "%d/%m/%Y": clear_moments,
    "%m/%d/%Y": clear_moments,
    "%m-%d-%Y": clear_moments,
    "%d.%m.%y": clear_moments,
    "%m/%d/%y": clear_moments,
    "%d-%b-%Y": moments,
    "%b %d, %Y": moments,
    "%A, %B %d, %Y": moments,
    "%Y%m%d": moments,
}
CLOCKS = ("%H:%M:%S", "%I:%M:%S", "%H.%M.%S", "%H-%M-%S", "%H%M%S")
ZONES = {"": 0, "Z": 0, " UTC": 0, "+01:00": 60, "-0330": -210, " GMT+05:30": 330, "+02": 120}


def nanoseconds(moment: dt.datetime) -> int:
    return round((moment - dt.datetime(1970, 1, 1)) // dt.timedelta(microseconds=1)) * 1000


def written(moment, date, join, clock, point, n_digits, zone):
    fraction = f"{point}{moment.microsecond:06}"[: 1 + n_digits] if n_digits else ""
    half = moment.strftime(" %p") if "%I" in clock else ""
    return f"{moment.strftime(date)}{join}{moment.strftime(clock)}{fraction}{half}{zone}"


@settings(deadline=None, max_examples=300)
@given(
    date_and_moment=st.sampled_from(list(DATES)).flatmap(
        lambda date: st.tuples(st.just(date), DATES[date])
    ),
    join=st.sampled_from([" ", "T", "  ", ", "]),
    clock=st.sampled_from(CLOCKS),
    point=st.sampled_from(".,:"),
    n_digits=st.sampled_from([0, 1, 3, 6]),
    zone=st.sampled_from(list(ZONES)),
)
def test_any_moment_in_any_form_reads_back_to_the_written_precision(
    date_and_moment, join, clock, point, n_digits, zone
):
    date, moment = date_and_moment
    if clock == "%H%M%S":
        point = "."
    text = written(moment, date, join, clock, point, n_digits, zone)
    stamps = stamps_of(pd.Series([text]), "t")
    written_ns = nanoseconds(moment) // 10 ** (9 - n_digits) * 10 ** (9 - n_digits)
    assert stamps.values.tolist() == [written_ns - ZONES[zone] * 60 * 10**9], text
    assert (stamps.unit, stamps.is_date) == ("ns", True)


@settings(deadline=None, max_examples=50)
@given(
    moments,
    st.sampled_from(["%H:%M:%S.%f", "%I:%M:%S.%f %p", "%I:%M:%S.%f\u202f%p"]),
)
def test_clock_times_alone_are_times_of_one_day(moment, form):
    stamps = stamps_of(pd.Series([moment.strftime(form)]), "t")
    midnight = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    assert stamps.values.tolist() == [nanoseconds(moment) - nanoseconds(midnight)]
    assert not stamps.is_date
    assert stamps.period == 86_400e9


@given(st.timedeltas(dt.timedelta(0), dt.timedelta(days=9)))
def test_time_since_the_start_as_python_and_pandas_write_it_may_be_days(passed):
    for text in (str(passed), str(pd.Timedelta(passed))):
        values = stamps_of(pd.Series([text]), "t").values
        assert values.tolist() == [passed // dt.timedelta(microseconds=1) * 1000]


def test_minutes_and_seconds_with_a_fraction_begin_anew_each_hour():
    stamps = stamps_of(pd.Series(["59:59.9", "00:00.0", "00:00.1"]), "t")
    assert_array_equal(stamps.values, [3599_900_000_000, 0, 100_000_000])
    assert stamps.period == 3600e9


@pytest.mark.parametrize(
    "text",
    [
        "20231124140522120",
        "Fri Nov 24 14:05:22.120 GMT+00:00 2023",
        "14:05:22.120 24/11/2023",
        "2023-11-24T14:05:22.120+01:00[Europe/Berlin]",
        "24. Nov. 2023 14:05:22,120",
    ],
)
def test_other_forms_in_the_wild_are_read(text):
    stamps = stamps_of(pd.Series([text]), "t")
    zone_s = 3600 if "+01:00" in text else 0
    assert stamps.values[0] == nanoseconds(dt.datetime(2023, 11, 24, 14, 5, 22, 120_000)) - (
        zone_s * 10**9
    )


@pytest.mark.parametrize(
    "text",
    [
        "noon",
        "2023-11-24 25:05:22",
        "2023-11-24 14:61:22",
        "2023-11-24 2:61 PM",
        "0:05:22 PM",
    ],
)
def test_text_that_is_no_time_is_named_with_its_row(text):
    with refused(DataError, f"t, row 2: found {text!r}, expected a number or a date"):
        stamps_of(pd.Series(["2023-11-24 14:05:22", text]), "t")


@pytest.mark.parametrize("text", ["2023-02-30 10:00:00", "2023-13-01 10:00:00", "31.04.2023 10:00"])
def test_days_that_do_not_exist_are_refused(text):
    with refused(DataError, "t: found the date", "expected dates in one order that exist"):
        stamps_of(pd.Series([text]), "t")


@pytest.mark.parametrize("digits", ["5", "50", "500"])
def test_digits_behind_the_seconds_are_decimals(digits):
    (value,) = stamps_of(pd.Series([f"14:05:22.{digits}"]), "t").values % 10**9
    assert value == int(digits) * 10 ** (9 - len(digits))


def test_milliseconds_without_zeros_before_them_are_counted():
    text = [f"14:05:22.{ms}" for ms in range(0, 1000, 20)]
    values = stamps_of(pd.Series(text), "t").values
    assert_array_equal(np.diff(values), 20_000_000)


def test_decimals_without_zeros_behind_them_stay_decimals():
    text = [f"14:05:22.{f'{ms:03}'.rstrip('0') or '0'}" for ms in range(0, 1000, 20)]
    assert_array_equal(np.diff(stamps_of(pd.Series(text), "t").values), 20_000_000)
