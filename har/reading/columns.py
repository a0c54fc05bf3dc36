"""The columns of a table: headings taken apart, and time and signals found among them."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from har.errors import DataError
from har.reading.sensor_names import axis_named, is_of_core_motion, words_of
from har.reading.times.timestamps import time_unit_named
from har.reading.units import acc_unit_named, gyro_unit_named
from har.signals.channels import RAW_CHANNELS

PLAIN_HEADING = ("time_s", *RAW_CHANNELS)
_ROLES = ("time", *RAW_CHANNELS)

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
        ``"time"``, a channel such as ``"acc_x"``, ``"linear_x"`` or ``"gravity_x"`` for
        acceleration without gravity and gravity alone, or ``"axis_x"`` for an axis of a sensor that
        the heading does not name; None for anything else.
    unit : str or None
        Unit as written.
    group : str
        Words that name a device, or one of several sensors.
    is_second : bool
        True for what is taken only where there is nothing else of its kind, such as values that
        are not calibrated.
    """

    text: str
    role: str | None
    unit: str | None
    group: str = ""
    is_second: bool = False

    @property
    def sensor(self) -> str:
        """Kind of sensor, the first word of the role."""
        return (self.role or "").partition("_")[0]


# What a bracket behind a name of time says without being a unit: of text, a zone, a format.
_NO_UNIT_OF_TIME = re.compile(
    r"text|txt|n|r|(utc|gmt|z|local|system|phone|unix|epoch|iso[ _-]?8601)( .*|[+-]\d.*)?"
    r"|[+-]\d\d:?\d\d"
    r"|[ymdhs:/. \-f,t']{5,}"
)
# m/(s^2) has one inside.
_BRACKET = re.compile(r"[(\[](.*?)[)\]]\)?")


def _bare(text: str) -> str:
    """Return a heading without what stands in brackets."""
    return _BRACKET.sub("", text).strip()


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
    bracket = _BRACKET.search(text)
    in_bracket = bracket[1].strip() if bracket else None
    bare = _bare(text)
    if time := _TIME.fullmatch(re.sub(r"[\s\-.]+", "_", bare.lower())):
        says_no_unit = in_bracket and _NO_UNIT_OF_TIME.fullmatch(in_bracket.lower())
        in_bracket = None if says_no_unit else in_bracket
        return Heading(text, "time", in_bracket or time["unit"] or time["whole"])
    if name := axis_named(bare):
        role = f"{name.sensor}_{name.axis}"
        return Heading(text, role, in_bracket or name.unit, name.group, name.is_second)
    return Heading(text, None, in_bracket)


@dataclass(frozen=True)
class Columns:
    """The columns of time and signals in a table, and the units that their headings declare.

    Parameters
    ----------
    indices : dict of str to int
        Indices of the columns of ``"time"``, if there is one, and of each channel, in this order;
        and of ``"linear_x"`` and so on, if acceleration is the sum of gravity and of these.
    names : dict of str to str
        Headings of these columns.
    time_unit, acc_unit, gyro_unit : str or None
        Declared units.
    leaves_gyroscope : bool
        True if there is a gyroscope that is not needed.
    is_reversed : bool
        True if all three signs of acceleration are Apple's; see `har.reading.sensor_names`.
    """

    indices: dict[str, int]
    names: dict[str, str]
    time_unit: str | None
    acc_unit: str | None
    gyro_unit: str | None
    leaves_gyroscope: bool = False
    is_reversed: bool = False

    @property
    def channels(self) -> tuple[str, ...]:
        """Channels of the table."""
        return tuple(name for name in self.indices if name in RAW_CHANNELS)

    @property
    def is_sum(self) -> bool:
        """True if acceleration is the sum of two columns for each axis."""
        return "linear_x" in self.indices

    @property
    def notes(self) -> list[str]:
        """Columns that do not have the plain names, sums, signs, and what is left out."""
        plain = dict(zip(_ROLES, PLAIN_HEADING, strict=True))
        other = [
            f"{role} from {self._described(role)}"
            for role in _ROLES
            if role in self.names and self.names[role] != plain[role]
        ]
        notes = [f"columns: {', '.join(other)}"] if other else []
        if self.is_sum:
            notes.append("acceleration: the sum of gravity and of acceleration without gravity")
        if self.is_reversed:
            notes.append(REVERSED_NOTE)
        if self.leaves_gyroscope:
            notes.append("gyroscope: left out, as it is not needed")
        return notes

    def _described(self, role: str) -> str:
        addend = f"linear_{role[-1]}" if role.startswith("acc") else ""
        text = repr(self.names[role])
        return f"{text} + {self.names[addend]!r}" if addend in self.names else text

    def without_time(self) -> Columns:
        """Return the columns without that of time stamps."""
        indices = {role: index for role, index in self.indices.items() if role != "time"}
        return replace(self, indices=indices)

    def named(self, role: str) -> str:
        """Return the name of a column for a message."""
        return f"column {self.names[role]!r}"


