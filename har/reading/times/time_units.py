"""Units of time stamps, as declared or as told from the size of stamps and steps."""

from __future__ import annotations

from har.errors import DataError, quoted

SECONDS = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9, "100 ns": 1e-7, "d": 86400.0}
NAMES = {
    "s": "seconds",
    "ms": "milliseconds",
    "us": "microseconds",
    "ns": "nanoseconds",
    "100 ns": "ticks of 100 nanoseconds",
    "d": "days, as spreadsheets count them",
}
DECLARABLE = ("s", "ms", "us", "ns")
_SPELLINGS = {
    **{NAMES[unit]: unit for unit in DECLARABLE},
    **{NAMES[unit][:-1]: unit for unit in DECLARABLE},
    **{"µs": "us", "μs": "us", "usec": "us", "micros": "us", "msec": "ms", "millis": "ms"},
    **{"nsec": "ns", "nanos": "ns", "sec": "s", "secs": "s", "sek": "s", "sekunden": "s"},
    **{"millisekunden": "ms", "mikrosekunden": "us", "nanosekunden": "ns"},
}

LOWEST_RATE_HZ, HIGHEST_RATE_HZ = 10.0, 1000.0
# Clocks may be off by this factor.
RATE_TOLERANCE = 1.001
# A second is a thousand milliseconds, so 2 s and 2 ms apart look alike; sensors of phones and
# watches end at 400 Hz, and movement is not recorded below 0.4 Hz.
HIGHEST_UNDECLARED_HZ = 400.0
# Time since 1970 between 2001 and 2065.
EPOCH_S = (1e9, 3e9)
# Sizes of stamps from 1960 to 2100. Days are counted from 1900 (Excel) or the year 0 (MATLAB), or
# are the part of a day that is over; ticks from 1601 (Windows) or the year 1 (.NET).
_SIZES = {
    "d": ((-1e-9, 1.0), (21_900, 73_500), (715_900, 767_400)),
    "100 ns": ((1.13e17, 1.58e17), (6.18e17, 6.63e17)),
}


def time_unit_named(text: str, place: str) -> str:
    """Return the unit of time that a user or a heading names.

    Parameters
    ----------
    text : str
        Unit as written.
    place : str
        File and heading, or argument, for the message.

    Returns
    -------
    str
        A member of `DECLARABLE`.

    Raises
    ------
    DataError
        If it is none of them.
    """
    name = _SPELLINGS.get(text.strip().lower(), text.strip().lower())
    if name not in DECLARABLE:
        raise DataError(
            f"{place}: found unit {quoted(text)}, expected one of {', '.join(DECLARABLE)}"
        )
    return name


def is_likely_rate(rate_hz: float, highest_hz: float = HIGHEST_RATE_HZ) -> bool:
    """Return whether a recording of movement may have this rate; clocks may be 0.1 % off."""
    return LOWEST_RATE_HZ / RATE_TOLERANCE <= rate_hz <= highest_hz * RATE_TOLERANCE


def likely_time_unit(step: float, size: float) -> str | None:
    """Infer the unit of time stamps from their step and their size.

    Parameters
    ----------
    step : float
        Usual difference of one stamp from the last, above 0.
    size : float
        Median of the stamps.

    Returns
    -------
    str or None
        A key of `SECONDS`; None if no unit gives a plausible rate.
    """
    for unit, sizes in _SIZES.items():
        is_of_size = any(low <= size < high for low, high in sizes)
        if is_of_size and is_likely_rate(1 / (step * SECONDS[unit]), HIGHEST_UNDECLARED_HZ):
            return unit
    since_1970 = [u for u in DECLARABLE if EPOCH_S[0] <= size * SECONDS[u] <= EPOCH_S[1]]
    for unit in DECLARABLE:
        is_sure = unit == "s" or unit in since_1970
        highest_hz = HIGHEST_RATE_HZ if is_sure else HIGHEST_UNDECLARED_HZ
        if is_likely_rate(1 / (step * SECONDS[unit]), highest_hz):
            return unit
    return since_1970[0] if since_1970 else None
