"""phyphox's remote interface: there the phone is the server, and is asked for what is new.

Documented at https://phyphox.org/wiki/index.php/Remote-interface_communication: ``/config`` names
the experiment's buffers, ``/control?cmd=start`` starts it, and ``/get?accX=2.5|acc_time`` returns
the values since a time.
"""

from __future__ import annotations

import asyncio
import http.client
import logging
import socket
from collections.abc import Mapping
from contextlib import closing, suppress
from dataclasses import dataclass
from urllib.parse import quote, urlencode, urlsplit

from har.errors import DataError, HarError, UsageError, listed, printable, quoted, reason_of
from har.serve.bounds.daemon_threads import in_daemon_thread
from har.serve.live_model import LiveModel
from har.serve.messages import GOING_AWAY, parsed
from har.serve.streams import Ending, ServedStream, Streams

logger = logging.getLogger(__name__)

SOURCE = "phyphox"
_MOST_BYTES = 1 << 22
# For an answer from its first byte to its last.
_TIMEOUT_S = 5.0
_ASK_EVERY_S, _TRY_EVERY_S = 0.2, 2.0
# Sensors by their names in ``/config``, and the names of their buffers as our readers know them.
_SENSORS = {"accelerometer": "acc", "gyroscope": "gyr"}
_COMPONENTS = {"x": "X", "y": "Y", "z": "Z", "t": "_time"}
# Names of buffers in the experiments that come with the app, where ``/config`` has no inputs.
_USUAL = {"acc": ("acc",), "gyr": ("gyr", "gyro")}


def checked_address(text: str) -> str:
    """Return the address of a phone, complete.

    Raises
    ------
    UsageError
        If it is none of HTTP.
    """
    address = text if "://" in text else f"http://{text}"
    try:
        parts = urlsplit(address)
        is_right = parts.scheme == "http" and parts.hostname is not None and parts.port != 0
    except ValueError:
        is_right = False
    if not is_right or parts.query or parts.fragment or parts.path not in ("", "/"):
        raise UsageError(
            f"--phyphox: found {quoted(text)}, expected the address that the app shows, such as "
            "http://192.168.0.20:8080"
        )
    return address.rstrip("/")


@dataclass(frozen=True)
class Buffers:
    """The buffers of a sensor in an experiment.

    Parameters
    ----------
    sensor : str
        ``"acc"`` or ``"gyr"``.
    names : mapping of str to str
        Name of the buffer of each of ``x``, ``y``, ``z`` and ``t``.
    """

    sensor: str
    names: Mapping[str, str]

    def query(self, since_s: float | None) -> list[tuple[str, str]]:
        """Return what to ask for: all after a time, or only the newest time."""
        time_name = self.names["t"]
        if since_s is None:
            return [(time_name, "")]
        wanted = [(self.names[axis], f"{since_s!r}|{time_name}") for axis in "xyz"]
        return [(time_name, repr(since_s)), *wanted]


def buffers_of(config: object, n_channels: int) -> list[Buffers]:
    """Return the buffers that the model needs.

    Parameters
    ----------
    config : object
        Response to ``/config``.
    n_channels : int
        6, or 3 without a gyroscope.

    Returns
    -------
    list of Buffers

    Raises
    ------
    DataError
        If the experiment has no such sensor.
    """
    found = config if isinstance(config, dict) else {}
    by_sensor: dict[str, dict[str, str]] = {}
    for source in _objects(found.get("inputs")):
        sensor = _SENSORS.get(str(source.get("source")))
        outputs = source.get("outputs")
        pairs = [outputs] if isinstance(outputs, dict) else _objects(outputs)
        names = {str(key): str(value) for pair in pairs for key, value in pair.items()}
        if sensor is not None and names.keys() >= _COMPONENTS.keys():
            by_sensor.setdefault(sensor, names)
    present = {str(each.get("name")) for each in _objects(found.get("buffers"))}
    for sensor, prefixes in _USUAL.items():
        for prefix in prefixes:
            names = {part: f"{prefix}{end}" for part, end in _COMPONENTS.items()}
            if present.issuperset(names.values()):
                by_sensor.setdefault(sensor, names)
    needed = ["acc", "gyr"] if n_channels > 3 else ["acc"]
    missing = [sensor for sensor in needed if sensor not in by_sensor]
    if missing:
        words = " and ".join(name for name, sensor in _SENSORS.items() if sensor in missing)
        raise DataError(
            f"phyphox: found buffers {listed(sorted(present)) or 'of no name'}, expected an "
            f"experiment with the {words}: + , Add simple experiment, in the app's list"
        )
    return [Buffers(sensor, by_sensor[sensor]) for sensor in needed]


