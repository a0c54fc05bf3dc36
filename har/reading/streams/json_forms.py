"""Forms of JSON in which apps send readings: rows, events of single sensors, and batches of both.

Nested objects become names such as ``"acc.x"``. Sources: Sensor Logger's documents on HTTP push
(https://github.com/tszheichoi/awesome-sensor-logger, PUSHING.md and UNITS.md), phyphox's remote
interface (https://phyphox.org/wiki/index.php/Remote-interface_communication), SensorServer's
messages (https://github.com/umer0586/SensorServer).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from har.reading.streams.readings import MalformedLineError

# Keys around measured values that say nothing about them.
_WRAPPERS = frozenset(
    "body data devicemotion event imu measurement measurements message motion msg payload phone "
    "reading readings sample samples sensor sensors value values".split()
)
# Keys whose text is the name of the sensor that x, y and z belong to.
_SENSOR_KEYS = (
    "sensor",
    "name",
    "type",
    "sensorName",
    "sensorname",
    "sensor_name",
    "sensorType",
    "sensortype",
    "sensor_type",
)
# Types of values that are neither nested nor batches.
_PLAIN = frozenset((int, float, str, bool, type(None)))
_BATCHES = _WRAPPERS | {"batch", "events", "items", "records"}
_DEEPEST = 6
# Sensor Logger's accelerometer, by a name that only it gets, and its one with gravity.
SENSOR_LOGGER_LINEAR, SENSOR_LOGGER_RAW = "linearAccelerometer", "accelerometeruncalibrated"
# The keys of Sensor Logger's readings, where they come without the message around them.
_SENSOR_LOGGER = ({"name", "time", "values"}, {"name", "time", "values", "accuracy"})
_SENSOR_LOGGER_MESSAGE = {"messageId", "sessionId", "deviceId"}

# An object of JSON.
Message = dict[str, Any]
# Names and values of a row; with lists as values, a batch of rows.
Row = tuple[tuple[str, ...], list[Any]]


def rows_of(message: Any, is_sensor_logger: bool = False) -> Iterator[Row]:
    """Yield the rows in a message.

    Parameters
    ----------
    message : object
        Object of JSON, or a list of objects.
    is_sensor_logger : bool
        True inside of a message of Sensor Logger, whose accelerometer is without gravity.

    Yields
    ------
    Row
        Names and values. All values are lists of equal length in a batch.

    Raises
    ------
    MalformedLineError
        If it is neither, or an object is nested too deeply.
    """
    if isinstance(message, list):
        for item in message:
            if not isinstance(item, dict):
                raise MalformedLineError("neither numbers nor objects in the list")
            yield from rows_of(item, is_sensor_logger)
        return
    if not isinstance(message, dict):
        raise MalformedLineError("no object and no list")
    if _PLAIN.issuperset(map(type, message.values())) and message.keys().isdisjoint(_SENSOR_KEYS):
        yield tuple(message), list(message.values())
        return
    is_sensor_logger |= bool(message.keys() & _SENSOR_LOGGER_MESSAGE and "payload" in message)
    batches = [
        value
        for key, value in message.items()
        if isinstance(value, list)
        and value
        and isinstance(value[0], dict)
        and key.lower() in _BATCHES
    ]
    if batches:
        for batch in batches:
            yield from rows_of(batch, is_sensor_logger)
        return
    sensor = next((message[key] for key in _SENSOR_KEYS if isinstance(message.get(key), str)), None)
    names: list[str] = []
    values: list[Any] = []
    _flatten(message, "", names, values, 0)
    if sensor is not None:
        is_sensor_logger |= isinstance(message.get("values"), dict) and (
            message.keys() in _SENSOR_LOGGER
        )
        names = _with_sensor(_plain_name(sensor, is_sensor_logger), names, is_sensor_logger)
    if any(isinstance(value, list) for value in values):
        yield _batch(names, values)
    else:
        yield tuple(names), values


def _plain_name(sensor: str, is_sensor_logger: bool) -> str:
    """Return a sensor's name without the system's prefix; Sensor Logger's as others have it."""
    name = sensor.removeprefix("android.sensor.").removeprefix("TYPE_")
    return SENSOR_LOGGER_LINEAR if is_sensor_logger and name == "accelerometer" else name


def _with_sensor(sensor: str, names: list[str], are_all_its: bool) -> list[str]:
    """Put the sensor's name before x, y and z, or before all of them but the time."""
    if are_all_its:
        return [name if name == "time" else f"{sensor}.{name}" for name in names]
    return [f"{sensor}.{name}" if name in ("x", "y", "z") else name for name in names]


def _flatten(fields: Message, prefix: str, names: list[str], values: list[Any], depth: int) -> None:
    """Collect names and values of an object and those in it; three in a list are x, y and z."""
    if depth > _DEEPEST:
        raise MalformedLineError("objects nested too deeply")
    for key, value in fields.items():
        if isinstance(value, dict):
            if key == "buffer" or isinstance(value.get("buffer"), list):
                _flatten_buffers(key, value, names, values)
                continue
            inner = prefix if key.lower() in _WRAPPERS else f"{prefix}{key}."
            _flatten(value, inner, names, values, depth + 1)
        elif isinstance(value, list) and len(value) == 3 and not _is_axis(key):
            inner = prefix if key.lower() in _WRAPPERS else f"{prefix}{key}."
            names += [f"{inner}{axis}" for axis in "xyz"]
            values += value
        else:
            names.append(prefix + key)
            values.append(value)


def _is_axis(key: str) -> bool:
    """Return whether a list under this key holds one axis, or times: not all three axes."""
    return key[-1:].lower() in "xyz" or "time" in key.lower() or key in ("t", "ts")


def _flatten_buffers(key: str, value: Message, names: list[str], values: list[Any]) -> None:
    """Collect phyphox's buffers: an object of objects, whose values are a list called buffer."""
    buffers = value if key == "buffer" else {key: value}
    for name, inner in buffers.items():
        if isinstance(inner, dict) and isinstance(inner.get("buffer"), list):
            names.append(name)
            values.append(inner["buffer"])


def _batch(names: list[str], values: list[Any]) -> Row:
    """Return the lists alone; what is no list, or shorter, belongs to none of the rows."""
    columns = [(n, v) for n, v in zip(names, values, strict=True) if isinstance(v, list)]
    return tuple(name for name, _ in columns), [value for _, value in columns]
