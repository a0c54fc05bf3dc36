from __future__ import annotations

import numpy as np
import pytest

from har.errors import DataError
from har.signals.recording import Recording, Stretch


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


def test_without_stretches_a_recording_is_one():
    recording = Recording(np.zeros((100, 6)), subject=None, source="walk.csv")
    assert recording.stretches == (Stretch(0, 100, 0.0),)
    assert recording.duration_s == 2.0


def test_its_duration_counts_the_gaps():
    stretches = (Stretch(0, 60, 0.0), Stretch(60, 40, 9.2))
    recording = Recording(np.zeros((100, 6)), None, "walk.csv", stretches=stretches)
    assert recording.duration_s == pytest.approx(10.0)


@pytest.mark.parametrize(
    "stretches",
    [
        (Stretch(0, 99, 0.0),),
        (Stretch(1, 99, 0.0),),
        (Stretch(0, 60, 0.0), Stretch(59, 41, 9.2)),
    ],
)
def test_stretches_must_cover_the_samples(stretches):
    with pytest.raises(DataError, match="expected them to cover 100 samples"):
        Recording(np.zeros((100, 6)), None, "walk.csv", stretches=stretches)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_what_is_no_finite_number_is_refused(value):
    samples = np.zeros((9, 6), np.float32)
    samples[4, 2] = value
    with pytest.raises(
        DataError, match=f"walk: found {value} for acc_z in sample 5, expected finite"
    ):
        Recording(samples, None, "walk")
    with pytest.raises(DataError, match="walk: found stretches that start at no time"):
        Recording(np.zeros((9, 6)), None, "walk", stretches=(Stretch(0, 9, value),))


def test_notes_are_shown_without_what_terminals_obey():
    recording = Recording(np.zeros((9, 6)), None, "walk", notes=("\x1b[31mred",))
    assert recording.notes == (r"\x1b[31mred",)
