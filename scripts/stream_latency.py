"""Measure how long ``har stream`` takes from the line that completes a window to its answer.

The lines of a recording go through real pipes, as fast as they are answered.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

from har.signals.channels import N_TIMESTEPS, WINDOW_STEP


def measure(run: Path, recording: Path) -> list[float]:
    """Give the seconds that each window of a plain recording without gaps takes."""
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    command = [sys.executable, "-m", "har", "stream", str(run)]
    pipe = subprocess.PIPE
    delays_s = []
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True) as process:
        if not (process.stdin and process.stdout and process.stderr):
            raise RuntimeError("found no pipes to har stream")
        process.stderr.readline()
        for number, line in enumerate(recording.read_text().splitlines(keepends=True)):
            started_s = time.perf_counter()
            process.stdin.write(line)
            process.stdin.flush()
            # Line 0 is the heading, and the median waits for one sample more.
            n_complete = number - 1
            if n_complete >= N_TIMESTEPS and (n_complete - N_TIMESTEPS) % WINDOW_STEP == 0:
                process.stdout.readline()
                delays_s.append(time.perf_counter() - started_s)
        process.communicate()
    return delays_s


def main() -> None:
    """Measure, and print quantiles."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("run", type=Path, help="a folder that har train wrote")
    parser.add_argument("recording", type=Path, help="a plain CSV at 50 Hz, with a heading")
    options = parser.parse_args()
    delays_ms = 1000 * np.array(measure(options.run, options.recording))
    median, most = np.percentile(delays_ms, [50, 95])
    print(f"{len(delays_ms)} windows on one core: median {median:.1f} ms, 95 % below {most:.1f} ms")


if __name__ == "__main__":
    main()