REVERSED_NOTE = (
    "signs: all three signs of acceleration turned round, as they are Apple's: at rest -1 g upwards"
)


def sensors_in(headings: Sequence[str]) -> frozenset[str]:
    """Return the kinds of sensors that headings name all three axes of.

    Parameters
    ----------
    headings : sequence of str
        Names of all columns of a table.

    Returns
    -------
    frozenset of str
        Of ``"acc"``, ``"gyro"``, ``"linear"``, ``"gravity"``, and ``"axis"`` for x, y, z alone.
    """
    roles = {heading.role for heading in _read_all(headings)}
    kinds = {(role or "").partition("_")[0] for role in roles} - {"", "time"}
    return frozenset(kind for kind in kinds if {f"{kind}_{axis}" for axis in "xyz"} <= roles)


def has_gyroscope(headings: Sequence[str]) -> bool:
    """Return whether a table has any column of angular rate."""
    return any(read_heading(text).sensor == "gyro" for text in headings)


def _read_all(headings: Sequence[str]) -> list[Heading]:
    """Take all headings apart, and take ``ax`` for acceleration without gravity beside ``gFx``."""
    if set(PLAIN_HEADING) <= set(headings):
        return [read_heading(h) if h in PLAIN_HEADING else Heading(h, None, None) for h in headings]
    read = [read_heading(text) for text in headings]
    if any(re.match(r"g[ _-]?f(orce)?[ _-]?x", heading.text, re.IGNORECASE) for heading in read):
        # Physics Toolbox: gFx is what the accelerometer measures, ax has no gravity.
        read = [
            replace(h, role=f"linear_{h.role[-1]}") if h.role and re.match("a[xyz]", h.text) else h
            for h in read
        ]
    return read


def find_columns(
    headings: Sequence[str],
    place: str,
    named: Mapping[str, str] | None = None,
    needs_gyroscope: bool = True,
    needs_time: bool = True,
    *,
    sensor: str | None = None,
    declared: Collection[str] = (),
) -> Columns:
    """Find time, acceleration and angular rate among the columns of a table.

    Parameters
    ----------
    headings : sequence of str
        Names of all columns. If all plain names are among them, the others are left out.
    place : str
        File, for messages.
    named : mapping of str to str, optional
        Columns named by the user, ``{"acc_x": "my column"}``, in place of recognised ones; by
        number, from 1, where no heading is that number.
    needs_gyroscope, needs_time : bool
        True if they must be there. A gyroscope that is not needed is left out.
    sensor : str, optional
        Sensor that the whole table is of, ``"acc"``, ``"gyro"``, ``"linear"`` or ``"gravity"``, by
        the name of its file or of its rows: x, y, z are its axes. All but ``"gyro"`` are found as
        ``acc_x``, ``acc_y``, ``acc_z``.
    declared : collection of str
        Those of ``"time"``, ``"acc"``, ``"gyro"`` whose units the user declares, so that what
        headings say of them does not matter.

    Returns
    -------
    Columns

    Raises
    ------
    DataError
        If a column is missing, two columns could be the same channel, or acceleration has no
        gravity.
    """
    by_user = _indices_named(named or {}, headings, place)
    read = [_with_sensor(heading, sensor) for heading in _read_all(headings)]
    indices = {} if sensor == "gyro" else _acceleration_in(read, by_user, place)
    if sensor == "gyro" or (sensor is None and needs_gyroscope):
        group = read[indices["acc_x"]].group if "acc_x" in indices else ""
        indices |= _axes_of("gyro", read, by_user, place, group)
    time = _index_of("time", read, by_user, place)
    time = _loosely_named_time(read) if time is None else time
    if time is not None:
        indices = {"time": time} | indices
    elif needs_time:
        raise DataError(
            f"{place}: found columns {_listed(headings)}, expected one of time stamps such as "
            "time_s, or the rate by --rate-hz; --columns time=… says which it is"
        )
    _check_each_once(indices, headings, place)
    chosen = {role: read[i] for role, i in indices.items()}
    by_sensor = {"time": time_unit_named, "acc": acc_unit_named, "gyro": gyro_unit_named}
    time_unit, acc_unit, gyro_unit = (
        None if kind in declared else _declared(kind, chosen, unit_named, place)
        for kind, unit_named in by_sensor.items()
    )
    return Columns(
        indices,
        {role: heading.text for role, heading in chosen.items()},
        time_unit,
        acc_unit,
        gyro_unit,
        not needs_gyroscope and any(heading.sensor == "gyro" for heading in read),
        "acc_x" in chosen and _has_signs_of_core_motion(read, chosen["acc_x"]),
    )


