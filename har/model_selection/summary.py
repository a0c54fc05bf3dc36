"""What folds and seeds come to together: means, deviations, and tables by fold and by subject."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from har.evaluation.metrics import Evaluation
from har.model_selection.folds import FoldScore

_FIGURES = ("accuracy", "macro_f1")


def summarise(scores: Sequence[FoldScore], n_folds: int) -> dict[str, Any]:
    """Sum up the scores of folds and seeds.

    Parameters
    ----------
    scores : sequence of FoldScore
        At least one; each seed and fold at most once.
    n_folds : int
        How many folds there are, to tell whether any is missing.

    Returns
    -------
    dict
        Ready for JSON. The ``mean`` of accuracy and macro F1 is the plain mean over the folds of a
        seed, then over seeds. ``sd_over_seeds`` is the sample deviation of the seeds' means,
        ``sd_over_folds_and_seeds`` that of all scores; None where there is but one. A subject's
        accuracy is the mean over seeds. ``confusion_matrix`` and ``per_class`` pool the windows of
        all folds and seeds. More than one of ``commits`` says that the code changed in between.
    """
    table = pd.DataFrame([_row(score) for score in scores])
    pooled = pool([score.evaluation for score in scores])
    seeds = sorted(set(table["seed"]))
    return {
        "is_complete": len(table) == len(seeds) * n_folds,
        "n_folds": n_folds,
        "seeds": seeds,
        **{name: _mean_and_deviations(table, name) for name in _FIGURES},
        "scores": table.to_dict("records"),
        "per_fold": _per_fold(table, scores),
        "per_subject": _per_subject(scores),
        "activities": list(pooled.activities),
        "confusion_matrix": pooled.confusion_matrix.tolist(),
        "per_class": pooled.per_class,
        "commits": _commits(scores),
        "cost": _cost(scores),
    }


def pool(evaluations: Sequence[Evaluation]) -> Evaluation:
    """Put the windows of several evaluations into one."""
    return Evaluation(
        np.concatenate([evaluation.labels for evaluation in evaluations]),
        np.concatenate([evaluation.probabilities for evaluation in evaluations]),
        np.concatenate([evaluation.subjects for evaluation in evaluations]),
        evaluations[0].activities,
    )


def _row(score: FoldScore) -> dict[str, Any]:
    figures = {name: getattr(score.evaluation, name) for name in _FIGURES}
    return {"seed": score.seed, "fold": score.fold, **figures}


def _mean_and_deviations(table: pd.DataFrame, name: str) -> dict[str, float | None]:
    of_seeds = table.groupby("seed")[name].mean()
    return {
        "mean": float(of_seeds.mean()),
        "sd_over_seeds": _deviation(of_seeds),
        "sd_over_folds_and_seeds": _deviation(table[name]),
    }


def _deviation(values: pd.Series) -> float | None:
    return float(values.std(ddof=1)) if len(values) > 1 else None


def _per_fold(table: pd.DataFrame, scores: Sequence[FoldScore]) -> list[dict[str, Any]]:
    held_out = {score.fold: score.evaluation for score in scores}
    return [
        {
            "fold": int(fold),
            "subjects": list(held_out[fold].per_subject),
            "n_windows": held_out[fold].n_windows,
            "n_seeds": len(group),
            **{name: float(group[name].mean()) for name in _FIGURES},
            "accuracy_sd_over_seeds": _deviation(group["accuracy"]),
        }
        for fold, group in table.groupby("fold")
    ]


def _per_subject(scores: Sequence[FoldScore]) -> list[dict[str, Any]]:
    """Make a row per subject, the hardest first."""
    table = pd.DataFrame(
        {"subject": subject, **row}
        for score in scores
        for subject, row in score.evaluation.per_subject.items()
    )
    rows = [
        {
            "subject": int(subject),
            "accuracy": float(group["accuracy"].mean()),
            "sd_over_seeds": _deviation(group["accuracy"]),
            "n_windows": int(group["n_windows"].iloc[0]),
        }
        for subject, group in table.groupby("subject")
    ]
    return sorted(rows, key=lambda row: (row["accuracy"], row["subject"]))


def _commits(scores: Sequence[FoldScore]) -> list[str]:
    """Name the different commits of the code that trained the networks, where they are known."""
    states = [score.training.get("git") for score in scores]
    return sorted({state["commit"] for state in states if state})


def _cost(scores: Sequence[FoldScore]) -> dict[str, Any]:
    durations_s = [score.training["duration_s"] for score in scores]
    ms_per_window = [score.training["ms_per_window"] for score in scores]
    return {
        "n_parameters": scores[0].training.get("n_parameters"),
        "device": scores[0].training.get("device"),
        "n_threads": sorted({score.training["n_threads"] for score in scores}),
        "mean_duration_s": round(float(np.mean(durations_s)), 2),
        "total_duration_s": round(float(np.sum(durations_s)), 2),
        "ms_per_window": round(float(np.mean(ms_per_window)), 3),
    }
