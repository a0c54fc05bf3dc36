"""Forms of lines: comma-separated values with or without a heading, and JSON."""

from __future__ import annotations

import csv
import json
import math
import re
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from har.errors import DataError, listed, quoted
from har.reading.columns import find_columns, read_heading
from har.reading.streams.json_forms import Message, rows_of
from har.reading.streams.layouts import Declared, Layout, layout_of
from har.reading.streams.readings import (
    MalformedLineError,
    OtherSensorsError,
    Reading,
    Stamp,
)

# Names change from line to line in garbage only.
_MOST_LAYOUTS = 200
# A phone has some twenty sensors of a few values each.
_MOST_NAMES = 1000
# The axes of a sensor.
_FEWEST_NAMES = 3
_SENSOR_COLUMNS = {
    "sensor",
    "sensor_name",
    "sensorname",
    "sensor_type",
    "sensortype",
    "name",
    "type",
}
_SEPARATORS = "\t;|"
# Signs that a plain row, numbers between commas, has none of.
_SIGNS = re.compile(r'[\t;| "]')
COMMENTS = ("#", "//", "sep=")
_NUMBERS = frozenset("+-.0123456789")


class LineReader:
    """Reads lines, and remembers the heading and the layouts of those before.

    Parameters
    ----------
    channels : tuple of str
        Channels that the model needs.
    declared : Declared
        Units and names from the command line.

    Attributes
    ----------
    other_names : list of str
        Some names in lines without any of the sensors that are needed.
    names_beside : list of str
        Some names beside the sensors that are needed, in the first line with any.
    """

    def __init__(self, channels: tuple[str, ...], declared: Declared) -> None:
        self.other_names: list[str] = []
        self.names_beside: list[str] = []
        self._channels = channels
        self._declared = declared
        self._layouts: dict[tuple[str, ...], Layout] = {}
        self._heading: tuple[str, ...] | None = None
        self._is_of_events = False
        self._unread_heading: tuple[tuple[str, ...], DataError] | None = None
        self._has_read = False
        self._device: str | None = None
        # The newest stamp of each of phyphox's clocks: it may send the same values again.
        self._newest: dict[str, Stamp] = {}

    def takes_as_heading(self, text: str) -> bool:
        """Remember the columns if a line names them, and return whether it does, or is a comment.

        Parameters
        ----------
        text : str
            Line that is not blank.

        Returns
        -------
        bool

        Raises
        ------
        DataError
            If the line is the first row under a heading that cannot be understood.
        """
        is_data = text[0] in "{[" or (text[0] in _NUMBERS and self._unread_heading is None)
        if is_data or text.startswith(COMMENTS):
            return not is_data
        fields = tuple(separated(text))
        if self._unread_heading is not None and len(fields) == len(self._unread_heading[0]):
            if sum(map(_is_number, fields)) * 2 >= len(fields):
                raise self._unread_heading[1]
        if not _FEWEST_NAMES <= len(fields) <= _MOST_NAMES:
            return False
        names = [field for field in fields if field]
        if any(map(_is_number, names)) or len(set(names)) < len(names):
            return False
        try:
            self._check_heading(fields)
        except DataError as error:
            is_first = not self._has_read and self._heading is None
            if is_first and (len(fields) >= len(self._channels) or _has_sensor(fields)):
                self._unread_heading = fields, error
            return False
        self._heading, self._unread_heading = fields, None
        self._is_of_events = _names_sensors(fields)
        return True

    def _check_heading(self, names: tuple[str, ...]) -> None:
        """Refuse a heading that lacks a channel, with the cause."""
        place = "heading of the stream"
        if _names_sensors(names):
            return
        for channel, name in (self._declared.names or {}).items():
            if name not in names:
                raise DataError(
                    f"{place}: found no column {quoted(name)} for {channel}, "
                    f"expected one of {listed(names)}"
                )
        try:
            layout = layout_of(names, self._declared)
        except DataError as error:
            raise DataError(f"{place}: {error}") from None
        kinds = {sensor.kind for sensor in layout.sensors}
        has_gyroscope = "gyro" in kinds or not self._declared.needs_gyroscope
        if has_gyroscope and ("acc" in kinds or {"linear", "gravity"} <= kinds):
            return
        find_columns(
            names, place, self._declared.names, self._declared.needs_gyroscope, needs_time=False
        )
        raise DataError(
            f"{place}: found columns {listed(names)}, expected {', '.join(self._channels)}"
        )

    def readings(self, text: str | Message) -> list[Reading]:
        """Return the readings in a line.

        Parameters
        ----------
        text : str or dict
            Line that is neither blank nor a heading, or its object of JSON.

        Returns
        -------
        list of Reading
            Empty if it is a batch with nothing new.

        Raises
        ------
        MalformedLineError
            If it cannot be read; an `OtherSensorsError` if it is of other sensors only.
        """
        if not isinstance(text, str):
            found = self._from_object(text)
        elif text[0] in "{[":
            found = self._from_json(text)
        else:
            found = self._from_row(separated(text))
        self._has_read |= bool(found)
        return found

    def _from_row(self, fields: Sequence[Any]) -> list[Reading]:
        """Read values by the heading, or by their place if there is none."""
        if self._unread_heading is not None:
            raise MalformedLineError(str(self._unread_heading[1]))
        n_channels = len(self._channels)
        if self._heading is None:
            names: tuple[str, ...] = self._channels
            if len(fields) > n_channels:
                names = ("time", *names)
            expected = f"{n_channels} values, or {n_channels + 1} with the time first"
        else:
            names = self._heading
            expected = f"{len(names)} values as in the heading"
        if len(fields) != len(names):
            raise MalformedLineError(f"expected {expected}, found {len(fields)}")
        if self._is_of_events:
            return self._from_object(dict(zip(map(str.lower, names), fields, strict=True)))
        return self._laid_out(names).readings(fields)

    def _from_json(self, text: str) -> list[Reading]:
        try:
            message = json.loads(text)
        except (ValueError, RecursionError, MemoryError):
            raise MalformedLineError("no JSON") from None
        if isinstance(message, list) and message and not isinstance(message[0], dict):
            rows = message if isinstance(message[0], list) else [message]
            if not all(isinstance(row, list) for row in rows):
                raise MalformedLineError("numbers and lists in one list")
            return [reading for row in rows for reading in self._from_row(row)]
        return self._from_object(message)

    def _from_object(self, message: Any) -> list[Reading]:
        """Read an object, or several in a list; those of other sensors are left out."""
        self._check_device(message)
        found: list[Reading] = []
        is_known = False
        for names, values in rows_of(message):
            layout = self._laid_out(names)
            if not layout.groups:
                self._remember(names)
            elif isinstance(values[layout.groups[0][1][0][1][0]], list):
                is_known = True
                found += self._from_batch(layout, values)
            else:
                found += layout.readings(values)
        if not found and not is_known:
            named = listed(self.other_names) or "no names"
            raise OtherSensorsError(f"found {named}, none of which names a sensor that is needed")
        return found

    def _check_device(self, message: Any) -> None:
        """Refuse what a second phone sends: two people's movements are no recording."""
        device = message.get("deviceId") if isinstance(message, dict) else None
        if device is None:
            return
        if self._device not in (None, device):
            raise MalformedLineError("from another device than the lines before")
        self._device = device

    def _from_batch(self, layout: Layout, columns: Sequence[Sequence[Any]]) -> list[Reading]:
        """Read rows that came as columns, without those that came before."""
        found = []
        for time, members in layout.groups:
            places = [place for _, axes in members for place in axes]
            if time is None and not self._declared.ignore_time:
                named = layout.names[places[0]]
                raise MalformedLineError(f"{named} has no time: also send its times")
            places = places if time is None else [time, *places]
            if not all(isinstance(columns[place], list) for place in places) or (
                len({len(columns[place]) for place in places}) > 1
            ):
                named = listed(layout.names[place] for place in places)
                raise MalformedLineError(f"{named} are not equally long")
            part = Layout(layout.names, ((time, members),))
            row: list[Any] = [None] * len(layout.names)
            for index in self._new_rows(layout.names[places[0]], columns[places[0]]):
                for place in places:
                    row[place] = columns[place][index]
                found += part.readings(row)
        return found

    def _new_rows(self, clock: str, stamps: Sequence[Any]) -> list[int]:
        """Return the rows after the newest stamp of before; all when the clock has begun anew."""
        if self._declared.ignore_time:
            return list(range(len(stamps)))
        # JSON's NaN is greater than nothing, and would be the newest for ever.
        numbers = [stamp for stamp in stamps if isinstance(stamp, int | float) and stamp == stamp]
        newest = self._newest.get(clock, -math.inf)
        if numbers:
            newest = -math.inf if max(numbers) < newest else newest
            self._newest[clock] = max(numbers)
        return [
            index
            for index, stamp in enumerate(stamps)
            if isinstance(stamp, int | float) and stamp > newest
        ]

    def _laid_out(self, names: tuple[str, ...]) -> Layout:
        """Return the layout of names, from memory if they came before."""
        layout = self._layouts.get(names)
        if layout is None:
            if len(names) > _MOST_NAMES:
                raise MalformedLineError(f"{len(names):,} values, more than {_MOST_NAMES:,}")
            try:
                layout = layout_of(names, self._declared)
            except DataError as error:
                raise MalformedLineError(str(error)) from None
            if len(self._layouts) >= _MOST_LAYOUTS:
                self._layouts.clear()
            self._layouts[names] = layout
            if layout.groups and not self._has_read:
                self.names_beside = layout.names_beside[:8]
        return layout

    def _remember(self, names: Sequence[str]) -> None:
        """Keep a few names for a message."""
        new = [name[:40] for name in names if name[:40] not in self.other_names]
        self.other_names += new[: max(0, 8 - len(self.other_names))]


