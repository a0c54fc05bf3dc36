"""Compare har's speed with PyTorch's, and check what training costs besides.

Each framework lives in a process of its own, where no threads but its own run, and idles while the
other one works. Both compute the same network on the same real windows with the same weights,
which is checked first. Machines are noisy: the two take turns, and what counts is the median of
the rounds' ratios.
"""

from __future__ import annotations

import argparse
import importlib.util
import multiprocessing
import os
import resource
import statistics
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version
from multiprocessing.managers import BaseManager
from typing import Any, TypeVar

import numpy as np

import har
from har.arrays import FloatArray
from har.config import ModelConfig, TrainingConfig
from har.signals.channels import UCI_CHANNELS
from har.signals.windows import Windows
from har.training.batches import batches, smoothed_targets

MODEL = ModelConfig(n_layers=2, hidden_size=64, pooling="last")
TRAINING = TrainingConfig(batch_size=64, schedule="constant")
TOLERANCE = 1e-4

Batch = tuple[FloatArray, FloatArray]
Weights = dict[str, FloatArray]
Made = TypeVar("Made")


class Contender:
    """A framework with the network and the batches that both work on."""

    def seconds(self, task: str) -> tuple[float, float]:
        """Do a task; return the seconds it took, and those that all processors spent on it."""
        wall_s, cpu_s = time.perf_counter(), time.process_time()
        getattr(self, task)()
        return time.perf_counter() - wall_s, time.process_time() - cpu_s


class Har(Contender):
    """har's own network, training step and prediction."""

    def __init__(self, work: Sequence[Batch]) -> None:
        from har.models.backend import parse_devices, seed_everything
        from har.models.network import build_network
        from har.training.trainer import Trainer

        self.work = work
        self.signals = np.concatenate([signals for signals, _ in work])
        self.devices = parse_devices("cpu")
        seed_everything(0)
        n_activities = work[0][1].shape[1]
        self.network = build_network(
            MODEL, self.signals.shape[1], UCI_CHANNELS, n_activities, self.devices
        )
        self.network.set_scaling(self.signals)
        self.trainer = Trainer(self.network, TRAINING, self.devices, len(work))

    def weights(self) -> Weights:
        """Give all parameters by their names in har."""
        return {n: p.data().asnumpy() for n, p in self.network.collect_params().items()}

    def logits(self) -> FloatArray:
        """Score the first batch."""
        from har.models.backend import mx

        scores: FloatArray = self.network(mx.nd.array(self.work[0][0])).asnumpy()
        return scores

    def train(self) -> None:
        """Take a step on each batch."""
        for signals, targets in self.work:
            self.trainer.step(signals, targets)

    def predict(self) -> None:
        """Find the probabilities of all windows, a batch at a time."""
        from har.models.network import predict_probabilities

        predict_probabilities(self.network, self.signals, self.devices, TRAINING.batch_size)


