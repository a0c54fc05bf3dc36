from __future__ import annotations

import pytest
import yaml
from builders import refused
from hypothesis import given, settings
from hypothesis import strategies as st
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

from har.errors import ConfigError, UsageError
from har.model_selection.ranges import load_search
from har.recipes import load_config

POOLINGS = ("last", "sum", "mean", "max", "mean_max", "attention")


@pytest.fixture
def recipe(tmp_path):
    def write(text):
        file = tmp_path / "recipe.yaml"
        file.write_text(text)
        return file

    return write


@pytest.mark.parametrize(
    ("key", "text", "expected"),
    [
        ("model.hidden_size", "16..128", IntDistribution(16, 128)),
        ("model.hidden_size", "16..128:log", IntDistribution(16, 128, log=True)),
        ("model.hidden_size", "16..128:16", IntDistribution(16, 128, step=16)),
        ("training.weight_decay", "0..1", FloatDistribution(0, 1)),
        ("training.learning_rate", "1e-4..1e-2:log", FloatDistribution(1e-4, 1e-2, log=True)),
        ("model.dropout", "0..0.5:0.1", FloatDistribution(0, 0.5, step=0.1)),
        ("model.forget_bias", "-1..1", FloatDistribution(-1, 1)),
        ("model.forget_bias", ".5...9", FloatDistribution(0.5, 0.9)),
        ("training.patience", "3..5", IntDistribution(3, 5)),
        ("training.clip_norm", "1..5", FloatDistribution(1, 5)),
        ("data.n_validation_subjects", "1..4", IntDistribution(1, 4)),
        ("model.pooling", "mean,max", CategoricalDistribution(("mean", "max"))),
        ("model.pooling", "any", CategoricalDistribution(POOLINGS)),
        ("model.bidirectional", "any", CategoricalDistribution(("false", "true"))),
        ("training.patience", "null,3", CategoricalDistribution(("null", "3"))),
        (
            "model.views",
            "[channels],[channels,compressed]",
            CategoricalDistribution(("[channels]", "[channels,compressed]")),
        ),
    ],
)
def test_a_range_is_understood_on_the_command_line_and_in_yaml(key, text, expected, recipe):
    section, name = key.split(".")
    file = recipe(yaml.safe_dump({section: {name: text}}))
    for search in (load_search("quick", f"--{key}={text}"), load_search(file)):
        assert search.distributions == {key: expected}
        assert search.settings()[key] == text


def test_a_range_in_yaml_needs_no_quotes_but_around_lists(recipe):
    text = "model: {hidden_size: 4..8, pooling: any}\ntraining: {learning_rate: 1e-4..1e-2:log}"
    assert len(load_search(recipe(text)).ranges) == 3


def test_other_settings_are_as_without_ranges():
    fixed = ("--seed=3", "--model.dropout=0.1", "--device", "cpu")
    search = load_search("quick", *fixed, "--model.hidden_size", "5..9", "--model.pooling=max,last")
    expected = load_config("quick", *fixed, "--model.hidden_size=5", "--model.pooling=max")
    assert search.base == expected


def test_the_command_line_wins_over_ranges_and_values_of_the_recipe(recipe):
    file = recipe("model: {hidden_size: 4..8, n_layers: 1, pooling: any}")
    search = load_search(file, "--model.hidden_size=5", "--model.n_layers=1..3")
    assert search.ranges == {"model.pooling": "any", "model.n_layers": "1..3"}
    assert search.base.model.hidden_size == 5


def test_values_become_a_config_through_the_same_parser_as_overrides():
    search = load_search("quick", "--model.views=[channels],[compressed]", "--model.n_layers=1..3")
    config = search.config_of({"model.views": "[compressed]", "model.n_layers": 2})
    assert config == load_config("quick", "--model.views=[compressed]", "--model.n_layers=2")


SEARCH = load_search("quick", "--training.learning_rate=1e-3..1")


