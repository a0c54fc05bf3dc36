from __future__ import annotations

import itertools
import re
from pathlib import Path

import numpy as np
import pytest
from matplotlib.colors import to_rgb

import har
from har.report.style import (
    ACTIVITY_COLOURS,
    CSS_VARIABLES,
    OTHER_COLOUR,
    UNKNOWN_COLOUR,
    colours_of,
)
from har.signals.activities import HAPT_ACTIVITIES, UCI_ACTIVITIES

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
    css = (Path(har.__file__).parent / "report" / "templates" / "report.css").read_text()
    blocks = re.findall(r":root \{(.*?)\}", css, flags=re.DOTALL)
    return [dict(re.findall(r"(--[\w-]+): ([^;]+);", block)) for block in blocks[:2]]


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
