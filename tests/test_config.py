from __future__ import annotations

import re
from dataclasses import MISSING, FrozenInstanceError, fields

import pytest
from builders import refused
from docstring_parser import numpydoc

from har.config import (
    MOST_WEIGHTS,
    Config,
    DataConfig,
    ModelConfig,
    TrainingConfig,
    most_threads,
    openmp_threads,
)
from har.errors import ConfigError, UsageError

SECTIONS = {"data": DataConfig, "model": ModelConfig, "training": TrainingConfig}
FIELDS = [
    *((name, item.name) for name, section in SECTIONS.items() for item in fields(section)),
    ("", "seed"),
    ("", "device"),
]
HOSTILE = [
    *(0, -1, 2**31, 2**63, 10**400, 10**5000),
    *(float("nan"), float("inf"), -float("inf"), 1e308, 1e-320, 0.5),
    *(True, "", "\0", "x" * 10_000, "\x1b[2J", (), [], [[]], ("",), (True,), ("x" * 200,)),
    *(tuple(range(100_000)), (10**400,), (float("nan"),), b"x", {}, {"x": 1}, object()),
]


@pytest.mark.parametrize(
    ("section", "key", "value", "expected"),
    [
        ("data", "n_validation_subjects", -1, "at least 0"),
        ("model", "n_layers", 0, "at least 1"),
        ("model", "hidden_size", 0, "at least 1"),
        ("model", "n_members", 0, "at least 1"),
        ("model", "n_aligned_members", -1, "at least 0"),
        ("model", "n_aligned_members", 2, "at most model.n_members: 1"),
        ("model", "compression", 0.0, "at least 1e-06"),
        ("model", "conv_channels", -1, "at least 0"),
        ("model", "conv_layers", 0, "at least 1"),
        ("model", "conv_kernel", 0, "at least 1"),
        ("model", "conv_stride", 0, "at least 1"),
        ("model", "conv_dropout", 1.0, "at most 0.9999"),
        ("model", "conv_skip", True, "only with model.conv_channels"),
        ("model", "embedding_size", -1, "at least 0"),
        ("model", "dropout", 1.0, "at most 0.9999"),
        ("model", "head_dropout", -0.1, "at least 0"),
        ("model", "initial_range", 0.0, "at least 1e-06"),
        ("training", "n_epochs", 0, "at least 1"),
        ("training", "batch_size", 0, "at least 1"),
        ("training", "step_epochs", 0, "at least 1"),
        ("training", "patience", 0, "at least 1"),
        ("training", "weight_decay", -0.1, "at least 0"),
        ("training", "weight_decay", float("nan"), "at least 0"),
        ("training", "warmup_epochs", -1.0, "at least 0"),
        ("training", "learning_rate", 0.0, "at least 1e-09"),
        ("training", "learning_rate", float("nan"), "at least 1e-09"),
        ("training", "learning_rate", float("inf"), "at least 1e-09"),
        ("training", "rotation_degrees", -1.0, "at least 0"),
        ("training", "turn_degrees", -1.0, "at least 0"),
        ("training", "gain", -0.1, "at least 0"),
        ("training", "time_warp", 1.0, "at most 0.9999"),
        ("training", "averaging", 1.0, "at most 0.9999"),
        ("training", "step_factor", -1.0, "at least 1e-06"),
        ("training", "clip_norm", 0.0, "at least 1e-06"),
        ("training", "momentum", 1.0, "at most 0.9999"),
        ("training", "label_smoothing", 1.0, "at most 0.9999"),
    ],
)
def test_a_wrong_value_is_refused_with_its_key(section, key, value, expected):
    with refused(ConfigError, f"{section}.{key}: found {value}, expected ", expected):
        SECTIONS[section](**{key: value})


