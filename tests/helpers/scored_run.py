"""The folder of a scored run without any training, for the tests of its readers."""

from __future__ import annotations

import numpy as np
import pandas as pd

from har.config import Config
from har.evaluation.disturbances import DISTURBANCES
from har.evaluation.metrics import Evaluation
from har.evaluation.robustness import Robustness
from har.explanation.findings import (
    ExplainedWindow,
    Explanation,
    Importance,
    OccludedSpans,
    States,
    signal_groups,
)
from har.runs.folder import RunFolder
from har.signals.activities import UCI_ACTIVITIES
from har.signals.channels import UCI_CHANNELS
from har.signals.windows import Windows, sliding_windows

SUBJECTS = (2, 4, 9, 10, 12, 13, 18, 20, 24)


def make_windows(n=180, activities=UCI_ACTIVITIES, subjects=SUBJECTS, seed=0):
    """Make windows, with a gait-like rhythm in those of walking."""
    generator = np.random.default_rng(seed)
    labels = generator.integers(len(activities), size=n)
    time = np.arange(128) / 50
    phase = generator.uniform(0, 6, size=(n, 1, 9))
    strength = np.where(labels < 3, 0.3, 0.01)[:, None, None]
    signals = strength * np.sin(2 * np.pi * 1.8 * time[:, None] + phase)
    signals += generator.normal(0, 0.01, size=signals.shape)
    signals[:, :, 6] += 1
    return Windows(
        signals.astype(np.float32),
        labels,
        generator.choice(subjects, size=n),
        UCI_CHANNELS,
        tuple(activities),
    )


def make_stretches(n_windows=(5, 1, 3), labels=(3, 4, 0), subjects=(2, 2, 4), seed=0):
    """Windows cut from a stretch of signals each, those of one overlapping by half."""
    generator = np.random.default_rng(seed)
    pieces = [
        sliding_windows(generator.normal(size=(64 * (n + 1), 9)).astype(np.float32), 128, 64)
        for n in n_windows
    ]
    return Windows(
        np.concatenate(pieces), np.repeat(labels, n_windows), np.repeat(subjects, n_windows)
    )


def make_evaluation(windows, seed=0, n_wrong=None, never=None):
    """Make plausible predictions, confused within resting and within moving activities."""
    generator = np.random.default_rng(seed)
    n, n_activities = len(windows), len(windows.activities)
    logits = generator.normal(0, 1.2, size=(n, n_activities))
    same_kind = (windows.labels[:, None] < 3) == (np.arange(n_activities) < 3)
    logits += 3 * same_kind
    logits[np.arange(n), windows.labels] += 3.5
    if n_wrong == 0:
        logits[np.arange(n), windows.labels] += 50
    if never is not None:
        logits[:, never] -= 100
    odds = np.exp(logits - logits.max(axis=1, keepdims=True))
    probabilities = odds / odds.sum(axis=1, keepdims=True)
    return Evaluation(windows.labels, probabilities, windows.subjects, windows.activities)


def make_epochs(n=28, is_validated=True, seed=0):
    generator = np.random.default_rng(seed)
    best = 0.0
    for epoch in range(1, n + 1):
        validation = 0.955 - 0.6 * np.exp(-epoch / 2.5) + 0.008 * generator.random()
        is_best, best = validation > best, max(best, validation)
        yield {
            "epoch": epoch,
            "learning_rate": 1e-3,
            "train_loss": 1.7 * np.exp(-epoch / 4) + 0.04 + 0.01 * generator.random(),
            "train_accuracy": 0.985 - 0.6 * np.exp(-epoch / 3),
            "validation_loss": 1.5 * np.exp(-epoch / 3.5) + 0.2 if is_validated else None,
            "validation_accuracy": validation if is_validated else None,
            "windows_per_s": 3000.0,
            "is_best": bool(is_best) and is_validated,
        }


