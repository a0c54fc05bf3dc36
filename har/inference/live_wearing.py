"""How the phone of a live stream is worn: doubted once, or made upright as samples come in."""

from __future__ import annotations

from collections import deque
from dataclasses import replace

import numpy as np

from har.arrays import FloatArray
from har.config import Upright
from har.signals.channels import RAW_CHANNELS
from har.signals.orientation import Direction, Turn, axis_turn, turns_to
from har.signals.recording import Recording
from har.signals.streaming import LiveSamples
from har.signals.wearing import (
    BLOCK_SAMPLES,
    SHORTEST_RUN_S,
    TOO_STILL,
    ChooseTurn,
    auto_note,
    axis_note,
    doubt_of,
    gravity_of,
    is_lively,
    no_direction,
    shortest_of,
)

# After so many, the direction of HAPT's 61 recordings is known to within 5°.
MEASURED_S = 10
# To face forward takes more: some twenty lively windows, which take so long.
AUTO_MEASURED_S = 30
# Samples that are kept to choose a turn by.
_REMEMBERED_S = 120


class LiveWearing:
    """Turn samples as asked for, and describe how the phone is worn.

    Gravity is measured in the first `MEASURED_S` lively seconds, see `har.signals.wearing`, or in
    `AUTO_MEASURED_S` for ``auto``.

    Parameters
    ----------
    in_training : tuple of float or None
        Direction of gravity in training; None: not known, and nothing is doubted.
    channels : tuple of str
        Names of the samples' columns.
    upright : {"x", "-x", "y", "-y", "z", "-z", "auto"}, optional
        Axis of the phone that points up, from the first sample on; ``auto``: as lively seconds
        show, once they are measured; samples before stay as they are.
    choose : callable
        Choice among the turns of ``auto``, as for `har.signals.wearing.made_upright`.

    Raises
    ------
    DataError
        If the phone shall be made upright and the direction in training is not known.
    """

    def __init__(
        self,
        in_training: Direction | None,
        channels: tuple[str, ...] = RAW_CHANNELS,
        upright: Upright | None = None,
        choose: ChooseTurn = shortest_of,
    ) -> None:
        if upright and in_training is None:
            raise no_direction("stream", upright)
        self._channels = channels
        self._choose = choose
        self._in_training = in_training
        self._upright = upright
        self._turn: Turn | None = None
        self._messages: list[str] = []
        if upright and upright != "auto" and in_training is not None:
            self._turn = axis_turn(upright, in_training)
            self._messages.append(axis_note(upright, self._turn))
        self._pending: list[FloatArray] = []
        self._last_samples: deque[FloatArray] = deque(maxlen=_REMEMBERED_S)
        # Mean, and deviation of the length, of the last seconds.
        self._seconds: list[tuple[FloatArray, float]] = []
        self._is_in_run = False
        self._lively: list[FloatArray] = []
        self._is_measured = in_training is None
        self._n_needed = AUTO_MEASURED_S if upright == "auto" else MEASURED_S

    @property
    def turn(self) -> Turn | None:
        """The turn of the samples that come now; None: they are as the phone gives them."""
        return self._turn

    @property
    def awaits_turn(self) -> bool:
        """Whether ``auto`` is still to find a turn."""
        return self._upright == "auto" and self._turn is None

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
        turn = self._turn
        result = new if turn is None else self._turned(new, turn)
        if self._is_measured:
            return result
        if new.is_after_gap:
            self._pending, self._seconds, self._is_in_run = [], [], False
            self._last_samples.clear()
        self._pending += list(result.samples)
        while len(self._pending) >= BLOCK_SAMPLES and not self._is_measured:
            second = np.array(self._pending[:BLOCK_SAMPLES])
            self._pending = self._pending[BLOCK_SAMPLES:]
            self._last_samples.append(second)
            self._take_second(second[:, :3].astype(np.float64))
            if len(self._lively) >= self._n_needed:
                self._conclude()
        if turn is None and self._turn is not None:
            return replace(self._turned(new, self._turn), is_after_gap=True)
        return result

    def _turned(self, new: LiveSamples, turn: Turn) -> LiveSamples:
        return replace(new, samples=turn.of(new.samples, self._channels))

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
            self._messages.append(f"upright: nothing was turned, since {TOO_STILL}")
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
            samples = np.concatenate(self._last_samples)
            recording = Recording(samples, None, "stream", self._channels)
            self._turn = self._choose(recording, turns_to(gravity, self._in_training))
            self._messages.append(
                f"upright: from here on {auto_note(self._turn, n_lively)}; windows before were "
                "taken as they came"
            )

    def messages(self) -> list[str]:
        """Return what there is to say since the last call: doubts, and turns that were made."""
        messages, self._messages = self._messages, []
        return messages
