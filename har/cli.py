"""The command line: one thin function per verb.

Rooms are imported by the verbs that need them, so that ``har --help`` answers at once.
"""

from __future__ import annotations

import json
import os
import sys
import time
from argparse import Namespace
from collections.abc import Iterable, Sequence
from dataclasses import asdict, replace
from datetime import datetime
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from har.arguments import TAKE_SETTINGS, build_parser
from har.errors import HarError, UsageError

if TYPE_CHECKING:
    from optuna import Study
    from pandas import DataFrame

    from har.classifier import ActivityClassifier
    from har.config import Config, DataConfig
    from har.crossval_folder import CrossValidationFolder
    from har.datasets.dataset import DataSet
    from har.folds import Fold
    from har.live import LivePrediction
    from har.runs import RunFolder
    from har.tuning import Task
    from har.tuning_folder import TuningFolder
    from har.windows import Windows

INTERRUPTED = 130  # as shells have it: 128 and the number of SIGINT


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command line.

    Parameters
    ----------
    arguments : sequence of str, optional
        Without the program's name; those of the process if not given.

    Returns
    -------
    int
        Exit status: 0, 1 for what a user can mend, 2 for a wrong command line, 130 for Ctrl-C.
    """
    parser = build_parser()
    options, settings = parser.parse_known_args(arguments)
    if settings and options.verb not in TAKE_SETTINGS:
        parser.error(f"unrecognized arguments: {' '.join(settings)}")
    options.settings = settings
    options.command = ["har", *(sys.argv[1:] if arguments is None else arguments)]
    try:
        _VERBS[options.verb](options)
    except HarError as error:
        _say(f"har: {error}")
        return error.exit_status
    except KeyboardInterrupt as interrupt:
        _say(f"har: interrupted{interrupt}")
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever reads our output, such as head, has seen enough.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def fetch(options: Namespace) -> None:
    """Download a published data set, unless it is there already.

    Parameters
    ----------
    options : Namespace
        With ``set``, its name in settings, and ``to``, the folder.
    """
    from har.config import DataConfig
    from har.datasets.fetch import ARCHIVES
    from har.datasets.sources import fetch_data

    data, archive = fetch_data(DataConfig(set=options.set), options.to, _say), ARCHIVES[options.set]
    n_train, n_test = len(data.train), len(data.test)
    print(f"{data.name}, {data.source}: {n_train} training and {n_test} test windows")
    print(f"Use must cite {archive.citation}; no commercial use. Terms: {archive.page}")


def inspect(options: Namespace) -> None:
    """Show what a data set holds: counts, ranges, units and problems.

    Parameters
    ----------
    options : Namespace
        With ``path``, a folder or a zip, and ``data_set``, what it is.
    """
    from har.config import DataConfig
    from har.datasets.fetch import ARCHIVES
    from har.datasets.sources import read_data
    from har.datasets.summary import summarise
    from har.errors import DataError

    data = read_data(options.path, DataConfig(set=options.data_set), _say)
    if data is None:
        archive = ARCHIVES[options.data_set]
        raise DataError(f"{options.path}: found no {archive.name} in it, expected {archive.form}")
    print(summarise(data, options.data_set))


def train(options: Namespace) -> None:
    """Train a network, score it on the test subjects and write a report.

    Parameters
    ----------
    options : Namespace
        With ``config``, ``settings``, ``out``, ``overwrite`` and ``threads``.
    """
    from har.recipes import load_config

    config = load_config(options.config, *options.settings)
    if options.threads:
        os.environ["OMP_NUM_THREADS"] = str(options.threads)
    from har.classifier import ActivityClassifier
    from har.datasets.sources import open_data
    from har.provenance import describe_start, now
    from har.runs import RunFolder

    classifier = ActivityClassifier(config)
    data = open_data(config.data, _say)
    recipe = Path(options.config).stem
    out = options.out or Path("runs") / f"{recipe}-{datetime.now():%Y%m%d-%H%M%S}"
    run = RunFolder.create(out, options.overwrite)
    run.write_config(config)
    run.update_manifest(**describe_start(options.command, recipe, data))
    started_s = time.monotonic()
    _fit(classifier, data.train, run)
    classifier.save(run.path)
    run.update_manifest(
        status="finished", finished=now(), duration_s=round(time.monotonic() - started_s, 1)
    )
    _score(classifier, data, run)


def _fit(classifier: ActivityClassifier, windows: Windows, run: RunFolder) -> None:
    """Train, showing and keeping each epoch."""
    from har.progress import shown
    from har.provenance import now

    n_done = 0
    records = classifier.fit_epochs(windows)
    try:
        for record in shown(records, classifier.config.training.n_epochs, _say):
            run.append_epoch(asdict(record))
            n_done = record.epoch
    except KeyboardInterrupt:
        run.update_manifest(status="interrupted", finished=now())
        raise KeyboardInterrupt(
            f" after epoch {n_done}; {run.path} keeps the figures so far, and no model"
        ) from None


def cross_validate(options: Namespace) -> None:
    """Train and score a network for each fold of the training subjects and each seed.

    Parameters
    ----------
    options : Namespace
        With ``config``, ``settings``, ``folds``, ``seeds``, ``only_folds``, ``jobs``, ``threads``
        and ``out``.
    """
    from har.crossval_folder import CrossValidationFolder
    from har.datasets.sources import open_training
    from har.folds import choose_folds, folds_of
    from har.provenance import describe_training_start
    from har.recipes import load_config

    config = load_config(options.config, *options.settings)
    data = open_training(config.data, _say)
    folds = folds_of(data.windows, options.folds)
    chosen = choose_folds(folds, options.only_folds)
    recipe = Path(options.config).stem
    start = describe_training_start(options.command, recipe, data)
    folder = CrossValidationFolder.start(
        options.out or Path("runs") / f"cv-{recipe}-{datetime.now():%Y%m%d-%H%M%S}",
        config,
        {**start, "folds": [list(fold.held_out_subjects) for fold in folds]},
    )
    seeds = range(config.seed, config.seed + options.seeds)
    jobs = [(seed, fold) for seed in seeds for fold in chosen]
    _run_jobs(options, config, data.windows, jobs, folder)
    _sum_up(folder)


def _run_jobs(
    options: Namespace,
    config: Config,
    windows: Windows,
    jobs: list[tuple[int, Fold]],
    folder: CrossValidationFolder,
) -> None:
    """Run the jobs that have no score yet, and keep each score at once."""
    from har.crossval import cross_validate, n_processes
    from har.progress import show_scores
    from har.provenance import now

    missing = [(seed, fold) for seed, fold in jobs if not folder.has_score(seed, fold.number)]
    if len(missing) < len(jobs):
        _say(f"{folder.path}: {len(jobs) - len(missing)} of {len(jobs)} folds are there already")
    n_jobs = n_processes(len(missing), options.jobs, options.threads)
    scores = cross_validate(config, windows, missing, n_jobs, options.threads)
    n_done = 0
    try:
        for score in show_scores(scores, len(missing), _say):
            folder.write_score(score)
            n_done += 1
        folder.tell("finished", now())
    except KeyboardInterrupt:
        folder.tell("interrupted", now())
        raise KeyboardInterrupt(
            f" after {n_done} of {len(missing)} folds; the same command with "
            f"--out {folder.path} goes on from there"
        ) from None


def _sum_up(folder: CrossValidationFolder) -> None:
    """Write the figures of all folds that are there, and say them."""
    from har.progress import summary_in_words

    summary = folder.write_summary()
    print(summary_in_words(summary))
    print(f"figures: {folder.summary}")


def tune(options: Namespace) -> None:
    """Search for better settings of a recipe by cross-validation.

    Parameters
    ----------
    options : Namespace
        With ``config``, ``settings``, ``trials``, ``out``, ``storage`` and ``threads``.
    """
    if find_spec("optuna") is None:
        raise UsageError("har tune: found no optuna, expected it: pip install 'har[tune]'")
    from har.datasets.sources import open_training
    from har.folds import folds_of
    from har.provenance import describe_training_start
    from har.ranges import load_search
    from har.tuning import Task, hardest_first, open_study, without_password
    from har.tuning_folder import TuningFolder

    search = load_search(options.config, *options.settings)
    data = open_training(search.base.data, _say)
    task = Task(search, data.windows, hardest_first(folds_of(data.windows, 5)), options.threads)
    recipe = Path(options.config).stem
    folder = TuningFolder.prepare(options.out or Path("runs") / f"tune-{recipe}")
    storage = options.storage or f"sqlite:///{folder.study.resolve()}"
    study = open_study(storage, folder.path.resolve().name, task, data.fingerprint)
    command = [part.replace(storage, without_password(storage)) for part in options.command]
    folder.write_start(search, describe_training_start(command, recipe, data))
    _run_trials(options.trials, study, task, folder)


def _run_trials(n_trials: int, study: Study, task: Task, folder: TuningFolder) -> None:
    """Run the trials that are missing, and keep the table of all after each."""
    from har.progress import trial_in_words
    from har.provenance import now
    from har.tuning import n_over, run_trials
    from har.tuning_folder import best_of

    try:
        for trial in run_trials(study, task, n_trials, _say):
            trials = study.get_trials()
            folder.write_trials(task.search, trials)
            _say(trial_in_words(trial, n_over(trials), n_trials))
    except KeyboardInterrupt:
        folder.tell("interrupted", now())
        raise KeyboardInterrupt(
            f" after {n_over(study.get_trials())} of {n_trials} trials; the same command with "
            f"--out {folder.path} goes on from there"
        ) from None
    folder.write_trials(task.search, study.get_trials())
    folder.tell("finished", now())
    best = best_of(study.get_trials())
    if best is None:
        print(f"no trial was scored on all folds; why: {folder.trials}")
    else:
        print(f"best: trial {best.number}, accuracy {best.value:.2%}; recipe: {folder.best}")


def evaluate(options: Namespace) -> None:
    """Score a trained run on the test subjects again.

    Parameters
    ----------
    options : Namespace
        With ``run``, ``data_root`` and ``device``.
    """
    from har.classifier import ActivityClassifier
    from har.datasets.sources import open_data
    from har.runs import RunFolder

    classifier = ActivityClassifier.load(options.run, options.device)
    data = open_data(_at_root(classifier.config.data, options.data_root), _say)
    _score(classifier, data, RunFolder.open(options.run))


def _at_root(config: DataConfig, root: str | None) -> DataConfig:
    """Look for a run's data elsewhere, if a person says so."""
    return replace(config, root=root or config.root)


