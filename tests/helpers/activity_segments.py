"""Segments of made-up recordings, for the tests of what counts them."""

from __future__ import annotations

import numpy as np
import pandas as pd
from hypothesis import strategies as st

from har.evaluation.recordings import RecordingEvaluation
from har.evaluation.scored_recordings import ALONE, WITH_CONTEXT, NamedRecording, ScoredRecording

ACTIVITIES = ("SIT", "STAND", "WALK")


def segments_of(*rows):
    """Return segments given as (start_s, end_s, activity)."""
    return pd.DataFrame(rows, columns=["start_s", "end_s", "activity"])


def segments_from(codes, activities=ACTIVITIES):
    """Return the segments of a sequence of codes, one for each 0.02 s; -1 is none."""
    codes = np.asarray(codes)
    first = np.flatnonzero(np.append(True, np.diff(codes) != 0)) if len(codes) else []
    last = np.append(first[1:], len(codes)) if len(codes) else []
    rows = zip(first, last, strict=True)
    return segments_of(*((a / 50, b / 50, activities[codes[a]]) for a, b in rows if codes[a] >= 0))


def runs(longest=6, n_activities=3, least=1):
    """Draw sequences of codes made of runs, -1 among them."""
    run = st.tuples(st.integers(-1, n_activities - 1), st.integers(1, longest))
    return st.lists(run, min_size=least, max_size=12).map(
        lambda drawn: np.repeat(*map(np.array, zip(*drawn, strict=True)))
    )


def scored(subject, truth, predicted, source="a.csv", windows=None, alone=None):
    """Return a recording whose timeline was made with context if `alone` is given."""
    n = len(ACTIVITIES)
    windows = np.eye(n, n + 1, dtype=np.int64) if windows is None else windows
    ways = {ALONE: predicted} if alone is None else {WITH_CONTEXT: predicted, ALONE: alone}
    named = {way: NamedRecording(segments, windows) for way, segments in ways.items()}
    return ScoredRecording(subject, source, float(truth["end_s"].max()) + 1, truth, named)


def evaluation_of(*recordings):
    return RecordingEvaluation(ACTIVITIES, recordings)


def a_recording_evaluation(has_context=True, subjects=(2, 4, 9), activities=ACTIVITIES, seed=0):
    """Make up recordings of some people: named with some mistakes, more without context."""
    random = np.random.default_rng(seed)
    n = len(activities)
    recordings = []
    for number, subject in enumerate(subjects):
        true = np.repeat(random.permutation(np.tile(np.arange(-1, n), 2)), 400)
        rough, smooth = true.copy(), np.maximum(true, 0)
        for first in random.integers(len(true) - 64, size=3 * number + 2):
            rough[first : first + 64] = random.integers(n)
        windows = random.integers(1, 5, (n, n + 1)) + 20 * np.eye(n, n + 1, dtype=np.int64)
        ways = {ALONE: NamedRecording(segments_from(rough, activities), windows)}
        if has_context:
            ways[WITH_CONTEXT] = NamedRecording(segments_from(smooth, activities), windows)
        truth = segments_from(true, activities)
        recordings.append(
            ScoredRecording(subject, f"walk <{subject}>.csv", len(true) / 50, truth, ways)
        )
    return RecordingEvaluation(tuple(activities), tuple(recordings))
