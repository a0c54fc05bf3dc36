"""Targets: what a measure should come to."""

from __future__ import annotations

from dataclasses import dataclass

from speed.measure import Measure
from speed.turns import BEST, UNPREPARED


@dataclass(frozen=True)
class Target:
    """A bound of a ratio of PyTorch's time to har's, or of har's own figure."""

    least_ratio: float | None = None
    least: float | None = None
    most: float | None = None

    def is_met(self, measure: Measure) -> bool:
        """Return whether a measure keeps to the bound."""
        if self.least_ratio is not None:
            return measure.ratio.median >= self.least_ratio
        if self.least is not None:
            return measure.ours >= self.least
        return self.most is None or measure.ours <= self.most

    def __str__(self) -> str:
        """Write the bound."""
        if self.most is not None:
            return f"<= {self.most:g}"
        bound = self.least if self.least_ratio is None else self.least_ratio
        return f">= {bound:g}"


_CHOSEN = ("uci_har", "quick", "lstm")
# Of the names of measures.
TARGETS: dict[str, Target] = {
    **{
        f"training {recipe}, 1 thread": Target(least_ratio=least)
        for recipe, least in zip(_CHOSEN, (1.1, 1.1, 1.4), strict=True)
    },
    **{f"training {recipe}, {BEST}": Target(least_ratio=1.1) for recipe in _CHOSEN},
    **{f"training {recipe}, {UNPREPARED}": Target(least_ratio=4) for recipe in _CHOSEN},
    **{f"prediction {recipe}, 1 thread": Target(least_ratio=1.1) for recipe in _CHOSEN},
    **{f"single {recipe}, 1 thread": Target(least_ratio=1.5) for recipe in _CHOSEN},
    "har train quick, 1 thread": Target(most=35),
    "har predict a day, 1 thread": Target(most=12),
    "har report quick": Target(most=4),
    "har stream delay, median": Target(most=2),
    "har stream samples, processor time": Target(least=20_000),
}
