"""Options that several verbs of ``har`` take, each written once, and the types of values."""

from __future__ import annotations

import argparse
import math
import re
import shlex
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from har.config import N_PER_CORE, Upright, most_threads
from har.datasets.catalogue import PUBLISHED
from har.errors import LONGEST_MESSAGE, quoted

if TYPE_CHECKING:
    from har.config import DataConfig

# Where results go unless --out says otherwise.
RUNS = Path("runs")
DEFAULT_RECIPE = "uci_har"
# Characters of a message about interrupted work, besides its folder and the command that goes on.
_OTHER_WORDS = 80
# The kinds in har.inference.context, whose import would make --help slow.
CONTEXTS = ("markov", "none")


# Bounds of what is counted, far above what anybody waits for.
MOST_TRIALS = 100_000
MOST_FOLDS = 1000
_MOST_SEEDS = 1000
_LONGEST_MAPPING = 10_000
_LOWEST_RATE_HZ, _HIGHEST_RATE_HZ = 0.001, 1e6
_WHOLE = re.compile(r"[+-]?[0-9]{1,18}")


def whole(low: int, high: int, otherwise: str = "") -> Callable[[str], int]:
    """Return a function that reads a whole number.

    Parameters
    ----------
    low, high : int
        Smallest and largest number.
    otherwise : str
        Words that may stand instead or explain the bound, for messages.

    Returns
    -------
    callable
        Function of a text; what it raises is for argparse.
    """

    def read(text: str) -> int:
        number = int(text) if _WHOLE.fullmatch(text) else None
        if number is None or not low <= number <= high:
            raise argparse.ArgumentTypeError(
                f"found {quoted(text)}, expected a whole number from {low} to {high}{otherwise}"
            )
        return number

    return read


def processor_count(otherwise: str = "") -> Callable[[str], int]:
    """Return a function that reads how many threads or processes a command may have."""
    return whole(1, most_threads(), f", {N_PER_CORE} for each core{otherwise}")


def threads_or_auto(text: str) -> int | None:
    """Read a number of threads, or ``auto``, which is None."""
    return None if text == "auto" else processor_count(", or auto")(text)


def folds(text: str) -> int | str:
    """Read how many folds, or ``loso``."""
    return text if text == "loso" else whole(2, MOST_FOLDS, ", or loso")(text)


def numbers(text: str) -> tuple[int, ...]:
    """Read numbers of folds such as ``0,1,4``."""
    return tuple(map(whole(0, MOST_FOLDS - 1), text.split(",", MOST_FOLDS)))


def real(low: float, high: float) -> Callable[[str], float]:
    """Return a function that reads a number, see `whole`."""

    def read(text: str) -> float:
        try:
            number = float(text)
        except ValueError:
            number = math.nan
        if not low <= number <= high:
            raise argparse.ArgumentTypeError(
                f"found {quoted(text)}, expected a number from {low:g} to {high:g}"
            )
        return number

    return read


def mapping(text: str) -> dict[str, str]:
    """Read pairs such as ``acc_x=Ax,time_s=t``."""
    if len(text) > _LONGEST_MAPPING:
        raise argparse.ArgumentTypeError(
            f"found {len(text)} characters, expected at most {_LONGEST_MAPPING}"
        )
    pairs = [pair.partition("=") for pair in text.split(",")]
    wrong = next((name for name, equals, column in pairs if not (name and equals and column)), None)
    if wrong is not None:
        raise argparse.ArgumentTypeError(
            f"found {quoted(wrong)} in {quoted(text)}, expected NAME=COLUMN"
        )
    return {name.strip(): column.strip() for name, _, column in pairs}


rate = real(_LOWEST_RATE_HZ, _HIGHEST_RATE_HZ)

