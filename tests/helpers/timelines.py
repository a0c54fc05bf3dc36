"""A timeline of made-up predictions, for the tests of its tables and figures."""

from __future__ import annotations

import numpy as np
import pandas as pd

from har.inference.context import MarkovContext
from har.inference.timeline import make_timeline
from har.report.pages.timeline import TimelineReport
from har.report.pages.timeline_page import page_of, picture_of
from har.signals.channels import UCI_CHANNELS
from har.signals.recording import Recording
from har.signals.windows import WindowFormat

ACTIVITIES = ("WALKING", "SITTING", "<DANCING>")


def a_report(n=3000, truth=None, abstain_below=0.0, context="none"):
    random = np.random.default_rng(0)
    samples = random.normal(scale=0.1, size=(n, 6)).astype(np.float32) + np.eye(6)[0]
    recording = Recording(samples, None, "walks/walk & run.csv", notes=("time: at <50> Hz",))

    def predict(signals):
        return np.random.default_rng(len(signals)).dirichlet([1, 1, 1], size=len(signals))

    window_format = WindowFormat(UCI_CHANNELS, ACTIVITIES, 50.0, 128)
    chain = MarkovContext.lasting(len(ACTIVITIES)) if context == "markov" else None
    timeline = make_timeline(recording, predict, window_format, abstain_below, chain)
    shown = (recording, timeline, ACTIVITIES, "runs/small", truth, abstain_below)
    return TimelineReport(*shown, context=context)


def page_text(report):
    """Return the page of a report beside tables called timeline."""
    return page_of(report, picture_of(report), "timeline")


def a_timeline(activities, starts_s):
    """Return windows of 2.56 s that start at some times."""
    table = pd.DataFrame({"start_s": starts_s, "activity": activities, "probability": 0.8})
    return table.assign(end_s=table["start_s"] + 2.56)
