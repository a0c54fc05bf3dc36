"""Names of activities, and the naming of predictions."""

from __future__ import annotations

import numpy as np

from har.arrays import FloatArray, StringArray
from har.errors import DataError

UCI_ACTIVITIES = (
    "WALKING",
    "WALKING_UPSTAIRS",
    "WALKING_DOWNSTAIRS",
    "SITTING",
    "STANDING",
    "LAYING",
)

# HAPT numbers its postural transitions 7..12, after the six activities of UCI HAR.
HAPT_ACTIVITIES = (
    *UCI_ACTIVITIES,
    "STAND_TO_SIT",
    "SIT_TO_STAND",
    "SIT_TO_LIE",
    "LIE_TO_SIT",
    "STAND_TO_LIE",
    "LIE_TO_STAND",
)

# The prediction for a window of which no activity is probable enough.
UNKNOWN = "UNKNOWN"


def name_activities(
    probabilities: FloatArray, activities: tuple[str, ...], abstain_below: float = 0.0
) -> StringArray:
    """Name the most probable activity of each window, or UNKNOWN where it is not probable enough.

    Parameters
    ----------
    probabilities : ndarray of float, shape (n_windows, n_activities)
        Predicted probabilities.
    activities : tuple of str
        Names of the classes.
    abstain_below : float
        Highest probability below which a window is `UNKNOWN`.

    Returns
    -------
    ndarray of str, shape (n_windows,)

    Raises
    ------
    DataError
        If windows may be `UNKNOWN`, and a class has that very name.
    """
    if abstain_below and UNKNOWN in activities:
        raise DataError(
            f"classifier: found an activity named {UNKNOWN}, expected another name for it, as that "
            f"is the answer to windows below {abstain_below:g}"
        )
    named = np.array(activities)[probabilities.argmax(axis=1)]
    return np.where(probabilities.max(axis=1) < abstain_below, UNKNOWN, named)
