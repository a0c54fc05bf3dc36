from __future__ import annotations

import json
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import yaml
from builders import ACTIVITIES, CHANNELS, refused, small_windows, tiny_config, weights_of
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import softmax
from timelines import a_timeline
from unbound import unbind

from har.classifier import ActivityClassifier
from har.errors import DataError, DeviceError, HarError, RunError
from har.models.backend import gluon, mx
from har.runs.folder import RunFolder
from har.runs.manifest import Manifest
from har.signals.channels import RAW_CHANNELS
from har.signals.recording import Recording
from har.signals.windows import WindowFormat

WINDOWS = small_windows(n_subjects=8)
NEW_WINDOWS = small_windows(seed=1, n_subjects=4)
KERNELS = ("fused", "cells")
N_EPOCHS = 12
CONVOLUTIONS = {
    "views": ("channels", "compressed", "normalised"),
    "conv_channels": 6,
    "conv_kernel": 3,
    "conv_dropout": 0.1,
    "conv_skip": True,
    "pooling": "mean_max",
}
STACKED = {"n_layers": 2, "hidden_size": 6, "bidirectional": True, "dropout": 0.2}


@pytest.fixture(scope="module")
def fitted():
    """A classifier that has learned."""
    config = tiny_config({"pooling": "max"}, n_epochs=N_EPOCHS, seed=5)
    return ActivityClassifier(config).fit(WINDOWS)


@pytest.fixture(scope="module", params=[*KERNELS, "convolutions"])
def stacked(request):
    """A classifier of each kernel with two layers in both directions; one with all else too."""
    parts = CONVOLUTIONS if request.param == "convolutions" else {"kernel": request.param}
    config = tiny_config({"pooling": "attention", **STACKED, **parts})
    return ActivityClassifier(config).fit(WINDOWS)


@pytest.fixture
def saved(fitted, tmp_path):
    fitted.save(tmp_path / "run")
    return RunFolder(tmp_path / "run")


def load(run):
    return ActivityClassifier.load(run.path, device="cpu")


def same_weights(one, other):
    found, expected = weights_of(one.network_), weights_of(other.network_)
    return found.keys() == expected.keys() and all(
        (found[name] == expected[name]).all() for name in found
    )


def test_separable_activities_are_learned_and_recognised_in_new_people(fitted):
    assert fitted.evaluate(NEW_WINDOWS).accuracy > 0.9


def test_fitting_returns_the_classifier_and_what_was_learned():
    config = tiny_config(n_epochs=3)
    classifier = ActivityClassifier(config)
    assert classifier.fit(WINDOWS) is classifier
    assert classifier.window_format_ == WindowFormat(CHANNELS, ACTIVITIES, 20.0, 16)
    assert [record.epoch for record in classifier.history_] == [1, 2, 3]


def test_validation_subjects_are_not_trained_on(fitted):
    train, validation = set(fitted.train_subjects_), set(fitted.validation_subjects_)
    assert len(validation) == 2
    assert not train & validation
    assert train | validation == set(WINDOWS.subject_names)
    assert fitted.n_train_windows_ == len(WINDOWS.of_subjects(train)) == 72


def test_scaling_comes_from_the_training_windows_alone(fitted):
    train = WINDOWS.of_subjects(fitted.train_subjects_).signals.astype(float)
    weights = weights_of(fitted.network_)
    assert_allclose(weights["har_channel_mean"][0, 0], train.mean(axis=(0, 1)), rtol=1e-5)
    assert_allclose(weights["har_channel_scale"][0, 0], train.std(axis=(0, 1)), rtol=1e-5)
    assert not np.allclose(weights["har_channel_mean"][0, 0], WINDOWS.signals.mean(axis=(0, 1)))


def test_without_standardising_the_network_reads_raw_channels():
    classifier = ActivityClassifier(tiny_config({"standardise": False}, n_epochs=1)).fit(WINDOWS)
    weights = weights_of(classifier.network_)
    assert not weights["har_channel_mean"].any()
    assert (weights["har_channel_scale"] == 1).all()