class PyTorch(Contender):
    """The same network in PyTorch, used as its documentation shows."""

    def __init__(self, work: Sequence[Batch], weights: Weights, n_threads: int) -> None:
        import torch

        torch.set_num_threads(n_threads)
        self.work = [(torch.from_numpy(x), torch.from_numpy(y)) for x, y in work]
        given = {name.removeprefix("har_"): torch.from_numpy(w) for name, w in weights.items()}
        self.mean, self.scale = given["channel_mean"], given["channel_scale"]
        self.lstm = torch.nn.LSTM(
            self.mean.shape[-1], MODEL.hidden_size, MODEL.n_layers, batch_first=True
        )
        # Both keep the gates in the order i, f, g, o, and two biases.
        for layer in range(MODEL.n_layers):
            for kind in ("weight", "bias"):
                for ours, theirs in (("i2h", "ih"), ("h2h", "hh")):
                    parameter = getattr(self.lstm, f"{kind}_{theirs}_l{layer}")
                    parameter.data.copy_(given[f"lstm{layer}_l0_{ours}_{kind}"])
        self.dense = torch.nn.Linear(MODEL.hidden_size, len(given["output_bias"]))
        self.dense.weight.data.copy_(given["output_weight"])
        self.dense.bias.data.copy_(given["output_bias"])
        self.parameters = [*self.lstm.parameters(), *self.dense.parameters()]
        self.optimizer = torch.optim.Adam(self.parameters, lr=TRAINING.learning_rate)

    def forward(self, windows: Any) -> Any:
        """Score each activity; torch.Tensor to torch.Tensor."""
        hidden, _state = self.lstm((windows - self.mean) / self.scale)
        return self.dense(hidden[:, -1])

    def logits(self) -> FloatArray:
        """Score the first batch."""
        scores: FloatArray = self.forward(self.work[0][0]).detach().numpy()
        return scores

    def train(self) -> None:
        """Take a step on each batch, and read its loss and accuracy as har does."""
        import torch

        for signals, targets in self.work:
            self.optimizer.zero_grad()
            scores = self.forward(signals)
            loss = torch.nn.functional.cross_entropy(scores, targets)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(self.parameters, TRAINING.clip_norm)
            self.optimizer.step()
            loss.item(), (scores.argmax(dim=1) == targets.argmax(dim=1)).sum().item()

    def predict(self) -> None:
        """Find the probabilities of all windows, a batch at a time."""
        import torch

        with torch.no_grad():
            torch.cat([self.forward(signals).softmax(dim=1) for signals, _ in self.work]).numpy()


class Recipe:
    """One epoch of the default recipe."""

    def __init__(self, root: str | None) -> None:
        self.windows, _test = har.load_uci_har(root)
        self.config = har.load_config("uci_har")

    def train(self) -> tuple[float, float]:
        """Train; return windows per second, and the most memory the process ever had, in GB."""
        training = replace(self.config.training, n_epochs=1)
        classifier = har.ActivityClassifier(replace(self.config, training=training, device="cpu"))
        classifier.fit(self.windows)
        peak_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return classifier.history_[0].windows_per_s, peak_kb * 1024 / 1e9

    def feed(self) -> float:
        """Make an epoch's batches and hand them to MXNet; return windows per second."""
        from har.models.backend import mx

        started_s = time.perf_counter()
        for batch in batches(self.windows, self.config.training, np.random.default_rng(0)):
            for array in batch:
                mx.nd.array(array)
        mx.nd.waitall()
        return len(self.windows) / (time.perf_counter() - started_s)


class Worker(BaseManager):
    """A fresh process."""

    def __init__(self) -> None:
        super().__init__(ctx=multiprocessing.get_context("spawn"))

    def make(self, kind: type[Made], *arguments: object) -> Made:
        """Make an object of a registered kind that lives and works in the process."""
        proxy: Made = getattr(self, kind.__name__)(*arguments)
        return proxy


for kind in (Har, PyTorch, Recipe):
    Worker.register(kind.__name__, kind)


@dataclass(frozen=True)
class Row:
    """A line of the table; `is_met` is None where there is no target."""

    name: str
    har: str
    pytorch: str
    result: str
    target: str
    is_met: bool | None

    def __str__(self) -> str:
        """Lay out the columns."""
        verdict = {True: "met", False: "NOT met", None: ""}[self.is_met]
        return (
            f"{self.name:16}{self.har:>16}{self.pytorch:>16}{self.result:>24}"
            f"{self.target:>10}  {verdict}"
        ).rstrip()