def separated(text: str) -> list[str]:
    """Return the fields of a line; beside another separator, commas are decimal."""
    if not _SIGNS.search(text):
        return text.split(",")
    text = text.rstrip(";")
    separator = next((sign for sign in _SEPARATORS if sign in text), ",")
    fields = text.split(separator)
    if '"' in text:
        # Garbage may be longer than the limit of csv.
        with suppress(csv.Error):
            fields = next(csv.reader([text], delimiter=separator))
    fields = [field.strip(' "') for field in fields]
    return fields if separator == "," else [_with_decimal_point(field) for field in fields]


def _with_decimal_point(field: str) -> str:
    number = field.replace(",", ".")
    return number if field.count(",") == 1 and _is_number(number) else field


def _is_number(field: str) -> bool:
    try:
        float(field)
    except ValueError:
        return False
    return True


def _has_sensor(names: Sequence[str]) -> bool:
    """Return whether any name is that of a sensor's axis."""
    return any((read_heading(name).role or "time") != "time" for name in names)


def _names_sensors(names: Sequence[str]) -> bool:
    """Return whether a heading is that of events: the sensor's name, and x, y and z."""
    lowered = {name.lower() for name in names}
    return bool(lowered & _SENSOR_COLUMNS) and {"x", "y", "z"} <= lowered
