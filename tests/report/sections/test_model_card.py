from __future__ import annotations

from dataclasses import replace

import pytest
from scored_run import make_evaluation, make_robustness, make_run, make_windows

from har.config import Config, DataConfig
from har.report.sections.model_card import card_lines, model_card
from har.runs.results import Results


@pytest.fixture
def windows():
    return make_windows()


def card_of(folder, windows, robustness=None, temperature=None, **kind):
    results = Results.read(make_run(folder / "run", windows, **kind))
    evaluation = replace(results.evaluation, temperature=temperature)
    card = model_card(replace(results, evaluation=evaluation, robustness=robustness))
    return {heading: " ".join(sentences) for heading, sentences in card.items()}


def test_the_card_tells_what_the_network_is_for_and_what_not(tmp_path, windows):
    card = card_of(tmp_path, windows)
    for part in (
        "2 stacked LSTM layers of 64 units each",
        "2.56 s of signals of a phone worn at the waist",
        "walking, walking upstairs, walking downstairs, sitting, standing or laying",
        "9 channels (body_acc_x,",
        "50 samples a second",
    ):
        assert part in card["Intended use"]
    assert "medical" in card["Not intended"] and "one of its 6" in card["Not intended"]


def test_the_card_s_figures_are_those_of_the_run(tmp_path, windows):
    evaluation = make_evaluation(windows)
    card = card_of(tmp_path, windows, evaluation=evaluation)
    quality = card["How well it does"]
    assert f"{evaluation.accuracy:.1%}".replace("%", "\N{NO-BREAK SPACE}%") in quality
    low, high = evaluation.intervals["accuracy"]
    assert f"{100 * low:.1f} to {100 * high:.1f}" in quality
    worst = min(evaluation.per_subject, key=lambda name: evaluation.per_subject[name]["accuracy"])
    assert f"subject {worst}: " in quality
    counts = {
        (true, predicted): evaluation.confusion_matrix[true, predicted]
        for true in range(6)
        for predicted in range(6)
        if true != predicted
    }
    assert f"in {max(counts.values())} of " in quality
    assert "5,900 windows of UCI HAR, of 17 people" in card["What it learned from"]
    assert "Held out to watch the training: 4 people" in card["What it learned from"]


def test_without_mistakes_there_is_no_hardest_person(tmp_path, windows):
    card = card_of(tmp_path, windows, evaluation=make_evaluation(windows, n_wrong=0))
    assert card["How well it does"].startswith("100.0")
    assert "hardest" not in card["How well it does"]


def test_one_person_gives_no_interval(tmp_path):
    card = card_of(tmp_path, make_windows(subjects=(7,)))
    assert "of one person" in card["How well it does"]
    assert "interval" not in card["How well it does"]
    assert "hardest" not in card["How well it does"]


def test_what_was_not_measured_is_said(tmp_path, windows):
    assert "was not measured" in card_of(tmp_path, windows)["Limits"]


def test_measured_limits_are_told(tmp_path, windows):
    robustness = make_robustness()
    limits = card_of(tmp_path, windows, robustness)["Limits"]
    table = robustness.table[robustness.table["disturbance"].str.startswith("rotation")]
    turned = table.loc[table["level"] == 30, "accuracy"]
    assert f"{100 * turned.min():.1f}" in limits and "turned by 30 degrees" in limits
    assert "about its x axis by any angle, 75.0" in limits
    assert "Without a gyroscope, 85.0" in limits and "was not measured" not in limits


def test_disturbances_that_do_not_fit_the_channels_are_left_out(tmp_path, windows):
    without = (
        "missing_gyroscope",
        "random_turn_x",
        *(f"rotation_{axis}" for axis in ("x", "y", "z", "random")),
    )
    limits = card_of(tmp_path, windows, make_robustness(without=without))["Limits"]
    assert "turned" not in limits and "gyroscope" not in limits


def test_a_temperature_is_told(tmp_path, windows):
    card = card_of(tmp_path, windows, temperature=1.5)
    assert "a temperature of 1.5, found on them" in card["What it learned from"]


def test_own_recordings_have_no_waist_and_no_citation(tmp_path, windows):
    config = Config(data=DataConfig(set="recordings", test_subjects=(2,)))
    text = " ".join(card_of(tmp_path, windows, config=config).values())
    assert "waist" not in text and "Cite" not in text and "volunteers" not in text


def test_markdown_has_each_heading_in_bold():
    assert card_lines({"Limits": ["One.", "Two."]}) == ["**Limits.** One. Two.", ""]
