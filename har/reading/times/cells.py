"""Cells of a column of time: their text, and the numbers in it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from har.arrays import BoolArray, IntArray, StringArray

_NO_VALUE = ("", "-", "?", "nan", "nat", "na", "n/a", "null", "none")


def text_of(column: pd.Series[Any]) -> StringArray:
    """Return the text of cells, without blanks at their ends."""
    objects = column.astype(object).where(column.notna(), "").to_numpy()
    return np.char.strip(objects.astype(np.str_))


def say_nothing(cells: StringArray) -> BoolArray:
    """Return which cells are empty, or hold a sign for a missing value."""
    says_nothing = np.zeros(len(cells), np.bool_)
    short = np.flatnonzero(np.char.str_len(cells) <= max(map(len, _NO_VALUE)))
    says_nothing[short] = np.isin(np.char.lower(cells[short]), _NO_VALUE)
    return says_nothing


def are_packed_dates(values: IntArray) -> bool:
    """Return whether whole numbers are dates such as 20231124140522 or 20231124140522120."""
    for unit in (1, 1000):
        if len(values) and (values >= 1970 * 10**10 * unit).all():
            if (values >= 2100 * 10**10 * unit).any():
                continue
            parts = values // unit
            month, day = parts // 10**8 % 100, parts // 10**6 % 100
            hour, minute, second = parts // 10**4 % 100, parts // 100 % 100, parts % 100
            is_date = (month >= 1) & (month <= 12) & (day >= 1) & (day <= 31)
            return bool((is_date & (hour < 24) & (minute < 60) & (second < 60)).all())
    return False


def numbers_in(cells: StringArray, is_missing: BoolArray) -> tuple[pd.Series[Any], BoolArray]:
    """Read cells as numbers, with a comma before decimals or thousands, if they have one."""
    texts = pd.Series(cells).where(~is_missing, None)
    # pandas takes TRUE and FALSE for numbers.
    numbers = pd.to_numeric(texts, errors="coerce")
    if numbers.dtype.kind not in "iuf":
        numbers = pd.Series(np.nan, texts.index)
    is_number = numbers.notna().to_numpy()
    has_comma = texts.str.contains(",", regex=False, na=False).to_numpy(np.bool_)
    if not has_comma.any():
        return numbers, is_number
    known = texts.dropna()
    is_grouped = known.str.fullmatch(r"\d{1,3}(,\d{3})*").all()
    is_thousands = is_grouped and (known.str.count(",") != 1).any()
    with_point = texts.str.replace(",", "" if is_thousands else ".", regex=False)
    numbers = pd.to_numeric(with_point, errors="coerce")
    return numbers, numbers.notna().to_numpy()
