"""Small tables that people write in a spreadsheet or an editor, as rows of text."""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from har.errors import DataError, parsing, quoted
from har.files import read_regular

_DELIMITERS = ",;\t|"
# A person writes a line for each recording, or each second of one.
_MOST_BYTES = 64 << 20


@dataclass(frozen=True)
class Row:
    """A line of a table, and its name in messages."""

    cells: Mapping[str, str]
    place: str

    def get(self, column: str) -> str:
        """Return a cell, empty if there is no such column."""
        return self.cells.get(column, "")

    def fault(self, column: str, expected: str) -> DataError:
        """Return an error about a cell."""
        return DataError(
            f"{self.place}, {column}: found {quoted(self.get(column))}, expected {expected}"
        )

    def number(self, column: str, expected: str) -> float:
        """Return a cell as a finite number, with a decimal point or comma."""
        text = self.get(column)
        number = parse_number(text)
        if number is None:
            raise self.fault(column, expected)
        return number


def parse_number(text: str) -> float | None:
    """Return a finite number, with a decimal point or comma; None for anything else."""
    plain = re.sub(r"^([-+]?\d*),(\d*)$", r"\1.\2", text.strip())
    try:
        number = float(plain)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def read_rows(
    table: Path, known: Collection[str], rename: Callable[[str], str]
) -> tuple[tuple[str, ...], list[Row]]:
    """Read a table, however a spreadsheet saved it.

    Parameters
    ----------
    table : Path
        Text with commas, semicolons, tabs or ``|`` between the columns.
    known : collection of str
        Columns that it may have, which tell the delimiter.
    rename : callable
        The name of a column, from its heading without blanks around it.

    Returns
    -------
    columns : tuple of str
        Names of the columns; those without a heading are left out.
    rows : list of Row
        Rows that are not empty.

    Raises
    ------
    DataError
        If it is no such table.
    OSError
        If it cannot be opened.
    """
    lines = _lines_of(table)
    # Lines before the heading: empty ones, and a spreadsheet's note of the delimiter.
    n_before = 0
    while n_before < len(lines) and re.fullmatch(r"\s*(sep=.)?\s*", lines[n_before], re.I):
        n_before += 1
    text = "".join(lines[n_before:])
    with parsing(table, "a CSV file in UTF-8"):
        rows = _split(text, known, rename)
    if not rows:
        return (), []
    columns = [rename(heading.strip()) for heading in rows[0][1]]
    while columns and not columns[-1]:
        columns.pop()
    found = [
        _row(columns, cells, f"{table}, line {n_before + number}") for number, cells in rows[1:]
    ]
    named = tuple(column for column in columns if column)
    # Spreadsheets can leave lines of commas at the end.
    return named, [row for row in found if any(row.cells.values())]


def _row(columns: list[str], cells: list[str], place: str) -> Row:
    stripped = [cell.strip() for cell in cells]
    while len(stripped) > len(columns) and not stripped[-1]:
        stripped.pop()
    if len(stripped) > len(columns):
        raise DataError(
            f"{place}: found {len(stripped)} cells, expected {len(columns)} as in the heading"
        )
    stripped += [""] * (len(columns) - len(stripped))
    pairs = zip(columns, stripped, strict=True)
    return Row({column: cell for column, cell in pairs if column}, place)


def _split(
    text: str, known: Collection[str], rename: Callable[[str], str]
) -> list[tuple[int, list[str]]]:
    """Split text into numbered rows, with the delimiter that shows the most known columns."""

    def n_known(delimiter: str) -> int:
        try:
            heading: list[str] = next(_reader(text, delimiter), [])
        except csv.Error:
            return -1
        return sum(rename(name.strip()) in known for name in heading)

    reader = _reader(text, max(_DELIMITERS, key=n_known))
    return [(reader.line_num, cells) for cells in reader if cells]


def _reader(text: str, delimiter: str) -> Any:
    stream = io.StringIO(text, newline="")
    return csv.reader(stream, delimiter=delimiter, skipinitialspace=True, strict=True)


def _lines_of(table: Path) -> list[str]:
    """Decode a table, which spreadsheets save in one of four encodings, and split its lines."""
    content = read_regular(table, _MOST_BYTES)
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        encodings = ["utf-16"]
    elif b"\0" in content or content[:2] == b"PK":
        raise DataError(f"{table}: found no text, expected a table saved as CSV in UTF-8")
    else:
        encodings = ["utf-8-sig", "cp1252", "latin-1"]
    for encoding in encodings:
        try:
            return io.StringIO(content.decode(encoding), newline="").readlines()
        except UnicodeDecodeError:
            continue
    raise DataError(f"{table}: found damaged UTF-16, expected a table saved as CSV in UTF-8")