def test_the_same_seed_gives_the_same_weights_bit_for_bit_and_another_others():
    settings = {"dropout": 0.3, "head_dropout": 0.3, "n_layers": 2}
    first, again, other = (
        ActivityClassifier(tiny_config(settings, seed=seed)).fit(WINDOWS) for seed in (1, 1, 2)
    )
    assert same_weights(first, again)
    assert [replace(record, windows_per_s=0) for record in first.history_] == [
        replace(record, windows_per_s=0) for record in again.history_
    ]
    assert not same_weights(first, other)


def test_threads_are_noted_for_each_epoch_and_for_the_run_unless_they_changed():
    classifier = ActivityClassifier(tiny_config()).fit(WINDOWS, n_threads=2)
    assert [record.n_threads for record in classifier.history_] == [2, 2]
    training = classifier.describe().training
    assert (training.n_threads, training.n_threads_by_epoch, training.n_processes) == (2, None, 1)
    classifier.history_[1] = replace(classifier.history_[1], n_threads=1)
    training = classifier.describe().training
    assert (training.n_threads, training.n_threads_by_epoch) == (None, (2, 1))


def test_fitting_again_starts_anew():
    classifier = ActivityClassifier(tiny_config()).fit(WINDOWS)
    before = SimpleNamespace(network_=classifier.network_)
    classifier.fit(WINDOWS)
    assert same_weights(classifier, before)
    assert len(classifier.history_) == 2


def test_without_validation_subjects_all_are_trained_on():
    config = tiny_config(n_validation_subjects=0, keep="last")
    classifier = ActivityClassifier(config).fit(WINDOWS)
    assert classifier.train_subjects_ == WINDOWS.subject_names
    assert classifier.validation_subjects_ == ()
    assert classifier.history_[0].validation_accuracy is None


def test_too_few_subjects_are_refused():
    with refused(DataError, "hold out 8 subjects of 8", "expected"):
        ActivityClassifier(tiny_config(n_validation_subjects=8)).fit(WINDOWS)


def test_two_devices_learn_what_one_learns():
    one, two = (
        ActivityClassifier(tiny_config(device=device, optimizer="sgd")).fit(WINDOWS)
        for device in ("cpu", "cpu(0),cpu(1)")
    )
    assert_allclose(two.predict_proba(NEW_WINDOWS), one.predict_proba(NEW_WINDOWS), atol=1e-5)


def test_a_device_that_is_not_there_is_refused_before_any_work():
    with refused(DeviceError, "mxnet-cu112"):
        ActivityClassifier(tiny_config(device="gpu(0)"))


def test_probabilities_add_up_to_one_and_lead_to_the_prediction(fitted):
    probabilities = fitted.predict_proba(NEW_WINDOWS)
    assert probabilities.shape == (len(NEW_WINDOWS), len(ACTIVITIES))
    assert_allclose(probabilities.sum(axis=1), 1, atol=1e-12)
    assert (probabilities >= 0).all()
    assert_array_equal(fitted.predict(NEW_WINDOWS), probabilities.argmax(axis=1))


def test_a_windows_probabilities_depend_on_that_window_alone(fitted, stacked):
    for classifier in (fitted, stacked):
        expected = classifier.predict_proba(NEW_WINDOWS)
        some = np.random.default_rng(0).permutation(len(NEW_WINDOWS))[:17]
        found = classifier.predict_proba(NEW_WINDOWS.where(some))
        assert_allclose(found, expected[some], atol=1e-6)
        alone = classifier.predict_proba(NEW_WINDOWS.signals[:1])
        assert_allclose(alone, expected[:1], atol=1e-6)


