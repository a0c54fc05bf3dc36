from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from builders import ACTIVITIES, CHANNELS, refused, small_windows, tiny_config, weights_of
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import log_softmax, softmax

from har.classifier import ActivityClassifier
from har.config import ModelConfig
from har.errors import RunError
from har.models.backend import gluon, mx
from har.models.constants import member_prefix
from har.models.ensemble import Ensemble, joined
from har.models.export import load_weights
from har.models.network import build_network, n_parameters
from har.runs.folder import RunFolder

WINDOWS = small_windows(n_subjects=8)
NEW_WINDOWS = small_windows(seed=1, n_subjects=4)
CPU = [mx.cpu(0)]
N_MEMBERS = 3
CONVOLUTIONS = {
    "views": ("channels", "compressed"),
    "conv_channels": 4,
    "conv_kernel": 3,
    "conv_skip": True,
    "n_layers": 2,
    "bidirectional": True,
    "pooling": "attention",
    "embedding_size": 4,
}
PARTS = {"fused": {"dropout": 0.2}, "cells": {"kernel": "cells"}, "convolutions": CONVOLUTIONS}


def config_of(model, n_members=N_MEMBERS, seed=5, **settings):
    settings = {"n_validation_subjects": 0, "keep": "last", **settings}
    model = {"hidden_size": 4, "head_dropout": 0.2, **model, "n_members": n_members}
    return tiny_config(model, seed=seed, **settings)


@pytest.fixture(scope="module", params=PARTS)
def model(request):
    return PARTS[request.param]


@pytest.fixture(scope="module")
def ensemble(model):
    return ActivityClassifier(config_of(model)).fit(WINDOWS)


@pytest.fixture(scope="module")
def alone(model):
    """The same networks, each trained by itself."""
    configs = (config_of(model, n_members=1, seed=seed) for seed in (5, 1005, 2005))
    return [ActivityClassifier(config).fit(WINDOWS) for config in configs]


@pytest.fixture
def saved(ensemble, tmp_path):
    ensemble.save(tmp_path)
    return RunFolder(tmp_path)


def mean_of(classifiers):
    return np.mean([classifier.predict_proba(NEW_WINDOWS) for classifier in classifiers], axis=0)


class Constant(gluon.HybridBlock):
    """A block that gives every window the same scores, and itself as features."""

    def __init__(self, scores):
        super().__init__()
        self.scores = scores

    def logits_and_features(self, F, windows):  # noqa: N803
        return F.broadcast_add(windows * 0, F.array(self.scores)), windows


def members_with(*scores):
    return [Constant([values]) for values in scores]


def test_each_member_is_the_network_that_its_seed_trains_alone_bit_for_bit(ensemble, alone):
    expected = {
        name.replace("har_", f"har_member{number}_", 1): weights
        for number, classifier in enumerate(alone, start=1)
        for name, weights in weights_of(classifier.network_).items()
    }
    found = weights_of(ensemble.network_)
    assert found.keys() == expected.keys()
    for name, weights in expected.items():
        assert_array_equal(found[name], weights, name)


def test_probabilities_are_the_mean_of_the_members_probabilities(ensemble, alone):
    found = ensemble.predict_proba(NEW_WINDOWS)
    assert_allclose(found, mean_of(alone), atol=2e-6)
    assert_allclose(found.sum(axis=1), 1, atol=1e-12)
    assert np.ptp([classifier.predict_proba(NEW_WINDOWS) for classifier in alone], axis=0).max() > 0


def test_a_windows_probabilities_depend_on_that_window_alone(ensemble):
    expected = ensemble.predict_proba(NEW_WINDOWS)
    assert_allclose(ensemble.predict_proba(NEW_WINDOWS.signals[7:12]), expected[7:12], atol=1e-6)


@pytest.mark.parametrize("n_windows", [1, 5, 48])
def test_gluon_alone_runs_the_whole_ensemble_from_two_files(saved, alone, n_windows):
    files = str(saved.symbol), ["data"], str(saved.weights)
    block = gluon.SymbolBlock.imports(*files, ctx=mx.cpu())
    scores = block(mx.nd.array(NEW_WINDOWS.signals[:n_windows])).asnumpy()
    expected = mean_of(alone)[:n_windows]
    assert_allclose(softmax(scores, axis=1), expected, atol=2e-6)
    assert_allclose(scores, np.log(expected), atol=1e-5)


def test_a_saved_ensemble_loads_as_it_was(ensemble, saved):
    again = ActivityClassifier.load(saved.path, device="cpu")
    found, expected = weights_of(again.network_), weights_of(ensemble.network_)
    assert found.keys() == expected.keys()
    assert all((found[name] == expected[name]).all() for name in found)
    assert_array_equal(again.predict_proba(NEW_WINDOWS), ensemble.predict_proba(NEW_WINDOWS))
    assert again.history_ == ensemble.history_
    assert again.describe() == ensemble.describe()


