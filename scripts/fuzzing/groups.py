"""What reads the inputs of each group, and how many of them it gets."""

from __future__ import annotations

import functools
import io
import json
import os
import sys
from collections.abc import Callable, Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, fields
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, get_type_hints

import numpy as np

import har.recipes
from fuzzing import samples
from fuzzing.inputs import Files, write_input
from fuzzing.verdicts import WrongAnswerError, complaint_about
from har.classifier import ActivityClassifier
from har.cli.parser import parse
from har.cli.verbs import stream
from har.config import Config, DataConfig, ModelConfig, TrainingConfig
from har.datasets import cache
from har.datasets.own.recordings_table import read_table
from har.datasets.own_recordings import read_own_recordings
from har.datasets.published.readers import READERS
from har.errors import DataError, HarError, UsageError
from har.export.onnx_classifier import OnnxClassifier
from har.model_selection.cross_validation_folder import CrossValidationFolder
from har.model_selection.ranges import load_search
from har.reading.recording_files import read_recording
from har.reading.window_files import read_windows
from har.recipes import load_config, settings_of
from har.report.pages.run_markdown import report_markdown
from har.report.pages.unfinished import write_unfinished_report
from har.runs.folder import RunFolder
from har.runs.results import Results
from har.signals.channels import UCI_CHANNELS
from har.signals.windows import Windows

# That of the package, in whose place streams put another.
_LOAD = ActivityClassifier.load


@dataclass(frozen=True)
class Group:
    """Inputs of one kind.

    Parameters
    ----------
    name : str
        Name on the command line.
    n_inputs : int
        Number of them among 100,000: the faster the reader, the more.
    samples : callable
        Function that makes whole inputs to begin with.
    read : callable
        Function that reads the input in a folder: it refuses with a `HarError`, or returns what is
        special about the input, if anything.
    changed : tuple of str
        Files that are changed; empty: any.
    """

    name: str
    n_inputs: int
    samples: Callable[[], Sequence[Files]]
    read: Callable[[Path], str | None]
    changed: tuple[str, ...] = ()


def _recording(folder: Path) -> str:
    files = sorted(folder.iterdir())
    path = files[0] if len(files) == 1 else folder
    recording = read_recording(path, needs_gyroscope=path.name != "acceleration.csv")
    if not np.isfinite(recording.samples).all():
        raise WrongAnswerError("found samples that are no finite numbers")
    _check_lines(recording.notes)
    return " ".join(sorted({note[:30] for note in recording.notes}))


def _check_lines(lines: Sequence[str]) -> None:
    complaints = (complaint_about(line, 1000) for line in lines)
    for complaint in filter(None, complaints):
        raise WrongAnswerError(f"note: {complaint}")


def _arrays(folder: Path) -> None:
    signals = read_windows(_only_file(folder), UCI_CHANNELS)
    if signals.dtype != np.float32 or not np.isfinite(signals).all():
        raise WrongAnswerError("found windows that are no finite float32")


def _only_file(folder: Path) -> Path:
    return next(iter(sorted(folder.iterdir())), folder / "missing")


def _stream(folder: Path) -> str:
    """Run ``har stream`` on lines from a file, with a network that was loaded before."""
    file, earlier = _only_file(folder), sys.stdin
    printed = io.StringIO()
    id_name = "id" if file.name.startswith("by-id") else None
    # Streams are about lines: reading the same network for each would take most of the time.
    ActivityClassifier.load = lambda *_arguments: _classifier()  # type: ignore[method-assign]
    try:
        with file.open() as sys.stdin, redirect_stdout(printed):
            stream.run(run=folder, id_name=id_name, upright="auto" if id_name else None)
    finally:
        sys.stdin = earlier
        ActivityClassifier.load = _LOAD  # type: ignore[method-assign]
    answers = [json.loads(line) for line in printed.getvalue().splitlines()]
    for answer in answers:
        if not np.isfinite(list(answer["probabilities"].values())).all():
            raise WrongAnswerError("found probabilities that are no finite numbers")
    return f"{min(len(answers), 5)} answers"