def test_a_window_alone_is_predicted_with_the_weights_of_each_epoch_as_all_are():
    config = tiny_config({"pooling": "mean", **CONVOLUTIONS}, n_epochs=2, calibrate=True)
    classifier = ActivityClassifier(config)

    def check():
        together, alone = (classifier.predict_proba(WINDOWS.signals[:n]) for n in (20, 1))
        assert_allclose(alone[0], together[0], rtol=0, atol=1e-6)
        return alone

    # Twice, as the second network has other weights.
    of_epochs = [check() for _ in range(2) for _record in classifier.fit_epochs(WINDOWS)]
    assert len({shares.tobytes() for shares in of_epochs}) == 2
    check()
    classifier.measure_strangeness(WINDOWS)
    together, alone = (classifier.predict_strangeness(WINDOWS.signals[:n]) for n in (20, 1))
    assert_allclose(alone[0][0], together[0][0], rtol=0, atol=1e-6)
    assert_allclose(alone[1][0], together[1][0], rtol=1e-4)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_windows_may_be_a_plain_array(fitted, dtype):
    signals = NEW_WINDOWS.signals.astype(dtype)
    assert_array_equal(fitted.predict_proba(signals), fitted.predict_proba(NEW_WINDOWS))


def test_no_windows_have_no_probabilities(fitted):
    for windows in (NEW_WINDOWS.where(np.zeros(0, int)), np.zeros((0, 16, 4), np.float32)):
        assert fitted.predict_proba(windows).shape == (0, 3)
        assert fitted.predict(windows).shape == (0,)


@pytest.mark.parametrize(
    ("changes", "part"),
    [
        ({"channels": CHANNELS[::-1]}, "channels ('gyro_x', 'acc_z', 'acc_y', 'acc_x'), expected"),
        ({"activities": (*ACTIVITIES, "JUMP")}, "'JUMP'), expected ('REST', 'WALK', 'RUN')"),
        ({"rate_hz": 50.0}, "rate_hz 50.0, expected 20.0"),
        ({"signals": NEW_WINDOWS.signals[:, :10]}, "10 time steps, expected 16"),
    ],
)
def test_windows_of_another_meaning_are_refused(fitted, changes, part):
    with refused(DataError, "windows: found ", part):
        fitted.predict_proba(replace(NEW_WINDOWS, **changes))


@pytest.mark.parametrize(
    ("signals", "part"),
    [
        (NEW_WINDOWS.signals[0], "shape (16, 4), expected (n_windows, n_timesteps, 4)"),
        (NEW_WINDOWS.signals[:, :, :3], "shape (48, 16, 3), expected"),
        (NEW_WINDOWS.signals[:, :10], "10 time steps, expected 16"),
        (np.full((1, 16, 4), np.nan), "nan in window 0"),
        (np.zeros((1, 16, 4), int), "type int64, expected floats"),
    ],
)
def test_arrays_of_another_shape_are_refused(fitted, signals, part):
    with refused(DataError, "windows: found ", part):
        fitted.predict_proba(signals)


