from __future__ import annotations

import os
from dataclasses import replace

import pytest
import yaml
from builders import refused
from hypothesis import given, settings
from hypothesis import strategies as st

from har.config import Config, DataConfig, ModelConfig, TrainingConfig
from har.errors import ConfigError, UsageError
from har.recipes import SETTINGS, load_config, recipe_names, save_config, settings_help

shares = st.floats(0, 0.9999)
positive = st.floats(1e-6, 100)
names = st.text(min_size=1, max_size=100).filter(lambda name: "\0" not in name)


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
        device=st.sampled_from(["auto", "cpu", "gpu(12)", "cpu(0), gpu(1)"]),
        data=st.builds(
            DataConfig,
            set=st.just("recordings"),
            root=st.none() | names,
            activities=st.none() | st.lists(names, min_size=1, unique=True).map(tuple),
            test_subjects=st.lists(
                st.integers(1 - 10**18, 10**18 - 1)
                | st.sampled_from(["P04", "010", "4", "null", "No"]),
                min_size=1,
                unique=True,
            ).map(tuple),
            straddling=st.sampled_from(["drop", "majority"]),
            n_validation_subjects=st.integers(1, 10_000),
        ),
        model=st.builds(
            ModelConfig,
            kernel=st.sampled_from(["fused", "cells"]),
            views=st.permutations(["channels", "compressed"]).map(tuple),
            standardise=st.booleans(),
            hidden_size=st.integers(1, 512),
            dropout=shares,
            forget_bias=st.floats(-10, 10),
            initial_range=st.none() | positive,
        ),
        training=st.builds(
            TrainingConfig,
            n_epochs=st.integers(1, 100_000),
            learning_rate=positive,
            clip_norm=st.none() | positive,
            patience=st.none() | st.integers(1, 100_000),
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
        ("training: {learning_rate: .inf}", ["training.learning_rate: found inf", "at most 100"]),
        ("data: {n_validation_subjects: 0}", ["data.n_validation_subjects: found 0", "keep"]),
        ("seed: 1\nmodel: 3", ["line 2", "model: found '3', expected a section"]),
        ("model:", ["line 1", "model: found '', expected a section"]),
        ("model: [1, 2]", ["line 1", "model: found a list, expected a section"]),
        ("- seed", ["found list, expected keys and values"]),
        ("words", ["found str, expected keys and values"]),
        ("seed: 1\nmodel: [", ["line 2", "broken YAML"]),
        ("seed:\n\t3", ["line 2", "broken YAML"]),
        ("seed: *other", ["line 1", "broken YAML"]),
        ("seed: !!python/name:os.system", ["line 1", "python/name:os.system", "to be plain"]),
        ("seed: !!binary eA==", ["line 1", "the tag", "to be plain"]),
        ("seed: !!bool x", ["broken YAML ('x')"]),
        ("seed: !!int ''", ["broken YAML (string index out of range)"]),
        ("seed: &s 1\ndevice: *s", ["line 2", "an alias, where values are to be written out"]),
        ("seed: " + 50_000 * "[", ["line 1", "values nested too deep"]),
        ("seed:\n- " + 50_000 * "- ", ["line 2", "values nested too deep"]),
        ("seed: " + 5000 * "1", ["Exceeds the limit"]),
        ("model: {dropout: 1" + 400 * "0" + "}", ["int too large to convert to float"]),
        ("#" * 2_000_000, ["found more than 1,048,576 bytes"]),
        ("seed: \x07", ["broken YAML", "special characters"]),
        ("seed: 2001-13-45", ["broken YAML", "month"]),
        (b"\xff\xfe\xff", ["found no text, expected a YAML file or one of", "quick"]),
    ],
)
def test_a_wrong_recipe_is_refused_with_its_file_and_place(recipe, text, parts):
    file = recipe(text)
    with refused(ConfigError, f"{file}", "found", *parts):
        load_config(file)


