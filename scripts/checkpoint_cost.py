"""Measure the share of a training's time that checkpoints take, and the seeds they need.

    .venv/bin/python scripts/checkpoint_cost.py quick

It trains a recipe for some epochs into a temporary folder and adds up the time in what resuming
needs: seeding the dropout of each ten steps, taking the state, and writing it to disk.
"""

from __future__ import annotations

import argparse
import pkgutil
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest import mock

from har.classifier import ActivityClassifier
from har.datasets.loading import open_training
from har.recipes import load_config
from har.runs.checkpoints import RunCheckpoints
from har.runs.folder import RunFolder

# Where the time is measured, by what it is spent on.
_PARTS = {
    "seeds": "har.training.passes.seed_dropout",
    "states": "har.training.loop.Training.state",
    "files": "har.runs.checkpoints.RunCheckpoints.write",
}


@contextmanager
def timed() -> Iterator[dict[str, float]]:
    """Add up the seconds of each part while the block runs."""
    spent_s: dict[str, float] = defaultdict(float)

    def with_timer(part: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def timing(*arguments: Any) -> Any:
            started_s = time.perf_counter()
            try:
                return function(*arguments)
            finally:
                spent_s[part] += time.perf_counter() - started_s

        return timing

    with ExitStack() as stack:
        for part, target in _PARTS.items():
            timing = with_timer(part, pkgutil.resolve_name(target))
            stack.enter_context(mock.patch(target, timing))
        yield spent_s


def main() -> None:
    """Train, and print the shares."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("recipe")
    parser.add_argument("--epochs", type=int, default=3, help="epochs to train (default: 3)")
    options = parser.parse_args()
    config = load_config(options.recipe, f"--training.n_epochs={options.epochs}")
    windows = open_training(config.data).windows
    with TemporaryDirectory() as folder, timed() as spent_s:
        checkpoints = RunCheckpoints(RunFolder(Path(folder)), config)
        started_s = time.perf_counter()
        for _record in ActivityClassifier(config).fit_epochs(windows, checkpoints=checkpoints):
            continue
        whole_s = time.perf_counter() - started_s
    each = ", ".join(f"{part} {value / whole_s:.2%}" for part, value in spent_s.items())
    print(f"{config.training.n_epochs} epochs of {options.recipe}: {whole_s:.1f} s, of them {each}")


if __name__ == "__main__":
    main()
