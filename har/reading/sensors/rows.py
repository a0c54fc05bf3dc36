"""Tables with a row for each event of a sensor: ``sensor,timestamp,x,y,z``."""

from __future__ import annotations

from har.errors import DataError, quoted
from har.reading.columns import read_heading, sensors_in
from har.reading.sensors.names import ANDROID_TYPES, SensorName, sensor_named, words_of
from har.reading.tables.opening import Table
from har.reading.tables.row_filter import FilteredTable, texts_in

# A column of sensors has few different values.
_MOST_SENSORS = 100
# A row for each event has few columns, of which each is read once to find that of the sensors.
_MOST_COLUMNS = 50
_LETTERS = {"a": SensorName("acc"), "g": SensorName("gyro"), "w": SensorName("gyro")}


class SensorRows(FilteredTable):
    """The rows of one sensor in a table that has those of several."""

    @property
    def rate_hz(self) -> None:
        """None, since only stamps say when one of several sensors was measured."""


def split_by_sensor(table: Table) -> dict[str, SensorRows] | None:
    """Split a table whose rows are events of several sensors.

    Parameters
    ----------
    table : Table
        Any table.

    Returns
    -------
    dict of str to SensorRows, or None
        Rows of ``"acc"``, ``"gyro"``, ``"linear"`` and ``"gravity"``, as far as there are any; None
        if the table is not such a one.

    Raises
    ------
    DataError
        If several sensors could be the same one.
    """
    if len(table.headings) > _MOST_COLUMNS:
        return None
    if "axis" not in sensors_in(table.headings) or {"acc", "gyro"} & sensors_in(table.headings):
        return None
    taken = {i for i, text in enumerate(table.headings) if read_heading(text).role}
    for column, text in enumerate(table.headings):
        if column in taken:
            continue
        values = set(texts_in(table, column, _MOST_SENSORS) or ())
        if found := _sensors_among(values, text, f"{table.path}, column {quoted(text)}"):
            return {name: SensorRows(table, column, rows) for name, rows in found.items()}
    return None


def _sensors_among(values: set[str], heading: str, place: str) -> dict[str, frozenset[str]] | None:
    """Find the sensors that values name; first choices go before second ones."""
    kinds = {value: kind for value in values if (kind := _kind_of(value, heading, values))}
    found: dict[str, frozenset[str]] = {}
    for sensor in ("acc", "gyro", "linear", "gravity"):
        ours = sorted(value for value, kind in kinds.items() if kind.sensor == sensor)
        ours = [value for value in ours if not kinds[value].is_second] or ours
        if len(ours) > 1:
            raise DataError(
                f"{place}: found {' and '.join(map(quoted, ours))}, expected one {sensor} sensor: "
                "leave the rows of the others out"
            )
        if ours:
            found[sensor] = frozenset(ours)
    return found if {"acc", "linear", "gravity"} & found.keys() else None


def _kind_of(value: str, heading: str, values: set[str]) -> SensorName | None:
    """Return the sensor that a value names, by its words, its letter or Android's number."""
    if value.isdecimal():
        has_types = {"1", "4"} <= values or "type" in words_of(heading)
        is_of_sensors = bool({"sensor", "type", "sensortype"} & set(words_of(heading)))
        type_ = ANDROID_TYPES.get(int(value)) if has_types and is_of_sensors else None
        return SensorName(type_) if type_ else None
    return sensor_named(value) or _LETTERS.get(value.lower())
