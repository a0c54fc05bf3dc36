from __future__ import annotations

from dataclasses import replace

import pytest
from matplotlib.image import imread
from read_page import SECTIONS, Page
from scored_run import make_explanation, make_run, make_windows

from har.config import Config, ModelConfig
from har.explanation.findings import Importance
from har.report.pages.run import write_report
from har.report.scored_run import ScoredRun
from har.report.sections.explanation import explanation_section
from har.runs.results import Results
from har.signals.channels import RAW_CHANNELS


def page_with(folder, explanation, windows, **kind):
    run = make_run(folder / "run", windows, **kind)
    run.write_json(run.explanation, explanation.to_dict())
    html = write_report(run).read_text()
    return run, " ".join(html.split())


def section_of(folder, explanation, windows):
    results = Results.read(make_run(folder / "run", windows))
    return explanation_section(ScoredRun(replace(results, explanation=explanation)))


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    windows = make_windows()
    return page_with(tmp_path_factory.mktemp("report"), make_explanation(windows), windows)


def test_the_section_stands_after_the_windows_and_in_the_navigation(written):
    page = Page(written[1])
    ids = [section["id"] for section in page.all("section")]
    place = SECTIONS.index("windows") + 1
    assert ids == [*SECTIONS[:place], "inside", *SECTIONS[place:]]
    assert [link["href"][1:] for link in page.all("a")][1 : 1 + len(ids)] == ids
    assert page.open == []


def test_a_run_that_was_not_explained_has_no_such_section(tmp_path):
    html = write_report(make_run(tmp_path / "run", make_windows())).read_text()
    assert "Inside" not in html
    assert "explanation.json" not in html


def test_the_page_says_what_was_found(written):
    html = written[1]
    assert "So much of the 95.0 % is then lost, on average over 5 draws" in html
    assert "0.32 s of a sensor are replaced" in html
    assert "Full colour: 30.0 percentage points" in html
    assert "add up to the whole gain, here within 0.01" in html
    assert "the 6 that vary most, of 8" in html
    assert "that no phone could measure" in html
    assert "first of the" not in html
    assert "<code>explanation.json</code>" in html


def test_who_cannot_see_the_figures_is_told_their_numbers(written):
    html = written[1]
    assert "Body acceleration: 40.0 %, 95 % interval 35.0 to 45.0 %; Angular rate: 30.0 %" in html
    assert "Walking: Body acceleration, 14.5 %; Walking upstairs:" in html
    assert "Signals of test window 0, " in html
    assert "On average: input gate 0.5" in html


def test_of_an_ensemble_the_page_says_whose_lstm_is_shown(tmp_path):
    windows = make_windows()
    config = Config(model=ModelConfig(n_members=5))
    _, html = page_with(tmp_path, make_explanation(windows), windows, config=config)
    assert "This is the first of the 5 networks of the ensemble" in html


@pytest.mark.figure_files
def test_each_figure_is_kept_as_png(written):
    files = {file.name for file in written[0].figures.glob("*.png")}
    assert {f"attribution_{index}.png" for index in (0, 1, 2)} < files
    assert {"importance.png", "occlusion.png", "states_0.png", "states_2.png"} < files
    assert imread(written[0].figures / "states_0.png").shape[1] > 800


def test_the_section_is_small(written):
    html = written[1]
    section = html[html.index('<section id="inside"') : html.index('<section id="reproduce"')]
    # As much for each of seven figures.
    assert len(section) < 7 * 50_000


def test_a_phones_own_channels_have_no_signals_in_common(tmp_path):
    windows = make_windows(20)
    windows = replace(windows, channels=RAW_CHANNELS, signals=windows.signals[:, :, :6])
    section = section_of(tmp_path, make_explanation(windows), windows)
    assert not section.view["has_joint"]
    labels = section.pictures["attribution_0"].figure.axes[-1].get_yticklabels()
    assert [label.get_text() for label in labels] == ["acc", "gyro"]


def test_one_person_has_no_interval(tmp_path):
    windows = make_windows(20)
    explanation = make_explanation(windows)
    alone = tuple(Importance(one.signal, 0.4, 0.01, None) for one in explanation.importances)
    section = section_of(tmp_path, replace(explanation, importances=alone), windows)
    assert "interval" not in section.pictures["importance"].title
    assert "interval" not in section.drawn("importance")
