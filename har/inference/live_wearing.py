"""How the phone of a live stream is worn: doubted once, or made upright as samples come in."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from har.arrays import FloatArray
from har.config import Upright
from har.errors import DataError
from har.signals.orientation import (
    AXES,
    Direction,
    nearest_axis,
    shortest_turn,
    turn_in_words,
    turned,
)
from har.signals.streaming import LiveSamples
from har.signals.wearing import (
    BLOCK_SAMPLES,
    SHORTEST_RUN_S,
    doubt_of,
    gravity_of,
    is_lively,
)

# After so many, the direction of HAPT's 61 recordings is known to within 5°.
MEASURED_S = 10


class LiveWearing:
    """Turn samples as asked for, and describe how the phone is worn.

    Gravity is measured in the first `MEASURED_S` lively seconds, see `har.signals.wearing`.

    Parameters
    ----------
    in_training : tuple of float or None
        Direction of gravity in training; None: not known, and nothing is doubted.
    upright : {"x", "-x", "y", "-y", "z", "-z", "auto"}, optional
        Axis of the phone that points up, from the first sample on; ``auto``: as lively seconds
        show, once they are measured; samples before stay as they are.

    Raises
    ------
    DataError
        If the phone shall be made upright and the direction in training is not known.
    """

    def __init__(self, in_training: Direction | None, upright: Upright | None = None) -> None:
        if upright and in_training is None:
            raise DataError(
                f"stream: found --upright {upright}, expected a run whose training shows where "
                "gravity points: one with windows of people who walk, phones worn alike"
            )
        self._in_training = in_training
        self._upright = upright
        self._rotation: FloatArray | None = None
        self._messages: list[str] = []
        if upright and upright != "auto" and in_training is not None:
            self._rotation = shortest_turn(AXES[upright], AXES[nearest_axis(in_training)])
            words = turn_in_words(self._rotation)
            self._messages.append(f"upright: {upright} taken to point up; {words} in both sensors")
        self._pending: list[FloatArray] = []
        # Mean, and deviation of the length, of the last seconds.
        self._seconds: list[tuple[FloatArray, float]] = []
        self._is_in_run = False
        self._lively: list[FloatArray] = []
        self._is_measured = in_training is None

    def push(self, new: LiveSamples) -> LiveSamples:
        """Return the next samples, turned if that was asked for.

        Parameters
        ----------
        new : LiveSamples
            Samples that follow those before, or a gap.

        Returns
        -------
        LiveSamples
            After a gap, if ``auto`` turns them for the first time: filters and windows must start
            anew.
        """
        rotation = self._rotation
        samples = new.samples if rotation is None else turned(new.samples, rotation)
        result = replace(new, samples=samples)
        if self._is_measured:
            return result
        if new.is_after_gap:
            self._pending, self._seconds, self._is_in_run = [], [], False
        self._pending += list(samples[:, :3])
        while len(self._pending) >= BLOCK_SAMPLES and not self._is_measured:
            self._take_second(np.array(self._pending[:BLOCK_SAMPLES], np.float64))
            self._pending = self._pending[BLOCK_SAMPLES:]
            if len(self._lively) >= MEASURED_S:
                self._conclude()
        if rotation is None and self._rotation is not None:
            return replace(new, samples=turned(new.samples, self._rotation), is_after_gap=True)
        return result

    def _take_second(self, acc: FloatArray) -> None:
        self._seconds.append((acc.mean(axis=0), float(np.linalg.norm(acc, axis=1).std())))
        self._seconds = self._seconds[-SHORTEST_RUN_S:]
        means, deviations = map(np.array, zip(*self._seconds, strict=True))
        was_in_run = self._is_in_run
        self._is_in_run = int(is_lively(means, deviations).sum()) == SHORTEST_RUN_S
        if self._is_in_run:
            self._lively += list(means[-1:] if was_in_run else means)

    def finish(self) -> None:
        """End the stream: describe what was measured, if there was less than `MEASURED_S`."""
        if not self._is_measured and len(self._lively) >= SHORTEST_RUN_S:
            self._conclude(is_over=True)
        elif not self._is_measured and self._upright == "auto":
            self._messages.append(
                f"upright: nothing was turned, since in {len(self._lively)} s of lively movement "
                "it cannot be told how the phone is worn; --upright x, -x, y, -y, z or -z says it"
            )
            self._is_measured = True

    def _conclude(self, is_over: bool = False) -> None:
        self._is_measured = True
        gravity, n_lively = gravity_of(np.array(self._lively)), len(self._lively)
        if self._in_training is None:
            return
        doubt = doubt_of(gravity, n_lively, self._in_training)
        if doubt and (self._upright != "auto" or is_over):
            self._messages.append(doubt)
        elif self._upright == "auto" and not is_over:
            self._rotation = shortest_turn(gravity, self._in_training)
            self._messages.append(
                f"upright: from here on, {turn_in_words(self._rotation)} in both sensors brings "
                f"gravity in {n_lively} s of lively movement to where it pointed in training; "
                "windows before were taken as they came"
            )

    def messages(self) -> list[str]:
        """Return what there is to say since the last call: doubts, and turns that were made."""
        messages, self._messages = self._messages, []
        return messages
