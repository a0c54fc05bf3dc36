"""The command line: one thin function per verb.

Rooms are imported by the verbs that need them, so that ``har --help`` answers at once.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from har import __version__
from har.errors import HarError

if TYPE_CHECKING:
    from pandas import DataFrame

    from har.classifier import ActivityClassifier
    from har.datasets.uci_har import UciHar
    from har.runs import RunFolder
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
    parser = _parser()
    options, settings = parser.parse_known_args(arguments)
    if settings and options.run_verb is not train:
        parser.error(f"unrecognized arguments: {' '.join(settings)}")
    options.settings = settings
    options.command = ["har", *(sys.argv[1:] if arguments is None else arguments)]
    try:
        options.run_verb(options)
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


class _TrainParser(argparse.ArgumentParser):
    """Adds all settings of a recipe to the help, when it is asked for."""

    def format_help(self) -> str:
        from har.recipes import config_parser

        settings = config_parser().format_help().split("\n\n", 1)[1]
        return (
            f"{super().format_help()}\nsettings of a recipe, each also a key in YAML:\n{settings}"
        )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="har",
        description="Train, measure and run LSTM classifiers of human activity from accelerometer "
        "and gyroscope signals.",
        epilog="'har VERB --help' tells more of a verb. Start with: har train --config quick",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"har {__version__}")
    verbs = parser.add_subparsers(
        title="verbs", metavar="VERB", required=True, parser_class=argparse.ArgumentParser
    )
    _add_data_verbs(verbs)
    _add_train(verbs)
    _add_run_verbs(verbs)
    return parser


def _add_verb(verbs: Any, run_verb: Any, example: str) -> argparse.ArgumentParser:
    """Add a verb whose help is its function's docstring."""
    summary = run_verb.__doc__.strip().splitlines()[0]
    parser: argparse.ArgumentParser = verbs.add_parser(
        run_verb.__name__,
        help=summary[0].lower() + summary[1:].rstrip("."),
        description=summary,
        epilog=f"example: {example}",
        allow_abbrev=False,
    )
    parser.set_defaults(run_verb=run_verb)
    return parser


def _add_data_verbs(verbs: Any) -> None:
    parser = _add_verb(verbs, fetch, "har fetch --to data")
    parser.add_argument(
        "--to", type=Path, default=Path("data"), metavar="FOLDER", help="default: data"
    )
    parser = _add_verb(verbs, inspect, "har inspect uci-har-dataset.zip")
    parser.add_argument("path", type=Path, metavar="PATH", help="a folder or a zip")


def _add_train(verbs: Any) -> None:
    verbs._parser_class = _TrainParser
    parser = _add_verb(
        verbs, train, "har train --config quick --seed 1 --model.hidden_size 32 --out runs/small"
    )
    verbs._parser_class = argparse.ArgumentParser
    parser.add_argument(
        "--config",
        default="uci_har",
        metavar="NAME_OR_FILE",
        help="a recipe's name or a YAML file (default: uci_har)",
    )
    parser.add_argument(
        "--out", type=Path, metavar="RUN", help="the run's folder (default: runs/RECIPE-TIME)"
    )
    parser.add_argument(
        "--overwrite", action="store_true", help="replace an earlier run in that folder"
    )
    parser.add_argument(
        "--threads",
        type=int,
        metavar="N",
        help="CPU threads; the same seed and number give the same weights (default: all cores)",
    )


def _add_run_verbs(verbs: Any) -> None:
    parser = _add_verb(verbs, evaluate, "har evaluate runs/small")
    _add_run(parser)
    _add_data_root(parser)
    _add_device(parser)
    parser = _add_verb(verbs, predict, "har predict runs/small windows.npy --out predictions.csv")
    _add_run(parser)
    parser.add_argument(
        "file", type=Path, metavar="FILE", help="windows as .npy or .npz, in g and rad/s"
    )
    parser.add_argument(
        "--out", type=Path, metavar="FILE", help="the table (default: standard output)"
    )
    _add_device(parser)
    parser = _add_verb(verbs, report, "har report runs/small")
    _add_run(parser)
    _add_data_root(parser)


