"""Changes of JSON and YAML: other types, depths and keys."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from random import Random
from typing import Any

from fuzzing.text_changes import HOSTILE_WORDS

_VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1, 2, 1.5, -0.0, 1e308, -1e308, 1e-320, 5e-324),
    *(2**31, -(2**31) - 1, 2**63, 2**64, 10**400, float("nan"), float("inf"), float("-inf")),
    *("", "x", [], {}, [[]], [{}], {"": None}, [None], [0] * 1000, ["x"] * 7, "\ud800"),
    *([1, "x"], [1, 1], [[1, 2], [3]], {"x": {"x": {}}}, "\x1b[31m", "a" * 5000),
)
_DEPTHS = (50, 500, 5_000, 100_000)
# Values of settings and keys, as YAML writes them.
_YAML_VALUES = (
    *(
        "null",
        "~",
        "yes",
        "no",
        "0o17",
        "0b1",
        "1:30:00",
        "2023-11-24",
        "!!python/name:os.system x",
    ),
    *(
        "!!binary aGVsbG8=",
        "!!set {a, b}",
        "!!float x",
        "&a [*a]",
        "*a",
        "<<: x",
        "|",
        ">",
        "?",
        "- -",
    ),
    *("[]", "{}", "[1, [2]]", "{a: 1}", "'x", '"\\x"', "%TAG", "---", "...", "\t", "# x", "!x y"),
    *("1.", ".inf", "-.inf", ".nan", "1e400", "1e-320", "0x10", "1_0", "[a, a]", "[1, 1]", "[~]"),
)


def changed_json(content: bytes, other: bytes, random: Random) -> bytes | None:
    """Return JSON with one change of its structure; None if it is none.

    Parameters
    ----------
    content : bytes
        JSON, or a line of JSON for each object.
    other : bytes
        JSON to take values from.
    random : Random
        Source of all choices.

    Returns
    -------
    bytes or None
    """
    if random.randrange(40) == 0:
        return _nested(random)
    lines = content.splitlines(keepends=True)
    if len(lines) > 1 and content[:1] == b"{" and lines[0].rstrip().endswith(b"}"):
        place = random.randrange(len(lines))
        changed = _changed(lines[place], other, random)
        if changed is None:
            return None
        return b"".join([*lines[:place], changed, b"\n", *lines[place + 1 :]])
    return _changed(content, other, random)


def _changed(content: bytes, other: bytes, random: Random) -> bytes | None:
    try:
        value = json.loads(content)
    except (ValueError, RecursionError):
        return None
    for _ in range(random.choice((1, 1, 1, 2, 4))):
        value = _with_change(value, other, random)
    try:
        return json.dumps(value).encode()
    except (ValueError, RecursionError):
        return None


def _nested(random: Random) -> bytes:
    depth = random.choice(_DEPTHS)
    opening = random.choice((b"[", b'{"a":'))
    closing = random.choice((b"", b"]" if opening == b"[" else b"1}"))
    return opening * depth + closing * depth


def _with_change(value: Any, other: bytes, random: Random) -> Any:
    """Walk down to some container, and change an entry of it."""
    path: list[tuple[Any, Any]] = []
    at = value
    while isinstance(at, (dict, list)) and at and (not path or random.randrange(4)):
        key = random.choice(list(at)) if isinstance(at, dict) else random.randrange(len(at))
        path.append((at, key))
        at = at[key]
    if not path:
        return copy.deepcopy(random.choice(_VALUES))
    container, key = path[-1]
    random.choice(_CHANGES)(container, key, other, random)
    return value


def _replace(container: Any, key: Any, _other: bytes, random: Random) -> None:
    # Copied, since what is put in may be changed itself.
    container[key] = copy.deepcopy(random.choice((*_VALUES, random.choice(HOSTILE_WORDS))))


def _delete(container: Any, key: Any, _other: bytes, _random: Random) -> None:
    del container[key]


def _exchange(container: Any, key: Any, _other: bytes, random: Random) -> None:
    keys = list(container) if isinstance(container, dict) else range(len(container))
    second = random.choice(list(keys))
    container[key], container[second] = container[second], container[key]


def _retype(container: Any, key: Any, _other: bytes, random: Random) -> None:
    value = container[key]
    kinds: tuple[Any, ...] = (str(value)[:2000], [value], {"x": value}, value == 0, [value, value])
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        kinds += (-value, value * 10, value + 1, float(value) if abs(value) < 1e300 else 0.5)
    if isinstance(value, list):
        kinds += (value[::-1], value[:-1], value + value[:1], dict(enumerate(value)), value[0:1])
    if isinstance(value, dict):
        kinds += (list(value), list(value.values()))
    container[key] = random.choice(kinds)


def _rename(container: Any, key: Any, _other: bytes, random: Random) -> None:
    if isinstance(container, dict):
        container[random.choice((f"{key}x", "", *list(container), *HOSTILE_WORDS[:40]))] = (
            container.pop(key)
        )
    else:
        container.insert(key, container[key])


def _splice(container: Any, key: Any, other: bytes, _random: Random) -> None:
    try:
        container[key] = json.loads(other[:20_000])
    except (ValueError, RecursionError):
        container[key] = None


_CHANGES: tuple[Callable[[Any, Any, bytes, Random], None], ...] = (
    _replace,
    _replace,
    _replace,
    _delete,
    _exchange,
    _retype,
    _retype,
    _retype,
    _rename,
    _splice,
)


def changed_yaml(content: bytes, random: Random) -> bytes:
    """Return YAML with one line changed, or with what only YAML has."""
    lines = content.decode("utf-8", "replace").split("\n")
    place = random.randrange(len(lines))
    key, colon, value = lines[place].partition(":")
    kind = random.randrange(9)
    if kind < 4 and colon:
        lines[place] = f"{key}: {random.choice((*_YAML_VALUES, *HOSTILE_WORDS))[:20_000]}"
    elif kind == 4:
        lines[place] = random.choice(("  ", "\t", "- ", "? ", "a: ")) + lines[place]
    elif kind == 5:
        lines.insert(place, random.choice(lines))
    elif kind == 6:
        lines[place] = f"{random.choice(HOSTILE_WORDS)[:300]}:{value}"
    elif kind == 7:
        depth = random.choice(_DEPTHS[:3])
        lines[place] = f"{key}: " + random.choice(("[", "{a: ", "- ", "!x ")) * depth
    else:
        lines[place] = f"{key}: {_aliases(random.choice((2, 9)), random.choice((3, 9, 30)))}"
    return "\n".join(lines).encode("utf-8", "replace")


def _aliases(n_each: int, depth: int) -> str:
    """Return a list of lists of lists, each an alias of the one before."""
    text = "[&a0 [" + ",".join("x" * n_each) + "]"
    for level in range(1, depth):
        text += f", &a{level} [" + ",".join([f"*a{level - 1}"] * n_each) + "]"
    return text + "]"
