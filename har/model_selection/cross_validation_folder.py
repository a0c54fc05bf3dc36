"""The folder of a cross-validation: what is in it, and how it is begun and gone on with.

::

    config.yaml             every setting, as resolved
    manifest.json           versions, data, folds, git state, times
    folds/seed0-fold0.json  figures of one network, and how it was trained
    folds/seed0-fold0.csv   a row per window that was held out from it
    cv.json                 all folds and seeds together
    cv.html                 one page to look at
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from har.config import Config
from har.errors import RunError
from har.evaluation.metrics import Evaluation
from har.files import write_frame, writing_to
from har.model_selection.folds import FoldScore
from har.model_selection.summary import CrossValidationSummary, summarise_folds
from har.runs.folder import RunFolder

_SCORE_FILE = re.compile(r"seed(\d+)-fold(\d+)\.json")
# Seeds are jobs of their own, and where the data lies does not change them.
_MAY_DIFFER = {"seed", "data.root"}


@dataclass(frozen=True)
class CrossValidationFolder:
    """The files of one cross-validation.

    Parameters
    ----------
    path : Path
        An existing folder; see `start`.
    """

    path: Path

    @classmethod
    def start(
        cls, path: Path, config: Config, manifest: Mapping[str, Any]
    ) -> CrossValidationFolder:
        """Begin in a new folder, or go on in that of the same cross-validation.

        Parameters
        ----------
        path : Path
            Made if it is not there, with the folders above it.
        config : Config
            The settings.
        manifest : mapping
            What the manifest tells from the beginning. Of its ``data``, ``fingerprint`` is looked
            at; of its ``folds``, ``kind`` and the list ``held_out_subjects``.

        Returns
        -------
        CrossValidationFolder

        Raises
        ------
        RunError
            If something else is in the folder, if settings, data or folds are not those it was
            begun with, or if it cannot be written.
        """
        folder = cls(path)
        with writing_to(path):
            if folder.run.manifest.exists():
                folder._check_same(config, manifest)
                folder._add_session(manifest)
                return folder
            path.mkdir(parents=True, exist_ok=True)
            if any(path.iterdir()):
                raise RunError(
                    f"{path}: found a folder that is not empty, expected a new one or that of an "
                    "earlier cross-validation"
                )
            folder._scores.mkdir()
            folder.run.write_config(config)
            folder.run.update_manifest(**manifest)
        return folder

    @property
    def summary(self) -> Path:
        """All folds and seeds together."""
        return self.path / "cv.json"

    @property
    def page(self) -> Path:
        """One page to look at."""
        return self.path / "cv.html"

    @property
    def _scores(self) -> Path:
        return self.path / "folds"

    @property
    def run(self) -> RunFolder:
        """The files it has in common with a run."""
        return RunFolder(self.path)

    def _check_same(self, config: Config, manifest: Mapping[str, Any]) -> None:
        earlier = self.run.read_json(self.run.manifest)
        if "folds" not in earlier:
            raise RunError(f"{self.path}: found another run, expected a cross-validation")
        found = {**_flat(asdict(self.run.read_config())), **_identity(earlier)}
        expected = {**_flat(asdict(config)), **_identity(manifest)}
        for key, value in found.items():
            if key not in _MAY_DIFFER and value != expected[key]:
                raise RunError(
                    f"{self.path}: found a cross-validation with {key} {value}, expected "
                    f"{expected[key]} as asked for now; another --out begins anew"
                )

    def _add_session(self, manifest: Mapping[str, Any]) -> None:
        """Note that it was gone on with, as code and versions may have changed since."""
        earlier = self.run.read_json(self.run.manifest)
        session = {
            key: manifest[key] for key in ("started", "command", "har", "environment", "git")
        }
        self.run.update_manifest(status="running", resumed=[*earlier.get("resumed", []), session])

    def _score_file(self, seed: int, fold: int) -> Path:
        return self._scores / f"seed{seed}-fold{fold}.json"

    def has_score(self, seed: int, fold: int) -> bool:
        """Tell whether a fold was scored with a seed before."""
        return self._score_file(seed, fold).exists()

    def write_score(self, score: FoldScore) -> None:
        """Keep a score: first the predictions, then the figures, which make it count as done."""
        file = self._score_file(score.seed, score.fold)
        table = score.evaluation.to_frame().assign(index=score.rows)
        write_frame(table, file.with_suffix(".csv"))
        content = {
            "seed": score.seed,
            "fold": score.fold,
            "training": score.training,
            **score.evaluation.to_dict(),
        }
        self.run.write_json(file, content)

    def read_scores(self) -> list[FoldScore]:
        """Read all scores that are there, in order of seed and fold.

        Raises
        ------
        HarError
            If a file is missing or damaged.
        """
        matches = (_SCORE_FILE.fullmatch(file.name) for file in self._scores.iterdir())
        jobs = sorted((int(match[1]), int(match[2])) for match in matches if match)
        return [self._read_score(seed, fold) for seed, fold in jobs]

    def _read_score(self, seed: int, fold: int) -> FoldScore:
        file = self._score_file(seed, fold)
        training = self.run.read_json(file).get("training")
        if not isinstance(training, dict):
            raise RunError(f"{file}: found no training, expected how the network was trained")
        predictions = file.with_suffix(".csv")
        try:
            table = pd.read_csv(predictions)
            rows = table["index"].to_numpy()
        except (OSError, KeyError, ValueError) as error:
            raise RunError(
                f"{predictions}: found no predictions ({error}), expected a row per window"
            ) from error
        evaluation = replace(
            Evaluation.from_frame(table, str(predictions)), temperature=training.get("temperature")
        )
        return FoldScore(seed, fold, rows, evaluation, training)

    def tell(self, status: str, moment: str) -> None:
        """Note in the manifest how the last command ended, and when."""
        self.run.update_manifest(status=status, finished=moment)

    def write_summary(self) -> CrossValidationSummary:
        """Summarise all scores that are there, write the summary and return it."""
        n_folds = len(self.run.read_json(self.run.manifest)["folds"]["held_out_subjects"])
        summary = summarise_folds(self.read_scores(), n_folds)
        self.run.write_json(self.summary, summary.to_dict())
        return summary

    def read_summary(self) -> CrossValidationSummary:
        """Read what `write_summary` wrote.

        Raises
        ------
        RunError
            If the file is missing or damaged.
        """
        try:
            return CrossValidationSummary.from_dict(self.run.read_json(self.summary))
        except (KeyError, TypeError) as error:
            raise RunError(
                f"{self.summary}: found something missing or wrong ({error}), "
                "expected what har cv writes"
            ) from error


def _flat(settings: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Name settings as the command line does."""
    return dict(_items(settings, prefix))


def _items(settings: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, Any]]:
    for key, value in settings.items():
        if isinstance(value, dict):
            yield from _items(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def _identity(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Take from a manifest what must not change between sessions."""
    return {
        "data.fingerprint": manifest["data"]["fingerprint"],
        "folds": manifest["folds"]["kind"],
    }
