"""The command line: one thin function per verb.

Rooms are imported by the verbs that need them, so that ``har --help`` answers at once.
"""

from __future__ import annotations

import os
import sys
import time
from argparse import Namespace
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from datetime import datetime
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from har.cli.parser import TAKE_SETTINGS, build_parser
from har.errors import HarError, UsageError, install_command

if TYPE_CHECKING:
    from har.classifier import ActivityClassifier
    from har.config import DataConfig
    from har.datasets.dataset import DataSet
    from har.evaluation.metrics import Evaluation
    from har.runs.folder import RunFolder

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
    from har.datasets.catalogue import PUBLISHED
    from har.datasets.loading import fetch_data

    data = fetch_data(DataConfig(set=options.set), options.to, _say)
    published = PUBLISHED[options.set]
    n_train, n_test = len(data.train), len(data.test)
    print(f"{data.name}, {data.source}: {n_train} training and {n_test} test windows")
    print(f"Use must cite {published.credit}; no commercial use. Terms: {published.page}")


def inspect(options: Namespace) -> None:
    """Show what a data set holds: counts, ranges, units and problems.

    Parameters
    ----------
    options : Namespace
        With ``path``, a folder or a zip, and ``data_set``, what it is.
    """
    from har.cli.inspect import summarise
    from har.config import DataConfig
    from har.datasets.catalogue import PUBLISHED
    from har.datasets.loading import read_data
    from har.errors import DataError

    data = read_data(options.path, DataConfig(set=options.data_set), _say)
    if data is None:
        published = PUBLISHED[options.data_set]
        raise DataError(
            f"{options.path}: found no {published.name} in it, expected {published.form}"
        )
    print(summarise(data, options.data_set))


def train(options: Namespace) -> None:
    """Train a network, score it on the test subjects and write a report.

    Parameters
    ----------
    options : Namespace
        With ``config``, ``settings``, ``out``, ``overwrite``, ``tensorboard`` and ``threads``.
    """
    if options.tensorboard and find_spec("tensorboardX") is None:
        raise UsageError(
            f"har train: found no tensorboardX, expected it: {install_command('tensorboard')}"
        )
    from har.recipes import load_config

    config = load_config(options.config, *options.settings)
    if options.threads:
        os.environ["OMP_NUM_THREADS"] = str(options.threads)
    from har.classifier import ActivityClassifier
    from har.cli.train import fit_and_keep, watched
    from har.datasets.loading import open_data
    from har.runs.folder import RunFolder
    from har.runs.provenance import describe_start

    classifier = ActivityClassifier(config)
    data = open_data(config.data, _say)
    recipe = Path(options.config).stem
    out = options.out or Path("runs") / f"{recipe}-{datetime.now():%Y%m%d-%H%M%S}"
    run = RunFolder.create(out, options.overwrite)
    with watched(run):
        run.write_config(config)
        run.update_manifest(describe_start(options.command, recipe, data.describe()))
        started_s = time.monotonic()
        fit_and_keep(classifier, data.train, run, _say, options.tensorboard)
        classifier.save(run.path)
        run.mark_ended("finished", duration_s=round(time.monotonic() - started_s, 1))
    _tell(_score(classifier, data, run), data, run)


def cross_validate(options: Namespace) -> None:
    """Train and score a network for each fold of the training subjects and each seed.

    Parameters
    ----------
    options : Namespace
        With ``config``, ``settings``, ``folds``, ``seeds``, ``only_folds``, ``jobs``, ``threads``
        and ``out``.
    """
    from har.cli.cross_validate import run_cross_validation

    print(run_cross_validation(options, _say))


def tune(options: Namespace) -> None:
    """Search for better settings of a recipe by cross-validation.

    Parameters
    ----------
    options : Namespace
        With ``config``, ``settings``, ``trials``, ``out``, ``storage`` and ``threads``.
    """
    if find_spec("optuna") is None:
        raise UsageError(f"har tune: found no optuna, expected it: {install_command('tune')}")
    from har.cli.tune import run_search

    print(run_search(options, _say))


def baseline(options: Namespace) -> None:
    """Cross-validate classical classifiers on summary features.

    Parameters
    ----------
    options : Namespace
        With ``names``, ``config``, ``data_root``, ``folds``, ``seeds``, ``jobs`` and ``out``.
    """
    from har.cli.baseline import run_baselines

    print(run_baselines(options, _say))