@pytest.mark.parametrize(
    "use",
    [
        lambda classifier, folder: classifier.predict_proba(WINDOWS),
        lambda classifier, folder: classifier.predict(WINDOWS),
        lambda classifier, folder: classifier.evaluate(WINDOWS),
        lambda classifier, folder: classifier.describe(),
        lambda classifier, folder: classifier.save(folder),
    ],
    ids=["predict_proba", "predict", "evaluate", "describe", "save"],
)
def test_what_was_not_trained_cannot_be_used(use, tmp_path):
    with refused(RunError, "classifier: found no trained network, expected fit or load before"):
        use(ActivityClassifier(tiny_config()), tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_an_evaluation_counts_each_window_once(fitted):
    evaluation = fitted.evaluate(NEW_WINDOWS)
    assert_array_equal(evaluation.labels, NEW_WINDOWS.labels)
    assert_array_equal(evaluation.subjects, NEW_WINDOWS.subjects)
    assert_array_equal(evaluation.probabilities, fitted.predict_proba(NEW_WINDOWS))
    assert evaluation.confusion_matrix.sum() == len(NEW_WINDOWS)


def test_a_saved_classifier_loads_as_it_was(fitted, saved):
    again = load(saved)
    assert same_weights(again, fitted)
    assert_array_equal(again.predict_proba(NEW_WINDOWS), fitted.predict_proba(NEW_WINDOWS))
    assert again.window_format_ == fitted.window_format_
    assert again.n_train_windows_ == fitted.n_train_windows_
    assert again.train_subjects_ == fitted.train_subjects_
    assert again.validation_subjects_ == fitted.validation_subjects_
    assert again.history_ == fitted.history_
    assert again.describe() == fitted.describe()


def test_strangeness_is_measured_kept_and_read(fitted, saved):
    again, windows = load(saved), WINDOWS.signals
    probabilities, strangeness = fitted.predict_strangeness(windows)
    np.testing.assert_allclose(probabilities, fitted.predict_proba(windows), atol=1e-7)
    np.testing.assert_allclose(again.predict_strangeness(windows)[1], strangeness, rtol=1e-4)
    assert np.median(strangeness) < 1
    assert (fitted.predict_strangeness(windows * 20)[1] > strangeness).mean() > 0.9


def test_without_its_file_a_run_of_an_earlier_version_knows_no_strangeness(saved):
    unbind(saved).strangeness.unlink()
    again = load(saved)
    probabilities, strangeness = again.predict_strangeness(WINDOWS.signals)
    assert strangeness is None
    assert (probabilities == again.predict_proba(WINDOWS)).all()


def segments_of(*names):
    starts_s = 10.0 * np.arange(len(names))
    return pd.DataFrame({"start_s": starts_s, "end_s": starts_s + 9, "activity": names})


def test_a_context_that_was_learned_is_kept_and_read(fitted, saved):
    assert load(saved).context_ is None
    lasting = fitted.context_of("markov")
    again = load(saved)
    again.learn_context([segments_of(*ACTIVITIES * 5)])
    again.save(saved.path)
    learned = load(saved).context_of("markov")
    assert_array_equal(learned.transitions, again.context_.transitions)
    assert np.abs(learned.transitions - lasting.transitions).max() > 0.01
    assert again.context_of("none") is None
    again.learn_context(iter([]))
    assert again.context_ is None
    fitted.save(saved.path)
    assert_array_equal(load(saved).context_of("markov").transitions, lasting.transitions)


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("{", "found broken JSON"),
        ("[]", "expected a JSON object"),
        ('{"transitions": [[1, 0], [0, 1]]}', "a missing or wrong value ('weight')"),
        ('{"transitions": [["a"]], "weight": 1}', "could not convert string to float"),
        ('{"transitions": [[0.5, 0.5], [0.5, 0.5]], "weight": 1}', "found 2 activities"),
        ('{"transitions": [[1, 1, 1], [1, 0, 0], [1, 0, 0]], "weight": 1}', "add up to"),
        ('{"transitions": [[NaN, 1, 1], [1, 0, 0], [1, 0, 0]], "weight": 1}', "'NaN', which is"),
        ('{"transitions": [[1, 0], [1]], "weight": 1}', "inhomogeneous"),
    ],
)
def test_a_damaged_context_is_refused_in_one_line(saved, text, part):
    unbind(saved).context.write_text(text)
    with refused(RunError, "context.json", part):
        load(saved)


def test_a_model_trained_with_one_kernel_loads_in_the_other(stacked, tmp_path):
    stacked.save(tmp_path)
    file = unbind(RunFolder(tmp_path)).config
    settings = yaml.safe_load(file.read_text())
    other = {"fused": "cells", "cells": "fused"}[settings["model"]["kernel"]]
    settings["model"]["kernel"] = other
    file.write_text(yaml.safe_dump(settings))
    again = ActivityClassifier.load(tmp_path, device="cpu")
    assert again.config.model.kernel == other
    expected = stacked.predict_proba(NEW_WINDOWS)
    assert_allclose(again.predict_proba(NEW_WINDOWS), expected, atol=1e-5)


@pytest.mark.parametrize("n_windows", [1, 5, 48])
def test_gluon_alone_runs_the_exported_model_on_raw_units(stacked, tmp_path, n_windows):
    stacked.save(tmp_path)
    files = str(tmp_path / "model-symbol.json"), ["data"], str(tmp_path / "model-0000.params")
    block = gluon.SymbolBlock.imports(*files, ctx=mx.cpu())
    logits = block(mx.nd.array(NEW_WINDOWS.signals[:n_windows])).asnumpy()
    expected = stacked.predict_proba(NEW_WINDOWS)[:n_windows]
    assert_allclose(softmax(logits, axis=1), expected, atol=1e-6)


