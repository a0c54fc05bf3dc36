"""Ranges in place of settings, in YAML or on the command line, from which `har tune` draws.

::

    16..128            whole numbers or fractions, depending on the setting
    1e-4..1e-2:log     on a logarithmic scale
    0..0.5:0.1         in steps
    mean,max           one of these; lists in brackets: [channels],[channels,compressed]
    any                any value of a setting with named choices, or true and false
"""

from __future__ import annotations

import argparse
import math
import re
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from operator import attrgetter
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)

from har.config import Config, ModelConfig, TrainingConfig
from har.errors import ConfigError, UsageError
from har.recipes import read_settings, resolve, settings_of

# The other settings choose the data, the seed and the device.
TUNABLE = (
    "data.n_validation_subjects",
    *(f"model.{item.name}" for item in fields(ModelConfig)),
    *(f"training.{item.name}" for item in fields(TrainingConfig)),
)
_SPAN = re.compile(r"([^,:]+?)\.\.([^,:]+)(?::([^,:]+))?")
_COMMA_OUTSIDE_BRACKETS = re.compile(r",(?![^\[]*\])")


@dataclass(frozen=True)
class Search:
    """Settings, some of which have ranges.

    Parameters
    ----------
    base : Config
        Settings with each range at its first value.
    ranges : mapping of str to str
        Ranges as written, keyed by setting, such as ``"model.hidden_size"``.
    distributions : mapping of str to BaseDistribution
        The same ranges for Optuna; choices are text, as in YAML.
    """

    base: Config
    ranges: Mapping[str, str]
    distributions: Mapping[str, BaseDistribution]

    def config_of(self, values: Mapping[str, Any]) -> Config:
        """Return the settings with values in place of ranges.

        Parameters
        ----------
        values : mapping of str to object
            Numbers, or text as in YAML, keyed by setting.

        Raises
        ------
        UsageError
            If the values are not compatible with each other.
        """
        return _changed(self.base, values)

    def settings(self) -> dict[str, Any]:
        """Return all settings by name, with ranges as written."""
        return {**settings_of(self.base), **self.ranges}

    def as_recipe(self) -> dict[str, Any]:
        """Return the same settings, nested as in YAML."""
        recipe = asdict(self.base)
        _insert(recipe, self.ranges)
        return recipe


def load_search(name_or_file: str | Path, *overrides: str) -> Search:
    """Read a recipe with ranges.

    Parameters
    ----------
    name_or_file : str or Path
        YAML file, or name of a recipe in the package.
    *overrides : str
        Settings as on the command line: ``"--model.hidden_size=16..128"``.

    Returns
    -------
    Search

    Raises
    ------
    ConfigError
        If the recipe is invalid, or if an end or a choice of a range is invalid with every other
        range at its first value.
    UsageError
        If an override is invalid, or if there is no range.
    """
    settings, place = read_settings(name_or_file)
    given, others = _split(overrides)
    in_recipe = {key: text for key, text in _texts(settings).items() if _is_range(text)}
    in_recipe = {key: text for key, text in in_recipe.items() if key not in given}
    on_command_line = {key: text for key, text in given.items() if _is_range(text)}
    fixed = [f"--{key}={text}" for key, text in given.items() if key not in on_command_line]
    ranges = {**in_recipe, **on_command_line}
    # The command line overrides the recipe.
    settings = _without(settings, given)
    _insert(settings, {key: _first(key, text) for key, text in in_recipe.items()})
    first = [f"--{key}={_first(key, text)}" for key, text in on_command_line.items()]
    base = resolve(settings, place, *others, *fixed, *first)
    if not ranges:
        raise UsageError(
            f"{place}: found no range, expected one such as --model.hidden_size 16..128"
        )
    distributions = {}
    for key, text in ranges.items():
        try:
            distributions[key] = _distribution(base, key, text)
        except ConfigError as error:
            if key in on_command_line:
                raise
            raise ConfigError(f"{place}: {error}") from error
    return Search(base, ranges, distributions)


