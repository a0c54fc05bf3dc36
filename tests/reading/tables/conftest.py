"""A small table of numbers, and ways to write and to read it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from har.reading.tables.opening import open_table
from har.signals.channels import RAW_CHANNELS

PLAIN = ("time_s", *RAW_CHANNELS)


@pytest.fixture(scope="session")
def numbers():
    """Time and six signals of 120 samples, shape (120, 7), with three decimals."""
    signals = np.random.default_rng(0).normal(size=(120, 6))
    values = np.round(np.column_stack([np.arange(120) / 50, signals]), 3)
    values.flags.writeable = False
    return values


@pytest.fixture
def lines_of(numbers):
    """Write rows as lines: `lines_of(delimiter=",", decimal=".", end="")`."""

    def write(delimiter=",", decimal=".", end="", rows=None):
        return [
            delimiter.join(f"{value:.3f}".replace(".", decimal) for value in row) + end
            for row in (numbers if rows is None else rows)
        ]

    return write


@pytest.fixture
def opened(tmp_path):
    """Open a table of these lines, or of this text or these bytes."""

    def write(content, name="walk.csv", newline="\n"):
        path = tmp_path / name
        if not isinstance(content, bytes):
            text = content if isinstance(content, str) else newline.join(content) + newline
            content = text.encode()
        path.write_bytes(content)
        return open_table(path)

    return write


@pytest.fixture(scope="session")
def read():
    """Read all columns of a table, or some by their index."""

    def values_of(table, *indices, as_text=()):
        indices = indices or range(len(table.headings))
        named = {str(index): index for index in indices}
        blocks = list(table.blocks(named, as_text=[str(index) for index in as_text]))
        frame = pd.concat(blocks)
        assert frame.index.tolist() == list(range(len(frame)))
        return frame if as_text else frame.to_numpy(float)

    return values_of
