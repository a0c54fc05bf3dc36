from __future__ import annotations

import json
import sys
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from builders import refused
from scored_folds import MANIFEST, WINDOWS, make_score, make_scores
from unbound import unbind

from har.config import Config, DataConfig, TrainingConfig
from har.errors import DataError, RunError
from har.model_selection.cross_validation_folder import CrossValidationFolder
from har.model_selection.folds import folds_of
from har.runs.folder import RunFolder
from har.runs.manifest import FoldsDescription, Manifest, Session
from har.signals.data_description import DataDescription

start = CrossValidationFolder.start


@pytest.fixture
def folder(tmp_path):
    return start(tmp_path / "new" / "cv", Config(), MANIFEST)


def test_scores_are_read_back_in_order(folder):
    for score in reversed(make_scores()):
        assert not folder.has_score(score.seed, score.fold)
        folder.write_score(score)
        assert folder.has_score(score.seed, score.fold)
    for found, score in zip(folder.read_scores(), make_scores(), strict=True):
        assert (found.seed, found.fold, found.training) == (score.seed, score.fold, score.training)
        np.testing.assert_array_equal(found.rows, score.rows)
        np.testing.assert_array_equal(found.evaluation.labels, score.evaluation.labels)
        np.testing.assert_allclose(
            found.evaluation.probabilities, score.evaluation.probabilities, rtol=1e-7
        )


def test_recordings_are_read_back_and_folds_without_them_are_not_done(folder):
    folder.write_score(make_score(0, 0))
    assert folder.has_score(0, 0) and not folder.has_score(0, 0, with_recordings=True)
    score = make_score(0, 0, with_recordings=True)
    folder.write_score(score)
    assert folder.has_score(0, 0) and folder.has_score(0, 0, with_recordings=True)
    (found,) = folder.read_scores()
    assert found.recordings.figures == score.recordings.figures
    summary = folder.write_summary()
    assert folder.read_summary() == summary
    assert summary.recordings == score.recordings.figures


def test_damaged_recordings_are_refused(folder):
    folder.write_score(make_score(0, 0, with_recordings=True))
    file = unbind(folder).path / "folds" / "seed0-fold0.json"
    content = json.loads(file.read_text())
    del content["recordings"]["activities"], content["sha256"], content["files"]
    file.write_text(json.dumps(content))
    with refused(RunError, "seed0-fold0.json: found something missing", "har cv --recordings"):
        folder.read_scores()


def test_a_row_of_predictions_names_its_window_among_the_training_windows(folder):
    folder.write_score(make_score(0, 1))
    table = pd.read_csv(folder.path / "folds" / "seed0-fold1.csv")
    np.testing.assert_array_equal(table["subject"], WINDOWS.subjects[table["index"]])
    assert set(table["subject"]) == set(folds_of(WINDOWS, 3)[1].held_out_subjects)


def test_predictions_without_figures_count_as_not_scored(folder):
    folder.write_score(make_score(0, 1))
    (folder.path / "folds" / "seed0-fold1.json").unlink()
    (folder.path / "folds" / ".partial-seed0.json").write_text("{")
    assert not folder.has_score(0, 1)
    assert folder.read_scores() == []


def test_the_summary_is_of_all_scores_that_are_there(folder):
    for score in make_scores()[:-1]:
        folder.write_score(score)
    summary = folder.write_summary()
    assert folder.read_summary() == summary
    assert (len(summary.scores), summary.is_complete) == (5, False)


def test_the_same_can_go_on_with_other_seeds_and_from_another_folder(folder):
    config = Config(seed=5, data=DataConfig(root="elsewhere"))
    command = ["har", "cv", "--seed", "5"]
    session = replace(MANIFEST.session, command=tuple(command))
    again = start(folder.path, config, replace(MANIFEST, session=session))
    assert again == folder
    manifest = json.loads((folder.path / "manifest.json").read_text())
    assert manifest["command"] == list(MANIFEST.session.command)
    assert [session["command"] for session in manifest["resumed"]] == [command]


CHANGED = Config(training=replace(TrainingConfig(), n_epochs=7))
OTHER_DATA = replace(MANIFEST, data=DataDescription(fingerprint="9999"))
OTHER_FOLDS = replace(MANIFEST, folds=FoldsDescription("loso", ()))


@pytest.mark.parametrize(
    ("config", "manifest", "difference"),
    [
        (CHANGED, MANIFEST, "training.n_epochs 30, expected 7"),
        (Config(), OTHER_DATA, "data.fingerprint 1234, expected 9999"),
        (Config(), OTHER_FOLDS, "folds 3, expected loso"),
    ],
)
def test_other_settings_data_or_folds_are_refused_by_name(folder, config, manifest, difference):
    earlier = (folder.path / "manifest.json").read_text()
    with refused(RunError, str(folder.path), difference):
        start(folder.path, config, manifest)
    assert (folder.path / "manifest.json").read_text() == earlier


@pytest.mark.parametrize("step", ["update_manifest", "write_config", "_bind"])
def test_a_start_that_was_killed_is_made_again(step, tmp_path, monkeypatch):
    with monkeypatch.context() as patch, pytest.raises(SystemExit):
        patch.setattr(CrossValidationFolder, step, lambda *_given: sys.exit())
        start(tmp_path / "cv", Config(), MANIFEST)
    folder = start(tmp_path / "cv", Config(), MANIFEST)
    folder.write_score(make_score(0, 1))
    assert len(folder.read_scores()) == 1
    assert folder.is_bound


