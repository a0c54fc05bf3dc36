"""One page about a run: what was trained on what, how well it does, where it errs."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from matplotlib.figure import Figure

from har.config import Config
from har.errors import RunError
from har.figures import (
    Curve,
    class_bars,
    confusion_figure,
    learning_curves,
    row_shares,
    subject_bars,
    window_figure,
)
from har.files import whole_folder, write_text
from har.results import Mistake, Results, check_same_windows
from har.runs import RunFolder
from har.style import (
    activity_colour,
    activity_label,
    percent,
    save_png,
    short_label,
    to_svg,
)
from har.windows import Windows

N_MISTAKES = 6


def write_report(run: RunFolder, test: Windows | None = None) -> Path:
    """Write a run's page and its figures, from the files in the run's folder.

    Parameters
    ----------
    run : RunFolder
        A run that was scored.
    test : Windows or None
        The windows it was scored on, to draw its mistakes; None: they are listed only.

    Returns
    -------
    Path
        ``report.html``: one file that needs no other.

    Raises
    ------
    HarError
        If a file of the run is missing or damaged, `test` holds other windows than those that
        were scored, or the folder cannot be written.
    """
    results = Results.read(run)
    if test is not None:
        check_same_windows(results, test, run.predictions)
    mistakes = results.mistakes(N_MISTAKES, test)
    page = _render(results, mistakes)
    try:
        with whole_folder(run.figures) as folder:
            for name, figure in _pictures(results, mistakes).items():
                save_png(figure, folder / f"{name}.png")
        write_text(run.report, page)
    except OSError as error:
        raise RunError(
            f"{run.path}: found {error.strerror or error}, expected a folder to write to"
        ) from error
    return run.report


def _pictures(results: Results, mistakes: list[Mistake]) -> dict[str, Figure]:
    """Draw every figure that is kept as a file of its own."""
    scores = results.scores
    table = scores.per_class
    figures = {
        "learning_curves": _learning_figure(results, *_curves(results)),
        "confusion_matrix": confusion_figure(scores.confusion_matrix, scores.activities),
        "per_class": class_bars(
            {"Precision": table["precision"], "Recall": table["recall"], "F1": table["f1"]},
            scores.activities,
        ),
        "per_subject": subject_bars(
            list(scores.per_subject.index),
            list(scores.per_subject["accuracy"]),
            scores.accuracy,
        ),
    }
    for mistake in mistakes:
        if mistake.signals is not None:
            figures[f"mistake_{mistake.index}"] = _window_of(mistake, results)
    return figures


def _curves(results: Results) -> tuple[Curve, Curve]:
    table = results.metrics

    def values(name: str) -> list[float] | None:
        return table[name].tolist() if results.is_validated else None

    return (
        Curve("Loss", table["train_loss"].tolist(), values("validation_loss")),
        Curve(
            "Accuracy", table["train_accuracy"].tolist(), values("validation_accuracy"), True
        ),
    )


def _learning_figure(results: Results, *curves: Curve) -> Figure:
    kept_epoch = results.manifest["training"].get("best_epoch")
    return learning_curves(results.metrics["epoch"].tolist(), curves, kept_epoch)


def _window_of(mistake: Mistake, results: Results) -> Figure:
    signals = np.asarray(mistake.signals)
    model = results.manifest["model"]
    return window_figure(signals, model["channels"], model["rate_hz"])


def _render(results: Results, mistakes: list[Mistake]) -> str:
    environment = Environment(
        loader=PackageLoader("har", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "count": lambda number: f"{int(number):,}",
        "percent": percent,
        "label": activity_label,
        "short": short_label,
        "colour": activity_colour,
        "duration": _duration,
        "date": _date,
        "value": _value,
    }
    page = environment.get_template("report.html")
    return page.render(
        scores=results.scores,
        manifest=results.manifest,
        model=results.config.model,
        training=results.config.training,
        facts=_facts(results),
        curves=_curve_views(results),
        confusion=_confusion_rows(results),
        mistakes=[_mistake_view(mistake, results) for mistake in mistakes],
        settings=_settings(results.config),
        command=_command(results.manifest),
    )
