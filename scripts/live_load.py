"""Measure a live server under many phones at once: the delay of its answers, and its memory.

Starts ``har serve`` in a process of its own on loopback, and connects phones that each send samples
at 50 Hz in messages of some, in real time, with starts that differ, as real ones do. A window is
complete when the sample after its last one is there, for which the median filter waits. Two delays
are reported, each over all windows of all phones:

- from the moment the message is sent with which a window is complete, to its answer: the server's;
- from the moment the window's last sample was measured: with it the sample that the filter waits
  for, and the wait of the message for its other samples.

An example: ``python scripts/live_load.py runs/quick --phones 50 --seconds 120``
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from websockets.asyncio.client import connect

RATE_HZ = 50
WINDOW, STEP = 128, 64
# After the first second the server knows a stream's format.
WARM_UP_S = 6.0
MEMORY_EVERY_S = 5.0


@dataclass
class Measured:
    """What was measured so far.

    Parameters
    ----------
    server_ms, sample_ms : list of float
        Delays from the message, and from the sample, to the answer.
    answered_s : list of float
        When these answers came, as of `time.perf_counter`.
    memory_mb : list of float
        Memory of the server, every few seconds.
    n_missing : int
        Number of windows without an answer.
    """

    server_ms: list[float] = field(default_factory=list)
    sample_ms: list[float] = field(default_factory=list)
    answered_s: list[float] = field(default_factory=list)
    memory_mb: list[float] = field(default_factory=list)
    n_missing: int = 0


@contextmanager
def serving(run: Path, n_phones: int) -> Iterator[tuple[int, int]]:
    """Start ``har serve``, and yield its process's number and its port."""
    command = [sys.executable, "-m", "har", "serve", str(run), "--port", "0"]
    command += ["--phones", str(n_phones)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            lines = process.stdout or ()
            found = next(filter(None, (re.search(r":(\d+)/", line) for line in lines)), None)
            if found is None:
                raise SystemExit("har serve did not start")
            yield process.pid, int(found[1])
        finally:
            process.terminate()


def walk(seed: int, n_samples: int) -> list[list[float]]:
    """Return samples of somebody who walks, in g and rad/s."""
    random = np.random.default_rng(seed)
    phase = 2 * np.pi * 1.9 * np.arange(n_samples) / RATE_HZ
    samples = random.normal(scale=0.02, size=(n_samples, 6))
    samples[:, 0] += 0.97 + 0.3 * np.sin(phase)
    samples[:, 1] += 0.12 * np.sin(phase / 2)
    samples[:, 3:] += 0.5 * np.sin(phase / 2)[:, None]
    return [[float(value) for value in row] for row in samples.round(5)]


async def phone(address: str, seed: int, options: argparse.Namespace, measured: Measured) -> None:
    """Send samples in real time, and measure the delay of each answer."""
    at_once, n_samples = options.at_once, int(options.seconds * RATE_HZ)
    samples = walk(seed, n_samples)
    sent_s: dict[int, float] = {}
    n_answers = 0
    # Fifty begin at once, perhaps on a busy machine.
    async with connect(address, open_timeout=120) as socket:
        await asyncio.sleep(np.random.default_rng(seed).uniform(0, STEP / RATE_HZ))
        began_s = time.perf_counter()

        async def listen() -> None:
            nonlocal n_answers
            async for text in socket:
                now_s = time.perf_counter()
                message = json.loads(text)
                if message["kind"] != "answer":
                    continue
                n_answers += 1
                last = round(message["end_s"] * RATE_HZ) - 1
                if last / RATE_HZ < WARM_UP_S:
                    continue
                measured.answered_s.append(now_s)
                # The sample after the last one completes the window.
                measured.server_ms.append(1e3 * (now_s - sent_s[(last + 1) // at_once]))
                measured.sample_ms.append(1e3 * (now_s - began_s - last / RATE_HZ))

        listening = asyncio.create_task(listen())
        # Whoever ends this phone early hears nothing of its end.
        listening.add_done_callback(lambda task: task.cancelled() or task.exception())
        for first in range(0, n_samples, at_once):
            rows = [
                [number / RATE_HZ, *samples[number]]
                for number in range(first, min(first + at_once, n_samples))
            ]
            # A message leaves when its last sample is measured.
            due_s = began_s + (first + len(rows) - 1) / RATE_HZ
            await asyncio.sleep(max(0.0, due_s - time.perf_counter()))
            sent_s[first // at_once] = time.perf_counter()
            await socket.send(json.dumps({"samples": rows}))
        await asyncio.sleep(options.wait)
        listening.cancel()
    measured.n_missing += (n_samples - 1 - WINDOW) // STEP + 1 - n_answers


def memory_mb(process: int) -> float:
    """Return the resident memory of a process."""
    status = Path(f"/proc/{process}/status").read_text("utf-8")
    return int(status.split("VmRSS:")[1].split()[0]) / 1024


async def watch_memory(process: int, measured: Measured) -> None:
    """Look at the memory of the server until cancelled."""
    while True:
        measured.memory_mb.append(memory_mb(process))
        await asyncio.sleep(MEMORY_EVERY_S)


async def measure(process: int, port: int, options: argparse.Namespace) -> Measured:
    """Let all phones send at once."""
    measured = Measured()
    watching = asyncio.create_task(watch_memory(process, measured))
    address = f"ws://localhost:{port}/live"
    await asyncio.gather(
        *(phone(address, seed, options, measured) for seed in range(options.phones))
    )
    measured.memory_mb.append(memory_mb(process))
    watching.cancel()
    return measured


def in_words(measured: Measured, options: argparse.Namespace) -> str:
    """Return what was measured."""
    lines = [
        f"{options.phones} phones at {RATE_HZ} Hz, {options.at_once} samples a message, "
        f"{options.seconds:g} s: {len(measured.server_ms)} windows, {measured.n_missing} missing"
    ]
    for name, values in (("message", measured.server_ms), ("sample", measured.sample_ms)):
        p50, p99 = np.percentile(values, [50, 99])
        lines.append(
            f"from the last {name}: p50 {p50:.1f} ms, p99 {p99:.1f} ms, most {max(values):.1f} ms"
        )
    later = measured.memory_mb[len(measured.memory_mb) // 3 :]
    lines.append(
        f"memory of the server: {measured.memory_mb[0]:.0f} MB at the start, then "
        f"{later[0]:.1f} MB after a third and {later[-1]:.1f} MB at the end"
    )
    return "\n".join(lines)


def main() -> None:
    """Measure what the command line asks for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("run", type=Path, help="a folder that har train wrote")
    parser.add_argument("--phones", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--at-once", type=int, default=10, help="samples a message, as the page")
    parser.add_argument("--wait", type=float, default=2.0, help="for the last answers, in s")
    options = parser.parse_args()
    with serving(options.run, options.phones) as (process, port):
        print(in_words(asyncio.run(measure(process, port, options)), options))


if __name__ == "__main__":
    main()
