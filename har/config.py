"""The settings of a run, as frozen dataclasses that check their values."""

from __future__ import annotations

import math
import os
import re
from dataclasses import dataclass, field, replace
from typing import Any, Literal, get_args

from har.errors import ConfigError, UsageError, quoted

DataSetKind = Literal[
    "uci_har",
    "hapt",
    "recordings",
    "motionsense",
    "wisdm_2011",
    "wisdm_2019",
    "pamap2",
    "mhealth",
    "hhar",
    "unimib_shar",
]
Straddling = Literal["drop", "majority"]
Sensors = Literal["all", "acc"]
Upright = Literal["x", "-x", "y", "-y", "z", "-z", "auto"]
Kernel = Literal["fused", "cells"]
View = Literal["channels", "compressed", "normalised"]
Pooling = Literal["last", "sum", "mean", "max", "mean_max", "attention"]
Optimizer = Literal["adam", "rmsprop", "sgd"]
Schedule = Literal["constant", "cosine", "step"]

# Sets whose windows are published, or cut as their authors cut them.
FIXED_SETS: tuple[DataSetKind, ...] = ("uci_har", "hapt")
# Sensors or devices on a body, the one that is read by default first: of MHEALTH's the chest has no
# gyroscope, of PAMAP2's it is nearest to the waist.
PLACEMENTS: dict[DataSetKind, tuple[str, ...]] = {
    "wisdm_2019": ("phone", "watch"),
    "pamap2": ("chest", "hand", "ankle"),
    "mhealth": ("ankle", "arm", "chest"),
    "hhar": ("phone", "watch"),
}

# Processes and threads of one command for each core. More of them only wait for each other, and
# many more than that end the interpreter.
_N_PER_CORE = 8
# OpenMP takes a number for each level of nested regions, of which the first counts here.
_OPENMP_THREADS = re.compile(r"\s*\d+\s*(,\s*\d+\s*)*", re.ASCII)


def most_threads() -> int:
    """Return the largest number of threads or processes that a command may be asked for."""
    return _N_PER_CORE * len(os.sched_getaffinity(0))


def openmp_threads() -> int | None:
    """Return the number of threads that ``OMP_NUM_THREADS`` asks for, or None.

    As OpenMP does, the first number of a list counts, and what is no list of numbers above 0 is as
    if it were not there.

    Raises
    ------
    UsageError
        If it asks for more than `most_threads`, which OpenMP cannot start.
    """
    text = os.environ.get("OMP_NUM_THREADS", "")
    if not _OPENMP_THREADS.fullmatch(text):
        return None
    try:
        numbers = [int(part) for part in text.split(",")]
    except ValueError:  # more digits than Python reads
        numbers = [2**64]
    if 0 in numbers:
        return None
    if numbers[0] > most_threads():
        raise UsageError(
            f"OMP_NUM_THREADS: found {quoted(text)}, expected a number from 1 to {most_threads()}, "
            f"{_N_PER_CORE} for each core"
        )
    return numbers[0]


@dataclass(frozen=True)
class DataConfig:
    """The data set and its splits.

    Parameters
    ----------
    set : str
        uci_har, hapt (with its postural transitions), motionsense, wisdm_2011, wisdm_2019, pamap2,
        mhealth, hhar, unimib_shar, or recordings: a folder of your own.
    root : str or None
        Folder or zip with the data set; null: HAR_DATA, else data/, else downloaded.
    activities : tuple of str or None
        Classes, in this order; windows of other activities are left out; null: all.
    sensors : {'all', 'acc'}
        Sensors whose signals are read: all that the data set has, or the accelerometer alone.
    test_subjects : tuple of str or int, or None
        Test subjects, such as [P04]; null: the usual ones of a published set. Those of uci_har and
        hapt are fixed, and those of your own recordings must be named.
    subject_column : str or None
        Column that names the person in each row of your own recordings; null: recordings.csv names
        one person for each file.
    straddling : {'drop', 'majority'}
        Windows over several labels: dropped, or labelled by the majority of their samples; not for
        uci_har and hapt, whose windows are fixed.
    upright : {'x', '-x', 'y', '-y', 'z', '-z', 'auto'} or None
        Axis of the phone that points up while the person stands; auto: as lively seconds show;
        null: as it is. Not for uci_har and hapt.
    placement : str or None
        Sensor on the body that is read: pamap2 chest, hand, ankle; mhealth ankle, arm,
        chest; wisdm_2019 and hhar phone, watch; null: the first of these.
    n_validation_subjects : int
        Number of training subjects held out to choose the best epoch; drawn with the seed.
    """

    set: DataSetKind = "uci_har"
    root: str | None = None
    activities: tuple[str, ...] | None = None
    sensors: Sensors = "all"
    test_subjects: tuple[str | int, ...] | None = None
    subject_column: str | None = None
    straddling: Straddling = "drop"
    upright: Upright | None = None
    placement: str | None = None
    n_validation_subjects: int = 4

    def __post_init__(self) -> None:
        _require_at_least(0, self, "data", "n_validation_subjects")
        _require_different(self, "data", "activities", "test_subjects")
        own: tuple[DataSetKind, ...] = ("recordings",)
        cut_here = tuple(kind for kind in get_args(DataSetKind) if kind not in FIXED_SETS)
        for key, usual, kinds in (
            ("test_subjects", None, cut_here),
            ("subject_column", None, own),
            ("straddling", "drop", cut_here),
            ("upright", None, cut_here),
        ):
            value = getattr(self, key)
            if self.set not in kinds and value != usual:
                raise ConfigError(
                    f"data.{key}: found {_in_words(value)}, expected it only with "
                    f"data.set: {' or '.join(kinds)}, not {self.set}"
                )
        placements = PLACEMENTS.get(self.set, ())
        if self.placement is not None and self.placement not in placements:
            expected = f"null, as {self.set} has no choice of sensors"
            if placements:
                expected = f"one of those of {self.set}: {', '.join(placements)}"
            raise ConfigError(f"data.placement: found {self.placement}, expected {expected}")

    @property
    def chosen_placement(self) -> str | None:
        """The placement that is read; None for a set with one sensor only."""
        return self.placement or next(iter(PLACEMENTS.get(self.set, ())), None)


