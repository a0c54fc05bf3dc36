"""What `har compare` leaves: figures, a page to look at and a summary for pull requests.

::

    comparison.html    one page that needs no other file
    comparison.json    all figures
    comparison.md      the summary, as Markdown
    figures/           the page's drawings, as PNG and SVG
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from markupsafe import Markup
from matplotlib.figure import Figure

from har.comparison.contenders import contenders_in_words
from har.files import write_text, writing_to
from har.report.drawing import save_png, save_svg, to_svg
from har.report.facts import about_data
from har.report.pages.cost_figure import cost_figure, cost_in_words
from har.report.templating import page_environment
from har.report.wording import (
    duration_in_words,
    markdown_table,
    people,
    percent,
    points,
    setting_in_words,
)

# On the page; all are in the JSON.
_N_GROUPS_SHOWN = 20
_UNKNOWN = "–"
# Heads of the summary's tables.
_RUN_HEAD = (
    "",
    "recipe or baseline",
    "run",
    "seed",
    "accuracy",
    "macro F1",
    "parameters",
    "training",
)
_PAIR_HEAD = (
    *("", "accuracy, points", "macro F1, points"),
    *("only first right", "only second right", "McNemar’s p"),
)
# Key in the summary, title and unit of each cost, what of the key makes one unit, name of the file.
_COSTS = (
    ("n_parameters", "Accuracy by size of the network", "parameters", 1, "accuracy_by_size"),
    ("duration_s", "Accuracy by training time", "minutes", 60, "accuracy_by_training_time"),
)


@dataclass(frozen=True)
class Picture:
    """A figure that is drawn on the page and kept as files.

    Parameters
    ----------
    figure : Figure
        What to draw.
    title : str
        What it shows, for those who cannot see it.
    """

    figure: Figure
    title: str


def write_comparison(summary: Mapping[str, Any], folder: Path) -> Path:
    """Write what runs come to side by side.

    Parameters
    ----------
    summary : mapping
        What `har.comparison.summary.summarise` gave.
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
    pictures = _pictures(summary["runs"])
    with writing_to(folder):
        folder.mkdir(parents=True, exist_ok=True)
        _write_pictures(pictures, folder / "figures")
        write_text(folder / "comparison.json", json.dumps(summary, indent=2) + "\n")
        write_text(folder / "comparison.md", markdown_of(summary))
        write_text(page, _render(summary, pictures))
    return page


def markdown_of(summary: Mapping[str, Any]) -> str:
    """Write the summary as Markdown.

    Parameters
    ----------
    summary : mapping
        What `har.comparison.summary.summarise` gave.

    Returns
    -------
    str
        Tables of runs and pairs, and what to make of them.
    """
    whose = f"{summary['n_windows']:,} windows of {people(summary['n_subjects'])}"
    lines = [
        f"## {_contenders_in_words(summary)} on the same {whose}",
        "",
        *markdown_table(_RUN_HEAD, [_run_cells(row) for row in summary["runs"]], n_words=3),
        "",
        *markdown_table(_PAIR_HEAD, [_pair_cells(row) for row in summary["pairs"]], n_words=1),
        "",
        *_settings_lines(summary),
        "",
        "In brackets: 95 % intervals from 10,000 bootstrap resamples of the people; one person "
        "gives none. McNemar’s exact test takes windows as independent, which those of one person "
        "are not: trust the interval more.",
        f"Windows that were not named alike by all: {summary['disagreements']['n_windows']:,}.",
    ]
    return "\n".join(lines) + "\n"


def _contenders_in_words(summary: Mapping[str, Any]) -> str:
    n_runs = sum(row["folder"] is not None for row in summary["runs"])
    return contenders_in_words(n_runs, len(summary["runs"]) - n_runs)


def _keys_with_settings(summary: Mapping[str, Any]) -> list[str]:
    """Tell which have settings: the runs. A baseline has none of a network's."""
    return [row["run"] for row in summary["runs"] if row["folder"] is not None]


def _settings_lines(summary: Mapping[str, Any]) -> list[str]:
    """Write the settings in which runs differ, and how many there are in all."""
    keys = _keys_with_settings(summary)
    n_settings, differing = summary["settings"].values()
    if len(keys) == 1:
        return []
    if not differing:
        return [f"Settings: none differ, of {n_settings}."]
    rows = [
        [f"`{row['setting']}`", *(setting_in_words(row["values"][key]) for key in keys)]
        for row in differing
    ]
    return [
        *markdown_table(("setting", *keys), rows, n_words=1 + len(keys)),
        "",
        f"All other settings, of {n_settings}, are the same.",
    ]


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
        row["name"] or _UNKNOWN,
        f"`{row['folder']}`" if row["folder"] else "baseline",
        str(row["seed"]),
        percent(row["accuracy"], 2),
        percent(row["macro_f1"], 2),
        _UNKNOWN if row["n_parameters"] is None else f"{row['n_parameters']:,}",
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


def _render(summary: Mapping[str, Any], pictures: Mapping[str, Picture]) -> str:
    groups = summary["disagreements"]["groups"]
    environment = page_environment(summary["activities"])
    environment.filters |= {"points": points, "p_value": p_value}
    data = summary["data"]
    return environment.get_template("compare.html").render(
        summary=summary,
        contenders=_contenders_in_words(summary),
        keys=[row["run"] for row in summary["runs"]],
        keys_with_settings=_keys_with_settings(summary),
        groups=groups[:_N_GROUPS_SHOWN],
        n_hidden_groups=len(groups[_N_GROUPS_SHOWN:]),
        drawings=[
            Markup(to_svg(picture.figure, picture.title, name.replace("_", "-")))
            for name, picture in pictures.items()
        ],
        about_data=about_data(data["set"], data.get("name"), data.get("notes", [])),
    )


def _pictures(rows: Sequence[Mapping[str, Any]]) -> dict[str, Picture]:
    """Draw accuracy over each cost that is known, by the name of its file."""
    pictures = {}
    for key, title, unit, scale, name in _COSTS:
        # A training of less than 0.05 s counts as 0, which has no place on the figure's axis.
        known = {row["run"]: (row["accuracy"], row[key] / scale) for row in rows if row[key]}
        if known:
            told = (cost_in_words(run, *values, unit) for run, values in known.items())
            figure = cost_figure(known, title, unit)
            pictures[name] = Picture(figure, f"{title}. {'; '.join(told)}.")
    return pictures


def _write_pictures(pictures: Mapping[str, Picture], folder: Path) -> None:
    """Keep the pictures as files; those of an earlier comparison go, other files stay."""
    folder.mkdir(exist_ok=True)
    for *_, name in _COSTS:
        png, svg = folder / f"{name}.png", folder / f"{name}.svg"
        if name in pictures:
            save_png(pictures[name].figure, png)
            save_svg(pictures[name].figure, svg)
        else:
            png.unlink(missing_ok=True)
            svg.unlink(missing_ok=True)


def p_value(p: float) -> str:
    """Write a p-value with the digits that matter."""
    return "< 0.001" if p < 0.001 else f"{p:.3f}"
