"""Lines among the rows of a table that are no rows: what they are, and whether they are few."""

from __future__ import annotations

from collections.abc import Collection
from typing import Literal

from har.errors import DataError, quoted
from har.reading.tables.cells import is_missing, is_number

Kind = Literal["row", "nothing", "heading", "text", "broken", "cut"]

# More lines of text than this, or of broken rows, and the file is not what it seems to be.
_MOST_TEXTS = 20
# They are looked at one by one, and a file may have nothing else.
_MOST_ODD = 200_000
# A phone that lost its power leaves some megabytes of nothing.
_MOST_BLANK = 20_000_000
_TOLERATED_SHARE = 0.01


def kind_of(
    fields: list[str], numeric: Collection[int], n_columns: int, leaves_cells_out: bool
) -> Kind:
    """Return what a line is that is no comment and no heading.

    Parameters
    ----------
    fields : list of str
        Its fields.
    numeric : collection of int
        Columns of numbers.
    n_columns : int
        Number of columns.
    leaves_cells_out : bool
        True if rows may be shorter.

    Returns
    -------
    str
        ``"row"``, ``"nothing"``, ``"text"`` or ``"broken"``: a row with too many or too few fields.
    """
    present = [i for i, text in enumerate(fields) if text.strip()]
    if not present:
        return "nothing"
    n_numbers = sum(is_number(fields[i]) for i in present)
    if len(present) == 1 and len(fields) > 1:
        # A time stamp alone, which has digits, is a row without signals.
        return "row" if any(map(str.isdigit, fields[present[0]])) else "text"
    n_fields = len(fields) - (len(fields) == n_columns + 1 and fields[-1].strip() == "")
    if n_fields == n_columns or (leaves_cells_out and 1 < n_fields < n_columns):
        cells = [fields[i] for i in numeric if i < len(fields)]
        is_text = not any(map(is_number, cells)) and not all(map(is_missing, cells))
        return "text" if is_text else "row"
    return "broken" if 2 * n_numbers > len(present) else "text"


class OddLines:
    """A count of the lines that were left out, with the first of each kind.

    Parameters
    ----------
    place : str
        File, for messages.
    line : str
        Word for a line, ``"line"`` or ``"row"``.
    """

    def __init__(self, place: str, line: str = "line") -> None:
        self.place, self.line = place, line
        self.n_rows = self._n_blank = 0
        self._counts: dict[Kind, int] = {}
        self._first: dict[Kind, tuple[int, str]] = {}

    def add(self, kind: Kind, number: int, text: str) -> None:
        """Count a line, numbered as in an editor; raise `DataError` if hardly any is a row."""
        self._counts[kind] = self._counts.get(kind, 0) + 1
        self._first.setdefault(kind, (number, text))
        n_odd = sum(self._counts.values())
        if n_odd > max(_MOST_ODD, self.n_rows):
            raise DataError(
                f"{self.place}, {self.line} {number}: found {n_odd:,} {self.line}s that are no "
                f"rows, and {self.n_rows:,} that are, expected a table"
            )

    def add_blank(self, n_lines: int, number: int) -> None:
        """Count blank lines, from one on; raise `DataError` if there is hardly anything else."""
        self._n_blank += n_lines
        if self._n_blank > max(_MOST_BLANK, self.n_rows):
            raise DataError(
                f"{self.place}, {self.line} {number}: found {self._n_blank:,} blank {self.line}s, "
                f"and {self.n_rows:,} that are rows, expected a table"
            )

    def check(self, expected: str) -> None:
        """Refuse more lines than a few.

        Parameters
        ----------
        expected : str
            Content of a row, for the message.

        Raises
        ------
        DataError
            If more than 1 % of the lines are broken, or more than 1 % and 20 of them are text.
        """
        most = _TOLERATED_SHARE * self.n_rows
        limits: dict[Kind, float] = {"broken": most, "text": max(most, _MOST_TEXTS)}
        for kind, limit in limits.items():
            count = self._counts.get(kind, 0)
            if count > limit:
                number, text = self._first[kind]
                others = f", and {count - 1} more such {self.line}s" if count > 1 else ""
                raise DataError(
                    f"{self.place}, {self.line} {number}: found {quoted(text)}{others}, "
                    f"expected {expected}"
                )

    def notes(self) -> list[str]:
        """Return what was left out."""
        names: dict[Kind, str] = {
            "heading": "with the heading again",
            "text": "of other text",
            "broken": "with too few or too many fields",
            "cut": "that ends too early, the last",
        }
        notes = []
        for kind, name in names.items():
            if count := self._counts.get(kind, 0):
                number, text = self._first[kind]
                lines = f"1 {self.line} {name}" if count == 1 else f"{count} {self.line}s {name}"
                where = f"{self.line} {number}" if count == 1 else f"the first is {number}"
                example = f", {quoted(text)}" if kind == "text" else ""
                notes.append(f"table: {lines} left out ({where}{example})")
        return notes
