"""What can be typed after ``har``: verbs, their options and their help."""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from har import __version__
from har.cli.options import (
    MOST_TRIALS,
    add,
    add_messages,
    add_set,
    add_units,
    add_upright,
    numbers,
    processor_count,
    rate,
    real,
    threads_or_auto,
    whole,
)
from har.errors import LONGEST_MESSAGE, UsageError, printable, shortened

# The names in har.model_selection.baselines, whose import would make --help slow.
CLASSICAL_BASELINES = (
    *("logistic_regression", "linear_svm", "rbf_svm"),
    *("random_forest", "gradient_boosting"),
)
ROCKETS = ("mini_rocket", "multi_rocket_hydra")
BASELINES = (*CLASSICAL_BASELINES, *ROCKETS)

_MOST_PHONES = 1000
TARGETS = ("onnx", "numpy", "c", "web")
RUN_OR_ONNX = "a folder that har train wrote, or a .onnx that har export wrote"

# Python's words for a value that is none of those possible.
_CHOICE = re.compile(r"argument ([^:]+): invalid choice: (.+) \(choose from (.+)\)")


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Parse a command line, or end the program with a message and exit status 2.

    Parameters
    ----------
    arguments : sequence of str
        Command line without the program's name.

    Returns
    -------
    Namespace
        The verb's keywords, and what `har.cli.main` takes for itself: ``module``, in which the verb
        is, and how much to show (`add_messages`).
    """
    parser = build_parser()
    options, settings = parser.parse_known_args(_with_joined_axes(arguments))
    if "settings" in options:
        options.settings = tuple(settings)
    elif settings:
        parser.error(f"unrecognized arguments: {' '.join(settings)}")
    if "command" in options:
        options.command = ("har", *arguments)
    return options


def _with_joined_axes(arguments: Sequence[str]) -> list[str]:
    """Write ``--upright -x`` as ``--upright=-x``: else ``-x`` would be taken for an option."""
    joined: list[str] = []
    for argument in arguments:
        is_axis = argument in ("-x", "-y", "-z")
        if is_axis and joined and joined[-1] in ("--upright", "--data.upright"):
            joined[-1] += f"={argument}"
        else:
            joined.append(argument)
    return joined


def build_parser() -> argparse.ArgumentParser:
    """Make the parser; it leaves settings of a recipe over, which `parse` gives to the verbs."""
    parser = _Parser(
        prog="har",
        description="Train, measure and run LSTM classifiers of human activity from accelerometer "
        "and gyroscope signals.",
        epilog="'har VERB --help' tells more of a verb. Start with: har train --config quick",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"har {__version__}")
    verbs = parser.add_subparsers(
        title="verbs", metavar="VERB", required=True, parser_class=_VerbParser
    )
    for add_verb in (
        _add_fetch,
        _add_inspect,
        _add_train,
        _add_cv,
        _add_tune,
        _add_baseline,
        _add_evaluate,
        _add_adapt,
        _add_predict,
        _add_stream,
        _add_serve,
        _add_export,
        _add_report,
        _add_compare,
    ):
        add_verb(verbs)
    for verb in verbs.choices.values():
        add_messages(verb)
    return parser


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one line, as the verbs do."""

    def error(self, message: str) -> NoReturn:
        """End the program with exit status 2."""
        # It repeats what was typed, whatever that is and as long as it is.
        message = shortened(printable(message), LONGEST_MESSAGE // 2)
        wrong = _CHOICE.sub(r"argument \1: found \2, expected one of \3", message)
        place, is_argument, words = wrong.removeprefix("argument ").partition(": ")
        is_place = is_argument and wrong.startswith("argument ")
        text = f"{place}: {words}" if is_place else f"{wrong}; see {self.prog} --help"
        self.exit(UsageError.exit_status, f"har: {UsageError(text)}\n")


class _VerbParser(_Parser):
    """Shows the settings of a recipe under the help of the verbs that take them."""

    def format_help(self) -> str:
        """Explain the verb, and the settings if it takes any."""
        text = super().format_help()
        if self.get_default("settings") is None:
            return text
        from har.recipes import settings_help

        return f"{text}\nsettings of a recipe, each also a key in YAML:\n{settings_help()}"


def _add_verb(
    verbs: Any,
    name: str,
    summary: str,
    example: str,
    more: str = "",
    module: str | None = None,
    **given: Any,
) -> _VerbParser:
    """Add a verb, which is in a module of its name if no other is given; `more` is for its help.

    Of what is not an option, a verb may be given the ``command`` and the ``settings`` of a recipe.
    """
    parser: _VerbParser = verbs.add_parser(
        name,
        help=summary,
        description=f"{summary[0].upper()}{summary[1:]}. {more}".strip(),
        epilog=f"example: har {name} {example}",
        allow_abbrev=False,
    )
    parser.set_defaults(module=module or name, **given)
    return parser


def _add_fetch(verbs: Any) -> None:
    summary = "download a published data set, unless it is there already"
    parser = _add_verb(verbs, "fetch", summary, "hapt --to data")
    add_set(parser, "data_set", nargs="?")
    parser.add_argument(
        "--to", type=Path, default=Path("data"), metavar="FOLDER", help="default: data"
    )


def _add_inspect(verbs: Any) -> None:
    summary = "show what a recording or a data set holds, and what is assumed, mended and doubted"
    more = "The first thing to type for recordings of your own."
    parser = _add_verb(verbs, "inspect", summary, "walk.csv", more)
    parser.add_argument(
        "path",
        type=Path,
        metavar="PATH",
        help="a recording; a folder of recordings, with or without recordings.csv; or a folder or "
        "a zip with a published data set",
    )
    add_set(parser, "--data.set", dest="data_set", default=None)
    _add_reading(parser.add_argument_group("for recordings; what is not given is found out"))


def _add_train(verbs: Any) -> None:
    summary = "train a network, score it on the test subjects and write a report"
    example = "--config quick --seed 1 --model.hidden_size 32 --out runs/small"
    parser = _add_verb(verbs, "train", summary, example, settings=(), command=())
    add(parser, "--config", default=None)
    add(parser, "--out", metavar="RUN", help="the run's folder (default: runs/RECIPE-TIME)")
    parser.add_argument(
        "--overwrite", action="store_true", help="replace an earlier run in that folder"
    )
    resume = (
        "go on with a training that was interrupted, with the same weights, bit for bit, as if it "
        "had not been; with a larger --training.n_epochs also with one that is finished"
    )
    parser.add_argument("--resume", type=Path, metavar="RUN", help=resume)
    parser.add_argument(
        "--tensorboard",
        action="store_true",
        help="also write event files to RUN/events while training: tensorboard --logdir RUN/events",
    )
    threads = (
        "CPU threads; the same seed and number give the same weights, bit for bit; auto: as many "
        "as are fastest now, measured again when an epoch is slower by a third (default: auto; "
        "with --resume as before)"
    )
    add(parser, "--threads", type=threads_or_auto, default=None, metavar="N|auto", help=threads)
    processes = (
        "processes that share each batch, of one thread unless --threads is given; on two cores 2 "
        "train faster than one, once they have started (default: 1; with --resume as before)"
    )
    parser.add_argument(
        "--processes", type=processor_count(), default=None, metavar="N", help=processes
    )


def _add_cv(verbs: Any) -> None:
    summary = "cross-validate a recipe over the training subjects, who are held out in turn"
    example = "--config quick --folds 5 --seeds 3 --out runs/cv-quick"
    more = (
        "The test subjects play no part, unless --all-subjects is given. A network is trained for "
        "each fold and seed; those that --out holds already are not trained again."
    )
    parser = _add_verb(
        verbs, "cv", summary, example, more, module="cross_validate", settings=(), command=()
    )
    add(parser, "--config", "--folds")
    seeds = "networks for each fold, with seeds from the recipe's on (default: 3)"
    add(parser, "--seeds", default=3, help=seeds)
    add(parser, "--all-subjects")
    parser.add_argument(
        "--only-folds",
        type=numbers,
        metavar="N,N",
        help="for a quick look: some folds, from 0 (default: all)",
    )
    out = "new, or to go on in (default: runs/cv-RECIPE-TIME)"
    add(parser, "--out", metavar="FOLDER", help=out)
    add(parser, "--jobs")
    add(parser, "--threads", help="CPU threads of each (default: 1)")
    add(parser, "--cluster")
    parser.add_argument(
        "--recordings",
        action="store_true",
        help="also score what each network makes of the held-out people's whole recordings, as har "
        "evaluate --recordings does; folds in --out without that are trained again",
    )


def _add_baseline(verbs: Any) -> None:
    summary = "cross-validate classifiers of summary features or raw windows, to compare with"
    more = (
        "Folds and figures are those of har cv; the test subjects play no part, unless "
        "--all-subjects is given."
    )
    parser = _add_verb(
        verbs, "baseline", summary, "linear_svm rbf_svm --out baselines.json", more, command=()
    )
    parser.add_argument(
        "names",
        nargs="*",
        choices=(*BASELINES, "all"),
        default="all",
        metavar="NAME",
        help=f"{', '.join(CLASSICAL_BASELINES)} or all of these (default: all); or, of raw "
        f"windows, with the extra rocket: {', '.join(ROCKETS)}",
    )
    add(parser, "--config", help="a recipe whose data and seed to take (default: uci_har)")
    root = "folder or zip with the data set (default: as the recipe says)"
    add(parser, "--data.root", help=root)
    add(parser, "--folds")
    seeds = "of each fold, from the recipe's on; forests, boosting and rockets draw (default: 1)"
    add(parser, "--seeds", default=1, help=seeds)
    add(parser, "--all-subjects")
    out = "all figures as JSON (default: runs/baselines-TIME.json)"
    add(parser, "--out", metavar="FILE", help=out)
    add(parser, "--jobs", "--cluster")


def _add_tune(verbs: Any) -> None:
    summary = "search for better settings of a recipe, by cross-validation over training subjects"
    example = "--config quick --model.hidden_size 16..128 --training.learning_rate 1e-4..1e-2:log"
    more = (
        "Varied are settings whose value, here or in YAML, is a range: "
        "LOW..HIGH, LOW..HIGH:log, LOW..HIGH:STEP, ONE,OTHER,… or any. The test subjects play no "
        "part. Bad trials are stopped early. The same command goes on with the same study; given "
        "several times at once, or on several machines with one --storage, it shares the work."
    )
    parser = _add_verb(verbs, "tune", summary, example, more, settings=(), command=())
    add(parser, "--config")
    parser.add_argument(
        "--trials",
        type=whole(1, MOST_TRIALS),
        default=20,
        metavar="N",
        help="how many there shall be, those before included (default: 20)",
    )
    out = "new, or to go on in; names the study (default: runs/tune-RECIPE)"
    add(parser, "--out", metavar="FOLDER", help=out)
    storage = "a database to share, as postgresql://user@host/name (default: a file in --out)"
    parser.add_argument("--storage", metavar="URL", help=storage)
    add(parser, "--threads")


def _add_evaluate(verbs: Any) -> None:
    summary = "score a trained run on the test subjects again"
    parser = _add_verb(verbs, "evaluate", summary, "runs/small --robustness --explain")
    add(parser, "run")
    parser.add_argument(
        "--robustness",
        action="store_true",
        help="also disturb the test windows, and show in the report how accuracy falls: phone "
        "turned, gain, noise, sampling rate, lost samples, no gyroscope; a minute or two",
    )
    parser.add_argument(
        "--explain",
        action="store_true",
        help="also show in the report what the network looks at: which sensor, which moments of "
        "some windows, what its LSTM remembers of them; half a minute or so for each network",
    )
    parser.add_argument(
        "--recordings",
        action="store_true",
        help="also score what the run makes of the test people's whole recordings, as in use: by "
        "time, by segments, by how late a change is told; of UCI HAR (its recordings are HAPT's), "
        "HAPT and own recordings; half a minute or so",
    )
    add(parser, "--data.root", "--device")


def _add_adapt(verbs: Any) -> None:
    summary = "adapt a trained run to one person, from a few labelled seconds of each activity"
    more = (
        "Takes some 40 s of each activity, or 20 in each way that the phone is worn; a minute of "
        "one that the run does not know teaches it. The result is a run of its own."
    )
    example = "runs/small recordings --out runs/mine"
    parser = _add_verb(verbs, "adapt", summary, example, more, command=())
    add(parser, "run")
    parser.add_argument(
        "recordings",
        type=Path,
        metavar="RECORDINGS",
        help="a folder with recordings.csv, as for --data.set recordings, or a table with a "
        "column 'activity' beside the signals",
    )
    add(parser, "--out", metavar="RUN", help="the new run's folder (default: runs/adapted-TIME)")
    parser.add_argument(
        "--overwrite", action="store_true", help="replace an earlier run in that folder"
    )
    parser.add_argument(
        "--person", metavar="NAME", help="whom to adapt to, if several were recorded"
    )
    strength = (
        "pull to the run as it was, above 0 (default: as chosen on other people; see "
        "docs/results/adaptation.json)"
    )
    parser.add_argument("--strength", type=real(1e-6, 1e9), metavar="S", help=strength)
    add_upright(parser)
    add(parser, "--device")


def _add_predict(verbs: Any) -> None:
    summary = "tell the activities of recordings, or of windows, with a trained run"
    more = (
        "Of several files, a folder or a pattern, each recording gets a timeline in --out, and "
        "summary.csv a row for each; the same command goes on where it stopped, and a file that "
        "cannot be used ends nothing."
    )
    example = "runs/small walk.csv --out timeline.csv --plot"
    parser = _add_verb(verbs, "predict", summary, example, more, command=())
    add(parser, "run", help=RUN_OR_ONNX)
    parser.add_argument(
        "files",
        type=Path,
        nargs="+",
        metavar="FILE",
        help="a recording: a table, or a folder or zip with one for each sensor; or windows in g "
        "and rad/s as .npy or .npz; or several recordings, a folder of them or a pattern in "
        "quotes, 'data/*.csv'",
    )
    add(
        parser,
        "--out",
        metavar="PATH",
        help="of one file the table, .csv, .json or .parquet; of a recording, segments and "
        "assumptions are written beside it (default: the table to standard output); of many a "
        "folder, new or to go on in (default: runs/predict-TIME)",
    )
    add(parser, "--abstain-below", "--device")
    many = parser.add_argument_group("for many recordings")
    add(many, "--jobs", help="recordings at a time (default: as many as cores allow)")
    add(many, "--cluster")
    recordings = parser.add_argument_group("for recordings; what is not given is found out")
    recordings.add_argument(
        "--plot",
        action="store_true",
        help="draw signals over a band of activities, as .png and .html beside the tables",
    )
    recordings.add_argument(
        "--truth",
        type=Path,
        metavar="TABLE",
        help="what really happened, to draw and to compare with: a recordings.csv as of your own "
        "data, with file, subject, start_s, end_s, activity",
    )
    _add_reading(recordings)
    add_upright(recordings)
    context = (
        "markov: judge each window with those around it, by a hidden Markov model of activities "
        "that last; none: each by itself (default: markov)"
    )
    add(recordings, "--context", help=context)


def _add_reading(parser: Any) -> None:
    """Add what a person can say about a recording that it does not say itself."""
    add(parser, "--columns")
    parser.add_argument(
        "--gyro", type=Path, metavar="FILE", help="table of the gyroscope, if it is apart"
    )
    parser.add_argument(
        "--rate-hz", type=rate, metavar="HZ", help="samples per second, instead of time stamps"
    )
    add_units(parser, otherwise="as headings say, or told from the values")


def _add_stream(verbs: Any) -> None:
    summary = "tell the activity of each window of a live stream of samples, as soon as it is over"
    more = (
        "Reads samples from standard input: a line each of CSV, with or without a heading, or of "
        "JSON, in the names of apps or as acc_x, acc_y, acc_z, gyro_x, gyro_y, gyro_z and perhaps "
        "time_s; or the messages of Sensor Logger (HTTP push), phyphox (/get) and SensorServer, "
        "whose sensors have times of their own. Without times, lines are 20 ms apart. Writes a "
        "JSON object for each window of 2.56 s, every 1.28 s: 'activity' is that of the window by "
        "itself, 'state' judges it with those before. A line that cannot be read keeps its place "
        "in time and is counted."
    )
    parser = _add_verb(verbs, "stream", summary, "runs/small < walk.csv", more)
    add(parser, "run", help=RUN_OR_ONNX)
    add(parser, "--columns")
    add_units(parser, otherwise="as names say, or told from the first second")
    add_upright(parser)
    parser.add_argument(
        "--ignore-time", action="store_true", help="lines are 20 ms apart, whatever their times"
    )
    parser.add_argument(
        "--id",
        dest="id_name",
        metavar="NAME",
        help="column or key that says whose line it is: each value has a stream of its own, and "
        "answers have it as 'id'",
    )
    context = (
        "markov: 'state' is judged with the windows before, by a hidden Markov model of activities "
        "that last; none: it is 'activity' (default: markov)"
    )
    add(parser, "--context", default="markov", help=context)
    parser.add_argument(
        "--delay",
        type=whole(0, 2),
        default=0,
        help="how many windows 'state' waits for, to be surer: it is then that of the window so "
        "many before, of which 'state_start_s' and 'state_end_s' are (default: 0)",
    )
    add(parser, "--abstain-below", "--device")


def _add_serve(verbs: Any) -> None:
    summary = "serve a live page to phones: signals, the activity now, the last minutes"
    more = (
        "Needs the extra serve. Listens on this machine alone unless --host is given; beyond it "
        "the address has a token. Sensor Logger's HTTP push goes to /sensor-logger. Ends with "
        "Ctrl-C."
    )
    parser = _add_verb(verbs, "serve", summary, "runs/small --host 0.0.0.0 --https", more)
    add(parser, "run", help=RUN_OR_ONNX)
    parser.add_argument(
        "--host",
        default="localhost",
        metavar="ADDRESS",
        help="where to listen; 0.0.0.0: in all networks of this machine (default: localhost)",
    )
    parser.add_argument(
        "--port", type=whole(0, 65535), default=8000, help="0: any that is free (default: 8000)"
    )
    parser.add_argument(
        "--https",
        action="store_true",
        help="with a certificate that this machine makes for its addresses: browsers give the "
        "motion of a phone to pages of https and localhost only",
    )
    parser.add_argument(
        "--phyphox",
        nargs="+",
        default=(),
        metavar="ADDRESS",
        help="phones with phyphox to ask for their readings, as the app shows them when remote "
        "access is allowed: http://192.168.0.20:8080",
    )
    parser.add_argument(
        "--phones",
        dest="n_phones",
        type=whole(1, _MOST_PHONES),
        default=100,
        metavar="N",
        help="how many may send at once (default: 100)",
    )
    add_upright(parser)
    context = "as for har stream (default: markov)"
    add(parser, "--context", default="markov", help=context)
    parser.add_argument(
        "--delay",
        type=whole(0, 2),
        default=0,
        help="how many windows the state waits for (default: 0)",
    )
    add(parser, "--abstain-below", "--device")


def _add_export(verbs: Any) -> None:
    summary = "write a trained run for other programs, and compare it with what har says"
    more = (
        "ONNX runs in onnxruntime on computers, phones and in browsers, and as har predict "
        "FILE.onnx and har stream FILE.onnx, without MXNet. numpy is a folder with the weights and "
        "a predictor in one file that needs NumPy alone. c is a header for small devices, which is "
        "given samples one by one. web is a page for phones in one file, which computes everything "
        "on the phone."
    )
    parser = _add_verb(verbs, "export", summary, "runs/small --to onnx --out small.onnx", more)
    add(parser, "run")
    parser.add_argument(
        "--to", choices=TARGETS, required=True, help="format; ONNX needs the extra onnx"
    )
    out = (
        "file to write, of numpy a folder, of onnx either (default: named as the run, in the "
        "current folder)"
    )
    add(parser, "--out", metavar="PATH", help=out)
    onnx = parser.add_argument_group("for --to onnx")
    onnx.add_argument(
        "--from",
        dest="source",
        choices=("windows", "raw"),
        help="what the model reads: windows, with the filters as a second model beside it; raw: "
        "samples of a window, of the 10 s before and the one after, with the filters inside "
        "(default: windows)",
    )
    onnx.add_argument(
        "--quantise",
        action="store_true",
        help="also write a model with weights of 8 bits, and print its accuracy on the test "
        "windows beside that of the run",
    )
    add(onnx, "--data.root", help="for --quantise, as of har evaluate")
    parser.add_argument_group("for --to c").add_argument(
        "--weights",
        choices=("float32", "int8"),
        help="numbers of the weights; int8 takes a quarter of the space (default: float32)",
    )


def _add_report(verbs: Any) -> None:
    summary = "write a run's report again, from what is in its folder"
    more = "Of a run that trains, was interrupted or failed it shows what there is."
    parser = _add_verb(verbs, "report", summary, "runs/small", more)
    add(parser, "run", "--data.root")


def _add_compare(verbs: Any) -> None:
    summary = "set finished runs that were scored on the same windows side by side"
    more = "Differences come with intervals over people; the first run is the reference."
    parser = _add_verb(
        verbs, "compare", summary, "runs/small runs/large --baseline linear_svm", more
    )
    parser.add_argument("runs", nargs="+", type=Path, metavar="RUN", help="what har train wrote")
    parser.add_argument(
        "--baseline",
        nargs="+",
        choices=(*BASELINES, "all"),
        default=(),
        dest="baselines",
        metavar="NAME",
        help=f"also train {', '.join(CLASSICAL_BASELINES)} or all of these (with the extra rocket "
        f"also {', '.join(ROCKETS)}) on the first run's training windows, and score them on the "
        "same test windows",
    )
    add(parser, "--data.root")
    add(
        parser,
        "--out",
        metavar="FOLDER",
        help="for comparison.html, .json and .md, and figures/ (default: runs/compare-TIME)",
    )