def _recipe(folder: Path) -> None:
    overrides = _lines(folder / "overrides.txt")
    config = load_config(folder / "recipe.yaml", *overrides)
    settings_of(config)


def _lines(file: Path) -> list[str]:
    # As a shell gives arguments: without NUL, and with whatever is no UTF-8 as surrogates.
    content = file.read_bytes().replace(b"\0", b"") if file.exists() else b""
    return [line.decode("utf-8", "surrogateescape") for line in content.split(b"\n") if line]


_SECTIONS = {"data": DataConfig, "model": ModelConfig, "training": TrainingConfig}


def _settings(folder: Path) -> None:
    """Check settings of the right types, as they are once a recipe was parsed."""
    try:
        given = json.loads((folder / "settings.json").read_bytes())
        sections = {name: _typed(kind, given[name]) for name, kind in _SECTIONS.items()}
        seed, device = int(given["seed"]), str(given["device"])
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError, OSError) as error:
        raise DataError("found other types, expected those of settings") from error
    config = Config(seed, device, **{name: _made(*each) for name, each in sections.items()})
    settings_of(config)


def _typed(kind: type, given: Any) -> tuple[type, dict[str, Any]]:
    """Return the values of a section; a `TypeError` if one has not the type of its field."""
    usual = {item.name: item.default for item in fields(kind)}
    values = {}
    for name, value in dict(given).items():
        hint = _hints(kind)[name]
        if isinstance(value, list) and all(isinstance(each, str) for each in value):
            value = tuple(value)
        if isinstance(value, int) and not isinstance(value, bool) and "float" in hint:
            value = float(value)
        if "Literal" in hint and isinstance(value, str):
            is_fitting = f"'{value}'" in hint
        elif value is None:
            is_fitting = "Optional" in hint or "None" in hint
        else:
            is_fitting = value == usual[name] or type(value).__name__ in hint
        if not is_fitting:
            raise TypeError(name)
        values[name] = value
    return kind, values


@functools.lru_cache
def _hints(kind: type) -> dict[str, str]:
    return {name: str(hint) for name, hint in get_type_hints(kind).items()}


def _made(kind: type, values: dict[str, Any]) -> Any:
    return kind(**values)


def _command(folder: Path) -> None:
    """Parse a command line; how a refusal ends is part of the answer."""
    said = io.StringIO()
    try:
        with redirect_stderr(said), redirect_stdout(io.StringIO()):
            parse(_lines(folder / "arguments.txt"))
    except SystemExit as end:
        if end.code not in (0, 2):
            raise WrongAnswerError(f"found exit status {end.code}, expected 0 or 2") from None
        last = said.getvalue().rstrip("\n").rpartition("\n")[2]
        if end.code and (complaint := complaint_about(last.removeprefix("har: "))):
            raise WrongAnswerError(f"standard error: {complaint}") from None
        raise UsageError(last) from None


def _search(folder: Path) -> None:
    load_search("quick", *_lines(folder / "overrides.txt"))


def _trained_run(folder: Path) -> None:
    classifier = _LOAD(folder)
    expected = classifier.window_format_
    if expected.n_timesteps * len(expected.channels) > 10_000:
        raise WrongAnswerError(f"found windows of {expected.n_timesteps} samples accepted")
    signals = np.zeros((2, expected.n_timesteps, len(expected.channels)), np.float32)
    if not np.isfinite(classifier.predict_proba(signals)).all():
        raise WrongAnswerError("found probabilities that are no finite numbers")


def _onnx(folder: Path) -> str:
    classifier = OnnxClassifier.load(_only_file(folder))
    expected = classifier.window_format_
    signals = np.zeros((2, expected.n_timesteps, len(expected.channels)), np.float32)
    if not np.isfinite(classifier.predict_proba(signals)).all():
        raise WrongAnswerError("found probabilities that are no finite numbers")
    return f"{expected.n_timesteps} samples"