def make_manifest(windows, epochs, is_validated=True):
    best = [record["epoch"] for record in epochs if record["is_best"]]
    return {
        "har": "0.1.0",
        "status": "finished",
        "started": "2026-11-23T06:34:00+00:00",
        "finished": "2026-11-23T06:36:04+00:00",
        "duration_s": 123.4,
        "command": ["har", "train", "--config", "uci_har", "--seed", "0"],
        "recipe": "uci_har",
        "model": {
            "channels": list(windows.channels),
            "activities": list(windows.activities),
            "rate_hz": windows.rate_hz,
            "n_timesteps": windows.n_timesteps,
            "n_parameters": 53254,
            "gravity": [1.0, 0.0, 0.0],
        },
        "training": {
            "seed": 0,
            "device": "cpu(0)",
            "n_threads": 2,
            "n_train_windows": 5900,
            "train_subjects": [3, 6, 7, 8, 11, 14, 15, 16, 17, 19, 21, 22, 23, 25, 26, 27, 28],
            "validation_subjects": [1, 5, 29, 30] if is_validated else [],
            "n_epochs": len(epochs),
            "best_epoch": best[-1] if best else len(epochs),
        },
        "data": {
            "name": "UCI HAR",
            "source": "published files in data/uci-har-dataset.zip",
            "notes": [],
            "fingerprint": "de0b788fb1c68c1f",
            "n_train_windows": 7352,
            "n_test_windows": len(windows),
        },
        "environment": {
            "python": "3.11.7",
            "platform": "Linux-6.1-x86_64-with-glibc2.36",
            "n_cores": 2,
            "mxnet": "1.9.1",
            "numpy": "1.26.4",
            "pandas": "2.3.3",
            "scikit-learn": "1.7.2",
            "scipy": "1.15.3",
        },
        "git": {"commit": "8fed95c0f5f4c7cf6cd1d2b0c26bbd3c4f8a9e11", "is_dirty": False},
    }


def make_run(path, windows, evaluation=None, n_epochs=28, is_validated=True, config=None):
    """Make a run folder with every file of a scored run except the model."""
    evaluation = evaluation or make_evaluation(windows)
    epochs = list(make_epochs(n_epochs, is_validated))
    run = RunFolder.create(path)
    run.write_config(config or Config())
    run.write_json(run.manifest, make_manifest(windows, epochs, is_validated))
    for record in epochs:
        run.append_epoch(record)
    run.write_json(run.evaluation, evaluation.to_dict())
    run.write_predictions(evaluation.to_frame())
    return run


def make_robustness(n_windows=180, without=()):
    """Make results in which accuracy falls from 95 % by the same step at each level."""
    rows = [
        {
            "disturbance": disturbance.name,
            "level": level,
            "unit": disturbance.unit,
            "accuracy": 0.95 - 0.1 * place,
            "macro_f1": 0.94 - 0.1 * place,
            "n_windows": n_windows,
        }
        for disturbance in DISTURBANCES
        if disturbance.name not in without
        for place, level in enumerate([disturbance.neutral, *disturbance.levels])
    ]
    return Robustness(0.95, 0.94, n_windows, pd.DataFrame(rows))


def make_explanation(windows, n_windows=None, n_units=6):
    """Make up findings of `explain`: body acceleration matters most, early in the window."""
    generator = np.random.default_rng(0)
    groups, spans = signal_groups(windows.channels), OccludedSpans.of(windows.n_timesteps)
    n_activities, grid = len(windows.activities), (len(groups), len(spans.starts))
    explained = []
    for index in range(min(3, len(windows))):
        attributions = generator.normal(0, 0.01, windows.signals[index].shape)
        explained.append(
            ExplainedWindow(
                index=index,
                subject=int(windows.subjects[index]),
                true=windows.activities[windows.labels[index]],
                predicted=windows.activities[index % n_activities],
                probability=0.9,
                signals=windows.signals[index],
                attributions=attributions,
                gained=float(attributions.sum() - 0.004),
                gap=0.004,
                occlusion=generator.uniform(-0.1, 0.5, grid),
            )
        )
    values = generator.uniform(0, 1, (5, 32, n_units))
    return Explanation(
        accuracy=0.95,
        n_windows=n_windows or len(windows),
        n_repeats=5,
        channels=windows.channels,
        activities=windows.activities,
        rate_hz=windows.rate_hz,
        importances=tuple(
            Importance(signal, 0.4 - 0.1 * rank, 0.01, [0.35 - 0.1 * rank, 0.45 - 0.1 * rank])
            for rank, signal in enumerate(groups)
        ),
        spans=spans,
        n_occluded=(20,) * n_activities,
        occlusion=np.linspace(0.3, -0.01, grid[1]) * np.ones((n_activities, *grid)),
        windows=tuple(explained),
        states=tuple(
            States(index, values, n_forward)
            for index, n_forward in {0: n_units, explained[-1].index: n_units // 2}.items()
        ),
        n_units=n_units + 2,
    )
