"""Drawing in the one style, and the ways a figure is kept.

`set_margins`, `title_and_legend`, `name_cells` and `add_tips` are what several figures share.
`to_svg` draws a figure on white paper, and `save_png` does so as pixels. Drawing takes long, so
`svg_for_page` makes the same SVG part of a page: its text stays text, and its colours become CSS
variables (``--ink``, ``--blue``, …), so that the page decides on light or dark. Nothing here
changes matplotlib's global state.
"""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from har.files import write_whole
from har.report.style import CSS_VARIABLES, INK, STYLE
from har.report.wording import short_label

# Above it, white on a shaded cell is read better than ink.
DARK_SHADE = 0.75
_TIP = "tip: "
_GROUND = "ground-"
# Otherwise a file would depend on the time and the version that it was written by.
_NO_METADATA = dict.fromkeys(("Creator", "Date", "Format", "Type"))
# Files are a twentieth larger than at the usual 6, and written in half the time.
_COMPRESSION = {"compress_level": 3}


def set_margins(figure: Figure, left: float, right: float, bottom: float, top: float) -> None:
    """Set margins in inches: figures side by side then have their axes in line.

    Parameters
    ----------
    figure : Figure
        Figure without a layout of its own.
    left, right, bottom, top : float
        Widths of its margins.
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
        Figure to write.
    path : Path
        The file; its folder must exist.
    dpi : int
        Pixels per inch.
    """
    with rc_context(STYLE):
        write_whole(
            path,
            lambda file: figure.savefig(file, format="png", dpi=dpi, pil_kwargs=_COMPRESSION),
        )


def to_svg(figure: Figure) -> str:
    """Draw a figure as an SVG file of its own, on white paper.

    Parameters
    ----------
    figure : Figure
        Figure to draw. Its layout is settled then: whatever is drawn of it later is laid out alike.

    Returns
    -------
    str
        Text of the file; the figure's text stays text.
    """
    grounds = [figure.patch, *(axes.patch for axes in figure.axes)]
    for number, ground in enumerate(grounds):
        ground.set_gid(f"{_GROUND}{number}")
    stream = io.StringIO()
    with rc_context(STYLE):
        figure.savefig(stream, format="svg", metadata=_NO_METADATA)
    # An engine of layouts draws the whole figure once more, each time.
    figure.set_layout_engine("none")
    # Where the font is missing, Verdana's letters have the same widths.
    return stream.getvalue().replace("'DejaVu Sans'", "'DejaVu Sans', Verdana, sans-serif")


def in_percent(share: float, _position: float) -> str:
    """Label a tick of an axis of shares."""
    return f"{100 * share:.4g} %"


def title_and_legend(axes: Axes, title: str, ncols: int = 2, **how: float) -> None:
    """Set a title, and the legend in a row between it and the axes."""
    axes.set_title(title, pad=22)
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1.03), ncols=ncols, **how)


def add_tips(axes: Axes, positions: Sequence[float], tips: Sequence[str]) -> None:
    """Add tips: the page shows the values at each position along x when it is pointed at.

    Parameters
    ----------
    axes : Axes
        Axes whose scale and limits are set.
    positions : sequence of float
        Values of x, rising. The tip of each is shown halfway to its neighbours.
    tips : sequence of str
        Texts of the tips.
    """
    to_axes = axes.transData - axes.transAxes
    x = to_axes.transform([(position, 0.0) for position in positions])[:, 0]
    edges = [0.0, *np.clip((x[1:] + x[:-1]) / 2, 0, 1), 1.0]
    for (left, right), tip in zip(pairwise(edges), tips, strict=True):
        band = Rectangle((left, 0), right - left, 1, transform=axes.transAxes, fc="none", ec="none")
        band.set(gid=tip_id(tip), zorder=10)
        axes.add_patch(band)


def tip_id(tip: str) -> str:
    """Return the id of a drawn thing that shows a tip on the page when it is pointed at."""
    return f"{_TIP}{tip}"


def svg_for_page(svg: str, title: str, prefix: str) -> str:
    """Make a drawn figure part of a page.

    Parameters
    ----------
    svg : str
        Figure as `to_svg` draws it.
    title : str
        Its content in words, for those who cannot see it.
    prefix : str
        Prefix of every id, so that several figures can be on one page.

    Returns
    -------
    str
        An ``<svg>`` element on a transparent ground, as wide as its place allows.
    """
    root = ElementTree.fromstring(svg)
    _keep_for_page(root)
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


def _keep_for_page(root: ElementTree.Element) -> None:
    """Remove what only a file of its own needs: namespaces, metadata, styles and the paper."""
    for element in list(root.iter()):
        element.tag = element.tag.rpartition("}")[2]
        attributes = element.attrib.items()
        element.attrib = {name.rpartition("}")[2]: value for name, value in attributes}
        for child in list(element):
            is_ground = child.get("id", "").startswith(_GROUND)
            if is_ground or child.tag.endswith(("metadata", "style")):
                element.remove(child)


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


def name_cells(axes: Axes, activities: Sequence[str], rows: Sequence[str]) -> None:
    """Label the columns and rows of a table of shaded cells.

    Parameters
    ----------
    axes : Axes
        Axes with cells around whole numbers, row 0 at the top.
    activities : sequence of str
        Names of the columns.
    rows : sequence of str
        Labels of the rows.
    """
    axes.set_xticks(range(len(activities)), [short_label(activity) for activity in activities])
    axes.set_yticks(range(len(rows)), rows)
    axes.xaxis.set_label_position("top")
    axes.tick_params(length=0, labeltop=True, labelbottom=False, labelcolor=INK)
    if len(activities) > 6:
        axes.tick_params(axis="x", labelrotation=90)
    axes.grid(False)
    axes.spines[:].set_visible(False)
