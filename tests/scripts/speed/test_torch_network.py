"""The networks of the benchmark: PyTorch's gives har's answers, and learns as har does."""

from __future__ import annotations

import importlib.util
from dataclasses import replace

import numpy as np
import pytest
from builders import weights_of

from har.config import ModelConfig, TrainingConfig
from har.models.backend import parse_devices, seed_everything
from har.models.constants import member_prefix
from har.models.ensemble import joined
from har.models.network import build_network, predict_probabilities
from har.models.temperature import WithTemperature
from har.signals.channels import UCI_CHANNELS
from har.training.trainer import Trainer

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("torch") is None, reason="PyTorch is not installed"
)
CONVOLUTIONS = ModelConfig(
    views=("channels", "compressed", "normalised"),
    conv_channels=5,
    conv_kernel=5,
    conv_skip=True,
    n_layers=1,
    hidden_size=4,
    bidirectional=True,
    pooling="mean_max",
)
MODELS = {
    "convolutions": replace(CONVOLUTIONS, conv_dropout=0.1, head_dropout=0.5),
    "heading": replace(CONVOLUTIONS, align_heading=True),
    "summary": replace(CONVOLUTIONS, summary_size=6),
    "ensemble": replace(CONVOLUTIONS, n_members=2, n_aligned_members=1),
    "layers": ModelConfig(hidden_size=3, bidirectional=True, dropout=0.2),
    "attention": ModelConfig(hidden_size=3, pooling="attention"),
    "embedding": ModelConfig(hidden_size=3, embedding_size=4, n_layers=1, pooling="sum"),
}
DEVICES = parse_devices("cpu")


def signals(n_windows=12):
    generator = np.random.default_rng(0)
    drawn = generator.normal(0, 0.3, (n_windows, 64, len(UCI_CHANNELS)))
    return (drawn + np.eye(len(UCI_CHANNELS))[6]).astype(np.float32)


def har_network(model):
    seed_everything(0)
    members = []
    for number in range(1, model.n_members + 1):
        prefix = member_prefix(number, model.n_members)
        sizes = 64, UCI_CHANNELS, 6, DEVICES
        members.append(build_network(model.of_member(number), *sizes, prefix))
        members[-1].set_heading(signals())
        members[-1].set_scaling(signals())
    return joined(members)


def torch_model(model, training, network):
    from speed.torch_training import TorchModel

    return TorchModel(model, training, UCI_CHANNELS, weights_of(network))


@pytest.mark.parametrize("name", MODELS)
def test_pytorch_gives_the_probabilities_of_har(name, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    network = har_network(MODELS[name])
    expected = predict_probabilities(network, signals(), DEVICES)
    found = torch_model(MODELS[name], TrainingConfig(), network).predict(signals())
    np.testing.assert_allclose(found, expected, atol=2e-5)


def test_pytorch_divides_by_the_temperature_of_har(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    network = WithTemperature(har_network(CONVOLUTIONS), DEVICES)
    network.set_temperature(0.2)
    expected = predict_probabilities(network, signals(), DEVICES)
    found = torch_model(CONVOLUTIONS, TrainingConfig(), network).predict(signals())
    np.testing.assert_allclose(found, expected, atol=2e-5)


TRAININGS = {
    "decoupled": TrainingConfig(weight_decay=5.0, clip_norm=0.5, averaging=0.9, learning_rate=0.01),
    "l2": TrainingConfig(weight_decay=0.1, decay_kind="l2", clip_norm=None, learning_rate=0.01),
    "rmsprop": TrainingConfig(optimizer="rmsprop", clip_norm=None, learning_rate=0.01),
    "sgd": TrainingConfig(optimizer="sgd", clip_norm=0.5, learning_rate=0.1),
}


@pytest.mark.parametrize("name", TRAININGS)
def test_pytorch_loses_what_har_loses_step_by_step(name, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    training = replace(TRAININGS[name], schedule="constant")
    targets = np.eye(6, dtype=np.float32)[np.arange(12) % 6]
    network = har_network(CONVOLUTIONS)
    other = torch_model(CONVOLUTIONS, training, network)
    trainer = Trainer(network, training, DEVICES, n_batches=10)
    expected = [trainer.step(signals(), targets)[0] / len(targets) for _ in range(6)]
    found = [other.step(signals(), targets) for _ in range(6)]
    assert expected[-1] != pytest.approx(expected[0], rel=0.05)
    # Of RMSProp's root MXNet's ε is inside, PyTorch's outside.
    np.testing.assert_allclose(found, expected, rtol=0.03 if name == "rmsprop" else 0.005)