def compare(work: Sequence[Batch], n_threads: int, n_rounds: int) -> list[Row]:
    """Let har and PyTorch train and predict in turn."""
    with Worker() as first, Worker() as second:
        ours = first.make(Har, work)
        theirs = second.make(PyTorch, work, ours.weights(), n_threads)
        difference = float(np.abs(ours.logits() - theirs.logits()).max())
        if not difference < TOLERANCE:
            raise har.RunError(
                f"benchmark: found logits {difference:.1e} apart, expected less than {TOLERANCE}"
            )
        rows = []
        for task, target, needs_threads in (("train", 1.3, 2), ("predict", 0.9, n_threads)):
            # The first round warms up.
            turns = [(ours.seconds(task), theirs.seconds(task)) for _ in range(n_rounds + 1)][1:]
            has_target = n_threads == needs_threads
            rows.append(_speed_row(task, turns, len(work), target if has_target else None))
        return rows


def _speed_row(
    task: str,
    turns: Sequence[tuple[tuple[float, float], tuple[float, float]]],
    n_batches: int,
    target: float | None,
) -> Row:
    """Sum up the rounds of a task: windows/s, cores kept busy, ratios with their middle half."""
    columns = []
    for rounds in zip(*turns, strict=True):
        wall_s, cpu_s = np.median(rounds, axis=0)
        columns.append(f"{n_batches * TRAINING.batch_size / wall_s:.0f} ({cpu_s / wall_s:.1f})")
    ratios = [theirs[0] / ours[0] for ours, theirs in turns]
    low, middle, high = np.percentile(ratios, [25, 50, 75])
    return Row(
        name=f"{task}, windows/s",
        har=columns[0],
        pytorch=columns[1],
        result=f"{middle:.2f} ({low:.2f}..{high:.2f})",
        target="" if target is None else f">= {target}",
        is_met=None if target is None else bool(middle >= target),
    )


def measure_recipe(root: str | None) -> list[Row]:
    """Measure what an epoch of the default recipe spends on its input, and its memory."""
    with Worker() as worker:
        recipe = worker.make(Recipe, root)
        windows_per_s, peak_gb = recipe.train()
        share = windows_per_s / statistics.median(recipe.feed() for _ in range(5))
    return [
        Row("input, of epoch", f"{share:.1%}", "", "", "< 5%", share < 0.05),
        Row("peak memory", f"{peak_gb:.2f} GB", "", "", "< 1.5 GB", peak_gb < 1.5),
    ]


def read_batches(windows: Windows, n_batches: int) -> list[Batch]:
    """Draw full batches from windows."""
    chosen = np.random.default_rng(0).permutation(len(windows))[: n_batches * TRAINING.batch_size]
    targets = smoothed_targets(windows.labels[chosen], len(windows.activities), smoothing=0.0)
    return list(
        zip(np.split(windows.signals[chosen], n_batches), np.split(targets, n_batches), strict=True)
    )


def main() -> int:
    """Measure, and print a table."""
    n_cores = len(os.sched_getaffinity(0))
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--threads", type=int, default=n_cores, help="of each framework: %(default)s"
    )
    parser.add_argument("--rounds", type=int, default=12, help="turns of each: %(default)s")
    parser.add_argument("--batches", type=int, default=20, help="in a round: %(default)s")
    parser.add_argument("--data.root", dest="root", help="UCI HAR, as for har train")
    options = parser.parse_args()
    if importlib.util.find_spec("torch") is None:
        print("PyTorch is not installed; scripts/benchmark installs it", file=sys.stderr)
        return 1
    # OpenMP reads it when a framework is loaded.
    os.environ["OMP_NUM_THREADS"] = str(options.threads)
    try:
        train, _test = har.load_uci_har(options.root)
        print(
            f"MXNet {version('mxnet')} and PyTorch {version('torch')}; threads: {options.threads} "
            f"on {n_cores} cores; {options.rounds} rounds of {options.batches} batches of "
            f"{TRAINING.batch_size} windows\n"
        )
        print(Row("(cores busy)", "har", "PyTorch", "ratio (middle half)", "target", None))
        work = read_batches(train, options.batches)
        for row in compare(work, options.threads, options.rounds):
            print(row)
        for row in measure_recipe(options.root):
            print(row)
    except har.HarError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