def _score(classifier: ActivityClassifier, data: DataSet, run: RunFolder) -> None:
    """Evaluate on the test windows, keep all figures, write the report and say where it is."""
    from har.progress import evaluation_in_words
    from har.report import write_report

    evaluation = classifier.evaluate(data.test)
    run.write_json(run.evaluation, evaluation.to_dict())
    run.write_predictions(evaluation.to_frame())
    print(evaluation_in_words(evaluation))
    print(f"report: {write_report(run, data.test)}")


def predict(options: Namespace) -> None:
    """Tell the activities of a recording, or of windows, with a trained run.

    Parameters
    ----------
    options : Namespace
        With ``run``, ``file``, ``out``, ``device``, and what is only for recordings.
    """
    if options.file.suffix.lower() in {".npy", ".npz"}:
        _predict_windows(options)
    else:
        _predict_recording(options)


def _predict_windows(options: Namespace) -> None:
    from har.classifier import ActivityClassifier
    from har.datasets.arrays import read_windows
    from har.evaluation import predictions_table

    for name in ("plot", "truth", "columns", "rate_hz", "time_unit", "acc_unit", "gyro_unit"):
        if getattr(options, name):
            option = name.replace("_", "-")
            raise UsageError(f"{options.file}: found windows and --{option}, expected a recording")
    classifier = ActivityClassifier.load(options.run, options.device)
    signals = read_windows(options.file, classifier.channels_)
    table = predictions_table(classifier.predict_proba(signals), classifier.activities_)
    _write_table(table, options.out)
    shares = table["predicted"].value_counts(normalize=True)
    _say(
        f"{len(table)} windows: "
        + ", ".join(f"{activity} {share:.1%}" for activity, share in shares.items())
    )


