from __future__ import annotations

import numpy as np
import pandas as pd
from builders import small_windows
from hard_windows import at_edges, hard_windows, read_answers

from har.signals.windows import Windows, join_windows, sliding_windows


def two_stretches() -> Windows:
    """Cut two recordings of one person into windows; the first changes in its middle."""
    random = np.random.default_rng(0)
    cuts = [sliding_windows(random.normal(size=(n, 4)).astype("f4"), 16, 8) for n in (64, 32)]
    windows = small_windows()
    labels = np.array([0] * 4 + [1] * 3 + [1] * 3)
    return Windows(
        np.concatenate(cuts), labels, np.ones(10, int), windows.channels, windows.activities, 20.0
    )


def test_edges_are_where_a_stretch_or_an_activity_begins_or_ends(monkeypatch):
    windows = two_stretches()
    assert join_windows(windows.signals[:7], 8).shape == (64, 4)
    monkeypatch.setattr("hard_windows.number_stretches", lambda w: np.repeat([0, 1], [7, 3]))
    assert np.flatnonzero(at_edges(windows)).tolist() == [0, 3, 4, 6, 7, 9]


def test_hard_windows_are_wrong_in_all_trainings(tmp_path, monkeypatch):
    monkeypatch.setattr("hard_windows.number_stretches", lambda w: np.repeat([0, 1], [7, 3]))
    windows = two_stretches()
    true = np.array(windows.activities)[windows.labels]
    for training, wrong in enumerate(([0, 5], [0, 8], [0, 5])):
        predicted = true.copy()
        predicted[wrong] = "RUN"
        folds = tmp_path / "cv" / "folds"
        folds.mkdir(parents=True, exist_ok=True)
        table = pd.DataFrame(
            {"index": range(10), "subject": 1, "true": true, "predicted": predicted}
        )
        for fold, rows in enumerate((table[:6], table[6:])):
            rows.to_csv(folds / f"seed{training}-fold{fold}.csv", index=False)
    answers = read_answers([tmp_path / "cv"])
    assert answers["training"].unique().tolist() == ["cv seed0", "cv seed1", "cv seed2"]
    found = hard_windows(answers, windows).reset_index().to_dict("records")
    assert found == [{"subject": 1, "true": "REST", "predicted": "RUN", "windows": 1, "at_edge": 1}]
