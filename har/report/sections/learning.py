"""Learning curves: loss and accuracy over the epochs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import pandas as pd
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from har.report.drawing import add_tips, in_percent, set_margins, title_and_legend
from har.report.scored_run import ScoredRun
from har.report.section import Picture, Section
from har.report.style import BLUE, FAINT, GOLD, PAPER, STYLE
from har.report.wording import percent


@dataclass(frozen=True)
class Curve:
    """One quantity over the epochs.

    Parameters
    ----------
    name : str
        Title of its panel.
    training : sequence of float
        Value of each epoch.
    validation : sequence of float or None
        Value of each epoch, if subjects were held out.
    is_share : bool
        Whether it goes from 0 to 1, and is shown in percent.
    """

    name: str
    training: Sequence[float]
    validation: Sequence[float] | None = None
    is_share: bool = False

    def shown(self, value: float) -> str:
        """Write one of the values as people read it."""
        return percent(value) if self.is_share else f"{value:.3f}"


def learning_section(run: ScoredRun) -> Section:
    """Make the section on how training went."""
    results = run.results
    kept_epoch = results.manifest.training.best_epoch
    figure = learning_figure(results.metrics, kept_epoch)
    return replace(
        curves_section(results.metrics, _about_training(run), kept_epoch),
        pictures={"learning_curves": Picture(figure, "Loss and accuracy by epoch")},
    )


def curves_section(
    metrics: pd.DataFrame, sentences: Sequence[str], kept_epoch: int | None = None
) -> Section:
    """Make the section of the learning curves, each a figure of the page alone.

    Parameters
    ----------
    metrics : DataFrame
        Metrics of each epoch, as for `learning_figure`.
    sentences : sequence of str
        Paragraphs beside the figures.
    kept_epoch : int or None
        Epoch whose weights were kept, to mark.

    Returns
    -------
    Section
    """
    epochs, curves = _epochs_and_curves(metrics)
    return Section(
        "learning",
        "Learning",
        {
            "curves": {
                f"curve_{curve.name.lower()}": Picture(
                    learning_curves(epochs, [curve], kept_epoch), _in_words(curve)
                )
                for curve in curves
            },
            "is_validated": curves[0].validation is not None,
            "sentences": sentences,
        },
    )


def learning_figure(metrics: pd.DataFrame, kept_epoch: int | None = None) -> Figure:
    """Draw loss and accuracy over the epochs, side by side.

    Parameters
    ----------
    metrics : DataFrame
        A row per epoch, and of an ensemble per network: epoch, train_loss, train_accuracy,
        validation_loss and validation_accuracy, which hold NaN if nobody was held out.
    kept_epoch : int or None
        Epoch whose weights were kept, to mark.

    Returns
    -------
    Figure
    """
    return learning_curves(*_epochs_and_curves(metrics), kept_epoch)


def _about_training(run: ScoredRun) -> list[str]:
    """Say whose mean the curves are, and who was held out."""
    config = run.results.config
    held_out = run.results.manifest.training.validation_subjects
    sentences = []
    if config.model.n_members > 1:
        sentences.append(
            f"The {config.model.n_members} networks were trained one after the other, on the same "
            "windows. The lines are means over those that reached the epoch, each measured alone; "
            "the results are those of the mean of their probabilities."
        )
    if not held_out:
        return [*sentences, "No subjects were held out to tell overfitting: all were learned from."]
    purpose = " to choose the epoch" if config.training.keep == "best" else ""
    fairness = "" if run.known_subjects else " The test subjects played no part."
    named = ", ".join(map(str, held_out))
    return [*sentences, f"Validation: training subjects {named}, held out{purpose}.{fairness}"]


def _epochs_and_curves(metrics: pd.DataFrame) -> tuple[list[int], list[Curve]]:
    """Return the epochs, loss and accuracy; of an ensemble, means over its networks."""
    # Over those that were trained so long.
    means = metrics.groupby("epoch", as_index=False).mean()
    is_validated = metrics["validation_loss"].notna().any()
    curves = [
        Curve(
            name.capitalize(),
            means[f"train_{name}"].tolist(),
            means[f"validation_{name}"].tolist() if is_validated else None,
            is_share=name == "accuracy",
        )
        for name in ("loss", "accuracy")
    ]
    return means["epoch"].tolist(), curves


def _in_words(curve: Curve) -> str:
    words = f"{curve.name} by epoch. Training: {_first_and_last(curve.training, curve)}."
    if curve.validation is None:
        return words
    return f"{words} Validation: {_first_and_last(curve.validation, curve)}."


def _first_and_last(values: Sequence[float], curve: Curve) -> str:
    first, last = curve.shown(values[0]), curve.shown(values[-1])
    return f"from {first} to {last}" if len(values) > 1 else first


def _tip(epoch: int, index: int, curve: Curve) -> str:
    words = f"Epoch {epoch}: training {curve.shown(curve.training[index])}"
    if curve.validation is None:
        return words
    return f"{words}, validation {curve.shown(curve.validation[index])}"


@rc_context(STYLE)
def learning_curves(
    epochs: Sequence[int], curves: Sequence[Curve], kept_epoch: int | None = None
) -> Figure:
    """Draw what training and validation did over the epochs, a panel per quantity.

    Parameters
    ----------
    epochs : sequence of int
        Numbers of the epochs.
    curves : sequence of Curve
        Quantities, a panel each, side by side.
    kept_epoch : int or None
        Epoch whose weights were kept, to mark.

    Returns
    -------
    Figure
    """
    figure = Figure(figsize=(4.1 * len(curves), 3.0))
    set_margins(figure, left=0.56, right=0.1, bottom=0.5, top=0.48)
    panels = figure.subplots(1, len(curves), squeeze=False, gridspec_kw={"wspace": 0.2})[0]
    for axes, curve in zip(panels, curves, strict=True):
        _draw_curve(axes, epochs, curve)
        if kept_epoch is not None and kept_epoch in epochs:
            _mark_epoch(axes, list(epochs).index(kept_epoch), epochs, curve)
        add_tips(axes, epochs, [_tip(epoch, index, curve) for index, epoch in enumerate(epochs)])
    return figure


def _draw_curve(axes: Axes, epochs: Sequence[int], curve: Curve) -> None:
    marker = "o" if len(epochs) == 1 else None
    axes.plot(epochs, curve.training, marker=marker, color=GOLD, lw=1.4, label="training")
    if curve.validation is not None:
        axes.plot(epochs, curve.validation, marker=marker, color=BLUE, label="validation")
    title_and_legend(axes, curve.name)
    axes.set_xlabel("epoch")
    axes.set_xlim(epochs[0] - 0.5, epochs[-1] + 0.5)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=7, min_n_ticks=1))
    axes.yaxis.set_major_locator(MaxNLocator(nbins=6, steps=[1, 2, 2.5, 5, 10]))
    if curve.is_share:
        axes.yaxis.set_major_formatter(in_percent)
        axes.set_ylim(min(axes.get_ylim()[0], 0.9), 1.005)
    else:
        axes.set_ylim(0, 1.05 * axes.get_ylim()[1])


def _mark_epoch(axes: Axes, at: int, epochs: Sequence[int], curve: Curve) -> None:
    """Draw a line at the kept epoch, and a ring on the value it was chosen by."""
    values, colour = (curve.validation, BLUE) if curve.validation else (curve.training, GOLD)
    axes.axvline(epochs[at], color=FAINT, lw=0.8, ls=(0, (3, 3)), zorder=1)
    (ring,) = axes.plot(epochs[at], values[at], "o", zorder=5, clip_on=False)
    ring.set(mfc=PAPER, mec=colour, mew=1.8, ms=6)
    gap = 2 * "\N{NO-BREAK SPACE}"
    axes.text(
        epochs[at],
        0.05 if curve.is_share else 0.95,
        f"{gap}kept: epoch {epochs[at]}{gap}",
        transform=axes.get_xaxis_transform(),
        ha="left" if at < len(epochs) / 2 else "right",
        va="center",
        color=FAINT,
    )
