"""Lines of a live stream become samples, each in its slot of time.

A line is a JSON object (``{"acc_x": 0.01, ..., "gyro_z": -0.2, "time_s": 12.34}``, the time may be
missing), a JSON array, or comma-separated values; a CSV header puts columns in any order. Without
names, values stand in the order of the channels, with or without the time before them.

Samples stand in *slots* of 20 ms. With time stamps, a sample's slot is the one nearest to its time;
without, each line is one slot, readable or not. So a bad line never shifts the samples after it.
Slot 0 is the first sample's with time stamps, the first line's without.
"""

from __future__ import annotations

import json
import math
from typing import Any, Literal

import numpy as np

from har.arrays import FloatArray
from har.errors import DataError
from har.reading.units import ACC_FACTORS, GYRO_FACTORS, converted
from har.signals.channels import RAW_CHANNELS, SAMPLE_RATE_HZ, unit_of
from har.signals.recording import LONGEST_HOLE_S
from har.signals.streaming import LiveSamples

AccUnit = Literal["g", "m/s2"]
GyroUnit = Literal["rad/s", "deg/s"]

# Long enough to distinguish 50 Hz from 51 Hz, early enough to stop before results are believed.
_RATE_CHECK_S = 5.0
_FEWEST_STEPS = 50
_RATE_TOLERANCE = 0.02
# Half of the time even a runner's acceleration is nearer to 1 g than this.
_DOUBT_AFTER_S = 10.0
_PLAUSIBLE_G = (0.3, 3.0)


class _MalformedLineError(Exception):
    """The reason why a line holds no sample."""


class _LineFormat:
    """The format of lines, learned from those so far: a header, and whether there is a time."""

    def __init__(self, channels: tuple[str, ...]) -> None:
        self._channels = channels
        self._header: list[str] = []
        self._has_time: bool | None = None

    def takes_as_header(self, text: str) -> bool:
        """Remember the columns if a line names them, and return whether it does."""
        names = _comma_separated(text)
        is_header = set(self._channels) <= set(names)
        if is_header:
            self._header = names
        return is_header

    def parse(self, text: str) -> tuple[float | None, list[float]]:
        """Return a line's time in seconds, if lines have one, and a finite value per channel."""
        fields = self._by_name(text)
        values = [_finite(fields, name) for name in self._channels]
        time_s = _finite(fields, "time_s") if "time_s" in fields else None
        if self._has_time is None:
            self._has_time = time_s is not None
        if self._has_time != (time_s is not None):
            raise _MalformedLineError(
                f"{'no' if self._has_time else 'a'} time_s, unlike lines before"
            )
        return time_s, values

    def _by_name(self, text: str) -> dict[str, Any]:
        is_json = text[0] in "{["
        fields = _parsed_json(text) if is_json else _comma_separated(text)
        if isinstance(fields, dict):
            return fields
        n_channels = len(self._channels)
        if self._header and not is_json:
            names, expected = self._header, f"{len(self._header)} values as in the header"
        else:
            names = ["time_s"] * (len(fields) > n_channels) + list(self._channels)
            expected = f"{n_channels} values, or {n_channels + 1} with the time first"
        if len(fields) != len(names):
            raise _MalformedLineError(f"expected {expected}, found {len(fields)}")
        return dict(zip(names, fields, strict=True))


def _comma_separated(text: str) -> list[str]:
    return [field.strip(' "') for field in text.split(",")]


def _parsed_json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise _MalformedLineError("no JSON") from None


def _finite(fields: dict[str, Any], name: str) -> float:
    if name not in fields:
        raise _MalformedLineError(f"no {name}")
    try:
        number = float(fields[name])
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if isinstance(fields[name], bool) or not math.isfinite(number):
        raise _MalformedLineError(f"{name} is no finite number")
    return number


class _Clock:
    """Slots of time stamps, and a check that the stamps run at the expected rate."""

    def __init__(self, rate_hz: float) -> None:
        self._rate_hz = rate_hz
        self._stamps_s: list[float] = []
        self._is_checked = False

    def slot_of(self, time_s: float) -> int:
        """Return the number of slots since the first stamp, which may be negative."""
        if not self._stamps_s:
            self._stamps_s.append(time_s)
        slot = (time_s - self._stamps_s[0]) * self._rate_hz
        if not math.isfinite(slot):
            raise _MalformedLineError("time_s is too large")
        if not self._is_checked and time_s > self._stamps_s[-1]:
            self._stamps_s.append(time_s)
            self._check_rate()
        return round(slot)

    def _check_rate(self) -> None:
        stamps_s = self._stamps_s
        if len(stamps_s) <= _FEWEST_STEPS or stamps_s[-1] - stamps_s[0] < _RATE_CHECK_S:
            return
        self._is_checked = True
        steps_s = np.diff(stamps_s)
        # Where samples are missing, steps are two or more times as long.
        complete_s = steps_s[steps_s <= 1.5 * np.median(steps_s)]
        measured_hz = len(complete_s) / float(complete_s.sum())
        if abs(measured_hz / self._rate_hz - 1) > _RATE_TOLERANCE:
            raise DataError(
                f"time_s: found {measured_hz:.4g} samples a second, "
                f"expected {self._rate_hz:g}, and time in seconds"
            )


