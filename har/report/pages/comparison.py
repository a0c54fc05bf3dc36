"""Files of `har compare`: figures, a page to look at and a summary for pull requests.

::

    comparison.html    one page that needs no other file
    comparison.json    all figures
    comparison.md      the summary, as Markdown
    figures/           the page's drawings, as PNG and SVG
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from har.comparison.contenders import contenders_in_words
from har.comparison.paired_tests import Difference
from har.comparison.summary import Comparison, ContenderRow, Pair
from har.files import write_text, writing_to
from har.report.facts import about_data
from har.report.pages.cost_figure import cost_figure, cost_in_words
from har.report.section import Picture, save_pictures
from har.report.templating import page_environment
from har.report.wording import (
    as_code,
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
    *("", "recipe or baseline", "run", "seed"),
    *("accuracy", "macro F1", "parameters", "training"),
)
_PAIR_HEAD = (
    *("", "accuracy, points", "macro F1, points"),
    *("only first right", "only second right", "McNemar’s p"),
)
# Field, title and unit of each cost, what of the field makes one unit, name of the file.
_COSTS = (
    ("n_parameters", "Accuracy by size of the network", "parameters", 1, "accuracy_by_size"),
    ("duration_s", "Accuracy by training time", "minutes", 60, "accuracy_by_training_time"),
)


def write_comparison(comparison: Comparison, folder: Path) -> Path:
    """Write the page, JSON, Markdown and figures of a comparison.

    Parameters
    ----------
    comparison : Comparison
        Contenders on the same windows.
    folder : Path
        Folder to write to, made if it is not there; other files in it stay.

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
    pictures = _pictures(comparison.runs)
    with writing_to(folder):
        folder.mkdir(parents=True, exist_ok=True)
        _write_pictures(pictures, folder / "figures")
        write_text(folder / "comparison.json", json.dumps(comparison.to_dict(), indent=2) + "\n")
        write_text(folder / "comparison.md", markdown_of(comparison))
        write_text(page, _render(comparison, pictures))
    return page


def markdown_of(comparison: Comparison) -> str:
    """Write a comparison as Markdown.

    Parameters
    ----------
    comparison : Comparison
        Contenders on the same windows.

    Returns
    -------
    str
        Tables of runs and pairs, and how to read them.
    """
    whose = f"{comparison.n_windows:,} windows of {people(comparison.n_subjects)}"
    lines = [
        f"## {_contenders_in_words(comparison)} on the same {whose}",
        "",
        *markdown_table(_RUN_HEAD, [_run_cells(row) for row in comparison.runs], n_words=3),
        "",
        *markdown_table(_PAIR_HEAD, [_pair_cells(pair) for pair in comparison.pairs], n_words=1),
        "",
        *_settings_lines(comparison),
        "",
        "In brackets: 95 % intervals from 10,000 bootstrap resamples of the people; one person "
        "gives none. McNemar’s exact test takes windows as independent, which those of one person "
        "are not: trust the interval more.",
        f"Windows that were not named alike by all: {comparison.disagreements.n_windows:,}.",
    ]
    return "\n".join(lines) + "\n"


def _contenders_in_words(comparison: Comparison) -> str:
    n_runs = len(_keys_with_settings(comparison))
    return contenders_in_words(n_runs, len(comparison.runs) - n_runs)


def _keys_with_settings(comparison: Comparison) -> list[str]:
    """List the letters of the runs: a baseline has no settings."""
    return [row.run for row in comparison.runs if row.is_run]


def _settings_lines(comparison: Comparison) -> list[str]:
    """Write the settings in which runs differ, and how many there are in all."""
    keys, settings = _keys_with_settings(comparison), comparison.settings
    if len(keys) == 1:
        return []
    if not settings.differing:
        return [f"Settings: none differ, of {settings.n_settings}."]
    rows = [
        [as_code(row.setting), *(setting_in_words(row.values[key]) for key in keys)]
        for row in settings.differing
    ]
    return [
        *markdown_table(("setting", *keys), rows, n_words=1 + len(keys)),
        "",
        f"All other settings, of {settings.n_settings}, are the same.",
    ]


def pair_in_words(pair: Pair) -> dict[str, str]:
    """Write the name of a pair and its differences, by ``pair``, ``accuracy`` and ``macro_f1``."""
    return {
        "pair": f"{pair.other} − {pair.reference}",
        "accuracy": _difference_in_words(pair.accuracy),
        "macro_f1": _difference_in_words(pair.macro_f1),
    }


def _difference_in_words(figure: Difference) -> str:
    """Write a difference in points: ``"+1.10 [−0.32, +2.41]"``."""
    ends = ", ".join(map(points, figure.interval or ()))
    return points(figure.difference) + (f" [{ends}]" if ends else "")


def _run_cells(row: ContenderRow) -> list[str]:
    return [
        row.run,
        row.name or _UNKNOWN,
        as_code(row.folder) if row.folder is not None else "baseline",
        str(row.seed),
        percent(row.accuracy, 2),
        percent(row.macro_f1, 2),
        _UNKNOWN if row.n_parameters is None else f"{row.n_parameters:,}",
        _UNKNOWN if row.duration_s is None else duration_in_words(row.duration_s),
    ]


def _pair_cells(pair: Pair) -> list[str]:
    return [
        *pair_in_words(pair).values(),
        str(pair.n_right.only_other),
        str(pair.n_right.only_reference),
        p_value(pair.mcnemar_p),
    ]


def _render(comparison: Comparison, pictures: Mapping[str, Picture]) -> str:
    groups = comparison.disagreements.groups
    environment = page_environment(comparison.activities)
    environment.filters |= {"points": points, "p_value": p_value}
    data = comparison.data
    return environment.get_template("compare.html").render(
        comparison=comparison,
        contenders=_contenders_in_words(comparison),
        keys=[row.run for row in comparison.runs],
        keys_with_settings=_keys_with_settings(comparison),
        groups=groups[:_N_GROUPS_SHOWN],
        n_hidden_groups=len(groups[_N_GROUPS_SHOWN:]),
        drawings=[picture.drawn(name) for name, picture in pictures.items()],
        about_data=about_data(comparison.data_set, data.name, data.notes),
    )


def _pictures(rows: Sequence[ContenderRow]) -> dict[str, Picture]:
    """Draw accuracy over each cost that is known, by the name of its file."""
    pictures = {}
    for field, title, unit, scale, name in _COSTS:
        # A training of less than 0.05 s counts as 0, which has no place on the figure's axis.
        known = {
            row.run: (row.accuracy, cost / scale) for row in rows if (cost := getattr(row, field))
        }
        if known:
            words = (cost_in_words(run, *values, unit) for run, values in known.items())
            figure = cost_figure(known, title, unit)
            pictures[name] = Picture(figure, f"{title}. {'; '.join(words)}.")
    return pictures


def _write_pictures(pictures: Mapping[str, Picture], folder: Path) -> None:
    """Keep the pictures as files; those of an earlier comparison go, other files stay."""
    folder.mkdir(exist_ok=True)
    for *_, name in _COSTS:
        if name not in pictures:
            (folder / f"{name}.png").unlink(missing_ok=True)
            (folder / f"{name}.svg").unlink(missing_ok=True)
    save_pictures(pictures, folder)


def p_value(p: float) -> str:
    """Write a p-value with the digits that matter."""
    return "< 0.001" if p < 0.001 else f"{p:.3f}"
