"""Whether a network is as sure as it may be: the section of a report on calibration."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup
from matplotlib.figure import Figure

from har.calibration_figures import reliability_figure, risk_coverage_figure
from har.drawings import to_svg
from har.evaluation.calibration import AIM, reliability_table, risk_coverage_table, threshold_for
from har.evaluation.metrics import Evaluation
from har.words import percent


def calibration_pictures(evaluation: Evaluation) -> dict[str, Figure]:
    """Draw the reliability diagram and the risk–coverage curve.

    Parameters
    ----------
    evaluation : Evaluation
        Of a run.

    Returns
    -------
    dict of str to Figure
        By the name of the file.
    """
    predictions = evaluation.labels, evaluation.probabilities
    return {
        "reliability": reliability_figure(reliability_table(*predictions)),
        "risk_coverage": risk_coverage_figure(
            risk_coverage_table(*predictions), threshold_for(*predictions)
        ),
    }


def calibration_view(evaluation: Evaluation, pictures: Mapping[str, Figure]) -> dict[str, Any]:
    """Collect what ``calibration.html`` shows.

    Parameters
    ----------
    evaluation : Evaluation
        Of a run.
    pictures : mapping of str to Figure
        Those of `calibration_pictures`, and perhaps others.

    Returns
    -------
    dict
        figures, a list of ``<svg>`` elements; answered, how many windows are if the answers are to
        be accurate enough: aim, threshold and coverage; n_activities; and before, after and
        temperature, those of `Evaluation.calibration`.
    """
    return {
        **evaluation.calibration,
        "figures": _drawings(evaluation, pictures),
        "answered": _answered(evaluation),
        "n_activities": len(evaluation.activities),
    }


def _drawings(evaluation: Evaluation, pictures: Mapping[str, Figure]) -> list[Markup]:
    """Draw the figures for the page, with a sentence for those who cannot see them."""
    confidence = percent(evaluation.probabilities.max(axis=1).mean())
    titles = {
        "reliability": "Share of windows that is right, and confidence, in bins of confidence. "
        f"On average {percent(evaluation.accuracy)} right, {confidence} confidence.",
        "risk_coverage": "Share of wrong answers over the share of windows answered. "
        f"With all answered: {percent(1 - evaluation.accuracy)} wrong.",
    }
    return [
        Markup(to_svg(pictures[name], title, name.replace("_", "-")))
        for name, title in titles.items()
    ]


def _answered(evaluation: Evaluation) -> dict[str, Any]:
    threshold = threshold_for(evaluation.labels, evaluation.probabilities)
    confidences = evaluation.probabilities.max(axis=1)
    coverage = None if threshold is None else float((confidences >= threshold).mean())
    return {"aim": percent(AIM, 0), "threshold": threshold, "coverage": coverage}
