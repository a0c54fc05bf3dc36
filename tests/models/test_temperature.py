"""Temperature scaling, from the block to the saved classifier, for a network or an ensemble."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
import yaml
from builders import ACTIVITIES, CHANNELS, refused, small_windows, tiny_config, weights_of
from numpy.testing import assert_allclose, assert_array_equal
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, softmax
from unbound import unbind

from har.classifier import ActivityClassifier
from har.config import ModelConfig
from har.errors import RunError
from har.models.backend import gluon, mx
from har.models.export import load_weights
from har.models.network import build_network, n_parameters
from har.models.temperature import WithTemperature
from har.runs.folder import RunFolder

CPU = [mx.cpu(0)]
NEW_WINDOWS = small_windows(seed=1, n_subjects=4)
INPUT = mx.nd.array(NEW_WINDOWS.signals)


def mislabelled(windows, share=0.2):
    """Relabel some windows, so that no network can be both confident and right."""
    random = np.random.default_rng(0)
    shifts = random.integers(1, 3, len(windows)) * (random.random(len(windows)) < share)
    return replace(windows, labels=(windows.labels + shifts) % 3)


WINDOWS = mislabelled(small_windows(n_subjects=8))


def fitted(n_members, calibrate):
    config = tiny_config({"n_members": n_members}, n_epochs=8, seed=5, calibrate=calibrate)
    return ActivityClassifier(config).fit(WINDOWS)


@pytest.fixture(scope="module", params=[1, 2], ids=["single", "ensemble"])
def plain(request):
    return fitted(request.param, calibrate=False)


@pytest.fixture(scope="module")
def calibrated(plain):
    """The same network, calibrated."""
    return fitted(plain.config.model.n_members, calibrate=True)


@pytest.fixture
def saved(calibrated, tmp_path):
    calibrated.save(tmp_path / "run")
    return RunFolder(tmp_path / "run")


def network_on(devices):
    network = build_network(ModelConfig(n_layers=1), 16, CHANNELS, len(ACTIVITIES), devices)
    return network, WithTemperature(network, devices)


def test_logits_are_divided_by_the_temperature_and_by_one_at_first():
    network, block = network_on(CPU)
    logits = network(INPUT).asnumpy()
    assert block.temperature == 1
    assert_array_equal(block(INPUT).asnumpy(), logits)
    block.set_temperature(2.5)
    assert block.temperature == 2.5
    assert_allclose(block(INPUT).asnumpy(), logits / 2.5, rtol=1e-6)


def test_each_device_has_the_temperature():
    devices = [mx.cpu(0), mx.cpu(1)]
    (_, one), (_, two) = network_on(CPU), network_on(devices)
    arrays = weights_of(one)
    load_weights(two, arrays, "model")
    for block in (one, two):
        block.set_temperature(0.5)
    for device in devices:
        found = two(INPUT.as_in_context(device)).asnumpy()
        assert_allclose(found, one(INPUT).asnumpy(), atol=1e-6)


def test_calibrating_changes_no_weight_and_no_prediction(plain, calibrated):
    weights = weights_of(calibrated.network_)
    assert weights.pop("har_temperature").shape == (1, 1)
    expected = weights_of(plain.network_)
    assert weights.keys() == expected.keys()
    assert all((weights[name] == expected[name]).all() for name in expected)
    assert n_parameters(calibrated.network_) == n_parameters(plain.network_)
    assert_array_equal(calibrated.predict(NEW_WINDOWS), plain.predict(NEW_WINDOWS))


def test_the_temperature_makes_the_validation_subjects_least_surprising(plain, calibrated):
    validation = WINDOWS.of_subjects(plain.validation_subjects_)
    logits = np.log(plain.predict_proba(validation))

    def surprise(temperature):
        of_truth = log_softmax(logits / temperature, axis=1)[range(len(logits)), validation.labels]
        return -of_truth.mean()

    best = minimize_scalar(surprise, bounds=(0.05, 20), method="bounded", options={"xatol": 1e-6})
    assert 0.06 < best.x < 19 and abs(best.x - 1) > 0.05
    assert calibrated.temperature_ == pytest.approx(best.x, rel=1e-3)
    expected = softmax(np.log(plain.predict_proba(NEW_WINDOWS)) / calibrated.temperature_, axis=1)
    assert_allclose(calibrated.predict_proba(NEW_WINDOWS), expected, atol=1e-6)


def test_a_temperature_of_one_gives_the_very_same_probabilities(plain, saved):
    again = ActivityClassifier.load(saved.path, device="cpu")
    again.network_.set_temperature(1.0)
    assert_array_equal(again.predict_proba(NEW_WINDOWS), plain.predict_proba(NEW_WINDOWS))


def test_the_figures_before_are_those_of_the_network_without_it(plain, calibrated):
    found = calibrated.evaluate(NEW_WINDOWS).calibration
    expected = plain.evaluate(NEW_WINDOWS).calibration
    assert found.temperature == calibrated.temperature_
    assert vars(found.before) == pytest.approx(vars(expected.after), rel=1e-4)
    assert vars(found.after) != pytest.approx(vars(expected.after), rel=1e-2)
    assert (expected.temperature, expected.before) == (None, expected.after)


def test_it_is_saved_reported_and_loaded(calibrated, saved):
    again = ActivityClassifier.load(saved.path, device="cpu")
    assert again.temperature_ == calibrated.temperature_
    assert_array_equal(again.predict_proba(NEW_WINDOWS), calibrated.predict_proba(NEW_WINDOWS))
    manifest = json.loads(saved.manifest.read_text())
    described = calibrated.describe().to_dict()
    assert {key: manifest[key] for key in described} == described == again.describe().to_dict()
    assert manifest["training"]["temperature"] == calibrated.temperature_


def test_gluon_alone_gives_calibrated_logits(calibrated, saved):
    block = gluon.SymbolBlock.imports(str(saved.symbol), ["data"], str(saved.weights), mx.cpu())
    probabilities = softmax(block(INPUT).asnumpy(), axis=1)
    assert_allclose(probabilities, calibrated.predict_proba(NEW_WINDOWS), atol=1e-6)


def test_a_run_from_before_there_were_temperatures_still_loads(plain, tmp_path):
    plain.save(tmp_path)
    run = unbind(RunFolder(tmp_path))
    manifest, settings = run.read_json(run.manifest), yaml.safe_load(run.config.read_text())
    del manifest["training"]["temperature"], settings["training"]["calibrate"]
    run.write_json(run.manifest, manifest)
    run.config.write_text(yaml.safe_dump(settings))
    again = ActivityClassifier.load(tmp_path, device="cpu")
    assert again.temperature_ is None
    assert_array_equal(again.predict_proba(NEW_WINDOWS), plain.predict_proba(NEW_WINDOWS))


@pytest.mark.parametrize("calibrate", [True, False])
def test_settings_that_do_not_fit_the_saved_model_are_refused(calibrate, tmp_path):
    classifier = fitted(1, calibrate)
    classifier.save(tmp_path)
    config = classifier.config
    RunFolder(tmp_path).write_config(
        replace(config, training=replace(config.training, calibrate=not calibrate))
    )
    found = "found the unknown" if calibrate else "found no"
    with refused(RunError, f"{found} parameter 'har_temperature', expected"):
        ActivityClassifier.load(tmp_path, device="cpu")


def test_fitting_again_starts_from_a_temperature_of_one(calibrated):
    classifier = ActivityClassifier(calibrated.config)
    for _ in range(2):
        temperatures = [classifier.temperature_ for _ in classifier.fit_epochs(WINDOWS)]
        assert set(temperatures) == {1.0}
        assert classifier.temperature_ == calibrated.temperature_
