"""Compare the programs that a run can be exported to: size, and time for windows.

    .venv/bin/python scripts/export_table.py runs/quick --rounds 10

Each runs in a process of its own, on one thread, and they take turns, so that what else the machine
does falls on all of them alike. Those that are not installed are left out, and named. PyTorch is
installed by ``scripts/benchmark``.
"""

from __future__ import annotations

import argparse
import sys
from collections import defaultdict
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from shutil import which
from tempfile import TemporaryDirectory

import numpy as np
from speed.programs import (
    CHeader,
    CHeaderOf8Bits,
    Har,
    JavaScript,
    MXNet,
    NumPyFile,
    OnnxRuntime,
    OnnxRuntimeOf8Bits,
    Program,
    PyTorch,
)
from speed.worker import Worker

TOLERANCE = 1e-4


@dataclass(frozen=True)
class Row:
    """A row of the table.

    Parameters
    ----------
    name : str
        Name of the program.
    program : type of Program
        Class that runs it.
    needs : tuple of str
        Python packages without which it is left out.
    command : str
        Command without which it is left out.
    is_exact : bool
        Whether its probabilities are those of the run but for rounding.
    """

    name: str
    program: type[Program]
    needs: tuple[str, ...] = ()
    command: str = ""
    is_exact: bool = True


# One more program is one more class, with its row here.
ROWS = (
    Row("MXNet", MXNet, ("mxnet",)),
    Row("`har`: MXNet, NumPy for single windows", Har, ("mxnet",)),
    Row("onnxruntime", OnnxRuntime, ("onnx", "onnxruntime")),
    Row(
        "onnxruntime, weights of 8 bits",
        OnnxRuntimeOf8Bits,
        ("onnx", "onnxruntime"),
        is_exact=False,
    ),
    Row("NumPy file", NumPyFile),
    Row("C", CHeader, command="gcc"),
    Row("C, weights of 8 bits", CHeaderOf8Bits, command="gcc", is_exact=False),
    Row("JavaScript (Node)", JavaScript, command="node"),
    Row("PyTorch", PyTorch, ("torch",)),
)


@dataclass
class Timed:
    """Figures of a program over all rounds."""

    n_bytes: int
    alone_s: list[float]
    rates: list[float]

    def row(self, name: str) -> str:
        """Return a row of a table in Markdown."""
        p50, p99 = 1000 * np.percentile(self.alone_s, [50, 99])
        return (
            f"| {name} | {self.n_bytes / 1e6:.2f} MB | {p50:.2f} ms | {p99:.2f} ms | "
            f"{float(f'{np.median(self.rates):.3g}'):,.0f} |"
        )


def measured(run: Path, rows: Sequence[Row], n_rounds: int) -> dict[str, Timed]:
    """Let programs take turns; return the figures of each by its name.

    Parameters
    ----------
    run : Path
        Folder of the run.
    rows : sequence of Row
        Programs to measure.
    n_rounds : int
        Number of turns of each; the first warms up and does not count.
    """
    figures: dict[str, Timed] = {}
    with TemporaryDirectory() as folder, ExitStack() as stack:
        workers = {}
        for number, row in enumerate(rows):
            own = Path(folder) / str(number)
            own.mkdir()
            environment = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
            workers[row.name] = stack.enter_context(
                Worker(row.program, run, own, environment=environment)
            )
            off = workers[row.name].call("difference")
            if row.is_exact and not off < TOLERANCE:
                sys.exit(f"{row.name}: found probabilities {off:.1e} off, expected {TOLERANCE}")
            figures[row.name] = Timed(workers[row.name].call("size"), [], [])
        for number in range(n_rounds + 1):
            for name, worker in workers.items():
                alone_s, rates = worker.call("alone"), worker.call("in_batches")
                if number:
                    figures[name].alone_s += alone_s
                    figures[name].rates += rates
    return figures


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("run", type=Path, help="folder of a run")
    parser.add_argument("--rounds", type=int, default=10, metavar="N")
    options = parser.parse_args()
    missing: dict[str, list[str]] = defaultdict(list)
    for row in ROWS:
        missing[row.name] += [name for name in row.needs if find_spec(name) is None]
        if row.command and which(row.command) is None:
            missing[row.name].append(row.command)
    rows = [row for row in ROWS if not missing[row.name]]
    figures = measured(options.run, rows, options.rounds)
    print("| program | size | one window: p50 | p99 | windows/s in batches |")
    print("|---|---:|---:|---:|---:|")
    print(*(timed.row(name) for name, timed in figures.items()), sep="\n")
    for name, packages in missing.items():
        if packages:
            print(f"{name}: left out for want of {', '.join(packages)}", file=sys.stderr)


if __name__ == "__main__":
    main()
