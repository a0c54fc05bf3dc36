"""A table with a sample a row, opened by its content: text or Parquet."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Protocol

import pandas as pd

from har.errors import DataError
from har.reading.tables.delimited import open_delimited
from har.reading.tables.parquet import MAGIC, open_parquet


class Table(Protocol):
    """A file with named columns."""

    @property
    def path(self) -> Path:
        """The file."""

    @property
    def headings(self) -> tuple[str, ...]:
        """Names of its columns."""

    def blocks(
        self, indices: Mapping[str, int], text: Collection[str] = ()
    ) -> Iterator[pd.DataFrame]:
        """Read some of the columns, block by block.

        Parameters
        ----------
        indices : mapping of str to int
            Indices of the columns, by the names to give them.
        text : collection of str
            Names of columns whose cells are text as it was written, where a file has text.

        Yields
        ------
        DataFrame
            The next rows; the index counts all rows from 0.
        """


def open_table(path: Path) -> Table:
    """Open a file by its content, whatever its name ends in.

    Parameters
    ----------
    path : Path
        CSV or Parquet file.

    Returns
    -------
    Table

    Raises
    ------
    DataError
        If it is not there, or neither of the two.
    """
    if path.is_dir():
        raise DataError(f"{path}: found a folder, expected a CSV or Parquet file")
    try:
        with path.open("rb") as stream:
            is_parquet = stream.read(len(MAGIC)) == MAGIC
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise DataError(f"{path}: found {reason}, expected a CSV or Parquet file") from None
    return open_parquet(path) if is_parquet else open_delimited(path)
