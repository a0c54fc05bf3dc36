"""The rows of a table that belong to one person, or to one sensor, where a column says to whom."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from har.errors import DataError, listed, quoted
from har.reading.tables.cells import as_text
from har.reading.tables.opening import Table

# No name of a signal or of time.
_KEY = "rows_of"


@dataclass(frozen=True)
class FilteredTable:
    """The rows of a table that have given texts in one of its columns; see `Table`.

    Parameters
    ----------
    whole : Table
        Table with all rows.
    column : int
        Index of the column.
    texts : frozenset of str
        Texts in the rows to read.
    """

    whole: Table
    column: int
    texts: frozenset[str]

    @property
    def path(self) -> Path:
        """File of the table."""
        return self.whole.path

    @property
    def headings(self) -> tuple[str, ...]:
        """Names of all columns."""
        return self.whole.headings

    @property
    def first_line(self) -> str | None:
        """First row of a table without a heading, else None."""
        return self.whole.first_line

    @property
    def rate_hz(self) -> float | None:
        """Samples per second, if the file says so apart from its rows."""
        return self.whole.rate_hz

    @property
    def notes(self) -> tuple[str, ...]:
        """Notes on the whole table."""
        return self.whole.notes

    def blocks(
        self, indices: Mapping[str, int], as_text: Collection[str] = ()
    ) -> Iterator[pd.DataFrame]:
        """Read some of the columns; see `har.reading.tables.opening.Table`."""
        for block in self.whole.blocks({**indices, _KEY: self.column}, (*as_text, _KEY)):
            yield block[_texts(block).isin(self.texts)].drop(columns=_KEY)


def only_rows(table: Table, column: str, text: str) -> FilteredTable:
    """Return the rows of a table with a given text in a column.

    Raises
    ------
    DataError
        If there is no such column.
    """
    return FilteredTable(table, index_of(table, column), frozenset([text]))


def texts_in(table: Table, column: int, n_most: int | None = None) -> tuple[str, ...] | None:
    """Return the different texts in a column, in the order in which they come; none is empty.

    Parameters
    ----------
    table : Table
        Open table.
    column : int
        Index of the column.
    n_most : int, optional
        Number of texts beyond which reading ends; the first block alone is read then.

    Returns
    -------
    tuple of str or None
        None if there are more.
    """
    found: dict[str, None] = {}
    for block in table.blocks({_KEY: column}, (_KEY,)):
        found |= dict.fromkeys(text for text in _texts(block).unique() if text)
        if n_most is not None:
            return tuple(found) if len(found) <= n_most else None
    return tuple(found)


def _texts(block: pd.DataFrame) -> pd.Series[str]:
    texts: pd.Series[str] = as_text(block[_KEY])
    return texts


def index_of(table: Table, column: str) -> int:
    """Return the index of the column with a heading.

    Raises
    ------
    DataError
        If there is none, or more than one.
    """
    n_found = table.headings.count(column)
    if n_found != 1:
        raise DataError(
            f"{table.path}: found {n_found or 'no'} columns {quoted(column)}, "
            f"expected one among {listed(table.headings)}"
        )
    return table.headings.index(column)