def test_a_folder_of_something_else_is_refused(tmp_path):
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "mine.txt").write_text("")
    with refused(RunError, "not empty"):
        start(tmp_path / "notes", Config(), MANIFEST)
    run = RunFolder.create(tmp_path / "run")
    run.update_manifest(Manifest(session=Session(har="0.1.0")))
    with refused(RunError, "found another run, expected a cross-validation"):
        start(run.path, Config(), MANIFEST)
    (tmp_path / "file").write_text("")
    with refused(RunError, "expected a folder to write to"):
        start(tmp_path / "file" / "cv", Config(), MANIFEST)


def test_the_temperature_of_a_network_is_read_back(folder):
    score = make_score(0, 1)
    evaluation = replace(score.evaluation, temperature=1.5)
    training = {**score.training, "temperature": 1.5}
    folder.write_score(replace(score, evaluation=evaluation, training=training))
    (again,) = folder.read_scores()
    found, expected = again.evaluation.calibration, evaluation.calibration
    assert vars(found.before) == pytest.approx(vars(expected.before), rel=1e-6)
    assert vars(found.after) == pytest.approx(vars(expected.after), rel=1e-6)


def files_of(folder, seed=0, fold=1):
    figures = folder.path / "folds" / f"seed{seed}-fold{fold}.json"
    return figures, figures.with_suffix(".csv")


def rewrite(file, **values):
    """Change values of a JSON file as an earlier version wrote it, without digests."""
    content = {**json.loads(file.read_text()), **values}
    file.write_text(json.dumps({k: v for k, v in content.items() if k not in ("files", "sha256")}))


def test_changed_scores_are_refused_by_name(folder):
    folder.write_score(make_score(0, 1))
    figures, predictions = files_of(folder)
    table, text = predictions.read_text(), figures.read_text()
    predictions.write_text(table.replace(",0.0", ",0.1", 1))
    with refused(RunError, f"{predictions}: found another file than was saved"):
        folder.read_scores()
    predictions.unlink()
    with refused(RunError, f"{predictions}: found No such file"):
        folder.read_scores()
    predictions.write_text(table)
    figures.write_text(text.replace('"duration_s": 3.0', '"duration_s": 2.0'))
    with refused(RunError, f"{figures}: found other values than were saved"):
        folder.read_scores()
    rewrite(figures)
    with refused(RunError, f"{figures}: found no digest in it"):
        folder.read_scores()
    figures.write_text(text)
    assert len(folder.read_scores()) == 1


def test_scores_of_a_folder_that_is_not_bound_are_read_with_a_warning(folder, caplog):
    folder.write_score(make_score(0, 1))
    rewrite(files_of(unbind(folder))[0])
    assert len(folder.read_scores()) == 1
    assert "found no digests in it" in caplog.text


@pytest.mark.parametrize(
    ("values", "part"),
    [
        ({"seed": 1}, "found figures of seed 1 and fold 1, expected those of its name"),
        ({"fold": 2}, "found figures of seed 0 and fold 2, expected those of its name"),
        ({"fold": None}, "found no 'fold'"),
        ({"training": 3}, "found 3 as training"),
        ({"training": None}, "found no training"),
        ({"training": {"temperature": "hot"}}, "found 'hot' as training.temperature"),
        ({"accuracy": 2.5}, "found accuracy 2.5, expected 0."),
    ],
)
def test_figures_that_contradict_name_or_predictions_are_refused(folder, values, part):
    folder.write_score(make_score(0, 1))
    figures, _predictions = files_of(unbind(folder))
    rewrite(figures, **values)
    with refused(RunError, str(figures), part):
        folder.read_scores()


def test_figures_under_another_name_are_refused(folder):
    folder.write_score(make_score(0, 1))
    for file in files_of(folder):
        file.rename(file.with_name(file.name.replace("seed0", "seed1")))
    with refused(RunError, "seed1-fold1.json", "found figures of seed 0 and fold 1"):
        folder.read_scores()


@pytest.mark.parametrize(
    ("change", "kind", "part"),
    [
        (lambda table: table.assign(true="DANCING"), DataError, "found an unknown activity"),
        (lambda table: table.assign(subject=1), RunError, "the people 1, expected each window"),
        (lambda table: table.assign(index=0), RunError, "expected each window once, of"),
        (lambda table: table.drop(columns="index"), RunError, "expected predictions"),
    ],
)
def test_predictions_of_other_people_or_rows_are_refused(folder, change, kind, part):
    folder.write_score(make_score(0, 1))
    figures, predictions = files_of(unbind(folder))
    rewrite(figures)
    change(pd.read_csv(predictions)).to_csv(predictions, index=False)
    with refused(kind, str(predictions), part):
        folder.read_scores()


def test_a_changed_summary_is_refused(folder):
    for score in make_scores():
        folder.write_score(score)
    folder.write_summary()
    text = folder.summary.read_text()
    folder.summary.write_text(text.replace('"is_complete": true', '"is_complete": false'))
    with refused(RunError, "cv.json: found other values than were saved"):
        folder.read_summary()
