"""Compare the page of ``har export --to web`` with this program, on real recordings.

Motion events of HAPT's recordings are played into the page in headless Chromium; the probabilities
of all windows are compared with those worked out here, and windows are timed one at a time. How
much is lost where a browser rounds motion to 0.1 m/s² and 0.1 deg/s, as the specification asks and
Chromium does of real sensors, is worked out as well. It uses the tests' own helpers::

    PYTHONPATH=tests/helpers python scripts/web_page_check.py RUN --hapt data/hapt.zip
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from browsing import chromium, show
from phone_page import G, play, start, stop

from har.arrays import FloatArray
from har.datasets.file_trees import trees_at
from har.datasets.hapt_recordings import read_recordings
from har.export.trained_model import TrainedModel
from har.export.web_page import write
from har.inference.timeline import raw_channels_of, timed_windows
from har.signals.channels import RAW_CHANNELS
from har.signals.recording import Recording

# Recordings of UCI HAR's test subjects 2, 4, 9 and 10.
_EXPERIMENTS = (3, 4, 7, 8, 17, 18, 19, 20)
_TIME = """
const [window, n] = arguments;
const { network } = app.model, values = Float32Array.from(window), times = [];
for (let k = 0; k < n; k++) {
  const before = performance.now();
  network.predict(values);
  times.push(performance.now() - before);
}
return times;
"""
_N_TIMED = 400
_STEP_M_S2, _STEP_DEG_S = 0.1, 0.1


def expected_probabilities(model: TrainedModel, samples: FloatArray) -> FloatArray:
    """Return the probabilities of a recording's windows, as `har predict` cuts them."""
    channels = raw_channels_of(model.window_format)
    recording = Recording(samples[:, : len(channels)].astype(np.float32), None, "played", channels)
    windows = timed_windows(recording, model.window_format.n_timesteps)
    return model.predict_proba(np.concatenate([part.signals for part in windows]))


def thread_s(browser: Any) -> float:
    """Return the processor time that the page's thread has taken, in seconds."""
    browser.execute_cdp_cmd("Performance.enable", {})
    metrics = browser.execute_cdp_cmd("Performance.getMetrics", {})["metrics"]
    return next(float(metric["value"]) for metric in metrics if metric["name"] == "ThreadTime")


def rounded(samples: FloatArray) -> FloatArray:
    """Return samples as a browser may round them."""
    steps = np.repeat([_STEP_M_S2 / G, np.radians(_STEP_DEG_S)], 3)
    return np.asarray(np.round(samples / steps[: samples.shape[1]]) * steps[: samples.shape[1]])


def main() -> None:
    """Print the differences and the times."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("run", type=Path)
    parser.add_argument("--hapt", type=Path, required=True)
    parser.add_argument("--experiments", type=int, nargs="*", default=_EXPERIMENTS)
    arguments = parser.parse_args()
    recordings = read_recordings(next(trees_at(arguments.hapt)))
    model = TrainedModel.read(arguments.run)
    activities = model.window_format.activities
    differences, n_other, n_other_rounded, n_windows = [], 0, 0, 0
    with tempfile.TemporaryDirectory() as name:
        page = Path(name) / "phone.html"
        for line in write(model, page):
            print(line)
        with chromium(Path(name) / "chromium") as browser:
            for experiment in arguments.experiments:
                samples = recordings[experiment].samples[:, : len(RAW_CHANNELS)]
                show(browser, page, 390)
                start(browser)
                play(browser, samples)
                answers, _notes = stop(browser)
                found = np.array([[a["probabilities"][n] for n in activities] for a in answers])
                expected = expected_probabilities(model, samples)
                coarse = expected_probabilities(model, rounded(samples))
                differences.append(np.abs(found - expected).max())
                n_windows += len(found)
                n_other += int((found.argmax(1) != expected.argmax(1)).sum())
                n_other_rounded += int((coarse.argmax(1) != expected.argmax(1)).sum())
            start(browser)
            form = model.window_format
            window = np.zeros(form.n_timesteps * len(form.channels)).tolist()
            browser.execute_script(_TIME, window, 100)
            before_s = thread_s(browser)
            times_ms = browser.execute_script(_TIME, window, _N_TIMED)
            thread_ms = 1000 * (thread_s(browser) - before_s) / _N_TIMED
            version = browser.capabilities["browserVersion"]
    p50, p99 = np.percentile(times_ms, [50, 99])
    print(
        f"{len(arguments.experiments)} recordings, {n_windows} windows: probabilities differ by "
        f"{max(differences):.2g} at most, {n_other} activities are others"
    )
    print(
        f"a window in Chromium {version}: p50 {p50:.1f} ms, p99 {p99:.1f} ms, "
        f"{thread_ms:.1f} ms of processor time"
    )
    print(
        f"rounded to {_STEP_M_S2:g} m/s² and {_STEP_DEG_S:g} deg/s: {n_other_rounded} of "
        f"{n_windows} windows get another activity"
    )


if __name__ == "__main__":
    main()
