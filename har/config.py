"""The settings of a run, as frozen dataclasses that check their values."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import dataclass, field, fields, replace
from numbers import Integral, Real
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
DecayKind = Literal["decoupled", "l2"]
Keep = Literal["best", "last"]

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
# Weights of all networks together: 200 MB, and four times that while they are trained. The largest
# recipe has half a million.
MOST_WEIGHTS = 50_000_000
# What weights are counted with until the data set is read: the channels of UCI HAR, and more
# activities than a published set has.
_N_CHANNELS = 9
_N_ACTIVITIES = 100
# Largest number of features of the summary for each channel, see `har.models.constants`.
_N_SUMMARISED = 64
# Lengths of texts and lists, and digits of a subject's number.
_LONGEST_NAME = 100
_LONGEST_PATH = 4096
_MOST_ACTIVITIES = 1000
_MOST_SUBJECTS = 10_000
_LARGEST_SUBJECT = 10**18
_LONGEST_LIST = 40_000
_BETWEEN_SEEDS = 1000
# Items of a list in messages.
_N_SHOWN = 8
DEVICE = re.compile(r"(cpu|gpu)(?:\((\d{1,2})\))?")
_DEVICES = re.compile(rf"auto|{DEVICE.pattern}(\s*,\s*{DEVICE.pattern}){{0,15}}", re.ASCII)

# Processes and threads of one command for each core. More of them only wait for each other, and
# many more than that end the interpreter.
N_PER_CORE = 8
# OpenMP takes a number for each level of nested regions, of which the first counts here.
_OPENMP_THREADS = re.compile(r"\s*\d+\s*(,\s*\d+\s*)*", re.ASCII)


def most_threads() -> int:
    """Return the largest number of threads or processes that a command may be asked for."""
    return N_PER_CORE * len(os.sched_getaffinity(0))


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
            f"{N_PER_CORE} for each core"
        )
    return numbers[0]


@dataclass(frozen=True)
class _Check:
    """The values that a setting may have.

    Parameters
    ----------
    expected : str
        These values in words, for messages.
    is_met : callable
        Whether a value is one of them.
    """

    expected: str
    is_met: Callable[[Any], bool]

    def or_null(self) -> _Check:
        """Return the same check for a setting that may be null."""
        return _Check(
            f"{self.expected}, or null", lambda value: value is None or self.is_met(value)
        )


def _setting(default: object, check: _Check) -> Any:
    """Return a field with its default and its check, which `_check_settings` makes."""
    return field(default=default, metadata={"check": check})


def _whole(default: int | None, low: int, high: int) -> Any:
    """Return a field for a whole number; one whose default is None may be null."""
    check = _Check(
        f"at least {low} and at most {high}, a whole number",
        lambda value: _is_number(value, Integral) and low <= value <= high,
    )
    return _setting(default, check.or_null() if default is None else check)


def _real(default: float | None, low: float, high: float, may_be_null: bool = False) -> Any:
    """Return a field for a number; what is not finite is beyond any bound."""
    check = _Check(
        f"at least {low:g} and at most {high:g}",
        lambda value: _is_number(value, Real) and low <= value <= high,
    )
    return _setting(default, check.or_null() if may_be_null else check)


def _share(default: float) -> Any:
    """Return a field for a share of something, of which a part remains."""
    return _real(default, 0, 0.9999)


def _is_number(value: object, kind: type) -> bool:
    return isinstance(value, kind) and not isinstance(value, bool)


def _flag(default: bool) -> Any:
    return _setting(default, _Check("true or false", lambda value: isinstance(value, bool)))


def _choice(default: str | None, kinds: Any) -> Any:
    """Return a field for one of the names in a Literal; if its default is None, or null."""
    check = _Check(f"one of {', '.join(get_args(kinds))}", lambda value: value in get_args(kinds))
    return _setting(default, check.or_null() if default is None else check)


def _name(default: str | None = None, n_characters: int = _LONGEST_NAME) -> Any:
    """Return a field for a text that may be null."""
    return _setting(
        default,
        _Check(
            f"a text of at least 1 and at most {n_characters} characters",
            lambda value: _is_text(value, n_characters),
        ).or_null(),
    )


def _is_text(value: object, n_characters: int) -> bool:
    # No file name has a zero character, and no argument of a program.
    return isinstance(value, str) and 0 < len(value) <= n_characters and "\0" not in value


def _list(default: Any, n_items: int, each: str, is_met: Callable[[Any], bool]) -> Any:
    """Return a field for a list without repetitions, which may be null if that is its default."""
    check = _Check(
        f"at least one, each once, at most {n_items} of {_LONGEST_LIST} characters together: "
        f"{each}",
        lambda values: (
            isinstance(values, (tuple, list))
            and 0 < len(values) <= n_items
            and all(map(is_met, values))
            and sum(len(str(value)) for value in values) <= _LONGEST_LIST
            and len(set(values)) == len(values)
        ),
    )
    return _setting(default, check.or_null() if default is None else check)


def _is_name(value: object) -> bool:
    return _is_text(value, _LONGEST_NAME)


def _is_subject(value: Any) -> bool:
    return _is_name(value) or (_is_number(value, Integral) and abs(value) < _LARGEST_SUBJECT)


def _check_settings(section: Any, name: str = "") -> None:
    """Check each field of a section that has a check of its own."""
    for item in fields(section):
        check, value = item.metadata.get("check"), getattr(section, item.name)
        if check is not None and not check.is_met(value):
            raise ConfigError(
                f"{name}{item.name}: found {_in_words(value)}, expected {check.expected}"
            )


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
        Number of training subjects held out to choose the best epoch; drawn with the seed; 0 to
        10,000.
    """

    set: DataSetKind = _choice("uci_har", DataSetKind)
    root: str | None = _name(None, _LONGEST_PATH)
    activities: tuple[str, ...] | None = _list(
        None, _MOST_ACTIVITIES, f"names of at most {_LONGEST_NAME} characters", _is_name
    )
    sensors: Sensors = _choice("all", Sensors)
    test_subjects: tuple[str | int, ...] | None = _list(
        None,
        _MOST_SUBJECTS,
        f"names of at most {_LONGEST_NAME} characters or numbers of at most 18 digits",
        _is_subject,
    )
    subject_column: str | None = _name()
    straddling: Straddling = _choice("drop", Straddling)
    upright: Upright | None = _choice(None, Upright)
    placement: str | None = _name()
    n_validation_subjects: int = _whole(4, 0, _MOST_SUBJECTS)

    def __post_init__(self) -> None:
        _check_settings(self, "data.")
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
            raise ConfigError(
                f"data.placement: found {_in_words(self.placement)}, expected {expected}"
            )

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
        Scale of the compressed view, in g and rad/s: linear far below, logarithmic far above; 1e-6
        to 1,000.
    conv_channels : int
        Output channels of each convolution over time before the LSTM; 0: no convolutions; 0 to
        4,096.
    conv_layers : int
        Number of stacked convolutions, each with batch normalisation and ReLU; 1 to 32.
    conv_kernel : int
        Kernel size of each convolution, in time steps; 1 to 256.
    conv_stride : int
        Stride of each convolution, in time steps; 1 to 256.
    conv_dropout : float
        Share of values dropped after each convolution in training.
    conv_skip : bool
        Whether the classifier also reads the mean over time of the convolutions' outputs.
    summary_size : int
        Units of a dense layer that reads a summary of the window: energies by frequency,
        correlations, gravity's direction. It judges beside the LSTM; 0: none; 0 to 8,192.
    embedding_size : int
        Units of a dense layer with ReLU on each time step before the LSTM; 0: none; 0 to 8,192.
    n_layers : int
        Number of stacked LSTM layers; 1 to 32.
    hidden_size : int
        Units of each LSTM layer, in each direction; 1 to 4,096.
    bidirectional : bool
        Whether the LSTM also reads the window backwards.
    dropout : float
        Share of values dropped between LSTM layers in training.
    pooling : {'last', 'sum', 'mean', 'max', 'mean_max', 'attention'}
        Pooling of the hidden states over time; mean_max: mean and max side by side.
    head_dropout : float
        Share of values dropped before the classifier in training.
    forget_bias : float
        Initial bias of the forget gate; 1 keeps the memory long from the start; -100 to 100.
    initial_range : float or None
        Half-width of the uniform distribution of initial weights; null: Xavier's; 1e-6 to 100.
    align_heading : bool
        Whether the network first turns each window about x so that it faces the way that training
        windows do, told from its movements: turns of the phone about x then change nothing.
    n_members : int
        Number of networks, trained with different seeds, whose probabilities are averaged; 1: a
        single network; 1 to 100.
    n_aligned_members : int
        Number of these networks, the last ones, for which align_heading holds although it is not
        set: networks that see windows differently err on different ones; 0 to 100.
    """

    kernel: Kernel = _choice("fused", Kernel)
    views: tuple[View, ...] = _list(
        ("channels",), len(get_args(View)), ", ".join(get_args(View)), get_args(View).__contains__
    )
    standardise: bool = _flag(True)
    compression: float = _real(0.01, 1e-6, 1000)
    conv_channels: int = _whole(0, 0, 4096)
    conv_layers: int = _whole(2, 1, 32)
    conv_kernel: int = _whole(9, 1, 256)
    conv_stride: int = _whole(2, 1, 256)
    conv_dropout: float = _share(0.0)
    conv_skip: bool = _flag(False)
    summary_size: int = _whole(0, 0, 8192)
    embedding_size: int = _whole(0, 0, 8192)
    n_layers: int = _whole(2, 1, 32)
    hidden_size: int = _whole(64, 1, 4096)
    bidirectional: bool = _flag(False)
    dropout: float = _share(0.0)
    pooling: Pooling = _choice("last", Pooling)
    head_dropout: float = _share(0.0)
    forget_bias: float = _real(1.0, -100, 100)
    initial_range: float | None = _real(None, 1e-6, 100, may_be_null=True)
    align_heading: bool = _flag(False)
    n_members: int = _whole(1, 1, 100)
    n_aligned_members: int = _whole(0, 0, 100)

    def __post_init__(self) -> None:
        _check_settings(self, "model.")
        if self.n_aligned_members > self.n_members:
            raise ConfigError(
                f"model.n_aligned_members: found {self.n_aligned_members}, expected at most "
                f"model.n_members: {self.n_members}"
            )
        if not self.standardise and "channels" not in self.views:
            raise ConfigError(
                "model.standardise: found False, expected it only with channels among model.views"
            )
        if self.conv_skip and not self.conv_channels:
            raise ConfigError(
                "model.conv_skip: found True, expected it only with model.conv_channels"
            )
        n_weights = self.n_weights(_N_CHANNELS, _N_ACTIVITIES)
        if n_weights > MOST_WEIGHTS:
            raise ConfigError(
                f"model: found settings for some {n_weights} weights, expected at most "
                f"{MOST_WEIGHTS}; ask for fewer or smaller layers, or fewer networks"
            )

    def n_weights(self, n_channels: int, n_activities: int) -> int:
        """Return an upper bound of the number of weights in all networks, without building them."""
        n_inputs = n_channels * len(self.views)
        n_weights = 0
        if self.conv_channels:
            n_read = n_inputs + (self.conv_layers - 1) * self.conv_channels
            n_weights += self.conv_channels * (n_read * self.conv_kernel + 2 * self.conv_layers)
            n_inputs = self.conv_channels
        if self.embedding_size:
            n_weights += self.embedding_size * (n_inputs + 1)
            n_inputs = self.embedding_size
        n_directions = 2 if self.bidirectional else 1
        n_outputs = n_directions * self.hidden_size
        # Four gates, each with weights of inputs and of outputs before, and two biases.
        n_read = n_inputs + (self.n_layers - 1) * n_outputs
        n_read += self.n_layers * (self.hidden_size + 2)
        n_weights += n_directions * 4 * self.hidden_size * n_read
        if self.pooling == "attention":
            n_weights += n_outputs * (n_outputs + 2)
        n_pooled = n_outputs * (2 if self.pooling == "mean_max" else 1)
        n_pooled += self.conv_channels if self.conv_skip else 0
        n_weights += (n_pooled + 1) * n_activities
        n_weights += self.summary_size * (_N_SUMMARISED * n_channels + 1 + n_activities)
        n_weights += n_activities if self.summary_size else 0
        return self.n_members * n_weights

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
        Maximum number of passes over the training windows; 1 to 100,000.
    batch_size : int
        Windows per step; 1 to 65,536.
    shuffle : bool
        Whether the windows get a new order in each epoch.
    rotation_degrees : float
        Augmentation: standard deviation, in degrees, of a random rotation of the phone, drawn for
        each window and epoch; 0 to 360.
    turn_degrees : float
        Augmentation: largest angle, in degrees, of a random turn of the phone about its x axis,
        which is upright at the waist; drawn for each window and epoch. 180: the full circle; 0 to
        360.
    gain : float
        Augmentation: standard deviation of a random gain around 1 for each axis of each sensor,
        drawn for each window and epoch; 0 to 10.
    time_warp : float
        Augmentation: largest relative change of a window's speed, drawn for each window and epoch.
    optimizer : {'adam', 'rmsprop', 'sgd'}
        Update rule.
    learning_rate : float
        Highest learning rate of the schedule; 1e-9 to 100.
    momentum : float
        Momentum of SGD; ignored by the other optimizers.
    weight_decay : float
        Strength of the weight decay; 0 to 100.
    decay_kind : {'decoupled', 'l2'}
        Decay separate from the gradient (AdamW), or added to the gradient.
    schedule : {'constant', 'cosine', 'step'}
        Course of the learning rate after the warm-up.
    warmup_epochs : float
        Epochs over which the learning rate rises linearly from zero; 0 to 100,000.
    step_epochs : int
        Epochs between two drops of the step schedule; 1 to 100,000.
    step_factor : float
        Factor of the learning rate at each drop of the step schedule; 1e-6 to 1.
    clip_norm : float or None
        Largest norm of the gradient over all weights; null: no clipping; 1e-6 to 1,000,000.
    label_smoothing : float
        Share of the target spread evenly over all activities.
    averaging : float
        Decay per step of a moving average of the weights, such as 0.99, which is validated and kept
        in their place; 0: no averaging.
    patience : int or None
        Epochs without a new best on the validation subjects before training stops; null: no limit;
        1 to 100,000.
    keep : {'best', 'last'}
        Weights to keep: of the best epoch on the validation subjects, or of the last.
    calibrate : bool
        Whether to fit a temperature to the validation subjects after training and divide the
        logits by it; the most probable activity stays the same.
    checkpoint_steps : int or None
        Steps after which har train keeps a checkpoint within an epoch, at the next step whose
        number is a multiple of ten; null: only at the end of each epoch; 1 to 1,000,000.
    """

    n_epochs: int = _whole(30, 1, 100_000)
    batch_size: int = _whole(64, 1, 65_536)
    shuffle: bool = _flag(True)
    rotation_degrees: float = _real(0.0, 0, 360)
    turn_degrees: float = _real(0.0, 0, 360)
    gain: float = _real(0.0, 0, 10)
    time_warp: float = _share(0.0)
    optimizer: Optimizer = _choice("adam", Optimizer)
    learning_rate: float = _real(1e-3, 1e-9, 100)
    momentum: float = _share(0.9)
    weight_decay: float = _real(0.0, 0, 100)
    decay_kind: DecayKind = _choice("decoupled", DecayKind)
    schedule: Schedule = _choice("cosine", Schedule)
    warmup_epochs: float = _real(0.0, 0, 100_000)
    step_epochs: int = _whole(10, 1, 100_000)
    step_factor: float = _real(0.1, 1e-6, 1)
    clip_norm: float | None = _real(1.0, 1e-6, 1e6, may_be_null=True)
    label_smoothing: float = _share(0.0)
    averaging: float = _share(0.0)
    patience: int | None = _whole(None, 1, 100_000)
    keep: Keep = _choice("best", Keep)
    calibrate: bool = _flag(False)
    checkpoint_steps: int | None = _whole(None, 1, 1_000_000)

    def __post_init__(self) -> None:
        _check_settings(self, "training.")


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
    device: str = _setting(
        "auto",
        _Check(
            "auto, cpu, gpu(0) or a list of at most 16 such as gpu(0),gpu(1)",
            lambda value: isinstance(value, str) and bool(_DEVICES.fullmatch(value)),
        ),
    )
    data: DataConfig = field(default_factory=DataConfig)
    model: ModelConfig = field(default_factory=ModelConfig)
    training: TrainingConfig = field(default_factory=TrainingConfig)

    def __post_init__(self) -> None:
        _check_settings(self)
        highest = 2**31 - 1 - _BETWEEN_SEEDS * (self.model.n_members - 1)
        if not _is_number(self.seed, Integral) or not 0 <= self.seed <= highest:
            raise ConfigError(f"seed: found {_in_words(self.seed)}, expected 0..{highest}")
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
        end = self.seed + _BETWEEN_SEEDS * self.model.n_members
        return range(self.seed, end, _BETWEEN_SEEDS)


def _in_words(value: object) -> str:
    """Return a value for a message, with names as they are typed."""
    if not isinstance(value, (tuple, list)):
        return quoted(value)[1:-1] if isinstance(value, str) and value else quoted(value)
    shown = ", ".join(map(_in_words, value[:_N_SHOWN]))
    return f"{shown}, …" if len(value) > _N_SHOWN else shown or "none"