# The keywords of argparse for each option that several verbs take.
_SHARED: dict[str, dict[str, Any]] = {
    "run": {"type": Path, "metavar": "RUN", "help": "a folder that har train wrote"},
    "--config": {
        "default": DEFAULT_RECIPE,
        "metavar": "NAME_OR_FILE",
        "help": f"a recipe's name or a YAML file (default: {DEFAULT_RECIPE})",
    },
    "--data.root": {
        "dest": "data_root",
        "metavar": "PATH",
        "help": "folder or zip with the data set (default: as when training)",
    },
    "--out": {"type": Path},
    "--folds": {
        "type": folds,
        "default": 5,
        "metavar": "N|loso",
        "help": "how many, or leave one subject out at a time (default: 5)",
    },
    "--all-subjects": {
        "action": "store_true",
        "help": "hold out everybody in turn, also test subjects, who need not be named: with "
        "--folds loso one person at a time, as papers do",
    },
    "--seeds": {"type": whole(1, _MOST_SEEDS), "metavar": "N"},
    "--jobs": {
        "type": processor_count(),
        "metavar": "N",
        "help": "folds at a time (default: as many as cores allow)",
    },
    "--cluster": {
        "metavar": "ADDRESS",
        "help": "a Dask scheduler, as tcp://host:8786, whose workers do the work, in place of "
        "--jobs; they must find the same files under the same names",
    },
    "--threads": {
        "type": processor_count(),
        "default": 1,
        "metavar": "N",
        "help": "CPU threads (default: 1)",
    },
    "--device": {"default": "auto", "metavar": "D", "help": "auto, cpu or gpu(0) (default: auto)"},
    "--columns": {
        "type": mapping,
        "metavar": "NAME=COLUMN,…",
        "help": "which column is what, by name or number: acc_x=Ax,gyro_x=Wx,time=1",
    },
    "--abstain-below": {
        "type": real(0, 1),
        "default": 0.0,
        "metavar": "P",
        "help": "answer UNKNOWN where no activity has a probability of P (default: always answer)",
    },
    "--context": {"choices": CONTEXTS},
}


def add(parser: Any, *names: str, **how: Any) -> None:
    """Add options that several verbs take, with the keywords in which this verb differs."""
    for name in names:
        parser.add_argument(name, **{**_SHARED[name], **how})


def add_messages(parser: Any) -> None:
    """Add how much of what happens is shown, and where else it is written."""
    messages = parser.add_argument_group("messages")
    how_much = messages.add_mutually_exclusive_group()
    how_much.add_argument(
        "-v",
        "--verbose",
        action="store_true",
        help="also show details, such as where data is found",
    )
    how_much.add_argument(
        "-q", "--quiet", action="store_true", help="show results, warnings and errors only"
    )
    messages.add_argument(
        "--log-file",
        type=Path,
        metavar="FILE",
        help="also write all messages and details to the end of a file, with times",
    )


def add_set(parser: Any, name: str, default: str | None = "uci_har", **how: str) -> None:
    """Add which published data set is meant; without a default it is to be found out."""
    parser.add_argument(
        name,
        choices=tuple(PUBLISHED),
        default=default,
        metavar="SET",
        help=f"{', '.join(PUBLISHED)} (default: {default or 'found out'})",
        **how,
    )


def add_units(parser: Any, otherwise: str) -> None:
    """Add the units of samples and of time, and where they come from if they are not given."""
    for option, units, of in (
        ("--acc-unit", ("g", "m/s2", "mg"), "of accelerations"),
        ("--gyro-unit", ("rad/s", "deg/s", "mdps"), "of angular rates"),
        ("--time-unit", ("s", "ms", "us", "ns"), "of time stamps"),
    ):
        parser.add_argument(option, choices=units, help=f"{of} (default: {otherwise})")


def add_upright(parser: Any) -> None:
    """Add how the phone was worn."""
    parser.add_argument(
        "--upright",
        choices=get_args(Upright),
        metavar="AXIS",
        help="which axis of the phone points up (reads +1 g) while the person stands: x, -x, y, "
        "-y, z or -z; auto: as gravity in seconds of lively movement shows (default: as in "
        "training)",
    )


def new_in_runs(name: str, suffix: str = "") -> Path:
    """Name a file or folder in ``runs/`` that is not there yet: the time is part of its name."""
    return RUNS / f"{name}-{datetime.now():%Y%m%d-%H%M%S}{suffix}"


def at_root(data: DataConfig, root: str | None) -> DataConfig:
    """Look for a data set elsewhere, if --data.root says so."""
    return replace(data, root=root or data.root)


def way_to_go_on(command: Sequence[str], out: Path) -> str:
    """Return the end of a message about interrupted work: the command that goes on.

    Parameters
    ----------
    command : sequence of str
        Command line that was interrupted; empty if it was called from Python.
    out : Path
        Folder that keeps what is done.

    Returns
    -------
    str
        Words that follow on a semicolon.
    """
    names_out = any(part == "--out" or part.startswith("--out=") for part in command)
    line = shlex.join([*command, *(() if names_out else ("--out", str(out)))])
    if not command or len(line) + len(str(out)) + _OTHER_WORDS > LONGEST_MESSAGE:
        return f"the same command with --out {out} goes on from there"
    return f"to go on: {line}"
