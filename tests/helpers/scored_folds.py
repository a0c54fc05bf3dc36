"""Scores of a cross-validation without any training, for the tests of summaries."""

from __future__ import annotations

import numpy as np
from scored_run import make_evaluation, make_windows

from har.model_selection.folds import FoldScore, folds_of

SUBJECTS = (1, 3, 5, 6, 7, 8)
WINDOWS = make_windows(240, subjects=SUBJECTS)
MANIFEST = {
    "har": "0.1.0",
    "status": "running",
    "started": "2026-11-23T06:34:00+00:00",
    "recipe": "quick",
    "command": ["har", "cv", "--config", "quick"],
    "data": {"name": "UCI HAR", "source": "a zip", "notes": [], "fingerprint": "1234"},
    "folds": {"kind": 3, "held_out_subjects": [[1, 8], [3, 5], [6, 7]]},
    "environment": {"python": "3.11.7"},
    "git": {"commit": "a" * 40, "is_dirty": False},
}


def make_score(seed, fold, commit="a" * 40) -> FoldScore:
    """Score a fold with plausible predictions."""
    held_out = folds_of(WINDOWS, 3)[fold].held_out_subjects
    rows = np.flatnonzero(np.isin(WINDOWS.subjects, held_out))
    evaluation = make_evaluation(WINDOWS.where(rows), seed=10 * seed + fold)
    training = {"duration_s": 2.0 + fold, "ms_per_window": 0.1 * (1 + fold), "n_parameters": 99}
    training |= {"n_threads": 1, "device": "cpu(0)"}
    training["git"] = {"commit": commit, "is_dirty": False}
    return FoldScore(seed, fold, rows, evaluation, training)


def make_scores(seeds=(0, 1), folds=(0, 1, 2)) -> list[FoldScore]:
    """Score folds with seeds."""
    return [make_score(seed, fold) for seed in seeds for fold in folds]
