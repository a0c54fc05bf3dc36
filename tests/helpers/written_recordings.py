"""Writes recordings as apps do."""

from __future__ import annotations

import numpy as np
import pandas as pd

from har.signals.channels import RAW_CHANNELS


def table_of(samples):
    table = pd.DataFrame(samples, columns=RAW_CHANNELS)
    table.insert(0, "time_s", np.arange(len(samples)) / 50)
    return table


def write_csv(file, samples):
    table_of(samples).to_csv(file, index=False)
