"""The folder of a cross-validation: what is in it, and how it is begun and gone on with.

::

    config.yaml             every setting, as resolved
    manifest.json           versions, data, folds, git state, times
    folds/seed0-fold0.json  figures of one network, and how it was trained
    folds/seed0-fold0.csv   a row per window that was held out from it
    cv.json                 all folds and seeds together
    cv.html                 one page to look at

Figures of a fold have the digest of its predictions, and are sealed with their own; so is cv.json.
They are no part of the manifest, since several processes may write them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from har.arrays import IntArray
from har.config import Config
from har.errors import RunError, listed, parsing
from har.evaluation.metrics import Evaluation
from har.files import write_frame, writing_to
from har.model_selection.folds import FoldScore
from har.model_selection.summary import CrossValidationSummary, summarise_folds
from har.recipes import settings_of
from har.runs.integrity import Digest, digests_in, is_sealed, sealed, with_digests
from har.runs.json_object import INTEGER, NUMBER, JsonObject
from har.runs.manifest import FoldsDescription, Manifest
from har.runs.output_folder import OutputFolder, PathInside
from har.runs.prediction_table import read_prediction_table
from har.runs.results import check_figures, read_recordings
from har.signals.subjects import Subject

_SCORE_FILE = re.compile(r"seed(\d+)-fold(\d+)\.json")
# Seeds are jobs of their own, and where the data lies does not change them.
_MAY_DIFFER = {"seed", "data.root"}


@dataclass(frozen=True)
class CrossValidationFolder(OutputFolder):
    """The files of one cross-validation.

    Parameters
    ----------
    path : Path
        An existing folder; see `start`.
    """

    summary = PathInside("cv.json")
    page = PathInside("cv.html")
    _scores = PathInside("folds")

    @classmethod
    def prepare(cls, path: Path) -> CrossValidationFolder:
        """Make a folder, or take that of an earlier cross-validation, before any data is read.

        Raises
        ------
        RunError
            If something else is in it, or it cannot be written.
        """
        folder = cls(path)
        expected = "a new one or that of an earlier cross-validation"
        folder._make(expected, may_be_filled=folder.manifest.exists())
        return folder

    @classmethod
    def start(cls, path: Path, config: Config, manifest: Manifest) -> CrossValidationFolder:
        """Begin in a new folder, or go on in that of the same cross-validation.

        Parameters
        ----------
        path : Path
            Made if it is not there, with the folders above it.
        config : Config
            The settings.
        manifest : Manifest
            Manifest as known from the beginning, with the folds.

        Returns
        -------
        CrossValidationFolder

        Raises
        ------
        RunError
            If something else is in the folder, if settings, data or folds are not those it was
            begun with, or if it cannot be written.
        """
        folder = cls.prepare(path)
        with writing_to(path):
            if folder._is_begun():
                folder._resume(config, manifest)
                return folder
            folder.update_manifest(manifest)
            folder._scores.mkdir(exist_ok=True)
            folder.write_config(config)
        return folder

    def _is_begun(self) -> bool:
        """Return whether there is all that `start` writes, or something else."""
        if not self.manifest.exists():
            return False
        # The settings come last, and may be missing where a process was killed.
        return self.config.exists() or self.read_manifest().folds is None

    def _resume(self, config: Config, manifest: Manifest) -> None:
        """Note a further session, as code and versions may have changed since."""
        earlier = self.read_manifest()
        self._check_same(config, earlier, manifest)
        sessions = (*earlier.resumed, manifest.session)
        self.update_manifest(Manifest(status="running", resumed=sessions))

    def _check_same(self, config: Config, earlier: Manifest, manifest: Manifest) -> None:
        if earlier.folds is None:
            raise RunError(f"{self.path}: found another run, expected a cross-validation")
        found = {**settings_of(self.read_config()), **_identity(earlier)}
        expected = {**settings_of(config), **_identity(manifest)}
        for key, value in found.items():
            if key not in _MAY_DIFFER and value != expected[key]:
                raise RunError(
                    f"{self.path}: found a cross-validation with {key} {value}, expected "
                    f"{expected[key]} as asked for now; another --out begins anew"
                )

    def _score_file(self, seed: int, fold: int) -> Path:
        return self._scores / f"seed{seed}-fold{fold}.json"

    def has_score(self, seed: int, fold: int, with_recordings: bool = False) -> bool:
        """Return whether a fold was scored with a seed before, also on recordings if asked for."""
        file = self._score_file(seed, fold)
        return file.exists() and not (with_recordings and "recordings" not in self.read_json(file))

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
        if score.recordings is not None:
            content["recordings"] = score.recordings.to_dict()
        digest = Digest.of(file.with_suffix(".csv").read_bytes())
        self.write_json(file, with_digests(content, {file.with_suffix(".csv").name: digest}))

    def read_scores(self) -> list[FoldScore]:
        """Read all scores that are there, in order of seed and fold.

        Raises
        ------
        HarError
            If a file is missing, damaged or another than was saved, or is of another seed, fold or
            people than its name and the manifest say.
        """
        self.warn_if_unbound()
        matches = (_SCORE_FILE.fullmatch(file.name) for file in self._scores.iterdir())
        jobs = sorted((int(match[1]), int(match[2])) for match in matches if match)
        held_out = self._folds().held_out_subjects
        return [self._read_score(seed, fold, held_out) for seed, fold in jobs]

    def _folds(self) -> FoldsDescription:
        folds = self.read_manifest().folds
        if folds is None:
            raise RunError(f"{self.manifest}: found no 'folds', expected a cross-validation")
        return folds

    def _read_score(
        self, seed: int, fold: int, held_out: Sequence[tuple[Subject, ...]]
    ) -> FoldScore:
        file = self._score_file(seed, fold)
        content = self._read_sealed(file)
        found = content.required("seed", INTEGER), content.required("fold", INTEGER)
        if found != (seed, fold) or fold >= len(held_out):
            raise RunError(
                f"{file}: found figures of seed {found[0]} and fold {found[1]}, expected those of "
                f"its name, and a fold of 0..{len(held_out) - 1}"
            )
        evaluation, rows = self._read_predictions(file, content, fold, held_out)
        training = content.content.get("training")
        if not isinstance(training, dict):
            raise RunError(f"{file}: found no training, expected how the network was trained")
        recordings = None
        if "recordings" in content.content:
            recordings = read_recordings(content.content["recordings"], file, "har cv --recordings")
        return FoldScore(seed, fold, rows, evaluation, training, recordings)

    def _read_predictions(
        self, file: Path, content: JsonObject, fold: int, held_out: Sequence[tuple[Subject, ...]]
    ) -> tuple[Evaluation, IntArray]:
        """Read the predictions that figures follow from, and their windows' numbers."""
        predictions = file.with_suffix(".csv")
        table_bytes = self.read_bytes(predictions)
        digest = (digests_in(content) or {}).get(predictions.name)
        if digest is not None:
            digest.check(table_bytes, predictions)
        known = [subject for people in held_out for subject in people]
        with parsing(predictions, "predictions, a row per window", RunError):
            table = read_prediction_table(table_bytes, known)
            rows = table["index"].to_numpy(dtype=np.int64)
        evaluation = Evaluation.from_frame(table, str(predictions))
        training = content.inner("training")
        temperature = training.optional("temperature", NUMBER) if training else None
        people, are_once = set(evaluation.per_subject), len(np.unique(rows)) == len(rows)
        if people != set(held_out[fold]) or not are_once or rows.min() < 0:
            raise RunError(
                f"{predictions}: found windows of the people {listed(people)}, expected each "
                f"window once, of {listed(held_out[fold])} as held out from fold {fold}"
            )
        check_figures(content, evaluation, predictions.name)
        return replace(evaluation, temperature=temperature), rows

    def _read_sealed(self, file: Path) -> JsonObject:
        """Read a JSON file that has a digest of itself, but in folders of earlier versions."""
        content = self.read_object(file)
        if not is_sealed(content) and self.is_bound:
            raise RunError(f"{file}: found no digest in it, expected the one that was saved")
        return content

    def write_summary(self) -> CrossValidationSummary:
        """Summarise all scores that are there, write the summary and return it."""
        summary = summarise_folds(self.read_scores(), len(self._folds().held_out_subjects))
        self.write_json(self.summary, sealed(summary.to_dict()))
        return summary

    def read_summary(self) -> CrossValidationSummary:
        """Read what `write_summary` wrote.

        Raises
        ------
        RunError
            If the file is missing or damaged.
        """
        content = self._read_sealed(self.summary).content
        with parsing(self.summary, "what har cv writes", RunError):
            return CrossValidationSummary.from_dict(content)


def _identity(manifest: Manifest) -> dict[str, object]:
    """Take from a manifest what must not change between sessions."""
    return {
        "data.fingerprint": manifest.data.fingerprint,
        "folds": manifest.folds and manifest.folds.kind,
        "all subjects": manifest.folds and manifest.folds.all_subjects,
    }
