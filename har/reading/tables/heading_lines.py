"""The heading of a table: which line, or lines, of those before its numbers."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from har.errors import DataError
from har.reading.columns import read_heading
from har.reading.tables.cells import is_missing, is_number, is_row_of_numbers
from har.reading.times.time_units import time_unit_named
from har.reading.units import acc_unit_named, gyro_unit_named

# So many names that are understood make a heading, whatever the rows are like.
_SURE = 3
_BRACKET = re.compile(r"[(\[].*[)\]]")
# What stands among units without being one of those that the readers of units know.
_OTHER_UNITS = frozenset(
    "msec usec mv uv v ut µt gauss mgauss nt hpa kpa pa lux lx % deg rad ° c °c celsius m "
    "hz db bpm cal uncal raw local local_flux nounits none - n/a unitless count counts".split()
)
_UNIT_OF_ROLE: tuple[tuple[str, Callable[[str, str], str]], ...] = (
    ("time", time_unit_named),
    ("acc", acc_unit_named),
    ("linear", acc_unit_named),
    ("gyro", gyro_unit_named),
)


@dataclass(frozen=True)
class HeadingLines:
    """The heading that was found, and what follows it.

    Parameters
    ----------
    headings : tuple of str or None
        Names of the columns, with their units if a line of units follows; None if there are none.
    at : int or None
        Row of the names, or of the lower of two lines of names.
    units_at : int or None
        Row of the units.
    first_row : int
        First row of numbers.
    n_fields : int
        Number of fields in most rows of numbers; 0 if there are no such rows.
    numeric : tuple of int
        Columns of numbers, those without missing cells first.
    """

    headings: tuple[str, ...] | None
    at: int | None
    units_at: int | None
    first_row: int
    n_fields: int
    numeric: tuple[int, ...]


def find_heading(
    rows: Sequence[Sequence[str]], comments: Mapping[int, Sequence[str]]
) -> HeadingLines:
    """Find the heading of a table by what follows it, and by the names that are understood.

    Parameters
    ----------
    rows : sequence of sequence of str
        Fields of the first lines; empty for blank lines and comments.
    comments : mapping of int to sequence of str
        Fields of comments by their row: NumPy and ROS write headings so.

    Returns
    -------
    HeadingLines
    """
    samples = [i for i, row in enumerate(rows) if is_row_of_numbers(row)]
    if not samples:
        return _without_rows(rows, comments)
    widths: Counter[int] = Counter()
    for i in samples:
        widths[len(rows[i])] += sum(map(is_number, rows[i]))
    n_fields = widths.most_common(1)[0][0]
    full = [i for i in samples if len(rows[i]) == n_fields]
    numeric = _columns_of_numbers([rows[i] for i in full], n_fields)
    n_used = max([n_fields if rows[i][-1].strip() else n_fields - 1 for i in full])
    first = full[0]
    if (counted := _counted_columns(rows[first])) and len(full) > 1:
        return HeadingLines(counted, first, None, first + 1, n_fields, numeric)
    at, names = _best_heading(rows, comments, first, (n_used, n_fields))
    if at is None:
        return HeadingLines(None, None, None, first, n_fields, numeric)
    first_row, units_at = _end_of_heading(rows, at, first, numeric)
    if units_at is not None:
        names = _with_units(names, rows[units_at])
    return HeadingLines(tuple(names), at, units_at, first_row, n_fields, numeric)


def _without_rows(
    rows: Sequence[Sequence[str]], comments: Mapping[int, Sequence[str]]
) -> HeadingLines:
    """Return the line that is understood best, of a table in which nothing follows it."""
    lines = {i: row for i, row in enumerate(rows) if row} or comments
    at = max(lines, key=lambda i: n_understood(lines[i]))
    return HeadingLines(tuple(map(str.strip, lines[at])), at, None, len(rows), 0, ())


def n_understood(names: Sequence[str]) -> int:
    """Return how many names are those of time or of a sensor's axis."""
    return sum(read_heading(name).role is not None for name in names)


def _clarity(names: Sequence[str]) -> int:
    """Return how well names are understood: an axis without its sensor is understood by half."""
    roles = [role for name in names if (role := read_heading(name).role)]
    return 2 * len(roles) - sum(role.startswith("axis") for role in roles)


def _columns_of_numbers(rows: Sequence[Sequence[str]], n_fields: int) -> tuple[int, ...]:
    """Return the columns of numbers, those with fewest missing cells first."""
    n_missing = {}
    for column in range(n_fields):
        present = [row[column] for row in rows if not is_missing(row[column])]
        if present and sum(map(is_number, present)) >= 0.8 * len(present):
            n_missing[column] = len(rows) - len(present)
    return tuple(sorted(n_missing, key=lambda column: n_missing[column]))


