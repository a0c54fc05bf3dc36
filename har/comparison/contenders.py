"""Finished runs that were scored on the same windows, and baselines beside them, lined up."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from string import ascii_uppercase

from har.arrays import IntArray
from har.errors import RunError, UsageError
from har.evaluation.metrics import Evaluation
from har.recipes import settings_of
from har.runs.folder import RunFolder
from har.runs.results import Results
from har.signals.data_description import DataDescription


@dataclass(frozen=True)
class FinishedRun:
    """One of several finished runs.

    Parameters
    ----------
    folder : RunFolder
        The run's folder.
    results : Results
        The run's files; predictions are in the order of their index.
    """

    folder: RunFolder
    results: Results


@dataclass(frozen=True)
class Contender:
    """A classifier that predicted the windows: a finished run, or a baseline.

    Parameters
    ----------
    name : str or None
        The run's recipe or the baseline's name; None if it is not known.
    folder : str or None
        The run's folder; None for a baseline.
    seed : int
        Seed of everything drawn at random.
    settings : mapping
        Every setting by its key in a recipe; empty for a baseline.
    n_parameters : int or None
        Number of trained parameters; None if they were not counted.
    duration_s : float or None
        Training time; None if it is not known.
    evaluation : Evaluation
        Predictions for the windows.
    """

    name: str | None
    folder: str | None
    seed: int
    settings: Mapping[str, object]
    n_parameters: int | None
    duration_s: float | None
    evaluation: Evaluation


@dataclass(frozen=True)
class SideBySide:
    """Several contenders and the windows that they all predicted.

    Parameters
    ----------
    contenders : dict of str to Contender
        Contenders by the letter that each has in tables and figures, from A on; the first is the
        reference. All are evaluated over the same activities, those that any of them knows.
    index : ndarray of int, shape (n_windows,)
        Index of each window among the test windows, from 0.
    data_set : str
        Name of the data set in settings.
    data : DataDescription
        Description of the data in the first run's manifest.
    """

    contenders: dict[str, Contender]
    index: IntArray
    data_set: str
    data: DataDescription


def read_runs(paths: Sequence[Path], n_others: int = 0) -> list[FinishedRun]:
    """Read finished runs, and refuse what cannot be compared.

    Parameters
    ----------
    paths : sequence of Path
        Folders of the runs. The same folder may come twice.
    n_others : int
        Number of baselines beside them; 2 to 26 contenders are compared in all.

    Returns
    -------
    list of FinishedRun
        In the same order.

    Raises
    ------
    HarError
        If there are too few or too many, a run is not finished, a file is missing or damaged, or
        two runs were scored on different windows.
    """
    if not 2 <= len(paths) + n_others <= len(ascii_uppercase):
        found = contenders_in_words(len(paths), n_others)
        raise UsageError(f"har compare: found {found}, expected 2 to {len(ascii_uppercase)}")
    runs = [_read_finished(RunFolder.open(path)) for path in paths]
    for other in runs[1:]:
        _check_same_windows(runs[0], other)
    return runs


def contenders_in_words(n_runs: int, n_baselines: int) -> str:
    """Count runs and baselines: ``"1 run"``, ``"2 runs and 1 baseline"``."""
    counts = {"run": n_runs, "baseline": n_baselines}
    words = [f"{n} {name}{'s' if n != 1 else ''}" for name, n in counts.items() if n]
    return " and ".join(words) or "0 runs"


def line_up(runs: Sequence[FinishedRun], others: Sequence[Contender] = ()) -> SideBySide:
    """Give a letter to each contender, and evaluate all over the same activities.

    Parameters
    ----------
    runs : sequence of FinishedRun
        At least one; they come first.
    others : sequence of Contender
        Contenders that predicted the windows of the runs, in their order.

    Returns
    -------
    SideBySide
    """
    contenders = [*map(_as_contender, runs), *others]
    known = dict.fromkeys(name for one in contenders for name in one.evaluation.activities)
    over_all = [replace(one, evaluation=_over(one.evaluation, known)) for one in contenders]
    first = runs[0].results
    return SideBySide(
        # There are more letters than contenders.
        dict(zip(ascii_uppercase, over_all, strict=False)),
        first.predictions["index"].to_numpy(),
        first.config.data.set,
        first.manifest.data,
    )


def _as_contender(run: FinishedRun) -> Contender:
    results, manifest = run.results, run.results.manifest
    return Contender(
        manifest.recipe,
        str(run.folder.path),
        results.config.seed,
        settings_of(results.config),
        manifest.model.n_parameters,
        manifest.duration_s,
        Evaluation.from_frame(results.predictions, str(run.folder.predictions)),
    )


def _over(evaluation: Evaluation, activities: Iterable[str]) -> Evaluation:
    """Return the same predictions over more activities; unknown ones have a probability of 0."""
    columns = ["true", "subject", *(f"p_{activity}" for activity in activities)]
    table = evaluation.to_frame().reindex(columns=columns, fill_value=0.0)
    return Evaluation.from_frame(table, "evaluation")


def _read_finished(folder: RunFolder) -> FinishedRun:
    status = folder.read_manifest().status or "finished"
    if status != "finished":
        raise RunError(f"{folder.manifest}: found a run that is {status}, expected a finished one")
    results = Results.read(folder)
    in_order = results.predictions.sort_values("index", ignore_index=True)
    return FinishedRun(folder, replace(results, predictions=in_order))


def _check_same_windows(first: FinishedRun, other: FinishedRun) -> None:
    """Refuse a run that was scored on other windows than the first, or trained on other data."""
    columns = ["index", "subject", "true"]
    expected, found = (run.results.predictions[columns] for run in (first, other))
    place, first_place = other.folder.predictions, first.folder.predictions
    if len(found) != len(expected):
        raise RunError(
            f"{place}: found {len(found)} windows, expected the {len(expected)} of {first_place}"
        )
    is_other = (found.to_numpy() != expected.to_numpy()).any(axis=1)
    if is_other.any():
        (of_other, of_first) = (
            "window {index} of subject {subject}, {true}".format(**table.iloc[is_other.argmax()])
            for table in (found, expected)
        )
        raise RunError(f"{place}: found {of_other}, expected {of_first}, as in {first_place}")
    fingerprint = other.results.manifest.data.fingerprint
    check_fingerprint(first, fingerprint, str(other.folder.manifest))


def check_fingerprint(run: FinishedRun, fingerprint: str | None, place: str) -> None:
    """Refuse data with another fingerprint than a run's, if both are known.

    Parameters
    ----------
    run : FinishedRun
        Run whose data is expected.
    fingerprint : str or None
        Fingerprint of the data that was found.
    place : str
        File or source that it was found in, for the message.

    Raises
    ------
    RunError
        If it is another one.
    """
    expected = run.results.manifest.data.fingerprint
    if None not in (expected, fingerprint) and expected != fingerprint:
        raise RunError(
            f"{place}: found data with the fingerprint {fingerprint}, "
            f"expected {expected}, as in {run.folder.manifest}"
        )