def _objects(value: object) -> list[dict[str, object]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


class Phyphox:
    """A phone that is asked for its readings.

    Parameters
    ----------
    address : str
        Address of the phone, see `checked_address`.
    model : LiveModel
        Model that answers.
    streams : Streams
        All streams, among which it is one.
    """

    def __init__(self, address: str, model: LiveModel, streams: Streams) -> None:
        self._address = address
        self._model = model
        self._streams = streams
        self._stream: ServedStream | None = None
        self._told: str | None = None
        # What its user pauses later is not for us to start.
        self._has_measured = False

    async def run(self) -> None:
        """Ask until the task is cancelled; say once what is wrong, and try again."""
        try:
            while True:
                try:
                    await self._measure()
                except HarError as error:
                    self._end(str(error))
                    if self._told != str(error):
                        self._told = str(error)
                        logger.warning("%s", printable(self._told))
                    await asyncio.sleep(_TRY_EVERY_S)
        finally:
            self._end("har ends")

    async def _measure(self) -> None:
        """Read one measurement, until it is cleared or something is wrong."""
        buffers = buffers_of(await self._ask("config"), len(self._model.raw_channels))
        newest: dict[str, float | None] = {each.sensor: None for each in buffers}
        response = await self._get(buffers, newest)
        if not _status_of(response).get("measuring"):
            if self._has_measured:
                logger.info("phyphox: %s is paused: go on there", self._address)
                response = await self._resumed(buffers, newest)
            else:
                await self._ask("control?cmd=start")
        self._has_measured = True
        session = _status_of(response).get("session")
        newest = {each.sensor: _newest_of(response, each) or 0.0 for each in buffers}
        live = self._model.begin(self._model.lines_of_app())
        self._stream = self._streams.begin(SOURCE, SOURCE, live)
        logger.info("phyphox: %s is live", self._address)
        self._told = None
        while True:
            response = await self._get(buffers, newest)
            if _status_of(response).get("session") != session:
                raise DataError(f"phyphox: {self._address} began another experiment")
            self._push(response, buffers)
            for each in buffers:
                newest[each.sensor] = _newest_of(response, each) or newest[each.sensor]
            if self._stream.ending is not None:
                raise DataError(self._stream.ending.reason)
            await self._stream.caught_up()
            await asyncio.sleep(_ASK_EVERY_S)

    async def _resumed(self, buffers: list[Buffers], newest: Mapping[str, float | None]) -> object:
        """Wait until the phone's user goes on, and return the newest times."""
        while True:
            await asyncio.sleep(_TRY_EVERY_S)
            response = await self._get(buffers, newest)
            if _status_of(response).get("measuring"):
                return response

    def _push(self, response: object, buffers: list[Buffers]) -> None:
        renamed: dict[str, object] = {}
        n_samples = 0
        for each in buffers:
            for part, end in _COMPONENTS.items():
                values = _values_of(response, each.names[part])
                renamed[f"{each.sensor}{end}"] = {"buffer": values}
                n_samples = max(n_samples, len(values))
        if n_samples and self._stream is not None:
            self._stream.push([{"buffer": renamed}], n_samples)

    def _end(self, reason: str) -> None:
        if self._stream is not None:
            self._streams.end(self._stream, Ending(GOING_AWAY, reason))
            self._stream = None

    async def _get(self, buffers: list[Buffers], since: Mapping[str, float | None]) -> object:
        wanted = [pair for each in buffers for pair in each.query(since[each.sensor])]
        query = urlencode([pair for pair in wanted if pair[1]], safe="|")
        plain = "&".join(quote(name) for name, value in wanted if not value)
        return await self._ask(f"get?{'&'.join(filter(None, (query, plain)))}")

    async def _ask(self, what: str) -> object:
        request = _Request(self._address, what)
        try:
            body = await asyncio.wait_for(in_daemon_thread(request.body, "har-phyphox"), _TIMEOUT_S)
        except asyncio.TimeoutError:
            raise self._unanswered(f"no whole answer within {_TIMEOUT_S:g} s") from None
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise self._unanswered(reason_of(error)) from None
        finally:
            request.cut_off()
        if len(body) > _MOST_BYTES:
            raise DataError(f"phyphox: found more than {_MOST_BYTES:,} bytes at {self._address}")
        return parsed(body)

    def _unanswered(self, found: str) -> DataError:
        return DataError(
            f"phyphox: found {found} at {self._address}, expected the app with its remote access "
            "allowed, in the same network"
        )


class _Request:
    """A request that another thread can cut off, however slowly its answer comes.

    Parameters
    ----------
    address : str
        Address of a phone.
    what : str
        Path and query of the request.
    """

    def __init__(self, address: str, what: str) -> None:
        self._address = address
        self._what = what
        self._socket: socket.socket | None = None
        self._is_over = False

    def body(self) -> bytes:
        """Return the answer, or one byte more of it than is allowed."""
        # Without proxies, and without the redirections of a server that is no phone.
        place = urlsplit(self._address).netloc
        with closing(http.client.HTTPConnection(place, timeout=_TIMEOUT_S)) as connection:
            connection.connect()
            # The connection forgets its socket before the answer is read.
            self._socket = connection.sock
            if self._is_over:
                self.cut_off()
            connection.request("GET", f"/{self._what}")
            with connection.getresponse() as response:
                if response.status != http.client.OK:
                    raise http.client.HTTPException(f"status {response.status}")
                return response.read(_MOST_BYTES + 1)

    def cut_off(self) -> None:
        """Have whoever reads find the end."""
        self._is_over = True
        if self._socket is not None:
            # It may be closed already.
            with suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)


def _status_of(response: object) -> dict[str, object]:
    status = response.get("status") if isinstance(response, dict) else None
    return status if isinstance(status, dict) else {}


def _values_of(response: object, name: str) -> list[object]:
    buffers = response.get("buffer") if isinstance(response, dict) else None
    found = buffers.get(name) if isinstance(buffers, dict) else None
    values = found.get("buffer") if isinstance(found, dict) else None
    return values if isinstance(values, list) else []


def _newest_of(response: object, buffers: Buffers) -> float | None:
    values = _values_of(response, buffers.names["t"])
    return max((v for v in values if isinstance(v, int | float)), default=None)
