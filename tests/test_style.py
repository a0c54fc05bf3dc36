from __future__ import annotations

import io
import itertools
import re
from pathlib import Path
from xml.etree import ElementTree

import matplotlib
import numpy as np
import pytest
from matplotlib import rc_context
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.image import imread

import har
from har.signals import HAPT_ACTIVITIES, UCI_ACTIVITIES
from har.style import (
    ACTIVITY_COLOURS,
    CSS_VARIABLES,
    OTHER_COLOUR,
    STYLE,
    UNKNOWN_COLOUR,
    activity_label,
    add_tips,
    colours_of,
    interval_in_words,
    percent,
    save_png,
    save_svg,
    short_label,
    signal_label,
    signed,
    to_svg,
)

# Viénot, Brettel and Mollon 1999, on linear RGB: what a person without red or green cones sees.
BLINDNESS = {
    "none": np.eye(3),
    "protanopia": np.array([[0.11238, 0.88762, 0], [0.11238, 0.88762, 0], [0.00401, -0.00401, 1]]),
    "deuteranopia": np.array(
        [[0.29275, 0.70725, 0], [0.29275, 0.70725, 0], [-0.02234, 0.02234, 1]]
    ),
}
XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])


def linear(colour):
    rgb = np.array(to_rgb(colour))
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)


