from __future__ import annotations

import numpy as np
import pytest
from builders import refused

from har.errors import DataError
from har.reading.sensor_faults import saturation_notes, stillness_notes
from har.signals.channels import RAW_CHANNELS

SECONDS = np.arange(6000) / 50


def test_samples_at_the_end_of_the_range_are_counted(phone):
    shaken = phone.copy()
    shaken[::10, 0] = 2.5
    shaken[1::10, 0] = 2.2
    (note,) = saturation_notes(np.clip(shaken, -2, 2), RAW_CHANNELS)
    assert note == "acc_x: 1200 samples are cut off at 2 g, the end of the sensor's range"


def test_a_carried_or_still_phone_is_not_cut_off(phone):
    assert saturation_notes(phone, RAW_CHANNELS) == []
    assert saturation_notes(phone.round(1), RAW_CHANNELS) == []


def test_a_sensor_that_stands_still_for_a_while_is_noted(phone):
    stuck = phone.copy()
    stuck[1000:1400, 4] = 0.5
    stuck[2000:2100, 5] = 0.5
    (note,) = stillness_notes(SECONDS, stuck, RAW_CHANNELS, "walk.csv")
    assert note.startswith("gyro_y: the same value for 8.0 s from 20.0 s on, as if stuck")


@pytest.mark.parametrize("channel", [0, 5])
def test_a_sensor_that_never_changes_is_refused(phone, channel):
    stuck = phone.copy()
    stuck[:, channel] = 0.0
    with refused(DataError, f"walk.csv: found 0 in every row of {RAW_CHANNELS[channel]}"):
        stillness_notes(SECONDS, stuck, RAW_CHANNELS, "walk.csv")
