"""Steps from one stamp to the next."""

from __future__ import annotations

import numpy as np

from har.reading.times.timestamps import StampArray

# Steps above so many times what 99.5 % of them keep are gaps.
_GAP_FACTOR = 3.0


def usual_step(values: StampArray) -> float:
    """Return the mean step forward per row, without gaps.

    Where samples arrive together, the mean tells their rate, and the median does not.

    Parameters
    ----------
    values : ndarray, shape (n_rows,)
        Stamps without missing ones; some may go back, or repeat.

    Returns
    -------
    float
        In the unit of the stamps; 0 if no stamp is above the one before.
    """
    steps = np.diff(values)
    forward = steps[steps > 0]
    if not len(forward):
        return 0.0
    # One of the steps there are: between a usual one and a huge one lies nothing.
    longest = _GAP_FACTOR * np.quantile(forward, 0.995, method="lower")
    n_rows = len(steps) - int((steps > longest).sum())
    # A row that went back is made up for by a longer step.
    is_short = np.abs(steps) <= longest
    total = float(steps[is_short].astype(np.float64).sum())
    return total / n_rows if total > 0 else float(np.median(forward))
