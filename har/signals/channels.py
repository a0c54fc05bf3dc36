"""Names, units and rate of channels.

Sources: Anguita et al., *A public domain dataset for human activity recognition using
smartphones*, ESANN 2013 (UCI HAR); Reyes-Ortiz et al., *Transition-aware human activity recognition
using smartphones*, Neurocomputing 171, 2016 (HAPT).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

SAMPLE_RATE_HZ = 50.0
N_TIMESTEPS = 128
WINDOW_STEP = 64

RAW_CHANNELS = ("acc_x", "acc_y", "acc_z", "gyro_x", "gyro_y", "gyro_z")

UCI_CHANNELS = (
    "body_acc_x",
    "body_acc_y",
    "body_acc_z",
    "body_gyro_x",
    "body_gyro_y",
    "body_gyro_z",
    "total_acc_x",
    "total_acc_y",
    "total_acc_z",
)


def unit_of(channel: str) -> str:
    """Return the unit that a channel is measured in.

    Parameters
    ----------
    channel : str
        Name such as ``"body_gyro_x"``.

    Returns
    -------
    str
        ``"rad/s"`` for angular rates, ``"g"`` (9.80665 m/s²) for accelerations.
    """
    return "rad/s" if "gyro" in channel else "g"


def triads_of(channels: Sequence[str]) -> dict[str, list[int]]:
    """Group channels that are the axes of one signal.

    Parameters
    ----------
    channels : sequence of str
        Names of the last axis of windows.

    Returns
    -------
    dict of str to list of int
        Indices of the channels that differ only in ``_x``, ``_y`` and ``_z``, by the rest of their
        name.
    """
    triads: dict[str, list[int]] = {}
    for index, channel in enumerate(channels):
        triads.setdefault(re.sub("_[xyz]$", "", channel), []).append(index)
    return triads