def test_the_exported_parameters_have_names_of_their_own(saved):
    """However many networks were made before in the same process."""
    names = {name.split(":")[1] for name in mx.nd.load(str(saved.weights))}
    assert names == {
        "har_channel_mean",
        "har_channel_scale",
        *(f"har_lstm0_l0_{way}_{kind}" for way in ("i2h", "h2h") for kind in ("weight", "bias")),
        "har_output_weight",
        "har_output_bias",
    }


def test_the_manifest_tells_what_was_trained_how(fitted, saved):
    manifest = json.loads(saved.manifest.read_text())
    described = fitted.describe().to_dict()
    assert manifest == {**described, "files": manifest["files"], "sha256": manifest["sha256"]}
    assert manifest["model"] == {
        "channels": list(CHANNELS),
        "activities": list(ACTIVITIES),
        "rate_hz": 20.0,
        "n_timesteps": 16,
        "n_parameters": 4 * 8 * (4 + 8 + 2) + (8 + 1) * 3,
        "gravity": None,
    }
    training = manifest["training"]
    assert (training["seed"], training["device"], training["n_epochs"]) == (5, "cpu(0)", N_EPOCHS)
    assert training["validation_subjects"] == list(fitted.validation_subjects_)
    best = [record.epoch for record in fitted.history_ if record.is_best]
    assert training["best_epoch"] == best[-1]


def test_the_last_epoch_is_the_best_if_the_last_is_kept():
    classifier = ActivityClassifier(tiny_config(keep="last", n_epochs=3)).fit(WINDOWS)
    assert classifier.describe().training.best_epoch == 3


def test_saving_keeps_the_other_sections_of_the_manifest(fitted, tmp_path):
    RunFolder(tmp_path).update_manifest(Manifest(status="running"))
    fitted.save(tmp_path)
    assert set(RunFolder(tmp_path).read_json(tmp_path / "manifest.json")) == {
        "status",
        "model",
        "training",
        "files",
        "sha256",
    }


def test_saving_again_replaces_the_model(fitted, stacked, tmp_path):
    stacked.save(tmp_path)
    fitted.save(tmp_path)
    assert same_weights(ActivityClassifier.load(tmp_path, "cpu"), fitted)


@pytest.mark.parametrize("name", ["file", "file/run"])
def test_a_path_that_cannot_be_a_folder_is_refused(fitted, tmp_path, name):
    (tmp_path / "file").write_text("a file")
    with refused(RunError, f"{tmp_path / name}: found ", "expected a folder to write to"):
        fitted.save(tmp_path / name)


def test_a_run_loads_on_the_device_that_is_asked_for(saved):
    again = ActivityClassifier.load(saved.path, device="cpu(1)")
    assert again.devices == [mx.cpu(1)]
    assert again.network_.collect_params()["har_output_bias"].list_ctx() == [mx.cpu(1)]


def damage_weights(change):
    def damage(run):
        arrays = mx.nd.load(str(run.weights))
        change(arrays)
        mx.nd.save(str(run.weights), arrays)

    return damage


def edit_manifest(change):
    def damage(run):
        manifest = json.loads(run.manifest.read_text())
        change(manifest)
        run.manifest.write_text(json.dumps(manifest))

    return damage


