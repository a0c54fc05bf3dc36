"""``har evaluate --explain`` on the real test windows."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from command_line import the_one_line

from har.cli.main import main
from har.evaluation.disturbances import DISTURBANCES
from har.evaluation.notable_windows import surest_mistakes
from har.explanation.findings import Explanation
from har.runs.folder import RunFolder
from har.runs.results import Results


@pytest.fixture
def copied(run, tmp_path):
    return shutil.copytree(run, tmp_path / "run")


def test_an_explanation_is_found_kept_and_shown(copied, data_root, uci_har, monkeypatch, capsys):
    monkeypatch.setattr("har.explanation.importance.N_REPEATS", 2)
    monkeypatch.setattr("har.explanation.importance._N_OCCLUDED", 5)
    before = json.loads((copied / "evaluation.json").read_text())
    # What cannot be read is replaced.
    (copied / "explanation.json").write_text("{")
    assert main(["evaluate", str(copied), "--explain", "--data.root", str(data_root)]) == 0

    explanation = Explanation.from_dict(json.loads((copied / "explanation.json").read_text()))
    assert explanation.accuracy == before["accuracy"]
    assert explanation.n_windows == before["n_windows"] == 2947
    assert explanation.channels == uci_har.test.channels
    results = Results.read(RunFolder(copied))
    index = results.predictions["index"].to_numpy()
    shown = surest_mistakes(results.evaluation, index, 4)
    assert [window.index for window in explanation.windows[:4]] == [one.index for one in shown]
    for window in explanation.windows:
        np.testing.assert_allclose(window.signals, uci_har.test.signals[window.index], atol=2e-3)

    lines = capsys.readouterr().err
    assert "permutation: body_acc " in lines and "integrated gradients: " in lines
    assert 'id="inside"' in (copied / "report.html").read_text()


def test_a_damaged_explanation_is_told_in_one_line(copied, data_root, capsys):
    (copied / "explanation.json").write_text('{"accuracy": 1}')
    assert main(["report", str(copied), "--data.root", str(data_root)]) == 1
    assert "explanation.json: found something missing or wrong" in the_one_line(capsys)


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


def test_evaluate_scores_a_run_again_with_the_same_result(run, data_root, capsys):
    before = (run / "evaluation.json").read_text()
    assert main(["evaluate", str(run), "--data.root", str(data_root)]) == 0
    assert (run / "evaluation.json").read_text() == before
    assert str(run / "report.html") in capsys.readouterr().out
