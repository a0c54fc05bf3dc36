"""Sensor Logger's HTTP push: the app sends its sensors' readings, some times a second.

A message has a device, a session and a list of readings, each of one sensor
(https://github.com/tszheichoi/awesome-sensor-logger, PUSHING.md). The app's settings have the
address under *Data Streaming*, *HTTP Push*.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from har.errors import DataError
from har.reading.streams.json_forms import Message
from har.serve.live_model import LiveModel
from har.serve.messages import GOING_AWAY, in_short, parsed
from har.serve.streams import Ending, ServedStream, Streams

SOURCE = "Sensor Logger"
# Some ten sensors of a few hundred readings a second each, of which two or three are read.
_MOST_READINGS = 10_000
_READ = frozenset(
    ("accelerometer", "accelerometeruncalibrated", "gravity", "gyroscope", "totalacceleration")
)
_LONGEST_ID = 200
_EXPECTED = "a message of Sensor Logger, with deviceId, sessionId and payload"


@dataclass
class _Device:
    session: str
    stream: ServedStream


class SensorLogger:
    """The phones that push, each with a stream for its present session.

    Parameters
    ----------
    model : LiveModel
        Model that answers.
    streams : Streams
        All streams.
    """

    def __init__(self, model: LiveModel, streams: Streams) -> None:
        self._model = model
        self._streams = streams
        self._devices: dict[str, _Device] = {}

    async def take(self, body: bytes) -> ServedStream | None:
        """Take in a message.

        Parameters
        ----------
        body : bytes
            Body of a request.

        Returns
        -------
        ServedStream or None
            Stream of the phone; None if there is nothing in the message, as when its connection is
            tested.

        Raises
        ------
        DataError
            If it is no such message, its stream cannot be read, or more comes than is allowed.
        """
        message = parsed(body)
        device, session, readings = _checked(message)
        if not readings:
            return None
        stream = self._stream_of(device, session)
        if stream.ending is not None:
            raise DataError(stream.ending.reason)
        # One object is one line, however many readings it has.
        stream.push([{**_HEAD, "payload": readings}], len(readings))
        await stream.caught_up()
        return stream

    def forget_ended(self) -> None:
        """Forget the phones whose streams are no longer among all."""
        for device, known in list(self._devices.items()):
            if self._streams.get(known.stream.name) is not known.stream:
                del self._devices[device]

    def _stream_of(self, device: str, session: str) -> ServedStream:
        known = self._devices.get(device)
        if known is not None and known.session != session:
            self._end(device, "the app began another recording")
            known = None
        if known is None:
            live = self._model.begin(self._model.lines_of_app())
            known = _Device(session, self._streams.begin(SOURCE, SOURCE, live))
            self._devices[device] = known
        return known.stream

    def _end(self, device: str, reason: str) -> None:
        self._streams.end(self._devices.pop(device).stream, Ending(GOING_AWAY, reason))


# What makes readings those of this app, whose accelerometer is without gravity.
_HEAD = {"messageId": 0, "sessionId": ""}


def _checked(message: object) -> tuple[str, str, list[Message]]:
    """Return device, session and the readings that count."""
    if not isinstance(message, dict) or not isinstance(message.get("payload"), list):
        raise DataError(f"body: found {in_short(message)}, expected {_EXPECTED}")
    device, session = message.get("deviceId"), message.get("sessionId")
    for name, value in (("deviceId", device), ("sessionId", session)):
        if not isinstance(value, str) or len(value) > _LONGEST_ID:
            raise DataError(f"{name}: found {in_short(value)}, expected a text")
    readings = message["payload"]
    if len(readings) > _MOST_READINGS:
        raise DataError(
            f"payload: found {len(readings)} readings, expected at most {_MOST_READINGS}"
        )
    return str(device), str(session), list(_of_known_sensors(readings))


def _of_known_sensors(readings: list[object]) -> Iterator[Message]:
    """Yield the readings that count, their sensors' names in lower case, as some versions write."""
    for item in readings:
        if isinstance(item, dict) and isinstance(item.get("name"), str):
            name = item["name"].casefold()
            if name in _READ:
                yield {**item, "name": name}
