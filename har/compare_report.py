"""What `har compare` leaves: figures, a page to look at and a summary for pull requests.

::

    comparison.html    one page that needs no other file
    comparison.json    all figures
    comparison.md      the summary, as Markdown
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from markupsafe import Markup

from har.compare_figure import cost_figure
from har.errors import RunError
from har.files import write_text
from har.pages import duration_in_words, page_environment, points
from har.style import percent, to_svg

# On the page; all are in the JSON.
_N_GROUPS_SHOWN = 20
_UNKNOWN = "–"


def write_comparison(summary: Mapping[str, Any], folder: Path) -> Path:
    """Write what runs come to side by side.

    Parameters
    ----------
    summary : mapping
        What `har.compare_summary.summarise` gave.
    folder : Path
        Made if it is not there; other files in it stay.

    Returns
    -------
    Path
        The page.

    Raises
    ------
    RunError
        If the folder cannot be written.
    """
    page = folder / "comparison.html"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_text(folder / "comparison.json", json.dumps(summary, indent=2) + "\n")
        write_text(folder / "comparison.md", markdown_of(summary))
        write_text(page, _render(summary))
    except OSError as error:
        raise RunError(
            f"{folder}: found {error.strerror or error}, expected a folder to write to"
        ) from error
    return page


def markdown_of(summary: Mapping[str, Any]) -> str:
    """Write the summary as Markdown.

    Parameters
    ----------
    summary : mapping
        What `har.compare_summary.summarise` gave.

    Returns
    -------
    str
        Tables of runs and pairs, and what to make of them.
    """
    n_windows, n_subjects = summary["n_windows"], summary["n_subjects"]
    head = ("", "run", "recipe", "seed", "accuracy", "macro F1", "parameters", "training")
    pair_head = ("", "accuracy, points", "macro F1, points", "only first right")
    pair_head += ("only second right", "McNemar’s p")
    lines = [
        f"## {len(summary['runs'])} runs on the same {n_windows:,} windows of {n_subjects} people",
        "",
        *_table(head, [_run_cells(row) for row in summary["runs"]], n_words=3),
        "",
        *_table(pair_head, [_pair_cells(row) for row in summary["pairs"]], n_words=1),
        "",
        "In brackets: 95 % intervals from 10,000 bootstrap resamples of the people. McNemar’s exact "
        "test takes windows as independent, which those of one person are not: trust the interval.",
        f"Windows that were not named alike by all: {summary['disagreements']['n_windows']:,}.",
    ]
    return "\n".join(lines) + "\n"


def pair_in_words(pair: Mapping[str, Any]) -> dict[str, str]:
    """Write the differences of a pair: ``"+1.10 [−0.32, +2.41]"``, in points."""
    words = {"pair": f"{pair['other']} − {pair['reference']}"}
    for name in ("accuracy", "macro_f1"):
        ends = ", ".join(map(points, pair[name]["interval"] or ()))
        words[name] = points(pair[name]["difference"]) + (f" [{ends}]" if ends else "")
    return words


def _run_cells(row: Mapping[str, Any]) -> list[str]:
    duration_s = row["duration_s"]
    return [
        row["run"],
        f"`{row['folder']}`",
        row["recipe"] or _UNKNOWN,
        str(row["seed"]),
        percent(row["accuracy"], 2),
        percent(row["macro_f1"], 2),
        f"{row['n_parameters']:,}",
        _UNKNOWN if duration_s is None else duration_in_words(duration_s),
    ]


def _pair_cells(pair: Mapping[str, Any]) -> list[str]:
    n_right = pair["n_right"]
    return [
        *pair_in_words(pair).values(),
        str(n_right["only_other"]),
        str(n_right["only_reference"]),
        p_value(pair["mcnemar_p"]),
    ]


def _table(head: Sequence[str], rows: Sequence[Sequence[str]], n_words: int) -> list[str]:
    """Make the lines of a Markdown table, whose first columns hold words, the others numbers."""
    rule = ["---"] * n_words + ["---:"] * (len(head) - n_words)
    cells = [[cell.replace("|", "\\|") for cell in row] for row in rows]
    return [f"| {' | '.join(row)} |" for row in (head, rule, *cells)]


def _render(summary: Mapping[str, Any]) -> str:
    groups = summary["disagreements"]["groups"]
    environment = page_environment(summary["activities"])
    environment.filters |= {"points": points, "p_value": p_value}
    return environment.get_template("compare.html").render(
        summary=summary,
        keys=[row["run"] for row in summary["runs"]],
        groups=groups[:_N_GROUPS_SHOWN],
        n_hidden_groups=len(groups[_N_GROUPS_SHOWN:]),
        drawings=_drawings(summary["runs"]),
    )


def _drawings(rows: Sequence[Mapping[str, Any]]) -> list[Markup]:
    """Draw accuracy over each cost that is known."""
    drawings = []
    costs = (
        ("n_parameters", "Accuracy by size of the network", "parameters", 1),
        ("duration_s", "Accuracy by training time", "minutes", 60),
    )
    for key, title, unit, scale in costs:
        known = [row for row in rows if row[key]]
        if not known:
            continue
        names, accuracies, values = (
            [row["run"] for row in known],
            [row["accuracy"] for row in known],
            [row[key] / scale for row in known],
        )
        told = "; ".join(
            f"{name}: {percent(share)} for {value:,.4g} {unit}"
            for name, share, value in zip(names, accuracies, values, strict=True)
        )
        figure = cost_figure(names, accuracies, values, title, unit)
        drawings.append(Markup(to_svg(figure, f"{title}. {told}.", f"cost-{key.replace('_', '-')}")))
    return drawings


def p_value(p: float) -> str:
    """Write a p-value with the digits that matter."""
    return "< 0.001" if p < 0.001 else f"{p:.3f}"
