"""``har evaluate --robustness``, with one level of each disturbance on the real test windows."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from har.cli import main
from har.evaluation.disturbances import DISTURBANCES


@pytest.fixture
def copied(run, tmp_path):
    return shutil.copytree(run, tmp_path / "run")


def test_robustness_is_measured_kept_and_shown(copied, data_root, uci_har, monkeypatch, capsys):
    from har.classifier import ActivityClassifier

    shorter = tuple(replace(one, levels=one.levels[-1:]) for one in DISTURBANCES)
    monkeypatch.setattr("har.evaluation.robustness.DISTURBANCES", shorter)
    before = json.loads((copied / "evaluation.json").read_text())
    assert main(["evaluate", str(copied), "--robustness", "--data.root", str(data_root)]) == 0

    robustness = json.loads((copied / "robustness.json").read_text())
    for key in ("accuracy", "macro_f1", "n_windows"):
        assert robustness[key] == before[key]
    rows = pd.DataFrame(robustness["rows"])
    assert set(rows["disturbance"]) == {one.name for one in DISTURBANCES}
    silent = uci_har.test.signals.copy()
    silent[:, :, 3:6] = 0
    is_right = ActivityClassifier.load(copied).predict(silent) == uci_har.test.labels
    expected = rows.query("disturbance == 'missing_gyroscope' and level == 100")["accuracy"].item()
    assert np.mean(is_right) == pytest.approx(expected)

    assert 'id="robustness"' in (copied / "report.html").read_text()
    assert "rotation_x (degrees): " in capsys.readouterr().err
    assert main(["evaluate", str(copied), "--data.root", str(data_root)]) == 0
    assert 'id="robustness"' in (copied / "report.html").read_text()
