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
from har.markdown import markdown_table
from har.page_parts import about_data
from har.pages import duration_in_words, page_environment, people, points
from har.style import percent, to_svg

# On the page; all are in the JSON.
_N_GROUPS_SHOWN = 20
_UNKNOWN = "–"
# Heads of the summary's tables.
_RUN_HEAD = ("", "run", "recipe", "seed", "accuracy", "macro F1", "parameters", "training")
_PAIR_HEAD = (
    *("", "accuracy, points", "macro F1, points"),
    *("only first right", "only second right", "McNemar’s p"),
)


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
    whose = f"{summary['n_windows']:,} windows of {people(summary['n_subjects'])}"
    lines = [
        f"## {len(summary['runs'])} runs on the same {whose}",
        "",
        *markdown_table(_RUN_HEAD, [_run_cells(row) for row in summary["runs"]], n_words=3),
        "",
        *markdown_table(_PAIR_HEAD, [_pair_cells(row) for row in summary["pairs"]], n_words=1),
        "",
        "In brackets: 95 % intervals from 10,000 bootstrap resamples of the people; one person "
        "gives none. McNemar’s exact test takes windows as independent, which those of one person "
        "are not: trust the interval more.",
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
        about_data=about_data(summary["data"]["set"], summary["data"]),
    )


def _drawings(rows: Sequence[Mapping[str, Any]]) -> list[Markup]:
    """Draw accuracy over each cost that is known."""
    costs = (
        ("n_parameters", "Accuracy by size of the network", "parameters", 1),
        ("duration_s", "Accuracy by training time", "minutes", 60),
    )
    drawings = []
    for key, title, unit, scale in costs:
        # A training of less than 0.05 s counts as 0, which has no place on the figure's axis.
        known = {row["run"]: (row["accuracy"], row[key] / scale) for row in rows if row[key]}
        if known:
            told = (
                f"{name}: {percent(share, 2)} for {cost:,.6g} {unit}"
                for name, (share, cost) in known.items()
            )
            figure = cost_figure(known, title, unit)
            prefix = key.replace("_", "-")
            drawings.append(Markup(to_svg(figure, f"{title}. {'; '.join(told)}.", prefix)))
    return drawings


def p_value(p: float) -> str:
    """Write a p-value with the digits that matter."""
    return "< 0.001" if p < 0.001 else f"{p:.3f}"
