"""One page about a run: what was trained on what, how well it does, where it errs."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pandas as pd
from markupsafe import Markup
from matplotlib.figure import Figure

from har.config import Config
from har.errors import RunError
from har.figures import (
    Curve,
    class_bars,
    confusion_figure,
    learning_curves,
    row_shades,
    row_shares,
    subject_bars,
    window_figure,
)
from har.files import whole_folder, write_text
from har.pages import page_environment
from har.results import Mistake, Results, check_same_windows
from har.runs import RunFolder
from har.style import (
    activity_label,
    percent,
    save_png,
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
    pictures = _pictures(results, mistakes)
    page = _render(results, mistakes, pictures)
    try:
        with whole_folder(run.figures) as folder:
            for name, picture in pictures.items():
                save_png(picture, folder / f"{name}.png")
        write_text(run.report, page)
    except OSError as error:
        raise RunError(
            f"{run.path}: found {error.strerror or error}, expected a folder to write to"
        ) from error
    return run.report


def _pictures(results: Results, mistakes: list[Mistake]) -> dict[str, Figure]:
    """Draw every figure that is kept as a file of its own."""
    scores, model = results.scores, results.manifest["model"]
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
            figures[f"mistake_{mistake.index}"] = window_figure(
                mistake.signals, model["channels"], model["rate_hz"]
            )
    return figures


def _curves(results: Results) -> tuple[Curve, Curve]:
    lists = {name: column.tolist() for name, column in _mean_metrics(results).items()}
    if not results.is_validated:
        lists |= {"validation_loss": None, "validation_accuracy": None}
    return (
        Curve("Loss", lists["train_loss"], lists["validation_loss"]),
        Curve("Accuracy", lists["train_accuracy"], lists["validation_accuracy"], True),
    )


def _mean_metrics(results: Results) -> pd.DataFrame:
    """Take the mean over the networks of an ensemble, of those that were trained so long."""
    return results.metrics.groupby("epoch", as_index=False).mean()


def _learning_figure(results: Results, *curves: Curve) -> Figure:
    kept_epoch = results.manifest["training"].get("best_epoch")
    return learning_curves(_mean_metrics(results)["epoch"].tolist(), curves, kept_epoch)


def _render(results: Results, mistakes: list[Mistake], pictures: Mapping[str, Figure]) -> str:
    environment = page_environment(results.scores.activities)
    environment.filters |= {
        "sureness": lambda share: percent(share) if share < 0.9995 else "> " + percent(0.999),
        "value": _value,
    }
    page = environment.get_template("report.html")
    return page.render(
        scores=results.scores,
        manifest=results.manifest,
        training=results.config.training,
        data_set=results.config.data.set,
        facts=_facts(results),
        curves=_curve_views(results),
        confusion=_confusion_rows(results),
        mistakes=[_mistake_view(mistake, pictures) for mistake in mistakes],
        settings=_settings(results.config),
        command=_command(results.manifest),
    )


def _facts(results: Results) -> dict[str, Any]:
    """Collect what the page says in words."""
    manifest = results.manifest
    model, training = manifest["model"], manifest["training"]
    tested = list(results.scores.per_subject.index)
    known = {*map(str, training["train_subjects"]), *map(str, training["validation_subjects"])}
    return {
        "network": _network_in_words(results.config),
        "window_s": model["n_timesteps"] / model["rate_hz"],
        "n_train_subjects": len(training["train_subjects"]),
        "validation_subjects": training["validation_subjects"],
        "n_test_subjects": len(tested),
        "known_subjects": [subject for subject in tested if subject in known],
        "n_wrong": results.scores.n_windows - int(results.scores.confusion_matrix.trace()),
        "n_epochs": len(results.metrics),
        "n_members": results.config.model.n_members,
        "environment": _environment(manifest),
        "data": manifest.get("data", {}),
    }


def _network_in_words(config: Config) -> str:
    model = config.model
    kind = "bidirectional LSTM" if model.bidirectional else "LSTM"
    if model.n_layers == 1:
        layers = f"one {kind} layer of {model.hidden_size} units"
    else:
        layers = f"{model.n_layers} stacked {kind} layers of {model.hidden_size} units each"
    if model.conv_channels:
        one = model.conv_layers == 1
        number = "one convolution" if one else f"{model.conv_layers} convolutions"
        layers = f"{number} of {model.conv_channels} channels, then {layers}"
    if model.n_members == 1:
        return f"A network of {layers}"
    return f"An ensemble of {model.n_members} networks of {layers}"


def _environment(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Collect what the run depended on besides its settings; what is unknown is left out."""
    training, git = manifest["training"], manifest.get("git") or {}
    state = ", with uncommitted changes" if git.get("is_dirty") else ""
    rows = {
        "Device": training.get("device"),
        "Threads": training.get("n_threads"),
        "Seed": training.get("seed"),
        "har": manifest.get("har"),
        "Git commit": f"{git['commit'][:12]}{state}" if git.get("commit") else None,
    }
    names = {"python": "Python", "platform": "Platform", "n_cores": "Processor cores"}
    environment = manifest.get("environment", {})
    rows |= {names.get(name, name): value for name, value in environment.items()}
    return {name: value for name, value in rows.items() if value is not None}


