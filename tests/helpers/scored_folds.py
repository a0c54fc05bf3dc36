"""Scores of a cross-validation without any training, for the tests of summaries."""

from __future__ import annotations

import numpy as np
from activity_segments import a_recording_evaluation
from scored_run import make_evaluation, make_windows

from har.model_selection.folds import FoldScore, folds_of
from har.runs.manifest import Environment, FoldsDescription, GitState, Manifest, Session
from har.signals.data_description import DataDescription

SUBJECTS = (1, 3, 5, 6, 7, 8)
WINDOWS = make_windows(240, subjects=SUBJECTS)
MANIFEST = Manifest(
    status="running",
    recipe="quick",
    data=DataDescription(name="UCI HAR", source="a zip", fingerprint="1234"),
    session=Session(
        har="0.1.0",
        started="2026-11-23T06:34:00+00:00",
        command=("har", "cv", "--config", "quick"),
        environment=Environment(python="3.11.7"),
        git=GitState("a" * 40, is_dirty=False),
    ),
    folds=FoldsDescription(3, tuple(fold.held_out_subjects for fold in folds_of(WINDOWS, 3))),
)


def make_score(seed, fold, commit="a" * 40, with_recordings=False) -> FoldScore:
    """Score a fold with plausible predictions, perhaps with a recording of each person."""
    held_out = folds_of(WINDOWS, 3)[fold].held_out_subjects
    rows = np.flatnonzero(np.isin(WINDOWS.subjects, held_out))
    evaluation = make_evaluation(WINDOWS.where(rows), seed=10 * seed + fold)
    training = {"duration_s": 2.0 + fold, "ms_per_window": 0.1 * (1 + fold), "n_parameters": 99}
    training |= {"n_threads": 1, "device": "cpu(0)"}
    training["git"] = {"commit": commit, "is_dirty": False}
    recordings = None
    if with_recordings:
        recordings = a_recording_evaluation(
            subjects=held_out, activities=WINDOWS.activities, seed=10 * seed + fold
        )
    return FoldScore(seed, fold, rows, evaluation, training, recordings)


def make_scores(seeds=(0, 1), folds=(0, 1, 2), **how) -> list[FoldScore]:
    """Score folds with seeds."""
    return [make_score(seed, fold, **how) for seed in seeds for fold in folds]
