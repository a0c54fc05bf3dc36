"""A table with a sample a row, opened by its content, whatever its name ends in."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Protocol

import pandas as pd

from har.errors import DataError, quoted, reason_of
from har.files import open_regular
from har.reading.columns import PLAIN_HEADING
from har.reading.tables.containers import packing_of, tables_among, unpacked, zip_members
from har.reading.tables.delimited import SNIFFED_BYTES, open_delimited
from har.reading.tables.edge_impulse import is_json, open_edge_impulse
from har.reading.tables.other_formats import name_other_format, name_other_zip
from har.reading.tables.parquet import MAGIC, open_parquet
from har.reading.tables.workbook import open_workbook, sheet_names

_WORKBOOK = "xl/workbook.xml"
_EXPECTED = "expected a table such as CSV, Parquet or .xlsx"


class Table(Protocol):
    """A file with named columns."""

    @property
    def path(self) -> Path:
        """File, for messages."""

    @property
    def headings(self) -> tuple[str, ...]:
        """Names of its columns; ``"1"``, ``"2"``, … if it has no heading."""

    @property
    def first_line(self) -> str | None:
        """First row of a table without a heading, else None."""

    @property
    def rate_hz(self) -> float | None:
        """Samples per second, if the file says so apart from its rows."""

    @property
    def notes(self) -> tuple[str, ...]:
        """Unusual things that were found, and, once the rows were read, what was left out."""

    def blocks(
        self, indices: Mapping[str, int], as_text: Collection[str] = ()
    ) -> Iterator[pd.DataFrame]:
        """Read some of the columns, block by block.

        Parameters
        ----------
        indices : mapping of str to int
            Indices of the columns, by the names to give them.
        as_text : collection of str
            Names of those whose cells are text as it is written, ``"01"`` and ``"null"`` too; only
            empty ones are missing.

        Yields
        ------
        DataFrame
            The next rows; the index counts all rows from 0. Rows that are left out are the same
            whatever columns are read.
        """


def open_table(path: Path, member: str | None = None) -> Table:
    """Open a file by its content.

    Parameters
    ----------
    path : Path
        Text, Parquet, workbook or JSON; text and JSON may be packed.
    member : str, optional
        One of `table_names`, where a zip or a workbook has several.

    Returns
    -------
    Table

    Raises
    ------
    DataError
        If it is not there, damaged, or no table that can be read.
    """
    start = _start_of(path)
    if start.startswith(MAGIC):
        return open_parquet(path)
    packing = packing_of(start)
    if packing == "zip" and (document := _document_in(path, member)):
        return document
    source = unpacked(path, packing, member)
    start = source.start(SNIFFED_BYTES)
    if found := name_other_format(start):
        raise DataError(f"{source.place}: {found}")
    if packing and (packing_of(start) or start.startswith(MAGIC)):
        raise DataError(f"{source.place}: found a packed file in another, expected text: unpack it")
    return open_edge_impulse(source) if is_json(start) else open_delimited(source)


def table_names(path: Path) -> tuple[str, ...]:
    """Return the names of the tables in a zip, or of the sheets in a workbook.

    Parameters
    ----------
    path : Path
        File.

    Returns
    -------
    tuple of str
        Names for `open_table`; empty if the file is a table itself.

    Raises
    ------
    DataError
        If it is not there, or damaged.
    """
    if packing_of(_start_of(path)) != "zip":
        return ()
    members = zip_members(path)
    return sheet_names(path) if _WORKBOOK in members else tables_among(members)


def check_heading(table: Table) -> None:
    """Refuse a table without a heading, whose columns can be given by number only.

    Raises
    ------
    DataError
        With the first row and an example of the option.
    """
    if table.first_line is not None:
        example = ",".join(f"{name}={i}" for i, name in enumerate(["time", *PLAIN_HEADING[1:]], 1))
        raise DataError(
            f"{table.path}: found no heading above {quoted(table.first_line)}, expected names such "
            f"as {','.join(PLAIN_HEADING)}; or give the columns by number: --columns {example}"
        )


def _start_of(path: Path) -> bytes:
    if path.is_dir():
        raise DataError(f"{path}: found a folder, {_EXPECTED}")
    try:
        with open_regular(path) as stream:
            return stream.read(8)
    except OSError as error:
        raise DataError(f"{path}: found {reason_of(error).lower()}, {_EXPECTED}") from error


def _document_in(path: Path, sheet: str | None) -> Table | None:
    """Open a workbook; refuse other documents that are zips, too."""
    members = zip_members(path)
    if _WORKBOOK in members:
        return open_workbook(path, sheet)
    if found := name_other_zip(members):
        raise DataError(f"{path}: {found}")
    return None
