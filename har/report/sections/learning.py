"""How training went: the section of a report that shows the learning curves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
from markupsafe import Markup
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from har.report.drawing import add_tips, set_margins, to_svg
from har.report.style import BLUE, FAINT, GOLD, PAPER, STYLE
from har.report.wording import percent


def learning_figure(metrics: pd.DataFrame, kept_epoch: int | None = None) -> Figure:
    """Draw loss and accuracy over the epochs, side by side.

    Parameters
    ----------
    metrics : DataFrame
        A row per epoch, and of an ensemble per network: epoch, train_loss, train_accuracy,
        validation_loss and validation_accuracy, which hold NaN if nobody was held out.
    kept_epoch : int or None
        The epoch whose weights were kept, to mark.

    Returns
    -------
    Figure
    """
    return _figure(_mean_by_epoch(metrics), _curves(metrics), kept_epoch)


def learning_drawings(metrics: pd.DataFrame, kept_epoch: int | None = None) -> list[Markup]:
    """Draw each curve for a page, with a sentence for those who cannot see it.

    Parameters
    ----------
    metrics, kept_epoch
        As for `learning_figure`.

    Returns
    -------
    list of Markup
        An ``<svg>`` element for loss and one for accuracy.
    """
    drawings = []
    for curve in _curves(metrics):
        show = _show(curve)
        title = f"{curve.name} by epoch. Training: {_first_and_last(curve.training, show)}."
        if curve.validation is not None:
            title += f" Validation: {_first_and_last(curve.validation, show)}."
        figure = _figure(_mean_by_epoch(metrics), [curve], kept_epoch)
        drawings.append(Markup(to_svg(figure, title, f"curve-{curve.name.lower()}")))
    return drawings


def _curves(metrics: pd.DataFrame) -> tuple[Curve, Curve]:
    lists: dict[str, list[float]] = {
        name: column.tolist() for name, column in _mean_by_epoch(metrics).items()
    }
    is_validated = metrics["validation_loss"].notna().any()
    loss, accuracy = (
        lists[f"validation_{name}"] if is_validated else None for name in ("loss", "accuracy")
    )
    return (
        Curve("Loss", lists["train_loss"], loss),
        Curve("Accuracy", lists["train_accuracy"], accuracy, is_share=True),
    )


def _mean_by_epoch(metrics: pd.DataFrame) -> pd.DataFrame:
    """Take the mean over the networks of an ensemble, of those that were trained so long."""
    return metrics.groupby("epoch", as_index=False).mean()


def _figure(means: pd.DataFrame, curves: Sequence[Curve], kept_epoch: int | None) -> Figure:
    epochs: list[int] = means["epoch"].tolist()
    figure = learning_curves(epochs, curves, kept_epoch)
    for axes, curve in zip(figure.axes, curves, strict=True):
        add_tips(axes, epochs, [_tip(epoch, place, curve) for place, epoch in enumerate(epochs)])
    return figure


def _tip(epoch: int, place: int, curve: Curve) -> str:
    show = _show(curve)
    words = f"Epoch {epoch}: training {show(curve.training[place])}"
    return f"{words}, validation {show(curve.validation[place])}" if curve.validation else words


def _show(curve: Curve) -> Callable[[float], str]:
    return percent if curve.is_share else "{:.3f}".format


def _first_and_last(values: Sequence[float], show: Callable[[float], str]) -> str:
    return f"from {show(values[0])} to {show(values[-1])}" if len(values) > 1 else show(values[0])


@dataclass(frozen=True)
class Curve:
    """One quantity over the epochs.

    Parameters
    ----------
    name : str
        What it is, for the panel's title.
    training : sequence of float
        A value per epoch.
    validation : sequence of float or None
        A value per epoch, if subjects were held out.
    is_share : bool
        Whether it goes from 0 to 1, and is shown in percent.
    """

    name: str
    training: Sequence[float]
    validation: Sequence[float] | None = None
    is_share: bool = False


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
        One panel each, side by side.
    kept_epoch : int or None
        The best epoch, whose weights were kept, to mark.

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
    return figure


def _draw_curve(axes: Axes, epochs: Sequence[int], curve: Curve) -> None:
    marker = "o" if len(epochs) == 1 else None
    axes.plot(epochs, curve.training, marker=marker, color=GOLD, lw=1.4, label="training")
    if curve.validation is not None:
        axes.plot(epochs, curve.validation, marker=marker, color=BLUE, label="validation")
    axes.set_title(curve.name, pad=22)
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1.03), ncols=2)
    axes.set_xlabel("epoch")
    axes.set_xlim(epochs[0] - 0.5, epochs[-1] + 0.5)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=7, min_n_ticks=1))
    axes.yaxis.set_major_locator(MaxNLocator(nbins=6, steps=[1, 2, 2.5, 5, 10]))
    if curve.is_share:
        axes.yaxis.set_major_formatter(FuncFormatter(lambda share, _: f"{100 * share:.4g} %"))
        axes.set_ylim(min(axes.get_ylim()[0], 0.9), 1.005)
    else:
        axes.set_ylim(0, 1.05 * axes.get_ylim()[1])


def _mark_epoch(axes: Axes, at: int, epochs: Sequence[int], curve: Curve) -> None:
    """Draw a line at the kept epoch, and a ring on the value it was chosen by."""
    is_validated = curve.validation is not None
    value = (curve.validation or curve.training)[at]
    ring: dict[str, Any] = {
        "mfc": PAPER,
        "mec": BLUE if is_validated else GOLD,
        "mew": 1.8,
        "ms": 6,
    }
    axes.axvline(epochs[at], color=FAINT, lw=0.8, ls=(0, (3, 3)), zorder=1)
    axes.plot(epochs[at], value, "o", zorder=5, clip_on=False, **ring)
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
