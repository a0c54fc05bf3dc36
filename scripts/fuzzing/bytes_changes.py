"""Changes of bytes, whatever they mean."""

from __future__ import annotations

import struct
from collections.abc import Callable
from random import Random

# Sizes, counts and offsets that programs believe.
_NUMBERS = (0, 1, 2, 127, 128, 255, 256, 2**15, 2**16 - 1, 2**31 - 1, 2**31, 2**32 - 1)
_WIDE = (*_NUMBERS, 2**40, 2**62, 2**63 - 1, 2**63, 2**64 - 1)
_LONGEST = 200_000


def changed_bytes(content: bytes, other: bytes, random: Random) -> bytes:
    """Return bytes with one change.

    Parameters
    ----------
    content : bytes
        Bytes to change.
    other : bytes
        Content of another file, to splice from.
    random : Random
        Source of all choices.

    Returns
    -------
    bytes
    """
    change = random.choice(_CHANGES)
    return change(content or b"\0", other, random)[:_LONGEST]


def _place(content: bytes, random: Random) -> int:
    """Return a place, in one of three cases near the start or the end, where headers are."""
    near = min(len(content), 64)
    kind = random.randrange(6)
    if kind == 0:
        return random.randrange(near)
    return len(content) - 1 - random.randrange(near if kind == 1 else len(content))


def _flip(content: bytes, _other: bytes, random: Random) -> bytes:
    changed = bytearray(content)
    for _ in range(random.choice((1, 1, 1, 2, 8))):
        changed[_place(content, random)] ^= 1 << random.randrange(8)
    return bytes(changed)


def _set(content: bytes, _other: bytes, random: Random) -> bytes:
    place = _place(content, random)
    value = random.choice((0, 1, 9, 10, 13, 34, 44, 127, 128, 255, random.randrange(256)))
    return content[:place] + bytes([value]) + content[place + 1 :]


def _set_number(content: bytes, _other: bytes, random: Random) -> bytes:
    order, kind = random.choice("<>"), random.choice("HIIQQ")
    largest = 2 ** (8 * struct.calcsize(f"{order}{kind}")) - 1
    value = min(random.choice(_WIDE), largest)
    place = _place(content, random)
    written = struct.pack(f"{order}{kind}", value)
    return content[:place] + written + content[place + len(written) :]


def _run(content: bytes, random: Random) -> tuple[int, int]:
    first = random.randrange(len(content))
    length = random.choice((1, 2, 4, 16, 100, 1000, len(content)))
    return first, min(len(content), first + random.randint(1, length))


def _fill(content: bytes, _other: bytes, random: Random) -> bytes:
    first, last = _run(content, random)
    value = random.choice((0, 255, 32, 65, random.randrange(256)))
    return content[:first] + bytes([value]) * (last - first) + content[last:]


def _delete(content: bytes, _other: bytes, random: Random) -> bytes:
    first, last = _run(content, random)
    return content[:first] + content[last:]


def _repeat(content: bytes, _other: bytes, random: Random) -> bytes:
    first, last = _run(content, random)
    times = random.choice((1, 1, 2, 10, 100))
    return content[:last] + content[first:last][:2000] * times + content[last:]


def _insert(content: bytes, _other: bytes, random: Random) -> bytes:
    place = random.randrange(len(content) + 1)
    return content[:place] + random.randbytes(random.choice((1, 2, 8, 64))) + content[place:]


def _truncate(content: bytes, _other: bytes, random: Random) -> bytes:
    return content[: random.choice((_place(content, random), random.randrange(len(content) + 1)))]


def _append(content: bytes, other: bytes, random: Random) -> bytes:
    return content + random.choice((b"\0" * 100, b"x", b"\n\n", other, content))


def _splice(content: bytes, other: bytes, random: Random) -> bytes:
    if not other:
        return content[::-1]
    first, last = _run(other, random)
    start, end = _run(content, random)
    return content[:start] + other[first:last] + content[random.choice((start, end)) :]


_CHANGES: tuple[Callable[[bytes, bytes, Random], bytes], ...] = (
    _flip,
    _flip,
    _set,
    _set_number,
    _set_number,
    _fill,
    _delete,
    _repeat,
    _insert,
    _truncate,
    _append,
    _splice,
)
