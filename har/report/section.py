"""A part of a page as a value: what its template shows, and the figures that are kept as files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from markupsafe import Markup
from matplotlib.figure import Figure

from har.files import write_text
from har.report.drawing import save_png, svg_for_page, to_svg
from har.report.wording import anchor_of


@dataclass(frozen=True)
class Picture:
    """A figure, and its content in a sentence for those who cannot see it.

    Parameters
    ----------
    figure : Figure
        The figure.
    title : str
        Its content in words.
    is_example : bool
        Whether it shows one window of many. Such figures are kept as SVG files alone, since each
        would have to be drawn once more in pixels.
    """

    figure: Figure
    title: str
    is_example: bool = False

    @cached_property
    def svg(self) -> str:
        """The figure as an SVG file, drawn once for page and file."""
        return to_svg(self.figure)

    def drawn(self, name: str) -> Markup:
        """Return the figure as an ``<svg>`` element of a page, its ids prefixed by a name."""
        return Markup(svg_for_page(self.svg, self.title, name.replace("_", "-")))


@dataclass(frozen=True)
class Section:
    """A part of a page.

    Its template, ``<name>.html``, reads the values as ``view`` and the rest as ``section``.

    Parameters
    ----------
    name : str
        Name of the template.
    title : str
        Heading, and entry in the navigation.
    view : mapping of str to object
        Values that the template shows.
    pictures : mapping of str to Picture
        Figures that are kept as files, by the names of those; the template draws any of them.
    """

    name: str
    title: str
    view: Mapping[str, object]
    pictures: Mapping[str, Picture] = field(default_factory=dict)

    @property
    def template(self) -> str:
        """File name of the template."""
        return f"{self.name}.html"

    @property
    def anchor(self) -> str:
        """Id of the section on the page."""
        return anchor_of(self.title)

    def drawn(self, picture: str) -> Markup:
        """Return one of the pictures as an ``<svg>`` element of a page."""
        return self.pictures[picture].drawn(picture)


def save_pictures(pictures: Mapping[str, Picture], folder: Path) -> None:
    """Keep figures as SVG files, and those that are no examples as PNG files, too.

    Parameters
    ----------
    pictures : mapping of str to Picture
        Figures by the names of their files.
    folder : Path
        An existing folder.
    """
    for name, picture in pictures.items():
        write_text(folder / f"{name}.svg", picture.svg)
        if not picture.is_example:
            save_png(picture.figure, folder / f"{name}.png")
