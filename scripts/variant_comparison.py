"""How much better or worse the same people are classified when their windows are changed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from har.evaluation.intervals import interval_over


def compare(changed: pd.DataFrame, reference: pd.DataFrame) -> dict[str, Any]:
    """Compare shares of right predictions with those before, subject by subject.

    Each window counts as better or worse than the reference's windows of the same subject and
    activity, so that some windows can be compared with all, whatever the activities among them.

    Parameters
    ----------
    changed : DataFrame
        A row per window: subject, label, fold and right, the share of networks (seeds) that
        were right.
    reference : DataFrame
        The same for unchanged windows.

    Returns
    -------
    dict
        Ready for JSON. ``accuracy`` is the plain mean over folds. ``difference`` is the mean over
        subjects of the mean over their windows, ``interval`` holds 95 % of its bootstrap
        resamples of subjects; None for less than two subjects.
    """
    usual = reference.groupby(["subject", "label"])["right"].mean().rename("usual")
    paired = changed.join(usual, on=["subject", "label"])
    gains = (paired["right"] - paired["usual"]).groupby(paired["subject"]).mean().dropna()
    return {
        "n_windows": len(changed),
        "n_subjects": len(gains),
        "accuracy": float(changed.groupby("fold")["right"].mean().mean()),
        "difference": float(gains.mean()),
        "interval": interval_over(gains.to_numpy()),
        "per_subject": {str(subject): float(gain) for subject, gain in gains.items()},
    }


def markdown_of(rows: Sequence[dict[str, Any]]) -> str:
    """Return comparisons as Markdown tables, with a heading for each group.

    Parameters
    ----------
    rows : sequence of dict
        Results of `compare`, with ``group`` and ``windows``: the heading, and the windows in words.

    Returns
    -------
    str
        Accuracies in per cent, differences in points.
    """
    groups = pd.DataFrame(rows).groupby("group", sort=False)
    return "\n".join(_table(str(group), part) for group, part in groups)


def _table(group: str, rows: pd.DataFrame) -> str:
    lines = [f"## {group}", "", "| windows | number | subjects | accuracy | difference |"]
    lines += ["|---|---:|---:|---:|---:|"]
    for row in rows.to_dict("records"):
        ends = ", ".join(map(_points, row["interval"] or ()))
        cells = (
            row["windows"],
            str(row["n_windows"]),
            str(row["n_subjects"]),
            f"{100 * row['accuracy']:.2f}",
            _points(row["difference"]) + (f" [{ends}]" if ends else ""),
        )
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _points(share: float) -> str:
    """Return a difference in hundredths, without a minus before 0."""
    return f"{round(100 * share, 2) + 0.0:+.2f}"
