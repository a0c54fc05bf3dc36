"""Training, cross-validation, searches and their results, as the terminal shows them."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator, Mapping
from textwrap import shorten
from typing import TYPE_CHECKING

import numpy as np
from tqdm import tqdm

from har.evaluation.metrics import Evaluation
from har.evaluation.recordings import Figures, RecordingEvaluation
from har.inference.batch import BatchResult
from har.model_selection.folds import FoldScore
from har.model_selection.summary import CrossValidationSummary, MeanFigure
from har.report.recording_figures import WAYS, figure_rows
from har.report.wording import duration_in_words
from har.training.history import EpochRecord

if TYPE_CHECKING:
    from optuna.trial import FrozenTrial

logger = logging.getLogger(__name__)


def shown(
    records: Iterator[EpochRecord], n_epochs: int, n_members: int = 1, n_done: int = 0
) -> Iterator[EpochRecord]:
    """Show epochs as they end: a progress bar on a terminal, plain lines elsewhere.

    Parameters
    ----------
    records : iterator of EpochRecord
        Epochs as training yields them.
    n_epochs : int
        Largest number of epochs of each network.
    n_members : int
        Number of networks that are trained one after the other.
    n_done : int
        Number of epochs that were trained before.

    Yields
    ------
    EpochRecord
        The same records.
    """
    is_terminal = sys.stderr.isatty()
    has_bar = is_terminal and _shows_progress()
    n_at_most = n_epochs * n_members
    with tqdm(
        total=n_at_most, initial=n_done, unit="epoch", disable=not has_bar, dynamic_ncols=True
    ) as bar:
        for record in records:
            words = epoch_in_words(record)
            member = f"member {record.member}/{n_members}, " if n_members > 1 else ""
            bar.set_postfix_str(f"{member}{words}", refresh=False)
            bar.update()
            level = logging.DEBUG if has_bar else logging.INFO
            logger.log(level, "%sepoch %3d/%d  %s", member, record.epoch, n_epochs, words)
            yield record


def _shows_progress() -> bool:
    """Return whether progress is shown on standard error, rather than in a log file alone."""
    return any(
        isinstance(handler, logging.StreamHandler)
        and handler.stream is sys.stderr
        and handler.level <= logging.INFO
        for handler in logging.getLogger("har").handlers
    )


def epoch_in_words(record: EpochRecord) -> str:
    """Write an epoch's loss, accuracies and speed in one line."""
    words = [f"loss {record.train_loss:.4f}", f"training {record.train_accuracy:.1%}"]
    if record.validation_accuracy is not None:
        best = " (best)" if record.is_best else ""
        words.append(f"validation {record.validation_accuracy:.1%}{best}")
    return ", ".join([*words, f"{record.windows_per_s:.0f} windows/s"])


def evaluation_in_words(evaluation: Evaluation) -> str:
    """Write the headline figures and a row per activity."""
    lines = [
        f"{evaluation.n_windows} test windows of {len(evaluation.per_subject)} subjects: "
        f"accuracy {evaluation.accuracy:.2%}, balanced accuracy "
        f"{evaluation.balanced_accuracy:.2%}, macro F1 {evaluation.macro_f1:.2%}",
        *_interval_in_words(evaluation),
        f"  {'activity':20}{'precision':>10}{'recall':>10}{'F1':>10}{'windows':>10}",
    ]
    lines += [
        f"  {activity:20}{row['precision']:10.2%}{row['recall']:10.2%}{row['f1']:10.2%}"
        f"{row['support']:10d}"
        for activity, row in evaluation.per_class.items()
    ]
    return "\n".join(lines)


def _interval_in_words(evaluation: Evaluation) -> list[str]:
    """Write the interval of the accuracy on new people, if several were measured."""
    ends = evaluation.intervals["accuracy"]
    if ends is None:
        return []
    return [f"accuracy on new people, 95% interval over subjects: {ends[0]:.2%} to {ends[1]:.2%}"]


def recordings_in_words(recordings: RecordingEvaluation) -> str:
    """Write the figures of whole recordings, each with its interval over people."""
    head = (
        f"{len(recordings.recordings)} recordings of {len(recordings.subjects)} people, "
        f"{duration_in_words(recordings.labelled_s)} of them labelled (in brackets: 95% interval "
        "over people)"
    )
    return "\n".join([head, *_recording_lines(recordings.figures)])


def _recording_lines(figures: Figures) -> Iterator[str]:
    """Write a row per figure of whole recordings, and a column per way to name moments."""
    yield f"  {'':38}" + "".join(f"{WAYS[way]:>32}" for way in figures)
    for row in figure_rows(figures):
        cells = (f"{value} ({ends})" if ends else value for value, ends in row.cells)
        yield f"  {row.name:38}" + "".join(f"{cell:>32}" for cell in cells)


