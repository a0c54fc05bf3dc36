"""Slots of 20 ms: samples in the order of time, with holes filled or told as gaps."""

from __future__ import annotations

import numpy as np

from har.arrays import FloatArray
from har.errors import DataError
from har.signals.channels import SAMPLE_RATE_HZ
from har.signals.recording import LONGEST_HOLE_S
from har.signals.streaming import LiveSamples

LONGEST_HOLE = round(LONGEST_HOLE_S * SAMPLE_RATE_HZ)
# Long enough to distinguish 50 Hz from 52 Hz, early enough to stop before results are believed.
_RATE_CHECK_S = 5.0
_FEWEST_STEPS = 50
_RATE_TOLERANCE = 0.03


class Slots:
    """Puts samples in their slots.

    Attributes
    ----------
    n_filled : int
        Number of slots that repeat the sample before.
    n_dropped : int
        Number of samples in or before the slot of an earlier line, and of lone samples after a
        gap: their stamps repeat, go back, or jump ahead for one line. When stamps stay behind for
        a second, the sender's clock has restarted, and time goes on after a gap.
    n_gaps : int
        Number of holes of more than 0.1 s.
    """

    def __init__(self) -> None:
        self.n_filled = self.n_dropped = self.n_gaps = 0
        # Slot and values of the newest sample, and of one that waits beyond a hole.
        self._last: tuple[int, FloatArray] | None = None
        self._beyond: tuple[int, FloatArray] | None = None
        self._n_late = 0
        self._n_slots_added = 0

    def place(self, sample: FloatArray, slot: int) -> LiveSamples | None:
        """Put a sample in its slot; one beyond a long hole waits until the next confirms it.

        Parameters
        ----------
        sample : ndarray of float32, shape (n_channels,)
            Values in g and rad/s.
        slot : int
            Time in steps of 20 ms.

        Returns
        -------
        LiveSamples or None
            Slots that were missing, which repeat the sample before, then the new sample. The first
            sample after a gap comes together with the second.
        """
        slot += self._n_slots_added
        if self._beyond is None and self._last is not None and slot == self._last[0] + 1:
            self._n_late = 0
            self._last = slot, sample
            return LiveSamples(sample[None], slot, is_after_gap=False)
        if self._beyond is not None and slot < self._beyond[0]:
            # A lone sample beyond a hole: its time stamp was wrong.
            self.n_dropped += 1
            self._beyond = None
        before = self._beyond or self._last or (slot - 1, sample)
        n_missing = slot - before[0] - 1
        if n_missing < 0:
            self._drop(sample, slot)
            return None
        self._n_late = 0
        is_beyond = n_missing > LONGEST_HOLE
        new = [] if self._beyond is None else [before]
        if not is_beyond:
            self.n_filled += n_missing
            new += [(missing, before[1]) for missing in range(before[0] + 1, slot)]
            new.append((slot, sample))
        is_after_gap = self._beyond is not None
        self.n_gaps += is_after_gap
        self._beyond = (slot, sample) if is_beyond else None
        if not new:
            return None
        self._last = new[-1]
        samples = new[0][1][None] if len(new) == 1 else np.stack([values for _, values in new])
        return LiveSamples(samples, new[0][0], is_after_gap)

    def _drop(self, sample: FloatArray, slot: int) -> None:
        """Leave out a late sample; when all are late for a second, the sender's clock restarted."""
        self._n_late += 1
        if self._last is None or self._n_late < SAMPLE_RATE_HZ:
            self.n_dropped += 1
            return
        next_slot = self._last[0] + LONGEST_HOLE + 2
        self._n_slots_added += next_slot - slot
        self._beyond = (next_slot, sample)


class RateCheck:
    """Checks that samples, each in the slot nearest to its time, come at 50 Hz for 5 s."""

    def __init__(self) -> None:
        self._times: list[float] | None = []

    def see(self, time: float) -> None:
        """Look at the time of a sample.

        Parameters
        ----------
        time : float
            Time in steps of 20 ms.

        Raises
        ------
        DataError
            If the first 5 s are over, and samples came at another rate.
        """
        times = self._times
        if times is None or (times and time <= times[-1]):
            return
        times.append(time)
        if len(times) <= _FEWEST_STEPS or times[-1] - times[0] < _RATE_CHECK_S * SAMPLE_RATE_HZ:
            return
        self._times = None
        steps = np.diff(times)
        # Where samples are missing, steps are two or more times as long.
        complete = steps[steps <= 1.5 * np.median(steps)]
        rate_hz = SAMPLE_RATE_HZ * len(complete) / float(complete.sum())
        if abs(rate_hz / SAMPLE_RATE_HZ - 1) > _RATE_TOLERANCE:
            raise DataError(
                f"time: found {rate_hz:.4g} samples a second after {SAMPLE_RATE_HZ:g} in the "
                "first second, expected a steady rate; with --ignore-time each line counts as one "
                f"of {SAMPLE_RATE_HZ:g} samples a second"
            )


def joined(chunks: list[LiveSamples]) -> list[LiveSamples]:
    """Join chunks of samples that follow each other without a gap.

    Parameters
    ----------
    chunks : list of LiveSamples
        Samples in the order of time.

    Returns
    -------
    list of LiveSamples
    """
    found: list[list[LiveSamples]] = []
    for chunk in chunks:
        if chunk.is_after_gap or not found:
            found.append([])
        found[-1].append(chunk)
    return [
        LiveSamples(
            np.concatenate([chunk.samples for chunk in part]) if len(part) > 1 else part[0].samples,
            part[0].first_slot,
            part[0].is_after_gap,
        )
        for part in found
    ]
