"""Makes trained models whose weights are random, without training."""

from __future__ import annotations

import numpy as np
from builders import random_weights

from har.config import ModelConfig
from har.evaluation.strangeness import Strangeness
from har.export.trained_model import TrainedModel
from har.inference.context import MarkovContext
from har.runs.manifest import ModelDescription, TrainedManifest, TrainingDescription
from har.signals.channels import UCI_CHANNELS
from har.signals.data_description import DataDescription
from har.signals.windows import WindowFormat

ACTIVITIES = ("SIT", "STAND", "WALK", "RUN")


def random_model(
    config: ModelConfig,
    channels=UCI_CHANNELS,
    n_timesteps=32,
    rate_hz=50.0,
    temperature=None,
    scale=0.3,
    has_strangeness=True,
) -> TrainedModel:
    """Make a model of any settings; of a heading the filters are those of real ones."""
    from har.models.backend import mx
    from har.models.constants import member_prefix
    from har.models.ensemble import joined
    from har.models.heading import gaussian_derivatives
    from har.models.network import build_network
    from har.models.temperature import WithTemperature

    cpu = [mx.cpu(0)]
    sizes = n_timesteps, channels, len(ACTIVITIES), cpu
    numbers = range(1, config.n_members + 1)
    members = [
        build_network(config.of_member(n), *sizes, member_prefix(n, config.n_members))
        for n in numbers
    ]
    network = joined(members)
    if temperature is not None:
        network = WithTemperature(network, cpu)
    weights = random_weights(network, scale=scale)
    for name in weights:
        if name.endswith("heading_filters"):
            weights[name] = gaussian_derivatives()
        elif name.endswith("temperature"):
            weights[name] = np.full((1, 1), temperature, np.float32)
    window_format = WindowFormat(channels, ACTIVITIES, rate_hz, n_timesteps)
    manifest = TrainedManifest(
        recipe="quick",
        data=DataDescription(name="UCI HAR", fingerprint="0123abcd"),
        model=ModelDescription(window_format, sum(w.size for w in weights.values()), (1.0, 0, 0)),
        training=TrainingDescription(
            n_train_windows=7,
            train_subjects=(1, 2),
            validation_subjects=(3,),
            temperature=temperature,
        ),
    )
    context = MarkovContext.lasting(len(ACTIVITIES), mean_duration_s=12)
    model = TrainedModel("a run", config, weights, manifest, None, context)
    if not has_strangeness:
        return model
    windows = np.zeros((1, n_timesteps, len(channels)), np.float32)
    n_features = model._packed.logits_and_features(windows)[1].shape[1]
    random = np.random.default_rng(1)
    measure = Strangeness(
        random.normal(size=(len(ACTIVITIES), n_features - 1)),
        random.normal(size=(n_features, n_features - 1)),
        2.5,
    )
    return TrainedModel("a run", config, weights, manifest, measure, context)


def strangeness_of(model: TrainedModel, windows) -> np.ndarray:
    """Return how strange windows are, by the model's own measure."""
    return model.strangeness.score(model._packed.logits_and_features(windows)[1])
