"""One style for every figure and page: colours, fonts, lines."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from har.signals.activities import HAPT_ACTIVITIES, UNKNOWN

# The six activities of UCI HAR have Okabe and Ito's colours (jfly.uni-koeln.de/color), cool for
# moving and warm for resting; the transitions are duller, and show on light and dark alike.
ACTIVITY_COLOURS = dict(
    zip(
        HAPT_ACTIVITIES,
        (
            *("#0072b2", "#56b4e9", "#009e73", "#e69f00", "#d55e00", "#cc79a7"),
            *("#7a6bc8", "#44803a", "#999933", "#a8476e", "#96613d", "#5f8594"),
        ),
        strict=True,
    )
)
OTHER_COLOUR = "#777777"
UNKNOWN_COLOUR = "#949494"

PAPER, INK, FAINT, GRID = "#ffffff", "#1b2026", "#5b6570", "#dde1e6"
# P. Tol's "medium contrast" set (sronpersonalpages.nl/~pault), distinct even in greys.
BLUE, GOLD, ROSE = "#004488", "#997700", "#994455"
CSS_VARIABLES = {
    PAPER: "--paper",
    INK: "--ink",
    FAINT: "--faint",
    GRID: "--grid",
    BLUE: "--blue",
    GOLD: "--gold",
    ROSE: "--rose",
}

# Still windows drawn to their own full range would seem to move.
LEAST_SPAN = {"g": 0.5, "rad/s": 1.0}

STYLE: dict[Any, Any] = {
    "font.family": ["DejaVu Sans"],
    "font.size": 9,
    "text.color": INK,
    # A dollar sign in an activity's name is no formula.
    "text.parse_math": False,
    "axes.axisbelow": True,
    "axes.edgecolor": FAINT,
    "axes.grid": True,
    "axes.grid.axis": "y",
    "axes.labelcolor": FAINT,
    "axes.linewidth": 0.8,
    "axes.spines.left": False,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlecolor": INK,
    "axes.titlelocation": "left",
    "axes.titlesize": 9.5,
    "axes.titleweight": "bold",
    # Else each drawing measures all ticks to find a free place; none are where titles stand.
    "axes.titley": 1.0,
    "figure.constrained_layout.h_pad": 0.07,
    "figure.constrained_layout.w_pad": 0.07,
    "figure.constrained_layout.wspace": 0.05,
    "figure.facecolor": PAPER,
    "grid.color": GRID,
    "grid.linewidth": 0.8,
    "legend.borderaxespad": 0,
    "legend.borderpad": 0,
    "legend.frameon": False,
    "legend.handlelength": 1.4,
    "lines.linewidth": 1.8,
    "lines.solid_capstyle": "round",
    "savefig.facecolor": PAPER,
    "svg.fonttype": "none",
    "svg.hashsalt": "har",
    "xtick.color": FAINT,
    "xtick.major.size": 3,
    "ytick.color": FAINT,
    "ytick.major.size": 0,
}


def colours_of(activities: Iterable[str]) -> dict[str, str]:
    """Choose a colour of its own for each of several activities.

    Parameters
    ----------
    activities : iterable of str
        Names; known ones keep their colour, others take the unused ones in turn, grey when all are
        used. UNKNOWN is a lighter grey.

    Returns
    -------
    dict of str to str
        In the given order, each activity once.
    """
    names = list(dict.fromkeys(activities))
    known = {**ACTIVITY_COLOURS, UNKNOWN: UNKNOWN_COLOUR}
    used = {known[name] for name in names if name in known}
    unused = (colour for colour in ACTIVITY_COLOURS.values() if colour not in used)
    return {name: known.get(name) or next(unused, OTHER_COLOUR) for name in names}
