from __future__ import annotations

import pytest
from matplotlib.image import imread
from read_page import SECTIONS, Page, plain
from scored_run import make_robustness, make_run, make_windows

from har.config import Config, DataConfig
from har.evaluation.disturbances import DISTURBANCES
from har.report import write_report
from har.robustness_section import robustness_pictures, robustness_view

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


def test_each_figure_is_kept_as_png(written):
    files = sorted(written[0].figures.glob("robustness_*.png"))
    assert len(files) == 6
    for file in files:
        assert imread(file).shape[1] > 800


def test_every_disturbance_is_shown(written):
    robustness = make_robustness()
    pictures = robustness_pictures(robustness)
    n_curves = sum(len(figure.axes[0].lines) - 1 for figure in pictures.values())
    # A missing gyroscope is a single figure, told in words.
    assert n_curves == len(DISTURBANCES) - 1
    assert len(robustness_view(robustness, pictures)["panels"]) == len(pictures)


def test_without_a_gyroscope_nothing_is_said_of_it(tmp_path):
    run, html = page_with(tmp_path, make_robustness(without=GYROSCOPE))
    assert "gyroscope" not in html
    assert len(list(run.figures.glob("robustness_*.png"))) == 5
