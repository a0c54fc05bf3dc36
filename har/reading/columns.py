"""The columns of a table: headings taken apart, and time and signals found among them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from har.errors import DataError
from har.reading.times.timestamps import time_unit_named
from har.reading.units import acc_unit_named, gyro_unit_named
from har.signals.channels import RAW_CHANNELS

PLAIN_HEADING = ("time_s", *RAW_CHANNELS)
_ROLES = ("time", *RAW_CHANNELS)

# Names of sensors and units without blanks, signs and capitals.
_ACC = (
    "a|acc|gf|gforce|accel|accelerometer|acceleration|accelerometeracceleration|totalacc|totalaccel|"
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
    "linear": re.compile(rf"({_LINEAR})(?P<axis>[xyz])(?P<unit>{_ACC_UNIT})?"),
}
# Words are parted by underscores: the s of time_s is a unit, that of ts is none.
_TIME = re.compile(
    r"(?:(?:sample|logging|sensor|elapsed|relative|unix|epoch)_?)?"
    r"(?:time|times|time_?stamp|date_?time|t|ts|elapsed|unix|epoch|(?P<whole>milliseconds|seconds))"
    r"(?:_?elapsed|_since_start)?(?:_(?P<unit>s|sec|seconds|ms|us|µs|ns))?"
)


@dataclass(frozen=True)
class Heading:
    """A heading, taken apart.

    Parameters
    ----------
    text : str
        The whole heading.
    role : str or None
        ``"time"``, a channel such as ``"acc_x"``, or ``"linear_x"`` for acceleration without
        gravity; None for anything else.
    unit : str or None
        Unit as written.
    """

    text: str
    role: str | None
    unit: str | None


def read_heading(text: str) -> Heading:
    """Take a heading apart.

    Parameters
    ----------
    text : str
        Heading such as ``"Acceleration x (m/s^2)"``, ``"gyroX"`` or ``"timestamp_ms"``.

    Returns
    -------
    Heading
    """
    bracket = re.search(r"[(\[](.*?)[)\]]", text)
    in_bracket = bracket[1].strip() if bracket else None
    bare = re.sub(r"[(\[].*?[)\]]", "", text).strip().lower()
    if time := _TIME.fullmatch(re.sub(r"[\s\-.]+", "_", bare)):
        return Heading(text, "time", in_bracket or time["unit"] or time["whole"])
    letters = re.sub(r"[^a-z0-9]", "", bare)
    for sensor, pattern in _CHANNELS.items():
        if channel := pattern.fullmatch(letters):
            return Heading(text, f"{sensor}_{channel['axis']}", in_bracket or channel["unit"])
    return Heading(text, None, in_bracket)


@dataclass(frozen=True)
class Columns:
    """The columns of time and signals in a table, and the units that their headings declare.

    Parameters
    ----------
    indices : dict of str to int
        Indices of the columns of ``"time"``, if there is one, and of each channel, in this order.
    names : dict of str to str
        Headings of these columns.
    time_unit, acc_unit, gyro_unit : str or None
        Declared units.
    leaves_gyroscope : bool
        True if there is a gyroscope that is not needed.
    """

    indices: dict[str, int]
    names: dict[str, str]
    time_unit: str | None
    acc_unit: str | None
    gyro_unit: str | None
    leaves_gyroscope: bool = False

    @property
    def channels(self) -> tuple[str, ...]:
        """Channels of the table."""
        return tuple(name for name in self.indices if name != "time")

    @property
    def notes(self) -> list[str]:
        """Columns that do not have the plain names, and a gyroscope that is left out."""
        plain = dict(zip(_ROLES, PLAIN_HEADING, strict=True))
        other = [
            f"{role} from {name!r}" for role, name in self.names.items() if name != plain[role]
        ]
        notes = [f"columns: {', '.join(other)}"] if other else []
        if self.leaves_gyroscope:
            notes.append("gyroscope: left out, as it is not needed")
        return notes

    def without_time(self) -> Columns:
        """Return the columns without that of time stamps."""
        indices = {role: index for role, index in self.indices.items() if role != "time"}
        return replace(self, indices=indices)

    def named(self, role: str) -> str:
        """Return the name of a column for a message."""
        return f"column {self.names[role]!r}"


def has_gyroscope(headings: Sequence[str]) -> bool:
    """Return whether a table has any column of angular rate."""
    return any((read_heading(text).role or "").startswith("gyro") for text in headings)


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
        Names of all columns. If all plain names are among them, the others are left out.
    place : str
        File, for messages.
    named : mapping of str to str, optional
        Columns named by the user, ``{"acc_x": "my column"}``, in place of recognised ones.
    needs_gyroscope, needs_time : bool
        True if they must be there. A gyroscope that is not needed is left out.

    Returns
    -------
    Columns

    Raises
    ------
    DataError
        If a column is missing, two columns could be the same channel, or acceleration has no
        gravity.
    """
    named = named or {}
    _check_named(named, headings, place)
    read = [read_heading(text) for text in headings]
    if set(PLAIN_HEADING) <= set(headings):
        read = [
            heading if heading.text in PLAIN_HEADING else replace(heading, role=None)
            for heading in read
        ]
    indices: dict[str, int] = {}
    for role in _ROLES if needs_gyroscope else _ROLES[:4]:
        index = _index_of(role, read, named.get(role), place)
        if index is not None:
            indices[role] = index
        elif role != "time":
            raise _no_channel(role, read, place)
        elif needs_time:
            raise DataError(
                f"{place}: found columns {_listed(headings)}, expected one of time stamps "
                "such as time_s, or the rate in rate_hz"
            )
    _check_each_once(indices, headings, place)
    chosen = {role: read[i] for role, i in indices.items()}
    return Columns(
        indices,
        {role: heading.text for role, heading in chosen.items()},
        _declared("time", chosen, time_unit_named, place),
        _declared("acc", chosen, acc_unit_named, place),
        _declared("gyro", chosen, gyro_unit_named, place),
        not needs_gyroscope and any((heading.role or "").startswith("gyro") for heading in read),
    )