def _add_run(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run", type=Path, metavar="RUN", help="a folder that har train wrote")


def _add_data_root(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--data.root",
        dest="data_root",
        metavar="PATH",
        help="folder or zip with UCI HAR (default: as when training)",
    )


def _add_device(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--device", default="auto", metavar="D", help="auto, cpu or gpu(0) (default: auto)"
    )


def fetch(options: argparse.Namespace) -> None:
    """Download UCI HAR, unless it is there already.

    Parameters
    ----------
    options : Namespace
        With ``to``, the folder.
    """
    from har.datasets.sources import fetch_uci_har

    data = fetch_uci_har(options.to, _say)
    print(f"UCI HAR, {data.source}: {len(data.train)} training and {len(data.test)} test windows")
    print(
        "Use must cite Anguita et al. (ESANN 2013), and Reyes-Ortiz et al. (Neurocomputing 2016) "
        "for raw recordings; no commercial use. Terms: https://archive.ics.uci.edu/dataset/240"
    )


def inspect(options: argparse.Namespace) -> None:
    """Show what a data set holds: counts, ranges, units and problems.

    Parameters
    ----------
    options : Namespace
        With ``path``, a folder or a zip.
    """
    from har.datasets.sources import read_uci_har
    from har.datasets.summary import summarise
    from har.errors import DataError

    data = read_uci_har(options.path, _say)
    if data is None:
        raise DataError(f"{options.path}: found no UCI HAR in it, expected a folder or zip of it")
    print(summarise(data))


def train(options: argparse.Namespace) -> None:
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
    from har.datasets.sources import open_uci_har
    from har.provenance import describe_start, now
    from har.runs import RunFolder

    classifier = ActivityClassifier(config)
    data = open_uci_har(config.data.root, _say)
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


def evaluate(options: argparse.Namespace) -> None:
    """Score a trained run on the test subjects again.

    Parameters
    ----------
    options : Namespace
        With ``run``, ``data_root`` and ``device``.
    """
    from har.classifier import ActivityClassifier
    from har.datasets.sources import open_uci_har
    from har.runs import RunFolder

    classifier = ActivityClassifier.load(options.run, options.device)
    data = open_uci_har(options.data_root or classifier.config.data.root, _say)
    _score(classifier, data, RunFolder.open(options.run))


def _score(classifier: ActivityClassifier, data: UciHar, run: RunFolder) -> None:
    """Evaluate on the test windows, keep all figures, write the report and say where it is."""
    from har.progress import evaluation_in_words
    from har.report import write_report

    evaluation = classifier.evaluate(data.test)
    run.write_json(run.evaluation, evaluation.to_dict())
    run.write_predictions(evaluation.to_frame())
    print(evaluation_in_words(evaluation))
    print(f"report: {write_report(run, data.test)}")


def predict(options: argparse.Namespace) -> None:
    """Classify windows with a trained run.

    Parameters
    ----------
    options : Namespace
        With ``run``, ``file``, ``out`` and ``device``.
    """
    from har.classifier import ActivityClassifier
    from har.datasets.arrays import read_windows
    from har.evaluation import predictions_table

    classifier = ActivityClassifier.load(options.run, options.device)
    signals = read_windows(options.file, classifier.channels_)
    table = predictions_table(classifier.predict_proba(signals), classifier.activities_)
    _write_table(table, options.out)
    shares = table["predicted"].value_counts(normalize=True)
    _say(
        f"{len(table)} windows: "
        + ", ".join(f"{activity} {share:.1%}" for activity, share in shares.items())
    )


def _write_table(table: DataFrame, out: Path | None) -> None:
    from har.errors import RunError
    from har.files import write_text

    text = table.to_csv(index=False, float_format="%.8g")
    if out is None:
        print(text, end="")
        return
    try:
        write_text(out, text)
    except OSError as error:
        raise RunError(f"{out}: found {error.strerror}, expected a file to write to") from error


def report(options: argparse.Namespace) -> None:
    """Write a run's report again, from what is in its folder.

    Parameters
    ----------
    options : Namespace
        With ``run`` and ``data_root``.
    """
    from har.datasets.sources import find_uci_har
    from har.report import write_report
    from har.runs import RunFolder

    run = RunFolder.open(options.run)
    data = find_uci_har(options.data_root or run.read_config().data.root, _say)
    if data is None:
        _say("har: no UCI HAR at hand, so mistakes are listed without their signals")
    print(f"report: {write_report(run, data.test if data else None)}")
