"""One style for every figure and page: colours, names, and the ways a figure is kept.

`save_png` and `save_svg` put a figure on white paper. `to_svg` makes it part of a page: its text
stays text, and its colours become CSS variables (``--ink``, ``--blue``, …), so that the page
decides on light or dark. Nothing here changes matplotlib's global state.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from har.files import write_text, write_whole
from har.signals import HAPT_ACTIVITIES, UNKNOWN

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
# P. Tol's "medium contrast" set (sronpersonalpages.nl/~pault), told apart even in greys.
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
_SIGNALS = {
    "acc": "Acceleration",
    "body_acc": "Body acceleration",
    "total_acc": "Total acceleration",
    "gyro": "Angular rate",
    "body_gyro": "Angular rate",
}

_TIP = "tip: "

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

# Else a file would tell when and by which version it was written.
_NO_METADATA = dict.fromkeys(("Creator", "Date", "Format", "Type"))


def colours_of(activities: Iterable[str]) -> dict[str, str]:
    """Give each of several activities a colour of its own.

    Parameters
    ----------
    activities : iterable of str
        Known ones keep their colour; others take the unused ones in turn, grey when all are used.
        UNKNOWN is a lighter grey.

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


def activity_label(activity: str) -> str:
    """Make a name readable: ``"Walking upstairs"`` for ``"WALKING_UPSTAIRS"``."""
    return activity.replace("_", " ").capitalize() if activity.isupper() else activity


def short_label(activity: str) -> str:
    """Make a name fit a narrow column: ``"Upstairs"`` for ``"WALKING_UPSTAIRS"``."""
    return activity_label(activity.removeprefix("WALKING_"))


def signal_label(signal: str) -> str:
    """Name a signal for people: ``"Body acceleration"`` for ``"body_acc"``."""
    return _SIGNALS.get(signal, signal)


def percent(share: float, decimals: int = 1) -> str:
    """Write a share in percent: ``"94.2 %"`` for 0.942, with a space that does not break."""
    return f"{_decimal(100 * share, decimals)}\N{NO-BREAK SPACE}%"


def signed(value: float, decimals: int = 2) -> str:
    """Write a difference with its sign: ``"+1.10"``, ``"−0.32"``, ``"+0.00"``."""
    return _decimal(value, decimals, "+")


def _decimal(value: float, decimals: int, sign: str = "-") -> str:
    # Adding 0 makes a zero of the minus zero that rounding can leave.
    return f"{round(float(value), decimals) + 0.0:{sign}.{decimals}f}".replace(
        "-", "\N{MINUS SIGN}"
    )


def number(value: float) -> str:
    """Write a number with no more digits than it needs, and a true minus: ``"−0.5"``."""
    return f"{value:g}".replace("-", "\N{MINUS SIGN}")


def interval_in_words(ends: Sequence[float]) -> str:
    """Write the lower and the upper end of a share in percent: ``"91.2 to 95.0 %"``."""
    low, high = ends
    return f"{_decimal(100 * low, 1)} to {percent(high)}"


def set_margins(figure: Figure, left: float, right: float, bottom: float, top: float) -> None:
    """Set margins in inches: figures side by side then have their axes in line.

    Parameters
    ----------
    figure : Figure
        Without a layout of its own.
    left, right, bottom, top : float
        How wide its margins shall be.
    """
    width, height = figure.get_size_inches()
    figure.subplots_adjust(left / width, bottom / height, 1 - right / width, 1 - top / height)


def widened(low: float, high: float, least_span: float) -> tuple[float, float]:
    """Widen a range about its middle to at least so much: what hardly varies shall look so."""
    middle, span = (low + high) / 2, max(high - low, least_span)
    return middle - span / 2, middle + span / 2


def save_png(figure: Figure, path: Path, dpi: int = 200) -> None:
    """Write a figure as PNG on white paper, whole or not at all.

    Parameters
    ----------
    figure : Figure
        What to write.
    path : Path
        The file; its folder must exist.
    dpi : int
        Pixels per inch.
    """
    with rc_context(STYLE):
        write_whole(path, lambda file: figure.savefig(file, format="png", dpi=dpi))


def save_svg(figure: Figure, path: Path) -> None:
    """Write a figure as an SVG file of its own on white paper, whole or not at all.

    Parameters
    ----------
    figure : Figure
        What to write; its text stays text.
    path : Path
        The file; its folder must exist.
    """
    stream = io.StringIO()
    with rc_context(STYLE):
        figure.savefig(stream, format="svg", metadata=_NO_METADATA)
    # Where the font is missing, Verdana's letters have the same widths.
    text = stream.getvalue().replace("'DejaVu Sans'", "'DejaVu Sans', Verdana, sans-serif")
    write_text(path, text)


