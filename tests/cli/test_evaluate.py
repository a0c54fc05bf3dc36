"""``har evaluate --explain`` on the real test windows."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from command_line import the_one_line
from walkers import recording_of, samples_of

from har.cli.main import main
from har.datasets.uci_har import TEST_SUBJECTS
from har.evaluation.disturbances import DISTURBANCES
from har.evaluation.notable_windows import surest_mistakes
from har.explanation.findings import Explanation
from har.runs.folder import RunFolder
from har.runs.results import Results
from har.signals.activities import UCI_ACTIVITIES


@pytest.fixture
def copied(run, tmp_path):
    return shutil.copytree(run, tmp_path / "run")


@pytest.fixture
def tenth(uci_har, monkeypatch):
    """Put every tenth test window in the place of all: disturbances take a pass over them each."""
    test = uci_har.test.where(np.arange(len(uci_har.test)) % 10 == 0)
    data = replace(uci_har, test=test)
    monkeypatch.setattr("har.cli.verbs.evaluate.open_data", lambda _config: data)
    return test


def accuracy_of_every_tenth(run):
    tenth = pd.read_csv(run / "predictions.csv")[::10]
    return np.mean(tenth["true"] == tenth["predicted"])


def test_an_explanation_is_found_kept_and_shown(copied, data_root, tenth, monkeypatch, capsys):
    monkeypatch.setattr("har.explanation.importance.N_REPEATS", 2)
    monkeypatch.setattr("har.explanation.importance._N_OCCLUDED", 5)
    accuracy = accuracy_of_every_tenth(copied)
    # What cannot be read is replaced.
    (copied / "explanation.json").write_text("{")
    assert main(["evaluate", str(copied), "--explain", "--data.root", str(data_root)]) == 0

    explanation = Explanation.from_dict(json.loads((copied / "explanation.json").read_text()))
    assert explanation.accuracy == pytest.approx(accuracy)
    assert explanation.n_windows == len(tenth) == 295
    assert explanation.channels == tenth.channels
    results = Results.read(RunFolder(copied))
    index = results.predictions["index"].to_numpy()
    shown = surest_mistakes(results.evaluation, index, 4)
    assert [window.index for window in explanation.windows[:4]] == [one.index for one in shown]
    for window in explanation.windows:
        np.testing.assert_allclose(window.signals, tenth.signals[window.index], atol=2e-3)

    lines = capsys.readouterr().err
    assert "permutation: body_acc " in lines and "integrated gradients: " in lines
    assert 'id="inside"' in (copied / "report.html").read_text()


def test_a_damaged_explanation_is_told_in_one_line(copied, data_root, capsys):
    folder = RunFolder(copied)
    folder.write_json(folder.explanation, {"accuracy": 1})
    assert main(["report", str(copied), "--data.root", str(data_root)]) == 1
    assert "explanation.json: found something missing or wrong" in the_one_line(capsys)


def test_robustness_is_measured_kept_and_shown(copied, data_root, tenth, monkeypatch, capsys):
    from har.classifier import ActivityClassifier

    shorter = tuple(replace(one, levels=one.levels[-1:]) for one in DISTURBANCES)
    monkeypatch.setattr("har.evaluation.robustness.DISTURBANCES", shorter)
    accuracy = accuracy_of_every_tenth(copied)
    assert main(["evaluate", str(copied), "--robustness", "--data.root", str(data_root)]) == 0

    robustness = json.loads((copied / "robustness.json").read_text())
    evaluation = json.loads((copied / "evaluation.json").read_text())
    assert robustness["accuracy"] == pytest.approx(accuracy)
    for key in ("accuracy", "macro_f1", "n_windows"):
        assert robustness[key] == evaluation[key]
    rows = pd.DataFrame(robustness["rows"])
    assert set(rows["disturbance"]) == {one.name for one in DISTURBANCES}
    silent = tenth.signals.copy()
    silent[:, :, 3:6] = 0
    is_right = ActivityClassifier.load(copied).predict(silent) == tenth.labels
    expected = rows.query("disturbance == 'missing_gyroscope' and level == 100")["accuracy"].item()
    assert np.mean(is_right) == pytest.approx(expected)

    assert 'id="robustness"' in (copied / "report.html").read_text()
    assert "rotation_x (degrees): " in capsys.readouterr().err
    assert main(["evaluate", str(copied), "--data.root", str(data_root)]) == 0
    assert 'id="robustness"' in (copied / "report.html").read_text()


def test_whole_recordings_are_scored_kept_and_shown(copied, data_root, monkeypatch, capsys):
    asked = []

    def recordings(config, activities, people):
        asked.append((config.root, activities, people))
        truth = pd.DataFrame({"start_s": [0.0, 9.0], "end_s": [8.0, 20.0]})
        for person in people[:2]:
            walk = samples_of(("stand", 9), ("walk", 11), seed=person)
            named = truth.assign(activity=["STANDING", "WALKING"])
            yield replace(recording_of(walk), subject=person), named

    monkeypatch.setattr("har.cli.verbs.evaluate.whole_recordings", recordings)
    # The page of such a run is tested where it is made.
    monkeypatch.setattr("har.cli.verbs.evaluate.write_report", lambda folder, test: folder.report)
    assert main(["evaluate", str(copied), "--recordings", "--data.root", str(data_root)]) == 0
    assert asked == [(str(data_root), UCI_ACTIVITIES, TEST_SUBJECTS)]

    kept = Results.read(RunFolder(copied)).recordings
    assert kept.subjects == TEST_SUBJECTS[:2]
    assert kept.labelled_s == 38
    counts = kept.total("alone")
    assert counts.time.sum() == 38 * 50
    # Windows begin every 1.28 s: five within the first 8 s, six from 9 s on.
    assert kept.recordings[0].named["alone"].windows.sum() == 11
    out = capsys.readouterr().out
    assert "2 recordings of 2 people, 38 s of them labelled" in out.replace("\xa0", " ")
    assert "segments: F1" in out


def test_evaluate_scores_a_run_again_with_the_same_result(run, data_root, capsys):
    before = (run / "evaluation.json").read_text()
    assert main(["evaluate", str(run), "--data.root", str(data_root)]) == 0
    assert (run / "evaluation.json").read_text() == before
    assert str(run / "report.html") in capsys.readouterr().out
