"""Scored runs that can be compared, for the tests of comparisons."""

from __future__ import annotations

import json

import numpy as np
from scored_run import make_evaluation, make_run, make_windows

from har.comparison.contenders import line_up, read_runs
from har.config import Config
from har.evaluation.metrics import Evaluation
from har.runs.integrity import SEAL, sealed


def make_runs(folder, names=("one", "two"), windows=None):
    """Make runs with slightly different predictions for the same windows; return their folders."""
    windows = windows or make_windows()
    return [
        make_run(
            folder / name, windows, make_evaluation(windows, seed), config=Config(seed=seed)
        ).path
        for seed, name in enumerate(names)
    ]


def side_of(paths):
    """Line up the runs of some folders."""
    return line_up(read_runs(paths))


def evaluation_of(names, predictions, subjects, true, confidence=0.9):
    """Make an evaluation of hand-written predictions: names of activities and confidences."""
    labels = np.array([names.index(name) for name in true])
    predicted = np.array([names.index(name) for name in predictions])
    confidence = np.broadcast_to(confidence, len(labels))
    probabilities = np.repeat((1 - confidence)[:, None] / (len(names) - 1), len(names), axis=1)
    probabilities[np.arange(len(labels)), predicted] = confidence
    return Evaluation(labels, probabilities, np.array(subjects), tuple(names))


def change_json(file, change):
    """Change the content of a JSON file with a function, as if it had been written so."""
    content = json.loads(file.read_text())
    change(content)
    file.write_text(json.dumps(sealed(content) if SEAL in content else content))
