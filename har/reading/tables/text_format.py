"""How a table is written as text: delimiter, decimal sign, and the lines before its rows."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass

from har.errors import DataError, quoted
from har.reading.columns import MOST_COLUMNS, PLAIN_HEADING
from har.reading.tables.cells import decimal_of, is_number, is_row_of_numbers
from har.reading.tables.header_block import rate_among
from har.reading.tables.heading_lines import HeadingLines, find_heading, n_understood

# One blank stands for any number of blanks and tabs.
DELIMITERS = (",", ";", "\t", "|", " ")
_COMMENT = re.compile(r"\s*\"?(?:#+|//+|%+|;;+)")
_SEP = re.compile(r"\s*\"?sep=(.?)\"?\s*[,;\t]*", re.IGNORECASE)
# Delimiters are compared in as many lines.
_MOST_COMPARED = 200
# A share of rows that are too long is no accident; and one of those that are short, a habit.
_TOO_LONG, _SHORT = 0.01, 0.2


@dataclass(frozen=True)
class TextFormat:
    """The way in which a table is written.

    Parameters
    ----------
    delimiter : str
        One of `DELIMITERS`.
    decimal : str
        ``"."`` or ``","``.
    headings : tuple of str
        Names of the columns; ``"1"``, ``"2"``, … if there are none.
    first_line : str or None
        First row of a table without names.
    n_lines_before : int
        Number of lines before the first row.
    numeric : tuple of int
        Columns of numbers, those without missing cells first.
    repeatable : frozenset of str
        Lines of the heading, which stand again where files were joined.
    rate_hz : float or None
        Samples per second, if the lines before the heading give it.
    leaves_cells_out : bool
        True if many rows end before the last column.
    notes : tuple of str
        Unusual things that were found.
    """

    delimiter: str
    decimal: str
    headings: tuple[str, ...]
    first_line: str | None
    n_lines_before: int
    numeric: tuple[int, ...]
    repeatable: frozenset[str]
    rate_hz: float | None
    leaves_cells_out: bool
    notes: tuple[str, ...]


def is_comment(line: str, delimiter: str) -> bool:
    """Return whether a line begins with ``#``, ``//``, ``%`` or ``;;``."""
    mark = _COMMENT.match(line)
    return mark is not None and not (delimiter == ";" and mark[0].strip().startswith(";"))


def split_line(line: str, delimiter: str) -> list[str]:
    """Split a line into fields, as `har.reading.tables.delimited` does."""
    if delimiter != ";":
        line = line.rstrip().removesuffix(";")
    if delimiter == " ":
        line = line.replace("\t", " ").strip()
    try:
        return next(csv.reader([line], delimiter=delimiter, skipinitialspace=True), [])
    except csv.Error:
        return [line]


def find_format(lines: Sequence[str], place: str) -> TextFormat:
    """Find out how a table is written, from its first lines.

    Parameters
    ----------
    lines : sequence of str
        Whole lines without their ends.
    place : str
        File, for messages.

    Returns
    -------
    TextFormat

    Raises
    ------
    DataError
        If there is no text but comments, a line has thousands of fields, decimal signs cannot be
        told from separators of thousands, or many rows have more fields than the heading.
    """
    _check_widths(lines, place)
    delimiter = _delimiter_of(lines)
    rows, comments = _split_lines(lines, delimiter)
    if not any(rows) and not any(n_understood(fields) for fields in comments.values()):
        raise DataError(f"{place}: found only comments, expected {','.join(PLAIN_HEADING)}")
    found = find_heading(rows, comments)
    headings = found.headings or tuple(str(i + 1) for i in range(found.n_fields))
    return TextFormat(
        delimiter,
        _decimal_of(rows[found.first_row :], found.numeric, place),
        headings,
        lines[found.first_row].strip() if found.headings is None else None,
        found.first_row,
        found.numeric,
        frozenset(
            lines[i].strip().removesuffix("" if delimiter == ";" else ";")
            for i in (found.at, found.units_at)
            if i is not None
        ),
        rate_among(lines[: found.first_row]),
        _leaves_cells_out(rows, found.first_row, len(headings), place),
        tuple(_notes(rows, found)),
    )


def _check_widths(lines: Sequence[str], place: str) -> None:
    """Refuse a line of so many fields that it would take minutes to look at each."""
    for number, line in enumerate(lines, start=1):
        n_fields = 1 + max(map(line.count, DELIMITERS[:-1]))
        if len(line) > MOST_COLUMNS:
            n_fields = max(n_fields, len(line.split()))
        if n_fields > MOST_COLUMNS:
            raise DataError(
                f"{place}, line {number}: found {n_fields:,} fields, expected at most "
                f"{MOST_COLUMNS:,}"
            )


