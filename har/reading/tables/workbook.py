"""Tables in Excel workbooks (.xlsx), read row by row."""

from __future__ import annotations

import datetime
import itertools
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from har.errors import DataError, install_command, listed, parsing, quoted
from har.reading.archives import open_archive
from har.reading.columns import PLAIN_HEADING
from har.reading.tables.cells import decimal_of, is_number, to_numbers
from har.reading.tables.header_block import rate_among
from har.reading.tables.heading_lines import HeadingLines, find_heading
from har.reading.tables.odd_lines import OddLines, kind_of

if TYPE_CHECKING:
    from openpyxl import Workbook

_ROWS_IN_BLOCK = 20_000
_SNIFFED_ROWS = 1000
# A sheet ends at 1,048,576 rows. Texts are held in memory, all of them.
_MOST_TEXT_BYTES = 128 << 20
_MOST_SHEET_BYTES = 2 << 30
_MOST_ROWS, _MOST_COLUMNS, _MOST_WIDE_ROWS = 1_048_576, 1024, 100

_Row = tuple[Any, ...]


class WorkbookTable:
    """A sheet of a workbook with a sample a row.

    Parameters
    ----------
    path : Path
        Workbook.
    sheet : str
        Name of the sheet.
    found : HeadingLines
        Its heading.
    decimal : str
        Decimal sign of numbers that were written as text.
    top : list of list of str
        Rows before the first sample.
    """

    def __init__(
        self, path: Path, sheet: str, found: HeadingLines, decimal: str, top: list[list[str]]
    ) -> None:
        self.path = path
        self.rate_hz = rate_among([",".join(row) for row in top])
        self.headings = found.headings or tuple(str(i + 1) for i in range(found.n_fields))
        self.first_line = (
            None if found.headings else f"row {found.first_row + 1} of {quoted(sheet)}"
        )
        self._sheet, self._found, self._decimal = sheet, found, decimal
        self._repeatable = [top[i] for i in (found.at, found.units_at) if i is not None]
        self._odd = OddLines(str(path), "row")

    @property
    def notes(self) -> tuple[str, ...]:
        """Unusual things that were found, and, once the rows were read, what was left out."""
        at = self._found.first_row if self._found.at is None else self._found.at
        below = f", heading in row {at + 1}" if at else ""
        return (f"table: sheet {quoted(self._sheet)} of a workbook{below}", *self._odd.notes())

    def blocks(
        self, indices: Mapping[str, int], as_text: Collection[str] = ()
    ) -> Iterator[pd.DataFrame]:
        """Read some of the columns; see `har.reading.tables.opening.Table`.

        Raises
        ------
        DataError
            If the workbook is damaged, or many rows are text.
        """
        self._odd = OddLines(str(self.path), "row")
        with _opened(self.path) as workbook:
            rows = enumerate(_rows_of(workbook[self._sheet], self.path), start=1)
            samples = itertools.islice(rows, self._found.first_row, None)
            while chunk := list(itertools.islice(samples, _ROWS_IN_BLOCK)):
                kept = [row for number, row in chunk if self._is_sample(number, row)]
                block = pd.DataFrame(
                    {name: self._column(kept, index) for name, index in indices.items()},
                    index=pd.RangeIndex(self._odd.n_rows, self._odd.n_rows + len(kept)),
                )
                for name in indices:
                    block[name] = _typed(block[name], name in as_text, self._decimal)
                self._odd.n_rows += len(kept)
                yield block
        self._odd.check("numbers")

    def _is_sample(self, number: int, row: _Row) -> bool:
        """Return whether a row is a sample, and count it if it is something else."""
        # Nobody counts empty rows, of which a sheet may have a million.
        if all(cell is None for cell in row):
            return False
        # Rows end with their last cell.
        row += (None,) * (len(self.headings) - len(row))
        if type(row[self._found.numeric[0]] if self._found.numeric else None) in (int, float):
            return True
        fields = _as_fields(row)[: len(self.headings)]
        if fields in self._repeatable:
            kind = "heading"
        else:
            kind = kind_of(fields, self._found.numeric, len(self.headings), True)
        if kind in ("row", "broken"):
            return True
        self._odd.add(kind, number, " ".join(filter(None, fields)))  # type: ignore[arg-type]
        return False

    def _column(self, rows: list[_Row], index: int) -> pd.Series[Any]:
        cells = [row[index] if index < len(row) else None for row in rows]
        return pd.Series(
            cells, dtype=object, index=range(self._odd.n_rows, self._odd.n_rows + len(rows))
        )


def _typed(column: pd.Series[Any], is_text: bool, decimal: str) -> pd.Series[Any]:
    """Return a column of cells as text, dates or numbers."""
    if is_text:
        return column.map(_as_field, na_action="ignore")
    present = column.dropna()
    if len(present) and present.map(lambda cell: isinstance(cell, datetime.datetime)).all():
        return pd.to_datetime(column)
    if len(present) and present.map(lambda cell: isinstance(cell, datetime.timedelta)).all():
        return pd.to_timedelta(column).dt.total_seconds()
    if present.map(lambda cell: isinstance(cell, datetime.time)).any():
        return column.map(_as_field, na_action="ignore")
    return to_numbers(column, decimal)


