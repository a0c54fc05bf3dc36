"""The columns of a table: headings taken apart, and time and signals found among them."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from har.errors import DataError, listed, quoted
from har.reading.sensors.names import axis_named, is_of_core_motion, words_of
from har.reading.times.time_units import time_unit_named
from har.reading.units import acc_unit_named, gyro_unit_named
from har.signals.channels import RAW_CHANNELS

PLAIN_HEADING = ("time_s", *RAW_CHANNELS)
_ROLES = ("time", *RAW_CHANNELS)
_NAMEABLE = (*_ROLES, "date")

# Words are parted by underscores: the s of time_s is a unit, that of ts is none.
_TIME = re.compile(
    r"(?:(?:sample|logging|log|sensor|elapsed|relative|unix|epoch|system|local|device|phone|host|utc|"
    r"packet|arrival|event|absolute|recording)_?)*"
    r"(?:time|times|time_?stamps?|date_?time|date_and_time|t|ts|elapsed|unix|epoch|arrival|uptime|"
    r"ticks|zeit|zeit_?stempel|zeitpunkt|uhrzeit|laufzeit|temps|horodatage|tiempo|tempo|tijd|"
    r"(?P<whole>milliseconds|seconds|microseconds|nanoseconds|millis|micros|nanos|sekunden))"
    r"(?:_?elapsed|_?(?:since|seit)_?(?:app_|recording_)?"
    r"(?:start|begin(?:n|ning)?|boot|reboot|recording|epoch|1970))?"
    r"(?:_in)?(?:_(?P<unit>s|sec|seconds|ms|msec|milliseconds|us|µs|microseconds|ns|nanoseconds|"
    r"sekunden|millisekunden))?"
    r"|yyyy_m[mo]_dd_hh_m[mi]_ss(?:_s+)?"
)
_DATE = re.compile(r"(?:(?:local|recording|logging)_?)?(?:date|datum|fecha)")


@dataclass(frozen=True)
class Heading:
    """A heading, taken apart.

    Parameters
    ----------
    text : str
        The whole heading.
    role : str or None
        ``"time"``, ``"date"``, a channel such as ``"acc_x"``, ``"linear_x"`` or ``"gravity_x"`` for
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


# Notes on the form of time stamps, their zone or their source, that may stand where a unit would.
_FORM_OF_TIME = re.compile(
    r"txt|text|string|n|r|z|iso.*|utc.*|gmt.*|local.*|system|phone|epoch|unix|posix|since .*"
    r"|[+-]\d\d:?\d\d|[ymdhs:/. \-f,t']{5,}|.*h+[:. ]?m+[:. ]?s.*"
)
# What is longer is no name, and may take these patterns hours.
LONGEST_HEADING = 200
# Of motion capture a few hundred columns are known.
MOST_COLUMNS = 4096
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
    if len(text) > LONGEST_HEADING:
        return Heading(text, None, None)
    bracket = _BRACKET.search(text)
    in_bracket = bracket[1].strip() if bracket else None
    bare = _bare(text)
    words = re.sub(r"[\s\-.:/]+", "_", bare.lower())
    if time := _TIME.fullmatch(words):
        return Heading(text, "time", _unit_of_time(in_bracket) or time["unit"] or time["whole"])
    if _DATE.fullmatch(words):
        return Heading(text, "date", None)
    if name := axis_named(bare):
        role = f"{name.sensor}_{name.axis}"
        return Heading(text, role, in_bracket or name.unit, name.group, name.is_second)
    return Heading(text, None, in_bracket)


def _unit_of_time(in_bracket: str | None) -> str | None:
    """Return the unit in a bracket, if it is no note on the form of the stamps."""
    if not in_bracket or _FORM_OF_TIME.fullmatch(in_bracket.lower()):
        return None
    return re.sub(r"\s+since\s.*", "", in_bracket)


@dataclass(frozen=True)
class Columns:
    """The columns of time and signals in a table, and the units that their headings declare.

    Parameters
    ----------
    indices : dict of str to int
        Indices of the columns of ``"time"``, ``"time 2"`` and so on, as far as there are any, and
        of the ``"date"`` beside clock times; then of each channel, in the usual order, and of
        ``"linear_x"`` and so on, if acceleration is the sum of gravity and of these.
    names : dict of str to str
        Headings of these columns.
    time_units : dict of str to str or None
        Unit of each column of time, if its heading declares one.
    acc_unit, gyro_unit : str or None
        Units that headings declare.
    leaves_gyroscope : bool
        True if there is a gyroscope that is not needed.
    is_reversed : bool
        True if all three signs of acceleration are Apple's; see `har.reading.sensors.names`.
    """

    indices: dict[str, int]
    names: dict[str, str]
    time_units: dict[str, str | None]
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
        text = quoted(self.names[role])
        return f"{text} + {quoted(self.names[addend])}" if addend in self.names else text

    def without_time(self) -> Columns:
        """Return the columns without those of time."""
        indices = {
            role: index
            for role, index in self.indices.items()
            if role != "date" and role not in self.time_units
        }
        return replace(self, indices=indices, time_units={})

    def with_time(self, heading: str) -> Columns:
        """Return the columns with one of time only."""
        others = [role for role in self.time_units if self.names[role] != heading]
        indices = {role: index for role, index in self.indices.items() if role not in others}
        units = {role: unit for role, unit in self.time_units.items() if role not in others}
        return replace(self, indices=indices, time_units=units)

    def named(self, role: str) -> str:
        """Return the name of a column for a message."""
        return f"column {quoted(self.names[role])}"


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
    times = _time_indices(read, by_user)
    if "time" not in times and needs_time:
        raise DataError(
            f"{place}: found columns {listed(headings)}, expected one of time stamps such as "
            "time_s: say which it is by --columns time=…, or give the rate by --rate-hz"
        )
    indices = times | indices
    _check_each_once(indices, headings, place)
    chosen = {role: read[i] for role, i in indices.items()}
    accelerations = [chosen[role] for role in chosen if role.startswith(("acc", "linear"))]
    angular_rates = [chosen[role] for role in chosen if role.startswith("gyro")]
    return Columns(
        indices,
        {role: heading.text for role, heading in chosen.items()},
        {
            role: None if "time" in declared else _declared([heading], time_unit_named, place)
            for role, heading in chosen.items()
            if role.startswith("time")
        },
        None if "acc" in declared else _declared(accelerations, acc_unit_named, place),
        None if "gyro" in declared else _declared(angular_rates, gyro_unit_named, place),
        not needs_gyroscope and any(heading.sensor == "gyro" for heading in read),
        "acc_x" in chosen and _has_signs_of_core_motion(read, chosen["acc_x"]),
    )


