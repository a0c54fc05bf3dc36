"""Some of the windows of an array, copied only as far as they are looked at."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
import numpy.typing as npt

from har.arrays import FloatArray, IntArray


class SelectedRows:
    """Chosen rows of an array, which take no memory: an index copies those that it names.

    NumPy takes it for an array, by a copy of all rows.

    Parameters
    ----------
    source : ndarray, shape (n_source_rows, …)
        Array to choose from.
    rows : ndarray of int, shape (n_rows,)
        Indices into its first axis.
    """

    def __init__(self, source: FloatArray, rows: IntArray) -> None:
        self._source, self._rows = source, rows
        self.shape = (len(rows), *source.shape[1:])
        self.ndim, self.dtype = source.ndim, source.dtype

    def __len__(self) -> int:
        """Count the rows."""
        return len(self._rows)

    def __getitem__(self, index: Any) -> FloatArray:
        """Return rows as an array; an index of other axes, too, copies all of them first."""
        if isinstance(index, tuple):
            return np.asarray(np.asarray(self)[index])
        return np.asarray(self._source[self._rows[index]])

    def __array__(self, dtype: npt.DTypeLike | None = None, copy: bool | None = None) -> FloatArray:
        """Return all rows as an array."""
        return np.asarray(self[:], dtype=dtype)


def selected_rows(source: FloatArray, rows: IntArray) -> FloatArray:
    """Return chosen rows, to be used as an array that is indexed by row alone."""
    return cast(FloatArray, SelectedRows(source, rows))
