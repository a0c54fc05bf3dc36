"""JSON: the data acquisition format of Edge Impulse, and what to do with other kinds."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from har.errors import DataError, parsing
from har.reading.tables.containers import Source

# JSON is parsed as a whole, which takes several times as much memory.
_MOST_BYTES = 32 << 20
_NO_UNITS = frozenset(("", "N/A", "n/a", "none", "None", "-"))


@dataclass(frozen=True)
class EdgeImpulseTable:
    """Evenly spaced samples of several sensors in JSON.

    Parameters
    ----------
    path : Path
        File, for messages.
    headings : tuple of str
        Names of the sensors' axes, with their units.
    rate_hz : float or None
        Samples per second.
    values : list of list
        Samples, as in the file.
    notes : tuple of str
        Kind of the file.

    References
    ----------
    Edge Impulse, "Data acquisition format", docs.edgeimpulse.com.
    """

    path: Path
    headings: tuple[str, ...]
    rate_hz: float | None
    values: list[list[Any]]
    notes: tuple[str, ...] = ("table: Edge Impulse's JSON",)
    first_line: None = None

    def blocks(
        self, indices: Mapping[str, int], as_text: Collection[str] = ()
    ) -> Iterator[pd.DataFrame]:
        """Read some of the columns; see `har.reading.tables.opening.Table`."""
        columns = {name: [row[index] for row in self.values] for name, index in indices.items()}
        for name in as_text:
            columns[name] = [None if cell is None else str(cell) for cell in columns[name]]
        with parsing(self.path, "lists of numbers"):
            block = pd.DataFrame(columns)
        yield block


def is_json(start: bytes) -> bool:
    """Return whether text that starts so is JSON."""
    text = start.removeprefix(b"\xef\xbb\xbf").lstrip()
    inner = text[1:].lstrip()
    return (text[:1] == b"{" and inner[:1] in b'"}') or (text[:1] == b"[" and inner[:1] in b'{["')


def open_edge_impulse(source: Source) -> EdgeImpulseTable:
    """Read a file of Edge Impulse's data acquisition format.

    Parameters
    ----------
    source : Source
        JSON file.

    Returns
    -------
    EdgeImpulseTable

    Raises
    ------
    DataError
        If it is damaged, too large, or JSON of another kind.
    """
    content = _load(source)
    payload = content.get("payload") if isinstance(content, dict) else None
    if not isinstance(payload, dict) or not {"sensors", "values"} <= payload.keys():
        raise DataError(
            f"{source.place}: found JSON of another kind than Edge Impulse's (payload.sensors, "
            "payload.values), expected a table: export the recording as CSV"
        )
    try:
        headings = tuple(_heading(sensor) for sensor in payload["sensors"])
        values = [row if isinstance(row, list) else [row] for row in payload["values"]]
        interval_ms = float(payload.get("interval_ms") or 0)
    except (KeyError, TypeError, ValueError, OverflowError, RecursionError):
        raise DataError(
            f"{source.place}: found damaged JSON of Edge Impulse, expected names of sensors, "
            "lists of values and a number for interval_ms"
        ) from None
    for number, row in enumerate(values, start=1):
        if len(row) != len(headings):
            raise DataError(
                f"{source.place}, values {number}: found {len(row)} numbers, expected "
                f"{len(headings)}, one for each sensor"
            )
    rate_hz = 1000 / interval_ms if interval_ms > 0 and np.isfinite(interval_ms) else None
    return EdgeImpulseTable(source.place, headings, rate_hz, values)


def _load(source: Source) -> Any:
    text = source.start(_MOST_BYTES + 1)
    if len(text) > _MOST_BYTES:
        raise DataError(
            f"{source.place}: found more than {_MOST_BYTES >> 20} MB of JSON, "
            "expected less: export the recording as CSV"
        )
    with parsing(source.place, "a whole file", found="damaged JSON"):
        try:
            return json.loads(text.decode("utf-8-sig"))
        except ValueError:
            if _is_json_object(text.split(b"\n", 1)[0]):
                raise DataError(
                    f"{source.place}: found JSON lines, which only har stream reads, "
                    "expected a table: export the recording as CSV"
                ) from None
            raise


def _is_json_object(line: bytes) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False


def _heading(sensor: dict[str, Any]) -> str:
    name, units = str(sensor["name"]), str(sensor.get("units") or "").strip()
    return name if units in _NO_UNITS else f"{name} ({units})"
