"""Layouts: the sensors and times among the names of a heading or of the keys of an object."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from har.errors import DataError, listed, quoted
from har.reading.columns import LONGEST_HEADING, Heading, read_heading
from har.reading.sensors.names import is_of_core_motion
from har.reading.streams.readings import MalformedLineError, Reading, Sensor, number_of, stamp_of
from har.reading.times.time_units import time_unit_named
from har.reading.units import acc_unit_named, gyro_unit_named
from har.signals.channels import RAW_CHANNELS

_TIME_OF_SENSOR = re.compile(
    r"(?P<sensor>.+?)[\s_.]*time(?:_?stamp)?(?:[\s_]*since\w*)?\s*(?:[(\[](?P<unit>.*)[)\]])?",
    re.IGNORECASE,
)
# Names of accelerations that leave no doubt whether gravity is in them.
_SURE = re.compile(r"total|(?:including|with)[\s_]*g|g[\s_-]*f(?:orce)?[\s_.]*[xyz]", re.IGNORECASE)
# Cells of a sensor that was not read.
_NOTHING = ("", None)


@dataclass(frozen=True)
class Declared:
    """What the user says of a stream on the command line.

    Parameters
    ----------
    acc, gyro, time : str or None
        Units, which win over those in headings.
    names : mapping of str to str
        Names in the stream of ``"time"`` and of channels.
    needs_gyroscope : bool
        False if the gyroscope is to be left out.
    ignore_time : bool
        True if times are to be left out.
    """

    acc: str | None = None
    gyro: str | None = None
    time: str | None = None
    names: Mapping[str, str] | None = None
    needs_gyroscope: bool = True
    ignore_time: bool = False

    def of(self, kind: str) -> str | None:
        """Return the unit of a kind of sensor."""
        return self.gyro if kind == "gyro" else self.acc


@dataclass(frozen=True)
class Layout:
    """Places of values in a row.

    Parameters
    ----------
    names : tuple of str
        Name of each value.
    groups : tuple
        For each time in a row the index of its stamp, or None, and the sensors that were read then,
        each with the indices of its three axes.
    """

    names: tuple[str, ...]
    groups: tuple[tuple[int | None, tuple[tuple[Sensor, tuple[int, int, int]], ...]], ...]

    @property
    def sensors(self) -> tuple[Sensor, ...]:
        """All sensors."""
        return tuple(sensor for _, members in self.groups for sensor, _ in members)

    @property
    def names_beside(self) -> list[str]:
        """Names of values that are neither times nor of sensors."""
        used = {
            place
            for time, members in self.groups
            for place in (time, *(place for _, axes in members for place in axes))
        }
        return [name for place, name in enumerate(self.names) if place not in used]

    def readings(self, row: Sequence[Any]) -> list[Reading]:
        """Return the readings in a row; a sensor without any value in it is left out.

        Parameters
        ----------
        row : sequence
            A value for each name.

        Returns
        -------
        list of Reading

        Raises
        ------
        MalformedLineError
            If a value is no finite number, or there is none at all.
        """
        names, found = self.names, []
        for time, members in self.groups:
            values = {
                sensor: [number_of(row[axis], names[axis]) for axis in axes]
                for sensor, axes in members
                if len(members) == 1
                or row[axes[0]] not in _NOTHING
                or any(row[axis] not in _NOTHING for axis in axes)
            }
            if not values:
                raise MalformedLineError(f"no value of {names[members[0][1][0]]}")
            stamp, is_date = (None, False) if time is None else stamp_of(row[time], names[time])
            found.append(Reading(stamp, is_date, values))
        return found


def layout_of(names: tuple[str, ...], declared: Declared) -> Layout:
    """Find sensors and times among names.

    Parameters
    ----------
    names : tuple of str
        Headings, or paths of keys in an object such as ``"acc.x"``.
    declared : Declared
        Units and names from the command line.

    Returns
    -------
    Layout
        Without any group if there is no sensor.

    Raises
    ------
    DataError
        If two names could be the same channel, an axis is missing, or a unit is unknown.
    """
    read = [read_heading(name) for name in names]
    if set(RAW_CHANNELS) <= set(names):
        read = [
            heading
            if heading.text in RAW_CHANNELS or heading.role == "time"
            else replace(heading, role=None)
            for heading in read
        ]
    for role, name in (declared.names or {}).items():
        read = [
            replace(h, role=role if h.text == name else None if h.role == role else h.role)
            for h in read
        ]
    groups: dict[int | None, list[tuple[Sensor, tuple[int, int, int]]]] = {}
    left_out = set() if declared.needs_gyroscope else {"gyro"}
    for kind in ("acc", "linear", "gravity", "gyro"):
        axes = None if kind in left_out else _axes_of(kind, read)
        if axes is None:
            continue
        if kind == "acc":
            # Beside acceleration with gravity, its parts are not needed.
            left_out |= {"linear", "gravity"}
        name = _without_axis(names[axes[0]])
        time, time_unit = (None, None) if declared.ignore_time else _time_of(kind, name, read)
        unit = declared.of(kind) or _unit_of(kind, [read[axis] for axis in axes])
        sign = -1 if kind != "gyro" and _has_apples_signs(names) else 1
        sensor = Sensor(kind, name, unit, declared.time or time_unit, sign)
        groups.setdefault(time, []).append((sensor, axes))
    return Layout(names, tuple((time, tuple(members)) for time, members in groups.items()))


def _axes_of(kind: str, read: Sequence[Heading]) -> tuple[int, int, int] | None:
    """Return the places of the axes of a kind of sensor; None if there is none of them."""
    places = []
    for axis in "xyz":
        rivals = [place for place, heading in enumerate(read) if heading.role == f"{kind}_{axis}"]
        rivals = [place for place in rivals if not read[place].is_second] or rivals
        if len(rivals) > 1:
            sure = [place for place in rivals if _SURE.search(read[place].text)]
            rivals = sure if len(sure) == 1 else rivals
        if len(rivals) > 1:
            found = " and ".join(quoted(read[place].text) for place in rivals)
            raise DataError(
                f"found {found} for {kind}_{axis}, expected one: say which in "
                f"--columns {kind}_{axis}=NAME"
            )
        places += rivals
    if not places:
        return None
    if len(places) < 3:
        found = listed(read[place].text for place in places)
        raise DataError(f"found only {found} of {kind}, expected all of x, y and z")
    x, y, z = places
    return x, y, z


def _without_axis(name: str) -> str:
    """Return a name without its unit and its axis."""
    return re.sub(r"[\s_.-]*x\s*$", "", re.sub(r"[(\[].*?[)\]]", "", name), flags=re.IGNORECASE)


def _time_of(kind: str, sensor: str, read: Sequence[Heading]) -> tuple[int | None, str | None]:
    """Return the place of a sensor's stamps, and their declared unit: its own before the row's."""
    for place, heading in enumerate(read):
        own = _TIME_OF_SENSOR.fullmatch(heading.text[:LONGEST_HEADING])
        if heading.text.startswith(f"{sensor}."):
            within = read_heading(heading.text[len(sensor) + 1 :])
            if within.role == "time":
                return place, _time_unit(within.unit)
        elif (
            heading.role is None and own and read_heading(f"{own['sensor']}.x").role == f"{kind}_x"
        ):
            return place, _time_unit(own["unit"])
    places = [place for place, heading in enumerate(read) if heading.role == "time"]
    if not places:
        return None, None
    # Of several clocks the plain one, else one whose unit is known.
    best = min(
        places,
        key=lambda place: (read[place].text != "time_s", _time_unit(read[place].unit) is None),
    )
    return best, _time_unit(read[best].unit)


def _time_unit(text: str | None) -> str | None:
    """Return a unit of time, None for brackets such as (txt) that name none."""
    try:
        return time_unit_named(text, "") if text else None
    except DataError:
        return None


def _unit_of(kind: str, axes: Sequence[Heading]) -> str | None:
    """Return the unit that the names of a sensor's axes declare, if any."""
    named: Callable[[str, str], str] = gyro_unit_named if kind == "gyro" else acc_unit_named
    units = {named(heading.unit, quoted(heading.text)) for heading in axes if heading.unit}
    if len(units) > 1:
        raise DataError(f"found {' and '.join(sorted(units))} in one sensor, expected one unit")
    return next(iter(units), None)


def _has_apples_signs(names: Sequence[str]) -> bool:
    """Return whether the names, or the last two keys to a value, are those of Core Motion."""
    return any(is_of_core_motion("".join(name.split(".")[-2:])) for name in names)
