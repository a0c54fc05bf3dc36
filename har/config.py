"""What decides the outcome of a run, as frozen dataclasses that check their values."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any, Literal

from har.errors import ConfigError

DataSetKind = Literal["uci_har", "hapt", "recordings"]
Straddling = Literal["drop", "majority"]
Kernel = Literal["fused", "cells"]
View = Literal["channels", "compressed", "normalised"]
Pooling = Literal["last", "sum", "mean", "max", "mean_max", "attention"]
Optimizer = Literal["adam", "rmsprop", "sgd"]
Schedule = Literal["constant", "cosine", "step"]


@dataclass(frozen=True)
class DataConfig:
    """Which windows to train on.

    Parameters
    ----------
    set : {'uci_har', 'hapt', 'recordings'}
        UCI HAR, HAPT with its postural transitions, or a folder of your own recordings.
    root : str or None
        Folder or zip with the data set; null: HAR_DATA, else data/, else downloaded.
    activities : tuple of str or None
        Classes in this order, windows of others are left out; null: all there are.
    test_subjects : tuple of int or None
        Of your own recordings: whom to test on; null: the official ones of the other sets.
    straddling : {'drop', 'majority'}
        Of your own recordings: windows over two labels are dropped, or take the longer one.
    n_validation_subjects : int
        Training subjects held out to choose the best epoch; drawn with the seed.
    """

    set: DataSetKind = "uci_har"
    root: str | None = None
    activities: tuple[str, ...] | None = None
    test_subjects: tuple[int, ...] | None = None
    straddling: Straddling = "drop"
    n_validation_subjects: int = 4

    def __post_init__(self) -> None:
        _require_at_least(0, self, "data", "n_validation_subjects")
        _require_different(self, "data", "activities", "test_subjects")
        is_own = self.set == "recordings"
        for key, usual in (("test_subjects", None), ("straddling", "drop")):
            value = getattr(self, key)
            if not is_own and value != usual:
                raise ConfigError(
                    f"data.{key}: found {_in_words(value)}, expected it only with "
                    f"data.set: recordings, not {self.set}"
                )


@dataclass(frozen=True)
class ModelConfig:
    """The network: convolutions if asked for, LSTM layers, a dense classifier.

    Parameters
    ----------
    kernel : {'fused', 'cells'}
        One oneDNN or cuDNN call a layer, or a chain of LSTM cells: same weights, same results.
    views : tuple of {'channels', 'compressed', 'normalised'}
        What the network sees side by side: all channels; movements (body_…), small ones enlarged
        by arcsinh; movements with mean 0 and deviation 1 over each window.
    standardise : bool
        Of the view of all channels: scale each to mean 0 and deviation 1 of the training windows,
        inside the network.
    compression : float
        Of the compressed view: far below this many g and rad/s it is linear, far above logarithmic.
    conv_channels : int
        Outputs of each convolution over time before the LSTM; 0: no convolutions.
    conv_layers : int
        Convolutions on top of each other, each with batch normalisation and ReLU.
    conv_kernel : int
        Time steps that each convolution reads at once.
    conv_stride : int
        Time steps from one output of a convolution to its next.
    conv_dropout : float
        Share of values dropped after each convolution while training.
    conv_skip : bool
        Put the mean over time of the convolutions' outputs beside the pooled LSTM's.
    embedding_size : int
        Units of a dense layer with ReLU on each time step before the LSTM; 0: none.
    n_layers : int
        LSTM layers on top of each other.
    hidden_size : int
        Units of each LSTM layer, in each direction.
    bidirectional : bool
        Also read the window backwards.
    dropout : float
        Share of values dropped between LSTM layers while training.
    pooling : {'last', 'sum', 'mean', 'max', 'mean_max', 'attention'}
        How the hidden states of all time steps become one vector; mean_max is both side by side.
    head_dropout : float
        Share of values dropped before the classifier while training.
    forget_bias : float
        Start of the forget gate's bias; 1 lets the memory live long from the beginning.
    initial_range : float or None
        Weights start uniformly within plus or minus this; null: Xavier's range.
    n_members : int
        Networks trained one after the other, alike but for their seeds, whose probabilities are
        averaged; 1: a single network.
    """

    kernel: Kernel = "fused"
    views: tuple[View, ...] = ("channels",)
    standardise: bool = True
    compression: float = 0.01
    conv_channels: int = 0
    conv_layers: int = 2
    conv_kernel: int = 9
    conv_stride: int = 2
    conv_dropout: float = 0.0
    conv_skip: bool = False
    embedding_size: int = 0
    n_layers: int = 2
    hidden_size: int = 64
    bidirectional: bool = False
    dropout: float = 0.0
    pooling: Pooling = "last"
    head_dropout: float = 0.0
    forget_bias: float = 1.0
    initial_range: float | None = None
    n_members: int = 1

    def __post_init__(self) -> None:
        _require_different(self, "model", "views")
        _require_positive(self, "model", "compression")
        _require_at_least(1, self, "model", "conv_layers", "conv_kernel", "conv_stride")
        _require_at_least(1, self, "model", "n_layers", "hidden_size", "n_members")
        _require_at_least(0, self, "model", "conv_channels", "embedding_size")
        _require_share(self, "model", "conv_dropout", "dropout", "head_dropout")
        if not self.standardise and "channels" not in self.views:
            raise ConfigError(
                "model.standardise: found False, expected it only with channels among model.views"
            )
        if self.conv_skip and not self.conv_channels:
            raise ConfigError(
                "model.conv_skip: found True, expected it only with model.conv_channels"
            )
        if self.initial_range is not None:
            _require_positive(self, "model", "initial_range")


@dataclass(frozen=True)
class TrainingConfig:
    """How the weights are found.

    Parameters
    ----------
    n_epochs : int
        Passes over the training windows.
    batch_size : int
        Windows in each step.
    shuffle : bool
        Draw a new order of the windows in each epoch.
    rotation_degrees : float
        Turn the phone of each window anew in each epoch, by an angle of this deviation.
    gain : float
        Multiply each axis of each sensor by a gain around 1 of this deviation, anew likewise.
    time_warp : float
        Play each window faster or slower by up to this share, anew likewise.
    optimizer : {'adam', 'rmsprop', 'sgd'}
        The rule of the update.
    learning_rate : float
        Highest learning rate of the schedule.
    momentum : float
        Of SGD; the other optimizers ignore it.
    weight_decay : float
        How strongly weights are pulled to zero.
    decay_kind : {'decoupled', 'l2'}
        Shrink the weights apart from the gradient (AdamW), or add the decay to the gradient.
    schedule : {'constant', 'cosine', 'step'}
        How the learning rate goes on after the warm-up.
    warmup_epochs : float
        Epochs over which the learning rate rises linearly from zero.
    step_epochs : int
        Of the step schedule: epochs between two drops.
    step_factor : float
        Of the step schedule: what the learning rate is multiplied by.
    clip_norm : float or None
        Longest gradient, over all weights together; null: not clipped.
    label_smoothing : float
        Share of the target spread evenly over all activities.
    averaging : float
        What is measured and kept is an average of the weights, of which each step leaves this
        share, such as 0.99, and renews the rest; 0: the weights of the last step.
    patience : int or None
        Stop after so many epochs that were not the best on the validation subjects; null: never.
    keep : {'best', 'last'}
        Keep the weights of the best epoch on the validation subjects, or those of the last.
    calibrate : bool
        Then divide the network's logits by a temperature that makes its probabilities fit the
        validation subjects best; the most probable activity stays.
    """

    n_epochs: int = 30
    batch_size: int = 64
    shuffle: bool = True
    rotation_degrees: float = 0.0
    gain: float = 0.0
    time_warp: float = 0.0
    optimizer: Optimizer = "adam"
    learning_rate: float = 1e-3
    momentum: float = 0.9
    weight_decay: float = 0.0
    decay_kind: Literal["decoupled", "l2"] = "decoupled"
    schedule: Schedule = "cosine"
    warmup_epochs: float = 0.0
    step_epochs: int = 10
    step_factor: float = 0.1
    clip_norm: float | None = 1.0
    label_smoothing: float = 0.0
    averaging: float = 0.0
    patience: int | None = None
    keep: Literal["best", "last"] = "best"
    calibrate: bool = False

    def __post_init__(self) -> None:
        _require_at_least(1, self, "training", "n_epochs", "batch_size", "step_epochs")
        _require_at_least(0, self, "training", "weight_decay", "warmup_epochs")
        _require_at_least(0, self, "training", "rotation_degrees", "gain")
        _require_positive(self, "training", "learning_rate", "step_factor")
        _require_share(self, "training", "momentum", "label_smoothing", "time_warp", "averaging")
        if self.clip_norm is not None:
            _require_positive(self, "training", "clip_norm")
        if self.patience is not None:
            _require_at_least(1, self, "training", "patience")


@dataclass(frozen=True)
class Config:
    """Everything that decides the outcome of a run.

    Parameters
    ----------
    seed : int
        Of the weights, the order of windows, dropout and the validation subjects; see
        `member_seeds`.
    device : str
        auto, cpu, gpu(0), or several that share each batch: gpu(0),gpu(1).
    data : DataConfig
        Which windows to train on.
    model : ModelConfig
        The network.
    training : TrainingConfig
        How the weights are found.
    """

    seed: int = 0
    device: str = "auto"
    data: DataConfig = field(default_factory=DataConfig)
    model: ModelConfig = field(default_factory=ModelConfig)
    training: TrainingConfig = field(default_factory=TrainingConfig)

    def __post_init__(self) -> None:
        highest = 2**31 - 1 - (self.member_seeds[-1] - self.seed)
        if not 0 <= self.seed <= highest:
            raise ConfigError(f"seed: found {self.seed}, expected 0..{highest}")
        training = self.training
        if not self.data.n_validation_subjects and (
            training.keep == "best" or training.patience is not None or training.calibrate
        ):
            raise ConfigError(
                "data.n_validation_subjects: found 0, expected at least 1 with "
                "training.keep: best, a training.patience or training.calibrate"
            )

    @property
    def member_seeds(self) -> range:
        """The seed of each network: the first has `seed`, each other one 1000 more than the last.

        Ensembles whose own seeds follow each other so have no network in common.
        """
        return range(self.seed, self.seed + 1000 * self.model.n_members, 1000)


def _require_at_least(lowest: float, section: Any, name: str, *keys: str) -> None:
    for key in keys:
        value = getattr(section, key)
        if not value >= lowest:
            raise ConfigError(f"{name}.{key}: found {value}, expected at least {lowest}")


def _require_different(section: Any, name: str, *keys: str) -> None:
    """Refuse a list with nothing in it, or with the same thing twice."""
    for key in keys:
        values = getattr(section, key)
        if values is not None and (not values or len(set(values)) < len(values)):
            raise ConfigError(
                f"{name}.{key}: found {_in_words(values)}, expected at least one, each once"
            )


def _in_words(value: object) -> str:
    return ", ".join(map(str, value)) or "none" if isinstance(value, tuple) else str(value)


def _require_positive(section: Any, name: str, *keys: str) -> None:
    for key in keys:
        value = getattr(section, key)
        if not 0 < value < math.inf:
            raise ConfigError(f"{name}.{key}: found {value}, expected a finite number above 0")


def _require_share(section: Any, name: str, *keys: str) -> None:
    for key in keys:
        value = getattr(section, key)
        if not 0 <= value < 1:
            raise ConfigError(f"{name}.{key}: found {value}, expected 0 or more and less than 1")