@dataclass(frozen=True)
class ModelConfig:
    """The network: convolutions if asked for, LSTM layers, a dense classifier.

    Parameters
    ----------
    kernel : {'fused', 'cells'}
        One oneDNN or cuDNN call per layer, or a chain of LSTM cells: same weights, same results.
    views : tuple of {'channels', 'compressed', 'normalised'}
        Inputs, side by side: all channels; movements (body_…) compressed by arcsinh; movements
        with mean 0 and standard deviation 1 over each window.
    standardise : bool
        Whether the network scales the view of all channels to mean 0 and standard deviation 1 of
        the training windows.
    compression : float
        Scale of the compressed view, in g and rad/s: linear far below, logarithmic far above.
    conv_channels : int
        Output channels of each convolution over time before the LSTM; 0: no convolutions.
    conv_layers : int
        Number of stacked convolutions, each with batch normalisation and ReLU.
    conv_kernel : int
        Kernel size of each convolution, in time steps.
    conv_stride : int
        Stride of each convolution, in time steps.
    conv_dropout : float
        Share of values dropped after each convolution in training.
    conv_skip : bool
        Whether the classifier also reads the mean over time of the convolutions' outputs.
    summary_size : int
        Units of a dense layer that reads a summary of the window: energies by frequency,
        correlations, gravity's direction. It judges beside the LSTM; 0: none.
    embedding_size : int
        Units of a dense layer with ReLU on each time step before the LSTM; 0: none.
    n_layers : int
        Number of stacked LSTM layers.
    hidden_size : int
        Units of each LSTM layer, in each direction.
    bidirectional : bool
        Whether the LSTM also reads the window backwards.
    dropout : float
        Share of values dropped between LSTM layers in training.
    pooling : {'last', 'sum', 'mean', 'max', 'mean_max', 'attention'}
        Pooling of the hidden states over time; mean_max: mean and max side by side.
    head_dropout : float
        Share of values dropped before the classifier in training.
    forget_bias : float
        Initial bias of the forget gate; 1 keeps the memory long from the start.
    initial_range : float or None
        Half-width of the uniform distribution of initial weights; null: Xavier's.
    align_heading : bool
        Whether the network first turns each window about x so that it faces the way that training
        windows do, told from its movements: turns of the phone about x then change nothing.
    n_members : int
        Number of networks, trained with different seeds, whose probabilities are averaged;
        1: a single network.
    n_aligned_members : int
        Number of these networks, the last ones, for which align_heading holds although it is not
        set: networks that see windows differently err on different ones.
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
    summary_size: int = 0
    embedding_size: int = 0
    n_layers: int = 2
    hidden_size: int = 64
    bidirectional: bool = False
    dropout: float = 0.0
    pooling: Pooling = "last"
    head_dropout: float = 0.0
    forget_bias: float = 1.0
    initial_range: float | None = None
    align_heading: bool = False
    n_members: int = 1
    n_aligned_members: int = 0

    def __post_init__(self) -> None:
        _require_different(self, "model", "views")
        _require_positive(self, "model", "compression")
        _require_at_least(1, self, "model", "conv_layers", "conv_kernel", "conv_stride")
        _require_at_least(1, self, "model", "n_layers", "hidden_size", "n_members")
        _require_at_least(0, self, "model", "conv_channels", "summary_size", "embedding_size")
        _require_at_least(0, self, "model", "n_aligned_members")
        if self.n_aligned_members > self.n_members:
            raise ConfigError(
                f"model.n_aligned_members: found {self.n_aligned_members}, expected at most "
                f"model.n_members: {self.n_members}"
            )
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

    def of_member(self, number: int) -> ModelConfig:
        """Return the settings of one of the networks, numbered from 1."""
        is_aligned = number > self.n_members - self.n_aligned_members
        return replace(self, align_heading=True) if is_aligned else self


@dataclass(frozen=True)
class TrainingConfig:
    """The training of the network.

    Parameters
    ----------
    n_epochs : int
        Maximum number of passes over the training windows.
    batch_size : int
        Windows per step.
    shuffle : bool
        Whether the windows get a new order in each epoch.
    rotation_degrees : float
        Augmentation: standard deviation, in degrees, of a random rotation of the phone, drawn for
        each window and epoch.
    turn_degrees : float
        Augmentation: largest angle, in degrees, of a random turn of the phone about its x axis,
        which is upright at the waist; drawn for each window and epoch. 180: the full circle.
    gain : float
        Augmentation: standard deviation of a random gain around 1 for each axis of each sensor,
        drawn for each window and epoch.
    time_warp : float
        Augmentation: largest relative change of a window's speed, drawn for each window and epoch.
    optimizer : {'adam', 'rmsprop', 'sgd'}
        Update rule.
    learning_rate : float
        Highest learning rate of the schedule.
    momentum : float
        Momentum of SGD; ignored by the other optimizers.
    weight_decay : float
        Strength of the weight decay.
    decay_kind : {'decoupled', 'l2'}
        Decay separate from the gradient (AdamW), or added to the gradient.
    schedule : {'constant', 'cosine', 'step'}
        Course of the learning rate after the warm-up.
    warmup_epochs : float
        Epochs over which the learning rate rises linearly from zero.
    step_epochs : int
        Epochs between two drops of the step schedule.
    step_factor : float
        Factor of the learning rate at each drop of the step schedule.
    clip_norm : float or None
        Largest norm of the gradient over all weights; null: no clipping.
    label_smoothing : float
        Share of the target spread evenly over all activities.
    averaging : float
        Decay per step of a moving average of the weights, such as 0.99, which is validated and kept
        in their place; 0: no averaging.
    patience : int or None
        Epochs without a new best on the validation subjects before training stops; null: no limit.
    keep : {'best', 'last'}
        Weights to keep: of the best epoch on the validation subjects, or of the last.
    calibrate : bool
        Whether to fit a temperature to the validation subjects after training and divide the
        logits by it; the most probable activity stays the same.
    """

    n_epochs: int = 30
    batch_size: int = 64
    shuffle: bool = True
    rotation_degrees: float = 0.0
    turn_degrees: float = 0.0
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
        _require_at_least(0, self, "training", "rotation_degrees", "turn_degrees", "gain")
        _require_positive(self, "training", "learning_rate", "step_factor")
        _require_share(self, "training", "momentum", "label_smoothing", "time_warp", "averaging")
        if self.clip_norm is not None:
            _require_positive(self, "training", "clip_norm")
        if self.patience is not None:
            _require_at_least(1, self, "training", "patience")


@dataclass(frozen=True)
class Config:
    """Everything that determines the result of a run.

    Parameters
    ----------
    seed : int
        Seed for the weights, the order of windows, dropout and the validation subjects; see
        `member_seeds`.
    device : str
        Device: auto, cpu, gpu(0), or several that share each batch: gpu(0),gpu(1).
    data : DataConfig
        Settings of the data set.
    model : ModelConfig
        Settings of the network.
    training : TrainingConfig
        Settings of the training.
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
        """The seed of each network: `seed` and then steps of 1000.

        So ensembles with consecutive seeds have no network in common.
        """
        return range(self.seed, self.seed + 1000 * self.model.n_members, 1000)


def _require_at_least(lowest: float, section: Any, name: str, *keys: str) -> None:
    for key in keys:
        value = getattr(section, key)
        if not value >= lowest:
            raise ConfigError(f"{name}.{key}: found {value}, expected at least {lowest}")


def _require_different(section: Any, name: str, *keys: str) -> None:
    """Refuse an empty list and repeated values."""
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