@pytest.mark.parametrize(
    ("damage", "part"),
    [
        (lambda run: run.config.unlink(), "found no config.yaml"),
        (lambda run: run.config.write_text("seed: ["), "config.yaml, line 1: found broken YAML"),
        (lambda run: run.manifest.unlink(), "manifest.json: found No such file"),
        (lambda run: run.manifest.write_text("{"), "manifest.json: found broken JSON"),
        (edit_manifest(lambda m: m.pop("model")), "manifest.json: found no 'model'"),
        (edit_manifest(lambda m: m["model"].pop("rate_hz")), "manifest.json: found no 'rate_hz'"),
        (edit_manifest(lambda m: m.update(model=[])), "manifest.json: found "),
        (edit_manifest(lambda m: m["model"].update(channels=3)), "manifest.json: found "),
        (edit_manifest(lambda m: m["model"].update(n_timesteps="x")), "manifest.json: found "),
        (edit_manifest(lambda m: m["model"].update(rate_hz=None)), "manifest.json: found "),
        (edit_manifest(lambda m: m["training"].update(train_subjects=1)), "manifest.json: found "),
        (edit_manifest(lambda m: m["model"].update(channels=["acc_x"])), "channel_mean of shape"),
        (lambda run: run.metrics.unlink(), "metrics.jsonl: found No such file"),
        (lambda run: run.metrics.write_text('{"epoch": 1}'), "metrics.jsonl: found a line with"),
        (lambda run: run.weights.unlink(), "model-0000.params: found No such file"),
        (lambda run: run.weights.write_bytes(b""), "model-0000.params: found its end after 0"),
        (lambda run: run.weights.write_bytes(b"text" * 99), "found no file of MXNet's arrays"),
        (
            lambda run: run.weights.write_bytes(run.weights.read_bytes()[:-200]),
            "model-0000.params: found its end after ",
        ),
        (
            lambda run: run.weights.write_bytes(run.weights.read_bytes()[:300]),
            "model-0000.params: found its end after ",
        ),
        (
            damage_weights(lambda arrays: arrays.pop("arg:har_output_bias")),
            "model-0000.params: found no parameter 'har_output_bias'",
        ),
        (
            damage_weights(lambda arrays: arrays.update(extra=mx.nd.zeros(3))),
            "model-0000.params: found the unknown parameter 'extra'",
        ),
        (
            damage_weights(lambda arrays: arrays.update({"arg:har_output_bias": mx.nd.zeros(4)})),
            "model-0000.params: found har_output_bias of shape (4,), expected (3,)",
        ),
        (
            lambda run: mx.nd.save(str(run.weights), [mx.nd.zeros(3)]),
            "model-0000.params: found 0 names of 1 arrays",
        ),
    ],
)
def test_a_run_with_a_missing_or_damaged_file_is_refused_in_one_line(saved, damage, part):
    damage(unbind(saved))
    with pytest.raises(HarError) as caught:
        load(saved)
    message = str(caught.value)
    assert message.startswith(str(saved.path)) and part in message and "expected" in message
    assert "\n" not in message


def test_a_config_of_another_network_is_refused(saved):
    saved.write_config(tiny_config({"hidden_size": 9}))
    with refused(RunError, f"{saved.weights}: found har_", "of shape", "expected"):
        load(saved)


@pytest.mark.parametrize("name", ["model-symbol.json", "model-0000.params"])
def test_a_write_that_fails_leaves_the_earlier_model(fitted, saved, monkeypatch, name):
    before = (saved.path / name).read_bytes()

    def fail(*arguments, **options):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("har.files.os.fsync", fail)
    with refused(RunError, f"{saved.path}: found No space left on device"):
        fitted.save(saved.path)
    assert (saved.path / name).read_bytes() == before


@pytest.mark.parametrize("has_context", [True, False])
def test_recordings_are_scored_with_context_and_without(has_context, monkeypatch):
    alone = a_timeline(["A", "B", "A", "A"], [0.0, 1.28, 2.56, 3.84])
    timeline = (
        alone.assign(
            activity="A", activity_alone=alone["activity"], probability_alone=alone["probability"]
        )
        if has_context
        else alone
    )
    classifier = ActivityClassifier()
    classifier.window_format_ = WindowFormat(RAW_CHANNELS, ("A", "B"), 50.0, 128)
    monkeypatch.setattr(classifier, "predict_recording", lambda recording: timeline)
    truth = pd.DataFrame({"start_s": [0.0], "end_s": [6.4], "activity": ["A"]})
    labelled = [(Recording(np.zeros((320, 6)), 3, "a.csv"), truth)]
    evaluation = classifier.evaluate_recordings(labelled)
    assert evaluation.subjects == (3,)
    figures = {way: of["window_accuracy"].value for way, of in evaluation.figures.items()}
    assert figures == ({"with_context": 1.0, "alone": 0.75} if has_context else {"alone": 0.75})
    assert evaluation.total("alone").time.tolist() == [[256, 64, 0], [0, 0, 0]]
