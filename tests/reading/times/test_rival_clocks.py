from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from builders import refused
from numpy.testing import assert_allclose

from har.errors import DataError
from har.reading.times.rival_clocks import TimeColumn, choose_clock
from har.reading.times.timestamps import Stamps, stamps_of

SECONDS = np.arange(3000) / 33


def column(name, values, unit=None):
    stamps = Stamps(values) if isinstance(values, np.ndarray) else values
    return TimeColumn(name, stamps, unit)


def dates(form, seconds=SECONDS):
    moments = pd.Series(pd.Timestamp("2023-11-24 14:05:22.12") + pd.to_timedelta(seconds, unit="s"))
    return stamps_of(moments.dt.strftime(form), "t")


NANOSECONDS = column("ns", 1_700_834_722 * 10**9 + (SECONDS * 1e9).astype(np.int64))


@pytest.mark.parametrize(
    "other",
    [
        column("other", SECONDS.round(3), "s"),
        column("other", np.rint(SECONDS * 1000).astype(np.int64), "ms"),
        column("other", dates("%Y-%m-%d %H:%M:%S")),
        column("other", dates("%H:%M:%S.%f")),
        column("other", SECONDS + 0.4 + np.random.default_rng(0).uniform(0, 0.01, 3000), "s"),
        column("other", SECONDS * 1.0005, "s"),
    ],
    ids=["seconds", "milliseconds", "whole seconds", "clock", "arrivals", "drift"],
)
@pytest.mark.parametrize("is_first", [True, False])
def test_of_clocks_that_agree_one_that_is_fine_is_taken(other, is_first):
    columns = [NANOSECONDS, other] if is_first else [other, NANOSECONDS]
    clock = choose_clock(columns, None, "walk.csv")
    assert_allclose(clock.ticks.seconds, SECONDS, rtol=0.001, atol=0.02)
    assert any("left out, as it says the same" in note for note in clock.notes)


def test_the_finer_clock_is_taken():
    milliseconds = column("ms", np.rint(SECONDS * 1000).astype(np.int64))
    clock = choose_clock([milliseconds, NANOSECONDS], None, "walk.csv")
    assert clock.notes[0].startswith("time: ns taken to be in nanoseconds")
    assert clock.notes[-1] == "time: ms left out, as it says the same"


def test_a_clock_that_knows_how_long_a_pause_was_is_taken():
    pause = np.where(np.arange(3000) < 1500, SECONDS, SECONDS + 100)
    anew = np.where(np.arange(3000) < 1500, SECONDS, SECONDS - SECONDS[1500])
    columns = [
        column("elapsed", anew.round(6), "s"),
        column("date", dates("%Y-%m-%d %H:%M:%S.%f", pause)),
    ]
    clock = choose_clock(columns, None, "walk.csv")
    assert_allclose(clock.ticks.seconds, pause, atol=0.001)


@pytest.mark.parametrize("factor", [0.8, 1.05])
def test_clocks_that_contradict_each_other_are_refused_with_both(factor):
    other = column("column 'b'", SECONDS * factor, "s")
    with refused(
        DataError,
        "walk.csv: found two times,",
        "ns (33 Hz)",
        "column 'b' (",
        "contradict each other, expected one: say which by --columns time=…",
    ):
        choose_clock([NANOSECONDS, other], None, "walk.csv")


def test_what_is_no_clock_is_left_out():
    clock = choose_clock([column("start", np.full(3000, 1_700_000_000)), NANOSECONDS], None, "w")
    assert clock.notes[-1] == "time: start left out, as it is no clock"


def test_if_none_is_a_clock_the_first_one_says_why():
    with refused(DataError, "w, a: 3000 samples share a stamp"):
        choose_clock([column("a", np.zeros(3000)), column("b", np.zeros(3000))], None, "w")
