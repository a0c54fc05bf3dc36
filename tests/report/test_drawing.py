from __future__ import annotations

import io
import re
from xml.etree import ElementTree

import matplotlib
import numpy as np
from drawn_figures import on_page, tips_of
from matplotlib import rc_context
from matplotlib.figure import Figure
from matplotlib.image import imread

from har.report.drawing import add_tips, save_png, to_svg
from har.report.style import STYLE


@rc_context(STYLE)
def a_figure(label="label"):
    figure = Figure(figsize=(2, 2))
    figure.subplots().plot([1, 2, 3], color="#004488", label=label)
    figure.axes[0].set_title(label)
    return figure


def test_a_png_is_written_whole_and_the_same_twice(tmp_path):
    for name in ("a.png", "b.png"):
        save_png(a_figure(), tmp_path / name, dpi=50)
    assert imread(tmp_path / "a.png").shape[:2] == (100, 100)
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
    assert sorted(file.name for file in tmp_path.iterdir()) == ["a.png", "b.png"]


def test_an_svg_file_has_text_white_paper_and_a_font_for_everyone():
    text = to_svg(a_figure("Loss & more"))
    assert text == to_svg(a_figure("Loss & more"))
    root = ElementTree.fromstring(text)
    space = "{http://www.w3.org/2000/svg}"
    assert root.tag == f"{space}svg" and float(root.get("width").removesuffix("pt")) == 144
    texts = [element for element in root.iter(f"{space}text") if element.text == "Loss & more"]
    assert len(texts) == 1 and "Verdana, sans-serif" in texts[0].get("style")
    assert root.find(f".//{space}path").get("style") == "fill: #ffffff"
    assert "var(" not in text and "Matplotlib" not in text


def test_a_page_shows_through_an_svg():
    for svg, n_grounds in ((to_svg(a_figure()), 2), (on_page(a_figure()), 0)):
        root = ElementTree.fromstring(svg)
        styles = [element.get("style", "") for element in root.iter() if element.get("d")]
        assert sum("fill: #ffffff" in s or "fill: var(--paper" in s for s in styles) == n_grounds


def test_once_drawn_a_figure_keeps_its_layout(tmp_path):
    figure = Figure(figsize=(2, 2), layout="constrained")
    axes = figure.subplots()
    axes.set_ylabel("label")
    to_svg(figure)
    place = axes.get_position().bounds
    assert place != Figure(figsize=(2, 2)).subplots().get_position().bounds
    axes.set_ylabel("label\nof three\nlines")
    save_png(figure, tmp_path / "a.png", dpi=50)
    assert axes.get_position().bounds == place


def test_an_svg_has_text_a_title_and_colours_of_the_page():
    svg = on_page(a_figure("Loss"), "Loss & more", "loss")
    root = ElementTree.fromstring(svg)
    assert root.get("role") == "img"
    title = root.find("title")
    assert (title.text, root.get("aria-labelledby")) == ("Loss & more", title.get("id"))
    assert "Loss" in [element.text for element in root.iter("text")]
    assert "var(--blue, #004488)" in svg
    assert "font-family" not in svg
    assert not list(root.iter("style")) and not list(root.iter("metadata"))
    assert root.get("width") is None


def test_ids_of_two_svgs_on_one_page_differ_and_lead_somewhere():
    svgs = [on_page(a_figure(), "The same figure", prefix) for prefix in ("one", "two")]
    ids = [re.findall(r'\bid="([^"]+)"', svg) for svg in svgs]
    assert not set(ids[0]) & set(ids[1])
    for svg, own in zip(svgs, ids, strict=True):
        used = re.findall(r'(?:url\(#|href="#)([^")]+)', svg)
        assert used and set(used) <= set(own)
        assert len(own) == len(set(own))


def test_names_cannot_break_out_of_an_svg():
    hostile = "<script>alert(1)</script>&amp;$x^$"
    svg = on_page(a_figure(hostile), hostile, "a")
    root = ElementTree.fromstring(svg)
    assert "<script" not in svg
    assert hostile in [element.text for element in root.iter("text")]


def test_drawing_leaves_matplotlib_as_it_was():
    before = dict(matplotlib.rcParams)
    on_page(a_figure(), "A figure", "a")
    a_figure().savefig(io.BytesIO(), format="png")
    assert dict(matplotlib.rcParams) == before


def test_tips_lie_side_by_side_and_can_be_pointed_at():
    figure = a_figure()
    axes = figure.axes[0]
    axes.set(xscale="log", xlim=(1, 1000))
    add_tips(axes, [1, 10, 1000], ["one", "ten & <more>", "thousand"])
    assert tips_of(figure) == ["one", "ten & <more>", "thousand"]
    bands = [(band.get_x(), band.get_x() + band.get_width()) for band in axes.patches]
    np.testing.assert_allclose(bands, [(0, 1 / 6), (1 / 6, 2 / 3), (2 / 3, 1)])
    svg = on_page(figure, "A figure", "a")
    assert svg.count('pointer-events="all"') == 3 and "tip: " not in svg


def test_tips_do_not_show_in_a_png(tmp_path):
    figure = a_figure()
    save_png(figure, tmp_path / "without.png", dpi=50)
    add_tips(figure.axes[0], [0, 1, 2], ["a", "b", "c"])
    save_png(figure, tmp_path / "with.png", dpi=50)
    assert (tmp_path / "with.png").read_bytes() == (tmp_path / "without.png").read_bytes()
