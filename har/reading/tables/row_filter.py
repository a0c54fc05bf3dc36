"""The rows of a table that one person has, where one file holds several people."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from har.errors import DataError
from har.reading.tables.opening import Table
from har.reading.tables.text_cells import as_text

# No name of a signal or of time.
_KEY = "rows_of"


@dataclass(frozen=True)
class FilteredTable:
    """The rows of a table that have a given text in one of its columns.

    Parameters
    ----------
    table : Table
        Table with all rows.
    column : int
        Index of the column.
    value : str
        Text in the rows to read.
    """

    table: Table
    column: int
    value: str

    @property
    def path(self) -> Path:
        """The file."""
        return self.table.path

    @property
    def headings(self) -> tuple[str, ...]:
        """Names of all columns."""
        return self.table.headings

    def blocks(
        self, indices: Mapping[str, int], text: Collection[str] = ()
    ) -> Iterator[pd.DataFrame]:
        """Read some of the columns; see `har.reading.tables.opening.Table`."""
        for block in self.table.blocks({**indices, _KEY: self.column}, (*text, _KEY)):
            yield block[as_text(block[_KEY]) == self.value].drop(columns=_KEY)


def only_rows(table: Table, column: str, value: str) -> FilteredTable:
    """Return the rows of a table with a given text in a column.

    Raises
    ------
    DataError
        If there is no such column.
    """
    return FilteredTable(table, index_of(table, column), value)


def values_of(table: Table, column: str) -> tuple[str, ...]:
    """Return the different texts in a column, in the order in which they come; none is empty.

    Raises
    ------
    DataError
        If there is no such column.
    """
    blocks = table.blocks({_KEY: index_of(table, column)}, (_KEY,))
    found = dict.fromkeys(value for block in blocks for value in as_text(block[_KEY]).unique())
    return tuple(value for value in found if value)


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
            f"{table.path}: found {n_found or 'no'} columns {column!r}, "
            f"expected one among {', '.join(table.headings)}"
        )
    return table.headings.index(column)
