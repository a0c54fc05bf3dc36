"""Tables of numbers in text files; errors name the line and column."""

from __future__ import annotations

import io
from functools import reduce

import numpy as np
import numpy.typing as npt

from har.arrays import FloatArray, IntArray
from har.errors import DataError, parsing, quoted

# Signals are stored as float32, in which a larger number would be infinite. NaN fails too.
_LARGEST = float(np.finfo(np.float32).max)
# A number as UCI HAR prints it: 0 stands for any digit, - for a sign (of the number: or a blank).
_PATTERN = np.frombuffer(b" -0.0000000e-000", np.uint8)
_DIGITS, _SIGNS = (np.flatnonzero(_PATTERN == ord(character)) for character in "0-")
_OTHERS = np.flatnonzero(~np.isin(_PATTERN, [ord("0"), ord("-")]))
# What belongs to so many lines fits into a processor's cache.
_N_LINES_AT_ONCE = 256
# Those that double precision holds exactly.
_POWERS_OF_TEN = np.array([float(10**power) for power in range(23)])


def parse_table(text: bytes, place: str, n_columns: int) -> FloatArray:
    """Return the numbers of a text file with a row of the table per line.

    Parameters
    ----------
    text : bytes
        Content of a file with numbers separated by blanks; lines end in LF or CRLF.
    place : str
        Name of the file, for messages.
    n_columns : int
        Numbers in each line.

    Returns
    -------
    ndarray of float64, shape (n_rows, n_columns)

    Raises
    ------
    DataError
        If the file is empty or cut off, a line has another number of columns, or a field is not a
        finite number; names the file, line and column.
    """
    if not text.strip():
        raise DataError(f"{place}: found an empty file, expected lines of {n_columns} numbers")
    _check_last_line(text, place)
    table = _fixed_width_table(text, n_columns)
    if table is None:
        with parsing(place, f"lines of {n_columns} numbers"):
            try:
                table = np.loadtxt(io.BytesIO(text), ndmin=2, comments=None)
            except ValueError:
                raise _first_fault(text, place, n_columns) from None
    if table.shape[1] != n_columns or not (np.abs(table) <= _LARGEST).all():
        raise _first_fault(text, place, n_columns)
    return table


def _fixed_width_table(text: bytes, n_columns: int) -> FloatArray | None:
    """Return the numbers of a file that prints all of them as UCI HAR does; None of any other.

    Five times as fast as `numpy.loadtxt`, and the same to the last bit.
    """
    width = len(_PATTERN) * n_columns
    ending = b"\r\n" if text[width : width + 1] == b"\r" else b"\n"
    if len(text) % (width + len(ending)):
        return None
    lines = np.frombuffer(text, np.uint8).reshape(-1, width + len(ending))
    if (lines[:, width:] != np.frombuffer(ending, np.uint8)).any():
        return None
    table = np.empty((len(lines), n_columns))
    for first in range(0, len(lines), _N_LINES_AT_ONCE):
        rows = slice(first, first + _N_LINES_AT_ONCE)
        numbers = _as_printed(lines[rows, :width].reshape(-1, len(_PATTERN)))
        if numbers is None:
            return None
        table[rows] = numbers.reshape(-1, n_columns)
    return table


def _as_printed(cells: npt.NDArray[np.uint8]) -> FloatArray | None:
    """Return the numbers in cells of `_PATTERN`, shape (n_cells, 16); None if one is otherwise.

    Eight digits and a power of ten up to 22 are exact in double precision, so that their product
    or quotient is rounded once, as the nearest number to the printed one is.
    """
    # By the place in the cell: each operation then runs along all cells.
    characters = np.ascontiguousarray(cells.T)
    digits = characters[_DIGITS] - np.uint8(ord("0"))
    is_negative, is_small = (characters[place] == ord("-") for place in _SIGNS)
    is_as_printed = (
        (digits <= 9).all()
        and (characters[_OTHERS] == _PATTERN[_OTHERS, np.newaxis]).all()
        and (is_negative | (characters[_SIGNS[0]] == ord(" "))).all()
        and (is_small | (characters[_SIGNS[1]] == ord("+"))).all()
    )
    if not is_as_printed:
        return None
    *of_mantissa, hundreds, tens, units = digits.astype(np.int32)
    exponents = 100 * hundreds + 10 * tens + units
    powers = np.where(is_small, -exponents, exponents) - 7
    if np.abs(powers).max() >= len(_POWERS_OF_TEN):
        return None
    mantissas = reduce(lambda before, digit: 10 * before + digit, of_mantissa)
    by = _POWERS_OF_TEN[np.abs(powers)]
    numbers = np.where(powers < 0, mantissas / by, mantissas * by)
    return np.asarray(np.negative(numbers, out=numbers, where=is_negative))


def line_numbers(text: bytes) -> list[int]:
    """Return the line number of each row of a table, from 1; blank lines are not rows."""
    return [number for number, line in enumerate(text.splitlines(), 1) if line.strip()]


def _check_last_line(text: bytes, place: str) -> None:
    """Refuse a last line that is shorter than the others, if those are equally long.

    Its last number may have been cut off and still be a number.
    """
    if text.endswith(b"\n"):
        return
    *lengths, last = (len(line.rstrip()) for line in text.split(b"\n"))
    if len(set(lengths)) == 1 and last < lengths[0]:
        raise DataError(
            f"{place}, line {len(lengths) + 1}: found a last line of {last} characters, "
            f"expected {lengths[0]} as in the others: the file is cut off"
        )


def _first_fault(text: bytes, place: str, n_columns: int) -> DataError:
    """Return an error about the first field or line that `numpy.loadtxt` cannot read."""
    for number, line in enumerate(text.splitlines(), start=1):
        fields = line.split()
        for column, value in enumerate(fields, start=1):
            where = f"{place}, line {number}, column {column}"
            found = value.decode(errors="replace")[:40]
            try:
                is_finite = abs(float(value)) <= _LARGEST
            except ValueError:
                return DataError(f"{where}: found {quoted(found)}, expected a number")
            if not is_finite:
                return DataError(f"{where}: found {found}, expected a finite number")
        if fields and len(fields) != n_columns:
            columns = "column" if len(fields) == 1 else "columns"
            return DataError(
                f"{place}, line {number}: found {len(fields)} {columns}, expected {n_columns}"
            )
    return DataError(f"{place}: found an unreadable table, expected lines of {n_columns} numbers")


def parse_integers(text: bytes, place: str, lowest: int, highest: int) -> IntArray:
    """Return the whole numbers of a text file with one number per line.

    Parameters
    ----------
    text, place
        Content and name of the file, as for `parse_table`.
    lowest, highest : int
        Limits of the valid range, both inclusive.

    Returns
    -------
    ndarray of int64, shape (n_rows,)

    Raises
    ------
    DataError
        If a value is not a whole number in the range; names the file and line.
    """
    values = parse_table(text, place, n_columns=1)[:, 0]
    wrong = np.flatnonzero((values != np.rint(values)) | (values < lowest) | (values > highest))
    if len(wrong):
        raise DataError(
            f"{place}, line {line_numbers(text)[wrong[0]]}: found {values[wrong[0]]:g}, "
            f"expected a whole number {lowest}..{highest}"
        )
    return values.astype(np.int64)
