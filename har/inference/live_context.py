"""The context of a live stream: the forward pass of `context`, and a short way backward."""

from __future__ import annotations

from collections import deque

import numpy as np

from har.arrays import FloatArray
from har.errors import DataError
from har.inference.context import MarkovContext


class ContextFilter:
    """Judge each window of a stream with those so far, and a few later ones.

    Parameters
    ----------
    context : MarkovContext
        Chain of activities.
    delay : int
        Number of later windows that each one waits for, from 0 on.

    Raises
    ------
    DataError
        If the delay is negative.
    """

    def __init__(self, context: MarkovContext, delay: int = 0) -> None:
        if delay < 0:
            raise DataError(f"context: found a delay of {delay} windows, expected at least 0")
        self._context = context
        self._delay = delay
        self.restart()

    def restart(self) -> None:
        """Forget all windows, as after a gap."""
        self._newest: FloatArray | None = None
        # Of the windows that wait for later ones.
        self._forward: deque[FloatArray] = deque()
        self._evidence: deque[FloatArray] = deque()

    def update(self, probabilities: FloatArray) -> FloatArray | None:
        """Take in the next window.

        Parameters
        ----------
        probabilities : ndarray of float, shape (n_activities,)
            Probability of each activity by this window alone.

        Returns
        -------
        ndarray of float64, shape (n_activities,), or None
            Probability of each activity in the window `delay` windows ago, given all windows so
            far; None while there is no such window.

        Raises
        ------
        DataError
            If there is not one probability for each activity.
        """
        (evidence,) = self._context.evidence(probabilities[np.newaxis])
        newest = self._context.forward(self._newest, evidence)
        # A stream may go on for months: the constant must not grow.
        self._newest = newest - newest.max()
        self._forward.append(self._newest)
        self._evidence.append(evidence)
        if len(self._forward) <= self._delay:
            return None
        oldest: FloatArray = self._posteriors()[0]
        self._forward.popleft()
        self._evidence.popleft()
        return oldest

    def finish(self) -> FloatArray:
        """End the stream, or a stretch of it before a gap; the next window starts a new one.

        Returns
        -------
        ndarray of float64, shape (n_windows, n_activities)
            Probabilities in the windows that still waited, at most `delay` of them.
        """
        remaining = self._posteriors()
        self.restart()
        return remaining

    def _posteriors(self) -> FloatArray:
        shape = -1, self._context.n_activities
        forward, evidence = np.reshape(self._forward, shape), np.reshape(self._evidence, shape)
        return self._context.backward(forward, evidence)
