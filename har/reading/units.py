"""Units of acceleration and angular rate: declared, or inferred from the data."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

import numpy as np

from har.arrays import FloatArray
from har.errors import DataError, quoted

STANDARD_GRAVITY = 9.80665  # m/s², exactly: CGPM 1901.

# A value times its unit's factor is in g or rad/s.
ACC_FACTORS = {"g": 1.0, "m/s2": 1 / STANDARD_GRAVITY, "mg": 1 / 1000}
GYRO_FACTORS = {"rad/s": 1.0, "deg/s": np.pi / 180, "mdps": np.pi / 180_000}

# Spellings without blanks and signs, and with the words of `_WORDS` as letters.
_ACC_SPELLINGS = {
    **dict.fromkeys(("ms2", "mss", "mps2", "ms"), "m/s2"),
    **dict.fromkeys(("gs", "gforce", "gn", "g0", "standardgravity"), "g"),
    **dict.fromkeys(("mgs", "mgforce", "mgn"), "mg"),
}
_GYRO_SPELLINGS = {
    **dict.fromkeys(("rads", "radss", "rps", "rs", "1s", "s1"), "rad/s"),
    **dict.fromkeys(("degs", "degss", "dps", "ds", "s"), "deg/s"),
    **dict.fromkeys(("mdps", "mdegs", "mds"), "mdps"),
}
_WORDS = {
    r"(?:second|sec)s?(?![a-z])": "s",
    r"degrees?": "deg",
    r"radians?": "rad",
    r"met(?:er|re)s?": "m",
    r"milli": "m",
    r"squared?": "2",
    r"per": "",
}
# Signs of the sensor's own steps, whose size differs from sensor to sensor.
_COUNTS = re.compile(r"counts?|raw|lsb|adc|digits?|bits?")

# Mean acceleration over a hundred rows, between a phone that turns and one that a runner carries.
# The median over all such blocks is 0.89 to 1.26 g in 205 recordings, of people who jog too.
_PLAUSIBLE_G = (0.4, 2.0)
_ROWS_IN_MEAN = 100
# Less of the length than this is left of a mean without gravity.
STEADY_SHARE = 0.4
# Phones' gyroscopes end at 2000 deg/s, which is 35 rad/s; some of others at 4000.
LARGEST_RAD_PER_S = 35.0
_LARGEST_DECLARED_RAD_PER_S = 70.0


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
    return _unit_named(text, ACC_FACTORS, _ACC_SPELLINGS, place)


def gyro_unit_named(text: str, place: str) -> str:
    """Return the unit of angular rate, a key of `GYRO_FACTORS`; see `acc_unit_named`."""
    return _unit_named(text, GYRO_FACTORS, _GYRO_SPELLINGS, place)


def _unit_named(text: str, units: dict[str, float], spellings: dict[str, str], place: str) -> str:
    # A sign of degrees or of a square may be lost, or in another encoding, where Â precedes it.
    signs = re.sub("[°º˚]", "deg", text.lower().replace("â", ""))
    plain = unicodedata.normalize("NFKC", signs)
    if _COUNTS.fullmatch(plain.strip()):
        raise DataError(
            f"{place}: found unit {quoted(text)}, expected one of {', '.join(units)}: counts of a "
            "sensor have to be converted with its scale, or the unit given by "
            f"{'--acc-unit' if 'g' in units else '--gyro-unit'}"
        )
    for word, letters in _WORDS.items():
        plain = re.sub(word, letters, plain)
    letters = re.sub(r"[^a-z0-9]", "", plain)
    name = spellings.get(letters, letters)
    if name not in units:
        raise DataError(f"{place}: found unit {quoted(text)}, expected one of {', '.join(units)}")
    return name


def factors_of(channels: tuple[str, ...], acc_unit: Unit, gyro_unit: Unit) -> FloatArray:
    """Return the factors that bring channels to g and rad/s."""
    factors = {"acc": ACC_FACTORS[acc_unit.name], "gyro": GYRO_FACTORS[gyro_unit.name]}
    return np.array([factors[channel.partition("_")[0]] for channel in channels])


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


def _typical_lengths(acc: FloatArray) -> tuple[float, float]:
    """Return the median length of the mean of a hundred rows, and that of single rows.

    Movement makes single rows longer, a runner's by three quarters, while means stay near 1 g.
    Both are NaN if no row is complete.
    """
    complete = acc[np.isfinite(acc).all(axis=1)]
    if not len(complete):
        return float("nan"), float("nan")
    n_blocks = max(len(complete) // _ROWS_IN_MEAN, 1)
    blocks = complete[: n_blocks * _ROWS_IN_MEAN].reshape(n_blocks, -1, 3)
    return (
        float(np.median(np.linalg.norm(blocks.mean(axis=1), axis=1))),
        float(np.median(np.linalg.norm(complete, axis=1))),
    )


def acc_unit_of(acc: FloatArray, declared: Unit | None, place: str) -> Unit:
    """Infer the unit of acceleration from its mean, which is gravity's 1 g while a phone is worn.

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
        If the length fits no unit, or not the declared one, or there is no gravity.
    """
    mean, length = _typical_lengths(acc)
    lowest, highest = _PLAUSIBLE_G
    if np.isnan(mean) and declared is None:
        raise DataError(
            f"{place}: found no row with acc_x, acc_y and acc_z among the first {len(acc)}, "
            "expected numbers, or the unit in --acc-unit"
        )
    if declared:
        # A short run may be far from 1 g; whatever fits another unit is further.
        factor = ACC_FACTORS[declared.name]
        if np.isnan(mean) or (lowest / 2 <= length * factor and mean * factor <= highest * 1.5):
            return declared
        expected = f"about {1 / factor:.4g} ({declared.evidence})"
    else:
        for name, factor in ACC_FACTORS.items():
            if lowest <= mean * factor <= highest:
                return Unit(name, f"told from the mean, {mean:.3g} long")
        if len(acc) >= _ROWS_IN_MEAN and mean < STEADY_SHARE * length:
            raise without_gravity(f"{mean:.2g} where single rows are {length:.2g} long", place)
        expected = "about 1 (g), 9.8 (m/s2) or 1000 (mg), gravity included"
        if mean > highest / ACC_FACTORS["mg"]:
            expected += "; counts of a sensor have to be converted with its scale"
    raise DataError(
        f"{place}: found a mean acceleration of {mean:.3g}, expected {expected}: "
        "give the unit by --acc-unit if it is another"
    )


def without_gravity(found: str, place: str) -> DataError:
    """Return the error for acceleration without gravity.

    Parameters
    ----------
    found : str
        Mean acceleration, in words.
    place : str
        File, for the message.
    """
    return DataError(
        f"{place}: found acceleration that averages {found}, expected about 1 g: gravity was "
        "removed; apps call what is needed accelerometer, raw or total acceleration, or "
        "acceleration with gravity"
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
        Of those that no gyroscope would exceed, the one with the largest steps.

    Raises
    ------
    DataError
        If no gyroscope can measure such values in the declared unit, or in any.
    """
    largest = float(np.nanmax(np.abs(gyro), initial=0.0))
    most = {name: _LARGEST_DECLARED_RAD_PER_S / factor for name, factor in GYRO_FACTORS.items()}
    if declared is None:
        if largest <= LARGEST_RAD_PER_S:
            return Unit("rad/s", f"assumed: no value is above {LARGEST_RAD_PER_S:.0f}")
        too_small = "rad/s"
        for name in ("deg/s", "mdps"):
            if largest <= most[name]:
                return Unit(name, f"values up to {largest:.4g} are too large for {too_small}")
            too_small = name
    elif largest <= most[declared.name]:
        return declared
    limit = declared.name if declared else "mdps"
    raise DataError(
        f"{place}: found angular rates up to {largest:.4g}, "
        f"expected at most {most[limit]:.4g} {limit}"
        + (f": {declared.evidence}" if declared else ": convert counts of a sensor with its scale")
    )
