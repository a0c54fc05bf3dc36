"""How training went: the section of a report that shows the learning curves."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pandas as pd
from markupsafe import Markup
from matplotlib.figure import Figure

from har.drawings import add_tips, to_svg
from har.figures import Curve, learning_curves
from har.words import percent


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
