"""Measures: what something cost beside a reference that was measured in turn with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np

from har.arrays import FloatArray

Unit = Literal["s", "ms", "windows/s", "samples/s", "MB"]
Turns = Sequence[tuple[float, float]]
_PER_SECOND: tuple[Unit, ...] = ("windows/s", "samples/s")


@dataclass(frozen=True)
class Spread:
    """Median and middle half of several figures."""

    low: float
    median: float
    high: float

    @classmethod
    def over(cls, figures: Sequence[float] | FloatArray) -> Spread:
        """Sum up figures, one from each round."""
        return cls(*(float(f"{f:.4g}") for f in np.percentile(figures, [25, 50, 75])))

    @property
    def inverse(self) -> Spread:
        """The spread of the reciprocals."""
        return Spread(*(float(f"{1 / f:.4g}") for f in (self.high, self.median, self.low)))


@dataclass(frozen=True)
class Measure:
    """What har took for something, and what that was beside a reference.

    Parameters
    ----------
    part : str
        Part of the benchmark.
    subject : str
        A recipe, or a command.
    setting : str
        Threads and company.
    unit : str
        Unit of `ours` and `theirs`.
    ours : float
        Median of har's figures.
    theirs : float or None
        Median of PyTorch's; None where there is no such contender.
    cost : Spread
        har's time over the reference's, turn by turn: PyTorch's time, or that of the calibration
        loop. Of memory, which no reference changes, the figure itself. Below 1 har is faster.
    """

    part: str
    subject: str
    setting: str
    unit: Unit
    ours: float
    theirs: float | None
    cost: Spread

    @property
    def name(self) -> str:
        """What is measured, in words."""
        return ", ".join(word for word in (f"{self.part} {self.subject}", self.setting) if word)

    @property
    def ratio(self) -> Spread:
        """PyTorch's time over har's: above 1 har is faster."""
        return self.cost.inverse

    def to_dict(self) -> dict[str, Any]:
        """Return the fields for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, fields: dict[str, Any]) -> Measure:
        """Return what `to_dict` was called on."""
        return cls(**{**fields, "cost": Spread(**fields["cost"])})


def against(
    part: str,
    subject: str,
    setting: str,
    unit: Unit,
    seconds: tuple[FloatArray, FloatArray],
) -> Measure:
    """Compare seconds for a window, har's and PyTorch's, one from each round.

    Parameters
    ----------
    part, subject, setting, unit
        As for `Measure`.
    seconds : tuple of ndarray, shape (n_rounds,)
        har's and PyTorch's.
    """
    ours, theirs = (_shown(unit, float(np.median(s))) for s in seconds)
    return Measure(part, subject, setting, unit, ours, theirs, Spread.over(seconds[0] / seconds[1]))


def alone(part: str, subject: str, setting: str, unit: Unit, turns: Turns) -> Measure:
    """Compare seconds with those of the calibration loop in the same round.

    Parameters
    ----------
    part, subject, setting, unit
        As for `Measure`.
    turns : sequence of (float, float)
        Seconds of har and of the loop, from each round.
    """
    seconds, loop_s = np.array(turns).T
    shown = _shown(unit, float(np.median(seconds)))
    return Measure(part, subject, setting, unit, shown, None, Spread.over(seconds / loop_s))


def memory(part: str, subject: str, n_bytes: Sequence[int]) -> Measure:
    """Sum up the most memory that a process had, in each round."""
    spread = Spread.over(np.array(n_bytes) / 1e6)
    return Measure(part, subject, "peak memory", "MB", spread.median, None, spread)


def _shown(unit: Unit, seconds: float) -> float:
    figure = 1 / seconds if unit in _PER_SECOND else seconds * (1000 if unit == "ms" else 1)
    return float(f"{figure:.4g}")


def rounded(value: float) -> str:
    """Write a value with three digits that count."""
    return f"{float(f'{value:.3g}'):,.12g}"
