"""Compare one thread, two threads and two processes of one thread in training.

Each contender trains in a process of its own, and they take turns, an epoch of a few steps each,
alone and beside a process that is always busy. The best of their turns count: other programs only
ever slow them down.

    python scripts/parallel_training.py --recipe quick

With --cross-validate, the accuracy of two processes instead, which normalise halves of batches.
"""

from __future__ import annotations

import argparse
import multiprocessing
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection

import numpy as np

from har.recipes import load_config
from har.signals.windows import Windows

N_WINDOWS = 640
BUSY = "while True: pass"


@dataclass(frozen=True)
class Contender:
    """A number of CPU threads and of processes to train with."""

    n_threads: int
    n_processes: int

    def __str__(self) -> str:
        """Name the contender."""
        return f"{self.n_processes} x {self.n_threads}"


CONTENDERS = (Contender(1, 1), Contender(2, 1), Contender(1, 2))


def compare(
    recipe: str, contenders: Sequence[Contender] = CONTENDERS, n_rounds: int = 8, n_busy: int = 0
) -> dict[Contender, list[float]]:
    """Measure the speed of training.

    Parameters
    ----------
    recipe : str
        Name of a recipe, whose network is trained on random windows.
    contenders : sequence of Contender
        Contenders.
    n_rounds : int
        Turns of each.
    n_busy : int
        Processes that are always busy meanwhile.

    Returns
    -------
    dict of Contender to list of float
        Windows per second in each turn.
    """
    speeds: dict[Contender, list[float]] = {contender: [] for contender in contenders}
    with ExitStack() as stack:
        pipes = {c: stack.enter_context(_started(recipe, c)) for c in contenders}
        for pipe in pipes.values():
            pipe.recv()
        for _ in range(n_busy):
            busy = subprocess.Popen([sys.executable, "-c", BUSY])
            stack.callback(busy.wait)
            stack.callback(busy.kill)
        for _ in range(n_rounds):
            for contender, pipe in pipes.items():
                pipe.send("epoch")
                speeds[contender].append(pipe.recv())
    return speeds


@contextmanager
def _started(recipe: str, contender: Contender) -> Iterator[Connection]:
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=_train, args=(there, recipe, contender))
    process.start()
    there.close()
    with here:
        yield here
    process.join()


def _train(pipe: Connection, recipe: str, contender: Contender) -> None:
    """Train an epoch whenever the pipe says so, and return its speed."""
    import har

    longest = "--training.n_epochs=100000", "--training.keep=last", "--training.calibrate=false"
    config = load_config(recipe, *longest, "--data.n_validation_subjects=0", "--device=cpu")
    random = np.random.default_rng(0)
    signals = random.normal(size=(N_WINDOWS, 128, 9)).astype(np.float32)
    labels = random.integers(0, 6, N_WINDOWS)
    windows = Windows(signals, labels, np.zeros(N_WINDOWS, dtype=int))
    how = contender.n_threads, contender.n_processes
    records = har.ActivityClassifier(config).fit_epochs(windows, *how)
    next(records)
    pipe.send("ready")
    while True:
        try:
            pipe.recv()
        except EOFError:
            return
        pipe.send(next(records).windows_per_s)


def cross_validate(recipe: str, n_seeds: int, contender: Contender) -> list[float]:
    """Return the mean accuracy of UCI HAR's five folds for each seed."""
    import har
    from har.model_selection.cross_validation import score_fold
    from har.model_selection.folds import folds_of

    train, _test = har.load_uci_har()
    config = load_config(recipe, "--device=cpu")
    accuracies = []
    for seed in range(n_seeds):
        of_folds = []
        for fold in folds_of(train, 5):
            how = contender.n_threads, contender.n_processes
            of_folds.append(score_fold(config, train, fold, seed, *how).evaluation.accuracy)
            print(f"{recipe}, {contender}, seed {seed}, fold {fold.number}: {of_folds[-1]:.4f}")
        accuracies.append(float(np.mean(of_folds)))
    return accuracies


def main() -> None:
    """Print the speed of each contender, alone and beside a busy process."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--recipe", default="quick")
    parser.add_argument("--rounds", type=int, default=8)
    parser.add_argument("--cross-validate", type=int, metavar="SEEDS", help="accuracy instead")
    options = parser.parse_args()
    if options.cross_validate:
        accuracies = cross_validate(options.recipe, options.cross_validate, CONTENDERS[-1])
        print(f"{options.recipe}, {CONTENDERS[-1]}: {np.mean(accuracies):.4f} of {accuracies}")
        return
    for n_busy in (0, 1):
        speeds = compare(options.recipe, n_rounds=options.rounds, n_busy=n_busy)
        one = speeds[CONTENDERS[0]]
        for contender, found in speeds.items():
            print(
                f"{options.recipe}, {n_busy} busy, processes x threads {contender}: best "
                f"{max(found):5.0f} windows/s, ratio {max(found) / max(one):.2f}; median "
                f"{np.median(found):5.0f}, ratio {np.median(np.divide(found, one)):.2f}"
            )


if __name__ == "__main__":
    main()
