"""Measure how long a phone waits that teaches a live server, and other phones meanwhile.

Starts ``har serve`` on one core, lets phones stream to it as ``scripts/live_load.py`` does, and has
one more send a labelled recording, as the page does, several times. The first time pays for all
that is read once. Reported are the time from the request to its answer, the delay of the answers
that other phones get meanwhile, from the message that completes a window, and the memory that a
taught phone takes.

An example: ``python scripts/live_teaching.py runs/quick --phones 0 10 50``
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import secrets
import time
import urllib.error
import urllib.request
from argparse import Namespace
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from live_load import RATE_HZ, Measured, memory_mb, phone, serving, walk
from websockets.asyncio.client import connect

from har.cli.trained import window_format_of

# Until the first windows of all phones are answered, and beyond the last recording.
_BEFORE_S, _AFTER_S = 10.0, 3.0
_BETWEEN_S = 1.0
_PATIENCE_S = 600.0


@dataclass(frozen=True)
class Trial:
    """A recording that was taught.

    Parameters
    ----------
    seconds : float
        Length of each activity.
    began_s, ended_s : float
        Times of request and answer, as of `time.perf_counter`.
    memory_mb : float
        Memory of the server afterwards.
    """

    seconds: float
    began_s: float
    ended_s: float
    memory_mb: float


def recording(activities: Sequence[str], seconds: float) -> bytes:
    """Return a recording in which each activity moves, and holds the phone, in its own way."""
    n_samples = round(seconds * RATE_HZ)
    random = np.random.default_rng(0)
    parts, labels = [], []
    for number, activity in enumerate(activities):
        # Half of them rest.
        samples = np.asarray(walk(number, n_samples)) * (1 if number % 2 else 0.02)
        direction = random.normal(size=3)
        samples[:, :3] += direction / np.linalg.norm(direction)
        parts.append(samples)
        labels += [activity] * n_samples
    rows = np.concatenate(parts).round(5).tolist()
    timed = [[number / RATE_HZ, *row] for number, row in enumerate(rows)]
    return json.dumps({"subject": "Ada", "samples": timed, "labels": labels}).encode()


def post(port: int, key: str, body: bytes) -> None:
    """Teach as the page does."""
    request = urllib.request.Request(f"http://localhost:{port}/teach?key={key}", body)
    try:
        with urllib.request.urlopen(request, timeout=_PATIENCE_S) as answer:
            answer.read()
    except urllib.error.HTTPError as error:
        raise SystemExit(f"teaching was refused: {error.read().decode()}") from error


async def teach(process: int, port: int, bodies: dict[float, bytes], n_times: int) -> list[Trial]:
    """Teach each recording so many times, each time as another phone."""
    trials = []
    await asyncio.sleep(_BEFORE_S)
    for seconds in [each for each in bodies for _ in range(n_times)]:
        key = secrets.token_hex(16)
        async with connect(f"ws://localhost:{port}/live?key={key}", open_timeout=120):
            began_s = time.perf_counter()
            await asyncio.to_thread(post, port, key, bodies[seconds])
            trials.append(Trial(seconds, began_s, time.perf_counter(), memory_mb(process)))
        await asyncio.sleep(_BETWEEN_S)
    await asyncio.sleep(_AFTER_S)
    return trials


async def measure(
    process: int, port: int, n_phones: int, bodies: dict[float, bytes], n_times: int
) -> tuple[list[Trial], Measured]:
    """Let phones stream while one teaches."""
    measured = Measured()
    # Longer than everything takes: they are stopped at the end.
    options = Namespace(at_once=10, seconds=_PATIENCE_S, wait=0.0)
    address = f"ws://localhost:{port}/live"
    phones = [
        asyncio.create_task(phone(address, seed, options, measured)) for seed in range(n_phones)
    ]
    trials = await teach(process, port, bodies, n_times)
    for task in phones:
        task.cancel()
    await asyncio.gather(*phones, return_exceptions=True)
    return trials, measured


def in_words(n_phones: int, trials: list[Trial], measured: Measured) -> str:
    """Return what was measured."""
    lines = [f"{n_phones} other phones"]
    for seconds in dict.fromkeys(trial.seconds for trial in trials):
        taken = [t.ended_s - t.began_s for t in trials if t.seconds == seconds]
        times = ", ".join(f"{taken_s:.2f}" for taken_s in taken)
        lines.append(f"  {seconds:g} s of each activity: taught in {times} s")
    memory = [trial.memory_mb for trial in trials]
    lines.append(
        f"  memory after the first {memory[0]:.1f} MB, after all {len(memory)} {memory[-1]:.1f} MB"
    )
    at_s, delays_ms = np.asarray(measured.answered_s), np.asarray(measured.server_ms)
    is_meanwhile = np.zeros(len(at_s), bool)
    for trial in trials:
        # Answers that came, or should have come, while somebody taught.
        is_meanwhile |= (at_s >= trial.began_s) & (at_s - delays_ms / 1e3 <= trial.ended_s)
    for name, chosen in (("meanwhile", is_meanwhile), ("otherwise", ~is_meanwhile)):
        if chosen.any():
            p50, p99 = np.percentile(delays_ms[chosen], [50, 99])
            lines.append(
                f"  other phones' answers {name}: {int(chosen.sum())}, p50 {p50:.1f} ms, p99 "
                f"{p99:.1f} ms, most {delays_ms[chosen].max():.1f} ms"
            )
    return "\n".join(lines)


def main() -> None:
    """Measure what the command line asks for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("run", type=Path, help="a folder that har train wrote")
    parser.add_argument("--phones", type=int, nargs="+", default=[0, 10, 50])
    parser.add_argument("--seconds", type=float, nargs="+", default=[20.0, 60.0])
    parser.add_argument("--times", type=int, default=3, help="how often each recording is taught")
    parser.add_argument("--core", type=int, default=0, help="the one that the server may use")
    options = parser.parse_args()
    activities = window_format_of(options.run).activities[:6]
    bodies = {seconds: recording(activities, seconds) for seconds in options.seconds}
    for n_phones in options.phones:
        with serving(options.run, n_phones + 2) as (process, port):
            for thread in os.listdir(f"/proc/{process}/task"):
                os.sched_setaffinity(int(thread), [options.core])
            found = asyncio.run(measure(process, port, n_phones, bodies, options.times))
        print(in_words(n_phones, *found), flush=True)


if __name__ == "__main__":
    main()
