"""Recipes: settings in YAML files, with overrides from the command line, to and from `Config`."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterator
from dataclasses import asdict, fields
from functools import cache
from importlib import resources
from operator import attrgetter
from pathlib import Path
from typing import Any, NoReturn

import yaml
from jsonargparse import ArgumentError, ArgumentParser

from har.config import Config, DataConfig, ModelConfig, TrainingConfig
from har.errors import ConfigError, HarError, UsageError, printable, quoted, reason_of, shortened
from har.files import read_regular, write_text

# Bytes of a recipe; the longest names that `har.config` accepts take 900,000 where they are saved.
_LARGEST_RECIPE = 2**20
# Characters in messages.
_LONGEST_PLACE, _LONGEST_FAULT = 200, 250
# Characters of an option, and levels of a recipe: a section, its keys, a list.
_LONGEST_OPTION = 2**17
_DEEPEST = 4
# More digits than a setting has; many more are no float.
_LARGEST_NUMBER = 10**20
_PLAIN_TAGS = {f"tag:yaml.org,2002:{kind}" for kind in "str int float bool null seq map".split()}

_SECTIONS = {"data": DataConfig, "model": ModelConfig, "training": TrainingConfig}
# As text: "None" is in those of settings that may be null.
_TYPES = {
    f"{name}.{item.name}": str(item.type)
    for name, kind in _SECTIONS.items()
    for item in fields(kind)
}
SETTINGS = ("seed", "device", *_TYPES)
# Lists of names, which are text whatever they look like to YAML: 010, null, True or No. Each has
# the names that stay numbers.
_NAMES = {
    "data.activities": re.compile("(?!)"),
    "data.test_subjects": re.compile("-?(0|[1-9][0-9]*)"),
}
# jsonargparse's messages about a value of the wrong type: key, expected type, value.
_FAULT = re.compile(r'Parser key "(.+?)": (.*)')
_WRONG_TYPE = (
    re.compile(r'Parser key "(.+?)": Expected an? (.+)\. Got value: ?(.*)'),
    re.compile(r'Parser key "(.+?)": .* Subtypes: \[(.+?)\] Errors: .* Given value: ?(.*)'),
)


def recipe_names() -> tuple[str, ...]:
    """Return the names of the recipes in the package."""
    files = resources.files("har.configs").iterdir()
    return tuple(sorted(Path(f.name).stem for f in files if f.name.endswith(".yaml")))


def load_config(name_or_file: str | Path = "uci_har", *overrides: str) -> Config:
    """Read a recipe.

    Parameters
    ----------
    name_or_file : str or Path
        YAML file, or name of a recipe in the package.
    *overrides : str
        Settings as on the command line: ``"--model.hidden_size=32"``.

    Returns
    -------
    Config

    Raises
    ------
    ConfigError
        If the recipe is not YAML, or has an unknown key or an invalid value.
    UsageError
        If an override is invalid, or the recipe is missing or no file that can be read.
    """
    return resolve(*read_settings(name_or_file), *overrides)


def read_settings(name_or_file: str | Path) -> tuple[dict[str, Any], str]:
    """Read the settings of a recipe without checking their values.

    Returns
    -------
    settings : dict
        Settings, nested as in YAML.
    place : str
        Name of the recipe in messages.

    Raises
    ------
    ConfigError
        If the recipe is not YAML, or has an unknown key.
    UsageError
        If the recipe is missing or no file that can be read.
    """
    text, place = _read_recipe(name_or_file)
    return _parse_yaml(text, place), place


def resolve(settings: dict[str, Any], place: str, *overrides: str) -> Config:
    """Check the types and values of settings and add the defaults; see `load_config`."""
    parser = config_parser()
    try:
        base = parser.parse_object(settings)
        config: Config = _instantiate(parser, base)
    except Exception as error:  # a parser's, whatever it is
        raise ConfigError(f"{place}: {_one_line(error)}") from error
    if not overrides:
        return config
    try:
        _check_overrides(overrides)
        arguments = _quote_names(overrides)
        return _instantiate(parser, parser.parse_args(arguments, namespace=base))
    except Exception as error:
        raise UsageError(_one_line(error)) from error


@cache
def config_parser() -> ArgumentParser:
    """Return the parser of all settings, which also provides their help."""
    # Made once: that takes as long as a recipe takes to be parsed.
    parser = ArgumentParser(exit_on_error=False, add_help=False, usage="")
    parser.add_class_arguments(Config)
    return parser


def settings_help() -> str:
    """Return the help of all settings, with types and defaults."""
    _usage, text = config_parser().format_help().split("\n\n", 1)
    # jsonargparse also accepts a file for each section; a recipe is a single file.
    return re.sub(r" +--\w+ CONFIG +Path to a configuration file\.\n", "", text)


def _instantiate(parser: ArgumentParser, settings: Any) -> Config:
    for key, value in settings.items():
        if value is None and "None" not in _TYPES.get(key, ""):
            raise ConfigError(f"{key}: found null, expected a value")
    return Config(**vars(parser.instantiate(settings)))


def _one_line(error: Exception) -> str:
    """Return jsonargparse's message as one line that states what was found and expected."""
    if not isinstance(error, (ArgumentError, TypeError, HarError)):
        return f"settings: found {reason_of(error)}, expected keys and values"
    line = " ".join(str(error).split())
    match = next(filter(None, (pattern.fullmatch(line) for pattern in _WRONG_TYPE)), None)
    if not match:
        words = shortened(printable(line), _LONGEST_FAULT)
        return _FAULT.sub(r"\1: found \2, expected a value that fits", words)
    key, expected, found = match.groups()
    expected = expected.replace("<class 'tuple'>", "a list")
    expected = re.sub(r"<class '(\w+)'>", r"\1", expected.replace(">, <", "> or <"))
    expected = re.sub(r"tuple\[([\w |]+), \.\.\.\],", r"[\1, ...] or", expected)
    expected = (
        expected.replace("NoneType", "null")
        .replace(" | ", " or ")
        .replace("typing.Literal", "one of ")
    )
    return f"{key}: found {quoted(found)}, expected {expected}"


