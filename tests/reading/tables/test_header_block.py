from __future__ import annotations

import pytest

from har.reading.tables.header_block import rate_among


@pytest.mark.parametrize(
    ("line", "rate_hz"),
    [
        (
            "-- Data File Created By ActiGraph GT3X+ date format M/d/yyyy at 30 Hz  Filter Normal",
            30,
        ),
        ("Measurement Frequency,100 Hz", 100),
        ("Measurement Frequency:85.7 Hz", 85.7),
        ("Sample rate: 50", 50),
        ("Sampling rate (Hz): 50", 50),
        ("Sampling Frequency [Hz];25,5", 25.5),
        ("# SampleRate=128 Hz", 128),
        ("// Update Rate: 100.0Hz", 100),
        ("OutputRate:,60Hz", 60),
        ('"Sample Rate","50"', 50),
        ("sampling_rate_hz: 50", 50),
        ("Abtastrate: 50 Hz", 50),
        ("fs = 50", 50),
        ("Sample interval: 20 ms", 50),
        ("Sampling interval (ms): 20", 50),
        ("Sampling Period: 0.02 s", 50),
        (f'# {{"dev": {{"column": {["acc_x"] * 40}, "sampling rate": 100}}}}', 100),
        (f"Sampling rate {' ' * 90_000} Hz: 50", None),
        (f"Sampling rate {' ' * 900} Hz: 50", 50),
        ("Low-pass filter: 20 Hz", None),
        ("Heart rate: 70", None),
        ("Magnetometer rate: 10 Hz", None),
        ("Frequency range,0.5-20", None),
        ("CPU frequency: 800 MHz", None),
        ("Carrier frequency: 24 GHz", None),
        ("Calibrate 40, separate 50", None),
        ("Measurement Period,7 Days", None),
        ("Epoch Period (hh:mm:ss) 00:00:00", None),
        ("Sample rate: 0", None),
    ],
)
def test_the_rate_of_sampling(line, rate_hz):
    assert rate_among(["Walk", line, "1,2"]) == rate_hz


def test_rates_that_differ_are_none():
    assert rate_among(["Accelerometer rate: 100 Hz", "Gyroscope rate: 50 Hz"]) is None
    assert rate_among(["Accelerometer rate: 50 Hz", "Gyroscope rate: 50 Hz"]) == 50