def _read_truth(options: Namespace) -> DataFrame:
    import pandas as pd

    from har.datasets.recordings_table import read_segments

    segments = read_segments(options.truth, options.file)
    return pd.DataFrame(map(vars, segments))[["start_s", "end_s", "activity"]]


def _predict_recording(options: Namespace) -> None:
    from har.classifier import ActivityClassifier
    from har.reading.recording import read_recording
    from har.timeline_report import TimelineReport

    classifier = ActivityClassifier.load(options.run, options.device)
    recording = read_recording(
        options.file,
        columns=options.columns,
        rate_hz=options.rate_hz,
        time_unit=options.time_unit,
        acc_unit=options.acc_unit,
        gyro_unit=options.gyro_unit,
        needs_gyroscope=any("gyro" in channel for channel in classifier.channels_),
    )
    for note in recording.notes:
        _say(f"note: {note}")
    truth = _read_truth(options) if options.truth else None
    timeline = classifier.predict_recording(recording)
    report = TimelineReport(recording, timeline, classifier.activities_, str(options.run), truth)
    if options.out is None:
        print(timeline.to_csv(index=False, float_format="%.8g"), end="")
    written = report.write_tables(options.out) if options.out else []
    if options.plot:
        written += report.write_pictures(options.out or Path(f"{options.file.stem}-timeline.csv"))
    _say(report.in_words())
    if written:
        _say(f"wrote {', '.join(map(str, written))}")


