"""``har adapt`` on recordings of made-up people."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from command_line import the_one_line
from made_once import made_once
from made_up_people import ACTIVITIES, train_on, write_people

from har.classifier import ActivityClassifier
from har.cli.main import main
from har.evaluation.disturbances import DISTURBANCES
from har.export.trained_model import TrainedModel
from har.runs.folder import RunFolder
from har.runs.results import Results


@pytest.fixture(scope="module")
def people(tmp_path_factory):
    return made_once(tmp_path_factory, "people", write_people)


@pytest.fixture(scope="module")
def with_summary(tmp_path_factory, people):
    """A run of few units, with a summary, trained on three of the made-up people."""

    return made_once(tmp_path_factory, "with_summary", lambda folder: train_on(people, folder))


def test_a_run_is_adapted_to_one_person(with_summary, people, tmp_path, capsys):
    out = tmp_path / "mine"
    command = ["adapt", str(with_summary), str(people), "--person", "4", "--out", str(out)]
    assert main(command) == 0
    said = capsys.readouterr().out
    assert "WALKING " in said and "18 windows; of 8 held out" in said
    assert "adapted to all 53 windows of 4, strength 0.3 (summary)" in said
    manifest = json.loads((out / "manifest.json").read_text())
    about = manifest["adaptation"]
    assert about["source"] == str(with_summary) and about["recordings"] == str(people)
    assert about["person"] == 4 and about["strength"] == 0.3
    assert [row["activity"] for row in about["activities"]] == list(ACTIVITIES)
    page = (out / "report.html").read_text()
    assert 'id="adaptation"' in page and "Adapted to a person" in page
    assert manifest["status"] == "finished" and manifest["command"][1:] == command
    adapted = ActivityClassifier.load(out)
    assert adapted.adaptation_ == RunFolder(out).read_manifest().adaptation
    assert main(["predict", str(out), str(people / "person4.csv")]) == 0


def test_the_report_of_a_scored_adapted_run_shows_it(with_summary, people, tmp_path, capsys):
    out = tmp_path / "mine"
    assert main(["adapt", str(with_summary), str(people), "--person", "4", "--out", str(out)]) == 0
    assert main(["evaluate", str(out)]) == 0
    assert 'id="adaptation"' in (out / "report.html").read_text()


def test_a_labelled_table_will_do(with_summary, people, tmp_path, capsys):
    table = pd.read_csv(people / "person4.csv")
    table["activity"] = np.repeat(["walking", "Standing", "laying"], len(table) // 3)
    table.to_csv(tmp_path / "ada.csv", index=False)
    command = ["adapt", str(with_summary), str(tmp_path / "ada.csv"), "--out"]
    assert main([*command, str(tmp_path / "mine")]) == 0
    assert "of ada, strength" in capsys.readouterr().out


def test_a_new_activity_takes_a_minute(with_summary, people, tmp_path, capsys):
    folder = tmp_path / "recordings"
    write_people(folder)
    table = pd.read_csv(folder / "recordings.csv")
    table.loc[table["activity"] == "STANDING", "activity"] = "QUEUEING"
    table.to_csv(folder / "recordings.csv", index=False)
    command = ["adapt", str(with_summary), str(folder), "--person", "4", "--out"]
    assert main([*command, str(tmp_path / "mine")]) == 0
    said = capsys.readouterr()
    warnings = [line for line in said.err.splitlines() if "QUEUEING" in line]
    expected = "activity 'QUEUEING': found 18 windows, expected 45 or more, as 60 s"
    (warning,) = warnings
    assert expected in warning and warning.endswith("left out")
    assert "adapted to all 35 windows" in said.out
    assert "Not learned: activity" in (tmp_path / "mine" / "report.html").read_text()
    assert "found 18 windows" in str(RunFolder(tmp_path / "mine").read_manifest().adaptation)


def test_a_run_that_was_taught_a_new_activity_is_scored_on_its_data(
    with_summary, people, tmp_path, monkeypatch, capsys
):
    monkeypatch.setattr("har.explanation.importance.N_REPEATS", 2)
    monkeypatch.setattr("har.explanation.importance._N_OCCLUDED", 5)
    monkeypatch.setattr("har.evaluation.robustness.DISTURBANCES", DISTURBANCES[:1])
    table = pd.read_csv(people / "person4.csv").assign(activity="SKIPPING")
    table.to_csv(tmp_path / "ada.csv", index=False)
    out = tmp_path / "mine"
    assert main(["adapt", str(with_summary), str(tmp_path / "ada.csv"), "--out", str(out)]) == 0
    assert "SKIPPING" in capsys.readouterr().out
    assert main(["evaluate", str(out), "--robustness", "--explain", "--recordings"]) == 0
    results = Results.read(RunFolder(out))
    assert results.evaluation.activities == (*ACTIVITIES, "SKIPPING")
    supports = {name: row["support"] for name, row in results.evaluation.per_class.items()}
    assert supports["SKIPPING"] == 0 and supports["WALKING"] > 0
    assert results.robustness is not None and results.explanation is not None
    assert results.recordings is not None
    assert main(["report", str(out)]) == 0
    assert "SKIPPING" in (out / "report.html").read_text()
    capsys.readouterr()
    file = tmp_path / "mine.onnx"
    command = ["export", str(out), "--to", "onnx", "--quantise", "--out", str(file)]
    assert main(command) == 0
    assert "test windows: " in capsys.readouterr().out


def test_a_phone_that_is_worn_otherwise_is_doubted_and_turned(
    with_summary, people, tmp_path, capsys
):
    upright = pd.read_csv(people / "person4.csv")
    upright["activity"] = np.repeat(ACTIVITIES, len(upright) // 3)
    # Its y points up, as the x of the others does.
    turned = upright.copy()
    for sensor in ("acc", "gyro"):
        turned[f"{sensor}_x"], turned[f"{sensor}_y"] = (
            -upright[f"{sensor}_y"],
            upright[f"{sensor}_x"],
        )
    said = []
    for name, table, more in (
        ("upright", upright, []),
        ("turned", turned, []),
        ("cured", turned, ["--upright", "y"]),
    ):
        table.to_csv(tmp_path / f"{name}.csv", index=False)
        command = ["adapt", str(with_summary), str(tmp_path / f"{name}.csv"), *more]
        assert main([*command, "--out", str(tmp_path / name)]) == 0
        said.append(capsys.readouterr().err)
    doubt = "turned.csv: the phone is worn otherwise than in training"
    assert [doubt in words for words in said] == [False, True, False]
    assert "--upright y" in said[1]
    biases = []
    for name in ("upright", "turned", "cured"):
        weights = TrainedModel.read(tmp_path / name).weights
        biases.append(next(weights[key] for key in weights if key.endswith("summary_hidden_bias")))
    np.testing.assert_allclose(biases[2], biases[0], atol=1e-4)
    assert np.abs(biases[1] - biases[0]).max() > 0.01


def test_a_loss_in_the_second_half_is_warned_of(with_summary, people, tmp_path, capsys):
    """First who lies is said to stand, and who stands to lie; then who lies is said to lie."""
    table = pd.read_csv(people / "person4.csv")
    parts = np.array_split(np.arange(len(table)), 9)
    of_parts = ["", "", "", "", "laying", "laying", "standing", "laying", "laying"]
    table["activity"] = np.repeat(of_parts, [len(part) for part in parts])
    table.to_csv(tmp_path / "ada.csv", index=False)
    command = ["adapt", str(with_summary), str(tmp_path / "ada.csv"), "--strength", "0.001"]
    assert main([*command, "--out", str(tmp_path / "mine")]) == 0
    assert "--strength above 0.001" in capsys.readouterr().err


def test_it_is_an_error_if_nothing_is_left_to_learn(with_summary, people, tmp_path, capsys):
    table = pd.read_csv(people / "person4.csv")[:160].assign(activity="WALKING")
    table.to_csv(tmp_path / "ada.csv", index=False)
    command = ["adapt", str(with_summary), str(tmp_path / "ada.csv"), "--out"]
    assert main([*command, str(tmp_path / "mine")]) == 1
    line = the_one_line(capsys)
    assert "too few to learn from" in line and "'WALKING': found 1 window" in line
    assert not (tmp_path / "mine").exists()


def test_what_cannot_be_adapted_is_told_in_one_line(with_summary, people, tmp_path, capsys):
    capsys.readouterr()

    def refused(*arguments):
        status = main(["adapt", *map(str, arguments)])
        *_, line = capsys.readouterr().err.strip().splitlines()
        return status, line

    new = tmp_path / "new"
    status, line = refused(with_summary, people, "--out", new)
    assert status == 2 and "found 4 people and nobody to adapt to" in line
    status, line = refused(with_summary, people, "--person", "9", "--out", new)
    assert status == 2 and "'9' to adapt to, expected one: --person" in line
    status, line = refused(with_summary, people, "--person", "4", "--out", with_summary)
    assert status == 2 and "the run itself" in line
    status, line = refused(with_summary, tmp_path, "--out", new)
    assert status == 1 and "recordings.csv" in line
    status, line = refused(with_summary, people / "person1.csv", "--out", new)
    assert status == 1 and "found no column of labels, expected activity or label" in line
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "file").write_text("x")
    status, line = refused(with_summary, people, "--person", "4", "--out", tmp_path / "full")
    assert status == 1 and "--overwrite" in line
    status, line = refused(people, people, "--person", "4", "--out", new)
    assert status == 1 and "expected the folder of a run" in line


def test_a_run_that_is_not_trained_is_told(people, with_summary, tmp_path, capsys):
    untrained = RunFolder.create(tmp_path / "untrained")
    untrained.write_config(RunFolder(with_summary).read_config())
    untrained.write_json(untrained.manifest, {"status": "running"})
    assert main(["adapt", str(untrained.path), str(people)]) == 1
    assert "expected what describes a trained model" in the_one_line(capsys)
