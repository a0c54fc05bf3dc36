"""A training step and prediction in PyTorch, with what a recipe asks for."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any

import torch
from torch.nn import functional
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from har.arrays import FloatArray
from har.config import ModelConfig, TrainingConfig
from har.errors import RunError
from speed.torch_network import Classifier, Weights


class TorchModel:
    """A recipe's network in PyTorch, its optimizer and the average of its weights.

    Parameters
    ----------
    model : ModelConfig
        Settings of the network.
    training : TrainingConfig
        Optimizer, decay, clipping and averaging; the learning rate is constant.
    channels : tuple of str
        Names of the windows' channels.
    weights : mapping of str to ndarray
        All parameters of har's network by their names.
    """

    def __init__(
        self,
        model: ModelConfig,
        training: TrainingConfig,
        channels: tuple[str, ...],
        weights: Weights,
    ) -> None:
        torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
        self.training = training
        self.classifier = Classifier(model, channels, weights)
        # Members of an ensemble are trained one by one.
        self.network = self.classifier.members[0]
        self.optimizer = optimizer_of(self.network.parameters(), training)
        average = get_ema_multi_avg_fn(training.averaging)
        self.average = AveragedModel(self.network, multi_avg_fn=average, use_buffers=True)

    def predict(self, signals: FloatArray) -> FloatArray:
        """Return the probability of each activity in each window."""
        self.classifier.eval()
        with torch.inference_mode():
            probabilities: FloatArray = self.classifier(torch.from_numpy(signals)).numpy()
        return probabilities

    def step(self, signals: FloatArray, targets: FloatArray) -> float:
        """Train on a batch; read its loss, and how many it had right, as har does."""
        self.network.train()
        expected = torch.from_numpy(targets)
        self.optimizer.zero_grad()
        of_parts = self.network.logits_of_parts(torch.from_numpy(signals))
        loss = sum(functional.cross_entropy(scores, expected) for scores in of_parts)
        loss.backward()
        if self.training.clip_norm is not None:
            torch.nn.utils.clip_grad_norm_(self.network.parameters(), self.training.clip_norm)
        self.optimizer.step()
        if self.training.averaging:
            self.average.update_parameters(self.network)
        scores = sum(logits.log_softmax(dim=1) for logits in of_parts)
        (scores.argmax(dim=1) == expected.argmax(dim=1)).sum().item()
        return float(loss.item()) / len(of_parts)


def optimizer_of(parameters: Iterable[Any], training: TrainingConfig) -> Any:
    """Return the optimizer that a recipe asks for."""
    is_decoupled = training.decay_kind == "decoupled" and training.weight_decay > 0
    common = {"lr": training.learning_rate, "weight_decay": training.weight_decay}
    if training.optimizer == "adam":
        kind = torch.optim.AdamW if is_decoupled else torch.optim.Adam
        return kind(parameters, **common)
    if is_decoupled:
        raise RunError(
            f"benchmark: found decoupled decay with {training.optimizer}, expected it with adam"
        )
    if training.optimizer == "rmsprop":
        # MXNet adds 1e-8 under the root.
        return torch.optim.RMSprop(parameters, alpha=0.9, eps=1e-4, **common)
    return torch.optim.SGD(parameters, momentum=training.momentum, **common)
