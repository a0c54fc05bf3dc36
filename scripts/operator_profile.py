"""Find out where a recipe's network spends its time, operator by operator.

MXNet's own profiler measures each operator of training steps and of prediction in batches of 256
windows of UCI HAR. The total is checked against the processor time of the same work without the
profiler. MXNet measures on the clock, so nothing else should run on the machine; medians over
several blocks leave out what did.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import har
from har.recipes import recipe_names

if TYPE_CHECKING:
    from speed.contenders import Har

BATCH_SIZE = 256
# Not the work of an operator: the time until the result is asked for.
WAITING = "WaitForVar"
# The rest of the time is Python's and the engine's, between the operators.
LARGEST_DIFFERENCE = 0.15


@dataclass(frozen=True)
class Operator:
    """An operator of MXNet: how often it is called and how long it takes, in a step."""

    name: str
    n_calls: float
    ms: float


def parse(text: str, n_steps: int) -> dict[str, Operator]:
    """Read the profiler's statistics of some steps."""
    found = json.loads(text)["Time"].get("operator", {})
    return {
        name: Operator(name, of["Count"] / n_steps, of["Total"] / n_steps)
        for name, of in found.items()
        if name != WAITING
    }


def medians(blocks: Sequence[dict[str, Operator]]) -> list[Operator]:
    """Return the median of each operator over blocks of steps, the slowest first."""
    names = dict.fromkeys(name for block in blocks for name in block)
    operators = []
    for name in names:
        found = [block[name] for block in blocks if name in block]
        n_calls, ms = (
            statistics.median(getattr(o, key) for o in found) for key in ("n_calls", "ms")
        )
        operators.append(Operator(name, n_calls, ms))
    return sorted(operators, key=lambda operator: -operator.ms)


def profile(work: Callable[[], object], n_steps: int, n_blocks: int) -> list[Operator]:
    """Measure each operator of some work.

    Parameters
    ----------
    work : callable
        A step, in which MXNet computes.
    n_steps, n_blocks : int
        Steps in a block, and blocks.

    Returns
    -------
    list of Operator
        Medians over the blocks, the slowest first.
    """
    from har.models.backend import mx

    blocks = []
    with TemporaryDirectory() as folder:
        mx.profiler.set_config(
            profile_symbolic=True,
            profile_imperative=True,
            aggregate_stats=True,
            filename=str(Path(folder, "trace.json")),
        )
        for _ in range(n_blocks):
            mx.profiler.set_state("run")
            for _ in range(n_steps):
                work()
            mx.nd.waitall()
            mx.profiler.set_state("stop")
            blocks.append(parse(mx.profiler.dumps(reset=True, format="json"), n_steps))
    return medians(blocks)


def cpu_ms(work: Callable[[], object], n_steps: int, n_blocks: int) -> float:
    """Return the processor time of a step without the profiler, the median over blocks."""
    blocks = []
    for _ in range(n_blocks):
        started_s = time.process_time()
        for _ in range(n_steps):
            work()
        blocks.append(1000 * (time.process_time() - started_s) / n_steps)
    return statistics.median(blocks)


def table(operators: Iterable[Operator], total_ms: float, n_shown: int) -> str:
    """Lay out operators, their total, and the processor time of a step."""
    operators = list(operators)
    measured_ms = sum(operator.ms for operator in operators)
    lines = [f"{'operator':32}{'calls':>8}{'ms per step':>13}{'share':>8}"]
    for operator in operators[:n_shown]:
        share = operator.ms / measured_ms
        lines.append(f"{operator.name:32}{operator.n_calls:8g}{operator.ms:13.3f}{share:8.1%}")
    rest = operators[n_shown:]
    if rest:
        n_calls, ms = sum(o.n_calls for o in rest), sum(o.ms for o in rest)
        lines.append(f"{f'{len(rest)} others':32}{n_calls:8g}{ms:13.3f}{ms / measured_ms:8.1%}")
    n_calls = sum(operator.n_calls for operator in operators)
    lines.append(f"{'all operators':32}{n_calls:8g}{measured_ms:13.3f}{1:8.1%}")
    difference = measured_ms / total_ms - 1
    lines.append(f"{'processor time, not profiled':40}{total_ms:13.3f}{difference:+8.1%}")
    if difference > LARGEST_DIFFERENCE:
        lines.append("The machine was busy: operators seem longer than the step that they make up.")
    return "\n".join(lines)


def contender_of(recipe: str, root: str | None, folder: Path) -> Har:
    """Return har's trainer and classifier of a recipe, with windows of UCI HAR."""
    from speed.contenders import Har
    from speed.material import Maker, Material

    windows, _test = har.load_uci_har(root)
    Maker(windows).make(recipe, folder)
    return Har(Material(folder))


def main() -> int:
    """Measure, and print a table for training and one for prediction."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("recipe", choices=recipe_names(), help="a recipe, such as quick")
    parser.add_argument("--steps", type=int, default=5, help="in a block: %(default)s")
    parser.add_argument("--blocks", type=int, default=9, help="default: %(default)s")
    parser.add_argument("--top", type=int, default=20, help="operators shown: %(default)s")
    parser.add_argument("--threads", type=int, default=1, help="default: %(default)s")
    parser.add_argument("--data.root", dest="root", help="UCI HAR, as for har train")
    options = parser.parse_args()
    os.environ["OMP_NUM_THREADS"] = str(options.threads)
    size = options.steps, options.blocks
    try:
        with TemporaryDirectory() as folder:
            contender = contender_of(options.recipe, options.root, Path(folder))
        signals = contender.signals[:BATCH_SIZE]
        batch_size = contender.settings.batch_size
        for title, work in (
            (f"a training step of {batch_size} windows", contender.training),
            (f"prediction of {BATCH_SIZE} windows", lambda: contender.probabilities(signals)),
        ):
            # The first block compiles the graph.
            work()
            total_ms = cpu_ms(work, *size)
            operators = profile(work, *size)
            print(f"{options.recipe}, {title}\n{table(operators, total_ms, options.top)}\n")
    except har.HarError as error:
        print(error, file=sys.stderr)
        return error.exit_status
    return 0


if __name__ == "__main__":
    sys.exit(main())
