"""Smoothing over time: an activity to show that does not flicker from window to window."""

from __future__ import annotations

import numpy as np

from har.arrays import FloatArray
from har.errors import DataError


class SmoothedState:
    """Follow the activity of a person, window after window, without flicker.

    Probabilities are smoothed exponentially. The state changes only when the smoothed probability
    of another activity exceeds that of the present one by a margin. With the defaults, a change
    between activities of which the network is certain shows in the second window of the new one,
    and a change to 0.75 against 0.25 in the third; a lead that stays below the margin, such as
    0.55 against 0.45, never changes the state.

    Parameters
    ----------
    activities : tuple of str
        Names of the classes.
    weight : float
        Share of the newest window, above 0 and up to 1.
    margin : float
        Lead of another activity that changes the state, from 0 to below 1.

    Notes
    -----
    The default `weight` is the largest with which one certain but wrong window never changes the
    state. Two such windows in a row do; activities that last for one window only are not seen.
    """

    def __init__(
        self, activities: tuple[str, ...], weight: float = 0.5, margin: float = 0.2
    ) -> None:
        self._activities = activities
        self._weight = weight
        self._margin = margin
        self.restart()

    def restart(self) -> None:
        """Forget all windows, as after a gap: the next one decides alone."""
        self._smoothed: FloatArray | None = None
        self._state = 0

    @property
    def name(self) -> str | None:
        """The present activity; None before the first window."""
        return None if self._smoothed is None else self._activities[self._state]

    def update(self, probabilities: FloatArray) -> str:
        """Follow the next window.

        Parameters
        ----------
        probabilities : ndarray of float, shape (n_activities,)
            Probability of each activity; they add up to 1.

        Returns
        -------
        str
            The present activity.

        Raises
        ------
        DataError
            If there is not one probability for each activity.
        """
        if probabilities.shape != (len(self._activities),):
            raise DataError(
                f"probabilities: found an array of shape {probabilities.shape}, "
                f"expected one for each of {len(self._activities)} activities"
            )
        if self._smoothed is None:
            self._smoothed = probabilities.astype(np.float64)
            self._state = int(probabilities.argmax())
        self._smoothed += self._weight * (probabilities - self._smoothed)
        best = int(self._smoothed.argmax())
        if self._smoothed[best] > self._smoothed[self._state] + self._margin:
            self._state = best
        return self._activities[self._state]
