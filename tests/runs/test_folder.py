from __future__ import annotations

import json
from io import BytesIO

import numpy as np
import pandas as pd
import pytest
from builders import refused, tiny_config

from har import files
from har.errors import ConfigError, RunError
from har.evaluation.metrics import Evaluation
from har.evaluation.strangeness import Strangeness
from har.runs.folder import RunFolder
from har.runs.manifest import Manifest
from har.signals.data_description import DataDescription

RUN_FILES = (
    "config.yaml",
    "manifest.json",
    "metrics.jsonl",
    "model-symbol.json",
    "model-0000.params",
    "evaluation.json",
    "predictions.csv",
    "robustness.json",
    "recordings.json",
    "explanation.json",
    "report.html",
)


@pytest.fixture
def run(tmp_path):
    return RunFolder.create(tmp_path / "run")


def names_in(folder):
    return sorted(path.name for path in folder.iterdir())


def predictions():
    probabilities = np.array([[1 / 3, 2 / 3], [0.9, 0.1]])
    evaluation = Evaluation(np.array([1, 1]), probabilities, np.array([3, 3]), ("REST", "WALK"))
    return evaluation.to_frame()


def test_a_new_run_has_an_empty_folder_and_folders_above_it(tmp_path):
    run = RunFolder.create(tmp_path / "deep" / "run")
    assert run.path == tmp_path / "deep" / "run"
    assert names_in(run.path) == []


def test_an_empty_folder_is_taken(tmp_path):
    (tmp_path / "run").mkdir()
    assert RunFolder.create(tmp_path / "run").path == tmp_path / "run"


def test_a_folder_that_is_not_empty_is_refused_and_stays(tmp_path):
    (tmp_path / "config.yaml").write_text("seed: 1")
    with refused(RunError, f"{tmp_path}: found a folder that is not empty", "--overwrite"):
        RunFolder.create(tmp_path)
    assert (tmp_path / "config.yaml").read_text() == "seed: 1"


def test_overwriting_removes_an_earlier_runs_files_and_no_others(tmp_path):
    (tmp_path / "figures").mkdir()
    (tmp_path / "events").mkdir()
    for name in (*RUN_FILES, "notes.txt", "figures/confusion.png", "events/events"):
        (tmp_path / name).write_text("old")
    RunFolder.create(tmp_path, overwrite=True)
    assert names_in(tmp_path) == ["notes.txt"]


def test_overwriting_a_folder_that_is_not_there_makes_it(tmp_path):
    assert RunFolder.create(tmp_path / "run", overwrite=True).path.is_dir()


@pytest.mark.parametrize("name", ["file", "file/run"])
def test_a_path_that_cannot_be_a_folder_is_refused(tmp_path, name):
    (tmp_path / "file").write_text("a file")
    with refused(RunError, f"{tmp_path / name}: found ", "expected a folder to write to"):
        RunFolder.create(tmp_path / name)
    assert (tmp_path / "file").read_text() == "a file"


def test_a_folder_that_cannot_be_written_is_refused(tmp_path, monkeypatch):
    def fail(*arguments, **options):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(files.tempfile, "mkstemp", fail)
    with refused(RunError, f"{tmp_path}: found Permission denied, expected a folder to write to"):
        RunFolder.create(tmp_path)


def test_every_file_of_a_run_is_in_its_folder(run):
    paths = [run.config, run.manifest, run.metrics, run.symbol, run.weights]
    paths += [run.evaluation, run.predictions, run.robustness]
    paths += [run.recordings, run.explanation, run.report]
    assert tuple(path.name for path in paths) == RUN_FILES
    assert {path.parent for path in (*paths, run.figures, run.events, run.model)} == {run.path}


@pytest.mark.parametrize("name", ["", "nowhere"])
def test_a_folder_without_a_config_is_no_run(tmp_path, name):
    with refused(RunError, f"{tmp_path / name}: found no config.yaml", "expected the folder of"):
        RunFolder.open(tmp_path / name)


def test_the_config_reads_back(run):
    config = tiny_config(seed=3, learning_rate=1e-5)
    run.write_config(config)
    assert RunFolder.open(run.path).read_config() == config


def test_a_damaged_config_is_refused(run):
    run.config.write_text("model: {hiden_size: 3}")
    with refused(ConfigError, str(run.config), "line 1", "did you mean model.hidden_size?"):
        run.read_config()


def test_sections_of_the_manifest_are_added_or_replaced(run):
    run.update_manifest(Manifest(status="running", data=DataDescription(source="a zip")))
    run.update_manifest(Manifest(status="finished", duration_s=3.5))
    manifest = run.read_json(run.manifest)
    assert manifest == {
        "status": "finished",
        "data": {"source": "a zip", "notes": []},
        "duration_s": 3.5,
        "files": {},
        "sha256": manifest["sha256"],
    }


def test_keys_of_a_later_version_stay_in_the_manifest(run):
    run.write_json(run.manifest, {"status": "running", "mood": "good"})
    run.mark_ended("failed", failure="no power")
    manifest = run.read_json(run.manifest)
    assert (manifest["status"], manifest["failure"], manifest["mood"]) == (
        "failed",
        "no power",
        "good",
    )
    assert run.read_manifest().finished == manifest["finished"]


def test_a_run_is_scored_once_there_are_predictions(run):
    run.write_json(run.evaluation, {"accuracy": 1.0})
    assert not run.is_scored
    run.write_predictions(predictions())
    assert run.is_scored


