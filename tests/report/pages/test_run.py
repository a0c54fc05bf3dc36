from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from builders import refused
from matplotlib.image import imread
from read_page import SECTIONS, Page
from scored_run import make_evaluation, make_run, make_windows

from har.config import Config, DataConfig, ModelConfig, TrainingConfig
from har.errors import RunError
from har.evaluation.calibration import threshold_for
from har.report.pages.run import write_report
from har.runs.manifest import Manifest


def report_of(folder, windows, test="same", **kind):
    run = make_run(folder / "run", windows, **kind)
    path = write_report(run, windows if test == "same" else test)
    html = path.read_text(encoding="utf-8")
    return run, html, Page(html)


def figures_of(page):
    """The drawings that are no sparklines."""
    return [svg for svg in page.all("svg") if svg.get("class") != "spark"]


@pytest.fixture(scope="module")
def windows():
    return make_windows()


@pytest.fixture(scope="module")
def written(tmp_path_factory, windows):
    return report_of(tmp_path_factory.mktemp("report"), windows)


def test_the_page_is_one_small_file_that_asks_for_no_other(written):
    run, html, page = written
    assert run.report.stat().st_size < 1_000_000
    assert len(page.all("script")) == 1 and not page.all("img")
    assert not re.search(r"https?://|@import|url\((?!#)", html)
    for attributes in (attributes for _, attributes in page.elements):
        for name in ("src", "href", "srcset", "data"):
            assert attributes.get(name, "#").startswith(("#", "data:"))


def test_the_page_is_well_formed_and_has_landmarks(written):
    _, _, page = written
    assert page.open == []
    for tag in ("h1", "main", "nav", "header", "footer", "title"):
        assert len([a for a in page.all(tag) if a.get("id") is None]) >= 1, tag
    assert len(page.all("h1")) == len(page.all("main")) == 1
    assert [section["id"] for section in page.all("section")] == list(SECTIONS)
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    for _, attributes in page.elements:
        assert attributes.get("aria-labelledby", ids[0]) in ids
    assert {link["href"][1:] for link in page.all("a")} <= set(ids)


def test_the_page_says_whether_the_network_is_as_sure_as_it_may_be(written, windows):
    evaluation = make_evaluation(windows)
    text = written[2].text["calibration"]
    figures = evaluation.calibration.after
    assert f"{100 * figures.ece:.1f} %" in text
    for name in ("brier", "nll"):
        assert f"{getattr(figures, name):.3f}" in text
    assert "temperature" not in text
    assert "guessing evenly gives 0.833" in text and "guessing evenly gives 1.792" in text
    threshold = threshold_for(evaluation.labels, evaluation.probabilities)
    coverage = (evaluation.probabilities.max(axis=1) >= threshold).mean()
    assert f"confidence of at least {threshold:.6g} are answered" in text
    assert f"{100 * coverage:.1f} % of the windows have one" in text


def test_the_page_tells_what_the_temperature_did(tmp_path, windows):
    evaluation = replace(make_evaluation(windows), temperature=1.25)
    run = make_run(tmp_path / "run", windows, evaluation)
    training = replace(run.read_trained_manifest().training, temperature=1.25)
    run.update_manifest(Manifest(training=training))
    text = Page(write_report(run).read_text()).text["calibration"]
    assert "a temperature of 1.25." in text
    assert "found on 4 people held out" in text
    before, after = evaluation.calibration.before, evaluation.calibration.after
    assert f"{100 * after.ece:.1f} % between" in text
    assert f"without the temperature {100 * before.ece:.1f} %" in text
    for name in ("brier", "nll"):
        assert f"{getattr(after, name):.3f}" in text
        assert f"without the temperature {getattr(before, name):.3f}" in text


def test_an_evaluation_of_an_earlier_version_makes_the_same_page(tmp_path, windows):
    run, html, _ = report_of(tmp_path, windows, None)
    figures = json.loads(run.evaluation.read_text())
    for key in ("intervals", "naive_intervals", "calibration"):
        del figures[key]
    run.write_json(run.evaluation, figures)
    assert write_report(run).read_text() == html


