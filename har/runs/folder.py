"""A run folder: every path and file of one training run, and how each is written and read.

::

    config.yaml          every setting, as resolved
    manifest.json        versions, data, seed, threads, device, git state, times
    metrics.jsonl        a line per epoch
    model-symbol.json    the network, as Gluon exports it
    model-0000.params    its weights
    strangeness.npz      how unlike training a window is: see har.evaluation.strangeness
    spread.npz           how summaries vary within an activity: see har.evaluation.spread
    context.json         how long activities last and what follows them, if recordings showed it
    evaluation.json      figures on the test windows
    predictions.csv      a row per test window
    robustness.json      figures on disturbed test windows, if they were asked for
    recordings.json      figures on the test people's whole recordings, if they were asked for
    explanation.json     what the network looks at, if that was asked for
    checkpoints/         the state of the training, from which it can go on
    events/              the epochs for TensorBoard, if they were asked for
    figures/             the report's figures, as SVG, most as PNG, too
    report.html          one page to look at
    report.md            its summary for pull requests

All down to explanation.json are bound together by their digests in the manifest; metrics once the
model is saved. What is written by `RunFolder` is entered there, and what it reads is compared.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, ClassVar

import pandas as pd

from har.errors import RunError, parsing
from har.evaluation.spread import Spread, spreads_from_arrays, spreads_to_arrays
from har.evaluation.strangeness import Strangeness
from har.files import append_line, write_frame, write_text, writing_to
from har.runs.arrays_file import Array, parse_arrays, write_arrays
from har.runs.json_object import FLAG, INTEGER, NUMBER, JsonObject, Kind
from har.runs.manifest import TrainedManifest
from har.runs.output_folder import OutputFolder, PathInside
from har.runs.params_file import parse_params
from har.runs.prediction_table import read_prediction_table
from har.signals.subjects import Subject
from har.training.history import EpochRecord

# Values of an epoch, as in `EpochRecord`.
_EPOCH_KINDS: dict[str, Kind[Any]] = {
    **dict.fromkeys(("epoch", "member"), INTEGER),
    **dict.fromkeys(("learning_rate", "train_loss", "train_accuracy", "windows_per_s"), NUMBER),
    "is_best": FLAG,
}
_MAY_BE_NULL: dict[str, Kind[Any]] = {
    **dict.fromkeys(("validation_loss", "validation_accuracy"), NUMBER),
    "n_threads": INTEGER,
}


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
    spread = PathInside("spread.npz")
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
    bound: ClassVar[tuple[str, ...]] = (
        "config.yaml",
        "metrics.jsonl",
        "model-symbol.json",
        "model-0000.params",
        "strangeness.npz",
        "spread.npz",
        "context.json",
        "evaluation.json",
        "predictions.csv",
        "robustness.json",
        "recordings.json",
        "explanation.json",
    )
    changing: ClassVar[tuple[str, ...]] = ("config.yaml", "metrics.jsonl")

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
        for name in (*self.bound, self.manifest.name):
            (self.path / name).unlink(missing_ok=True)
        for folder in (self.checkpoints, self.events):
            shutil.rmtree(folder, ignore_errors=True)
        self.remove_scores()

    def remove_scores(self) -> None:
        """Remove what followed from a model that is to be replaced."""
        files = [self.predictions, self.evaluation, self.robustness, self.recordings]
        files.append(self.explanation)
        for file in [*files, self.report, self.summary]:
            file.unlink(missing_ok=True)
        shutil.rmtree(self.figures, ignore_errors=True)
        if self.manifest.exists():
            self._bind(*files)

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

    def bind_model(self) -> None:
        """Enter the two files of the exported model in the manifest, once they are written."""
        self._bind(self.symbol, self.weights)

    def read_weights(self) -> dict[str, Array]:
        """Read the weights of the model.

        Returns
        -------
        dict of str to ndarray
            Arrays keyed by parameter name with Gluon's prefix ``arg:`` or ``aux:``.

        Raises
        ------
        RunError
            If a file of the exported model is missing, damaged or another than was saved.
        """
        if not self._is_without(self.symbol):
            self.read_bytes(self.symbol)
        return parse_params(self.read_bytes(self.weights), str(self.weights))

    def write_epochs(self, records: Iterable[Mapping[str, object]]) -> None:
        """Write the metrics of a finished training, a line per epoch."""
        write_text(self.metrics, "".join(f"{json.dumps(record)}\n" for record in records))
        self._bind(self.metrics)

    def append_epoch(self, record: Mapping[str, object]) -> None:
        """Add a line to the metrics, which are bound no more until `write_epochs`."""
        self._unbind(self.metrics)
        append_line(self.metrics, json.dumps(record))

    def read_epochs(self) -> list[dict[str, Any]]:
        """Read the metrics, a dictionary per epoch.

        Raises
        ------
        RunError
            If the file is missing or another than was saved, or a line is no JSON object.
        """
        return self._parse_epochs(self.read_text(self.metrics))

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
        text = self.read_text(self.metrics) if self.metrics.exists() else ""
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
            epoch_values(JsonObject.parse(line, f"{self.metrics}, line {number}"))
            for number, line in enumerate(text.splitlines(), start=1)
        ]

    def write_strangeness(self, strangeness: Strangeness | None) -> None:
        """Write the arrays of a strangeness; without one, an earlier one is removed."""
        if strangeness is None:
            self.strangeness.unlink(missing_ok=True)
        else:
            write_arrays(self.strangeness, strangeness.to_arrays())
        self._bind(self.strangeness)

    def read_strangeness(self) -> Strangeness | None:
        """Read it back; None if there is none, as in runs of earlier versions.

        Raises
        ------
        RunError
            If the file is damaged or another than was saved.
        """
        if self._is_without(self.strangeness):
            return None
        arrays = parse_arrays(self.read_bytes(self.strangeness), str(self.strangeness))
        with parsing(self.strangeness, "the arrays that a training wrote", RunError):
            return Strangeness.from_arrays(arrays)

    def write_spreads(self, spreads: Sequence[Spread] | None) -> None:
        """Write the spreads of an ensemble's networks; without any, earlier ones are removed."""
        if spreads:
            write_arrays(self.spread, spreads_to_arrays(spreads))
        else:
            self.spread.unlink(missing_ok=True)
        self._bind(self.spread)

    def read_spreads(self) -> tuple[Spread, ...] | None:
        """Read them back; None if there are none.

        Raises
        ------
        RunError
            If the file is damaged or another than was saved.
        """
        if self._is_without(self.spread):
            return None
        arrays = parse_arrays(self.read_bytes(self.spread), str(self.spread))
        with parsing(self.spread, "the arrays that a training wrote", RunError):
            return spreads_from_arrays(arrays)

    def write_context(self, context: Mapping[str, object] | None) -> None:
        """Write the values of a context; without one, an earlier one is removed."""
        if context is not None:
            self.write_json(self.context, context)
            return
        self.context.unlink(missing_ok=True)
        self._bind(self.context)

    def read_context(self) -> Mapping[str, object] | None:
        """Read them back; None if there are none.

        Raises
        ------
        RunError
            If the file is no JSON object, or another than was saved.
        """
        return None if self._is_without(self.context) else self.read_json(self.context)

    def write_predictions(self, predictions: pd.DataFrame) -> None:
        """Write a row per test window."""
        write_frame(predictions, self.predictions)
        self._bind(self.predictions)

    def read_predictions(self) -> pd.DataFrame:
        """Read the predictions back.

        Raises
        ------
        RunError
            If the file is missing, is another than was saved, or is no table with the columns of
            predictions.
        """
        content = self.read_bytes(self.predictions)
        with parsing(self.predictions, "a row per test window", RunError):
            table = read_prediction_table(content, self._train_subjects())
        missing = {"index", "subject", "true", "predicted"} - set(table.columns)
        if missing:
            raise RunError(f"{self.predictions}: found no column {min(missing)}, expected it")
        return table

    def _train_subjects(self) -> tuple[Subject, ...]:
        """Return the people who were learned from, as far as the manifest has them."""
        training = self.read_manifest().training if self.manifest.exists() else None
        return training.train_subjects if training else ()


def epoch_values(record: JsonObject) -> dict[str, Any]:
    """Return the values of an epoch, of which those that are there are of their kinds."""
    for key in record.content.keys() & _EPOCH_KINDS.keys():
        record.required(key, _EPOCH_KINDS[key])
    for key, kind in _MAY_BE_NULL.items():
        record.optional(key, kind)
    return dict(record.content)


def epoch_records(rows: list[dict[str, Any]], place: str) -> list[EpochRecord]:
    """Return rows of a file as records; other keys are a `RunError` that names the place."""
    try:
        return [EpochRecord(**row) for row in rows]
    except TypeError as error:
        expected = ", ".join(field.name for field in fields(EpochRecord))
        raise RunError(f"{place}: found a line with other keys, expected {expected}") from error
