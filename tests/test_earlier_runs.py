"""A run that an earlier version wrote is read as it was; tests/data/earlier_run is such a run."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from made_up_people import write_people

from har.classifier import ActivityClassifier
from har.cli.main import main
from har.datasets.loading import open_data

DATA = Path(__file__).parent / "data"
RUN = Path("runs/earlier")


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """The folder in which it was trained, with the same people's recordings."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("HAR_DATA", raising=False)
    write_people(Path("people"))
    shutil.copytree(DATA / "earlier_run", RUN)
    return tmp_path


def test_it_predicts_the_same():
    classifier = ActivityClassifier.load(RUN)
    windows = open_data(classifier.config.data).test
    recorded = pd.read_csv(RUN / "predictions.csv")
    columns = [f"p_{activity}" for activity in windows.activities]
    np.testing.assert_allclose(
        classifier.predict_proba(windows), recorded[columns], rtol=0, atol=1e-6
    )
    assert classifier.temperature_ == pytest.approx(0.224507972)
    assert [record.epoch for record in classifier.history_] == [1, 2, 3, 4, 5, 6]


def test_it_is_scored_again_with_the_same_figures():
    before = json.loads((RUN / "evaluation.json").read_text())
    assert main(["evaluate", str(RUN)]) == 0
    after = json.loads((RUN / "evaluation.json").read_text())
    assert list(after) == list(before)
    assert after["confusion_matrix"] == before["confusion_matrix"]
    assert after["per_subject"] == before["per_subject"]


@pytest.mark.figure_files
def test_its_report_says_the_same_and_shows_all_that_was_found():
    summary = (RUN / "report.md").read_text()
    assert main(["report", str(RUN)]) == 0
    assert (RUN / "report.md").read_text() == summary
    page = (RUN / "report.html").read_text()
    for section in ("learning", "confusions", "robustness", "inside", "mistakes", "model-card"):
        assert f'id="{section}"' in page
    assert (RUN / "figures" / "confusion_matrix.png").is_file()


def test_it_is_set_beside_another():
    shutil.copytree(RUN, "runs/copy")
    assert main(["compare", str(RUN), "runs/copy", "--out", "both"]) == 0
    comparison = json.loads(Path("both/comparison.json").read_text())
    assert [row["name"] for row in comparison["runs"]] == ["quick", "quick"]
    assert comparison["pairs"][0]["accuracy"]["difference"] == 0


def test_it_names_the_activities_of_a_recording_as_before():
    command = ["predict", str(RUN), "people/person3.csv", "--context", "none"]
    assert main([*command, "--out", "timeline.csv"]) == 0
    before, after = pd.read_csv(DATA / "earlier_run_timeline.csv"), pd.read_csv("timeline.csv")
    pd.testing.assert_frame_equal(after, before, rtol=0, atol=1e-6)