def _read_recipe(name_or_file: str | Path) -> tuple[str, str]:
    """Read a recipe's text; also return its name in messages."""
    path, place = Path(name_or_file), shortened(printable(str(name_or_file)), _LONGEST_PLACE)
    if str(name_or_file) in recipe_names():
        recipe = resources.files("har.configs") / f"{name_or_file}.yaml"
        return recipe.read_text(encoding="utf-8"), f"recipe {name_or_file}"
    try:
        return read_regular(path, _LARGEST_RECIPE).decode("utf-8"), place
    except (OSError, ValueError) as error:
        # A path with a zero character is a ValueError, as is what is no UTF-8.
        reason = error.strerror if isinstance(error, OSError) else "no text"
        # What a file holds is a fault of the recipe, and that there is none of the command line.
        kind = ConfigError if path.is_file() else UsageError
        raise kind(
            f"{place}: found {reason}, expected a YAML file or one of {', '.join(recipe_names())}"
        ) from error


def _parse_yaml(text: str, place: str) -> dict[str, Any]:
    """Parse YAML; refuse a key that is not a setting, naming its line."""
    try:
        node = yaml.compose(text, Loader=_Loader)
        if not isinstance(node, yaml.MappingNode):
            settings = None if node is None else yaml.safe_load(text)
        else:
            for line, fault in _yaml_faults(node):
                raise ConfigError(f"{place}, line {line}: {fault}")
            settings = _with_names(node)
    except HarError:
        raise
    except Exception as error:  # a parser's, whatever it is
        # Errors about a control character or an impossible date have no mark.
        mark = getattr(error, "problem_mark", None)
        where = f"{place}, line {mark.line + 1}" if mark else place
        reason = getattr(error, "problem", None) or reason_of(error)
        raise ConfigError(
            f"{where}: found broken YAML ({shortened(printable(reason), 120)}), expected keys and "
            "values"
        ) from error
    if node is None:
        return {}
    if not isinstance(settings, dict):
        raise ConfigError(f"{place}: found {type(settings).__name__}, expected keys and values")
    return settings


class _Loader(yaml.SafeLoader):
    """Composes YAML as deep as a recipe is, with values written out: no aliases, no other tags.

    A few aliases of aliases stand for more values than fit into memory, and values nested deep
    enough end the interpreter's stack.
    """

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._depth = 0

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        """Compose a value and those in it."""
        event = self.peek_event()  # type: ignore[no-untyped-call]
        tag = getattr(event, "tag", None)
        if isinstance(event, yaml.AliasEvent):
            _refuse("an alias, where values are to be written out", event)
        if tag not in (None, "!") and tag not in _PLAIN_TAGS:
            _refuse(f"the tag {quoted(tag)}, where values are to be plain", event)
        if self._depth >= _DEEPEST:
            _refuse("values nested too deep", event)
        self._depth += 1
        try:
            return super().compose_node(parent, index)
        finally:
            self._depth -= 1


def _refuse(reason: str, event: Any) -> NoReturn:
    raise yaml.composer.ComposerError(problem=reason, problem_mark=event.start_mark)


