"""Lines of a live stream become samples at 50 Hz, each in its slot of 20 ms.

The first second shows names, units and rate, and then comes as a whole. After it, samples of all
sensors at 50 Hz take the slot nearest to their time; sensors with times of their own, or at other
rates, are interpolated. Without time stamps each line is one slot, readable or not. So a bad line
never shifts the samples after it. Slot 0 is the first sample's with time stamps, the first line's
without.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from har.errors import DataError, listed, quoted
from har.reading.streams.beginning import StreamFormat, format_of
from har.reading.streams.byte_lines import LONGEST_LINE_BYTES
from har.reading.streams.doubts import Doubts
from har.reading.streams.interpolation import SlotInterpolation, steps_of
from har.reading.streams.json_forms import Message
from har.reading.streams.layouts import Declared
from har.reading.streams.line_forms import LineReader
from har.reading.streams.readings import MalformedLineError, OtherSensorsError, Reading
from har.reading.streams.slots import RateCheck, Slots, joined
from har.reading.times.time_units import time_unit_named
from har.reading.units import acc_unit_named, gyro_unit_named
from har.signals.channels import RAW_CHANNELS
from har.signals.streaming import LiveSamples

# So many lines are a second of a plain stream.
_FIRST_LINES = 50
_NEXT_TRY = 25
_DAY_NS = 86_400 * 10**9
# As many readings as a second of the fastest sensors has, many times over.
_MOST_WAITING = 20_000


class SampleLines:
    """Turn lines into samples, and count faults without stopping at them.

    Parameters
    ----------
    channels : tuple of str
        `RAW_CHANNELS`, or its first three for a phone without a gyroscope.
    acc_unit : {"g", "m/s2", "mg"}, optional
        Unit of accelerations; by default that of the names, else told from the first second.
    gyro_unit : {"rad/s", "deg/s", "mdps"}, optional
        Unit of angular rates, likewise.
    time_unit : {"s", "ms", "us", "ns"}, optional
        Unit of time stamps, likewise.
    columns : mapping of str to str, optional
        Names of columns or keys that are not recognised: ``{"acc_x": "my column"}``.
    ignore_time : bool
        True to take each line as one of 50 samples a second, whatever its time.

    Attributes
    ----------
    n_lines : int
        Number of all lines, with blank ones and headings.
    n_malformed : int
        Number of lines without a sample that should have one.
    n_samples : int
        Number of samples.
    first_malformed : str or None
        The first malformed line: its number, the reason, and its beginning.

    Raises
    ------
    DataError
        If a unit is unknown.
    """

    def __init__(
        self,
        channels: tuple[str, ...] = RAW_CHANNELS,
        acc_unit: str | None = None,
        gyro_unit: str | None = None,
        time_unit: str | None = None,
        columns: Mapping[str, str] | None = None,
        ignore_time: bool = False,
    ) -> None:
        self.n_lines = self.n_malformed = self.n_samples = 0
        self.first_malformed: str | None = None
        self._channels = channels
        self._needs_gyroscope = len(channels) > 3
        declared = Declared(
            acc_unit_named(acc_unit, "--acc-unit") if acc_unit else None,
            gyro_unit_named(gyro_unit, "--gyro-unit") if gyro_unit else None,
            time_unit_named(time_unit, "--time-unit") if time_unit else None,
            columns,
            self._needs_gyroscope,
            ignore_time,
        )
        self._reader = LineReader(channels, declared)
        self._waiting: list[tuple[Reading, int]] = []
        self._next_try = 1
        self._format: StreamFormat | None = None
        self._interpolation: SlotInterpolation | None = None
        self._rate_check = RateCheck()
        self._slots = Slots()
        self._doubts = Doubts()
        self._notes: list[str] = []
        self._early_doubts: list[str] = []
        self._n_line_slots = 0
        # Whether the first reading had a time, and whether it was a date.
        self._has_time: tuple[bool, bool] | None = None
        self._ignores_time = ignore_time
        self._n_midnights, self._newest_clock_time = 0, 0.0
        self._is_trouble_said = self._is_length_said = False

    @property
    def n_filled(self) -> int:
        """Number of slots that repeat the sample before."""
        return self._slots.n_filled

    @property
    def n_dropped(self) -> int:
        """Number of samples whose stamps repeat, go back, or jump ahead for one line."""
        return self._slots.n_dropped + (self._interpolation.n_dropped if self._interpolation else 0)

    @property
    def n_gaps(self) -> int:
        """Number of holes of more than 0.1 s."""
        return self._slots.n_gaps

    def read(self, line: str | Message) -> list[LiveSamples]:
        """Read the next line.

        Parameters
        ----------
        line : str or dict
            Text of the line, with or without its end, or its object of JSON.

        Returns
        -------
        list of LiveSamples
            Samples that are ready now, with slots that were missing, which repeat the sample
            before. Empty unless the line holds a sample, and in the first second, which comes as a
            whole. The first sample after a gap comes together with the second.

        Raises
        ------
        DataError
            If a heading cannot be understood, the first second lacks a sensor or has times of no
            use, or the times of the first 5 s run at another rate. Nothing else is an error.
        """
        self.n_lines += 1
        text = line
        is_too_long = isinstance(text, str) and len(text) > LONGEST_LINE_BYTES
        if isinstance(text, str) and not is_too_long:
            text = text.strip("\ufeff \t\r\n")
            if not text or self._reader.takes_as_heading(text):
                return []
        first_slot = self._n_line_slots
        self._n_line_slots += 1
        try:
            if is_too_long:
                raise self._too_long()
            readings = self._reader.readings(text)
            self._check_times(readings)
            if self._has_time is not None and self._has_time[1]:
                readings = [self._over_midnight(reading) for reading in readings]
            self._n_line_slots += max(0, len(readings) - 1)
            slots = range(first_slot, first_slot + len(readings))
            if self._format is None:
                self._waiting += zip(readings, slots, strict=True)
                return self._begin()
            chunks = [
                chunk
                for reading, slot in zip(readings, slots, strict=True)
                for chunk in self._taken(self._format, reading, slot)
            ]
        except MalformedLineError as reason:
            is_of_others = isinstance(reason, OtherSensorsError)
            if not (is_of_others and self._has_time and self._has_time[0]):
                self._count_malformed(f"line {self.n_lines}: {str(reason)[:160]}: {quoted(text)}")
            return []
        return joined(chunks) if len(chunks) > 1 else chunks

    def finish(self) -> list[LiveSamples]:
        """End the stream.

        Returns
        -------
        list of LiveSamples
            Samples of a first second that was not over.

        Raises
        ------
        DataError
            If there was no sample at all.
        """
        chunks = self._begin(is_last=True) if self._format is None else []
        if not self.n_samples:
            raise DataError(f"stream: {self._no_sample()}")
        return chunks

    def _too_long(self) -> MalformedLineError:
        """Return why a line is not read, and say so once."""
        if not self._is_length_said:
            self._is_length_said = True
            self._early_doubts.append(
                f"stream: line {self.n_lines} has more than {LONGEST_LINE_BYTES:,} characters and "
                "is left out, as are others so long"
            )
        return MalformedLineError(f"more than {LONGEST_LINE_BYTES:,} characters")

    def _check_times(self, readings: Sequence[Reading]) -> None:
        """Refuse a line without time among others with it, and the reverse."""
        for reading in readings:
            has_time = reading.stamp is not None, reading.is_date
            if self._has_time is None:
                self._has_time = has_time
            if has_time != self._has_time:
                found = "a date" if has_time[1] else "a time" if has_time[0] else "no time"
                raise MalformedLineError(f"{found}, unlike lines before")

    def _over_midnight(self, reading: Reading) -> Reading:
        """Add a day to a clock time without a date each time that it has begun anew."""
        stamp = reading.stamp
        if stamp is None or not 0 <= stamp < _DAY_NS:
            return reading
        stamp += self._n_midnights * _DAY_NS
        if self._newest_clock_time - stamp > _DAY_NS // 2:
            self._n_midnights += 1
            stamp += _DAY_NS
        self._newest_clock_time = max(stamp, self._newest_clock_time)
        return reading._replace(stamp=stamp)

    def _begin(self, is_last: bool = False) -> list[LiveSamples]:
        """Take what came so far as soon as it shows the format of the stream."""
        n_waiting = len(self._waiting)
        if not is_last and (n_waiting < self._next_try or not n_waiting):
            return []
        # Each try looks at all readings: of many, another one in fifty waits for the next.
        has_time = self._has_time is not None and self._has_time[0]
        self._next_try = n_waiting + max(_NEXT_TRY if has_time else 1, n_waiting // 50)
        found = format_of(
            [reading for reading, _ in self._waiting],
            self._needs_gyroscope,
            is_last or n_waiting > _MOST_WAITING,
        )
        if found is None:
            return []
        self._format = found
        self._notes += found.notes
        self._early_doubts += found.doubts
        if found.zero is None and not self._ignores_time and self._reader.names_beside:
            names = listed(self._reader.names_beside)
            self._early_doubts.append(
                f"time: none known among {names}, so that lines count as 20 ms apart: say which it "
                "is with --columns time=NAME"
            )
        if not found.is_regular:
            self._interpolation = SlotInterpolation(found.sensors)
        waiting, self._waiting = self._waiting, []
        chunks: list[LiveSamples] = []
        for reading, slot in waiting:
            try:
                chunks += self._taken(found, reading, slot)
            except MalformedLineError as reason:
                self._count_malformed(f"one of the first lines: {reason}")
        return joined(chunks)

    def _taken(self, known: StreamFormat, reading: Reading, slot: int) -> list[LiveSamples]:
        """Put a reading in its slot, or between slots."""
        values = reading.values
        if known.zero is None or reading.stamp is None:
            return self._placed(known, _together(known, reading), slot)
        steps = steps_of((reading.stamp - known.zero) * known.seconds)
        if self._interpolation is None:
            if not any(sensor in values for sensor in known.sensors):
                return []
            together = _together(known, reading)
            self._rate_check.see(steps)
            return self._placed(known, together, round(steps))
        for sensor in known.sensors:
            if sensor in values:
                self._interpolation.add(sensor, steps, values[sensor])
        return [
            chunk
            for ready, at in self._interpolation.ready()
            for chunk in self._placed(known, at, ready)
        ]

    def _placed(self, known: StreamFormat, values: list[float], slot: int) -> list[LiveSamples]:
        """Convert values, and put them in their slot."""
        # For six values, lists take half of the time of arrays.
        scaled = [value * factor for value, factor in zip(values, known.factors, strict=True)]
        if known.has_parts:
            scaled[:6] = [scaled[axis] + scaled[axis + 3] for axis in range(3)]
        # In double precision up to here, and rounded once.
        sample = np.array(scaled, np.float32)
        self.n_samples += 1
        self._doubts.see(sample)
        chunk = self._slots.place(sample, slot)
        return [] if chunk is None else [chunk]

    def _count_malformed(self, text: str) -> None:
        self.n_malformed += 1
        self.first_malformed = self.first_malformed or text

    def doubt(self) -> str | None:
        """Return a doubt that was not returned before.

        Returns
        -------
        str or None
            A sentence: another unit, no gravity, or a sensor that does not come; None if there is
            no doubt, or it is too early.
        """
        if self._early_doubts:
            return self._early_doubts.pop(0)
        if self._interpolation is not None and not self._is_trouble_said:
            late = self._interpolation.waits_for
            if late is not None:
                self._is_trouble_said = True
                return (
                    f"stream: {quoted(late.name)} does not come, or its times are from another "
                    "clock"
                )
        return self._doubts.next()

    def notes(self) -> list[str]:
        """Return what was told and assumed of names, units and times, once each."""
        notes, self._notes = self._notes, []
        return notes

    def trouble(self, has_waited: bool = False) -> str | None:
        """Return, once, why the first 50 lines gave no reading.

        Parameters
        ----------
        has_waited : bool
            True if the first line came a second ago or more, so that fewer lines are enough.

        Returns
        -------
        str or None
            A sentence with the first reason and the names that are expected; None if there are
            readings, it is too early, or it was returned before.
        """
        is_early = self.n_lines < (2 if has_waited else _FIRST_LINES)
        if self._is_trouble_said or is_early or self._waiting or self.n_samples:
            return None
        self._is_trouble_said = True
        return f"stream: {self._no_sample()}"

    def _no_sample(self) -> str:
        """Return that there is no sample, the first reason, and what is expected, in words."""
        lines = "1 line" if self.n_lines == 1 else f"{self.n_lines or 'no'} lines"
        reason = f" ({self.first_malformed})" if self.first_malformed else ""
        return (
            f"found no sample in {lines}{reason}, expected names such as "
            f"{', '.join(self._channels)} and time_s, or an app's such as accX and timestamp, or "
            "say which they are: --columns acc_x=NAME,..."
        )

    def in_words(self) -> str:
        """Return the counts in one line."""
        example = f" ({self.first_malformed})" if self.first_malformed else ""
        return (
            f"lines: {self.n_lines}, malformed: {self.n_malformed}{example}, "
            f"filled in: {self.n_filled}, dropped: {self.n_dropped}, gaps: {self.n_gaps}"
        )


def _together(known: StreamFormat, reading: Reading) -> list[float]:
    """Return the values of all sensors, one after the other."""
    values: list[float] = []
    for sensor in known.sensors:
        if sensor not in reading.values:
            raise MalformedLineError(f"no values of {quoted(sensor.name)}")
        values += reading.values[sensor]
    return values
