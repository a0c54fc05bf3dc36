"""Makes scored runs that can be set side by side, for the tests of what compares them."""

from __future__ import annotations

import json

import numpy as np
from scored_run import make_evaluation, make_run, make_windows

from har.comparison.contenders import line_up, read_runs
from har.config import Config
from har.evaluation.metrics import Evaluation


def make_runs(folder, names=("one", "two"), windows=None):
    """Folders of runs that answered the same windows, each a little differently."""
    windows = windows or make_windows()
    return [
        make_run(
            folder / name, windows, make_evaluation(windows, seed), config=Config(seed=seed)
        ).path
        for seed, name in enumerate(names)
    ]


def side_of(paths):
    """The runs of some folders side by side."""
    return line_up(read_runs(paths))


def evaluation_of(names, answers, subjects, true, sureness=0.9):
    """An evaluation of hand-written answers: names of activities, and one probability of each."""
    labels = np.array([names.index(name) for name in true])
    predicted = np.array([names.index(name) for name in answers])
    sureness = np.broadcast_to(sureness, len(labels))
    probabilities = np.repeat((1 - sureness)[:, None] / (len(names) - 1), len(names), axis=1)
    probabilities[np.arange(len(labels)), predicted] = sureness
    return Evaluation(labels, probabilities, np.array(subjects), tuple(names))


def change_json(file, change):
    """Let `change` alter what a JSON file holds."""
    content = json.loads(file.read_text())
    change(content)
    file.write_text(json.dumps(content))