def evaluate(options: Namespace) -> None:
    """Score a trained run on the test subjects again.

    Parameters
    ----------
    options : Namespace
        With ``run``, ``data_root``, ``device``, ``robustness`` and ``explain``.
    """
    from har.classifier import ActivityClassifier
    from har.datasets.loading import open_data
    from har.evaluation.robustness import measure_robustness
    from har.runs.folder import RunFolder

    classifier = ActivityClassifier.load(options.run, options.device)
    data = open_data(_at_root(classifier.config.data, options.data_root), _say)
    run = RunFolder.open(options.run)
    if options.robustness:
        robustness = measure_robustness(data.test, classifier.predict_proba, _say)
        run.write_json(run.robustness, robustness.to_dict())
    evaluation = _score(classifier, data, run)
    if options.explain:
        _explain(classifier, data, run)
    _tell(evaluation, data, run)


def _at_root(config: DataConfig, root: str | None) -> DataConfig:
    """Look for a run's data elsewhere, if a person says so."""
    return replace(config, root=root or config.root)


def _score(classifier: ActivityClassifier, data: DataSet, run: RunFolder) -> Evaluation:
    """Evaluate on the test windows, and keep all figures."""
    evaluation = classifier.evaluate(data.test)
    run.write_json(run.evaluation, evaluation.to_dict())
    run.write_predictions(evaluation.to_frame())
    return evaluation


def _explain(classifier: ActivityClassifier, data: DataSet, run: RunFolder) -> None:
    """Find out what the network looks at, also in the mistakes that the report shows."""
    from har.evaluation.notable_windows import surest_mistakes
    from har.explanation.explain import N_MISTAKES, explain
    from har.runs.results import Results

    # What is there already may be damaged, or of other windows.
    run.explanation.unlink(missing_ok=True)
    results = Results.read(run)
    index = results.predictions["index"].to_numpy()
    surest = surest_mistakes(results.evaluation, index, N_MISTAKES)
    mistakes = [answer.index for answer in surest]
    explanation = explain(
        classifier.trained_network(),
        classifier.config.model,
        classifier.devices,
        classifier.predict_proba,
        data.test,
        mistakes,
    )
    run.write_json(run.explanation, explanation.to_dict())


def _tell(evaluation: Evaluation, data: DataSet, run: RunFolder) -> None:
    """Write the report, and say where it is and what is in it."""
    from har.cli.terminal import evaluation_in_words
    from har.report.pages.run import write_report

    print(evaluation_in_words(evaluation))
    print(f"report: {write_report(run, data.test)}")


def predict(options: Namespace) -> None:
    """Tell the activities of a recording, or of windows, with a trained run.

    Parameters
    ----------
    options : Namespace
        With ``run``, ``file``, ``out``, ``device``, ``abstain_below``, and what is only for
        recordings.
    """
    from har.cli.predict import predict_recording, predict_windows

    holds_windows = options.file.suffix.lower() in {".npy", ".npz"}
    table = (predict_windows if holds_windows else predict_recording)(options, _say)
    if options.out is None:
        print(table.to_csv(index=False, float_format="%.8g"), end="")


def stream(options: Namespace) -> None:
    """Tell the activity of each window of a live stream of samples, as soon as it is over.

    Parameters
    ----------
    options : Namespace
        With ``run``, ``acc_unit``, ``gyro_unit``, ``device`` and ``abstain_below``. Samples come
        from standard input.
    """
    # One window is too little work for two threads to share.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    from har.cli.stream import run_stream

    # Closed, it tells what came in, however it ends.
    with closing(run_stream(options, sys.stdin.buffer, _say)) as lines:
        for line in lines:
            print(line, flush=True)


def report(options: Namespace) -> None:
    """Write a run's report again, or what there is of it, from what is in its folder.

    Parameters
    ----------
    options : Namespace
        With ``run`` and ``data_root``.
    """
    from har.datasets.loading import find_data
    from har.report.pages.run import write_report
    from har.report.pages.unfinished import write_unfinished_report
    from har.runs.folder import RunFolder

    run = RunFolder.open(options.run)
    if not run.is_scored:
        print(f"report so far: {write_unfinished_report(run)}")
        return
    data = find_data(_at_root(run.read_config().data, options.data_root), _say)
    if data is None:
        _say("har: its data is not at hand, so mistakes are listed without their signals")
    print(f"report: {write_report(run, data.test if data else None)}")


def compare(options: Namespace) -> None:
    """Set finished runs side by side, with baselines if any are asked for.

    Parameters
    ----------
    options : Namespace
        With ``runs``, ``baselines``, ``data_root`` and ``out``.
    """
    from har.cli.compare import run_comparison

    print(run_comparison(options, _say))


_VERBS = {
    "fetch": fetch,
    "inspect": inspect,
    "train": train,
    "cv": cross_validate,
    "tune": tune,
    "baseline": baseline,
    "evaluate": evaluate,
    "predict": predict,
    "stream": stream,
    "report": report,
    "compare": compare,
}