def _yaml_faults(node: yaml.MappingNode, prefix: str = "") -> Iterator[tuple[int, str]]:
    """Yield line and description of each key that is not a setting and of invalid sections."""
    for key_node, value_node in node.value:
        key, line = f"{prefix}{key_node.value}", key_node.start_mark.line + 1
        is_section = not prefix and key in _SECTIONS
        if not is_section and key not in SETTINGS:
            yield line, _unknown(key)
        elif is_section and not isinstance(value_node, yaml.MappingNode):
            is_scalar = isinstance(value_node, yaml.ScalarNode)
            found = quoted(value_node.value) if is_scalar else "a list"
            yield line, f"{key}: found {found}, expected a section of settings"
        elif is_section:
            yield from _yaml_faults(value_node, f"{key}.")


def _unknown(key: str) -> str:
    nearest = difflib.get_close_matches(key[:60], SETTINGS, n=1, cutoff=0.5)
    hint = f"; did you mean {nearest[0]}?" if nearest else ""
    return f"found the unknown setting {shortened(printable(key), 60)}{hint}"


def _check_overrides(overrides: tuple[str, ...]) -> None:
    """Refuse an option that is not a setting, and suggest a similar one."""
    for index, option in enumerate(overrides):
        key = option.removeprefix("--").split("=")[0]
        if option.startswith("--") and key not in SETTINGS:
            raise UsageError(_unknown(key))
        value = option.partition("=")[2] if option.startswith("--") else option
        _check_value(key if value is not option else overrides[index - 1].removeprefix("--"), value)


def _check_value(key: str, value: str) -> None:
    """Refuse a value that jsonargparse would read as YAML for hours, or into all memory."""
    if len(value) > _LONGEST_OPTION:
        raise UsageError(
            f"{key}: found {len(value)} characters, expected at most {_LONGEST_OPTION}"
        )
    try:
        found = yaml.load(value, Loader=_Loader)  # a safe loader, with less to it
    except yaml.YAMLError as error:
        # What stands alone is a text, such as the name of a file, whatever it begins with.
        if isinstance(error, yaml.composer.ComposerError) and re.search(r"[\[{\n]", value):
            raise UsageError(f"{key}: found {error.problem}, expected a plain value") from error
    except Exception as error:  # a parser's, whatever it is
        raise UsageError(f"{key}: found {reason_of(error)}, expected a plain value") from error
    else:
        if isinstance(found, int) and abs(found) > _LARGEST_NUMBER:
            raise UsageError(
                f"{key}: found {quoted(found)}, expected a number of 18 digits or less"
            )


def _with_names(node: yaml.MappingNode) -> dict[str, Any]:
    """Construct the settings of a recipe, with names as text."""
    for key, value in _leaves(node):
        if key in _NAMES:
            _mark_names(value, key)
    return dict(yaml.constructor.SafeConstructor().construct_document(node))


def _leaves(node: yaml.MappingNode) -> Iterator[tuple[str, yaml.Node]]:
    """Yield each setting in a section with its key, such as ``data.activities``."""
    for section, values in node.value:
        if isinstance(values, yaml.MappingNode):
            for key, value in values.value:
                yield f"{section.value}.{key.value}", value


def _mark_names(node: yaml.Node, key: str) -> None:
    """Make the scalars of a list text, but for those that stay numbers."""
    if isinstance(node, yaml.SequenceNode):
        for item in node.value:
            if isinstance(item, yaml.ScalarNode) and not _NAMES[key].fullmatch(item.value):
                item.tag = "tag:yaml.org,2002:str"


def _quote_names(overrides: tuple[str, ...]) -> list[str]:
    """Return options with the names in their lists between quotation marks."""
    quoted = list(overrides)
    for index, option in enumerate(overrides):
        key, equals, value = option.removeprefix("--").partition("=")
        before = overrides[index - 1].removeprefix("--") if index else ""
        if equals and key in _NAMES:
            quoted[index] = f"--{key}={_quoted(value, key)}"
        elif before in _NAMES:
            quoted[index] = _quoted(option, before)
    return quoted


def _quoted(text: str, key: str) -> str:
    """Return a list in YAML as JSON with its names as text; anything else as it is."""
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except (yaml.YAMLError, ValueError):
        return text
    if not isinstance(node, yaml.SequenceNode):
        return text
    _mark_names(node, key)
    names = yaml.constructor.SafeConstructor().construct_document(node)
    return json.dumps(names, ensure_ascii=False)


def settings_of(config: Config) -> dict[str, object]:
    """Return every setting by its key in a recipe, such as ``model.hidden_size``."""
    return {key: attrgetter(key)(config) for key in SETTINGS}


def save_config(config: Config, path: Path) -> None:
    """Write every setting as YAML that `load_config` reads back.

    Parameters
    ----------
    config : Config
        Resolved settings of a run.
    path : Path
        File to write.
    """
    write_text(path, yaml.safe_dump(asdict(config), sort_keys=False))
