from __future__ import annotations

import numpy as np
from numpy.testing import assert_array_equal

from har.signals.selected_rows import selected_rows

SOURCE = np.arange(60.0).reshape(10, 3, 2)
ROWS = np.array([7, 1, 4, 9])


def test_rows_are_indexed_as_those_of_a_copy():
    rows, copy = selected_rows(SOURCE, ROWS), SOURCE[ROWS]
    assert (len(rows), rows.shape, rows.ndim, rows.dtype) == (4, (4, 3, 2), 3, copy.dtype)
    for index in (2, slice(1, 3), np.array([3, 0, 0]), np.array([True, False, True, False])):
        assert_array_equal(rows[index], copy[index])
    assert_array_equal(rows[:, 0, 1], copy[:, 0, 1])


def test_numpy_takes_them_for_an_array():
    assert_array_equal(np.asarray(selected_rows(SOURCE, ROWS)), SOURCE[ROWS])
    assert_array_equal(np.isfinite(selected_rows(SOURCE, ROWS)), np.ones((4, 3, 2)))