def test_the_page_says_what_was_trained_on_what(written):
    html = " ".join(written[1].split())
    assert "2 stacked LSTM layers of 64 units each" in html
    assert "5,900 windows of 17 people" in html
    assert "180 windows of 9 people it had never seen" in html
    assert "published files in data/uci-har-dataset.zip" in html
    assert "subjects 1, 5, 29, 30" in html


def test_every_count_of_the_confusion_matrix_is_there(written, windows):
    text = written[2].text["confusions"]
    cells = text.split("Laying ", 1)[1]
    counts = [int(n) for n in re.findall(r"(?<![\d.])\d+(?![\d.]| %)", cells)]
    assert counts == make_evaluation(windows).confusion_matrix.ravel().tolist()


def test_activities_and_subjects_are_listed(written, windows):
    page = written[2]
    for name in ("Walking upstairs", "Laying", "Precision", "Recall", "F1"):
        assert name in page.text["activities"]
    for subject in windows.subject_names:
        assert f" {subject} " in page.text["subjects"]


@pytest.mark.figure_files
def test_mistakes_and_unsure_answers_are_drawn(written):
    run, _, page = written
    assert len(figures_of(page)) == 4 + 6 + 6
    assert page.text["mistakes"].count("test window") == 12
    for kind in ("mistake", "unsure"):
        assert len(list(run.figures.glob(f"{kind}_*"))) == 6


def test_the_run_can_be_repeated(written):
    text = written[2].text
    assert "OMP_NUM_THREADS=2 har train --config uci_har --seed 0" in text["reproduce"]
    for part in ("git checkout 8fed95c0f5f4", "3.11.7", "mxnet 1.9.1", "cpu(0)"):
        assert part in text["reproduce"]
    for part in ("batch_size 64", "hidden_size 64", "root null", "standardise true"):
        assert part in text["settings"]
    assert "Anguita" in text["model-card"] and "commercial" in text["model-card"]


def test_the_page_names_its_data_set_and_what_to_know_of_it(tmp_path, windows):
    assert (
        "UCI HAR: 30 volunteers" in report_of(tmp_path / "a", windows, None)[2].text["model-card"]
    )
    data = DataConfig(set="hapt", activities=("WALKING", "LAYING"))
    run, _, page = report_of(tmp_path / "b", windows, None, config=Config(data=data))
    assert "Reyes-Ortiz" in page.text["model-card"] and "commercial" in page.text["model-card"]
    assert "UCI HAR:" not in page.text["model-card"]
    assert "activities [WALKING, LAYING]" in page.text["settings"]
    data = DataConfig(set="recordings", test_subjects=(2,))
    run.write_config(Config(data=data))
    manifest = json.loads(run.manifest.read_text())
    manifest["data"] |= {"name": "my <walks>", "notes": ["3 windows were dropped."]}
    run.write_json(run.manifest, manifest)
    html = write_report(run).read_text()
    page = Page(html)
    for part in ("my <walks>: recordings of your own", "3 windows were dropped."):
        assert part in page.text["model-card"]
    assert "Anguita" not in html and "waist" not in html and "<walks>" not in html


@pytest.mark.figure_files
def test_figures_are_kept_as_png(written):
    run, _, _ = written
    for name in ("learning_curves", "confusion_matrix", "per_class", "per_subject"):
        assert imread(run.figures / f"{name}.png").shape[1] > 1000
    for name in ("reliability", "risk_coverage"):
        assert imread(run.figures / f"{name}.png").shape[1] > 800
    assert not [file for file in run.path.rglob("*") if file.name.startswith(".partial")]


@pytest.mark.parametrize(
    ("conv_layers", "words"), [(1, "one convolution of"), (3, "3 convolutions of")]
)
def test_convolutions_are_told_before_the_lstm(tmp_path, windows, conv_layers, words):
    model = ModelConfig(conv_channels=48, conv_layers=conv_layers)
    _, html, _ = report_of(tmp_path, windows, None, config=Config(model=model))
    expected = f"{words} 48 channels, then 2 stacked LSTM layers of 64 units each"
    assert expected in " ".join(html.split())


