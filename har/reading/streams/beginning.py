"""The first second of a stream: which sensors it has, and in which units it writes them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from har.arrays import FloatArray
from har.errors import DataError, listed, quoted
from har.reading.sensors.names import is_of_another_device
from har.reading.streams.json_forms import SENSOR_LOGGER_LINEAR, SENSOR_LOGGER_RAW
from har.reading.streams.readings import Reading, Sensor, Stamp
from har.reading.times.clock import check_rate
from har.reading.times.time_units import DECLARABLE, NAMES, SECONDS, likely_time_unit
from har.reading.units import ACC_FACTORS, GYRO_FACTORS, LARGEST_RAD_PER_S
from har.signals.channels import SAMPLE_RATE_HZ

_FEWEST_READINGS = 50
_SHORTEST_S = 1.0
# A missing sensor may begin a little later than the others.
_LONGEST_WAIT = 250
# Slots nearest to stamps neither repeat nor skip a sample more than once a second.
_RATE_TOLERANCE = 0.01
_TOGETHER_SHARE = 0.5
_MOST_ODD_STAMPS = 0.2
_BURST_FACTOR = 1.5
_FEWEST_STAMPS = 3
_FEWEST_TO_JUDGE = 20
# Sensors that are taken only where there is no other of the kind.
_SECOND_CHOICE = re.compile("uncal", re.IGNORECASE)
_WORDS = {
    "acc": "acceleration",
    "linear": "acceleration without gravity",
    "gravity": "gravity",
    "gyro": "gyroscope",
}
_CURE = "; with --ignore-time each line counts as one of 50 samples a second"


@dataclass(frozen=True)
class StreamFormat:
    """What the first second of a stream shows.

    Parameters
    ----------
    sensors : tuple of Sensor
        Sensors of a sample: acceleration, or its parts without gravity and gravity, then the
        gyroscope, if it is needed.
    factors : tuple of float
        Factors, three for each sensor, that bring their values to g and rad/s, with the sign.
    zero : int, float or None
        Stamp of the first sample; None without time.
    seconds : float
        Seconds per unit of stamps.
    is_regular : bool
        True if all sensors are read together, 50 times a second: slots are those nearest to the
        stamps. Else values are interpolated.
    notes : tuple of str
        Assumptions and conversions.
    doubts : tuple of str
        Possible errors that do not show in the values.
    """

    sensors: tuple[Sensor, ...]
    factors: tuple[float, ...]
    zero: Stamp | None
    seconds: float
    is_regular: bool
    notes: tuple[str, ...]
    doubts: tuple[str, ...] = ()

    @property
    def has_parts(self) -> bool:
        """Whether acceleration is the sum of the first two sensors."""
        return self.sensors[0].kind == "linear"


class _Collected:
    """Readings of the sensors that make a sample.

    Parameters
    ----------
    readings : sequence of Reading
        All readings so far.
    sensors : tuple of Sensor
        Sensors of a sample.
    """

    def __init__(self, readings: Sequence[Reading], sensors: tuple[Sensor, ...]) -> None:
        self.sensors = sensors
        self.of = {
            sensor: [reading for reading in readings if sensor in reading.values]
            for sensor in sensors
        }
        self.values = {
            sensor: np.array([reading.values[sensor] for reading in found])
            for sensor, found in self.of.items()
        }
        n_together = sum(all(sensor in r.values for sensor in sensors) for r in readings)
        n_any = sum(any(sensor in r.values for sensor in sensors) for r in readings)
        self.are_together = n_together >= _TOGETHER_SHARE * n_any


def format_of(
    readings: Sequence[Reading], needs_gyroscope: bool, is_last: bool = False
) -> StreamFormat | None:
    """Return the format of a stream, as soon as there is enough to tell it.

    Parameters
    ----------
    readings : sequence of Reading
        All readings so far.
    needs_gyroscope : bool
        True if samples have angular rates.
    is_last : bool
        True at the end of the stream, when what there is has to do.

    Returns
    -------
    StreamFormat or None

    Raises
    ------
    DataError
        If a sensor is missing, stamps are of no use, or their unit cannot be told.
    """
    if not readings:
        return None
    sensors, missing = _sensors_of(readings, needs_gyroscope)
    if missing is not None:
        if is_last or len(readings) >= _LONGEST_WAIT:
            raise DataError(f"stream: {missing}")
        return None
    collected = _Collected(readings, sensors)
    if readings[0].stamp is None:
        return _format_without_time(collected, is_last)
    if not is_last and min(map(len, collected.of.values())) < _FEWEST_READINGS:
        return None
    return _format_with_time(collected, readings[0].stamp, is_last)


def _format_without_time(collected: _Collected, is_last: bool) -> StreamFormat | None:
    """Return the format of samples that are 20 ms apart."""
    is_declared = all(sensor.unit for sensor in collected.sensors)
    n_readings = min(map(len, collected.of.values()))
    if not (is_declared or is_last or n_readings >= _FEWEST_READINGS):
        return None
    if not collected.are_together:
        raise DataError(
            "stream: found sensors in lines of their own without times, "
            "expected a time in each, such as time_s or timestamp"
        )
    factors, notes = _factors_of(collected)
    notes.append(f"time: none, so each line is one of {SAMPLE_RATE_HZ:g} samples a second")
    return StreamFormat(collected.sensors, factors, None, 1.0, True, tuple(notes))


def _format_with_time(collected: _Collected, zero: Stamp, is_last: bool) -> StreamFormat | None:
    """Return the format of samples with stamps, whose unit and rate they show."""
    times: dict[Sensor, FloatArray] = {}
    unit: str | None = None
    for sensor in collected.sensors:
        stamps = np.array([reading.stamp for reading in collected.of[sensor]], dtype=np.float64)
        if len(stamps) >= _FEWEST_TO_JUDGE:
            _check_stamps(sensor, stamps, collected)
        is_date = collected.of[sensor][0].is_date
        unit = unit or _time_unit(sensor, is_date, stamps)
        if not is_date and sensor.time_unit not in (None, unit):
            raise DataError(
                f"time: found {quoted(sensor.name)} in {sensor.time_unit} and others in {unit}, "
                "expected one unit"
            )
        times[sensor] = (stamps - stamps[0]) * SECONDS[unit]
        if not is_last and np.ptp(times[sensor]) < _SHORTEST_S:
            return None
    rates_hz = [_rate_of(times[sensor], sensor, is_last) for sensor in collected.sensors]
    is_regular = abs(rates_hz[0] / SAMPLE_RATE_HZ - 1) <= _RATE_TOLERANCE
    n_stamps = len(times[collected.sensors[0]])
    is_regular = collected.are_together and (is_regular or n_stamps < _FEWEST_TO_JUDGE)
    factors, notes = _factors_of(collected)
    unit = unit or "s"
    notes.append(
        f"time: in {NAMES[unit]}, "
        + ", ".join(f"{quoted(s.name)} at {r:.4g} Hz" for s, r in zip(times, rates_hz, strict=True))
        + ("" if is_regular else f", interpolated to {SAMPLE_RATE_HZ:g} Hz")
    )
    return StreamFormat(
        collected.sensors,
        factors,
        zero,
        SECONDS[unit],
        is_regular,
        tuple(notes),
        _doubts_of(collected.sensors),
    )


def _sensors_of(
    readings: Sequence[Reading], needs_gyroscope: bool
) -> tuple[tuple[Sensor, ...], str | None]:
    """Return the sensors of a sample, or what is missing in words."""
    seen = Counter(sensor for reading in readings for sensor in reading.values)
    # Of a phone and a watch the phone, unless the watch alone is there.
    is_apart = {sensor: is_of_another_device(sensor.name) for sensor in seen}
    device = min((is_apart[s] for s in seen if s.kind != "gyro"), default=False)
    best: dict[str, Sensor] = {}
    for sensor in sorted(seen, key=lambda s: (not _SECOND_CHOICE.search(s.name), seen[s])):
        if is_apart[sensor] == device:
            best[sensor.kind] = sensor
    names = listed(sensor.name for sensor in seen)
    has_parts = "linear" in best and "gravity" in best
    if "acc" not in best and not has_parts:
        return (), (
            f"found {names} only, expected acceleration with gravity: apps call it accelerometer, "
            "raw or total acceleration; in Sensor Logger switch on Total Acceleration, or Gravity "
            "beside Accelerometer"
        )
    if needs_gyroscope and "gyro" not in best:
        return (), f"found {names} only, expected a gyroscope, too, which this model needs"
    kinds = ("acc",) if "acc" in best else ("linear", "gravity")
    kinds = (*kinds, "gyro") if needs_gyroscope else kinds
    return tuple(best[kind] for kind in kinds), None


def _factors_of(collected: _Collected) -> tuple[tuple[float, ...], list[str]]:
    """Return the factors of the sensors' values, and notes on sums, signs and units."""
    factors: list[float] = []
    notes: list[str] = []
    acc_units = _acc_units(collected)
    has_apples_signs = any(sensor.sign < 0 for sensor in collected.sensors)
    for sensor in collected.sensors:
        if sensor.kind == "gyro":
            unit, evidence = _gyro_unit(sensor, collected.values[sensor])
            factors += [GYRO_FACTORS[unit]] * 3
        else:
            unit, evidence = acc_units[sensor]
            # In g it is Apple's own value: https://github.com/tszheichoi/awesome-sensor-logger,
            # UNITS.md and COORDINATES.md.
            has_apples_signs |= sensor.name == SENSOR_LOGGER_RAW and unit == "g"
            factors += [ACC_FACTORS[unit] * (-1 if has_apples_signs else 1)] * 3
        notes.append(f"{_WORDS[sensor.kind]}: {quoted(sensor.name)} in {unit}, {evidence}")
    if collected.sensors[0].kind == "linear":
        notes.append("acceleration: the sum of that without gravity and of gravity")
    if has_apples_signs:
        notes.append("acceleration: all signs reversed, as the names or units are Apple's")
    return tuple(factors), notes


