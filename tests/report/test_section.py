from __future__ import annotations

import pytest
from activity_segments import a_recording_evaluation
from jinja2 import ChoiceLoader, DictLoader
from matplotlib.figure import Figure
from read_page import Page
from scored_run import make_explanation, make_robustness, make_run, make_windows

from har.report.pages.run import SECTIONS, write_report
from har.report.scored_run import ScoredRun
from har.report.section import Picture, Section, save_pictures
from har.report.templating import page_environment
from har.runs.adaptation import AdaptationDescription, TaughtActivity
from har.runs.manifest import Manifest

TEMPLATE = """<section id="gait" aria-labelledby="gait-heading">
<h2 id="gait-heading">{{ section.title }}</h2>
<p>{{ view.cadence }} steps a second</p>
{{ section.drawn("step_lengths") }}
</section>"""


def gait_section(run):
    """What a new module of `har.report.sections` would hold."""
    figure = Figure(figsize=(2, 1))
    figure.subplots().plot([0, 1])
    values = {"cadence": f"<{len(run.windows)}>"}
    return Section("gait", "Gait", values, {"step_lengths": Picture(figure, "Lengths & steps")})


@pytest.fixture(scope="module")
def windows():
    return make_windows(60)


@pytest.fixture(scope="module")
def full(tmp_path_factory, windows):
    """A run with all that a page can show."""
    run = make_run(tmp_path_factory.mktemp("full") / "run", windows)
    run.write_json(run.robustness, make_robustness(60).to_dict())
    run.write_json(run.explanation, make_explanation(windows).to_dict())
    recordings = a_recording_evaluation(activities=windows.activities)
    run.write_json(run.recordings, recordings.to_dict())
    taught = TaughtActivity(windows.activities[0], False, 15, 5, 3, 5)
    adaptation = AdaptationDescription(
        strength=0.3, layer="summary", activities=(taught,), seconds_per_window=1.28
    )
    run.update_manifest(Manifest(adaptation=adaptation))
    return run


@pytest.fixture(scope="module")
def sections(full, windows):
    scored = ScoredRun.read(full, windows)
    return [section(scored) for section in SECTIONS]


@pytest.fixture(scope="module")
def page(full, windows):
    return Page(write_report(full, windows).read_text())


def test_a_page_is_its_list_of_sections(page, sections):
    anchors = [section.anchor for section in sections]
    assert [section["id"] for section in page.all("section")] == anchors
    links = [link["href"][1:] for link in page.all("a")]
    assert links[1 : 1 + len(anchors)] == anchors


@pytest.mark.figure_files
def test_the_folder_of_figures_has_those_of_the_sections_and_no_others(full, page, sections):
    pictures = [item for section in sections for item in section.pictures.items()]
    assert len(pictures) == len(dict(pictures)) > 20
    as_svg = {f"{name}.svg" for name, _ in pictures}
    as_png = {f"{name}.png" for name, picture in pictures if not picture.is_example}
    assert 10 < len(as_png) < len(as_svg)
    assert {file.name for file in full.figures.iterdir()} == as_svg | as_png


def test_names_and_anchors_of_sections_are_unique(sections):
    assert len({section.name for section in sections}) == len(sections)
    assert len({section.anchor for section in sections}) == len(sections)


@pytest.mark.figure_files
def test_a_section_takes_a_function_a_template_and_a_line_of_the_list(
    tmp_path, windows, monkeypatch
):
    def with_template(activities):
        environment = page_environment(activities)
        environment.loader = ChoiceLoader([environment.loader, DictLoader({"gait.html": TEMPLATE})])
        return environment

    monkeypatch.setattr("har.report.pages.run.page_environment", with_template)
    monkeypatch.setattr("har.report.pages.run.SECTIONS", (SECTIONS[0], gait_section, SECTIONS[-1]))
    run = make_run(tmp_path / "run", windows)
    html = write_report(run, windows).read_text()
    page = Page(html)
    assert page.open == []
    assert [section["id"] for section in page.all("section")] == ["results", "gait", "model-card"]
    assert {"href": "#gait"} in page.all("a")
    assert "<p>&lt;60&gt; steps a second</p>" in html
    assert '<title id="step-lengths-title">Lengths &amp; steps</title>' in html
    assert {file.name for file in run.figures.iterdir()} == {"step_lengths.png", "step_lengths.svg"}


def test_each_section_is_worked_out_once(tmp_path, windows, monkeypatch):
    calls = []

    def counted(section):
        def count(run):
            calls.append(section)
            return section(run)

        return count

    few = SECTIONS[:2]
    monkeypatch.setattr("har.report.pages.run.SECTIONS", tuple(map(counted, few)))
    write_report(make_run(tmp_path / "run", windows))
    assert calls == list(few)


def test_a_section_without_anything_to_show_is_left_out(tmp_path, windows, monkeypatch):
    monkeypatch.setattr("har.report.pages.run.SECTIONS", (SECTIONS[0], lambda _: None))
    page = Page(write_report(make_run(tmp_path / "run", windows)).read_text())
    assert [section["id"] for section in page.all("section")] == ["results"]


def test_a_title_of_several_words_has_an_anchor_and_a_name_has_a_template():
    section = Section("model_card", "Model card", {})
    assert (section.anchor, section.template) == ("model-card", "model_card.html")


def test_pictures_are_drawn_with_ids_of_their_own(tmp_path):
    figure = Figure(figsize=(2, 1))
    figure.subplots().plot([0, 1])
    section = Section("gait", "Gait", {}, {"step_lengths": Picture(figure, "<Steps>")})
    svg = section.drawn("step_lengths")
    assert 'aria-labelledby="step-lengths-title"' in svg and "&lt;Steps&gt;" in svg
    assert svg == section.pictures["step_lengths"].drawn("step_lengths")
    save_pictures(section.pictures, tmp_path)
    assert {file.name for file in tmp_path.iterdir()} == {"step_lengths.png", "step_lengths.svg"}


def test_pictures_of_examples_are_not_drawn_again_in_pixels(tmp_path):
    save_pictures(
        {"window": Picture(Figure(figsize=(2, 1)), "A window", is_example=True)}, tmp_path
    )
    assert [file.name for file in tmp_path.iterdir()] == ["window.svg"]
