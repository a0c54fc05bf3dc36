"""Compare the programs that a run can be exported to: size, and time for windows.

    .venv/bin/python scripts/export_table.py runs/quick --rounds 10

Each runs in a process of its own, on one thread, and they take turns, so that what else the machine
does falls on all of them alike. Those that are not installed are left out, and named. PyTorch is
installed by ``scripts/benchmark``.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import defaultdict
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from speed.worker import Worker

from har.arrays import FloatArray
from har.export.agreement import made_up_windows
from har.export.trained_model import TrainedModel
from har.runs.folder import RunFolder

# Windows in a batch, and in a round of windows that come alone.
BATCH_SIZE = 256
N_ALONE = 50
N_BATCHES = 4
TOLERANCE = 1e-4


class Program:
    """A program with the network of a run.

    Parameters
    ----------
    run : Path
        Folder of the run.
    folder : Path
        Folder for what is exported.

    Attributes
    ----------
    n_bytes : int
        Size of its files.
    """

    n_bytes: int

    def __init__(self, run: Path, folder: Path) -> None:
        self.windows = made_up_windows(
            RunFolder.open(run).read_trained_manifest().model.window_format, BATCH_SIZE
        )

    def size(self) -> int:
        """Return the size of its files."""
        return self.n_bytes

    def predict(self, windows: FloatArray) -> FloatArray:
        """Return the probability of each activity in each window."""
        raise NotImplementedError

    def alone(self) -> list[float]:
        """Return the seconds for each of some windows that come alone."""
        seconds = []
        for number in range(N_ALONE):
            window = self.windows[number : number + 1]
            started_s = time.perf_counter()
            self.predict(window)
            seconds.append(time.perf_counter() - started_s)
        return seconds

    def in_batches(self) -> list[float]:
        """Return the windows per second in each of some batches."""
        rates = []
        for _ in range(N_BATCHES):
            started_s = time.perf_counter()
            self.predict(self.windows)
            rates.append(len(self.windows) / (time.perf_counter() - started_s))
        return rates


class MXNet(Program):
    """Gluon's network, as it was trained."""

    def __init__(self, run: Path, folder: Path) -> None:
        from har.classifier import ActivityClassifier

        super().__init__(run, folder)
        of_run = RunFolder.open(run)
        self.n_bytes = _size_of([of_run.symbol, of_run.weights])
        self.classifier = ActivityClassifier.load(run, "cpu")

    def predict(self, windows: FloatArray) -> FloatArray:
        """Ask the network, which `har` does for many windows only; see `har.models.packed`."""
        from har.models.network import predict_probabilities

        network = self.classifier.trained_network()
        return predict_probabilities(network, windows, self.classifier.devices)


class Har(MXNet):
    """What `har predict` and `har stream` do: NumPy for single windows, MXNet for many."""

    def predict(self, windows: FloatArray) -> FloatArray:
        """Ask the classifier."""
        return self.classifier.predict_proba(windows)


class OnnxRuntime(Program):
    """The ONNX file in onnxruntime."""

    what = ""

    def __init__(self, run: Path, folder: Path) -> None:
        from har.export.onnx_classifier import OnnxClassifier
        from har.export.onnx_file import write

        super().__init__(run, folder)
        write(TrainedModel.read(run), folder / "model.onnx", is_quantised=True)
        file = folder / f"model{self.what}.onnx"
        self.n_bytes = _size_of([file])
        self.classifier = OnnxClassifier.load(file)

    def predict(self, windows: FloatArray) -> FloatArray:
        """Ask onnxruntime."""
        return self.classifier.predict_proba(windows)


class OnnxRuntimeOf8Bits(OnnxRuntime):
    """The same with weights of 8 bits."""

    what = "-int8"


class PyTorch(Program):
    """The same network in PyTorch, written as its documentation shows."""

    def __init__(self, run: Path, folder: Path) -> None:
        import torch
        from speed.torch_network import Classifier

        super().__init__(run, folder)
        torch.set_num_threads(1)
        model = TrainedModel.read(run)
        self.network = Classifier(model.config, model.window_format.channels, model.weights)
        self.network.eval()
        file = folder / "model.pt"
        torch.save(self.network.state_dict(), file)
        self.n_bytes = _size_of([file])

    def predict(self, windows: FloatArray) -> FloatArray:
        """Ask PyTorch."""
        import torch

        with torch.inference_mode():
            probabilities: FloatArray = self.network(torch.from_numpy(windows)).numpy()
        return probabilities


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
    is_exact : bool
        Whether its probabilities are those of the run but for rounding.
    """

    name: str
    program: type[Program]
    needs: tuple[str, ...] = ()
    is_exact: bool = True


# One more program is one more class, with its row here.
ROWS = (
    Row("MXNet", MXNet, ("mxnet",)),
    Row("`har`: MXNet, NumPy for single windows", Har, ("mxnet",)),
    Row("onnxruntime", OnnxRuntime, ("onnx", "onnxruntime")),
    Row("onnxruntime, weights of 8 bits", OnnxRuntimeOf8Bits, ("onnx", "onnxruntime"), False),
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


def _size_of(files: Sequence[Path]) -> int:
    return sum(file.stat().st_size for file in files)


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
    expected = TrainedModel.read(run)
    windows = made_up_windows(expected.window_format, BATCH_SIZE)
    probabilities = expected.predict_proba(windows)
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
            off = np.abs(workers[row.name].call("predict", windows) - probabilities).max()
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
