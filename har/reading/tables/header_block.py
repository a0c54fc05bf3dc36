"""The rate of sampling among the lines that loggers write before the heading of a table."""

from __future__ import annotations

import re
from collections.abc import Sequence

_NUMBER = r"(?P<number>\d+(?:[.,]\d+)?)"
_SEPARATOR = r"[\s\"':=,;|\t_(\[\])-]"
_BETWEEN = rf"{_SEPARATOR}*"
_RATE = re.compile(
    r"(?<![a-z])(?:sample|sampling|measurement|output|update|data|recording|logging)?[\s_-]*"
    r"(?:rate|frequency|freq|frequenz|abtastrate|fs)(?![a-z])"
    rf"{_BETWEEN}(?:hz|in hz)?{_BETWEEN}{_NUMBER}\s*(?P<unit>[a-z/%]*)",
    re.IGNORECASE,
)
_INTERVAL = re.compile(
    r"(?:sampl\w{0,20}|measurement|output|record\w{0,20})[\s_-]*(?:interval|period)"
    rf"{_BETWEEN}(?P<before>ms|s)?{_BETWEEN}{_NUMBER}\s*(?P<unit>ms|s)?\b",
    re.IGNORECASE,
)
# "date format dd/MM/yyyy at 30 Hz", as ActiGraph has it.
_AT = re.compile(rf"\b(?:at|@)\s*{_NUMBER}\s*(?P<unit>hz)\b", re.IGNORECASE)
# These patterns would take hours for long runs of separators.
_LONG_RUN = re.compile(rf"({_SEPARATOR}{{3}}){_SEPARATOR}+")
# OpenSignals writes a line of JSON with all about its channels.
_LONGEST_LINE = 2000
_UNITS = ("", "hz", "sps", "samples", "samples/s")
_OTHER = re.compile(
    r"filter|pass|band|cut.?off|heart|cpu|clock|refresh|screen|frame|bit|baud|magn|baro|gps|light|"
    r"temp|ecg|ppg",
    re.IGNORECASE,
)


def rate_among(lines: Sequence[str]) -> float | None:
    """Find the rate of sampling in lines of text.

    Parameters
    ----------
    lines : sequence of str
        Lines before the heading, such as ``"Measurement Frequency,50 Hz"`` or
        ``"Sample interval: 20 ms"``.

    Returns
    -------
    float or None
        Samples per second; None if there is none, or several that differ.
    """
    rates = {rate for line in lines for rate in _rates_in(_compact(line))}
    return rates.pop() if len(rates) == 1 else None


def _compact(line: str) -> str:
    return _LONG_RUN.sub(r"\1", line[:_LONGEST_LINE])


def _rates_in(line: str) -> list[float]:
    """Return the rates that a line gives, of which there is one as a rule."""
    if at := _AT.search(line):
        return [_value(at["number"])]
    if _OTHER.search(line):
        return []
    if interval := _INTERVAL.search(line):
        unit = interval["unit"] or interval["before"]
        length = _value(interval["number"])
        if unit and length:
            return [round((1000 if unit.lower() == "ms" else 1) / length, 6)]
    rate = _RATE.search(line)
    value = _value(rate["number"]) if rate and rate["unit"].lower() in _UNITS else 0.0
    return [value] if value else []


def _value(number: str) -> float:
    return float(number.replace(",", "."))
