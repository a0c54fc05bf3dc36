"""Cells of a table as text, such as labels and codes of people."""

from __future__ import annotations

import re
from typing import Any

import pandas as pd


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