def _split_lines(
    lines: Sequence[str], delimiter: str
) -> tuple[list[list[str]], dict[int, list[str]]]:
    """Split lines into fields, and apart from them those of comments, without their marks."""
    rows: list[list[str]] = []
    comments = {}
    for i, line in enumerate(lines):
        if is_comment(line, delimiter):
            comments[i] = split_line(_COMMENT.sub("", line).strip(), delimiter)
            rows.append([])
        elif not line.strip() or (i == 0 and _SEP.fullmatch(line)):
            rows.append([])
        else:
            rows.append(split_line(line, delimiter))
    return rows, comments


def _delimiter_of(lines: Sequence[str]) -> str:
    """Return the delimiter that finds most numbers; without rows, that of the best heading."""
    content = [line for line in lines if line.strip()]
    last = [line for line in content if not is_comment(line, ";")][-_MOST_COMPARED:]
    named = _SEP.fullmatch(lines[0]) if lines else None
    order = sorted(DELIMITERS, key=lambda delimiter: not named or delimiter != named[1])
    n_numbers = {delimiter: _numbers_in_rows(last, delimiter) for delimiter in order}
    best = max(order, key=lambda delimiter: n_numbers[delimiter])
    if n_numbers[best]:
        return best
    return max(
        order,
        key=lambda d: max((n_understood(split_line(line, d)) for line in content), default=0),
    )


def _numbers_in_rows(lines: Sequence[str], delimiter: str) -> int:
    """Return the number of numbers in the rows of the commonest number of fields."""
    n_numbers: dict[int, int] = {}
    for line in lines:
        fields = split_line(line, delimiter)
        if is_row_of_numbers(fields):
            width = len(fields)
            n_numbers[width] = n_numbers.get(width, 0) + sum(map(is_number, fields))
    return max(n_numbers.values(), default=0)


def _decimal_of(rows: Sequence[Sequence[str]], numeric: Sequence[int], place: str) -> str:
    cells = [row[i] for row in rows for i in numeric if i < len(row)]
    decimal = decimal_of([text for text in cells if is_number(text)])
    if decimal is None:
        raise DataError(
            f"{place}: found numbers such as {quoted(_with_comma(cells))}, which could be of "
            "thousands or have a decimal comma, expected numbers without separators of thousands"
        )
    return decimal


def _with_comma(cells: Sequence[str]) -> str:
    return next(text.strip() for text in cells if "," in text)


def _leaves_cells_out(
    rows: Sequence[Sequence[str]], first_row: int, n_columns: int, place: str
) -> bool:
    """Return whether many rows are shorter than the heading; refuse all, and many longer ones."""
    samples = [i for i in range(first_row, len(rows)) if is_row_of_numbers(rows[i])]
    lengths = {i: len(rows[i]) - (rows[i][-1].strip() == "") for i in samples}
    longer = [i for i in samples if lengths[i] > n_columns]
    if len(longer) > _TOO_LONG * len(samples):
        raise DataError(
            f"{place}, line {longer[0] + 1}: found {lengths[longer[0]]} fields, as in "
            f"{len(longer)} of {len(samples)} lines, expected {n_columns} as in the heading"
        )
    shorter = [i for i in samples if len(rows[i]) < n_columns]
    if shorter and len(shorter) == len(samples):
        raise DataError(
            f"{place}, line {shorter[0] + 1}: found {len(rows[shorter[0]])} fields, as in all "
            f"lines, expected {n_columns} as in the heading"
        )
    return len(shorter) > _SHORT * len(samples)


def _notes(rows: Sequence[Sequence[str]], found: HeadingLines) -> list[str]:
    notes = []
    first = found.first_row if found.at is None else found.at
    n_before = sum(map(bool, rows[:first]))
    if found.headings is None:
        notes.append("table: without a heading, columns by number")
    if n_before:
        what = "first row" if found.at is None else "heading"
        notes.append(f"table: {what} in line {first + 1}, below {_count(n_before)} of other text")
    if found.units_at is not None:
        notes.append(f"table: units in line {found.units_at + 1}")
    return notes


def _count(n_lines: int) -> str:
    return "1 line" if n_lines == 1 else f"{n_lines} lines"
