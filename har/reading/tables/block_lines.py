"""The lines of a block of text, with their fields counted all at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from har.arrays import BoolArray, IntArray

_NEWLINE, _BLANK, _TAB, _QUOTE = (ord(sign) for sign in '\n \t"')
_COMMENTS = np.array([ord(sign) for sign in "#%/"])


@dataclass(frozen=True)
class BlockLines:
    r"""Whole lines, each with ``\n`` at its end.

    Parameters
    ----------
    block : bytes
        Text in UTF-8.
    starts, ends : ndarray of int, shape (n_lines,)
        First byte of each line, and its end.
    is_odd : ndarray of bool, shape (n_lines,)
        True for lines that have to be looked at one by one: comments, blank lines, another number
        of fields, an open quotation, a single field that is not empty.
    """

    block: bytes
    starts: IntArray
    ends: IntArray
    is_odd: BoolArray

    def line(self, index: int) -> str:
        """Return one line, without blanks at its ends."""
        return self.block[self.starts[index] : self.ends[index]].decode("utf-8", "replace").strip()

    def keep(self, is_kept: BoolArray) -> bytes:
        """Return the text of some of the lines."""
        if is_kept.all():
            return self.block
        # Neighbours are copied together.
        edges = np.flatnonzero(np.diff(np.concatenate([[False], is_kept, [False]])))
        return b"".join(
            self.block[self.starts[first] : self.ends[last - 1] + 1]
            for first, last in edges.reshape(-1, 2)
        )


def count_fields(
    block: bytes, delimiter: str, n_columns: int, leaves_cells_out: bool
) -> BlockLines:
    r"""Find the lines of a block, and those that are no plain rows.

    Parameters
    ----------
    block : bytes
        Whole lines, each with ``\n`` at its end.
    delimiter : str
        Delimiter of fields; a blank stands for any number of blanks and tabs.
    n_columns : int
        Number of fields that is expected; an empty one more is none.
    leaves_cells_out : bool
        True if rows may be shorter.

    Returns
    -------
    BlockLines
    """
    signs: NDArray[np.uint8] = np.frombuffer(block, np.uint8)
    ends = np.flatnonzero(signs == _NEWLINE)
    starts = np.concatenate([[0], ends[:-1] + 1]).astype(np.int64)
    at = _field_starts(signs) if delimiter == " " else np.flatnonzero(signs == ord(delimiter))
    is_odd: BoolArray = np.zeros(len(ends), np.bool_)
    if b'"' in block:
        at, is_odd = _outside_quotations(np.flatnonzero(signs == _QUOTE), at, starts, ends)
    first = np.searchsorted(at, starts)
    n_found = np.searchsorted(at, ends) - first
    if delimiter == " ":
        n_fields = n_found
    else:
        n_fields = n_found + 1
        ends_with_delimiter = (n_found > 0) & (signs[np.maximum(ends - 1, 0)] == ord(delimiter))
        n_fields -= ends_with_delimiter & (n_fields == n_columns + 1)
        # Nothing but delimiters from the first one to the end.
        first_at = np.append(at, 0)[first] if len(at) else np.zeros(len(ends), np.int64)
        is_odd |= (n_found > 0) & (ends - first_at == n_found)
    least = 2 if leaves_cells_out else n_columns
    is_odd |= (n_fields < min(least, n_columns)) | (n_fields > n_columns)
    is_odd |= (starts == ends) | np.isin(signs[starts], _COMMENTS)
    return BlockLines(block, starts, ends, is_odd)


def _field_starts(signs: NDArray[np.uint8]) -> IntArray:
    """Return where fields begin that any number of blanks and tabs parts."""
    is_between = (signs == _BLANK) | (signs == _TAB) | (signs == _NEWLINE)
    is_start = ~is_between
    is_start[1:] &= is_between[:-1]
    return np.flatnonzero(is_start)


def _outside_quotations(
    quotes: IntArray, at: IntArray, starts: IntArray, ends: IntArray
) -> tuple[IntArray, BoolArray]:
    """Leave out delimiters in quotations, and find the lines in which one stays open."""
    line = np.searchsorted(ends, at)
    n_before = np.searchsorted(quotes, at) - np.searchsorted(quotes, starts[line])
    n_quotes = np.searchsorted(quotes, ends) - np.searchsorted(quotes, starts)
    return at[n_before % 2 == 0], n_quotes % 2 == 1
