"""README's section on speed: tables and a picture of a result."""

from __future__ import annotations

from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter

from har.report.style import BLUE, GOLD, INK, ROSE
from speed.measure import Measure, rounded
from speed.result import Result
from speed.turns import BEST, BUSY, UNITS, UNPREPARED

BEGIN, END = "<!-- speed: begin -->", "<!-- speed: end -->"
PICTURE = "docs/speed.png"
# Heading, and the name of the measure after the recipe's.
COLUMNS: tuple[tuple[str, str, str], ...] = (
    ("training, 1 thread", "training", "1 thread"),
    ("training, all cores", "training", BEST),
    ("beside a busy process", "training", f"{BEST} {BUSY}"),
    ("the same, unprepared", "training", UNPREPARED),
    ("prediction, 1 thread", "prediction", "1 thread"),
    ("prediction, all cores", "prediction", BEST),
    ("a single window", "single", "1 thread"),
)
_SERIES = (("training", BLUE, "o"), ("prediction", GOLD, "s"), ("single", ROSE, "D"))


def markdown(result: Result) -> str:
    """Return the section: a picture, ratios for each recipe, figures of commands, the machine."""
    named = {measure.name: measure for measure in result.measures}
    recipes = recipes_of(result)
    lines = [f"![PyTorch's time over har's, for each recipe]({PICTURE})", ""] if recipes else []
    lines += _row("recipe", *(heading for heading, _, _ in COLUMNS))
    lines.append("|---" + "|---:" * len(COLUMNS) + "|")
    for recipe in recipes:
        found = (named.get(f"{part} {recipe}, {setting}") for _, part, setting in COLUMNS)
        lines += _row(f"`{recipe}`", *(_ratio_cell(measure) for measure in found))
    commands = [measure for measure in result.measures if measure.part not in UNITS]
    if commands:
        lines += ["", *_row("command", "", "har here"), "|---|---|---:|"]
        for m in commands:
            lines += _row(f"{m.part} {m.subject}", m.setting, f"{rounded(m.ours)} {m.unit}")
    machine = result.machine
    packages = ", ".join(f"{name} {number}" for name, number in machine.packages.items())
    return "\n".join(
        [*lines, "", f"{machine.processor}, {machine.n_cores} cores; {packages}; {result.commit}."]
    )


def recipes_of(result: Result) -> list[str]:
    """Return the recipes that were measured, in the order of the result."""
    return list(dict.fromkeys(m.subject for m in result.measures if m.part in UNITS))


def _row(*cells: str) -> list[str]:
    return [f"| {' | '.join(cells)} |"]


def _ratio_cell(measure: Measure | None) -> str:
    """Write a ratio with its middle half."""
    if measure is None:
        return "–"
    ratio = measure.ratio
    return f"{ratio.median:.2f} ({ratio.low:.2f}–{ratio.high:.2f})"


def speed_figure(result: Result) -> Figure:
    """Draw PyTorch's time over har's for each recipe, on one thread."""
    recipes = recipes_of(result)
    figure = Figure(figsize=(7, 1.3 + 0.34 * len(recipes)), layout="constrained")
    axes = figure.subplots()
    named = {measure.name: measure for measure in result.measures}
    for part, colour, marker in _SERIES:
        found = [(i, named.get(f"{part} {recipe}, 1 thread")) for i, recipe in enumerate(recipes)]
        shown = [(i, measure.ratio) for i, measure in found if measure is not None]
        for i, ratio in shown:
            axes.plot([ratio.low, ratio.high], [i, i], color=colour)
        x, y = [ratio.median for _, ratio in shown], [i for i, _ in shown]
        label = {"single": "a single window"}.get(part, part)
        axes.plot(x, y, marker, color=colour, label=label)
    axes.axvline(1, color=INK, linewidth=1)
    axes.set_xscale("log")
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 1.5, 2, 3, 5, 7)))
    axes.xaxis.set_major_formatter("{x:g}")
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.set_yticks(range(len(recipes)), recipes)
    axes.invert_yaxis()
    axes.margins(0.08, 0.1)
    axes.set_xlabel("PyTorch's time over har's, one thread (right of 1: har is faster)")
    axes.set_title("The same network in har and in PyTorch", pad=22)
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1.02), ncols=len(_SERIES))
    return figure
