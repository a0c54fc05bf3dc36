"""Every window that was named wrong: the section of a report that lists them, and draws some."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from markupsafe import Markup, escape

from har.arrays import FloatArray, IntArray
from har.evaluation.metrics import Evaluation
from har.report.drawing import widened
from har.report.style import LEAST_SPAN
from har.report.wording import number
from har.signals.channels import triads_of, unit_of
from har.signals.windows import Windows

# With 4 kB for a drawing and 250 bytes for a row, a page stays under 2 MB however bad the network.
_N_DRAWN = 200
_N_LISTED = 2000


def windows_view(
    index: IntArray, evaluation: Evaluation, test: Windows | None = None
) -> dict[str, Any] | None:
    """Collect what ``windows.html`` shows.

    Parameters
    ----------
    index : ndarray of int, shape (n_windows,)
        The place of each evaluated window in `test`.
    evaluation : Evaluation
        What was predicted.
    test : Windows or None
        The windows, for their signals.

    Returns
    -------
    dict or None
        n_wrong, n_listed and n_drawn; groups, one for each pair of activities that were confused,
        the most frequent first; links, the groups' ids by the numbers of the true and the
        predicted activity; choices, the subjects and activities among what is listed. None if
        every window was named right.
    """
    wrong = _wrong_windows(index, evaluation)
    if wrong.empty:
        return None
    drawings = _drawings(wrong, test)
    by_kind = dict(tuple(wrong.groupby(["truth", "answer"])))
    links = {kind: "windows-{}-{}".format(*kind) for kind in by_kind}
    groups = [
        {
            "id": links[kind],
            "truth": evaluation.activities[kind[0]],
            "answer": evaluation.activities[kind[1]],
            "n_windows": len(rows),
            "rows": _row_views(rows, drawings),
        }
        for kind, rows in by_kind.items()
    ]
    listed = wrong[wrong["turn"] <= _N_LISTED]
    names = np.array(evaluation.activities)
    return {
        "n_wrong": len(wrong),
        "n_listed": len(listed),
        "n_drawn": len(drawings),
        "groups": sorted(groups, key=lambda group: -group["n_windows"]),
        "links": links,
        "choices": {
            "subject": np.unique(listed["subject"]).tolist(),
            **{key: names[np.unique(listed[key])].tolist() for key in ("truth", "answer")},
        },
    }


def _wrong_windows(index: IntArray, evaluation: Evaluation) -> pd.DataFrame:
    """List what was named wrong, the surest first; `turn` goes round the kinds, from 1.

    So each kind shows its surest windows, even if not all are shown.
    """
    rows = np.arange(evaluation.n_windows)
    table = pd.DataFrame(
        {
            "index": index,
            "subject": evaluation.subjects,
            "truth": evaluation.labels,
            "answer": evaluation.predicted,
            "p_answer": evaluation.probabilities[rows, evaluation.predicted],
            "p_truth": evaluation.probabilities[rows, evaluation.labels],
        }
    )
    wrong = table[table["truth"] != table["answer"]]
    wrong = wrong.sort_values("p_answer", ascending=False, kind="stable")
    place = wrong.groupby(["truth", "answer"]).cumcount()
    return wrong.assign(turn=place.rank(method="first"))


def _drawings(wrong: pd.DataFrame, test: Windows | None) -> dict[int, list[Markup]]:
    """Draw the windows whose turn comes first, by their index; those of a kind to one scale."""
    if test is None:
        return {}
    drawings: dict[int, list[Markup]] = {}
    for _, rows in wrong[wrong["turn"] <= _N_DRAWN].groupby(["truth", "answer"]):
        index = rows["index"].to_numpy()
        drawn = sparklines(test.signals[index], test.channels)
        drawings |= dict(zip(index.tolist(), drawn, strict=True))
    return drawings


def _row_views(rows: pd.DataFrame, drawings: dict[int, list[Markup]]) -> list[dict[str, Any]]:
    return [
        {**row, "drawings": drawings.get(row["index"], [])}
        for row in rows[rows["turn"] <= _N_LISTED].to_dict("records")
    ]


# Whole numbers on a grid of so many rows keep a window of 128 samples under 4 kB.
_HEIGHT = 60
_NAMES = {"g": "Acceleration", "rad/s": "Angular rate"}


def sparklines(signals: FloatArray, channels: Sequence[str]) -> list[list[Markup]]:
    """Draw windows, all to one scale, so that they can be compared.

    Parameters
    ----------
    signals : ndarray of float, shape (n_windows, n_timesteps, n_channels)
        In the units of `har.signals.channels.unit_of`.
    channels : sequence of str
        Names of the last axis.

    Returns
    -------
    list of list of Markup
        For each window an ``<svg>`` of acceleration and one of angular rate, as far as they were
        measured; a line per axis. What they range over is their accessible name.
    """
    drawn = [_draw(signals[:, :, columns], unit) for unit, columns in _sensors(channels).items()]
    return [list(of_window) for of_window in zip(*drawn, strict=True)]


def _sensors(channels: Sequence[str]) -> dict[str, list[int]]:
    """Choose the columns to draw of each unit: those of its last sensor.

    Of UCI HAR's accelerations that is the total one, which shows how the phone was held.
    """
    last = {unit_of(signal): columns for signal, columns in triads_of(channels).items()}
    return dict(sorted(last.items()))


def _draw(signals: FloatArray, unit: str) -> list[Markup]:
    """Draw one sensor of windows; shape (n_windows, n_timesteps, n_axes)."""
    low, high = widened(float(signals.min()), float(signals.max()), LEAST_SPAN[unit])
    rows = np.rint((high - signals) / (high - low) * _HEIGHT).astype(np.int64)
    return [
        _as_svg(lines, f"{_NAMES[unit]}, {number(window.min())} to {number(window.max())} {unit}")
        for lines, window in zip(rows, signals.astype(np.float64).round(2), strict=True)
    ]


def _as_svg(rows: IntArray, name: str) -> Markup:
    """Draw the columns of `rows`, shape (n_timesteps, n_axes), as lines from left to right."""
    paths = "".join(f'<path d="{_path(line)}"/>' for line in rows.T)
    return Markup(
        f'<svg class="spark" role="img" viewBox="0 -1 {len(rows) - 1} {_HEIGHT + 2}"'
        f' preserveAspectRatio="none"><title>{escape(name)}</title>{paths}</svg>'
    )


def _path(line: IntArray) -> str:
    """Write a line as steps of one to the right: ``M0 31l1 2 1-3``."""
    steps = (f"1 {step}" if step >= 0 else f"1{step}" for step in np.diff(line))
    return f"M0 {line[0]}l{' '.join(steps)}"
