"""The result of a benchmark as JSON, and its comparison with another."""

from __future__ import annotations

import json
import platform
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from har.errors import RunError
from har.files import write_text
from har.runs.provenance import describe_source
from speed.measure import Measure

PACKAGES = ("mxnet", "numpy", "torch")
# Middle halves of a few rounds may lie apart by chance; less than this is not worth a look.
SMALLEST_INCREASE = 1.05


@dataclass(frozen=True)
class Machine:
    """Where a benchmark ran: what its figures depend on besides the code."""

    processor: str
    n_cores: int
    python: str
    packages: dict[str, str]

    @classmethod
    def here(cls, n_cores: int) -> Machine:
        """Describe this machine."""
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
        return cls(
            next(iter(models), platform.machine()),
            n_cores,
            platform.python_version(),
            {name: version(name).partition("+")[0] for name in PACKAGES},
        )


@dataclass(frozen=True)
class Result:
    """All measures of a benchmark, and the machine and commit they were taken on."""

    machine: Machine
    commit: str
    measures: tuple[Measure, ...]

    @classmethod
    def here(cls, n_cores: int, measures: Sequence[Measure]) -> Result:
        """Return the result of measures that were taken just now."""
        git = describe_source()
        commit = f"{git.commit[:12]}{'+' if git.is_dirty else ''}" if git else "unknown"
        return cls(Machine.here(n_cores), commit, tuple(measures))

    def to_json(self) -> str:
        """Return the text of the file, a line for each measure."""
        head = json.dumps({"machine": asdict(self.machine), "commit": self.commit}, indent=1)
        lines = ",\n".join(f"  {json.dumps(measure.to_dict())}" for measure in self.measures)
        return f'{head.removesuffix("}").rstrip()},\n "measures": [\n{lines}\n ]\n}}\n'

    @classmethod
    def from_json(cls, text: str) -> Result:
        """Return what `to_json` was called on."""
        content: dict[str, Any] = json.loads(text)
        measures = tuple(Measure.from_dict(fields) for fields in content["measures"])
        return cls(Machine(**content["machine"]), content["commit"], measures)

    @classmethod
    def read(cls, path: Path) -> Result | None:
        """Read a result; None where there is none yet."""
        if not path.exists():
            return None
        try:
            return cls.from_json(path.read_text(encoding="utf-8"))
        except (ValueError, KeyError, TypeError) as error:
            raise RunError(f"{path}: found {error}, expected a result of the benchmark") from error

    def write(self, path: Path) -> None:
        """Write the file."""
        write_text(path, self.to_json())

    def over(self, earlier: Result | None) -> Result:
        """Return this result with the measures of an earlier one that were not taken again.

        Raises
        ------
        RunError
            If there are such, and they were taken on another machine.
        """
        named = {measure.name: measure for measure in self.measures}
        kept = [m for m in earlier.measures if m.name not in named] if earlier else []
        if earlier and kept and earlier.machine != self.machine:
            raise RunError(
                f"benchmark: found the last result from another machine ({earlier.machine}), "
                "expected this one, or all parts measured"
            )
        if not earlier:
            return self
        places = [named.pop(measure.name, measure) for measure in earlier.measures]
        return replace(self, measures=(*places, *named.values()))


def slower(now: Result, last: Result) -> Iterator[str]:
    """Yield what costs more than in the last result by more than the spread, a line each.

    A cost is a ratio to a reference that was measured in turn with it, so that results of different
    machines can be compared. It counts as higher where its middle half lies above the last one's.
    """
    before = {measure.name: measure for measure in last.measures}
    for measure in now.measures:
        old = before.get(measure.name)
        if old is not None and measure.cost.low > old.cost.high * SMALLEST_INCREASE:
            increase = measure.cost.median / old.cost.median - 1
            if np.isfinite(increase):
                yield (
                    f"{measure.name}: {increase:+.0%}, from {old.cost.median:g} "
                    f"({old.cost.low:g} to {old.cost.high:g}) to {measure.cost.median:g} "
                    f"({measure.cost.low:g} to {measure.cost.high:g})"
                )
