"""A run's files are bound together: each that is another is refused by its name."""

from __future__ import annotations

import json
import os
import random
import shutil
import sys
import tracemalloc

import numpy as np
import pytest
from activity_segments import a_recording_evaluation
from builders import ACTIVITIES, refused, small_windows, tiny_config
from scored_run import make_explanation, make_robustness
from unbound import unbind

from har.classifier import ActivityClassifier
from har.config import Config
from har.errors import ConfigError, HarError, RunError
from har.evaluation.strangeness import Strangeness
from har.runs.folder import RunFolder
from har.runs.manifest import Manifest
from har.runs.results import Results

WINDOWS = small_windows()
OF_MODEL = ("config.yaml", "metrics.jsonl", "model-symbol.json", "model-0000.params")
OF_MODEL += ("strangeness.npz", "context.json")
# Networks without a summary leave no spreads of it.
BOUND = set(RunFolder.bound) - {"spread.npz"}
OF_RESULTS = ("config.yaml", "metrics.jsonl", "evaluation.json", "predictions.csv")
OF_RESULTS += ("robustness.json", "recordings.json", "explanation.json")


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A run with each file that is bound."""
    run = RunFolder.create(tmp_path_factory.mktemp("whole") / "run")
    run.write_config(tiny_config())
    run.update_manifest(Manifest(status="running"))
    classifier = ActivityClassifier(tiny_config())
    for record in classifier.fit_epochs(WINDOWS):
        run.append_epoch(vars(record))
    classifier.measure_strangeness(WINDOWS)
    classifier.save(run.path)
    run.write_context({"transitions": [[0.8, 0.1, 0.1]] * 3, "weight": 1.0})
    evaluation = classifier.evaluate(WINDOWS)
    run.write_json(run.evaluation, evaluation.to_dict())
    run.write_predictions(evaluation.to_frame())
    run.write_json(run.robustness, make_robustness(len(WINDOWS)).to_dict())
    run.write_json(run.explanation, make_explanation(WINDOWS).to_dict())
    scored = a_recording_evaluation(activities=ACTIVITIES)
    run.write_json(run.recordings, scored.to_dict())
    return run


@pytest.fixture
def run(whole, tmp_path):
    return RunFolder(shutil.copytree(whole.path, tmp_path / "run"))


def load(run):
    return ActivityClassifier.load(run.path, device="cpu")


def read_whatever_has(name, run):
    """Read a run as whatever reads the file does."""
    return load(run) if name in OF_MODEL else Results.read(run)


def test_the_manifest_names_every_file_of_a_finished_run(whole, run):
    files = json.loads(run.manifest.read_text())["files"]
    assert set(files) == {*OF_MODEL, *OF_RESULTS} == BOUND
    assert all(files[name]["n_bytes"] == (run.path / name).stat().st_size for name in files)
    assert load(run).predict_proba(WINDOWS).shape == (len(WINDOWS), 3)
    assert Results.read(run).evaluation.n_windows == len(WINDOWS)


@pytest.mark.parametrize("name", [*OF_MODEL, *OF_RESULTS[2:]])
def test_any_flipped_bit_is_refused_by_the_files_name(run, name):
    file = run.path / name
    whole, rng = file.read_bytes(), random.Random(name)
    for _ in range(20):
        content = bytearray(whole)
        content[rng.randrange(len(whole))] ^= 1 << rng.randrange(8)
        file.write_bytes(content)
        with refused(RunError, f"{file}: found another file than was saved, expected the"):
            read_whatever_has(name, run)
    file.write_bytes(whole)
    read_whatever_has(name, run)


def test_any_flipped_bit_of_the_manifest_is_refused_or_changes_nothing(run):
    whole, rng = run.manifest.read_bytes(), random.Random(0)
    expected, n_refused = json.loads(whole), 0
    for _ in range(300):
        content = bytearray(whole)
        content[rng.randrange(len(whole))] ^= 1 << rng.randrange(8)
        run.manifest.write_bytes(content)
        try:
            run.read_trained_manifest()
            assert run.read_json(run.manifest) == expected
        except RunError as error:
            assert str(error).startswith(f"{run.manifest}: found "), error
            n_refused += 1
    assert n_refused > 250


@pytest.mark.parametrize("name", ["model-0000.params", "metrics.jsonl", "predictions.csv"])
def test_of_a_file_that_grew_no_more_is_read_than_was_saved(run, name):
    os.truncate(run.path / name, 1 << 33)
    tracemalloc.start()
    try:
        with refused(RunError, f"{run.path / name}: found more than "):
            read_whatever_has(name, run)
        assert tracemalloc.get_traced_memory()[1] < 50 << 20
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("name", ["strangeness.npz", "context.json", "model-symbol.json"])
def test_a_file_of_the_model_that_is_gone_is_missed(run, name):
    (run.path / name).unlink()
    with refused(RunError, f"{run.path / name}: found No such file"):
        load(run)


@pytest.mark.parametrize("name", ["strangeness.npz", "context.json"])
def test_a_file_of_another_run_is_refused_where_there_was_none(run, name):
    content = (run.path / name).read_bytes()
    run.write_strangeness(None)
    run.write_context(None)
    load(run)
    (run.path / name).write_bytes(content)
    with refused(RunError, f"{run.path / name}: found a file that manifest.json does not name"):
        load(run)


def test_a_file_that_is_written_again_is_bound_again(run):
    run.write_predictions(run.read_predictions())
    run.write_context({"transitions": [[0.6, 0.2, 0.2]] * 3, "weight": 1.0})
    assert load(run).context_ is not None
    assert Results.read(run).evaluation.n_windows == len(WINDOWS)


@pytest.mark.parametrize("key", ["files", "sha256"])
def test_digests_that_are_lost_are_missed(run, key):
    content = json.loads(run.manifest.read_text())
    del content[key]
    run.manifest.write_text(json.dumps(content))
    with refused(RunError, f"{run.manifest}: found other values than were saved"):
        load(run)


@pytest.mark.parametrize(
    "change",
    [
        lambda model: model["activities"].reverse(),
        lambda model: model["channels"].reverse(),
        lambda model: model.update(gravity=[0.0, 1.0, 0.0]),
        lambda model: model.update(rate_hz=model["rate_hz"] + 1e-6),
    ],
)
def test_a_changed_manifest_is_refused(run, change):
    content = json.loads(run.manifest.read_text())
    change(content["model"])
    run.manifest.write_text(json.dumps(content))
    for read in (load, Results.read, lambda run: run.mark_ended("finished")):
        with refused(RunError, f"{run.manifest}: found other values than were saved"):
            read(run)


def test_a_run_of_an_earlier_version_is_read_with_a_warning_and_bound_when_scored(run, caplog):
    load(run)
    assert not caplog.text
    load(unbind(run))
    assert f"{run.manifest}: found no digests in it" in caplog.text
    run.write_predictions(run.read_predictions())
    caplog.clear()
    load(run)
    assert not caplog.text
    assert set(json.loads(run.manifest.read_text())["files"]) == BOUND


def test_weights_that_are_not_bound_are_compared_with_the_network_before_it_gets_any(
    run, monkeypatch
):
    """A wrong size in the settings would else allocate what it claims."""
    settings = tiny_config({"hidden_size": 2000, "n_layers": 2})
    monkeypatch.setattr(
        "har.models.network.ActivityNetwork.initialize",
        lambda *_arguments, **_options: pytest.fail("weights were allocated"),
    )
    unbind(run).write_config(settings)
    with refused(RunError, "model-0000.params: found ", "expected"):
        load(run)


def test_strangeness_of_other_features_than_the_networks_is_refused(run):
    run.write_strangeness(Strangeness(np.ones((3, 2)), np.ones((5, 2)), 1.0))
    with refused(RunError, "strangeness.npz: found 5 features, expected the 8 of the network"):
        load(run)


def test_metrics_grow_while_training_goes_on(run):
    record = json.loads(run.metrics.read_text().splitlines()[-1])
    n_epochs = len(load(run).history_)
    run.append_epoch({**record, "epoch": record["epoch"] + 1})
    assert len(load(run).history_) == n_epochs + 1
    run.write_epochs(run.read_epochs())
    with run.metrics.open("a") as stream:
        stream.write(json.dumps(record) + "\n")
    with refused(RunError, f"{run.metrics}: found another file than was saved"):
        load(run)


def test_settings_that_a_killed_process_left_unbound_are_read_and_bound_again(run, monkeypatch):
    longer = tiny_config(n_epochs=7)
    with monkeypatch.context() as patch, pytest.raises(SystemExit):
        patch.setattr(RunFolder, "_bind", lambda *_files: sys.exit())
        run.write_config(longer)
    assert run.read_config() == longer
    run.write_config(longer)
    run.config.write_text(run.config.read_text() + "# changed")
    with refused(RunError, f"{run.config}: found another file than was saved"):
        run.read_config()


def test_a_damaged_config_is_no_recipe_for_a_bound_run(run):
    run.config.write_text("seed: [")
    with refused(RunError, f"{run.config}: found another file than was saved"):
        run.read_config()
    with refused(ConfigError, "config.yaml, line 1: found broken YAML"):
        unbind(run).read_config()
    run.write_config(Config())
    assert run.read_config() == Config()


def test_no_damage_of_a_run_that_is_not_bound_is_more_than_one_line(run):
    """What digests would refuse at once is walked, checked and compared."""
    unbind(run)
    rng = random.Random(1)
    for name in (*OF_MODEL, *OF_RESULTS[2:], "manifest.json"):
        file = run.path / name
        whole = file.read_bytes()
        for _ in range(8):
            content = bytearray(whole)
            for _ in range(rng.choice((1, 2, 5))):
                content[rng.randrange(len(whole))] = rng.randrange(256)
            if rng.random() < 0.3:
                del content[rng.randrange(len(whole)) :]
            file.write_bytes(content)
            for read in (load, Results.read):
                try:
                    read(run)
                except HarError as error:
                    assert str(run.path) in str(error), error
        file.write_bytes(whole)