def test_another_number_of_members_is_refused(saved):
    for n_members in (1, 2, 4):
        config = saved.read_config()
        saved.write_config(replace(config, model=replace(config.model, n_members=n_members)))
        with refused(RunError, f"{saved.weights}: found ", " parameter 'har_", "expected"):
            ActivityClassifier.load(saved.path, device="cpu")


def test_the_parameters_of_all_members_count(ensemble, alone):
    counts = [classifier.describe().model.n_parameters for classifier in alone]
    assert ensemble.describe().model.n_parameters == sum(counts)


def test_records_have_the_member_and_the_epoch(ensemble, alone, saved):
    expected = [
        replace(record, member=number, windows_per_s=0)
        for number, classifier in enumerate(alone, start=1)
        for record in classifier.history_
    ]
    assert [(record.member, record.epoch) for record in expected[:3]] == [(1, 1), (1, 2), (2, 1)]
    assert [replace(record, windows_per_s=0) for record in ensemble.history_] == expected
    lines = saved.metrics.read_text().splitlines()
    assert [json.loads(line)["member"] for line in lines] == [1, 1, 2, 2, 3, 3]
    training = ensemble.describe().training
    assert (training.n_epochs, training.best_epoch) == (6, 2)


def test_all_members_have_the_validation_subjects_of_the_run():
    settings = {"n_validation_subjects": 2, "keep": "best"}
    ensemble, one = (
        ActivityClassifier(config_of({}, n_members, **settings)).fit(WINDOWS)
        for n_members in (2, 1)
    )
    assert ensemble.validation_subjects_ == one.validation_subjects_
    assert ensemble.train_subjects_ == one.train_subjects_
    first, second = (
        {name.split("_", 2)[2]: weights for name, weights in weights_of(member).items()}
        for member in ensemble.network_.members
    )
    for name, weights in weights_of(one.network_).items():
        assert_array_equal(first[name.removeprefix("har_")], weights)
    # Both are scaled by the same windows.
    assert_array_equal(first["channel_mean"], second["channel_mean"])
    assert (first["output_weight"] != second["output_weight"]).any()


def test_members_that_were_trained_are_of_use_before_all_are(alone, model):
    classifier = ActivityClassifier(config_of(model))
    records = classifier.fit_epochs(WINDOWS)
    assert [next(records).member for _ in range(4)] == [1, 1, 2, 2]
    assert_allclose(classifier.predict_proba(NEW_WINDOWS), mean_of(alone[:2]), atol=2e-6)


def test_metrics_from_before_there_were_members_still_load(tmp_path):
    classifier = ActivityClassifier(config_of({}, n_members=1)).fit(WINDOWS)
    classifier.save(tmp_path)
    run = RunFolder(tmp_path)
    rows = run.read_epochs()
    run.write_epochs([{key: row[key] for key in row if key != "member"} for row in rows])
    assert ActivityClassifier.load(tmp_path, device="cpu").history_ == classifier.history_


def test_scores_far_apart_stay_numbers():
    # No member's probability of the third activity is a single-precision number above zero.
    scores = [[500.0, 0.0, -500.0], [-500.0, 400.0, -300.0], [0.0, 0.0, -1000.0]]
    found = Ensemble(members_with(*scores))(mx.nd.zeros((2, 1))).asnumpy()
    logarithms = log_softmax(np.array(scores), axis=1)
    assert_allclose(found, [np.logaddexp.reduce(logarithms) - np.log(3)] * 2, rtol=1e-5)


def test_two_devices_compute_what_one_computes():
    config = ModelConfig(n_layers=1, hidden_size=4, n_members=2)
    devices = [mx.cpu(0), mx.cpu(1)]
    networks = [
        joined(
            [
                build_network(config, 16, CHANNELS, len(ACTIVITIES), places, member_prefix(k, 2))
                for k in (1, 2)
            ]
        )
        for places in (CPU, devices)
    ]
    arrays = weights_of(networks[0])
    load_weights(networks[1], arrays, "model")
    windows = mx.nd.array(NEW_WINDOWS.signals)
    expected = networks[0](windows).asnumpy()
    for device in devices:
        found = networks[1](windows.as_in_context(device)).asnumpy()
        assert_allclose(found, expected, atol=1e-6)


def test_a_single_network_stays_as_it_is():
    network = build_network(ModelConfig(), 16, CHANNELS, 3, CPU, member_prefix(1, n_members=1))
    assert joined([network]) is network
    assert n_parameters(network) and all(name.startswith("har_") for name in weights_of(network))
    assert not any("member" in name for name in weights_of(network))
