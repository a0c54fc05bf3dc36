"""Rows in order of time: what is missing, repeated, late, or of a clock that began anew.

Rows that changed places with their neighbours are sorted; moments that lie apart are never put
into one another. All differences are compared with the usual step, so that no unit need be known.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from har.arrays import BoolArray, FloatArray, IntArray
from har.errors import DataError
from har.reading.times.clock_wraps import continued
from har.reading.times.steps import usual_step
from har.reading.times.time_units import SECONDS
from har.reading.times.timestamps import StampArray, Stamps

_TOLERATED_SHARE = 0.01
# Rows that come late by fewer steps changed places on their way; more rows may by very few.
_MOST_STEPS_LATE, _FEW_STEPS_LATE, _FEW_ROWS_LATE = 50, 5, 5
_FEW_LATE_SHARE = 0.1
# Of rows that all changed places with a neighbour every second one is late.
_MOST_BACKWARD = 0.6
# Two clocks at once give twice the usual number of rows.
_CROWDED = 1.5
_ROWS_COMPARED = 200_000
_LARGE_PACKET = 1.5
_ONE_SENSOR = "one sensor of one phone, whose stamps increase"
# A recording is no row of restarts: parts have this many rows in the mean.
_FEWEST_ROWS_IN_PART = 200
_GAP_S, _GAP_STEPS = 1.0, 200
# A clock may be set back while it runs, by this part of the whole time at most.
_LARGEST_SETTING = 0.1
_DESCENDING_SHARE = 0.99


@dataclass
class OrderedRows:
    """Rows in order of time.

    Parameters
    ----------
    values : ndarray, shape (n_kept,)
        Their stamps, increasing; rows that arrived together may share one.
    rows : ndarray of int or None
        Rows that were kept, in order; None means all as they are.
    notes : list of str
    n_late : int
        Number of rows that came after later ones.
    is_estimated : bool
        True if some times are no stamps but estimates.
    """

    values: StampArray
    rows: IntArray | None
    notes: list[str]
    n_late: int = 0
    is_estimated: bool = False

    def samples(self, every: FloatArray | None) -> FloatArray | None:
        """Return the signals of the first rows that were kept, of those of all rows."""
        if every is None:
            return None
        first = slice(_ROWS_COMPARED) if self.rows is None else self.rows[:_ROWS_COMPARED]
        samples: FloatArray = every[first]
        return samples

    def keep(self, kept: BoolArray | IntArray) -> None:
        """Keep some of the rows, in this order."""
        rows = np.arange(len(self.values)) if self.rows is None else self.rows
        self.rows, self.values = rows[kept], self.values[kept]


def rows_in_order(
    stamps: Stamps, samples: FloatArray | None, unit: str | None, place: str
) -> OrderedRows:
    """Put rows in order of time, and note what was done.

    Parameters
    ----------
    stamps : Stamps
        Time stamps.
    samples : ndarray, shape (n_rows, n_channels), or None
        Signals, which show whether rows are the same.
    unit : str or None
        Unit of the stamps, if it is known.
    place : str
        File and column, for messages.

    Returns
    -------
    OrderedRows

    Raises
    ------
    DataError
        If many rows have no stamp, or there is no order in them.
    """
    ordered = OrderedRows(stamps.values, None, [])
    values = stamps.values
    if (
        (values[1:] > values[:-1]).all()
        and not stamps.is_missing()[:1].any()
        and (not stamps.is_local)
    ):
        return ordered
    is_missing = stamps.is_missing()
    if is_missing.any():
        ordered.notes += _few(is_missing, place, "no stamp", "left out", "one in each")
        ordered.keep(~is_missing)
    if (np.diff(ordered.values) < 0).sum() > _DESCENDING_SHARE * len(ordered.values):
        ordered.keep(np.arange(len(ordered.values))[::-1])
        ordered.notes.append("time: rows stand from the last to the first, turned round")
    _continue(ordered, stamps, unit)
    if samples is not None:
        _drop_repeated(ordered, samples)
    if not (np.diff(ordered.values) >= 0).all():
        _leave_out_strays(ordered, place)
        _part_at_restarts(ordered, stamps, unit, place)
        _sort(ordered, place)
    return ordered


def _continue(ordered: OrderedRows, stamps: Stamps, unit: str | None) -> None:
    """Continue clocks and counters where they began anew."""
    there = replace(stamps, values=ordered.values)
    ordered.values, notes = continued(there, unit)
    ordered.notes += notes


def row_keys(values: StampArray, samples: FloatArray) -> NDArray[np.uint64]:
    """Return a number for each row that is the same for the same stamp and samples.

    Numbers of different rows are the same by chance once in 2⁶⁴ pairs.
    """
    keys: NDArray[np.uint64] = values.astype(values.dtype, copy=True).view(np.uint64)
    for channel in samples.T:
        # Adding 0 turns -0 into 0.
        bits = (channel.astype(np.float64) + 0.0).view(np.uint64)
        keys = (keys ^ (keys >> np.uint64(29))) * np.uint64(0xBF58476D1CE4E5B9) + bits
        keys = (keys ^ (keys >> np.uint64(32))) * np.uint64(0x94D049BB133111EB)
    return keys


def _drop_repeated(ordered: OrderedRows, samples: FloatArray) -> None:
    """Leave out rows that are there twice, word for word.

    Where many rows share a stamp but differ, equal ones may be samples of a phone at rest.
    """
    is_shared = pd.Series(ordered.values).duplicated(keep=False).to_numpy()
    shared = np.flatnonzero(is_shared)
    if not len(shared):
        return
    rows = shared if ordered.rows is None else ordered.rows[shared]
    stamps_again = pd.Series(ordered.values[shared]).duplicated().to_numpy()
    keys = row_keys(ordered.values[shared], samples[rows])
    is_again = pd.Series(keys).duplicated().to_numpy()
    n_other = int(stamps_again.sum() - is_again.sum())
    if n_other > _TOLERATED_SHARE * len(ordered.values):
        # Packets that came twice are larger than the others.
        codes = pd.factorize(ordered.values[shared])[0]
        sizes = np.bincount(codes)
        is_again = is_again & (sizes[codes] >= _LARGE_PACKET * np.median(sizes))
    n_again = int(is_again.sum())
    if n_again:
        kept = np.ones(len(ordered.values), np.bool_)
        kept[shared[is_again]] = False
        ordered.keep(kept)
        ordered.notes.append(f"time: {_rows(n_again)} there twice word for word, left out once")


def _leave_out_strays(ordered: OrderedRows, place: str) -> None:
    """Leave out single stamps far from both neighbours, which follow one another."""
    values = ordered.values
    near = _MOST_STEPS_LATE * usual_step(values)
    before, here, behind = values[:-2], values[1:-1], values[2:]
    is_stray = np.zeros(len(values), np.bool_)
    is_stray[1:-1] = (
        ((here < before - near) | (here > behind + near))
        & (behind >= before)
        & (behind <= before + near)
    )
    if is_stray.any():
        ordered.notes += _few(
            is_stray,
            place,
            "a stamp far from those around it",
            "left out",
            "stamps that increase",
            ordered.rows,
        )
        ordered.keep(~is_stray)


def _part_at_restarts(ordered: OrderedRows, stamps: Stamps, unit: str | None, place: str) -> None:
    """Put what follows a restart of the clock behind a gap of unknown length."""
    values = ordered.values
    step = usual_step(values)
    near = _MOST_STEPS_LATE * step
    starts = _restarts(values, step, stamps.is_date)
    if not len(starts):
        return
    row = _row(ordered, int(starts[0]))
    if len(starts) * _FEWEST_ROWS_IN_PART > len(values):
        raise DataError(
            f"{place}, {row}: found a stamp far before the one above, as in {len(starts)} of "
            f"{len(values)} rows, expected {_ONE_SENSOR}"
        )
    one_s = None if unit is None else 1 / SECONDS[unit]
    depths = values[starts - 1] - values[starts]
    is_from_start = values[starts] <= np.minimum.accumulate(values)[starts - 1] + near
    set_back = depths[~is_from_start | stamps.is_date].sum()
    if set_back > _LARGEST_SETTING * float(values.max() - values.min()):
        raise DataError(
            f"{place}, {row}: found moments again that came before, expected one recording: "
            "give a file to each phone and each sensor"
        )
    gap = _GAP_STEPS * step if one_s is None else max(_GAP_S * one_s, 3 * step)
    moved = values.copy()
    for start, end in itertools.pairwise([*starts.tolist(), len(values)]):
        last = moved[:start].max()
        shift = last - values[start:end].min() + gap
        moved[start:end] += round(shift) if values.dtype.kind == "i" else shift
    ordered.values, ordered.is_estimated = moved, True
    times = "once" if len(starts) == 1 else f"{len(starts)} times"
    ordered.notes.append(
        f"time: the clock began anew {times}, first in {row}: a gap of unknown length is put there"
    )


def _restarts(values: StampArray, step: float, is_date: bool) -> IntArray:
    """Return the first rows of parts that cannot be sorted among the rows before.

    Late rows fill holes. Where a clock was set back, twice as many rows as usual share the time.
    """
    starts = np.flatnonzero(np.diff(values) < -_FEW_STEPS_LATE * step) + 1
    if not len(starts):
        return starts
    last, first = np.maximum.accumulate(values)[starts - 1], values[starts]
    in_order = np.sort(values)
    usual = float(np.median(np.diff(in_order))) or step
    n_there = np.searchsorted(in_order, last, "right") - np.searchsorted(in_order, first)
    is_twice = n_there > _CROWDED * ((last - first) / usual + 1)
    is_far = (last - first) > _MOST_STEPS_LATE * step
    return starts[is_twice | (is_far & (not is_date))]


def _sort(ordered: OrderedRows, place: str) -> None:
    """Sort rows that came late."""
    values = ordered.values
    is_late = values < np.maximum.accumulate(values)
    if not is_late.any():
        return
    order = np.argsort(values, kind="stable")
    n_jumps = int((np.abs(np.diff(order)) > _FEW_ROWS_LATE).sum())
    n_late = int(is_late.sum())
    if n_jumps > _FEW_LATE_SHARE * len(values) or (np.diff(order) < 0).mean() > _MOST_BACKWARD:
        raise DataError(
            f"{place}, {_row(ordered, int(np.argmax(is_late)))}: found a stamp before the one "
            f"above, as in {n_late} of {len(values)} rows, expected {_ONE_SENSOR}"
        )
    ordered.n_late = n_late
    ordered.notes.append(f"time: {_rows(n_late)} with a stamp before the one above, sorted by time")
    ordered.keep(order)


def _row(ordered: OrderedRows, index: int) -> str:
    return f"row {(index if ordered.rows is None else int(ordered.rows[index])) + 1}"


def _rows(n_rows: int) -> str:
    return "1 row" if n_rows == 1 else f"{n_rows} rows"


def _few(
    is_odd: BoolArray,
    place: str,
    found: str,
    remedy: str,
    expected: str,
    rows: IntArray | None = None,
) -> list[str]:
    """Note a remedy for a few odd rows, and refuse many."""
    n_odd = int(is_odd.sum())
    if n_odd > _TOLERATED_SHARE * len(is_odd):
        first = int(np.argmax(is_odd))
        row = (first if rows is None else int(rows[first])) + 1
        raise DataError(
            f"{place}, row {row}: found {found}, as in {n_odd} of {len(is_odd)} rows, "
            f"expected {expected}"
        )
    return [f"time: {_rows(n_odd)} with {found}, {remedy}"] if n_odd else []
