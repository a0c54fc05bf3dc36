from __future__ import annotations

from dataclasses import replace

import pytest
import yaml
from builders import refused
from hypothesis import given, settings
from hypothesis import strategies as st

from har.config import Config, DataConfig, ModelConfig, TrainingConfig
from har.errors import ConfigError, UsageError
from har.recipes import load_config, recipe_names, save_config, settings_help

shares = st.floats(0, 1, exclude_max=True)
sizes = st.integers(1, 2**31)
positive = st.floats(0, exclude_min=True, allow_infinity=False)


@pytest.fixture
def recipe(tmp_path):
    """Write a recipe: `recipe("seed: 3")`."""

    def write(text):
        file = tmp_path / "recipe.yaml"
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
        return file

    return write


def test_the_packaged_recipes_are_those_that_are_promised():
    promised = "book ensemble gpu hapt lstm quick tutorial uci_har worn_anyhow".split()
    assert set(promised) <= set(recipe_names())


@pytest.mark.parametrize("name", recipe_names())
def test_every_packaged_recipe_reads_back_as_it_was_saved(name, tmp_path):
    config = load_config(name)
    save_config(config, tmp_path / "config.yaml")
    assert load_config(tmp_path / "config.yaml") == config


def test_a_recipe_is_found_by_name_from_any_folder(tmp_path, monkeypatch):
    expected = load_config("quick")
    assert expected != Config()
    monkeypatch.chdir(tmp_path)
    assert load_config("quick") == expected


def test_the_books_recipe_is_the_books():
    config = load_config("book")
    model, training = config.model, config.training
    assert (model.n_layers, model.hidden_size, model.pooling) == (1, 28, "sum")
    assert (training.optimizer, training.learning_rate) == ("rmsprop", 0.001)
    assert not model.standardise and not training.shuffle and model.initial_range == 0.1


@settings(max_examples=20, deadline=None)
@given(
    config=st.builds(
        Config,
        seed=st.integers(0, 2**31 - 1),
        device=st.text(min_size=1),
        data=st.builds(
            DataConfig,
            set=st.just("recordings"),
            root=st.none() | st.text(),
            activities=st.none() | st.lists(st.text(), min_size=1, unique=True).map(tuple),
            test_subjects=st.lists(
                st.integers() | st.sampled_from(["P04", "010", "4", "null", "No"]),
                min_size=1,
                unique=True,
            ).map(tuple),
            straddling=st.sampled_from(["drop", "majority"]),
            n_validation_subjects=sizes,
        ),
        model=st.builds(
            ModelConfig,
            kernel=st.sampled_from(["fused", "cells"]),
            views=st.permutations(["channels", "compressed"]).map(tuple),
            standardise=st.booleans(),
            hidden_size=sizes,
            dropout=shares,
            forget_bias=st.floats(-10, 10),
            initial_range=st.none() | positive,
        ),
        training=st.builds(
            TrainingConfig,
            n_epochs=sizes,
            learning_rate=positive,
            clip_norm=st.none() | positive,
            patience=st.none() | sizes,
            keep=st.sampled_from(["best", "last"]),
        ),
    )
)
def test_a_saved_config_reads_back_equal(config, tmp_path_factory):
    file = tmp_path_factory.mktemp("saved") / "config.yaml"
    save_config(config, file)
    assert load_config(file) == config


def test_a_saved_config_tells_every_setting(tmp_path):
    save_config(Config(), tmp_path / "config.yaml")
    content = yaml.safe_load((tmp_path / "config.yaml").read_text())
    assert list(content) == ["seed", "device", "data", "model", "training"]
    assert content["training"]["clip_norm"] == 1.0
    assert content["data"] == {
        "set": "uci_har",
        "root": None,
        "activities": None,
        "sensors": "all",
        "test_subjects": None,
        "subject_column": None,
        "straddling": "drop",
        "upright": None,
        "placement": None,
        "n_validation_subjects": 4,
    }


