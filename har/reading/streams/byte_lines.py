"""The lines of a stream of bytes, none longer than a bound, whatever a sender sends."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import BinaryIO

# A batch of a second of all of a phone's sensors has some 20,000 bytes.
LONGEST_LINE_BYTES = 1 << 16
# As much as a pipe holds.
_MOST_BYTES = 1 << 16


def read_lines(stream: BinaryIO) -> Iterator[bytes]:
    """Yield the lines of a stream as soon as each is there.

    Parameters
    ----------
    stream : BinaryIO
        Stream such as standard input.

    Yields
    ------
    bytes
        Line, with its end; of a longer one than `LONGEST_LINE_BYTES` the beginning, one byte longer
        than that. The rest is never in memory.
    """
    while line := stream.readline(LONGEST_LINE_BYTES + 1):
        yield line
        is_open = not line.endswith(b"\n")
        while is_open and (rest := stream.readline(LONGEST_LINE_BYTES)):
            is_open = not rest.endswith(b"\n")


def available_lines(descriptor: int) -> Iterator[list[bytes]]:
    """Yield the lines that a file descriptor has by now, as soon as there are any.

    Parameters
    ----------
    descriptor : int
        Open file descriptor.

    Yields
    ------
    list of bytes
        Lines without their ends, as those of `read_lines`.
    """
    rest = b""
    while chunk := os.read(descriptor, _MOST_BYTES):
        *lines, rest = (rest + chunk).split(b"\n")
        rest = rest[: LONGEST_LINE_BYTES + 1]
        yield [line[: LONGEST_LINE_BYTES + 1] for line in lines]
    if rest:
        yield [rest]