def _changed(base: Config, values: Mapping[str, Any]) -> Config:
    return resolve(asdict(base), "settings", *(f"--{key}={text}" for key, text in values.items()))


def _split(overrides: Sequence[str]) -> tuple[dict[str, str], list[str]]:
    """Separate the overrides of tunable settings from the others."""
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False, exit_on_error=False)
    for key in TUNABLE:
        parser.add_argument(f"--{key}", default=argparse.SUPPRESS)
    try:
        given, others = parser.parse_known_args(overrides)
    except argparse.ArgumentError as error:
        raise UsageError(str(error)) from error
    return vars(given), others


def _texts(settings: Mapping[str, Any]) -> dict[str, str]:
    """Return the tunable settings of a recipe that are text."""
    return {
        key: value
        for key in TUNABLE
        for section, name in [key.split(".")]
        if isinstance(value := settings.get(section, {}).get(name), str)
    }


def _without(settings: Mapping[str, Any], keys: Mapping[str, Any]) -> dict[str, Any]:
    return {
        section: {name: value for name, value in content.items() if f"{section}.{name}" not in keys}
        if isinstance(content, dict)
        else content
        for section, content in settings.items()
    }


def _insert(settings: dict[str, Any], values: Mapping[str, Any]) -> None:
    for key, value in values.items():
        section, name = key.split(".")
        settings[section][name] = value


def _is_range(text: str) -> bool:
    return text == "any" or ".." in text or len(_COMMA_OUTSIDE_BRACKETS.split(text)) > 1


def _first(key: str, text: str) -> str:
    span = _SPAN.fullmatch(text)
    return span[1] if span else _choices(key, text)[0]


def _choices(key: str, text: str) -> list[str]:
    """Return the choices of a range, as text."""
    if text != "any":
        return _COMMA_OUTSIDE_BRACKETS.split(text)
    section, name = key.split(".")
    kind = get_type_hints(get_type_hints(Config)[section])[name]
    if get_origin(kind) is Literal:
        return list(get_args(kind))
    # Text for a setting without choices is kept: the parser will report what it expects.
    return ["false", "true"] if kind is bool else [text]


def _distribution(base: Config, key: str, text: str) -> BaseDistribution:
    """Return Optuna's form of a range after checking its ends or choices."""
    span = _SPAN.fullmatch(text)
    if span is None:
        choices = _choices(key, text)
        for choice in choices:
            _changed(base, {key: choice})
        if len(set(choices)) < len(choices):
            raise UsageError(f"{key}: found {text}, expected each choice once")
        return CategoricalDistribution(choices)
    low, high = (attrgetter(key)(_changed(base, {key: end})) for end in span.groups()[:2])
    try:
        return _between(low, high, span[3])
    except ValueError as error:
        raise UsageError(
            f"{key}: found {text} ({error}), expected numbers LOW..HIGH, LOW..HIGH:log "
            "or LOW..HIGH:STEP"
        ) from error


def _between(low: Any, high: Any, how: str | None) -> IntDistribution | FloatDistribution:
    """Return Optuna's form of a range of numbers; raise a `ValueError` if it is invalid."""
    kind = type(low)
    if kind not in (int, float) or type(high) is not kind:
        raise ValueError("no numbers")
    if not (math.isfinite(low) and math.isfinite(high)):
        raise ValueError("not finite")
    log = how == "log"
    step = kind(how) if how and not log else None
    with warnings.catch_warnings():
        # About an upper end that the steps do not reach, which is refused below.
        warnings.simplefilter("ignore", UserWarning)
        between: IntDistribution | FloatDistribution = (
            IntDistribution(low, high, log=log, step=1 if step is None else step)
            if kind is int
            else FloatDistribution(low, high, log=log, step=step)
        )
    if not math.isclose(between.high, high):
        raise ValueError("the last step is not at the higher end")
    return between