def add_tips(axes: Axes, places: Sequence[float], tips: Sequence[str]) -> None:
    """Let the page tell the values at each place along x when it is pointed at.

    Parameters
    ----------
    axes : Axes
        Whose scale and limits are set.
    places : sequence of float
        Values of x, rising. The tip of each is shown halfway to its neighbours.
    tips : sequence of str
        What to tell.
    """
    to_axes = axes.transData - axes.transAxes
    x = to_axes.transform([(place, 0.0) for place in places])[:, 0]
    edges = [0.0, *np.clip((x[1:] + x[:-1]) / 2, 0, 1), 1.0]
    for (left, right), tip in zip(pairwise(edges), tips, strict=True):
        band = Rectangle((left, 0), right - left, 1, transform=axes.transAxes, fc="none", ec="none")
        band.set(gid=tip_id(tip), zorder=10)
        axes.add_patch(band)


def tip_id(tip: str) -> str:
    """Make the id of a drawn thing that tells something on the page when it is pointed at."""
    return f"{_TIP}{tip}"


def to_svg(figure: Figure, title: str, prefix: str) -> str:
    """Make a figure part of a page.

    Parameters
    ----------
    figure : Figure
        What to draw.
    title : str
        What it shows, for those who cannot see it.
    prefix : str
        Starts every id, so that several figures can be on one page.

    Returns
    -------
    str
        An ``<svg>`` element on a transparent ground, as wide as its place allows.
    """
    root = _drawn(figure)
    _show_tips(root)
    _keep_used_ids(root, prefix)
    root.attrib = {
        "viewBox": root.attrib["viewBox"],
        "role": "img",
        "aria-labelledby": f"{prefix}-title",
    }
    heading = ElementTree.Element("title", {"id": f"{prefix}-title"})
    heading.text = title
    root.insert(0, heading)
    return _as_text(root)


def _drawn(figure: Figure) -> ElementTree.Element:
    """Let matplotlib draw SVG; leave out what only a file of its own needs."""
    stream = io.StringIO()
    with rc_context(STYLE):
        figure.savefig(stream, format="svg", transparent=True, metadata=_NO_METADATA)
    root = ElementTree.fromstring(stream.getvalue())
    for element in list(root.iter()):
        element.tag = element.tag.rpartition("}")[2]
        attributes = element.attrib.items()
        element.attrib = {name.rpartition("}")[2]: value for name, value in attributes}
        for child in list(element):
            if child.tag.endswith(("metadata", "style")):
                element.remove(child)
    return root


def _show_tips(root: ElementTree.Element) -> None:
    """Turn ids that are tips into titles, which browsers show where something is pointed at."""
    for group in root.iter("g"):
        own = group.get("id", "")
        if own.startswith(_TIP):
            # The fill of a band is none; pointing at it counts all the same.
            group.attrib = {"class": "tip", "pointer-events": "all"}
            tip = ElementTree.Element("title")
            tip.text = own.removeprefix(_TIP)
            group.insert(0, tip)


def _keep_used_ids(root: ElementTree.Element, prefix: str) -> None:
    """Give the ids that something refers to a prefix, and remove the others."""
    text = ElementTree.tostring(root, encoding="unicode")
    used = set(re.findall(r'(?:url\(|href=")#(\w+)', text))
    for element in root.iter():
        own = element.attrib.pop("id", None)
        if own in used:
            element.set("id", f"{prefix}-{own}")
        for name in ("href", "clip-path"):
            if name in element.attrib:
                element.set(name, element.attrib[name].replace("#", f"#{prefix}-"))


def _as_text(root: ElementTree.Element) -> str:
    """Write the element with the page's font and colours, and no more digits than show."""
    for element in root.iter():
        style = element.attrib.get("style", "")
        style = re.sub(r"font-family: [^;]+;?|; stroke-linecap: round(?=;|$)", "", style)
        for colour, variable in CSS_VARIABLES.items():
            style = style.replace(colour, f"var({variable}, {colour})")
        if style:
            element.set("style", style)
        if "d" in element.attrib:
            path = " ".join(element.attrib["d"].split())
            element.set("d", re.sub(r"(\.\d\d)\d+", r"\1", path))
    return ElementTree.tostring(root, encoding="unicode")