def lab(colour, blindness):
    seen = np.clip(BLINDNESS[blindness] @ linear(colour), 0, 1)
    x, y, z = np.cbrt(XYZ @ seen / [0.9505, 1, 1.089])
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def contrast(first, second):
    """WCAG's contrast ratio."""
    light, dark = sorted((linear(c) @ XYZ[1] for c in (first, second)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def palettes():
    """The page's colours in light and in dark."""
    css = (Path(har.__file__).parent / "templates" / "report.css").read_text()
    blocks = re.findall(r":root \{(.*?)\}", css, flags=re.DOTALL)
    return [dict(re.findall(r"(--[\w-]+): ([^;]+);", block)) for block in blocks[:2]]


@rc_context(STYLE)
def a_figure(label="label"):
    figure = Figure(figsize=(2, 2))
    figure.subplots().plot([1, 2, 3], color="#004488", label=label)
    figure.axes[0].set_title(label)
    return figure


def tips_of(figure):
    """What a figure tells on a page when it is pointed at."""
    root = ElementTree.fromstring(to_svg(figure, "A figure", "a"))
    return [group.find("title").text for group in root.iter("g") if group.get("class") == "tip"]


def test_every_activity_has_a_colour_of_its_own():
    assert set(ACTIVITY_COLOURS) == set(HAPT_ACTIVITIES)
    assert len(set(ACTIVITY_COLOURS.values())) == len(HAPT_ACTIVITIES)


def test_own_activities_take_the_unused_colours_and_known_ones_keep_theirs():
    colours = colours_of(["JUGGLING", "WALKING", "DANCING", "JUGGLING"])
    assert list(colours) == ["JUGGLING", "WALKING", "DANCING"]
    assert colours["WALKING"] == ACTIVITY_COLOURS["WALKING"]
    assert len(set(colours.values())) == 3


def test_more_activities_than_colours_are_grey_in_the_end():
    names = [f"ACTIVITY {number}" for number in range(len(ACTIVITY_COLOURS) + 1)]
    assert colours_of(names)[names[-1]] == OTHER_COLOUR


@pytest.mark.parametrize("blindness", BLINDNESS)
def test_colour_blind_readers_can_tell_the_six_activities_apart(blindness):
    seen = [lab(ACTIVITY_COLOURS[activity], blindness) for activity in UCI_ACTIVITIES]
    nearest = min(np.linalg.norm(a - b) for a, b in itertools.combinations(seen, 2))
    assert nearest > 10


def test_windows_without_an_answer_are_grey_and_take_no_activitys_colour():
    colours = colours_of(["UNKNOWN", "JUGGLING"])
    assert colours["UNKNOWN"] == UNKNOWN_COLOUR
    assert len(set(to_rgb(UNKNOWN_COLOUR))) == 1
    assert colours["JUGGLING"] == colours_of(["JUGGLING"])["JUGGLING"]


def test_activities_show_in_light_and_dark():
    colours = [*ACTIVITY_COLOURS.values(), UNKNOWN_COLOUR]
    for colour, palette in itertools.product(colours, palettes()):
        assert contrast(colour, palette["--paper"]) > 2


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_the_pages_text_has_the_contrast_of_wcag_aa(theme):
    palette = palettes()[theme]
    for text, ground in itertools.product(("--ink", "--faint", "--blue"), ("--paper", "--tint")):
        assert contrast(palette[text], palette[ground]) >= 4.5, (text, ground)


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize("shade", [0, 0.5, 1])
def test_the_darkest_cell_of_the_confusion_matrix_can_be_read(theme, shade):
    palette = palettes()[theme]
    for name in ("--right", "--wrong"):
        strongest = np.array(palette[name].split(), dtype=float) / 255
        alpha = shade * float(palette["--strength"])
        cell = alpha * strongest + (1 - alpha) * np.array(to_rgb(palette["--paper"]))
        assert contrast(palette["--ink"], cell) >= 4.5


def test_the_page_and_the_figures_have_the_same_light_colours():
    light = palettes()[0]
    for colour, variable in CSS_VARIABLES.items():
        assert light[variable] == colour


def test_names_are_readable():
    assert activity_label("WALKING_UPSTAIRS") == "Walking upstairs"
    assert short_label("WALKING_UPSTAIRS") == "Upstairs"
    assert short_label("WALKING") == "Walking"
    assert activity_label("Nordic walking") == "Nordic walking"
    assert percent(0.9423) == "94.2\N{NO-BREAK SPACE}%"
    assert interval_in_words([0.912, 1]) == "91.2 to 100.0\N{NO-BREAK SPACE}%"
    assert signal_label("body_acc") == "Body acceleration"
    assert signal_label("heart_rate") == "heart_rate"


def test_losses_have_a_true_minus_and_nothing_has_none():
    assert [percent(share) for share in (-0.0123, -1e-5)] == [
        "−1.2\N{NO-BREAK SPACE}%",
        "0.0\N{NO-BREAK SPACE}%",
    ]
    assert interval_in_words([-0.004, 0.01]) == "−0.4 to 1.0\N{NO-BREAK SPACE}%"
    assert [signed(value) for value in (0.5, -0.004, -2)] == ["+0.50", "+0.00", "−2.00"]


def test_a_png_is_written_whole_and_the_same_twice(tmp_path):
    for name in ("a.png", "b.png"):
        save_png(a_figure(), tmp_path / name, dpi=50)
    assert imread(tmp_path / "a.png").shape[:2] == (100, 100)
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
    assert sorted(file.name for file in tmp_path.iterdir()) == ["a.png", "b.png"]


def test_an_svg_file_has_text_white_paper_and_a_font_for_everyone(tmp_path):
    for name in ("a.svg", "b.svg"):
        save_svg(a_figure("Loss & more"), tmp_path / name)
    text = (tmp_path / "a.svg").read_text()
    assert text == (tmp_path / "b.svg").read_text()
    assert sorted(file.name for file in tmp_path.iterdir()) == ["a.svg", "b.svg"]
    root = ElementTree.fromstring(text)
    space = "{http://www.w3.org/2000/svg}"
    assert root.tag == f"{space}svg" and float(root.get("width").removesuffix("pt")) == 144
    texts = [element for element in root.iter(f"{space}text") if element.text == "Loss & more"]
    assert len(texts) == 1 and "Verdana, sans-serif" in texts[0].get("style")
    assert root.find(f".//{space}path").get("style") == "fill: #ffffff"
    assert "var(" not in text and "Matplotlib" not in text


def test_an_svg_has_text_a_title_and_colours_of_the_page():
    svg = to_svg(a_figure("Loss"), "Loss & more", "loss")
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
    svgs = [to_svg(a_figure(), "The same figure", prefix) for prefix in ("one", "two")]
    ids = [re.findall(r'\bid="([^"]+)"', svg) for svg in svgs]
    assert not set(ids[0]) & set(ids[1])
    for svg, own in zip(svgs, ids, strict=True):
        used = re.findall(r'(?:url\(#|href="#)([^")]+)', svg)
        assert used and set(used) <= set(own)
        assert len(own) == len(set(own))


def test_names_cannot_break_out_of_an_svg():
    hostile = "<script>alert(1)</script>&amp;$x^$"
    svg = to_svg(a_figure(hostile), hostile, "a")
    root = ElementTree.fromstring(svg)
    assert "<script" not in svg
    assert hostile in [element.text for element in root.iter("text")]


def test_drawing_leaves_matplotlib_as_it_was():
    before = dict(matplotlib.rcParams)
    to_svg(a_figure(), "A figure", "a")
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
    svg = to_svg(figure, "A figure", "a")
    assert svg.count('pointer-events="all"') == 3 and "tip: " not in svg


def test_tips_do_not_show_in_a_png(tmp_path):
    figure = a_figure()
    save_png(figure, tmp_path / "without.png", dpi=50)
    add_tips(figure.axes[0], [0, 1, 2], ["a", "b", "c"])
    save_png(figure, tmp_path / "with.png", dpi=50)
    assert (tmp_path / "with.png").read_bytes() == (tmp_path / "without.png").read_bytes()