def _as_field(cell: Any) -> str:
    if cell is None:
        return ""
    return cell.isoformat() if isinstance(cell, datetime.time | datetime.date) else str(cell)


def _as_fields(row: _Row) -> list[str]:
    return [_as_field(cell).strip() for cell in row]


def sheet_names(path: Path) -> tuple[str, ...]:
    """Return the names of the sheets of a workbook that have rows.

    Raises
    ------
    DataError
        If openpyxl is not installed, or the workbook is damaged.
    """
    with _opened(path) as workbook:
        return tuple(
            sheet.title
            for sheet in workbook.worksheets
            if any(cell is not None for row in _rows_of(sheet, path) for cell in row)
        )


def open_workbook(path: Path, sheet: str | None = None) -> WorkbookTable:
    """Find the table in a workbook.

    Parameters
    ----------
    path : Path
        Workbook.
    sheet : str, optional
        Name of the sheet; by default the only one with rows.

    Returns
    -------
    WorkbookTable

    Raises
    ------
    DataError
        If openpyxl is not installed, or the workbook is damaged, or has no sheet with rows, or
        several of which none was chosen.
    """
    names = sheet_names(path)
    if sheet is None and len(names) != 1:
        found = f"{len(names)} sheets with rows: {listed(names)}" if names else "no rows"
        raise DataError(f"{path}: found an Excel workbook of {found}, expected one: save it as CSV")
    sheet = names[0] if sheet is None else sheet
    if sheet not in names:
        raise DataError(f"{path}: found no sheet {quoted(sheet)}, expected {listed(names)}")
    with _opened(path) as workbook:
        sniffed = itertools.islice(_rows_of(workbook[sheet], path), _SNIFFED_ROWS)
        rows = [_without_empty_end(_as_fields(row)) for row in sniffed]
    if not any(rows):
        raise DataError(f"{path}: found an empty sheet, expected {','.join(PLAIN_HEADING)}")
    width = max(map(len, rows))
    rows = [row + [""] * (width - len(row)) if row else [] for row in rows]
    found_heading = find_heading(rows, {})
    cells = [
        row[i] for row in rows[found_heading.first_row :] if row for i in found_heading.numeric
    ]
    decimal = decimal_of([text for text in cells if is_number(text)]) or "."
    return WorkbookTable(path, sheet, found_heading, decimal, rows[: found_heading.first_row])


def _without_empty_end(row: list[str]) -> list[str]:
    while row and not row[-1]:
        del row[-1]
    return row


@contextmanager
def _opened(path: Path) -> Iterator[Workbook]:
    """Open a workbook to read its rows one by one, and close it."""
    try:
        import openpyxl
    except ImportError:
        raise DataError(
            f"{path}: found an Excel workbook, expected openpyxl to read it: "
            f"{install_command('excel')}; or save it as CSV"
        ) from None
    _check_size(path)
    # openpyxl raises whatever its parsers and its models do, also while rows are read.
    with parsing(path, "a whole one, or CSV", found="a damaged Excel workbook"):
        workbook = openpyxl.load_workbook(path, read_only=True, data_only=True)
        try:
            yield workbook
        finally:
            workbook.close()


def _check_size(path: Path) -> None:
    """Refuse files in a workbook that are larger than a sheet, or than they say."""
    with open_archive(path, str(path)) as archive:
        for name in archive.names:
            most = _MOST_SHEET_BYTES if "/worksheets/" in name else _MOST_TEXT_BYTES
            if archive.n_bytes(name) > most:
                raise DataError(
                    f"{path}: found {archive.n_bytes(name) >> 20} MB in {quoted(name)} of an Excel "
                    f"workbook, expected at most {most >> 20}: save it as CSV"
                )


def _rows_of(sheet: Any, path: Path) -> Iterator[_Row]:
    """Yield the rows of a sheet, of which a few bytes may claim any number, and any width."""
    # What the sheet says of its size need not be true.
    sheet.reset_dimensions()
    n_wide = 0
    for number, row in enumerate(sheet.iter_rows(values_only=True), start=1):
        n_wide += len(row) > _MOST_COLUMNS
        if number > _MOST_ROWS or n_wide > _MOST_WIDE_ROWS:
            found = (
                f"{n_wide} rows of more than {_MOST_COLUMNS:,} cells"
                if n_wide > _MOST_WIDE_ROWS
                else f"more than {_MOST_ROWS:,} rows"
            )
            raise DataError(
                f"{path}: found {found} in {quoted(sheet.title)}, expected a recording: save it as "
                "CSV"
            )
        yield row