@pytest.mark.parametrize(
    ("content", "part"),
    [
        (None, "found No such file or directory, expected a file of a finished run"),
        (b"", "found broken JSON"),
        (b'{"status": ', "found broken JSON"),
        (b"[1, 2]", "found list, expected a JSON object"),
        (b"\xff\xfe", "found no text"),
    ],
)
def test_a_missing_or_damaged_manifest_is_refused(run, content, part):
    if content is not None:
        run.manifest.write_bytes(content)
    for read in (run.read_manifest, run.read_trained_manifest):
        with refused(RunError, f"{run.manifest}: {part}"):
            read()


def test_a_damaged_manifest_is_not_written_over(run):
    run.manifest.write_text("{")
    with refused(RunError, f"{run.manifest}: found broken JSON"):
        run.update_manifest(Manifest(status="finished"))
    assert run.manifest.read_text() == "{"


def test_each_epoch_is_a_line_of_the_metrics(run):
    records = [{"epoch": 1, "validation_loss": 0.5}, {"epoch": 2, "validation_loss": None}]
    for record in records:
        run.append_epoch(record)
    assert run.read_epochs() == records
    assert [json.loads(line) for line in run.metrics.read_text().splitlines()] == records


@pytest.mark.parametrize(
    ("content", "part"),
    [
        (None, ": found No such file or directory"),
        ('{"epoch": 1}\n{"epoch"', ", line 2: found broken JSON"),
        ('{"epoch": 1}\n\n', ", line 2: found broken JSON"),
        ("3\n", ", line 1: found int, expected a JSON object"),
        ('{"epoch": "one"}\n', ", line 1: found 'one' as epoch, expected a whole number"),
        ('{"is_best": null}\n', ", line 1: found no 'is_best', expected true or false"),
        ('{"epoch": 1}\n{"validation_loss": "x"}\n', ", line 2: found 'x' as validation_loss"),
    ],
)
def test_missing_or_damaged_metrics_are_refused_with_the_line(run, content, part):
    if content is not None:
        run.metrics.write_text(content)
    with refused(RunError, f"{run.metrics}{part}"):
        run.read_epochs()


@pytest.mark.parametrize("unfinished", ["", '{"epoch": 3, "train_l', '{"epoch": 3}'])
def test_metrics_can_be_read_while_they_are_written(run, unfinished):
    assert run.read_epochs_so_far() == []
    records = [{"epoch": 1}, {"epoch": 2}]
    for record in records:
        run.append_epoch(record)
    with run.metrics.open("a") as stream:
        stream.write(unfinished)
    assert run.read_epochs_so_far() == records


def test_a_damaged_line_among_whole_ones_is_refused_even_while_they_are_written(run):
    run.metrics.write_text('{"epoch"\n{"epoch": 2}\n')
    with refused(RunError, f"{run.metrics}, line 1: found broken JSON"):
        run.read_epochs_so_far()


def test_strangeness_reads_back_and_may_be_missing(run):
    assert run.read_strangeness() is None
    strangeness = Strangeness(np.ones((2, 3)), np.eye(4)[:, :3], 2.5)
    run.write_strangeness(strangeness)
    again = run.read_strangeness()
    assert again.to_arrays().keys() == strangeness.to_arrays().keys()
    assert (again.whitening == strangeness.whitening).all()
    assert again.threshold == 2.5
    run.write_strangeness(None)
    assert run.read_strangeness() is None


def npz_of(**arrays):
    stream = BytesIO()
    np.savez(stream, **arrays)
    return stream.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no arrays",
        npz_of(centres=np.ones((2, 3))),
        npz_of(centres=np.ones((2, 3)), whitening=np.ones((4, 5)), threshold=1.0),
        npz_of(centres=np.array([{}]), whitening=np.ones((4, 5)), threshold=1.0),
    ],
)
def test_damaged_strangeness_is_refused(run, content):
    run.strangeness.write_bytes(content)
    with refused(RunError, "strangeness.npz", "expected", "arrays that"):
        run.read_strangeness()


def test_predictions_read_back_to_eight_digits(run):
    run.write_predictions(predictions())
    assert run.predictions.read_text().splitlines()[1] == "0,3,WALK,WALK,0.33333333,0.66666667"
    pd.testing.assert_frame_equal(run.read_predictions(), predictions(), rtol=1e-7)


@pytest.mark.parametrize(
    ("content", "part"),
    [
        (None, "found No such file or directory"),
        (b"", "found No columns"),
        (b"\xff\xfe\x00", "codec can't decode byte"),
        (b"index,true,predicted\n0,REST,REST\n", "found no column subject"),
        (b"index,subject\n0,1\n0,1,2,3\n", "line 3"),
    ],
)
def test_missing_or_damaged_predictions_are_refused(run, content, part):
    if content is not None:
        run.predictions.write_bytes(content)
    with refused(RunError, f"{run.predictions}: found ", part, "expected"):
        run.read_predictions()


def fail_half_way(*arguments, **options):
    raise OSError(28, "No space left on device")


@pytest.mark.parametrize(
    ("file", "write"),
    [
        ("config", lambda run: run.write_config(tiny_config())),
        ("manifest", lambda run: run.update_manifest(Manifest(status="finished"))),
        ("evaluation", lambda run: run.write_json(run.evaluation, {"accuracy": 1.0})),
        ("predictions", lambda run: run.write_predictions(predictions())),
    ],
)
@pytest.mark.parametrize("before", [None, "{}"])
def test_a_write_that_fails_leaves_the_file_as_it_was(run, monkeypatch, file, write, before):
    path = getattr(run, file)
    if before is not None:
        path.write_text(before)
    monkeypatch.setattr(files.os, "fsync", fail_half_way)
    with pytest.raises(OSError, match="No space"):
        write(run)
    assert names_in(run.path) == ([] if before is None else [path.name])
    assert before is None or path.read_text() == before
