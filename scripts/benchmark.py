"""Measure har's speed: every recipe's network beside PyTorch's, and what whole commands take.

Each contender lives in a process of its own and idles while others work. All compute the same
network with the same weights on the same windows, which is checked first, and take turns. What
counts is the median of the rounds' ratios, with its middle half. Augmentation is left out on both
sides. One thread alone is measured in processor time; two threads and company on the clock, for
which nothing else should run on the machine.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from speed.commands import PARTS, Commands
from speed.contenders import TASKS, entries
from speed.material import Maker, Material, recipe_of
from speed.measure import Measure, rounded
from speed.result import Result, slower
from speed.targets import TARGETS
from speed.turns import Turns
from speed.worker import Worker

import har
from har.signals.windows import Windows

ROOT = Path(__file__).parents[1]
LAST = ROOT / "docs" / "results" / "benchmark.json"
RECIPES = ("uci_har", "quick", "lstm", "hapt", "worn_anyhow", "ensemble", "tutorial", "book")
CHOICES = (*TASKS, *PARTS)
HIGHEST_LOAD = 0.5


def networks(
    recipes: list[str], tasks: list[str], turns: Turns, windows: Windows, folder: Path
) -> Iterator[Measure]:
    """Measure the network of each recipe beside PyTorch's."""
    one_thread = {"OMP_NUM_THREADS": "1"}
    with Worker(Maker, windows, environment=one_thread) as maker:
        for recipe in recipes:
            (folder / recipe).mkdir()
            maker.call("make", recipe, folder / recipe)
    for recipe in recipes:
        # The networks of an ensemble are trained one after the other, as a single one is.
        is_single = recipe_of(recipe).model.n_members == 1
        chosen = [task for task in tasks if is_single or task != "training"]
        if chosen:
            who = entries(turns.n_cores)
            yield from turns.measure(recipe, who, chosen, Material(folder / recipe))


def measure_all(options: argparse.Namespace) -> Iterator[Measure]:
    """Measure the parts that were asked for."""
    windows, _test = har.load_uci_har(options.root)
    tasks = [task for task in TASKS if task in options.only]
    with TemporaryDirectory() as name:
        folder = Path(name)
        if tasks:
            turns = Turns(options.rounds, options.turn_s, options.cores)
            yield from networks(options.recipes, tasks, turns, windows, folder)
        commands = Commands(folder, windows, options.root, options.rounds)
        for part, measure in PARTS.items():
            if part in options.only:
                yield from measure(commands)


def line_of(measure: Measure) -> str:
    """Lay out a measure and its target."""
    theirs = "" if measure.theirs is None else rounded(measure.theirs)
    ratio = f"{measure.cost.median:.2f} ({measure.cost.low:.2f}..{measure.cost.high:.2f})"
    if measure.theirs is not None:
        found = measure.ratio
        ratio = f"{found.median:.2f} ({found.low:.2f}..{found.high:.2f})"
    target = TARGETS.get(measure.name)
    verdict = "" if target is None else f"{target} {'met' if target.is_met(measure) else 'NOT met'}"
    ours = f"{rounded(measure.ours)} {measure.unit}"
    return f"{measure.name:62}{ours:>18}{theirs:>10}{ratio:>26}  {verdict}".rstrip()


def names(choices: tuple[str, ...]) -> Callable[[str], list[str]]:
    """Return a reader of several names with commas between them."""

    def read(text: str) -> list[str]:
        chosen = [name for name in text.split(",") if name]
        unknown = [name for name in chosen if name not in choices]
        if unknown:
            raise argparse.ArgumentTypeError(
                f"found {', '.join(unknown)}, expected some of {', '.join(choices)}"
            )
        return chosen

    return read


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    n_cores = len(os.sched_getaffinity(0))
    made = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = made.add_argument
    add(
        "--only",
        type=names(CHOICES),
        default=list(CHOICES),
        metavar="PART,…",
        help=f"of {', '.join(CHOICES)}; '' measures nothing; default: all",
    )
    add(
        "--recipes",
        type=names(RECIPES),
        default=list(RECIPES),
        metavar="NAME,…",
        help=f"of {', '.join(RECIPES)}; default: all",
    )
    add("--rounds", type=int, default=10, help="turns of each contender: %(default)s")
    add("--turn-s", type=float, default=0.4, help="least seconds of a turn: %(default)s")
    add("--cores", type=int, default=n_cores, help="most threads of a contender: %(default)s")
    add("--data.root", dest="root", help="UCI HAR, as for har train")
    add(
        "--last",
        type=Path,
        default=LAST,
        metavar="FILE",
        help="JSON with the result to compare with: docs/results/benchmark.json",
    )
    add("--write", action="store_true", help="put what was measured into that file")
    add("--write-readme", action="store_true", help="renew README's table and picture from it")
    add("--check", action="store_true", help="exit with status 1 if something got slower")
    return made


def sentence_on(lines: list[str], last: Path) -> str:
    """Return what got slower since the last result, in words."""
    if not lines:
        return f"Nothing got slower than in {last.name} by more than the spread."
    return "\n".join([f"Slower than in {last.name} by more than the spread:", *lines])


def write_readme(result: Result) -> None:
    """Renew README's tables and its picture."""
    # Drawing is imported by who draws.
    from matplotlib import rc_context
    from results import README, renew_readme
    from speed.speed_tables import BEGIN, END, PICTURE, markdown, speed_figure

    from har.report.drawing import save_png
    from har.report.style import STYLE

    README.write_text(renew_readme(README.read_text(), markdown(result), BEGIN, END))
    with rc_context(STYLE):
        save_png(speed_figure(result), ROOT / PICTURE)


def run(options: argparse.Namespace) -> int:
    """Measure, print, compare, and write what was asked for."""
    load = os.getloadavg()[0]
    if load > HIGHEST_LOAD:
        print(
            f"benchmark: found a load of {load:.1f}, expected an idle machine: what is measured on "
            "the clock will say little",
            file=sys.stderr,
        )
    measures = []
    for measure in measure_all(options) if options.only else ():
        print(line_of(measure), flush=True)
        measures.append(measure)
    last = Result.read(options.last)
    result = Result.here(options.cores, measures)
    lines = list(slower(result, last)) if last else []
    if last and measures:
        print(f"\n{sentence_on(lines, options.last)}")
    if options.write:
        result = result.over(last)
        result.write(options.last)
        last = result
    if options.write_readme and last:
        write_readme(last)
    return 1 if options.check and lines else 0


def main() -> int:
    """Read the command line, and run."""
    options = parser().parse_args()
    if importlib.util.find_spec("torch") is None:
        print("PyTorch is not installed; scripts/benchmark installs it", file=sys.stderr)
        return 1
    try:
        return run(options)
    except har.HarError as error:
        print(error, file=sys.stderr)
        return error.exit_status


if __name__ == "__main__":
    sys.exit(main())