def _run_files(folder: Path) -> None:
    """Read all small files of a run, each of which may be damaged while the others are not."""
    run = RunFolder.open(folder)
    first: HarError | None = None
    readers: tuple[Callable[[], object], ...] = (
        run.read_manifest,
        run.read_epochs,
        run.read_history,
        run.read_context,
        run.read_strangeness,
        run.read_spreads,
    )
    for read in readers:
        try:
            read()
        except HarError as error:
            first = first or error
    if first is not None:
        raise first


def _results(folder: Path) -> None:
    results = Results.read(RunFolder.open(folder))
    text = report_markdown(results)
    if not 0 <= results.evaluation.accuracy <= 1 or "\x1b" in text:
        raise WrongAnswerError("found a wrong accuracy or a control character in the report")


def _unfinished(folder: Path) -> None:
    write_unfinished_report(RunFolder.open(folder))


def _cross_validation(folder: Path) -> None:
    cv = CrossValidationFolder(folder)
    cv.read_manifest()
    cv.read_summary()
    cv.write_summary()


def _table(folder: Path) -> None:
    _check_lines(read_table(folder).notes)


def _own_set(folder: Path) -> None:
    _check_windows(read_own_recordings(folder, samples.OWN, needs_test=False).train)


def _published_set(folder: Path) -> None:
    kind = _only_file(folder)
    if kind.name not in READERS:
        raise DataError(f"{kind}: found no data set, expected one")
    config = DataConfig(set=kind.name)  # type: ignore[arg-type]
    data = READERS[kind.name].read(kind, config, False)
    if data is None:
        raise DataError(f"{kind}: found no data set, expected one")
    for windows in data.splits.values():
        _check_windows(windows)


def _cache(folder: Path) -> None:
    os.environ["HAR_CACHE"] = str(folder)
    data = cache.load_cached(samples.CACHE_KEY)
    if data is None:
        raise DataError(f"{folder}: found no cached windows, expected them")
    for windows in data.splits.values():
        _check_windows(windows)


def _check_windows(windows: Windows) -> None:
    if len(windows) and not np.isfinite(windows.signals).all():
        raise WrongAnswerError("found windows that are no finite numbers")


GROUPS = (
    Group("recordings", 1_700, samples.recordings, _recording),
    Group("packed", 600, samples.packed_recordings, _recording),
    Group("arrays", 29_000, samples.arrays, _arrays),
    Group("streams", 1_000, samples.streams, _stream),
    Group("recipes", 400, samples.recipes, _recipe),
    Group("settings", 30_000, samples.settings, _settings),
    Group("commands", 2_000, samples.commands, _command),
    Group("searches", 50, samples.searches, _search),
    Group("runs", 250, samples.trained_runs, _trained_run),
    Group("adapted", 150, samples.adapted_runs, _trained_run),
    Group("spreads", 5_000, samples.adapted_runs, _run_files, ("manifest.json", "spread.npz")),
    Group("onnx", 1_000, samples.onnx_models, _onnx),
    Group("run-files", 12_000, samples.trained_runs, _run_files),
    Group("results", 120, samples.scored_runs, _results),
    Group("unfinished", 80, samples.unfinished_runs, _unfinished),
    Group("folds", 80, samples.cross_validations, _cross_validation),
    Group("tables", 16_360, samples.own_recordings, _table, ("recordings.csv",)),
    Group("own", 60, samples.own_recordings, _own_set),
    Group("published", 300, samples.published_sets, _published_set),
    Group("caches", 5_000, samples.caches, _cache),
)
BY_NAME = {group.name: group for group in GROUPS}


@functools.lru_cache
def _classifier() -> ActivityClassifier:
    """Return a tiny network for streams."""
    (run,) = samples.trained_runs()
    with TemporaryDirectory() as folder:
        write_input(run, Path(folder))
        return _LOAD(folder)


def prepare() -> None:
    """Make what children share: a network for streams, and a parser of settings."""
    _classifier().predict_proba(np.zeros((1, 128, len(UCI_CHANNELS)), np.float32))
    har.recipes.config_parser()
