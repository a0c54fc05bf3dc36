"""What phones, viewers and the server say to each other over a WebSocket: JSON, a text each.

A phone sends ``{"samples": [[t_s, ax, ay, az, gx, gy, gz], ...]}``: seconds on its own clock, g and
rad/s in the axes of the device, at its own rate. The server sends

- ``{"kind": "answer", "start_s": ..., ...}``, the fields of `LivePrediction`, for each window;
- ``{"kind": "note", "note": {"kind": "info" | "doubt" | "error", "text": ...}}``;
- to viewers also ``{"kind": "samples", "samples": [[t_s, ax, ...], ...]}``, at 50 Hz.

What is wrong ends the connection with a code of RFC 6455 and a reason.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import NoReturn

from har.arrays import FloatArray
from har.errors import DataError, quoted, reason_of
from har.inference.live import LivePrediction
from har.signals.channels import RAW_CHANNELS, SAMPLE_RATE_HZ

# Codes with which a connection ends (RFC 6455, section 7.4.1, and IANA's registry).
GOING_AWAY = 1001
MALFORMED = 1007
AGAINST_THE_RULES = 1008
FAULT = 1011
TRY_LATER = 1013
# Of applications' own codes.
UNKNOWN_STREAM = 4404
IDLE = 4408
# A control frame has 125 bytes, two of which are the code.
_LONGEST_REASON_BYTES = 123

MOST_ROWS = 1000
# Sensors of phones end at 16 g and 35 rad/s; a clock may count from 1970 on.
LARGEST_VALUE, _LARGEST_TIME_S = 1e3, 1e11
_NUMBERS = frozenset((int, float))
# What a message may repeat of a list.
_MOST_SHOWN, _PLAIN = 8, frozenset((int, float, bool, type(None)))
_EXPECTED = '{"samples": [[t_s, ax, ay, az, gx, gy, gz], ...]}'

# A sample by the names that `har.reading.streams` takes.
NamedSample = dict[str, float]


@dataclass(frozen=True)
class Note:
    """Something to say about a stream.

    Parameters
    ----------
    kind : str
        ``"info"``, ``"doubt"`` or ``"error"``.
    text : str
        One sentence.
    """

    kind: str
    text: str


def samples_in(text: str, n_channels: int = len(RAW_CHANNELS)) -> list[NamedSample]:
    """Return the samples of a phone's message.

    Parameters
    ----------
    text : str
        Message.
    n_channels : int
        6, or 3 if the model needs no gyroscope: more values are then left out.

    Returns
    -------
    list of dict of str to float
        Time in s, acceleration in g and angular rate in rad/s.

    Raises
    ------
    DataError
        If it is anything else.
    """
    message = parsed(text)
    rows = message["samples"] if isinstance(message, dict) and [*message] == ["samples"] else None
    if not isinstance(rows, list):
        raise DataError(f"message: found {quoted(text)}, expected {_EXPECTED}")
    if len(rows) > MOST_ROWS:
        raise DataError(f"message: found {len(rows)} samples, expected at most {MOST_ROWS}")
    names = ("time_s", *RAW_CHANNELS[:n_channels])
    return [dict(zip(names, values_in(row, len(names)), strict=True)) for row in rows]


def parsed(text: str | bytes) -> object:
    """Return a value of JSON; a `DataError` says what is none."""
    try:
        return json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError, MemoryError) as error:
        raise DataError(f"message: found no JSON ({reason_of(error)}), expected JSON") from None


def in_short(value: object) -> str:
    """Return what a client sent for a message, like `quoted`, however large it is."""
    if not isinstance(value, list | dict):
        return quoted(value)
    if (
        len(value) <= _MOST_SHOWN
        and isinstance(value, list)
        and _PLAIN.issuperset(map(type, value))
    ):
        return quoted(value)
    return f"{'a list' if isinstance(value, list) else 'an object'} of {len(value)}"


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number of JSON")


def values_in(row: object, n_values: int) -> list[float]:
    """Return the first values of a row of a phone; a `DataError` if a sensor gives no such ones.

    Parameters
    ----------
    row : object
        Time in s, acceleration in g and, unless that is left out, angular rate in rad/s.
    n_values : int
        Number of values to return, 4 or 7.
    """
    if not isinstance(row, list) or not n_values <= len(row) <= len(RAW_CHANNELS) + 1:
        raise DataError(
            f"sample: found {in_short(row)}, expected {n_values} numbers: seconds, then "
            f"{', '.join(RAW_CHANNELS[: n_values - 1])}"
        )
    if not _NUMBERS.issuperset(map(type, row)):
        raise DataError(f"sample: found {in_short(row)}, expected numbers only")
    try:
        values = list(map(float, row[:n_values]))
    except OverflowError:
        raise DataError(
            f"sample: found {in_short(row)}, expected numbers that sensors give"
        ) from None
    if not 0 <= values[0] <= _LARGEST_TIME_S:
        raise DataError(
            f"sample: found {quoted(row[0])} seconds, expected from 0 to {_LARGEST_TIME_S:g}"
        )
    if max(values[1:]) > LARGEST_VALUE or min(values[1:]) < -LARGEST_VALUE:
        raise DataError(
            f"sample: found {in_short(row)}, expected g and rad/s up to {LARGEST_VALUE:g}"
        )
    return values


def answer_text(answer: LivePrediction) -> str:
    """Return the message of a window's answer."""
    return json.dumps({"kind": "answer", **asdict(answer)})


def note_text(note: Note) -> str:
    """Return the message of a note."""
    return json.dumps({"kind": "note", "note": asdict(note)})


def samples_text(first_slot: int, samples: FloatArray) -> str:
    """Return the message of samples at 50 Hz that follow each other, from a slot on."""
    rows = [
        [round((first_slot + number) / SAMPLE_RATE_HZ, 4), *(round(v, 5) for v in row)]
        for number, row in enumerate(samples.tolist())
    ]
    return json.dumps({"kind": "samples", "samples": rows})


def names_text(streams: Iterable[Sequence[object]]) -> str:
    """Return the list of live streams: name, source, activity and its probability of each."""
    keys = ("name", "source", "state", "state_probability")
    return json.dumps({"streams": [dict(zip(keys, row, strict=True)) for row in streams]})


def closing_reason(text: str) -> str:
    """Return text that fits into the frame that closes a connection."""
    return text.encode()[:_LONGEST_REASON_BYTES].decode(errors="ignore")
