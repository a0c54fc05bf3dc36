"""Cells of a table as text: numbers, and marks of what is missing."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

# Marks by which apps, loggers, R, MATLAB and spreadsheets say that there is no value.
MISSING = (
    *("", "nan", "NaN", "NAN", "-nan", "-NaN", "NaN(ind)", "-nan(ind)", "nan(ind)", "1.#QNAN"),
    *("-1.#IND", "1.#IND", "-1.#QNAN", "NA", "N/A", "n/a", "#N/A", "#NA", "<NA>", "n.a.", "N.A."),
    *("null", "NULL", "Null", "nil", "none", "None", "NONE", "undefined", "missing", "-", "--"),
    *("---", "?", ".", "*", "#NV", "#VALUE!", "#DIV/0!", "#NUM!", "#REF!", "#NAME?"),
)
_MISSING = frozenset(MISSING)
_NUMBER = re.compile(r"[-+]?(?:\d+(?:\.\d*|,\d+)?|[.,]\d+)(?:[eE][-+]?\d+)?")
_DECIMAL_COMMA = re.compile(r"[-+]?\d*,\d+(?:[eE][-+]?\d+)?")
_THOUSANDS = re.compile(r"[-+]?[1-9]\d{0,2},\d{3}")


def is_number(text: str) -> bool:
    """Return whether a cell is a number, with a decimal point or a decimal comma."""
    return _NUMBER.fullmatch(text.strip()) is not None


def is_missing(text: str) -> bool:
    """Return whether a cell is empty, or has a mark of a missing value."""
    return text.strip() in _MISSING


def is_row_of_numbers(fields: Sequence[str]) -> bool:
    """Return whether a row looks like a sample: half of its cells are numbers, or three."""
    n_numbers = sum(map(is_number, fields))
    n_present = sum(not is_missing(text) for text in fields)
    return n_numbers > 0 and (n_numbers >= 3 or 2 * n_numbers >= n_present)


def decimal_of(cells: Sequence[str]) -> str | None:
    """Return the decimal sign of most numbers, or None if commas could be of thousands as well.

    Parameters
    ----------
    cells : sequence of str
        Cells of columns with numbers.

    Returns
    -------
    str or None
        ``"."`` or ``","``.
    """
    with_comma = [text for text in cells if _DECIMAL_COMMA.fullmatch(text.strip())]
    n_points = sum("." in text for text in cells)
    if len(with_comma) <= n_points:
        return "."
    is_ambiguous = all(_THOUSANDS.fullmatch(text.strip()) for text in with_comma)
    return None if is_ambiguous and len(with_comma) < len(cells) else ","


def to_numbers(column: pd.Series[Any], decimal: str) -> pd.Series[Any]:
    """Read numbers with blanks around them, or with the other decimal sign.

    Parameters
    ----------
    column : Series
        Text, numbers, dates or missing values.
    decimal : str
        Decimal sign of most numbers.

    Returns
    -------
    Series
        Numbers; if a cell is none, the column as it is.
    """
    if column.dtype.kind in "iufb":
        return column
    cells = column.astype(object)
    is_text = cells.map(lambda cell: isinstance(cell, str)).to_numpy(bool)
    texts = cells[is_text].str.strip()
    texts = texts.mask(texts.isin(_MISSING))
    if decimal == ",":
        texts = texts.mask(texts.str.count(",") == 1, texts.str.replace(",", ".", regex=False))
    cells = cells.copy()
    cells[is_text] = texts
    try:
        # Python reads a number exactly.
        return cells.astype(np.float64)
    except (ValueError, TypeError):
        return column


def as_text(cells: pd.Series[Any]) -> pd.Series[Any]:
    """Return cells as text.

    Parameters
    ----------
    cells : Series
        Cells of any type.

    Returns
    -------
    Series of str
        Text without blanks around it; ``""`` for missing cells. Whole numbers have no decimals.
    """
    kinds = cells.astype(object)
    text_of = {cell: _text_of(cell) for cell in kinds.dropna().unique()}
    return kinds.map(text_of, na_action="ignore").astype(object).where(kinds.notna(), "")


def _text_of(cell: object) -> str:
    # Programs that write tables turn whole numbers into floats if a column has empty cells.
    return re.sub(r"^(\d+)\.0$", r"\1", str(cell).strip())