def _doubts_of(sensors: tuple[Sensor, ...]) -> tuple[str, ...]:
    """Return the doubt about signs that neither names nor values show."""
    if sensors[0].name != SENSOR_LOGGER_LINEAR:
        return ()
    return (
        "signs: on an iPhone, Sensor Logger's acceleration has all signs reversed unless "
        "Standardise Units & Frames is on in its settings: switch it on there",
    )


def _acc_units(collected: _Collected) -> dict[Sensor, tuple[str, str]]:
    """Return the units of acceleration, declared or told from its length, with the evidence."""
    units = {}
    for sensor in collected.sensors:
        if sensor.kind == "gyro":
            continue
        if sensor.unit:
            units[sensor] = sensor.unit, "as declared"
            continue
        # The length of acceleration without gravity says nothing; gravity's does.
        gravity = next(s for s in reversed(collected.sensors) if s.kind in ("acc", "gravity"))
        if gravity.unit:
            units[sensor] = gravity.unit, "as gravity"
            continue
        length = float(np.median(np.linalg.norm(collected.values[gravity], axis=1)))
        ratios = {unit: abs(np.log(max(length * f, 1e-9))) for unit, f in ACC_FACTORS.items()}
        unit = min(ratios, key=lambda name: ratios[name])
        units[sensor] = unit, f"told from the median length {length:.3g}"
    return units