def test_aliases_of_aliases_are_refused_before_they_fill_the_memory(recipe):
    text, before = "data:\n  activities: [&a [x,x,x,x,x,x,x,x,x]", "a"
    for name in "bcdefghi":
        text += f", &{name} [" + ",".join([f"*{before}"] * 9) + "]"
        before = name
    with refused(ConfigError, "line 2: found broken YAML (values nested too deep)"):
        load_config(recipe(text + "]\n"))


def test_what_a_saved_recipe_can_hold_is_not_too_large_to_be_read(tmp_path):
    names = tuple(f"{number:03}{'😀' * 97}" for number in range(400))
    config = Config(data=DataConfig(set="recordings", test_subjects=names, activities=names))
    save_config(config, tmp_path / "config.yaml")
    # Longer names are refused, and 10,000 short ones take less.
    assert 700_000 < (tmp_path / "config.yaml").stat().st_size < 2**20 - 100_000
    with refused(ConfigError, "data.activities", "of 40000 characters together"):
        DataConfig(activities=(*names, "x"))


@pytest.mark.parametrize("name", ["/dev/zero", "\0"])
def test_a_recipe_that_is_no_file_is_not_read(name):
    with refused(UsageError, "expected a YAML file or one of book"):
        load_config(name)


def test_a_pipe_is_no_recipe_and_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe.yaml")
    with refused(UsageError, "pipe.yaml: found a pipe or a device, not a regular file"):
        load_config(tmp_path / "pipe.yaml")


@pytest.mark.parametrize("name", ["nowhere/quick.yaml", "quik", ""])
def test_a_recipe_that_is_not_there_is_refused_with_those_that_are(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with refused(UsageError, "expected a YAML file or one of book", "quick"):
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
        (["--model.dropout=1"], "model.dropout: found 1.0, expected at least 0 and at most 0.9999"),
        (["--training.keep=worst"], "training.keep: found 'worst', expected one of"),
        (["--training.patience=x"], "training.patience: found 'x', expected int or null"),
        (["--data.activities=A,B"], "data.activities: found 'A,B', expected [str, ...] or null"),
        (["--data.test_subjects=[2]"], "data.test_subjects: found 2, expected it only with"),
        (["--seed=3", "stray"], "unrecognized arguments: stray"),
        (["-s", "3"], "unrecognized arguments: -s 3"),
        (["--data.activities=" + 50_000 * "["], "activities: found values nested too deep"),
        (["--data.activities", "[&a [x], *a]"], "activities: found an alias"),
        (["--data.root=" + 200_000 * "x"], "data.root: found 200000 characters"),
        (["--model.dropout=1" + 400 * "0"], "model.dropout: found 1000000"),
        (["--model.dropout=" + 5000 * "1"], "model.dropout: found Exceeds the limit"),
        (["--model.dropout=!!bool x"], "model.dropout: found 'x', expected a plain value"),
        (["--training.patience="], "training.patience: found '', expected int or null"),
    ],
)
def test_wrong_overrides_are_a_wrong_command_line(overrides, part):
    with refused(UsageError, part):
        load_config("quick", *overrides)
    assert UsageError.exit_status == 2
    assert ConfigError.exit_status == 1


@pytest.mark.parametrize(("number", "key"), list(enumerate(SETTINGS)))
def test_each_setting_refuses_hostile_values_with_its_key_and_what_is_possible(number, key):
    texts = {"data.root", "data.subject_column", "data.placement"}
    hostile = ["-2", "2147483648", "9223372036854775808", "1" + 400 * "0", ".nan", ".inf", "[[]]"]
    value = "" if key in texts else hostile[number % len(hostile)]
    with refused(UsageError, f"{key}: found ", ", expected "):
        load_config("uci_har", f"--{key}={value}")


def test_an_override_that_does_not_fit_the_recipe_is_a_wrong_command_line():
    with refused(UsageError, "data.n_validation_subjects: found 0"):
        load_config("quick", "--data.n_validation_subjects=0")


def test_the_help_explains_every_setting():
    text = settings_help()
    for name in ("--seed", "--data.root", "--model.pooling", "--training.clip_norm"):
        assert name in text
    assert "CONFIG" not in text