def _indices_named(named: Mapping[str, str], headings: Sequence[str], place: str) -> dict[str, int]:
    """Return the indices of the columns that the user names, or numbers."""
    indices = {}
    for role, heading in named.items():
        if role not in _ROLES:
            raise DataError(f"--columns: found {role!r}, expected one of {', '.join(_ROLES)}")
        n_alike = headings.count(heading)
        if n_alike > 1:
            found = " and ".join([repr(heading)] * n_alike)
            raise DataError(
                f"{place}: found {found} for {role}, expected one: say which by its number, "
                f"--columns {role}={headings.index(heading) + 1}"
            )
        if n_alike:
            indices[role] = headings.index(heading)
        elif heading.isdecimal() and 1 <= int(heading) <= len(headings):
            indices[role] = int(heading) - 1
        else:
            raise DataError(
                f"{place}: found no column {heading!r} for {role}, expected one of "
                f"{_listed(headings)}, or a number from 1 to {len(headings)}"
            )
    return indices


def _with_sensor(heading: Heading, sensor: str | None) -> Heading:
    """Give a bare axis the sensor of its table, and acceleration of any kind its plain role."""
    if sensor is None or heading.role is None or heading.sensor not in {"axis", sensor}:
        return heading
    return replace(heading, role=f"{'gyro' if sensor == 'gyro' else 'acc'}_{heading.role[-1]}")


def _acceleration_in(
    read: Sequence[Heading], by_user: Mapping[str, int], place: str
) -> dict[str, int]:
    """Find acceleration with gravity, or gravity and the rest, whose sum it is."""
    is_named = any(role.startswith("acc") for role in by_user)
    if not is_named and not _groups_of("acc", read):
        if _groups_of("gravity", read) and _groups_of("linear", read):
            gravity, linear = (_axes_of(kind, read, {}, place) for kind in ("gravity", "linear"))
            return {f"acc_{role[-1]}": index for role, index in gravity.items()} | linear
    return _axes_of("acc", read, by_user, place)


def _axes_of(
    kind: str,
    read: Sequence[Heading],
    by_user: Mapping[str, int],
    place: str,
    preferred_group: str = "",
) -> dict[str, int]:
    """Find the three axes of one kind of sensor, all of the same sensor if there are several."""
    roles = [f"{kind}_{axis}" for axis in "xyz"]
    fixed = {role: by_user[role] for role in roles if role in by_user}
    fixed_groups = {_group(read[i]) for i in fixed.values() if read[i].sensor == kind}
    groups = _groups_of(kind, read)
    if fixed_groups:
        groups = [group for group in groups if group in fixed_groups]
    elif len(fixed) < len(roles):
        groups = _preferred(groups, preferred_group)
        if len(groups) > 1:
            found = " and ".join(repr(_first(group, kind, read)) for group in groups)
            raise DataError(
                f"{place}: found several sensors for {roles[0]}, {found}, expected one: say which "
                f"by --columns {roles[0]}=…"
            )
    ours = [h if not groups or _group(h) in groups else replace(h, role=None) for h in read]
    found_indices = {}
    for role in roles:
        index = fixed.get(role, _index_of(role, ours, by_user, place))
        if index is None:
            raise _no_channel(role, read, place)
        found_indices[role] = index
    return found_indices


