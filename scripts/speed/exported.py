"""Time a window in a run's NumPy and C exports: ``python scripts/speed/exported.py RUN …``.

The C header is compiled with gcc -O2. Tests run it by the same functions.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from har.arrays import FloatArray
from har.export import c_header, numpy_file
from har.export.predictor import Model
from har.export.sample_windows import made_up_samples
from har.export.trained_model import TrainedModel
from har.inference.timeline import raw_channels_of
from har.signals.channels import WINDOW_STEP
from har.signals.filters import uci_har_channels
from har.signals.windows import sliding_windows

_HARNESS = Path(__file__).with_name("c_harness.c")
_N_TIMES = 300


def compiled(header: Path, *flags: str) -> Path:
    """Compile the harness with a header, and return the program, beside the header.

    Parameters
    ----------
    header : Path
        A ``har_model.h``.
    *flags : str
        Flags for gcc.

    Raises
    ------
    subprocess.CalledProcessError
        If gcc finds a mistake.
    """
    program = header.with_name("har_harness")
    include = ["-I", str(header.parent), str(_HARNESS), "-lm", "-o", str(program)]
    subprocess.run(["gcc", "-std=c99", *flags, *include], check=True)
    return program


def judged(program: Path, samples: FloatArray, n_activities: int) -> FloatArray:
    """Return the probabilities that a program gives, shape (n_windows, n_activities)."""
    content = samples.astype(np.float32).tobytes()
    done = subprocess.run([program], input=content, stdout=subprocess.PIPE, check=True)
    return np.frombuffer(done.stdout, np.float32).reshape(-1, n_activities)


def size_of_state(program: Path) -> int:
    """Return the size of a ``har_state`` in bytes."""
    return int(subprocess.run([program, "size"], stdout=subprocess.PIPE, check=True).stdout)


def seconds_in_c(program: Path, samples: FloatArray, n_times: int) -> FloatArray:
    """Return how long a program takes for a window, so many times, shape (n_times,)."""
    content = samples.astype(np.float32).tobytes()
    command = [str(program), str(n_times)]
    done = subprocess.run(command, input=content, stdout=subprocess.PIPE, check=True)
    return 1e-9 * np.array(done.stdout.split(), float)


def seconds_in_numpy(model: Model, windows: FloatArray, n_times: int) -> FloatArray:
    """Return how long the predictor takes for a window, so many times, shape (n_times,)."""
    seconds = []
    for number in range(n_times):
        place = number % len(windows)
        start = time.perf_counter()
        model.probabilities(windows[place : place + 1])
        seconds.append(time.perf_counter() - start)
    return np.array(seconds)


def measure(model: TrainedModel, n_times: int = _N_TIMES) -> list[str]:
    """Return a line for each export of a model: times of a window, and agreement with har."""
    samples = made_up_samples(len(raw_channels_of(model.window_format)))
    signals = uci_har_channels(samples, "settled").astype(np.float32)
    windows = sliding_windows(signals, model.window_format.n_timesteps, WINDOW_STEP)
    expected = model.predict_proba(windows)
    with tempfile.TemporaryDirectory() as name:
        out = Path(name)
        numpy_file.write(model, out)
        written = Model(str(out / numpy_file.MODEL_NAME))
        seconds = seconds_in_numpy(written, windows, n_times)
        lines = [_line("NumPy", seconds, written.probabilities(windows), expected)]
        weights: c_header.CWeights
        for weights in ("float32", "int8"):
            header = out / weights / "har_model.h"
            c_header.write(model, header, weights)
            program = compiled(header, "-O2")
            seconds = seconds_in_c(program, samples, n_times)
            found = judged(program, samples, expected.shape[1])
            lines.append(_line(f"C, {weights}", seconds, found, expected))
    return lines


def _line(form: str, seconds: FloatArray, found: FloatArray, expected: FloatArray) -> str:
    p50, p99 = 1e3 * np.percentile(seconds, [50, 99])
    # A stream still waits for the neighbour of its last sample.
    expected = expected[: len(found)]
    n_same = int((found.argmax(axis=1) == expected.argmax(axis=1)).sum())
    return (
        f"{form}: a window in {p50:.2f} ms (p99 {p99:.2f} ms); {n_same} of {len(expected)} "
        f"activities as by har, probabilities at most {np.abs(found - expected).max():.1g} off"
    )


if __name__ == "__main__":
    for run in sys.argv[1:]:
        print(run, *measure(TrainedModel.read(Path(run))), sep="\n  ")
