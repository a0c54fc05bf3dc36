"""Folds and seeds taken together: means, standard deviations, and tables by fold and by subject."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from har.evaluation.metrics import Evaluation
from har.evaluation.recordings import Figures, RecordingEvaluation, figures_from_dict
from har.model_selection.folds import FoldScore
from har.signals.subjects import Subject, subject_key


@dataclass(frozen=True)
class MeanFigure:
    """A figure's mean over folds and seeds, and how much it varies.

    Parameters
    ----------
    mean : float
        Mean over the folds of each seed, then over seeds.
    sd_over_seeds : float or None
        Sample standard deviation of the seeds' means; None for one seed.
    sd_over_folds_and_seeds : float or None
        Sample standard deviation of all scores; None for one score.
    """

    mean: float
    sd_over_seeds: float | None
    sd_over_folds_and_seeds: float | None


@dataclass(frozen=True)
class ScoreRow:
    """Figures of one fold with one seed."""

    seed: int
    fold: int
    accuracy: float
    macro_f1: float


@dataclass(frozen=True)
class FoldRow:
    """Figures of one fold, as means over seeds.

    Parameters
    ----------
    fold : int
        Number of the fold.
    subjects : tuple of int or str
        Subjects held out.
    n_windows, n_seeds : int
        Number of their windows, and of seeds.
    accuracy, macro_f1 : float
        Means over seeds.
    accuracy_sd_over_seeds : float or None
        Sample standard deviation; None for one seed.
    """

    fold: int
    subjects: tuple[Subject, ...]
    n_windows: int
    n_seeds: int
    accuracy: float
    macro_f1: float
    accuracy_sd_over_seeds: float | None


@dataclass(frozen=True)
class SubjectRow:
    """Accuracy on one held-out subject: mean and sample standard deviation over seeds."""

    subject: Subject
    accuracy: float
    sd_over_seeds: float | None
    n_windows: int


@dataclass(frozen=True)
class Cost:
    """Size of a network, or other classifier, and the time that it takes.

    Parameters
    ----------
    n_parameters : int or None
        Number of trained parameters; None for what has none to count.
    device : str or None
        Where networks were trained; None for what trains on CPUs only.
    n_threads : tuple of int
        The different numbers of threads that were used.
    mean_duration_s, total_duration_s : float
        Training time of one fold and of all.
    ms_per_window : float
        Mean time of a prediction.
    """

    n_parameters: int | None
    device: str | None
    n_threads: tuple[int, ...]
    mean_duration_s: float
    total_duration_s: float
    ms_per_window: float


@dataclass(frozen=True)
class CrossValidationSummary:
    """The scores of folds and seeds together. Its fields are the keys of ``cv.json``.

    Parameters
    ----------
    is_complete : bool
        Whether every fold was scored with every seed.
    n_folds : int
        Number of folds, scored or not.
    seeds : tuple of int
        Seeds in ascending order.
    accuracy, macro_f1 : MeanFigure
        Headline figures.
    scores : tuple of ScoreRow
        A row per seed and fold.
    per_fold : tuple of FoldRow
        A row per fold.
    per_subject : tuple of SubjectRow
        A row per subject, the hardest first.
    activities : tuple of str
        Names of the classes.
    confusion_matrix : tuple of tuple of int
        Windows of all folds and seeds by true (rows) and predicted activity.
    per_class : dict
        `Evaluation.per_class` of the same windows.
    commits : tuple of str
        Commits of the code that trained; several if it changed in between.
    cost : Cost
        Size and times.
    recordings : mapping or None
        Figures of the held-out people's whole recordings, of all seeds together, as
        `RecordingEvaluation.figures`, if they were scored.
    """

    is_complete: bool
    n_folds: int
    seeds: tuple[int, ...]
    accuracy: MeanFigure
    macro_f1: MeanFigure
    scores: tuple[ScoreRow, ...]
    per_fold: tuple[FoldRow, ...]
    per_subject: tuple[SubjectRow, ...]
    activities: tuple[str, ...]
    confusion_matrix: tuple[tuple[int, ...], ...]
    per_class: dict[str, dict[str, float]]
    commits: tuple[str, ...]
    cost: Cost
    recordings: Figures | None = None

    def to_dict(self) -> dict[str, object]:
        """Return the fields, ready for JSON; no recordings where none were scored."""
        content = asdict(self)
        if self.recordings is None:
            del content["recordings"]
        return content

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> CrossValidationSummary:
        """Read what `to_dict` made.

        Raises
        ------
        KeyError, TypeError
            If something is missing or unknown.
        """
        cost = content["cost"]
        return cls(
            is_complete=content["is_complete"],
            n_folds=content["n_folds"],
            seeds=tuple(content["seeds"]),
            accuracy=MeanFigure(**content["accuracy"]),
            macro_f1=MeanFigure(**content["macro_f1"]),
            scores=tuple(ScoreRow(**row) for row in content["scores"]),
            per_fold=tuple(
                FoldRow(**{**row, "subjects": tuple(row["subjects"])})
                for row in content["per_fold"]
            ),
            per_subject=tuple(SubjectRow(**row) for row in content["per_subject"]),
            activities=tuple(content["activities"]),
            confusion_matrix=tuple(map(tuple, content["confusion_matrix"])),
            per_class=content["per_class"],
            commits=tuple(content["commits"]),
            cost=Cost(**{**cost, "n_threads": tuple(cost["n_threads"])}),
            recordings=figures_from_dict(content.get("recordings")),
        )


def summarise_folds(scores: Sequence[FoldScore], n_folds: int) -> CrossValidationSummary:
    """Summarise the scores of folds and seeds.

    Parameters
    ----------
    scores : sequence of FoldScore
        At least one; each seed and fold at most once.
    n_folds : int
        Number of folds; if it is larger than the number scored, the summary is not complete.

    Returns
    -------
    CrossValidationSummary
    """
    table = pd.DataFrame([_row(score) for score in scores])
    pooled = pool([score.evaluation for score in scores])
    seeds = tuple(sorted({score.seed for score in scores}))
    return CrossValidationSummary(
        is_complete=len(table) == len(seeds) * n_folds,
        n_folds=n_folds,
        seeds=seeds,
        accuracy=_mean_figure(table, "accuracy"),
        macro_f1=_mean_figure(table, "macro_f1"),
        scores=tuple(map(_row, scores)),
        per_fold=_per_fold(table, scores),
        per_subject=_per_subject(scores),
        activities=pooled.activities,
        confusion_matrix=tuple(map(tuple, pooled.confusion_matrix.tolist())),
        per_class=pooled.per_class,
        commits=_commits(scores),
        cost=_cost(scores),
        recordings=_recordings(scores),
    )


def pool(evaluations: Sequence[Evaluation]) -> Evaluation:
    """Join the windows of several evaluations."""
    return Evaluation(
        np.concatenate([evaluation.labels for evaluation in evaluations]),
        np.concatenate([evaluation.probabilities for evaluation in evaluations]),
        np.concatenate([evaluation.subjects for evaluation in evaluations]),
        evaluations[0].activities,
    )


def _recordings(scores: Sequence[FoldScore]) -> Figures | None:
    """Score the recordings of all folds and seeds, if all of them have some."""
    scored = [score.recordings for score in scores if score.recordings is not None]
    if len(scored) < len(scores):
        return None
    everything = tuple(recording for one in scored for recording in one.recordings)
    return RecordingEvaluation(scored[0].activities, everything).figures


def _row(score: FoldScore) -> ScoreRow:
    return ScoreRow(score.seed, score.fold, score.evaluation.accuracy, score.evaluation.macro_f1)


def _mean_figure(table: pd.DataFrame, name: str) -> MeanFigure:
    of_seeds = table.groupby("seed")[name].mean()
    return MeanFigure(float(of_seeds.mean()), _deviation(of_seeds), _deviation(table[name]))


def _deviation(values: pd.Series) -> float | None:
    return float(values.std(ddof=1)) if len(values) > 1 else None


def _per_fold(table: pd.DataFrame, scores: Sequence[FoldScore]) -> tuple[FoldRow, ...]:
    held_out = {score.fold: score.evaluation for score in scores}
    return tuple(
        FoldRow(
            fold=int(fold),
            subjects=tuple(held_out[fold].per_subject),
            n_windows=held_out[fold].n_windows,
            n_seeds=len(group),
            accuracy=float(group["accuracy"].mean()),
            macro_f1=float(group["macro_f1"].mean()),
            accuracy_sd_over_seeds=_deviation(group["accuracy"]),
        )
        for fold, group in table.groupby("fold")
    )


def _per_subject(scores: Sequence[FoldScore]) -> tuple[SubjectRow, ...]:
    """Make a row per subject, the hardest first."""
    table = pd.DataFrame(
        {"subject": subject, **row}
        for score in scores
        for subject, row in score.evaluation.per_subject.items()
    )
    rows = [
        SubjectRow(
            subject=subject,
            accuracy=float(group["accuracy"].mean()),
            sd_over_seeds=_deviation(group["accuracy"]),
            n_windows=int(group["n_windows"].iloc[0]),
        )
        for subject in sorted(set(table["subject"].tolist()), key=subject_key)
        for group in (table[table["subject"] == subject],)
    ]
    return tuple(sorted(rows, key=lambda row: row.accuracy))


def _commits(scores: Sequence[FoldScore]) -> tuple[str, ...]:
    """Name the different commits of the code that trained the networks, where they are known."""
    states = [score.training.get("git") for score in scores]
    return tuple(sorted({state["commit"] for state in states if state}))


def _cost(scores: Sequence[FoldScore]) -> Cost:
    durations_s = [score.training["duration_s"] for score in scores]
    ms_per_window = [score.training["ms_per_window"] for score in scores]
    return Cost(
        n_parameters=scores[0].training.get("n_parameters"),
        device=scores[0].training.get("device"),
        n_threads=tuple(sorted({score.training["n_threads"] for score in scores})),
        mean_duration_s=round(float(np.mean(durations_s)), 2),
        total_duration_s=round(float(np.sum(durations_s)), 2),
        ms_per_window=round(float(np.mean(ms_per_window)), 3),
    )
