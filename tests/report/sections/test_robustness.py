from __future__ import annotations

import pandas as pd
import pytest
from drawn_figures import lines, render, tips_of
from matplotlib.image import imread
from numpy.testing import assert_allclose
from read_page import SECTIONS, Page, plain
from scored_run import make_robustness, make_run, make_windows

from har.config import Config, DataConfig
from har.evaluation.disturbances import DISTURBANCES
from har.report.pages.run import write_report
from har.report.scored_run import ScoredRun
from har.report.sections.robustness import robustness_figure, robustness_section

CURVE = pd.DataFrame({"level": [50.0, 25.0, 5.0], "accuracy": [0.9, 0.85, 0.3]})


def test_curves_go_from_low_to_high_over_the_line_of_the_undisturbed(tmp_path):
    figure = robustness_figure("Fewer samples", "samples a second", {"resampled": CURVE}, 0.9)
    axes = figure.axes[0]
    drawn = lines(axes)
    assert_allclose(drawn["resampled"].get_xydata(), [[5, 0.3], [25, 0.85], [50, 0.9]])
    assert_allclose(drawn["undisturbed"].get_ydata(), 0.9)
    assert [tick.get_text() for tick in axes.get_xticklabels()] == ["5", "25", "50"]
    assert axes.get_ylim() == (0, 1.02)
    render(figure, tmp_path)


def test_four_curves_have_four_colours_and_a_legend_that_fits(tmp_path):
    curves = {name: CURVE.assign(level=[0.0, -10.0, 180.0]) for name in ("x", "y", "z", "any axis")}
    figure = robustness_figure("Phone turned", "degrees", curves, 0.9)
    axes = figure.axes[0]
    assert len({lines(axes)[name].get_color() for name in curves}) == 4
    assert [tick.get_text() for tick in axes.get_xticklabels()] == ["−10", "0", "180"]
    render(figure, tmp_path)
    assert axes.get_legend().get_window_extent().x1 <= figure.bbox.x1


def test_a_logarithmic_axis_starts_at_zero(tmp_path):
    noise = CURVE.assign(level=[0.0, 0.01, 0.1])
    figure = robustness_figure("Noise", "g", {"noise": noise}, 0.9, is_logarithmic=True)
    axes = figure.axes[0]
    places = axes.transData.transform([[x, 0.5] for x in (0, 0.01, 0.1, 1)])[:, 0]
    assert places[0] < places[1]
    assert_allclose(places[2] - places[1], places[3] - places[2])
    assert [tick.get_text() for tick in axes.get_xticklabels()] == ["0", "0.01", "0.1"]
    render(figure, tmp_path)


def test_each_level_tells_every_curve():
    curves = {name: CURVE.assign(level=[0.0, -10.0, 180.0]) for name in ("x", "any axis")}
    tips = tips_of(robustness_figure("Phone turned", "degrees", curves, 0.9))
    assert tips[0].replace("\N{NO-BREAK SPACE}", " ") == "−10 degrees: x 85.0 %, any axis 85.0 %"
    assert len(tips) == 3


GYROSCOPE = ("gain_gyro", "noise_gyro", "missing_gyroscope")


def page_with(folder, robustness, **kind):
    run = make_run(folder / "run", make_windows(), **kind)
    run.write_json(run.robustness, robustness.to_dict())
    return run, write_report(run).read_text()


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    return page_with(tmp_path_factory.mktemp("report"), make_robustness())


def test_the_section_stands_after_calibration_and_in_the_navigation(written):
    page = Page(written[1])
    ids = [section["id"] for section in page.all("section")]
    place = SECTIONS.index("mistakes")
    assert ids == [*SECTIONS[:place], "robustness", *SECTIONS[place:]]
    assert [link["href"][1:] for link in page.all("a")][1 : len(ids) + 1] == ids
    assert page.open == []


def test_a_run_that_was_not_disturbed_has_no_such_section(tmp_path):
    html = write_report(make_run(tmp_path / "run", make_windows())).read_text()
    assert "#robustness" not in html and 'id="robustness"' not in html
    assert "robustness.json" not in html


def test_the_page_says_how_accuracy_falls(written):
    html = " ".join(written[1].split())
    assert "All 180 test windows were disturbed" in html
    assert "undisturbed, 95.0 %:" in html
    assert "Lowest: 25.0 % at 180 degrees (x)." in html
    assert "Lowest: 35.0 % at 1 rad/s." in html
    assert "With all its values zero, the network is right 85.0 % of the time" in html
    assert "x points up" in html


def test_who_cannot_see_the_figures_is_told_every_figure(written):
    html = plain(written[1])
    assert "Samples lost: accuracy by % of the samples. last one held, 0: 95.0 %, 5: 85.0 %" in html
    # From low to high, as drawn.
    assert "−50: 85.0 %, −25: 75.0 %, −10: 65.0 %, 0: 95.0 %, 10: 55.0 %" in html


def test_own_recordings_are_not_said_to_be_worn_at_the_waist(tmp_path):
    config = Config(data=DataConfig(set="recordings", test_subjects=(2,)))
    assert "x points up" not in page_with(tmp_path, make_robustness(), config=config)[1]


@pytest.mark.figure_files
def test_each_figure_is_kept_as_png(written):
    files = sorted(written[0].figures.glob("robustness_*.png"))
    assert len(files) == 7
    for file in files:
        assert imread(file).shape[1] > 800


def test_every_disturbance_is_shown(written):
    section = robustness_section(ScoredRun.read(written[0]))
    figures = [picture.figure for picture in section.pictures.values()]
    n_curves = sum(len(figure.axes[0].lines) - 1 for figure in figures)
    # A missing gyroscope and missing gravity are single figures, told in words.
    assert n_curves == len(DISTURBANCES) - 2
    assert [panel.picture for panel in section.view["panels"]] == list(section.pictures)


@pytest.mark.figure_files
def test_without_a_gyroscope_nothing_is_said_of_it(tmp_path):
    run, html = page_with(tmp_path, make_robustness(without=GYROSCOPE))
    assert "gyroscope" not in html
    assert len(list(run.figures.glob("robustness_*.png"))) == 6
