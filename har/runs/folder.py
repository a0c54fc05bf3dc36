"""A run folder: every path and file of one training run, and how each is written and read.

::

    config.yaml          every setting, as resolved
    manifest.json        versions, data, seed, threads, device, git state, times
    metrics.jsonl        a line per epoch
    model-symbol.json    the network, as Gluon exports it
    model-0000.params    its weights
    strangeness.npz      how unlike training a window is: see har.evaluation.strangeness
    context.json         how long activities last and what follows them, if recordings showed it
    evaluation.json      figures on the test windows
    predictions.csv      a row per test window
    checkpoints/         the state of the training, from which it can go on
    robustness.json      figures on disturbed test windows, if they were asked for
    recordings.json      figures on the test people's whole recordings, if they were asked for
    events/              the epochs for TensorBoard, if they were asked for
    explanation.json     what the network looks at, if that was asked for
    figures/             the report's figures, as SVG, most as PNG, too
    report.html          one page to look at
    report.md            its summary for pull requests
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from functools import partial
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
import pandas as pd

from har.arrays import FloatArray
from har.errors import RunError
from har.evaluation.strangeness import Strangeness
from har.files import append_line, write_frame, write_text, write_whole, writing_to
from har.runs.json_object import JsonObject
from har.runs.manifest import TrainedManifest
from har.runs.output_folder import OutputFolder, PathInside, read_text
from har.runs.prediction_table import read_prediction_table
from har.signals.subjects import Subject
from har.training.history import EpochRecord


@dataclass(frozen=True)
class RunFolder(OutputFolder):
    """The files of one run.

    Parameters
    ----------
    path : Path
        An existing folder; see `create` and `open`.
    """

    metrics = PathInside("metrics.jsonl")
    checkpoints = PathInside("checkpoints")
    # What the names of the two files of the exported model start with.
    model = PathInside("model")
    symbol = PathInside("model-symbol.json")
    weights = PathInside("model-0000.params")
    strangeness = PathInside("strangeness.npz")
    context = PathInside("context.json")
    evaluation = PathInside("evaluation.json")
    predictions = PathInside("predictions.csv")
    robustness = PathInside("robustness.json")
    recordings = PathInside("recordings.json")
    events = PathInside("events")
    explanation = PathInside("explanation.json")
    figures = PathInside("figures")
    report = PathInside("report.html")
    summary = PathInside("report.md")

    @classmethod
    def create(cls, path: Path, overwrite: bool = False) -> RunFolder:
        """Make a folder for a new run.

        Parameters
        ----------
        path : Path
            Made if it is not there, with the folders above it.
        overwrite : bool
            Remove an earlier run's files from the folder; other files stay.

        Returns
        -------
        RunFolder

        Raises
        ------
        RunError
            If the folder is not empty, or cannot be written.
        """
        run = cls.prepare(path, overwrite)
        with writing_to(path):
            run._remove_files()
            write_text(path / ".writable", "")
            (path / ".writable").unlink()
        return run

    @classmethod
    def prepare(cls, path: Path, overwrite: bool = False) -> RunFolder:
        """Make a folder, or take an earlier run's, before any data is read; see `create`."""
        run = cls(path)
        run._make("a new one; --overwrite replaces the run in it", may_be_filled=overwrite)
        return run

    def _remove_files(self) -> None:
        files = [self.config, self.manifest, self.metrics, self.symbol, self.weights]
        for file in [*files, self.strangeness, self.context]:
            file.unlink(missing_ok=True)
        for folder in (self.checkpoints, self.events):
            shutil.rmtree(folder, ignore_errors=True)
        self.remove_scores()

    def remove_scores(self) -> None:
        """Remove what followed from a model that is to be replaced."""
        files = [self.predictions, self.evaluation, self.robustness, self.recordings]
        for file in [*files, self.explanation, self.report, self.summary]:
            file.unlink(missing_ok=True)
        shutil.rmtree(self.figures, ignore_errors=True)

    @classmethod
    def open(cls, path: Path) -> RunFolder:
        """Open the folder of an earlier run.

        Raises
        ------
        RunError
            If it is not there, or is no run folder.
        """
        if not (path / "config.yaml").is_file():
            raise RunError(f"{path}: found no config.yaml in it, expected the folder of a run")
        return cls(path)

    @property
    def is_scored(self) -> bool:
        """Whether there are predictions of the test windows, from which all figures follow."""
        return self.predictions.exists()

    def read_trained_manifest(self) -> TrainedManifest:
        """Read the manifest of a run that has a model.

        Raises
        ------
        RunError
            If the manifest is missing or damaged, or describes no model.
        """
        manifest = self.read_manifest()
        if manifest.model is None or manifest.training is None:
            missing = "training" if manifest.model else "model"
            raise RunError(
                f"{self.manifest}: found no {missing!r}, expected what describes a trained model"
            )
        return TrainedManifest(**vars(manifest))

    def write_epochs(self, records: Iterable[Mapping[str, object]]) -> None:
        """Write the metrics, a line per epoch."""
        write_text(self.metrics, "".join(f"{json.dumps(record)}\n" for record in records))

    def append_epoch(self, record: Mapping[str, object]) -> None:
        """Add a line to the metrics."""
        append_line(self.metrics, json.dumps(record))

    def read_epochs(self) -> list[dict[str, Any]]:
        """Read the metrics, a dictionary per epoch.

        Raises
        ------
        RunError
            If the file is missing, or a line is no JSON object.
        """
        return self._parse_epochs(read_text(self.metrics))

    def read_epochs_so_far(self) -> list[dict[str, Any]]:
        """Read the metrics of a run that may be adding to them.

        Returns
        -------
        list of dict
            Empty if there are no metrics yet. A last line that has no end yet is left out.

        Raises
        ------
        RunError
            If another line is no JSON object.
        """
        text = read_text(self.metrics) if self.metrics.exists() else ""
        return self._parse_epochs(text[: text.rfind("\n") + 1])

    def read_history(self) -> list[EpochRecord]:
        """Read the epochs of a run as records.

        Raises
        ------
        RunError
            If the metrics are missing, or a line is no record.
        """
        return epoch_records(self.read_epochs(), str(self.metrics))

    def read_history_so_far(self) -> list[EpochRecord]:
        """Read the epochs of a run that may still be trained; see `read_epochs_so_far`."""
        return epoch_records(self.read_epochs_so_far(), str(self.metrics))

    def _parse_epochs(self, text: str) -> list[dict[str, Any]]:
        return [
            dict(JsonObject.parse(line, f"{self.metrics}, line {number}").content)
            for number, line in enumerate(text.splitlines(), start=1)
        ]

    def write_strangeness(self, strangeness: Strangeness | None) -> None:
        """Write the arrays of a strangeness; without one, an earlier one is removed."""
        if strangeness is None:
            self.strangeness.unlink(missing_ok=True)
            return
        write_whole(self.strangeness, partial(_write_arrays, strangeness.to_arrays()))

    def read_strangeness(self) -> Strangeness | None:
        """Read it back; None if there is none, as in runs of earlier versions.

        Raises
        ------
        RunError
            If the file is damaged.
        """
        if not self.strangeness.is_file():
            return None
        try:
            with np.load(self.strangeness, allow_pickle=False) as arrays:
                return Strangeness.from_arrays(arrays)
        except (OSError, EOFError, ValueError, TypeError, KeyError, BadZipFile) as error:
            raise RunError(
                f"{self.strangeness}: found damaged arrays, expected what a training wrote"
            ) from error

    def write_context(self, context: Mapping[str, object] | None) -> None:
        """Write the values of a context; without one, an earlier one is removed."""
        if context is None:
            self.context.unlink(missing_ok=True)
        else:
            self.write_json(self.context, context)

    def read_context(self) -> Mapping[str, object] | None:
        """Read them back; None if there are none.

        Raises
        ------
        RunError
            If the file is no JSON object.
        """
        return self.read_json(self.context) if self.context.is_file() else None

    def write_predictions(self, predictions: pd.DataFrame) -> None:
        """Write a row per test window."""
        write_frame(predictions, self.predictions)

    def read_predictions(self) -> pd.DataFrame:
        """Read the predictions back.

        Raises
        ------
        RunError
            If the file is missing, or is no table with the columns of predictions.
        """
        read_text(self.predictions)
        try:
            table = read_prediction_table(self.predictions, self._train_subjects())
        except ValueError as error:
            reason = " ".join(str(error).split())
            raise RunError(
                f"{self.predictions}: found {reason}, expected a row per test window"
            ) from error
        missing = {"index", "subject", "true", "predicted"} - set(table.columns)
        if missing:
            raise RunError(f"{self.predictions}: found no column {min(missing)}, expected it")
        return table

    def _train_subjects(self) -> tuple[Subject, ...]:
        """Return the people who were learned from, as far as the manifest has them."""
        training = self.read_manifest().training if self.manifest.exists() else None
        return training.train_subjects if training else ()


def epoch_records(rows: list[dict[str, Any]], place: str) -> list[EpochRecord]:
    """Return rows of a file as records; other keys are a `RunError` that names the place."""
    try:
        return [EpochRecord(**row) for row in rows]
    except TypeError as error:
        expected = ", ".join(field.name for field in fields(EpochRecord))
        raise RunError(f"{place}: found a line with other keys, expected {expected}") from error


def _write_arrays(arrays: dict[str, FloatArray], file: Path) -> None:
    with file.open("wb") as stream:
        np.savez(stream, **arrays)  # type: ignore[arg-type]
