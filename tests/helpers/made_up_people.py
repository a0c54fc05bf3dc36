"""Writes recordings of made-up people: small own data to train on, the same wherever it is made."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

SUBJECTS = (1, 2, 3, 4)
ACTIVITIES = ("WALKING", "STANDING", "LAYING")
_SEGMENT_S = 25
_CHANNELS = ("acc_x", "acc_y", "acc_z", "gyro_x", "gyro_y", "gyro_z")


def write_people(folder: Path) -> Path:
    """Write a recording of each person, and recordings.csv with what each of them did."""
    folder.mkdir(parents=True)
    rows = []
    for subject in SUBJECTS:
        file = f"person{subject}.csv"
        _person(subject).to_csv(folder / file, index=False, float_format="%.5f")
        rows += [
            (file, subject, number * _SEGMENT_S, (number + 1) * _SEGMENT_S, activity)
            for number, activity in enumerate(ACTIVITIES)
        ]
    names = ["file", "subject", "start_s", "end_s", "activity"]
    pd.DataFrame(rows, columns=names).to_csv(folder / "recordings.csv", index=False)
    return folder


def train_on(people: Path, folder: Path) -> None:
    """Train a run of few units, with a summary, on three of them."""
    from har.cli.main import main

    small = ("--training.n_epochs=2", "--model.hidden_size=4", "--model.conv_channels=0")
    small += ("--model.conv_skip=false", "--model.summary_size=8", "--model.views=[channels]")
    data = ("--data.set", "recordings", "--data.root", str(people), "--data.test_subjects=[4]")
    options = ("--config", "quick", *small, *data, "--data.n_validation_subjects=1")
    assert main(["train", *options, "--threads", "1", "--out", str(folder)]) == 0


def _person(subject: int) -> pd.DataFrame:
    generator = np.random.default_rng(subject)
    time_s = np.arange(_SEGMENT_S * len(ACTIVITIES) * 50) / 50
    activity = (time_s // _SEGMENT_S).astype(int)
    step_hz = 1.7 + 0.1 * subject
    samples = generator.normal(0, 0.01, (len(time_s), 6))
    walking = (activity == 0) * np.sin(2 * np.pi * step_hz * time_s)
    samples += walking[:, None] * [0.3, 0.1, 0.1, 0.8, 0.3, 0.2]
    samples[:, 0] += activity < 2
    samples[:, 2] += activity == 2
    table = pd.DataFrame(samples, columns=list(_CHANNELS))
    table.insert(0, "time_s", time_s)
    return table
