from __future__ import annotations

import numpy as np
import pytest

from har.errors import DataError
from har.recording import Recording


def test_a_recording_counts_its_samples():
    recording = Recording(np.zeros((7, 6)), subject=3, source="walk.csv")
    assert len(recording) == 7
    assert len(recording.channels) == 6
    assert recording.rate_hz == 50


@pytest.mark.parametrize("shape", [(7,), (7, 5), (2, 7, 6)])
def test_samples_without_a_column_per_channel_are_refused(shape):
    with pytest.raises(DataError) as caught:
        Recording(np.zeros(shape), subject=3, source="walk.csv")
    assert str(caught.value) == (
        f"walk.csv: found samples of shape {shape}, expected (n_timesteps, 6)"
    )


def test_channels_may_be_others():
    recording = Recording(np.zeros((7, 2)), subject=3, source="ecg.csv", channels=("a", "b"))
    assert recording.channels == ("a", "b")
