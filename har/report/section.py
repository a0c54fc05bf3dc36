"""A part of a page as a value: what its template shows, and the figures that are kept as files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from markupsafe import Markup
from matplotlib.figure import Figure

from har.report.drawing import save_png, save_svg, to_svg


@dataclass(frozen=True)
class Picture:
    """A figure, and its content in a sentence for those who cannot see it.

    Parameters
    ----------
    figure : Figure
        What is drawn.
    title : str
        What it shows, in words.
    """

    figure: Figure
    title: str

    def drawn(self, name: str) -> Markup:
        """Return the figure as an ``<svg>`` element of a page, its ids prefixed by a name."""
        return Markup(to_svg(self.figure, self.title, name.replace("_", "-")))


@dataclass(frozen=True)
class Section:
    """A part of a page: what its template shows, and the figures that are also kept as files.

    Parameters
    ----------
    name : str
        Name of the template, the anchor and the entry in the navigation.
    view : mapping
        Values that the template shows.
    pictures : mapping of str to Picture
        Figures by the names of their files.
    """

    name: str
    view: Mapping[str, Any]
    pictures: Mapping[str, Picture] = field(default_factory=dict)


def save_pictures(sections: Iterable[Section], folder: Path) -> None:
    """Keep the figures of sections as PNG and SVG files.

    Parameters
    ----------
    sections : iterable of Section
        Parts of a page; their pictures have different names.
    folder : Path
        An existing folder.
    """
    for section in sections:
        for name, picture in section.pictures.items():
            save_png(picture.figure, folder / f"{name}.png")
            save_svg(picture.figure, folder / f"{name}.svg")