class SampleLines:
    """Turn lines into samples, and count faults without stopping at them.

    Parameters
    ----------
    channels : tuple of str
        `RAW_CHANNELS`, or its first three for a phone without a gyroscope.
    acc_unit : {"g", "m/s2"}
        Unit of accelerations.
    gyro_unit : {"rad/s", "deg/s"}
        Unit of angular rates.
    rate_hz : float
        Samples per second.

    Attributes
    ----------
    n_lines : int
        Number of all lines, with blank ones and headers.
    n_malformed : int
        Number of lines without a sample that should have one.
    n_filled : int
        Number of slots that repeat the sample before.
    n_dropped : int
        Number of samples in or before the slot of an earlier line, and of lone samples after a
        gap: their stamps repeat, go back, or jump ahead for one line. When stamps stay behind for
        a second, the sender's clock has restarted, and time goes on after a gap.
    n_gaps : int
        Number of holes of more than 0.1 s.
    first_malformed : str or None
        The first malformed line: its number, the reason, and its beginning.
    """

    def __init__(
        self,
        channels: tuple[str, ...] = RAW_CHANNELS,
        acc_unit: AccUnit = "g",
        gyro_unit: GyroUnit = "rad/s",
        rate_hz: float = SAMPLE_RATE_HZ,
    ) -> None:
        self.n_lines = self.n_malformed = self.n_filled = self.n_dropped = self.n_gaps = 0
        self.first_malformed: str | None = None
        self._format = _LineFormat(channels)
        self._clock = _Clock(rate_hz)
        declared = {"g": ACC_FACTORS[acc_unit], "rad/s": GYRO_FACTORS[gyro_unit]}
        self._factors = np.array([declared[unit_of(name)] for name in channels])
        self._rate_hz = rate_hz
        self._n_line_slots = 0
        self._longest_hole = round(LONGEST_HOLE_S * rate_hz)
        # Slot and values of the newest sample, and of one that waits beyond a hole.
        self._last: tuple[int, FloatArray] | None = None
        self._beyond: tuple[int, FloatArray] | None = None
        self._n_late = 0
        self._n_slots_added = 0
        self._lengths_g: list[float] | None = []

    def read(self, line: str) -> LiveSamples | None:
        """Read the next line.

        Parameters
        ----------
        line : str
            Text of the line, with or without its end.

        Returns
        -------
        LiveSamples or None
            Slots that were missing, which repeat the sample before, then a new sample. None
            unless the line holds a sample. The first sample after a gap comes together with the
            second.

        Raises
        ------
        DataError
            If the time stamps of the first 5 s run at another rate. Nothing else is an error.
        """
        self.n_lines += 1
        text = line.strip("\ufeff \t\r\n")
        if not text or self._format.takes_as_header(text):
            return None
        self._n_line_slots += 1
        try:
            time_s, values = self._format.parse(text)
            sample = self._converted(values)
            slot = self._n_line_slots - 1 if time_s is None else self._clock.slot_of(time_s)
        except _MalformedLineError as reason:
            self.n_malformed += 1
            self.first_malformed = self.first_malformed or (
                f"line {self.n_lines}: {reason}: {text[:40]!r}"
            )
            return None
        return self._placed(sample, slot)

    def _converted(self, values: list[float]) -> FloatArray:
        with np.errstate(over="ignore"):
            sample = converted(np.array(values), self._factors)
        if not np.isfinite(sample).all():
            raise _MalformedLineError("a value is too large")
        return sample

    def _placed(self, sample: FloatArray, slot: int) -> LiveSamples | None:
        """Put a sample in its slot; one beyond a long hole waits until the next confirms it."""
        slot += self._n_slots_added
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
        self._remember_length(sample)
        is_beyond = n_missing > self._longest_hole
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
        return LiveSamples(np.stack([values for _, values in new]), new[0][0], is_after_gap)

    def _drop(self, sample: FloatArray, slot: int) -> None:
        """Leave out a late sample; when all are late for a second, the sender's clock restarted."""
        self._n_late += 1
        if self._last is None or self._n_late < self._rate_hz:
            self.n_dropped += 1
            return
        next_slot = self._last[0] + self._longest_hole + 2
        self._n_slots_added += next_slot - slot
        self._beyond = (next_slot, sample)

    def _remember_length(self, sample: FloatArray) -> None:
        if self._lengths_g is not None:
            self._lengths_g.append(math.hypot(*sample[:3].tolist()))

    def doubt(self) -> str | None:
        """Return, once, the doubt whether acceleration is in this unit, after 10 s of samples.

        Returns
        -------
        str or None
            A sentence; None if there is no doubt, it is too early, or it was returned before.
        """
        if self._lengths_g is None or len(self._lengths_g) < _DOUBT_AFTER_S * self._rate_hz:
            return None
        length_g = float(np.median(self._lengths_g))
        self._lengths_g = None
        lowest, highest = _PLAUSIBLE_G
        if lowest <= length_g <= highest:
            return None
        cause = "is it in m/s²?" if length_g > highest else "is gravity in it, or the unit another?"
        return f"acceleration: found a median length of {length_g:.3g} g, expected about 1: {cause}"

    def in_words(self) -> str:
        """Return the counts in one line."""
        example = f" ({self.first_malformed})" if self.first_malformed else ""
        return (
            f"lines: {self.n_lines}, malformed: {self.n_malformed}{example}, "
            f"filled in: {self.n_filled}, dropped: {self.n_dropped}, gaps: {self.n_gaps}"
        )