def show_scores(scores: Iterator[FoldScore], n_scores: int) -> Iterator[FoldScore]:
    """Show each fold as it ends, with the mean so far.

    Parameters
    ----------
    scores : iterator of FoldScore
        Scores as cross-validation yields them.
    n_scores : int
        Number of scores to come.

    Yields
    ------
    FoldScore
        The same scores.
    """
    accuracies: list[float] = []
    for score in scores:
        # It is kept first, then shown.
        yield score
        accuracies.append(score.evaluation.accuracy)
        words = (
            f"{len(accuracies)}/{n_scores}  seed {score.seed}, fold {score.fold}: "
            f"accuracy {accuracies[-1]:.2%}, macro F1 {score.evaluation.macro_f1:.2%}, "
            f"{score.training['duration_s']:.0f} s; mean so far {np.mean(accuracies):.2%}"
        )
        logger.info("%s", words)


def show_files(results: Iterator[BatchResult], n_files: int) -> Iterator[BatchResult]:
    """Show each recording as it is done: a progress bar on a terminal, plain lines elsewhere.

    Parameters
    ----------
    results : iterator of BatchResult
        Results as a batch of predictions yields them.
    n_files : int
        Number of results to come.

    Yields
    ------
    BatchResult
        The same results.
    """
    has_bar = sys.stderr.isatty() and _shows_progress()
    level = logging.DEBUG if has_bar else logging.INFO
    with tqdm(total=n_files, unit="file", disable=not has_bar, dynamic_ncols=True) as bar:
        for n_done, result in enumerate(results, start=1):
            # It is kept first, then shown.
            yield result
            bar.update()
            if result.error is not None:
                logger.warning("%s", result.error)
                continue
            logger.log(level, "%d/%d  %s", n_done, n_files, _file_in_words(result))
            for doubt in result.doubts:
                logger.warning("%s: %s", result.file, doubt)


def _file_in_words(result: BatchResult) -> str:
    """Write the duration of a recording and of its activities in one line."""
    seconds = sorted((result.seconds or {}).items(), key=lambda item: -item[1])
    activities = ", ".join(f"{name} {duration_in_words(value)}" for name, value in seconds)
    return f"{result.file}: {duration_in_words(result.duration_s or 0)}; {activities}"


def summary_in_words(summary: CrossValidationSummary) -> str:
    """Write the headline figures of a cross-validation, and a row per fold and per subject."""
    lines = [] if summary.is_complete else ["Partial: not every fold has been scored."]
    lines += [
        f"{name} {_mean_in_words(figure)}"
        for name, figure in (("accuracy", summary.accuracy), ("macro F1", summary.macro_f1))
    ]
    rows = [(f"fold {row.fold}", row.accuracy, row.n_windows) for row in summary.per_fold]
    rows += [(f"subject {row.subject}", row.accuracy, row.n_windows) for row in summary.per_subject]
    lines += [
        f"  {name:12}{accuracy:10.2%}{n_windows:8d} windows" for name, accuracy, n_windows in rows
    ]
    if summary.recordings:
        lines += ["Whole recordings, all seeds (in brackets: 95% interval over people)"]
        lines += _recording_lines(summary.recordings)
    return "\n".join(lines)


def baselines_in_words(summaries: Mapping[str, CrossValidationSummary]) -> str:
    """Write a row per baseline: its accuracy over folds, and what it costs."""
    lines = [
        f"{'baseline':20}{'accuracy':>18}{'macro F1':>10}{'s to fit':>10}{'ms a window':>13}",
    ]
    for name, summary in summaries.items():
        accuracy, cost = summary.accuracy, summary.cost
        both = f"{accuracy.mean:.2%} ± {accuracy.sd_over_folds_and_seeds:.2%}"
        lines.append(
            f"{name:20}{both:>18}{summary.macro_f1.mean:10.2%}"
            f"{cost.mean_duration_s:10.1f}{cost.ms_per_window:13.2f}"
        )
    return "\n".join(lines)


def _mean_in_words(figure: MeanFigure) -> str:
    sds = {"seeds": figure.sd_over_seeds, "folds and seeds": figure.sd_over_folds_and_seeds}
    words = [f"{sd:.2%} over {what}" for what, sd in sds.items() if sd is not None]
    return f"{figure.mean:.2%}" + (f" (standard deviation {', '.join(words)})" if words else "")


def trial_in_words(trial: FrozenTrial, n_over: int, n_trials: int) -> str:
    """Write the outcome and the settings of a trial in one line."""
    notes = trial.user_attrs
    if trial.value is None:
        outcome = f"failed: {shorten(notes['failure'], 160, placeholder=' …')}"
    elif trial.state.name == "PRUNED":
        n_folds = len(notes["accuracies"])
        outcome = f"{trial.value:.2%} after {n_folds} folds, stopped, {notes['duration_s']:.0f} s"
    else:
        outcome = f"accuracy {trial.value:.2%}, {notes['duration_s']:.0f} s"
    values = ", ".join(
        f"{key} {value:.4g}" if isinstance(value, float) else f"{key} {value}"
        for key, value in trial.params.items()
    )
    return f"{n_over}/{n_trials}  trial {trial.number}: {outcome}; {values}"