@settings(max_examples=20, deadline=None)
@given(rate=st.floats(1e-9, 100))
def test_a_number_keeps_every_digit(rate):
    config = SEARCH.config_of({"training.learning_rate": rate})
    assert config.training.learning_rate == rate


def test_a_search_written_as_a_recipe_is_the_same_search(recipe):
    given = ("--model.views=[channels],[compressed,channels]", "--model.hidden_size=4..8:2")
    search = load_search("quick", *given)
    assert load_search(recipe(yaml.safe_dump(search.as_recipe()))) == search


@pytest.mark.parametrize(
    ("overrides", "parts"),
    [
        ([], ["recipe quick: found no range", "--model.hidden_size 16..128"]),
        (["--model.hiden_size", "1..4"], ["did you mean model.hidden_size?"]),
        (["--model.hidden_size"], ["--model.hidden_size: expected one argument"]),
        (["--model.hidden_size=4..8", "stray"], ["unrecognized arguments: stray"]),
        (["--seed=0..3", "--model.dropout=0..0.1"], ["seed: found '0..3', expected int"]),
        (["--model.hidden_size=0..5"], ["model.hidden_size: found 0, expected at least 1"]),
        (["--model.dropout=0..1"], ["model.dropout: found 1.0", "at most 0.9999"]),
        (["--training.weight_decay=0..-1"], ["weight_decay: found -1.0"]),
        (["--model.hidden_size=1.5..3"], ["found '1.5', expected int"]),
        (["--model.hidden_size=..3"], ["found '..3', expected int"]),
        (["--model.hidden_size=1..2..3"], ["found '2..3', expected int"]),
        (["--model.hidden_size=9..3"], ["found 9..3", "low <= high", "expected numbers"]),
        (["--model.hidden_size=1..8:2"], ["found 1..8:2 (the last step", "LOW..HIGH:STEP"]),
        (["--model.hidden_size=1..8:0"], ["found 1..8:0", "step"]),
        (["--model.hidden_size=1..8:lin"], ["found 1..8:lin", "lin"]),
        (["--model.hidden_size=any"], ["found 'any', expected int"]),
        (["--model.views=any"], ["model.views: found 'any', expected a list"]),
        (["--training.weight_decay=0..1:log"], ["found 0..1:log", "low > 0"]),
        (
            ["--model.forget_bias=0...inf"],
            ["model.forget_bias: found inf, expected at least -100 and at most 100"],
        ),
        (["--model.pooling=last..max"], ["found last..max (no numbers)"]),
        (["--model.pooling=mean,mx"], ["found 'mx', expected one of"]),
        (["--model.pooling=mean,"], ["model.pooling: found '', expected one of"]),
        (["--model.pooling=mean,mean"], ["found mean,mean, expected each choice once"]),
        (
            ["--model.conv_channels=0", "--model.conv_skip=any"],
            ["model.conv_skip: found True", "model.conv_channels"],
        ),
    ],
)
def test_a_wrong_range_is_a_wrong_command_line_at_once(overrides, parts):
    with refused(UsageError, *parts):
        load_search("quick", *overrides)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("model:\n  hiden_size: 1..3", ["line 2", "did you mean model.hidden_size?"]),
        ("model: {hidden_size: 3..0}", ["model.hidden_size: found 0, expected at least 1"]),
        ("model: {hidden_size: 0..3}", ["model.hidden_size: found 0, expected at least 1"]),
        ("model: {pooling: 'mean,mx'}", ["model.pooling: found 'mx', expected one of"]),
        ("model: {hidden_size: 1..8:2}", ["model.hidden_size: found 1..8:2 (the last step"]),
    ],
)
def test_a_wrong_range_in_a_recipe_is_refused_with_its_file(recipe, text, parts):
    file = recipe(text)
    with refused(ConfigError, f"{file}", *parts):
        load_search(file)


def test_a_recipe_with_ranges_is_no_recipe_to_train_with(recipe):
    with refused(ConfigError, "model.hidden_size: found '4..8', expected int"):
        load_config(recipe("model: {hidden_size: 4..8}"))