def test_a_turn_to_the_heading_is_told_before_the_layers(tmp_path, windows):
    model = ModelConfig(align_heading=True)
    _, html, _ = report_of(tmp_path, windows, None, config=Config(model=model))
    expected = "A network of a turn about x to the usual heading, 2 stacked LSTM layers"
    assert expected in " ".join(html.split())


def test_a_summary_is_told_beside_the_layers(tmp_path, windows):
    model = ModelConfig(summary_size=7)
    _, html, _ = report_of(tmp_path, windows, None, config=Config(model=model))
    expected = "of 64 units each, beside a dense layer of 7 units that reads a summary learned"
    assert expected in " ".join(html.split())


def test_an_ensemble_is_told_and_its_curves_are_means_over_its_members(tmp_path, windows):
    run = make_run(tmp_path / "run", windows, config=Config(model=ModelConfig(n_members=2)))
    first = run.read_epochs()
    # The second stopped earlier: the last epoch is the first one's alone.
    second = [{**row, "member": 2, "train_loss": row["train_loss"] + 1} for row in first[:-1]]
    run.write_epochs([*first, *second])
    html = " ".join(write_report(run).read_text().split())
    assert "An ensemble of 2 networks of 2 stacked LSTM layers of 64 units each learned" in html
    assert "The 2 networks were trained one after the other" in html
    assert "for 55 epochs in all" in html
    loss, last = first[0]["train_loss"] + 0.5, first[-1]["train_loss"]
    assert f"Loss by epoch. Training: from {loss:.3f} to {last:.3f}." in html


@pytest.mark.figure_files
def test_without_signals_mistakes_are_listed(tmp_path, windows):
    run, _, page = report_of(tmp_path, windows, test=None)
    assert len(page.all("svg")) == 4
    assert "Their signals were not at hand" in page.text["mistakes"]
    assert page.text["mistakes"].count("test window") == 12
    assert not [*run.figures.glob("mistake_*"), *run.figures.glob("unsure_*")]


def test_no_mistakes_at_all(tmp_path, windows):
    evaluation = make_evaluation(windows, n_wrong=0)
    _, _, page = report_of(tmp_path, windows, evaluation=evaluation)
    assert "None: every window was named right." in page.text["mistakes"]
    assert "The 6 least sure right answers" in page.text["mistakes"]
    assert "None of the 180 windows" in page.text["labels"]
    assert "100.0 %" in page.text["results"]
    assert "Even with every window answered" in page.text["calibration"]


def test_all_wrong_however_sure(tmp_path, windows):
    evaluation = make_evaluation(windows)
    wrong = np.eye(6)[(windows.labels + 1) % 6]
    _, _, page = report_of(
        tmp_path, windows, None, evaluation=replace(evaluation, probabilities=wrong)
    )
    assert "0.0 to 0.0 % naively 0.0 to 2.1 %" in page.text["results"]
    assert "No confidence is high enough" in page.text["calibration"]
    assert "least sure" not in page.text["mistakes"]


def test_one_epoch_without_validation(tmp_path, windows):
    config = Config(data=DataConfig(n_validation_subjects=0), training=TrainingConfig(keep="last"))
    _, html, page = report_of(
        tmp_path, windows, None, n_epochs=1, is_validated=False, config=config
    )
    assert "No subjects were held out" in page.text["learning"]
    assert "between the two lines" not in page.text["learning"]
    assert "for 1 epoch" in page.text["results"]
    assert "Validation: from" not in html


def test_a_class_that_was_never_predicted_and_one_that_never_occurred(tmp_path, windows):
    some = windows.where(windows.labels != 5)
    evaluation = make_evaluation(some, never=3)
    assert evaluation.per_class["SITTING"]["f1"] == 0
    _, _, page = report_of(tmp_path, some, None, evaluation=evaluation)
    assert "Laying 0 0 0 0 0 0" in page.text["confusions"]


