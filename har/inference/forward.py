"""The turn of a phone about the vertical, which gravity does not show, by a network's own opinion.

Of several turns that bring gravity upright, that one is taken after which the lively windows of a
recording look most like those of the training. On HAPT's recordings of the 21 training people, held
out in five folds and turned at random in all three angles, `quick` then names 97.5 % of the windows
right, and 26.8 % without it; of untouched recordings 98.3 and 97.5 %
(``scripts/turned_recordings.py``).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from har.arrays import FloatArray
from har.inference.timeline import raw_channels_of, timed_windows, with_channels
from har.signals.orientation import Turn
from har.signals.recording import Recording
from har.signals.wearing import lively_windows
from har.signals.windows import WindowFormat

# From windows to probabilities, and to strangeness if it is known.
Judge = Callable[[FloatArray], tuple[FloatArray, FloatArray | None]]

# As many as it takes; more cost time.
_N_WINDOWS = 100
# Fewer say nothing of where forward is, nor does a small advantage: a tenth is usual among turns
# that are equally wrong.
_FEWEST_WINDOWS = 8
_MARGIN = 0.15
_SMALLEST = 1e-3


@dataclass(frozen=True)
class LikestTurn:
    """Choice of the turn after which a recording looks most like the training.

    Parameters
    ----------
    judge : callable
        Function from windows to probabilities and strangeness, such as
        `ActivityClassifier.predict_strangeness`.
    window_format : WindowFormat
        Format of the windows that it takes.
    """

    judge: Judge
    window_format: WindowFormat

    def __call__(self, recording: Recording, turns: Sequence[Turn]) -> Turn:
        """Return one of several turns.

        Parameters
        ----------
        recording : Recording
            Raw signals at 50 Hz, as they are.
        turns : sequence of Turn
            Turns to choose from.

        Returns
        -------
        Turn
            The first, unless another is clearly better.
        """
        windows = self._lively_windows(recording)
        if len(windows) < _FEWEST_WINDOWS:
            return turns[0]
        channels = self.window_format.channels
        likeness = np.array([self._likeness(turn.of(windows, channels)) for turn in turns])
        best = int(likeness.argmax())
        return turns[best if likeness[best] > likeness[0] + _MARGIN else 0]

    def _lively_windows(self, recording: Recording) -> FloatArray:
        """Return some of the lively windows, evenly chosen."""
        recording = with_channels(recording, raw_channels_of(self.window_format))
        channels, n_timesteps = self.window_format.channels, self.window_format.n_timesteps
        cuts = (windows.signals for windows in timed_windows(recording, n_timesteps))
        # Of a day, not all lively windows need to be in memory.
        kept = [_some(signals[lively_windows(signals, channels)]) for signals in cuts]
        return _some(np.concatenate(kept))

    def _likeness(self, windows: FloatArray) -> float:
        """Return how much like the training windows are, as far as the network can tell."""
        probabilities, strangeness = self.judge(windows)
        unlikeness = 1 - probabilities.max(axis=1) if strangeness is None else strangeness
        return -float(np.log(np.maximum(unlikeness, _SMALLEST)).mean())


def _some(windows: FloatArray) -> FloatArray:
    """Return at most `_N_WINDOWS` windows, evenly chosen."""
    n_kept = min(len(windows), _N_WINDOWS)
    chosen: FloatArray = windows[np.linspace(0, len(windows) - 1, n_kept).astype(int)]
    return chosen
