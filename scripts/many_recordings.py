"""Measure how many hours of recordings a Dask cluster on this machine classifies in a minute.

An hour of HAPT's recordings, one after the other, is written as CSV and linked under as many names
as there are hours; ``har predict RUN FOLDER --cluster`` then reads and classifies each.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from har.datasets.file_trees import trees_at
from har.datasets.hapt import holds_hapt
from har.datasets.hapt_recordings import read_recordings
from har.signals.channels import SAMPLE_RATE_HZ

_SAMPLES_IN_HOUR = round(3600 * SAMPLE_RATE_HZ)


def write_hours(hapt: Path, n_hours: int, folder: Path) -> None:
    """Write an hour of recordings, and link it under other names."""
    tree = next(filter(holds_hapt, trees_at(hapt)))
    recordings = list(read_recordings(tree).values())
    samples = np.concatenate([recording.samples for recording in recordings])[:_SAMPLES_IN_HOUR]
    table = pd.DataFrame(samples, columns=list(recordings[0].channels))
    table.insert(0, "time_s", table.index / SAMPLE_RATE_HZ)
    table.to_csv(folder / "hour0000.csv", index=False, float_format="%.7g")
    for number in range(1, n_hours):
        os.link(folder / "hour0000.csv", folder / f"hour{number:04d}.csv")


@contextlib.contextmanager
def cluster(n_workers: int, address: str) -> Iterator[None]:
    """Run a scheduler and its workers, each with a thread."""
    port = address.rpartition(":")[2]
    options = ["--nworkers", str(n_workers), "--nthreads", "1", "--no-dashboard"]
    commands = [["scheduler", "--port", port, "--no-dashboard"], ["worker", address, *options]]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    processes = [
        subprocess.Popen([sys.executable, "-m", "dask", *command], **quiet)  # type: ignore[call-overload]
        for command in commands
    ]
    try:
        yield
    finally:
        for process in reversed(processes):
            process.terminate()
            process.wait()


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=Path, help="a folder that har train wrote")
    parser.add_argument("--hapt", type=Path, required=True, help="where HAPT lies")
    parser.add_argument("--hours", type=int, default=1000, help="default: 1000")
    parser.add_argument("--workers", type=int, default=2, help="default: 2")
    parser.add_argument("--address", default="tcp://127.0.0.1:8786", help="for the scheduler")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        recordings = Path(place, "recordings")
        recordings.mkdir()
        write_hours(options.hapt, options.hours, recordings)
        command = ["predict", options.run, recordings, "--out", Path(place, "answers"), "--quiet"]
        command += ["--cluster", options.address]
        with cluster(options.workers, options.address):
            started_s = time.monotonic()
            subprocess.run([sys.executable, "-m", "har", *map(str, command)], check=True)
            minutes = (time.monotonic() - started_s) / 60
    print(
        f"{options.hours} hours in {minutes:.1f} min with {options.workers} workers: "
        f"{options.hours / minutes:.0f} hours a minute"
    )


if __name__ == "__main__":
    main()