def _curve_views(results: Results) -> list[Markup]:
    """Draw each learning curve for the page, with a sentence for those who cannot see it."""
    drawings = []
    for curve in _curves(results):
        show = percent if curve.is_share else "{:.3f}".format
        title = f"{curve.name} by epoch. Training: {_first_and_last(curve.training, show)}."
        if curve.validation is not None:
            title += f" Validation: {_first_and_last(curve.validation, show)}."
        figure = _learning_figure(results, curve)
        drawings.append(Markup(to_svg(figure, title, f"curve-{curve.name.lower()}")))
    return drawings


def _first_and_last(values: Sequence[float], show: Callable[[float], str]) -> str:
    return f"from {show(values[0])} to {show(values[-1])}" if len(values) > 1 else show(values[0])


def _confusion_rows(results: Results) -> list[dict[str, Any]]:
    """Make a row of cells per true activity; `shade` is the strength of a cell's colour."""
    scores = results.scores
    shares, shades = row_shares(scores.confusion_matrix), row_shades(scores.confusion_matrix)
    rows = []
    for true, (activity, counts) in enumerate(
        zip(scores.activities, scores.confusion_matrix, strict=True)
    ):
        cells = [
            {
                "count": int(count),
                "share": float(share),
                "is_right": predicted == true,
                "shade": float(shades[true, predicted]),
            }
            for predicted, (count, share) in enumerate(zip(counts, shares[true], strict=True))
        ]
        rows.append({"activity": activity, "cells": cells})
    return rows


def _mistake_view(mistake: Mistake, pictures: Mapping[str, Figure]) -> dict[str, Any]:
    view: dict[str, Any] = {**vars(mistake), "svg": None}
    name = f"mistake_{mistake.index}"
    if name in pictures:
        title = (
            f"Signals of test window {mistake.index}: {activity_label(mistake.true)}, "
            f"taken for {activity_label(mistake.predicted)}."
        )
        view["svg"] = Markup(to_svg(pictures[name], title, f"mistake-{mistake.index}"))
    return view


def _settings(config: Config) -> dict[str, list[tuple[str, Any, bool]]]:
    """List every setting by section: key, value, and whether it differs from the default."""
    sections: dict[str, list[tuple[str, Any, bool]]] = {"general": []}
    defaults = asdict(Config())
    for key, value in asdict(config).items():
        if isinstance(value, dict):
            usual = defaults[key]
            sections[key] = [(name, item, item != usual[name]) for name, item in value.items()]
        else:
            sections["general"].append((key, value, value != defaults[key]))
    return sections


def _command(manifest: Mapping[str, Any]) -> str:
    """Write the shell lines that repeat the run."""
    lines = []
    commit = (manifest.get("git") or {}).get("commit")
    if commit:
        lines.append(f"git checkout {commit[:12]}")
    threads = manifest["training"].get("n_threads")
    command = shlex.join(map(str, manifest.get("command") or ["har", "train"]))
    lines.append(f"OMP_NUM_THREADS={threads} {command}" if threads else command)
    return "\n".join(lines)


def _value(setting: object) -> str:
    """Write a setting as its recipe does."""
    if isinstance(setting, tuple):
        return f"[{', '.join(map(str, setting))}]"
    words = {None: "null", True: "true", False: "false"}
    return words[setting] if setting is None or isinstance(setting, bool) else str(setting)
