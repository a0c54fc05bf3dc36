"""Finished runs that were scored on the same windows, read together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from string import ascii_uppercase

from har.errors import RunError, UsageError
from har.evaluation import Evaluation
from har.results import Results
from har.runs import RunFolder


@dataclass(frozen=True)
class ScoredRun:
    """One of several runs.

    Parameters
    ----------
    key : str
        The letter it has in tables and figures.
    folder : RunFolder
        Where it lies.
    results : Results
        Its files; predictions are in the order of their index.
    evaluation : Evaluation
        Its predictions over the activities of all runs.
    """

    key: str
    folder: RunFolder
    results: Results
    evaluation: Evaluation


def read_runs(paths: Sequence[Path]) -> list[ScoredRun]:
    """Read finished runs, and refuse what cannot be compared.

    Parameters
    ----------
    paths : sequence of Path
        Their folders, from 2 to 26. The same folder may come twice.

    Returns
    -------
    list of ScoredRun
        In the same order, with letters from A on.

    Raises
    ------
    HarError
        If there are too few or too many, a run is not finished, a file is missing or damaged, or
        two runs were scored on different windows.
    """
    if not 2 <= len(paths) <= len(ascii_uppercase):
        expected = f"2 to {len(ascii_uppercase)}"
        number = f"{len(paths)} {'run' if len(paths) == 1 else 'runs'}"
        raise UsageError(f"har compare: found {number}, expected {expected}")
    folders = [RunFolder.open(path) for path in paths]
    results = [_read_finished(folder) for folder in folders]
    for folder, other in zip(folders[1:], results[1:], strict=True):
        _check_same_windows(folders[0], results[0], folder, other)
    evaluations = _over_all_activities(folders, results)
    # There are more letters than runs.
    return list(map(ScoredRun, ascii_uppercase, folders, results, evaluations))


def _over_all_activities(
    folders: Sequence[RunFolder], results: Sequence[Results]
) -> list[Evaluation]:
    """Read the predictions anew; an activity that a run does not know has a probability of 0."""
    activities = dict.fromkeys(name for run in results for name in run.scores.activities)
    columns = ["true", "subject", *(f"p_{activity}" for activity in activities)]
    return [
        Evaluation.from_frame(
            run.predictions.reindex(columns=columns, fill_value=0.0), str(folder.predictions)
        )
        for folder, run in zip(folders, results, strict=True)
    ]


def _read_finished(folder: RunFolder) -> Results:
    status = folder.read_json(folder.manifest).get("status", "finished")
    if status != "finished":
        raise RunError(f"{folder.manifest}: found a run that is {status}, expected a finished one")
    results = Results.read(folder)
    in_order = results.predictions.sort_values("index", ignore_index=True)
    return replace(results, predictions=in_order)


def _check_same_windows(
    first_folder: RunFolder, first: Results, folder: RunFolder, other: Results
) -> None:
    """Refuse a run that was scored on other windows than the first, or trained on other data."""
    columns = ["index", "subject", "true"]
    expected, found = first.predictions[columns], other.predictions[columns]
    if len(found) != len(expected):
        raise RunError(
            f"{folder.predictions}: found {len(found)} windows, "
            f"expected the {len(expected)} of {first_folder.predictions}"
        )
    is_other = (found.to_numpy() != expected.to_numpy()).any(axis=1)
    if is_other.any():
        (of_other, of_first) = (
            "window {index} of subject {subject}, {true}".format(**table.iloc[is_other.argmax()])
            for table in (found, expected)
        )
        raise RunError(
            f"{folder.predictions}: found {of_other}, "
            f"expected {of_first}, as in {first_folder.predictions}"
        )
    fingerprints = [
        results.manifest.get("data", {}).get("fingerprint") for results in (first, other)
    ]
    if None not in fingerprints and fingerprints[0] != fingerprints[1]:
        raise RunError(
            f"{folder.manifest}: found data with the fingerprint {fingerprints[1]}, "
            f"expected {fingerprints[0]}, as in {first_folder.manifest}"
        )
