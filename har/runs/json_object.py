"""Objects of a JSON file whose values are checked as they are taken."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from har.errors import RunError, parsing, quoted

_T = TypeVar("_T")
_Number = TypeVar("_Number", int, float)

# Bytes of a JSON file; the largest real ones have one or two million.
MOST_BYTES = 32 << 20
# Whole numbers that fit into 64 bits; those of hashes are text.
_LARGEST_NUMBER = 2**63


@dataclass(frozen=True)
class Kind(Generic[_T]):
    """A type of value that a file may hold.

    Parameters
    ----------
    words : str
        Its name in messages.
    accepts : callable
        Whether a value is of the kind.
    convert : callable
        The value of the file as a value of the program.
    """

    words: str
    accepts: Callable[[object], bool]
    convert: Callable[[Any], _T]


def _is_integer(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_list_of(accepts: Callable[[object], bool]) -> Callable[[object], bool]:
    return lambda value: isinstance(value, list) and all(map(accepts, value))


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def above_0(kind: Kind[_Number], highest: int) -> Kind[_Number]:
    """Return a kind of number with bounds: above 0 and up to the highest."""

    def accepts(value: object) -> bool:
        return kind.accepts(value) and 0 < kind.convert(value) <= highest

    return Kind(f"{kind.words} above 0 and up to {highest:,}", accepts, kind.convert)


TEXT = Kind("text", _is_text, str)
FLAG: Kind[bool] = Kind("true or false", lambda value: isinstance(value, bool), bool)
INTEGER = Kind("a whole number", _is_integer, int)
NUMBER: Kind[float] = Kind(
    "a number", lambda value: isinstance(value, float) or _is_integer(value), float
)
TEXTS: Kind[tuple[str, ...]] = Kind("a list of texts", _is_list_of(_is_text), tuple)
INTEGERS: Kind[tuple[int, ...]] = Kind("a list of whole numbers", _is_list_of(_is_integer), tuple)
SUBJECTS: Kind[tuple[int | str, ...]] = Kind(
    "a list of subjects, as whole numbers or text",
    _is_list_of(lambda value: _is_integer(value) or _is_text(value)),
    tuple,
)
DIRECTION: Kind[tuple[float, float, float]] = Kind(
    "a list of three numbers, not all 0",
    lambda value: _is_list_of(NUMBER.accepts)(value) and len(value) == 3 and any(value),  # type: ignore[arg-type]
    tuple,
)


@dataclass(frozen=True)
class JsonObject:
    """An object of a file, whose values are checked as they are taken.

    Parameters
    ----------
    content : mapping
        Its values, as they were parsed.
    place : str
        The file, for messages.
    prefix : str
        Keys that lead to the object, each with a dot after it; empty for the outermost.
    """

    content: Mapping[str, Any]
    place: str
    prefix: str = ""

    @classmethod
    def parse(cls, text: str, place: str) -> JsonObject:
        """Parse the text of a file, or of a line of one.

        Raises
        ------
        RunError
            If it is no JSON object, or has a number that is not finite or beyond 64 bits.
        """
        numbers: Any = {
            "parse_int": _whole_number,
            "parse_float": _finite,
            "parse_constant": _no_number,
        }
        with parsing(place, "an object", RunError):
            try:
                content = json.loads(text, **numbers)
            except json.JSONDecodeError as error:
                raise ValueError(f"broken JSON ({error})") from error
        if not isinstance(content, dict):
            raise RunError(f"{place}: found {type(content).__name__}, expected a JSON object")
        return cls(content, place)

    def optional(self, key: str, kind: Kind[_T]) -> _T | None:
        """Return a value, or None if there is none; another kind of value is a `RunError`."""
        value = self.content.get(key)
        if value is None:
            return None
        if not kind.accepts(value):
            raise self._wrong(key, value, kind.words)
        return kind.convert(value)

    def required(self, key: str, kind: Kind[_T]) -> _T:
        """Return a value; none, or another kind of value, is a `RunError`."""
        value = self.optional(key, kind)
        if value is None:
            section = f" in {self.prefix[:-1]}" if self.prefix else ""
            raise RunError(f"{self.place}: found no {key!r}{section}, expected {kind.words}")
        return value

    def inner(self, key: str) -> JsonObject | None:
        """Return an object in this one, or None if there is none."""
        value = self.content.get(key)
        return None if value is None else self._inner(key, value)

    def inners(self, key: str) -> tuple[JsonObject, ...]:
        """Return the objects of a list in this one; none if there is no list."""
        value = self.content.get(key, [])
        if not isinstance(value, list):
            raise self._wrong(key, value, "a list of objects")
        return tuple(self._inner(f"{key}[{index}]", item) for index, item in enumerate(value))

    def _inner(self, key: str, value: object) -> JsonObject:
        if not isinstance(value, dict):
            raise self._wrong(key, value, "an object")
        return JsonObject(value, self.place, f"{self.prefix}{key}.")

    def _wrong(self, key: str, value: object, expected: str) -> RunError:
        name = f"{self.prefix}{key}"
        return RunError(f"{self.place}: found {quoted(value)} as {name}, expected {expected}")


def _whole_number(digits: str) -> int:
    # Python refuses thousands of digits itself, with other words.
    value = int(digits) if len(digits) < 25 else _LARGEST_NUMBER
    if not -_LARGEST_NUMBER <= value < _LARGEST_NUMBER:
        raise ValueError(f"the number {quoted(digits)} beyond 64 bits")
    return value


def _finite(digits: str) -> float:
    value = float(digits)
    return value if math.isfinite(value) else _no_number(digits)


def _no_number(name: str) -> float:
    raise ValueError(f"the number {quoted(name)}, which is not finite")