def _counted_columns(row: Sequence[str]) -> tuple[str, ...] | None:
    """Return the names 0, 1, 2, … that programs give to columns without names."""
    names = tuple(text.strip() for text in row)
    is_counted = any(
        names == tuple(str(i) for i in range(start, start + len(names))) for start in (0, 1)
    )
    return names if is_counted and len(names) > _SURE else None


def _best_heading(
    rows: Sequence[Sequence[str]],
    comments: Mapping[int, Sequence[str]],
    first: int,
    widths: tuple[int, int],
) -> tuple[int | None, list[str]]:
    """Return row and names of the best heading before the first row of numbers."""
    candidates: list[tuple[tuple[int, bool, int, int], int, list[str]]] = []
    above: list[str] | None = None
    for i in range(first):
        for fields in (rows[i], comments.get(i, [])):
            names = _stripped(fields, widths)
            if _are_units(names):
                continue
            n_names = sum(map(_is_name, names))
            understood = n_understood(names)
            fits = len(names) in widths and 2 * n_names >= sum(map(bool, names)) and n_names > 0
            nearly_fits = abs(len(names) - widths[0]) == 1 and n_names == len(names) >= _SURE
            # A comment may list the columns without being their heading.
            is_line = fields is rows[i]
            if fits or (is_line and (nearly_fits or understood >= _SURE)):
                candidates.append(((_clarity(names), fits, n_names, i), i, names))
            if above and len(above) == len(names):
                both = _in_groups(above, names)
                if _clarity(both) > _clarity(names) and n_understood(both) >= _SURE:
                    candidates.append(((_clarity(both), fits, n_names, i), i, both))
        if rows[i]:
            names = _stripped(rows[i], widths)
            above = _groups(names) if len(names) in widths else None
    if not candidates:
        return None, []
    _key, at, names = max(candidates, key=lambda candidate: candidate[0])
    return at, names


def _stripped(fields: Sequence[str], widths: tuple[int, int]) -> list[str]:
    """Return names without blanks, and without empty ones at the end that no row needs."""
    names = [text.strip() for text in fields]
    while len(names) > widths[0] and not names[-1]:
        del names[-1]
    return names


def _groups(names: Sequence[str]) -> list[str]:
    """Return names of groups of columns, as over merged cells, for each of their columns."""
    groups: list[str] = []
    for name in names:
        groups.append(name or (groups[-1] if groups else ""))
    return groups


def _in_groups(groups: Sequence[str], names: Sequence[str]) -> list[str]:
    """Return names with those of their groups, where they are not understood by themselves."""
    return [
        name if (read_heading(name).sensor or "axis") != "axis" else f"{group} {name}".strip()
        for group, name in zip(groups, names, strict=True)
    ]


def _is_name(text: str) -> bool:
    """Return whether the first letter or digit of a cell is a letter."""
    return re.match(r"\W*_*[^\W\d_]", text) is not None and not is_missing(text)


def _end_of_heading(
    rows: Sequence[Sequence[str]], at: int, first: int, numeric: Sequence[int]
) -> tuple[int, int | None]:
    """Return the first row of numbers, and that of units, if there is one between."""
    units_at = None
    for i in range(at + 1, first):
        cells = [rows[i][column] for column in numeric if column < len(rows[i])]
        if _are_units(rows[i]):
            units_at = i
        elif rows[i] and (any(map(is_number, cells)) or all(map(is_missing, cells))):
            # A sample of which only the time is known.
            return i, units_at
    return first, units_at


def _are_units(fields: Sequence[str]) -> bool:
    """Return whether most fields are units; a heading may have such a name, but not mostly."""
    texts = [text for text in fields if text.strip()]
    return 2 * sum(map(_is_unit, texts)) > len(texts) > 1


def _is_unit(text: str) -> bool:
    bare = text.strip().strip("()[]*").lower()
    return bare.replace(" ", "") in _OTHER_UNITS or any(
        _is_known(bare, unit_named) for _role, unit_named in _UNIT_OF_ROLE
    )


def _is_known(text: str, unit_named: Callable[[str, str], str]) -> bool:
    try:
        unit_named(text, "")
    except DataError:
        return False
    return True


def _with_units(names: Sequence[str], units: Sequence[str]) -> list[str]:
    """Join names with the units below them, in brackets; units of other things are left out."""
    joined = []
    for i, name in enumerate(names):
        unit = units[i].strip().strip("*") if i < len(units) else ""
        role = read_heading(name).role or ""
        known = [
            unit_named
            for sensor, unit_named in _UNIT_OF_ROLE
            if not role or role.startswith(sensor)
        ]
        # A bracket in a bracket would end it.
        bare = re.sub(r"[()\[\]]", "", unit)
        is_wanted = not _BRACKET.search(name) and any(_is_known(bare, named) for named in known)
        joined.append(f"{name} ({bare})" if is_wanted else name)
    return joined
