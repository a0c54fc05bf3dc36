"""Readers of figures, for the tests of drawings."""

from __future__ import annotations

from xml.etree import ElementTree

from har.report.drawing import save_png, svg_for_page, to_svg


def lines(axes):
    return {line.get_label(): line for line in axes.lines}


def render(figure, tmp_path):
    """Draw a figure completely, with warnings as errors."""
    save_png(figure, tmp_path / "figure.png", dpi=40)
    on_page(figure)


def on_page(figure, title="A figure", prefix="a"):
    """Draw a figure as part of a page."""
    return svg_for_page(to_svg(figure), title, prefix)


def tips_of(figure):
    """Return the tips of a figure, which a page shows under the pointer."""
    root = ElementTree.fromstring(on_page(figure))
    return [group.find("title").text for group in root.iter("g") if group.get("class") == "tip"]


def texts(axes):
    return [text.get_text() for text in axes.texts]
