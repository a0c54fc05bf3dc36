from __future__ import annotations

import numpy as np
from export_table import ROWS, Timed
from speed.programs import BATCH_SIZE, N_BATCHES, Program, windows_of

from har.signals.channels import UCI_CHANNELS
from har.signals.windows import WindowFormat


class Constant(Program):
    """Says the same of every window."""

    def __init__(self):
        self.windows = windows_of(WindowFormat(UCI_CHANNELS, ("A", "B"), 50.0, 128))
        self.n_asked = 0

    def predict(self, windows):
        self.n_asked += len(windows)
        return np.full((len(windows), 2), 0.5)


def test_a_row_has_sizes_median_and_99th_percentile():
    timed = Timed(1_512_000, [0.001] * 98 + [0.02, 0.02], [900.0, 1234.0, 2000.0])
    assert timed.row("here") == "| here | 1.51 MB | 1.00 ms | 20.00 ms | 1,230 |"


def test_each_program_is_asked_for_single_windows_and_for_batches():
    program = Constant()
    assert min(program.alone()) > 0
    assert len(program.in_batches()) == N_BATCHES
    assert program.n_asked == 50 + N_BATCHES * BATCH_SIZE


def test_names_are_different():
    assert len({row.name for row in ROWS}) == len(ROWS)
