from __future__ import annotations

import numpy as np
import pytest

from har.reading.times.steps import usual_step


@pytest.mark.parametrize("gap", [10, 1000, 10**12])
@pytest.mark.parametrize("n_rows", [10, 50, 150, 1000])
def test_one_gap_is_no_usual_step_however_few_rows_there_are(n_rows, gap):
    stamps = np.arange(n_rows)
    stamps[n_rows // 2 :] += gap
    assert usual_step(stamps) == 1


def test_pauses_between_bursts_count():
    stamps = np.concatenate([np.arange(4) + 100 * burst for burst in range(60)])
    assert usual_step(stamps) == pytest.approx(25, rel=0.02)