@pytest.mark.parametrize("text", ["", "# nothing", "{}", "model: {}"])
def test_settings_that_are_not_given_are_the_defaults(recipe, text):
    assert load_config(recipe(text)) == Config()


def test_a_recipe_may_write_numbers_as_people_do(recipe):
    config = load_config(recipe("training: {learning_rate: 1e-3, weight_decay: 1}"))
    assert (config.training.learning_rate, config.training.weight_decay) == (0.001, 1.0)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("seed: 1\nmodel:\n  hiden_size: 3", ["line 3", "model.hiden_size", "model.hidden_size?"]),
        ("sead: 1", ["line 1", "unknown setting sead", "did you mean seed?"]),
        ("hidden_size: 3", ["line 1", "did you mean model.hidden_size?"]),
        ("model: {model: {n_layers: 3}}", ["line 1", "unknown setting model.model"]),
        ("1: 2", ["line 1", "unknown setting 1"]),
        ("seed: x", ["seed: found 'x', expected int"]),
        ("seed: 1.5", ["seed: found '1.5', expected int"]),
        ("seed: true", ["seed: found 'True', expected int"]),
        ("seed: null", ["seed: found null, expected a value"]),
        ("device: null", ["device: found null, expected a value"]),
        ("device: 0", ["device: found '0', expected str"]),
        ("model: {n_layers: null}", ["model.n_layers: found null, expected a value"]),
        ("model: {n_layers: [1]}", ["model.n_layers: found '[1]', expected int"]),
        ("model: {kernel: gru}", ["model.kernel: found 'gru', expected one of ['fused', 'cells']"]),
        ("model: {views: [raw]}", ["model.views: found 'raw', expected one of ['channels',"]),
        ("model: {views: raw}", ["model.views: found 'raw', expected a list"]),
        ("training: {shuffle: 3}", ["training.shuffle: found '3', expected bool"]),
        ("training: {patience: x}", ["training.patience: found 'x', expected int or null"]),
        ("data: {root: 3}", ["data.root: found '3', expected str or null"]),
        ("data: {set: ucihar}", ["data.set: found 'ucihar', expected one of ['uci_har', 'hapt',"]),
        ("data: {activities: SIT}", ["activities: found 'SIT', expected [str, ...] or null"]),
        ("data: {test_subjects: x}", ["found 'x', expected [str or int, ...] or null"]),
        ("model: {hidden_size: 0}", ["model.hidden_size: found 0, expected at least 1"]),
        ("training: {learning_rate: .inf}", ["training.learning_rate: found inf", "finite"]),
        ("data: {n_validation_subjects: 0}", ["data.n_validation_subjects: found 0", "keep"]),
        ("seed: 1\nmodel: 3", ["line 2", "model: found '3', expected a section"]),
        ("model:", ["line 1", "model: found '', expected a section"]),
        ("model: [1, 2]", ["line 1", "model: found a list, expected a section"]),
        ("- seed", ["found list, expected keys and values"]),
        ("words", ["found str, expected keys and values"]),
        ("seed: 1\nmodel: [", ["line 2", "broken YAML"]),
        ("seed:\n\t3", ["line 2", "broken YAML"]),
        ("seed: *other", ["line 1", "broken YAML"]),
        ("seed: !!python/name:os.system", ["line 1", "broken YAML"]),
        ("seed: \x07", ["broken YAML", "special characters"]),
        ("seed: 2001-13-45", ["broken YAML", "month"]),
        (b"\xff\xfe\xff", ["found no text, expected a YAML file or one of", "quick"]),
    ],
)
def test_a_wrong_recipe_is_refused_with_its_file_and_place(recipe, text, parts):
    file = recipe(text)
    with refused(ConfigError, f"{file}", "found", *parts):
        load_config(file)