@pytest.mark.parametrize(("section", "key"), FIELDS)
def test_a_hostile_value_is_refused_in_words_or_fits_into_memory(section, key):
    for value in HOSTILE:
        try:
            config = (SECTIONS.get(section) or Config)(**{key: value})
        except ConfigError as error:
            assert re.fullmatch(
                rf"({section}\.?{key}: found .{{1,400}}|model: found settings for some \d+ weights)"
                ", expected .{1,400}",
                str(error),
            ), error
        else:
            assert type(value) in (bool, float, int, str)
            if section == "model":
                assert config.n_weights(9, 100) <= MOST_WEIGHTS


@pytest.mark.parametrize(("section", "key"), FIELDS)
def test_every_setting_has_a_bound(section, key):
    (item,) = (i for i in fields(SECTIONS.get(section) or Config) if i.name == key)
    assert item.default is not MISSING
    assert "check" in item.metadata or key == "seed"
    for value in (float("nan"), 10**400, -(10**400), "x" * 10_000, tuple(map(str, range(20_000)))):
        with pytest.raises(ConfigError, match="expected"):
            (SECTIONS.get(section) or Config)(**{key: value})


@pytest.mark.parametrize(
    "settings",
    [
        {"hidden_size": 4096},
        {"hidden_size": 1024, "n_layers": 32},
        {"conv_channels": 4096},
        {"conv_channels": 512, "conv_layers": 32},
        {"embedding_size": 8192, "hidden_size": 1500},
        {"summary_size": 8192, "n_members": 30},
        {"n_members": 100, "hidden_size": 256},
        {"hidden_size": 1700, "bidirectional": True, "pooling": "attention"},
    ],
)
def test_a_network_that_would_fill_the_memory_is_refused_before_it_is_built(settings):
    with refused(
        ConfigError, "model: found settings for some ", "weights, expected at most 50000000; "
    ):
        ModelConfig(**settings)


@pytest.mark.parametrize(
    ("section", "settings"),
    [
        ("data", {"n_validation_subjects": 0}),
        ("model", {"dropout": 0.0, "initial_range": None, "n_layers": 1, "hidden_size": 1}),
        ("training", {"clip_norm": None, "patience": None, "weight_decay": 0.0}),
        ("training", {"patience": 1, "n_epochs": 1, "batch_size": 1, "momentum": 0.0}),
    ],
)
def test_values_at_the_edge_are_accepted(section, settings):
    SECTIONS[section](**settings)


@pytest.mark.parametrize("key", ["activities", "test_subjects"])
@pytest.mark.parametrize(("values", "found"), [((), "none"), ((3, 4, 3), "3, 4, 3")])
def test_a_list_has_something_in_it_and_nothing_twice(key, values, found):
    settings = {"set": "recordings", "test_subjects": (1,), key: values}
    with refused(ConfigError, f"data.{key}: found {found}, expected at least one, each once"):
        DataConfig(**settings)


@pytest.mark.parametrize("published", ["uci_har", "hapt"])
@pytest.mark.parametrize(
    ("key", "value", "found"),
    [("test_subjects", (2, 4), "2, 4"), ("straddling", "majority", "majority")],
)
def test_the_published_sets_refuse_what_is_for_own_recordings(published, key, value, found):
    with refused(ConfigError, f"data.{key}: found {found}, expected it only with", published):
        DataConfig(set=published, **{key: value})
    DataConfig(set="recordings", **{"test_subjects": (1,), key: value})


@pytest.mark.parametrize(
    ("views", "found"), [((), "none"), (("channels", "channels"), "channels, channels")]
)
def test_there_is_a_view_and_each_is_shown_once(views, found):
    with refused(ConfigError, f"model.views: found {found}, expected at least one, each once"):
        ModelConfig(views=views)


def test_raw_channels_must_be_shown():
    with refused(ConfigError, "model.standardise: found False, expected it only with channels"):
        ModelConfig(views=("compressed",), standardise=False)
    ModelConfig(views=("compressed", "channels"), standardise=False)


@pytest.mark.parametrize("seed", [-1, 2**31])
def test_a_seed_that_mxnet_cannot_take_is_refused(seed):
    with refused(ConfigError, f"seed: found {seed}, expected 0..2147483647"):
        Config(seed=seed)


