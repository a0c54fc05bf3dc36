"""A run folder: every path and file of one training run, and how each is written and read.

::

    config.yaml          every setting, as resolved
    manifest.json        versions, data, seed, threads, device, git state, times
    metrics.jsonl        a line per epoch
    model-symbol.json    the network, as Gluon exports it
    model-0000.params    its weights
    evaluation.json      figures on the test windows
    predictions.csv      a row per test window
    robustness.json      figures on disturbed test windows, if they were asked for
    events/              the epochs for TensorBoard, if they were asked for
    explanation.json     what the network looks at, if that was asked for
    figures/             the report's figures, as PNG and SVG
    report.html          one page to look at
    report.md            its summary for pull requests
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import pandas as pd

from har.config import Config
from har.errors import RunError
from har.files import write_frame, write_text, writing_to
from har.recipes import load_config, save_config
from har.training.history import EpochRecord

# What the manifest tells of a trained model, and as which types it is needed.
_DESCRIPTION: dict[str, dict[str, type]] = {
    "model": {"channels": tuple, "activities": tuple, "rate_hz": float, "n_timesteps": int},
    "training": {"n_train_windows": int, "train_subjects": tuple, "validation_subjects": tuple},
}


@dataclass(frozen=True)
class RunFolder:
    """The files of one run.

    Parameters
    ----------
    path : Path
        An existing folder; see `create` and `open`.
    """

    path: Path

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
        with writing_to(path):
            path.mkdir(parents=True, exist_ok=True)
            if any(path.iterdir()) and not overwrite:
                raise RunError(
                    f"{path}: found a folder that is not empty, expected a new one; "
                    "--overwrite replaces the run in it"
                )
            run = cls(path)
            run._remove_files()
            write_text(path / ".writable", "")
            (path / ".writable").unlink()
        return run

    def _remove_files(self) -> None:
        files = [self.config, self.manifest, self.metrics, self.symbol, self.weights]
        files += [self.evaluation, self.predictions, self.robustness, self.explanation]
        for file in [*files, self.report, self.summary]:
            file.unlink(missing_ok=True)
        for folder in (self.events, self.figures):
            shutil.rmtree(folder, ignore_errors=True)

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
    def config(self) -> Path:
        """Every setting, as resolved."""
        return self.path / "config.yaml"

    @property
    def manifest(self) -> Path:
        """Versions, data, seed, threads, device, git state, times."""
        return self.path / "manifest.json"

    @property
    def metrics(self) -> Path:
        """A line of JSON per epoch."""
        return self.path / "metrics.jsonl"

    @property
    def model(self) -> Path:
        """What the names of the two files of the exported model start with."""
        return self.path / "model"

    @property
    def symbol(self) -> Path:
        """The network, as Gluon exports it."""
        return self.path / "model-symbol.json"

    @property
    def weights(self) -> Path:
        """The weights, as Gluon exports them."""
        return self.path / "model-0000.params"

    @property
    def evaluation(self) -> Path:
        """Figures on the test windows."""
        return self.path / "evaluation.json"

    @property
    def predictions(self) -> Path:
        """A row per test window."""
        return self.path / "predictions.csv"

    @property
    def robustness(self) -> Path:
        """Figures on disturbed test windows, if they were asked for."""
        return self.path / "robustness.json"

    @property
    def events(self) -> Path:
        """The epochs for TensorBoard, if they were asked for."""
        return self.path / "events"

    @property
    def explanation(self) -> Path:
        """What the network looks at, if that was asked for."""
        return self.path / "explanation.json"

    @property
    def figures(self) -> Path:
        """The report's figures as PNG and SVG."""
        return self.path / "figures"

    @property
    def report(self) -> Path:
        """One page to look at."""
        return self.path / "report.html"

    @property
    def summary(self) -> Path:
        """The report's summary for pull requests, as Markdown."""
        return self.path / "report.md"

    def write_config(self, config: Config) -> None:
        """Keep every setting."""
        save_config(config, self.config)

    def read_config(self) -> Config:
        """Read every setting back; a damaged file is a `ConfigError`."""
        return load_config(self.config)

    def write_json(self, file: Path, content: Mapping[str, Any]) -> None:
        """Write one of the run's JSON files."""
        write_text(file, json.dumps(content, indent=2) + "\n")

    def read_json(self, file: Path) -> dict[str, Any]:
        """Read one of the run's JSON files.

        Raises
        ------
        RunError
            If it is missing or is no JSON object.
        """
        text = _read(file)
        return _parse_object(text, str(file))

    def update_manifest(self, **sections: Any) -> None:
        """Add sections to the manifest, or replace them."""
        earlier = self.read_json(self.manifest) if self.manifest.exists() else {}
        self.write_json(self.manifest, {**earlier, **sections})

    def read_description(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """Read from the manifest what describes a trained model.

        Returns
        -------
        model : dict
            channels, activities, rate_hz and n_timesteps.
        training : dict
            n_train_windows, train_subjects and validation_subjects.

        Raises
        ------
        RunError
            If the manifest is missing or damaged, or tells of no model.
        """
        manifest = self.read_json(self.manifest)
        try:
            model, training = (
                {key: kind(manifest[section][key]) for key, kind in kinds.items()}
                for section, kinds in _DESCRIPTION.items()
            )
        except KeyError as error:
            raise RunError(
                f"{self.manifest}: found no {error}, expected what describes a trained model"
            ) from error
        except (TypeError, ValueError) as error:
            raise RunError(
                f"{self.manifest}: found a wrong type ({error}), "
                "expected what describes a trained model"
            ) from error
        return model, training

    def write_epochs(self, records: Iterable[Mapping[str, Any]]) -> None:
        """Write the metrics, a line per epoch."""
        write_text(self.metrics, "".join(f"{json.dumps(record)}\n" for record in records))

    def append_epoch(self, record: Mapping[str, Any]) -> None:
        """Add a line to the metrics."""
        with self.metrics.open("a", encoding="utf-8") as stream:
            stream.write(json.dumps(record) + "\n")

    def read_epochs(self) -> list[dict[str, Any]]:
        """Read the metrics, a dictionary per epoch.

        Raises
        ------
        RunError
            If the file is missing, or a line is no JSON object.
        """
        return self._parse_epochs(_read(self.metrics))

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
        text = _read(self.metrics) if self.metrics.exists() else ""
        return self._parse_epochs(text[: text.rfind("\n") + 1])

    def read_history(self) -> list[EpochRecord]:
        """Read the epochs of a run as records.

        Raises
        ------
        RunError
            If the metrics are missing, or a line is no record.
        """
        return self._records(self.read_epochs())

    def read_history_so_far(self) -> list[EpochRecord]:
        """Read the epochs of a run that may still be trained; see `read_epochs_so_far`."""
        return self._records(self.read_epochs_so_far())

    def _records(self, rows: list[dict[str, Any]]) -> list[EpochRecord]:
        try:
            return [EpochRecord(**row) for row in rows]
        except TypeError as error:
            expected = ", ".join(field.name for field in fields(EpochRecord))
            raise RunError(
                f"{self.metrics}: found a line with other keys, expected {expected}"
            ) from error

    def _parse_epochs(self, text: str) -> list[dict[str, Any]]:
        return [
            _parse_object(line, f"{self.metrics}, line {number}")
            for number, line in enumerate(text.splitlines(), start=1)
        ]

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
        _read(self.predictions)
        try:
            table = pd.read_csv(self.predictions)
        except ValueError as error:
            reason = " ".join(str(error).split())
            raise RunError(
                f"{self.predictions}: found {reason}, expected a row per test window"
            ) from error
        missing = {"index", "subject", "true", "predicted"} - set(table.columns)
        if missing:
            raise RunError(f"{self.predictions}: found no column {min(missing)}, expected it")
        return table


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "no text"
        raise RunError(f"{file}: found {reason}, expected a file of a finished run") from error


def _parse_object(text: str, place: str) -> dict[str, Any]:
    try:
        content = json.loads(text)
    except json.JSONDecodeError as error:
        raise RunError(f"{place}: found broken JSON ({error}), expected an object") from error
    if not isinstance(content, dict):
        raise RunError(f"{place}: found {type(content).__name__}, expected a JSON object")
    return content