@pytest.mark.parametrize("name", ["nowhere/quick.yaml", "quik", ""])
def test_a_recipe_that_is_not_there_is_refused_with_those_that_are(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with refused(ConfigError, "expected a YAML file or one of book", "quick"):
        load_config(name)


@pytest.mark.parametrize(
    ("overrides", "expected"),
    [
        (["--seed=4"], Config(seed=4)),
        (["--seed", "4", "--device", "cpu"], Config(seed=4, device="cpu")),
        (["--seed=4", "--seed=5"], Config(seed=5)),
        (["--model.n_layers=3"], Config(model=ModelConfig(n_layers=3))),
        (["--model.views=[normalised]"], Config(model=ModelConfig(views=("normalised",)))),
        (["--data.root", "a b"], Config(data=DataConfig(root="a b"))),
        (["--data.activities=[A, B]"], Config(data=DataConfig(activities=("A", "B")))),
        (["--data.activities", "[A,B]"], Config(data=DataConfig(activities=("A", "B")))),
        (
            ["--data.set=recordings", "--data.test_subjects=[2, 4]"],
            Config(data=DataConfig(set="recordings", test_subjects=(2, 4))),
        ),
        (
            ["--data.set=recordings", "--data.test_subjects", "[P04, 010, No]"],
            Config(data=DataConfig(set="recordings", test_subjects=("P04", "010", "No"))),
        ),
        (
            ["--data.activities", "[1, 01, null, True, 'a b']"],
            Config(data=DataConfig(activities=("1", "01", "null", "True", "a b"))),
        ),
        (["--training.clip_norm=null"], Config(training=TrainingConfig(clip_norm=None))),
        (["--training.learning_rate=1e-4"], Config(training=TrainingConfig(learning_rate=1e-4))),
    ],
)
def test_overrides_change_single_settings(recipe, overrides, expected):
    assert load_config(recipe("{}"), *overrides) == expected


def test_overrides_win_over_the_recipe_and_leave_the_rest():
    quick = load_config("quick")
    changed = load_config("quick", "--training.n_epochs=3")
    assert changed == replace(quick, training=replace(quick.training, n_epochs=3))


@pytest.mark.parametrize(
    ("overrides", "part"),
    [
        (["--model.hiden_size=3"], "did you mean model.hidden_size?"),
        (["--sed=3"], "did you mean seed?"),
        (["--model=3"], "unknown setting model"),
        (["--help"], "unknown setting help"),
        (["--seed"], "--seed: expected one argument"),
        (["--seed=x"], "seed: found 'x', expected int"),
        (["--seed=null"], "seed: found "),
        (["--seed=-1"], "seed: found -1, expected 0.."),
        (["--model.dropout=1"], "model.dropout: found 1.0, expected 0 or more"),
        (["--training.keep=worst"], "training.keep: found 'worst', expected one of"),
        (["--training.patience=x"], "training.patience: found 'x', expected int or null"),
        (["--data.activities=A,B"], "data.activities: found 'A,B', expected [str, ...] or null"),
        (["--data.test_subjects=[2]"], "data.test_subjects: found 2, expected it only with"),
        (["--seed=3", "stray"], "unrecognized arguments: stray"),
        (["-s", "3"], "unrecognized arguments: -s 3"),
    ],
)
def test_wrong_overrides_are_a_wrong_command_line(overrides, part):
    with refused(UsageError, part):
        load_config("quick", *overrides)
    assert UsageError.exit_status == 2
    assert ConfigError.exit_status == 1


def test_an_override_that_does_not_fit_the_recipe_is_a_wrong_command_line():
    with refused(UsageError, "data.n_validation_subjects: found 0"):
        load_config("quick", "--data.n_validation_subjects=0")


def test_the_help_explains_every_setting():
    text = settings_help()
    for name in ("--seed", "--data.root", "--model.pooling", "--training.clip_norm"):
        assert name in text
    assert "CONFIG" not in text
