"""Show the results of recipes and baselines: README's table, and accuracy against cost."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pandas as pd
from matplotlib import rc_context
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter

from har.report.drawing import save_png
from har.report.style import BLUE, GOLD, INK, STYLE

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "docs" / "results"
TESTED = RESULTS / "results.csv"
CROSS_VALIDATED = RESULTS / "crossval.csv"
README = ROOT / "README.md"
PICTURE = ROOT / "docs" / "accuracy.png"
BEGIN, END = "<!-- results: begin -->", "<!-- results: end -->"
HEADINGS = (
    *("", "parameters", "training", "prediction of a window"),
    *("cross-validation", "test accuracy", "test macro F1", "test seeds"),
)


def mean_and_deviation(values: pd.Series) -> str:
    """Write shares as per cent: mean ± sample standard deviation, if there are several."""
    deviation = f" ± {100 * values.std():.2f}" if len(values) > 1 else ""
    return f"{100 * values.mean():.2f}{deviation} %"


def tested_cells(rows: pd.DataFrame) -> list[str]:
    """Write what the test subjects' windows came to."""
    if rows.empty:
        return ["–", "–", "–"]
    return [*(mean_and_deviation(rows[key]) for key in ("accuracy", "macro_f1")), str(len(rows))]


def cross_validated_cells(rows: pd.DataFrame) -> list[str]:
    """Write what predicting a window took, and the accuracy of the folds, a mean for each seed."""
    if rows.empty:
        return ["–", "–"]
    return [f"{rows['ms_per_window'].median():.2f} ms", mean_and_deviation(rows["accuracy"])]


def cost_cells(tested: pd.DataFrame, cross_validated: pd.DataFrame) -> list[str]:
    """Write the number of parameters and the median time of training."""
    rows = cross_validated if tested.empty else tested
    n_parameters = rows["n_parameters"].iloc[0]
    parameters = "–" if pd.isna(n_parameters) else f"{n_parameters:,.0f}"
    seconds = rows["training_s"].median()
    return [parameters, f"{seconds / 60:.1f} min" if seconds >= 30 else f"{seconds:.0f} s"]


def is_baseline(rows: pd.DataFrame) -> bool:
    """Return whether the rows are a baseline's: cross-validated, without parameters to count."""
    return len(rows) > 0 and bool(rows["n_parameters"].isna().all())


def baseline_name(name: str) -> str:
    """Write the name of a baseline as in a text."""
    return name.replace("_", " ").replace("svm", "SVM").replace("rbf", "RBF")


def markdown_table(tested: pd.DataFrame, cross_validated: pd.DataFrame) -> str:
    """Make README's table, recipes first, in the order of the two files."""
    lines = [f"| {' | '.join(HEADINGS)} |", "|---" + "|---:" * (len(HEADINGS) - 1) + "|"]
    for name in dict.fromkeys([*tested["recipe"], *cross_validated["recipe"]]):
        test, folds = (table[table["recipe"] == name] for table in (tested, cross_validated))
        shown = baseline_name(name) if is_baseline(folds) else f"`{name}.yaml`"
        cells = [shown, *cost_cells(test, folds), *cross_validated_cells(folds)]
        lines.append(f"| {' | '.join([*cells, *tested_cells(test)])} |")
    return "\n".join(lines)


def renew_readme(readme: str, table: str, begin: str = BEGIN, end: str = END) -> str:
    """Put a table between its marks in README's text."""
    before, rest = readme.split(begin)
    _old, after = rest.split(end)
    return f"{before}{begin}\n{table}\n{end}{after}"


def _has_one_above(place: tuple[float, float], places: Iterable[tuple[float, float]]) -> bool:
    return any(
        0.8 < place[0] / other[0] < 1.25 and 0 < other[1] - place[1] < 0.6 for other in places
    )


def accuracy_figure(cross_validated: pd.DataFrame) -> Figure:
    """Draw the accuracy of each recipe and baseline over what predicting a window takes."""
    figure = Figure(figsize=(7, 3.6), layout="constrained")
    axes = figure.subplots()
    grouped = cross_validated.groupby("recipe", sort=False)
    places = {
        name: (rows["ms_per_window"].median(), 100 * rows["accuracy"].mean())
        for name, rows in grouped
    }
    for name, rows in grouped:
        marker, colour = ("s", GOLD) if is_baseline(rows) else ("o", BLUE)
        axes.plot(*places[name], marker, color=colour)
        text = baseline_name(name) if is_baseline(rows) else name
        # Below a point where another one is close above it.
        offset = (0, -16) if _has_one_above(places[name], places.values()) else (0, 7)
        axes.annotate(
            text, places[name], offset, textcoords="offset points", ha="center", color=INK
        )
    axes.set_xscale("log")
    axes.margins(0.12, 0.16)
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.xaxis.set_major_formatter("{x:g}")
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.set_xlabel(
        "milliseconds to predict a window in batches, one thread (● networks, ■ baselines)"
    )
    axes.set_title("Accuracy on people who were held out, % (5 folds of the training subjects)")
    return figure


def show_results() -> str:
    """Renew README's table and the picture, and return the table."""
    tested, cross_validated = pd.read_csv(TESTED), pd.read_csv(CROSS_VALIDATED)
    table = markdown_table(tested, cross_validated)
    README.write_text(renew_readme(README.read_text(), table))
    with rc_context(STYLE):
        # Twelve activities are another task, whose accuracy cannot be compared.
        of_six = cross_validated[cross_validated["recipe"] != "hapt"]
        save_png(accuracy_figure(of_six), PICTURE)
    return table