def _indices_named(named: Mapping[str, str], headings: Sequence[str], place: str) -> dict[str, int]:
    """Return the indices of the columns that the user names, or numbers."""
    indices = {}
    for role, heading in named.items():
        if role not in _NAMEABLE:
            raise DataError(
                f"--columns: found {quoted(role)}, expected one of {', '.join(_NAMEABLE)}"
            )
        # A line of units below the headings is read as their brackets.
        alike = [index for index, text in enumerate(headings) if text == heading] or [
            index for index, text in enumerate(headings) if _bare(text) == heading
        ]
        if len(alike) > 1:
            found = " and ".join(quoted(headings[index]) for index in alike)
            raise DataError(
                f"{place}: found {found} for {role}, expected one: say which by its number, "
                f"--columns {role}={alike[0] + 1}"
            )
        if alike:
            indices[role] = alike[0]
        elif heading.isdecimal() and 1 <= int(heading) <= len(headings):
            indices[role] = int(heading) - 1
        else:
            raise DataError(
                f"{place}: found no column {quoted(heading)} for {role}, expected one of "
                f"{listed(headings)}, or a number from 1 to {len(headings)}"
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
            found = " and ".join(quoted(_first(group, kind, read)) for group in groups)
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
        found = " and ".join(quoted(headings[index].text) for index in rivals)
        raise DataError(
            f"{place}: found {found} for {role}, expected one: say which by --columns {role}=…"
        )
    return rivals[0] if rivals else None


def _time_indices(headings: Sequence[Heading], by_user: Mapping[str, int]) -> dict[str, int]:
    """Return the columns of time, one after the other, and that of dates, if there is one."""
    times, dates = (
        [by_user[role]]
        if role in by_user
        else [index for index, heading in enumerate(headings) if heading.role == role]
        for role in ("time", "date")
    )
    if not times:
        # A column of that name may have dates with clock times.
        times, dates = dates or _loosely_named_times(headings), []
    indices = {("time" if i == 0 else f"time {i + 1}"): index for i, index in enumerate(times)}
    return indices | ({"date": dates[0]} if len(dates) == 1 else {})


def _loosely_named_times(headings: Sequence[Heading]) -> list[int]:
    """Return the only column whose name has a time in it, if no name is one."""
    found = [
        index
        for index, heading in enumerate(headings)
        if {"timestamp", "time", "datetime"} & set(words_of(heading.text))
    ]
    return found if len(found) == 1 else []


def _check_each_once(indices: Mapping[str, int], headings: Sequence[str], place: str) -> None:
    every = list(indices.values())
    twice = [role for role, index in indices.items() if every.count(index) > 1]
    if twice:
        found = quoted(headings[indices[twice[0]]])
        raise DataError(f"{place}: found {found} for {' and '.join(twice)}, expected it for one")


def _no_channel(channel: str, headings: Sequence[Heading], place: str) -> DataError:
    """Make the error for a missing channel, with the cause if the headings show it."""
    linear = [heading.text for heading in headings if heading.sensor == "linear"]
    if linear and channel.startswith("acc"):
        return DataError(
            f"{place}: found only acceleration without gravity ({listed(linear)}), expected "
            "acceleration with gravity: apps call it accelerometer, raw or total acceleration; if "
            f"gravity is in these, as in messages of ROS, --columns {channel}={linear[0]},…"
        )
    cure = f"name it so, or say which it is by --columns {channel}=…"
    if channel.startswith("gyro") and not any(heading.sensor == "gyro" for heading in headings):
        cure = NO_GYROSCOPE
    return DataError(
        f"{place}: found columns {listed([heading.text for heading in headings])}, expected also "
        f"{channel}: {cure}"
    )


# What a person without a gyroscope can do, as the end of a message.
NO_GYROSCOPE = (
    "this model needs a gyroscope; one in another file is given by --gyro FILE, one with another "
    "name by --columns gyro_x=…; without any, train on acceleration alone (har train "
    "--data.sensors acc)"
)


def _declared(
    headings: Sequence[Heading], unit_named: Callable[[str, str], str], place: str
) -> str | None:
    """Return the unit that the headings of a sensor declare, if any."""
    units = {
        heading.text: unit_named(heading.unit, f"{place}, column {quoted(heading.text)}")
        for heading in headings
        if heading.unit
    }
    if len(set(units.values())) > 1:
        raise DataError(f"{place}: found different units in {listed(units)}, expected one")
    return next(iter(units.values()), None)