def test_a_single_subject(tmp_path, windows):
    one = make_windows(n=40, subjects=(2,))
    _, html, page = report_of(tmp_path, one)
    assert "40 windows of one person" in page.text["results"]
    assert "no interval over people" in page.text["results"]
    assert "40 windows of one person it had never seen" in " ".join(html.split())


def test_subjects_that_were_trained_on_are_told(tmp_path):
    known = make_windows(subjects=(3, 4))
    _, html, page = report_of(tmp_path, known, None)
    assert "never seen" not in html
    assert "wrong labels that it learned are not found" in page.text["labels"]
    assert re.search(r"trained on\s+subjects 3 too", html)


def test_hostile_names_are_text(tmp_path):
    hostile = ('<script>alert("1")</script>', "A & B", "$x_{1$", 'q" onload="x', "E'", "F;}")
    run, html, page = report_of(tmp_path, make_windows(n=60, activities=hostile))
    assert html.count("<script") == 1
    assert not [a for _, a in page.elements if "onload" in a]
    manifest = json.loads(run.manifest.read_text())
    manifest["recipe"] = manifest["data"]["source"] = "</title><script>x</script>"
    run.write_json(run.manifest, manifest)
    assert write_report(run).read_text().count("<script") == 1


def test_what_the_manifest_does_not_tell_is_left_out(tmp_path, windows):
    run, _, _ = report_of(tmp_path, windows, None)
    manifest = json.loads(run.manifest.read_text())
    known = {key: manifest[key] for key in ("model", "training")}
    run.write_json(run.manifest, {**known, "git": None})
    page = Page(write_report(run).read_text())
    assert "git checkout" not in page.text["reproduce"]
    assert "Training time" not in page.text["results"]


def test_a_surety_never_reads_one_hundred_percent(tmp_path, windows):
    probabilities = np.zeros((len(windows), 6))
    probabilities[:, 0] = 1
    evaluation = replace(make_evaluation(windows), probabilities=probabilities)
    _, _, page = report_of(tmp_path, windows, None, evaluation=evaluation)
    assert "> 99.9 % sure" in page.text["mistakes"]


@pytest.mark.figure_files
def test_writing_again_replaces_the_figures_and_gives_the_same_page(tmp_path, windows, monkeypatch):
    # Of windows drawn alike, one of each kind is enough.
    monkeypatch.setattr("har.report.sections.single_windows.mistakes.N_ANSWERS", 1)
    run, html, _ = report_of(tmp_path, windows)
    (run.figures / "mistake_9999.svg").write_text("of an earlier evaluation")
    assert write_report(run, windows).read_text() == html
    assert not (run.figures / "mistake_9999.svg").exists()


@pytest.mark.figure_files
def test_other_windows_are_refused_and_nothing_is_written(tmp_path, windows):
    run = make_run(tmp_path / "run", windows)
    with refused(RunError, "predictions.csv", "expected"):
        write_report(run, make_windows(seed=7))
    assert not run.report.exists() and not run.figures.exists()


def test_a_missing_column_leaves_the_earlier_page(tmp_path, windows):
    run, html, _ = report_of(tmp_path, windows, None)
    run.write_predictions(run.read_predictions().drop(columns="subject"))
    with refused(RunError, "predictions.csv", "subject", "expected"):
        write_report(run, windows)
    assert run.report.read_text() == html


@pytest.mark.figure_files
def test_a_folder_that_cannot_be_written_is_one_line(tmp_path, windows, monkeypatch):
    def full(*_arguments):
        raise OSError(28, "No space left on device")

    run = make_run(tmp_path / "run", windows)
    monkeypatch.setattr("har.report.section.save_png", full)
    with refused(RunError, str(run.path), "No space left", "expected"):
        write_report(run)
    assert not run.report.exists()


def test_the_report_never_loads_mxnet():
    code = "import sys, har.report.pages.run; sys.exit('mxnet' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
