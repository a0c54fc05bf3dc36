"""Every window that was named wrong: a list by pair of activities, with sparklines of some."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from markupsafe import Markup, escape

from har.arrays import FloatArray, IntArray
from har.report.drawing import widened
from har.report.scored_run import ScoredRun
from har.report.section import Section
from har.report.style import LEAST_SPAN
from har.report.wording import number
from har.runs.results import Results
from har.signals.channels import triads_of, unit_of
from har.signals.subjects import Subject, number_subjects
from har.signals.windows import Windows

# With 4 kB for a drawing and 250 bytes for a row, a page stays under 2 MB however bad the network.
_N_DRAWN = 200
_N_LISTED = 2000
# Whole numbers on a grid of so many rows keep a window of 128 samples under 4 kB.
_HEIGHT = 60
_NAMES = {"g": "Acceleration", "rad/s": "Angular rate"}


@dataclass(frozen=True)
class _WrongWindow:
    """A window that was named wrong, with sparklines of its signals if it is drawn."""

    index: int
    subject: Subject
    p_answer: float
    p_truth: float
    drawings: Sequence[Markup]


@dataclass(frozen=True)
class _ConfusedWindows:
    """Windows of one activity that were taken for another: how many, and those that are listed."""

    id: str
    truth: str
    answer: str
    n_windows: int
    rows: Sequence[_WrongWindow]


def group_id(true: int, predicted: int) -> str:
    """Return the id of the list of windows of one activity that were taken for another."""
    return f"windows-{true}-{predicted}"


def wrong_windows_section(run: ScoredRun) -> Section | None:
    """Make the section of every window that was named wrong, or None if there is none."""
    evaluation = run.results.evaluation
    activities = evaluation.activities
    wrong = _wrong_windows(run.results)
    if wrong.empty:
        return None
    drawings = {} if run.windows is None else _drawings(wrong, run.windows)
    listed = wrong[wrong["turn"] <= _N_LISTED]
    names = np.array(activities)
    return Section(
        "wrong_windows",
        "Windows",
        {
            "n_wrong": len(wrong),
            "n_listed": len(listed),
            "n_drawn": len(drawings),
            "groups": _groups(wrong, activities, drawings),
            "choices": {
                "subject": number_subjects(evaluation.subjects[listed.index])[0],
                **{key: names[np.unique(listed[key])].tolist() for key in ("truth", "answer")},
            },
        },
    )


def _wrong_windows(results: Results) -> pd.DataFrame:
    """List what was named wrong, the surest first; `turn` goes round the kinds, from 1.

    So each kind shows its surest windows, even if not all are shown.
    """
    evaluation = results.evaluation
    rows = np.arange(evaluation.n_windows)
    table = pd.DataFrame(
        {
            "index": results.predictions["index"].to_numpy(),
            "subject": evaluation.subjects,
            "truth": evaluation.labels,
            "answer": evaluation.predicted,
            "p_answer": evaluation.probabilities[rows, evaluation.predicted],
            "p_truth": evaluation.probabilities[rows, evaluation.labels],
        }
    )
    wrong = table[table["truth"] != table["answer"]]
    wrong = wrong.sort_values("p_answer", ascending=False, kind="stable")
    rank = wrong.groupby(["truth", "answer"]).cumcount()
    return wrong.assign(turn=rank.rank(method="first"))


def _drawings(wrong: pd.DataFrame, windows: Windows) -> dict[int, list[Markup]]:
    """Draw the windows whose turn comes first, by their row; those of a kind to one scale."""
    drawings: dict[int, list[Markup]] = {}
    for _, rows in wrong[wrong["turn"] <= _N_DRAWN].groupby(["truth", "answer"]):
        drawn = sparklines(windows.signals[rows.index], windows.channels)
        drawings |= dict(zip(rows.index, drawn, strict=True))
    return drawings


def _groups(
    wrong: pd.DataFrame, activities: Sequence[str], drawings: Mapping[int, Sequence[Markup]]
) -> list[_ConfusedWindows]:
    """Group windows by true and predicted activity, the most frequent pair first."""
    groups = [
        _ConfusedWindows(
            group_id(true, predicted),
            activities[true],
            activities[predicted],
            len(rows),
            _rows(rows, drawings),
        )
        for (true, predicted), rows in wrong.groupby(["truth", "answer"])
    ]
    return sorted(groups, key=lambda group: -group.n_windows)


def _rows(rows: pd.DataFrame, drawings: Mapping[int, Sequence[Markup]]) -> list[_WrongWindow]:
    listed = rows[rows["turn"] <= _N_LISTED]
    columns = (listed[key] for key in ("index", "subject", "p_answer", "p_truth"))
    return [
        _WrongWindow(index, subject, p_answer, p_truth, drawings.get(row, []))
        for row, index, subject, p_answer, p_truth in zip(listed.index, *columns, strict=True)
    ]


def sparklines(signals: FloatArray, channels: Sequence[str]) -> list[list[Markup]]:
    """Draw windows, all to one scale, so that they can be compared.

    Parameters
    ----------
    signals : ndarray of float, shape (n_windows, n_timesteps, n_channels)
        Signals in the units of `har.signals.channels.unit_of`.
    channels : sequence of str
        Names of the last axis.

    Returns
    -------
    list of list of Markup
        Of each window an ``<svg>`` of acceleration and one of angular rate, as far as they were
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
