from __future__ import annotations

import io
import os
import threading

from har.reading.streams.byte_lines import LONGEST_LINE_BYTES, available_lines, read_lines


class Endless(io.RawIOBase):
    """A sender of bytes without any end of a line, and then of one line."""

    def __init__(self, n_bytes):
        super().__init__()
        self.left = n_bytes

    def readable(self):
        return True

    def readinto(self, buffer):
        n_bytes = min(len(buffer), self.left) if self.left else 0
        buffer[:n_bytes] = b"x" * n_bytes
        self.left -= n_bytes
        return n_bytes


def test_lines_come_as_they_are():
    content = b"1,2\n\n3,4\r\nlast"
    assert list(read_lines(io.BytesIO(content))) == [b"1,2\n", b"\n", b"3,4\r\n", b"last"]


def test_of_a_long_line_the_beginning_is_kept_and_the_next_follows():
    longest = b"a" * LONGEST_LINE_BYTES
    lines = list(read_lines(io.BytesIO(longest + b"\n" + longest * 3 + b"bc\nd\n" + longest * 2)))
    assert lines == [longest + b"\n", longest + b"a", b"d\n", longest + b"a"]


def test_bytes_without_an_end_are_never_in_memory():
    (line,) = read_lines(io.BufferedReader(Endless(100 << 20)))
    assert len(line) == LONGEST_LINE_BYTES + 1


def test_available_lines_have_the_same_bound():
    longest = b"a" * LONGEST_LINE_BYTES
    content = b"1\n2\n" + longest * 5 + b"\nb\n" + longest + b"\nc"
    source, sink = os.pipe()

    def write():
        with os.fdopen(sink, "wb") as stream:
            stream.write(content)

    writer = threading.Thread(target=write)
    writer.start()
    found = [line for lines in available_lines(source) for line in lines]
    writer.join()
    os.close(source)
    assert found == [b"1", b"2", longest + b"a", b"b", longest, b"c"]