def _gyro_unit(sensor: Sensor, values: FloatArray) -> tuple[str, str]:
    """Return the unit of angular rate, declared or told from its largest value."""
    if sensor.unit:
        return sensor.unit, "as declared"
    largest = float(np.abs(values).max())
    for unit, factor in GYRO_FACTORS.items():
        if largest * factor <= LARGEST_RAD_PER_S:
            return unit, f"assumed: no value is above {LARGEST_RAD_PER_S / factor:.0f}"
    return unit, f"assumed, as values are up to {largest:.3g}"


def _check_stamps(sensor: Sensor, stamps: FloatArray, collected: _Collected) -> None:
    """Refuse stamps of packets: the same for several samples, which are not there twice."""
    steps = np.diff(stamps)
    has_changed = (np.diff(collected.values[sensor], axis=0) != 0).any(axis=1)
    n_odd = int(((steps < 0) | ((steps == 0) & has_changed)).sum())
    if n_odd > _MOST_ODD_STAMPS * len(steps):
        raise DataError(
            f"time: found the stamp of an earlier sample in {n_odd} of {len(stamps)} of "
            f"{quoted(sensor.name)}, expected one for each sample{_CURE}"
        )


def _time_unit(sensor: Sensor, is_date: bool, stamps: FloatArray) -> str:
    """Return the unit of a sensor's stamps, declared or told from their size and steps."""
    if is_date:
        return "ns"
    if sensor.time_unit:
        return sensor.time_unit
    if len(stamps) < _FEWEST_STAMPS:
        return "s"
    steps = np.diff(stamps)
    step = float(np.median(steps[steps > 0])) if (steps > 0).any() else 0.0
    unit = likely_time_unit(step, float(np.median(stamps))) if step else None
    if unit is None:
        raise DataError(
            f"time: found steps of {step:g} in {quoted(sensor.name)}, expected 10 to 1000 samples "
            f"a second: give --time-unit ({', '.join(DECLARABLE)}){_CURE}"
        )
    return unit


def _rate_of(times_s: FloatArray, sensor: Sensor, is_last: bool) -> float:
    """Return the samples a second, without those that were lost; refuse rates of no use."""
    steps = np.diff(times_s)
    steps = steps[steps > 0]
    if not len(steps):
        return SAMPLE_RATE_HZ
    # Where samples are missing, steps are two or more times as long.
    complete = steps[steps <= 1.5 * np.median(steps)]
    rate_hz = len(complete) / float(complete.sum())
    if is_last:
        return rate_hz
    overall_hz = len(steps) / float(times_s.max() - times_s.min())
    if rate_hz > _BURST_FACTOR * overall_hz and abs(overall_hz / SAMPLE_RATE_HZ - 1) < 0.1:
        raise DataError(
            f"time: found bursts of samples at {rate_hz:.4g} Hz in {quoted(sensor.name)}, and "
            f"{overall_hz:.3g} a second on the whole, expected the time when each was measured, "
            f"not when it came{_CURE}"
        )
    check_rate(rate_hz, f"time, {quoted(sensor.name)}")
    return rate_hz