def _write_table(table: DataFrame, out: Path | None) -> None:
    from har.errors import RunError
    from har.frames import write_frame

    if out is None:
        print(table.to_csv(index=False, float_format="%.8g"), end="")
        return
    try:
        write_frame(table, out)
    except OSError as error:
        raise RunError(f"{out}: found {error.strerror}, expected a file to write to") from error


def stream(options: Namespace) -> None:
    """Tell the activity of each window of a live stream of samples, as soon as it is over.

    Parameters
    ----------
    options : Namespace
        With ``run``, ``acc_unit``, ``gyro_unit`` and ``device``. Samples come from standard input.
    """
    # One window is too little work for two threads to share.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    from har.classifier import ActivityClassifier
    from har.live import LiveTimeline

    classifier = ActivityClassifier.load(options.run, options.device)
    live = LiveTimeline(classifier, options.acc_unit, options.gyro_unit)
    _say("har: ready for samples, a line each")
    try:
        for line in sys.stdin.buffer:
            _tell(live.push(line.decode(errors="replace")))
            if doubt := live.lines.doubt():
                _say(f"har: {doubt}")
        _tell(live.finish())
    finally:
        _say(live.lines.in_words())


def _tell(predictions: Iterable[LivePrediction]) -> None:
    for prediction in predictions:
        print(json.dumps(asdict(prediction)), flush=True)


def report(options: Namespace) -> None:
    """Write a run's report again, from what is in its folder.

    Parameters
    ----------
    options : Namespace
        With ``run`` and ``data_root``.
    """
    from har.datasets.sources import find_data
    from har.report import write_report
    from har.runs import RunFolder

    run = RunFolder.open(options.run)
    data = find_data(_at_root(run.read_config().data, options.data_root), _say)
    if data is None:
        _say("har: its data is not at hand, so mistakes are listed without their signals")
    print(f"report: {write_report(run, data.test if data else None)}")


_VERBS = {
    "fetch": fetch,
    "inspect": inspect,
    "train": train,
    "cv": cross_validate,
    "tune": tune,
    "evaluate": evaluate,
    "predict": predict,
    "stream": stream,
    "report": report,
}
