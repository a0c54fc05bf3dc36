"""Measure how long ``har stream`` takes from a line to its answer, and what a sample costs.

The lines of a recording go through real pipes: of one stream as fast as they are taken, with a
pause before the last sample of each window, and of many at 50 Hz, each a little after the one
before, as phones send them.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from har.signals.channels import N_TIMESTEPS, SAMPLE_RATE_HZ, WINDOW_STEP

# The median waits for one sample more.
_FIRST_COMPLETE = N_TIMESTEPS + 1
_TICKS_PER_S = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Measurement:
    """Delays of all windows, and the processor's time for all samples.

    Parameters
    ----------
    delays_s : list of float
        Seconds from the line that completes a window to its answer.
    n_samples : int
        Number of samples.
    cpu_s : float
        Processor time of ``har stream``, after it was ready.
    wall_s : float
        Time that the samples took to send and to answer.
    """

    delays_s: list[float]
    n_samples: int
    cpu_s: float
    wall_s: float


def start(run: Path, *options: str) -> subprocess.Popen[str]:
    """Start ``har stream``, ready for samples, on the same processor as this program."""
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    command = [sys.executable, "-m", "har", "stream", str(run), *options]
    pipe = subprocess.PIPE
    process = subprocess.Popen(
        command, stdin=pipe, stdout=pipe, stderr=subprocess.PIPE, text=True, bufsize=1
    )
    if process.stderr is None:
        raise RuntimeError("found no pipe from har stream")
    process.stderr.readline()
    return process


def cpu_s(process: subprocess.Popen[str]) -> float:
    """Return the processor time of a process so far."""
    fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS_PER_S


def read_lines(recording: Path) -> tuple[str, list[str]]:
    """Return the heading and the rows of a plain CSV, with their ends."""
    heading, *rows = recording.read_text().splitlines(keepends=True)
    return heading, rows


def is_complete(n_samples: int) -> bool:
    """Return whether a window is complete after so many samples."""
    return n_samples >= _FIRST_COMPLETE and (n_samples - _FIRST_COMPLETE) % WINDOW_STEP == 0


def measure_one(run: Path, heading: str, rows: list[str]) -> Measurement:
    """Measure one stream, as fast as its lines are taken."""
    delays_s: list[float] = []
    with start(run) as process:
        if not (process.stdin and process.stdout):
            raise RuntimeError("found no pipes to har stream")
        before_s, began_s = cpu_s(process), time.perf_counter()
        process.stdin.write(heading)
        for number, row in enumerate(rows, start=1):
            if is_complete(number):
                # As at the sensors' rate, the samples before have been taken in.
                time.sleep(1 / SAMPLE_RATE_HZ)
            started_s = time.perf_counter()
            process.stdin.write(row)
            if is_complete(number):
                process.stdin.flush()
                process.stdout.readline()
                delays_s.append(time.perf_counter() - started_s)
        spent_s = cpu_s(process) - before_s
        wall_s = time.perf_counter() - began_s
        process.communicate()
    return Measurement(delays_s, len(rows), spent_s, wall_s)


def measure_many(
    run: Path, heading: str, rows: list[str], n_streams: int, rate_hz: float
) -> Measurement:
    """Measure many streams of the same rows, which come at a rate."""
    sent_s: dict[tuple[str, int], float] = {}
    delays_s: list[float] = []

    def receive() -> None:
        for line in process.stdout or ():
            now_s, answer = time.perf_counter(), json.loads(line)
            n_complete = round(answer["end_s"] * SAMPLE_RATE_HZ) + 1
            delays_s.append(now_s - sent_s[answer["id"], n_complete])

    with start(run, "--id", "id") as process:
        if process.stdin is None or process.stderr is None:
            raise RuntimeError("found no pipes to har stream")
        threading.Thread(target=process.stderr.read, daemon=True).start()
        receiver = threading.Thread(target=receive)
        receiver.start()
        before_s, began_s = cpu_s(process), time.perf_counter()
        process.stdin.write(f"id,{heading}")
        # Phones begin one after the other, within the time from one window to the next.
        starts = [stream * WINDOW_STEP // n_streams for stream in range(n_streams)]
        for tick in range(len(rows) + WINDOW_STEP):
            now_s = time.perf_counter()
            time.sleep(max(0.0, began_s + tick / rate_hz - now_s))
            lines = []
            for stream, first in enumerate(starts):
                number = tick - first + 1
                if 1 <= number <= len(rows):
                    lines.append(f"s{stream},{rows[number - 1]}")
                    if is_complete(number):
                        sent_s[f"s{stream}", number] = time.perf_counter()
            process.stdin.write("".join(lines))
            process.stdin.flush()
        spent_s, wall_s = cpu_s(process) - before_s, time.perf_counter() - began_s
        process.stdin.close()
        receiver.join()
    return Measurement(delays_s, n_streams * len(rows), spent_s, wall_s)


def main() -> None:
    """Measure, and print quantiles."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("run", type=Path, help="a folder that har train wrote")
    parser.add_argument("recording", type=Path, help="a plain CSV at 50 Hz, with a heading")
    parser.add_argument("--streams", type=int, default=1, help="number of streams (default: 1)")
    parser.add_argument("--samples", type=int, help="samples of each (default: all)")
    parser.add_argument(
        "--rate-hz",
        type=float,
        default=SAMPLE_RATE_HZ,
        help="samples per second of each of many streams (default: 50)",
    )
    options = parser.parse_args()
    heading, rows = read_lines(options.recording)
    rows = rows[: options.samples]
    found = (
        measure_one(options.run, heading, rows)
        if options.streams == 1
        else measure_many(options.run, heading, rows, options.streams, options.rate_hz)
    )
    median, most = np.percentile(1000 * np.array(found.delays_s), [50, 95])
    print(
        f"{len(found.delays_s)} windows of {options.streams} streams on one core: median "
        f"{median:.1f} ms, 95 % below {most:.1f} ms; {found.n_samples / found.cpu_s:,.0f} samples "
        f"per second of processor time, which was {found.cpu_s / found.wall_s:.0%} busy"
    )


if __name__ == "__main__":
    main()
