"""Units of acceleration and angular rate: declared, or inferred from the data."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from har.arrays import FloatArray
from har.errors import DataError

STANDARD_GRAVITY = 9.80665  # m/s², exactly: CGPM 1901.

# A value times its unit's factor is in g or rad/s.
ACC_FACTORS = {"g": 1.0, "m/s2": 1 / STANDARD_GRAVITY, "mg": 1 / 1000}
GYRO_FACTORS = {"rad/s": 1.0, "deg/s": np.pi / 180, "mdps": np.pi / 180_000}

_SPELLINGS = {
    "ms2": "m/s2",
    "mss": "m/s2",
    "mps2": "m/s2",
    "rads": "rad/s",
    "rps": "rad/s",
    "degs": "deg/s",
    "degreess": "deg/s",
    "dps": "deg/s",
    "gs": "g",
}

# Between rest and running the median length of acceleration stays within these shares of 1 g.
_PLAUSIBLE_G = (0.7, 1.4)
# Phones' gyroscopes end at 2000 deg/s, which is 35 rad/s.
_LARGEST_RAD_PER_S = 35.0


@dataclass(frozen=True)
class Unit:
    """A unit, and the evidence for it.

    Parameters
    ----------
    name : str
        Key of `ACC_FACTORS` or `GYRO_FACTORS`.
    evidence : str
        Reason to believe in it, as the end of a sentence.
    """

    name: str
    evidence: str


def acc_unit_named(text: str, place: str) -> str:
    """Return the unit of acceleration that a user or a heading names.

    Parameters
    ----------
    text : str
        Unit as written: ``"m/s²"``, ``"mG"``.
    place : str
        File and heading, or argument, for the message.

    Returns
    -------
    str
        A key of `ACC_FACTORS`.

    Raises
    ------
    DataError
        If it is none of them.
    """
    return _unit_named(text, ACC_FACTORS, place)


def gyro_unit_named(text: str, place: str) -> str:
    """Return the unit of angular rate, a key of `GYRO_FACTORS`; see `acc_unit_named`."""
    return _unit_named(text, GYRO_FACTORS, place)


def _unit_named(text: str, units: dict[str, float], place: str) -> str:
    letters = re.sub(r"[^a-z0-9]", "", text.lower().replace("²", "2").replace("°", "deg"))
    name = _SPELLINGS.get(letters, letters)
    if name not in units:
        raise DataError(f"{place}: found unit {text!r}, expected one of {', '.join(units)}")
    return name


def factors_of(acc_unit: Unit, gyro_unit: Unit) -> FloatArray:
    """Return the factors that bring six channels to g and rad/s."""
    return np.repeat([ACC_FACTORS[acc_unit.name], GYRO_FACTORS[gyro_unit.name]], 3)


def converted(values: FloatArray, factors: FloatArray) -> FloatArray:
    """Convert to g or rad/s in double precision, and round to single precision once.

    Parameters
    ----------
    values : ndarray of float64, shape (..., n_channels)
        Values as in the file.
    factors : ndarray of float64, shape (n_channels,)
        Factor of each channel, from `ACC_FACTORS` and `GYRO_FACTORS`.

    Returns
    -------
    ndarray of float32, shape (..., n_channels)
    """
    return (values * factors).astype(np.float32)


def _median_length(acc: FloatArray) -> float:
    """Return the median length of the acceleration over complete rows; NaN if there are none."""
    lengths = np.sqrt(np.einsum("ij,ij->i", acc, acc))
    complete = lengths[np.isfinite(lengths)]
    return float(np.median(complete)) if len(complete) else float("nan")


def acc_unit_of(acc: FloatArray, declared: Unit | None, place: str) -> Unit:
    """Infer the unit of acceleration from its length, which is about 1 g most of the time.

    Parameters
    ----------
    acc : ndarray, shape (n_timesteps, 3)
        Acceleration as in the file; NaN where a cell is empty.
    declared : Unit or None
        Unit that the user or the headings declare.
    place : str
        File, for messages.

    Returns
    -------
    Unit

    Raises
    ------
    DataError
        If the length fits no unit, or not the declared one.
    """
    length = _median_length(acc)
    lowest, highest = _PLAUSIBLE_G
    if np.isnan(length) and declared is None:
        raise DataError(
            f"{place}: found no row with acc_x, acc_y and acc_z among the first {len(acc)}, "
            "expected numbers, or the unit in acc_unit"
        )
    if declared:
        # A short run may be far from 1 g; whatever fits another unit is further.
        if np.isnan(length) or lowest / 2 <= length * ACC_FACTORS[declared.name] <= highest * 2:
            return declared
        expected = f"about {1 / ACC_FACTORS[declared.name]:.4g} ({declared.evidence})"
    else:
        for name, factor in ACC_FACTORS.items():
            if lowest <= length * factor <= highest:
                return Unit(name, f"told from the median length {length:.3g}")
        expected = "about 1 (g), 9.8 (m/s2) or 1000 (mg), gravity included"
    raise DataError(
        f"{place}: found a median length of acceleration of {length:.3g}, expected {expected}"
    )


def gyro_unit_of(gyro: FloatArray, declared: Unit | None, place: str) -> Unit:
    """Infer the unit of angular rate from its largest value.

    Parameters
    ----------
    gyro : ndarray, shape (n_timesteps, 3)
        Angular rate as in the file; NaN where a cell is empty.
    declared, place
        Declared unit and file, as for `acc_unit_of`.

    Returns
    -------
    Unit

    Raises
    ------
    DataError
        If rad/s is declared, and no phone can measure such values.
    """
    largest = float(np.nanmax(np.abs(gyro), initial=0.0))
    if declared is None and largest <= _LARGEST_RAD_PER_S:
        return Unit("rad/s", f"assumed: no value is above {_LARGEST_RAD_PER_S:.0f}")
    if declared is None:
        return Unit("deg/s", f"values up to {largest:.4g} are too large for rad/s")
    if largest * GYRO_FACTORS[declared.name] > 2 * _LARGEST_RAD_PER_S:
        limit = 2 * _LARGEST_RAD_PER_S / GYRO_FACTORS[declared.name]
        raise DataError(
            f"{place}: found angular rates up to {largest:.4g}, "
            f"expected at most {limit:.4g} {declared.name}: {declared.evidence}"
        )
    return declared
