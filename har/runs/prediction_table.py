"""Tables of predictions, read back as they were written: names of activities and people as text."""

from __future__ import annotations

import io
from collections.abc import Collection

import pandas as pd

from har.signals.subjects import Subject, subjects_from_text

# Read as text, so that an activity may be called 1, 01, null or True.
_NAMES = ("subject", "true", "predicted")


def read_prediction_table(content: bytes, alike: Collection[Subject] = ()) -> pd.DataFrame:
    """Read the predictions that `har.evaluation.metrics.Evaluation.to_frame` listed.

    Parameters
    ----------
    content : bytes
        Content of a CSV file.
    alike : collection of int or str
        Other subjects of the same data set; see `har.signals.subjects.subjects_from_text`.

    Returns
    -------
    DataFrame
        A row per window.

    Raises
    ------
    ValueError
        If its subjects are not of the kind of the others; pandas may raise anything if it is no
        table.
    """
    columns = pd.read_csv(io.BytesIO(content), nrows=0).columns
    table = pd.read_csv(
        io.BytesIO(content),
        dtype={name: str for name in columns if name in _NAMES},
        keep_default_na=False,
        na_values={name: [""] for name in columns if name not in _NAMES},
    )
    if "subject" in table:
        subjects = subjects_from_text(table["subject"], alike)
        if subjects.dtype.kind == "U" and alike and not any(isinstance(s, str) for s in alike):
            raise ValueError("a subject that is no number beside subjects that are")
        table["subject"] = subjects
    return table