def _group(heading: Heading) -> tuple[bool, str]:
    return heading.is_second, heading.group


def _groups_of(kind: str, read: Sequence[Heading]) -> list[tuple[bool, str]]:
    """Return the groups of headings that have all three axes of a kind of sensor."""
    roles: dict[tuple[bool, str], set[str | None]] = {}
    for heading in read:
        if heading.sensor == kind:
            roles.setdefault(_group(heading), set()).add(heading.role)
    return [group for group, found in roles.items() if len(found) == 3]


def _preferred(groups: list[tuple[bool, str]], name: str) -> list[tuple[bool, str]]:
    """Leave out second choices if there are first ones, and all but a group of this name."""
    first = [group for group in groups if not group[0]] or groups
    return [group for group in first if name and group[1] == name] or first


def _first(group: tuple[bool, str], kind: str, read: Sequence[Heading]) -> str:
    return next(h.text for h in read if h.role == f"{kind}_x" and _group(h) == group)


def _has_signs_of_core_motion(read: Sequence[Heading], acc_x: Heading) -> bool:
    """Return whether acceleration is Core Motion's, as its headings or those beside it show."""
    beside = [heading.text for heading in read if heading.sensor == "linear"]
    return any(is_of_core_motion(_bare(text)) for text in [*beside, acc_x.text])


def _index_of(
    role: str, headings: Sequence[Heading], by_user: Mapping[str, int], place: str
) -> int | None:
    """Return the only column of a role, if there is one."""
    if role in by_user:
        return by_user[role]
    rivals = [index for index, heading in enumerate(headings) if heading.role == role]
    if len(rivals) > 1:
        found = " and ".join(repr(headings[index].text) for index in rivals)
        raise DataError(
            f"{place}: found {found} for {role}, expected one: say which by --columns {role}=…"
        )
    return rivals[0] if rivals else None


def _loosely_named_time(headings: Sequence[Heading]) -> int | None:
    """Return the only column whose name has a time in it, if no name is one."""
    found = [
        index
        for index, heading in enumerate(headings)
        if {"timestamp", "time", "datetime"} & set(words_of(heading.text))
    ]
    return found[0] if len(found) == 1 else None


def _check_each_once(indices: Mapping[str, int], headings: Sequence[str], place: str) -> None:
    every = list(indices.values())
    twice = [role for role, index in indices.items() if every.count(index) > 1]
    if twice:
        found = repr(headings[indices[twice[0]]])
        raise DataError(f"{place}: found {found} for {' and '.join(twice)}, expected it for one")


def _no_channel(channel: str, headings: Sequence[Heading], place: str) -> DataError:
    """Make the error for a missing channel, with the cause if the headings show it."""
    linear = [heading.text for heading in headings if heading.sensor == "linear"]
    if linear and channel.startswith("acc"):
        return DataError(
            f"{place}: found only acceleration without gravity ({_listed(linear)}), expected "
            "acceleration with gravity: apps call it accelerometer, raw or total acceleration"
        )
    cure = f"name it so, or say which it is by --columns {channel}=…"
    if channel.startswith("gyro") and not any(heading.sensor == "gyro" for heading in headings):
        cure = NO_GYROSCOPE
    return DataError(
        f"{place}: found columns {_listed([heading.text for heading in headings])}, expected also "
        f"{channel}: {cure}"
    )


# What a person without a gyroscope can do, as the end of a message.
NO_GYROSCOPE = (
    "this model needs a gyroscope; one in another file is given by --gyro FILE, one with another "
    "name by --columns gyro_x=…, and without any, a model trained on acceleration alone is needed"
)


def _declared(
    sensor: str, chosen: Mapping[str, Heading], unit_named: Callable[[str, str], str], place: str
) -> str | None:
    """Return the unit that the headings of a sensor declare, if any."""
    sensors = ("acc", "linear") if sensor == "acc" else (sensor,)
    units = {
        heading.text: unit_named(heading.unit, f"{place}, column {heading.text!r}")
        for role, heading in chosen.items()
        if role.startswith(sensors) and heading.unit
    }
    if len(set(units.values())) > 1:
        raise DataError(f"{place}: found different units in {_listed(list(units))}, expected one")
    return next(iter(units.values()), None)


def _listed(names: Sequence[str], most: int = 12) -> str:
    rest = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + rest