def test_the_last_members_are_those_that_align():
    ensemble = ModelConfig(n_members=3, n_aligned_members=1)
    members = [ensemble.of_member(number) for number in (1, 2, 3)]
    assert [member.align_heading for member in members] == [False, False, True]
    assert ModelConfig(align_heading=True, n_members=2).of_member(1).align_heading


def test_the_last_members_seed_is_one_that_mxnet_can_take():
    ensemble = ModelConfig(n_members=3)
    assert list(Config(seed=7, model=ensemble).member_seeds) == [7, 1007, 2007]
    assert Config(seed=2**31 - 2001, model=ensemble).member_seeds[-1] == 2**31 - 1
    with refused(ConfigError, "seed: found 2147481648, expected 0..2147481647"):
        Config(seed=2**31 - 2000, model=ensemble)


@pytest.mark.parametrize(
    "training",
    [{"keep": "best"}, {"keep": "last", "patience": 3}, {"keep": "last", "calibrate": True}],
)
def test_choosing_an_epoch_or_a_temperature_needs_validation_subjects(training):
    with refused(
        ConfigError,
        "data.n_validation_subjects: found 0, expected at least 1",
        "training.calibrate",
    ):
        Config(data=DataConfig(n_validation_subjects=0), training=TrainingConfig(**training))


def test_the_last_epoch_needs_no_validation_subjects():
    Config(data=DataConfig(n_validation_subjects=0), training=TrainingConfig(keep="last"))


def test_a_config_does_not_change():
    with pytest.raises(FrozenInstanceError):
        Config().model.n_layers = 3


@pytest.fixture
def two_cores(monkeypatch):
    monkeypatch.setattr("os.sched_getaffinity", lambda _process: {0, 1})


@pytest.mark.parametrize(
    ("variable", "expected"),
    [
        ("2", 2),
        ("16", 16),
        ("2,1", 2),
        (" 4 , 2 ", 4),
        ("2,999999", 2),
        # What OpenMP finds invalid, it ignores.
        ("", None),
        ("0", None),
        ("2,0", None),
        ("2,", None),
        ("2,x", None),
        ("many", None),
        ("-1", None),
        ("1.5", None),
        ("٣", None),
    ],
)
def test_openmps_number_is_read_as_openmp_does(variable, expected, two_cores, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", variable)
    assert openmp_threads() == expected


def test_openmp_need_not_be_told_a_number(monkeypatch):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    assert openmp_threads() is None


@pytest.mark.parametrize("variable", ["17", "99999999999", "99999999999,1", "9" * 5000])
def test_more_threads_than_openmp_can_start_are_refused(variable, two_cores, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", variable)
    with refused(
        UsageError, "OMP_NUM_THREADS: found '", "expected a number from 1 to 16, 8 for each core"
    ):
        openmp_threads()


def test_the_most_threads_grow_with_the_cores(two_cores, monkeypatch):
    assert most_threads() == 16
    monkeypatch.setattr("os.sched_getaffinity", lambda _process: {3})
    assert most_threads() == 8


@pytest.mark.parametrize(("section", "key"), FIELDS)
def test_the_description_of_a_number_tells_its_bounds(section, key):
    kind = SECTIONS.get(section) or Config
    (item,) = (i for i in fields(kind) if i.name == key)
    bounds = re.match(r"at least (\S+) and at most ([^\s,]+)", _expected(item))
    # That a share is below 1 goes without saying.
    if bounds and bounds[2] != "0.9999":
        (told,) = (p for p in numpydoc.parse(kind.__doc__).params if p.arg_name == key)
        low, high = re.search(
            r"; (\S+) to ([\d,.]+)\.$", " ".join(told.description.split())
        ).groups()
        assert float(low) == float(bounds[1])
        assert float(high.replace(",", "")) == float(bounds[2])


def _expected(item):
    return item.metadata["check"].expected if "check" in item.metadata else ""