def _check_named(named: Mapping[str, str], headings: Sequence[str], place: str) -> None:
    for role, heading in named.items():
        if role not in _ROLES:
            raise DataError(f"columns: found {role!r}, expected one of {', '.join(_ROLES)}")
        if heading not in headings:
            raise DataError(
                f"{place}: found no column {heading!r} for {role}, "
                f"expected one of {_listed(headings)}"
            )


def _index_of(role: str, headings: Sequence[Heading], named: str | None, place: str) -> int | None:
    """Return the only column of a role, if there is one."""
    rivals = [
        index
        for index, heading in enumerate(headings)
        if (heading.role == role if named is None else heading.text == named)
    ]
    if len(rivals) > 1:
        found = " and ".join(repr(headings[index].text) for index in rivals)
        raise DataError(
            f"{place}: found {found} for {role}, expected one: "
            f"say which in columns={{{role!r}: ...}}"
        )
    return rivals[0] if rivals else None


def _check_each_once(indices: Mapping[str, int], headings: Sequence[str], place: str) -> None:
    every = list(indices.values())
    twice = [role for role, index in indices.items() if every.count(index) > 1]
    if twice:
        found = repr(headings[indices[twice[0]]])
        raise DataError(f"{place}: found {found} for {' and '.join(twice)}, expected it for one")


def _no_channel(channel: str, headings: Sequence[Heading], place: str) -> DataError:
    """Make the error for a missing channel, with the cause if the headings show it."""
    linear = [heading.text for heading in headings if (heading.role or "").startswith("linear")]
    if linear and channel.startswith("acc"):
        return DataError(
            f"{place}: found only acceleration without gravity ({_listed(linear)}), expected "
            "acceleration with gravity: apps call it accelerometer, raw or total acceleration"
        )
    if channel == "gyro_x" and not has_gyroscope([heading.text for heading in headings]):
        return DataError(
            f"{place}: found no gyroscope among columns "
            f"{_listed([heading.text for heading in headings])}, expected one: name its columns "
            "(--columns gyro_x=…), or train without one (har train --data.sensors acc)"
        )
    return DataError(
        f"{place}: found columns {_listed([heading.text for heading in headings])}, expected also "
        f"{channel}: name it so, or say which it is in columns={{{channel!r}: ...}}"
    )


def _declared(
    sensor: str, chosen: Mapping[str, Heading], unit_named: Callable[[str, str], str], place: str
) -> str | None:
    """Return the unit that the headings of a sensor declare, if any."""
    units = {
        heading.text: unit_named(heading.unit, f"{place}, column {heading.text!r}")
        for role, heading in chosen.items()
        if role.startswith(sensor) and heading.unit
    }
    if len(set(units.values())) > 1:
        raise DataError(f"{place}: found different units in {_listed(list(units))}, expected one")
    return next(iter(units.values()), None)


def _listed(names: Sequence[str], most: int = 12) -> str:
    rest = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + rest
