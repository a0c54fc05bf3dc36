"""Who was named right while doing what: the section of a report on subjects and activities."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from har.arrays import IntArray
from har.evaluation.metrics import Evaluation
from har.heatmap_figure import heatmap_figure, whole_percent, wrong_shades


def heatmap_pictures(evaluation: Evaluation) -> dict[str, Figure]:
    """Draw the share of windows named right for each subject and activity.

    Parameters
    ----------
    evaluation : Evaluation
        Of a run.

    Returns
    -------
    dict of str to Figure
        By the name of the file.
    """
    subjects, n_right, n_windows = _counts(evaluation)
    figure = heatmap_figure(n_right, n_windows, subjects, evaluation.activities)
    return {"subjects_and_activities": figure}


def heatmap_view(evaluation: Evaluation) -> list[dict[str, Any]]:
    """Collect what ``heatmap.html`` shows.

    Parameters
    ----------
    evaluation : Evaluation
        Of a run.

    Returns
    -------
    list of dict
        A row per subject, the lowest accuracy first: subject, and a cell per activity with
        n_right, n_windows, percent and shade; without windows the last two say nothing.
    """
    subjects, n_right, n_windows = _counts(evaluation)
    shades = wrong_shades(n_right, n_windows)
    rows = zip(subjects, n_right.tolist(), n_windows.tolist(), shades.tolist(), strict=True)
    return [
        {"subject": subject, "cells": [_cell(*values) for values in zip(*columns, strict=True)]}
        for subject, *columns in rows
    ]


def _counts(evaluation: Evaluation) -> tuple[list[int], IntArray, IntArray]:
    """Count each subject's windows named right, and all of them, the hardest subject first."""
    confusions = evaluation.confusions_by_subject
    n_right = np.diagonal(confusions, axis1=1, axis2=2)
    n_windows = confusions.sum(axis=2)
    order = np.argsort(n_right.sum(axis=1) / n_windows.sum(axis=1), kind="stable")
    return np.unique(evaluation.subjects)[order].tolist(), n_right[order], n_windows[order]


def _cell(n_right: int, n_windows: int, shade: float) -> dict[str, Any]:
    return {
        "n_right": n_right,
        "n_windows": n_windows,
        "percent": whole_percent(n_right, n_windows) if n_windows else "",
        "shade": shade,
    }
