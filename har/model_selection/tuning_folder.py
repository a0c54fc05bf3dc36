"""The folder of a search for better settings: what is in it, and how it is written.

::

    config.yaml    every setting, ranges as written
    manifest.json  versions, data, folds, git state, times
    study.db       all trials, in Optuna's own tables, unless another storage was named
    trials.csv     a row per trial that is over
    best.yaml      the settings of the best trial so far, a recipe to train with
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd
import yaml
from optuna.trial import FrozenTrial, TrialState

from har.errors import RunError
from har.files import write_frame, write_text
from har.model_selection.ranges import Search
from har.recipes import save_config
from har.runs.manifest import Manifest
from har.runs.output_folder import OutputFolder, PathInside

# Why a trial failed whose process ended before it could say so.
INTERRUPTED = "interrupted"
_FILES = {"config.yaml", "manifest.json", "study.db", "trials.csv", "best.yaml"}
# SQLite keeps a journal beside its file; a partial file is one that another process writes.
_PASSING = ("study.db-", ".partial-")


@dataclass(frozen=True)
class TuningFolder(OutputFolder):
    """The files of one search.

    Parameters
    ----------
    path : Path
        An existing folder; see `prepare`.
    """

    study = PathInside("study.db")
    trials = PathInside("trials.csv")
    best = PathInside("best.yaml")

    @classmethod
    def prepare(cls, path: Path) -> TuningFolder:
        """Make a folder, or take that of an earlier search; other processes may share it.

        Raises
        ------
        RunError
            If something else is in it, or it cannot be written.
        """
        folder = cls(path)
        folder._make("a new one", may_be_filled=True)
        names = {file.name for file in path.iterdir()}
        others = sorted(name for name in names - _FILES if not name.startswith(_PASSING))
        if others:
            raise RunError(
                f"{path}: found {others[0]} in it, expected a new folder or that of an earlier "
                "har tune"
            )
        return folder

    def write_start(self, search: Search, manifest: Manifest) -> None:
        """Keep what is searched, and note the session in the manifest.

        Parameters
        ----------
        search : Search
            The settings and their ranges.
        manifest : Manifest
            Manifest as known from the beginning of the session.
        """
        write_text(self.config, yaml.safe_dump(search.as_recipe(), sort_keys=False))
        earlier = self.read_manifest() if self.manifest.exists() else manifest
        sessions = (*earlier.sessions, manifest.session)
        self.update_manifest(replace(earlier, status="running", sessions=sessions))

    def write_trials(self, search: Search, trials: Sequence[FrozenTrial]) -> None:
        """Renew the table of trials and the best recipe.

        Parameters
        ----------
        search : Search
            The settings and their ranges.
        trials : sequence of FrozenTrial
            All there are.
        """
        over = [trial for trial in trials if trial.state.is_finished()]
        write_frame(pd.DataFrame([_row(trial) for trial in over]), self.trials)
        best = best_of(over)
        if best is not None:
            save_config(search.config_of(best.params), self.best)


def best_of(trials: Sequence[FrozenTrial]) -> FrozenTrial | None:
    """Find the trial with the best mean over all folds, the first of equals."""
    complete = [trial for trial in trials if trial.state == TrialState.COMPLETE]
    return max(complete, key=lambda trial: trial.value or 0.0, default=None)


def _row(trial: FrozenTrial) -> dict[str, object]:
    notes = trial.user_attrs
    return {
        "trial": trial.number,
        "state": trial.state.name.lower(),
        "accuracy": trial.value,
        **{f"fold_{fold}": accuracy for fold, accuracy in notes.get("accuracies", {}).items()},
        "n_parameters": notes.get("n_parameters"),
        "duration_s": notes.get("duration_s"),
        **trial.params,
        "failure": failure_of(trial),
    }


def failure_of(trial: FrozenTrial) -> str | None:
    """Return why a trial failed; see `INTERRUPTED`."""
    is_failed = trial.state == TrialState.FAIL
    return trial.user_attrs.get("failure", INTERRUPTED) if is_failed else None
