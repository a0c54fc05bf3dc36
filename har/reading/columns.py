"""Which column of a table is what, by the names that phones' apps give them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from har.errors import DataError
from har.reading.units import ACC_FACTORS, GYRO_FACTORS, unit_named
from har.signals import RAW_CHANNELS

PLAIN_HEADING = ("time_s", *RAW_CHANNELS)

# Written without blanks, signs and capitals, as `_Heading.letters` has them.
_ACC = (
    "a|acc|accel|accelerometer|acceleration|accelerometeracceleration|totalacc|totalaccel|"
    "totalacceleration|accelerationincludinggravity|accelerationwithgravity|rawacc"
)
_GYRO = (
    "g|w|gyr|gyro|gyroscope|gyrorotation|gyroscoperotation|omega|angularvelocity|angularrate|"
    "rotationrate|gyrorotationrate|motionrotationrate"
)
_LINEAR = (
    "useracc|useraccel|useracceleration|motionuseracceleration|linacc|linearacc|linearaccel|"
    "linearacceleration|linearaccelerometer|bodyacc|lacc"
)
_ACC_UNIT, _GYRO_UNIT = "g|mg|ms2|mps2|mss", "rads|rps|degs|dps"
_CHANNELS = {
    "acc": re.compile(rf"({_ACC})(?P<axis>[xyz])(?P<unit>{_ACC_UNIT})?"),
    "gyro": re.compile(rf"({_GYRO})(?P<axis>[xyz])(?P<unit>{_GYRO_UNIT})?"),
    "linear": re.compile(rf"({_LINEAR})(?P<axis>[xyz])({_ACC_UNIT})?"),
}
_TIME = re.compile(
    r"(sample|logging|sensor|elapsed|relative|unix|epoch)?_?"
    r"(time|times|time_?stamp|date_?time|t|ts|elapsed|seconds|milliseconds|unix|epoch)"
    r"(_?elapsed|_?since_?start)?(_(?P<unit>s|sec|seconds|ms|us|µs|ns))?"
)
_TIME_UNITS = {"sec": "s", "second": "s", "seconds": "s", "msec": "ms", "milliseconds": "ms"}
_TIME_UNITS |= {"µs": "us", "μs": "us", "microseconds": "us", "nanoseconds": "ns"}
TIME_UNITS = ("s", "ms", "us", "ns")


@dataclass(frozen=True)
class Columns:
    """Where in a table the signals are, and the units their headings declare.

    Parameters
    ----------
    places : dict of str to int
        The place of ``"time"`` (if there) and of each channel, in this order.
    names : dict of str to str
        Their headings.
    time_unit, acc_unit, gyro_unit : str or None
        As written in the headings.
    """

    places: dict[str, int]
    names: dict[str, str]
    time_unit: str | None
    acc_unit: str | None
    gyro_unit: str | None

    @property
    def channels(self) -> tuple[str, ...]:
        """The channels that are there."""
        return tuple(name for name in self.places if name != "time")

    def without_time(self) -> Columns:
        """Leave the time stamps out."""
        places = {role: place for role, place in self.places.items() if role != "time"}
        return replace(self, places=places)

    def named(self, role: str) -> str:
        """Name a column in a message."""
        return f"column {self.names[role]!r}"


@dataclass(frozen=True)
class _Heading:
    """A heading, taken apart."""

    role: str | None
    unit: str | None


def time_unit_named(text: str, place: str) -> str:
    """Find the unit of time that a user or a heading means.

    Parameters
    ----------
    text : str
        As written.
    place : str
        The file and heading, or the argument, for the message.

    Returns
    -------
    str
        One of `TIME_UNITS`.

    Raises
    ------
    DataError
        If it is none of them.
    """
    name = _TIME_UNITS.get(text.strip().lower(), text.strip().lower())
    if name not in TIME_UNITS:
        raise DataError(f"{place}: found unit {text!r}, expected one of {', '.join(TIME_UNITS)}")
    return name


def _read_heading(text: str) -> _Heading:
    bracket = re.search(r"[(\[{](.*?)[)\]}]", text)
    bare = re.sub(r"[(\[{].*?[)\]}]", "", text).strip().lower()
    in_bracket = bracket[1].strip() if bracket else None
    if time := _TIME.fullmatch(re.sub(r"[\s\-.]+", "_", bare)):
        whole = _TIME_UNITS.get(bare) if bare in ("seconds", "milliseconds") else None
        if bare.startswith("seconds"):
            whole = "s"
        return _Heading("time", in_bracket or time["unit"] or whole)
    letters = re.sub(r"[^a-z0-9]", "", bare)
    for sensor, pattern in _CHANNELS.items():
        if channel := pattern.fullmatch(letters):
            unit = channel.groupdict().get("unit")
            return _Heading(f"{sensor}_{channel['axis']}", in_bracket or unit)
    return _Heading(None, in_bracket)


def has_gyroscope(headings: Sequence[str]) -> bool:
    """Tell whether a table has columns of angular rate, complete or not."""
    roles = (_read_heading(text).role or "" for text in headings)
    return any(role.startswith("gyro") for role in roles)


def find_columns(
    headings: Sequence[str],
    place: str,
    named: Mapping[str, str] | None = None,
    needs_gyroscope: bool = True,
    needs_time: bool = True,
) -> Columns:
    """Find time, acceleration and angular rate among the columns of a table.

    Parameters
    ----------
    headings : sequence of str
        The names of all columns.
    place : str
        The file, for messages.
    named : mapping of str to str, optional
        The user's word for it: ``{"acc_x": "my column"}``. Wins over what a name looks like.
    needs_gyroscope, needs_time : bool
        Whether they must be there. A gyroscope that is not needed is left out.

    Returns
    -------
    Columns

    Raises
    ------
    DataError
        If a column is missing, two could be the same one, or there is only acceleration without
        gravity.
    """
    named = named or {}
    _check_named(named, headings, place)
    read = [_read_heading(text) for text in headings]
    wanted = ("time", *(RAW_CHANNELS if needs_gyroscope else RAW_CHANNELS[:3]))
    candidates = {
        role: [i for i, text in enumerate(headings) if text == named[role]]
        if role in named
        else [i for i, heading in enumerate(read) if heading.role == role]
        for role in wanted
    }
    for role, rivals in candidates.items():
        if len(rivals) > 1:
            found = " and ".join(repr(headings[i]) for i in rivals)
            raise DataError(
                f"{place}: found {found} for {role}, expected one: "
                f"say which with columns={{{role!r}: ...}}"
            )
    missing = [role for role in wanted if not candidates[role] and (needs_time or role != "time")]
    if missing:
        raise _missing(missing, headings, [heading.role for heading in read], place)
    places = {role: found[0] for role, found in candidates.items() if found}
    units = {role: read[i].unit for role, i in places.items()}
    return Columns(
        places,
        {role: headings[i] for role, i in places.items()},
        units.get("time"),
        _common_unit(units, "acc", headings, places, place),
        _common_unit(units, "gyro", headings, places, place),
    )


def _check_named(named: Mapping[str, str], headings: Sequence[str], place: str) -> None:
    for role, heading in named.items():
        if role not in ("time", *RAW_CHANNELS):
            known = ", ".join(("time", *RAW_CHANNELS))
            raise DataError(f"columns: found {role!r}, expected one of {known}")
        if heading not in headings:
            raise DataError(
                f"{place}: found no column {heading!r} for {role}, "
                f"expected one of {_listed(headings)}"
            )


def _missing(
    missing: Sequence[str], headings: Sequence[str], roles: Sequence[str | None], place: str
) -> DataError:
    """Say which columns are missing, and why if it can be seen."""
    linear = [
        text
        for text, role in zip(headings, roles, strict=True)
        if role is not None and role.startswith("linear_")
    ]
    if missing[0] == "time" and len(missing) == 1:
        return DataError(
            f"{place}: found columns {_listed(headings)}, expected a column of time stamps, "
            "or the rate in rate_hz"
        )
    if linear and any(role.startswith("acc") for role in missing):
        return DataError(
            f"{place}: found only acceleration without gravity ({_listed(linear)}), expected "
            "acceleration with gravity: apps call it accelerometer, raw or total acceleration"
        )
    hint = ""
    if all(role.startswith("gyro") for role in missing):
        hint = "; a model of acceleration alone needs none"
    return DataError(
        f"{place}: found columns {_listed(headings)}, expected also {', '.join(missing)}: "
        f"name them so, or say which they are with columns={{...}}{hint}"
    )


def _common_unit(
    units: Mapping[str, str | None],
    sensor: str,
    headings: Sequence[str],
    places: Mapping[str, int],
    place: str,
) -> str | None:
    """Take the unit that all headings of a sensor declare."""
    factors = ACC_FACTORS if sensor == "acc" else GYRO_FACTORS
    declared = {
        role: unit_named(unit, factors, f"{place}, column {headings[places[role]]!r}")
        for role, unit in units.items()
        if role.startswith(sensor) and unit
    }
    if len(set(declared.values())) > 1:
        found = ", ".join(f"{headings[places[role]]!r}" for role in declared)
        raise DataError(f"{place}: found columns {found}, expected one unit for a sensor")
    return next(iter(declared.values()), None)


def _listed(names: Sequence[str], most: int = 12) -> str:
    rest = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + rest
