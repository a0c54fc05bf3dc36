from __future__ import annotations

import json
from dataclasses import replace

import pytest
from activity_segments import a_recording_evaluation
from markdown_it import MarkdownIt
from scored_run import make_evaluation, make_robustness, make_run, make_windows

from har.report.pages.run_markdown import report_markdown
from har.runs.results import Results

SPACE = "\N{NO-BREAK SPACE}"


@pytest.fixture
def windows():
    return make_windows()


def summary_of(folder, windows, robustness=None, recordings=None, **kind):
    results = Results.read(make_run(folder / "run", windows, **kind))
    return report_markdown(replace(results, robustness=robustness, recordings=recordings))


def cells_of(text):
    """Every row of every table, as a list of cells."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def shown(share):
    return f"{100 * share:.1f}{SPACE}%"


def test_headline_figures_stand_beside_both_intervals(tmp_path, windows):
    evaluation = make_evaluation(windows)
    rows = {row[0]: row[1:] for row in cells_of(summary_of(tmp_path, windows))}
    for name, key in (("accuracy", "accuracy"), ("macro F1", "macro_f1")):
        low, high = evaluation.intervals[key]
        naive_low, naive_high = evaluation.naive_intervals[key]
        assert rows[name] == [
            shown(getattr(evaluation, key)),
            f"{100 * low:.1f} to {shown(high)}",
            f"{100 * naive_low:.1f} to {shown(naive_high)}",
        ]


def test_each_activity_has_its_row(tmp_path, windows):
    evaluation = make_evaluation(windows)
    rows = {row[0]: row[1:] for row in cells_of(summary_of(tmp_path, windows))}
    expected = evaluation.per_class["WALKING_UPSTAIRS"]
    scores = [shown(expected[key]) for key in ("precision", "recall", "f1")]
    assert rows["Walking upstairs"] == [*scores, str(expected["support"])]


def test_hardest_people_and_commonest_mistakes_are_listed(tmp_path, windows):
    evaluation = make_evaluation(windows)
    text = summary_of(tmp_path, windows)
    accuracies = {name: row["accuracy"] for name, row in evaluation.per_subject.items()}
    hardest = min(accuracies, key=accuracies.get)
    assert f"Hardest people: subjects {hardest} ({shown(accuracies[hardest])})" in text
    wrong = evaluation.confusion_matrix.copy()
    for place in range(6):
        wrong[place, place] = 0
    assert f"({wrong.max()})" in text.split("Commonest mistakes: ")[1].split(",")[0]


def test_no_mistakes_and_one_person_are_said(tmp_path):
    windows = make_windows(subjects=(7,))
    text = summary_of(tmp_path, windows, evaluation=make_evaluation(windows, n_wrong=0))
    assert "Commonest mistakes: none." in text
    assert ["accuracy", shown(1), "–"] in [row[:3] for row in cells_of(text)]


def test_robustness_is_told_where_it_was_measured(tmp_path, windows):
    assert "disturbance" not in summary_of(tmp_path / "a", windows)
    robustness = make_robustness()
    text = summary_of(tmp_path / "b", windows, robustness)
    rows = {row[0]: row[1:] for row in cells_of(text)}
    lowest = robustness.table[robustness.table["disturbance"] == "noise_acc"]["accuracy"].min()
    assert rows["noise acc"][1] == shown(lowest)


def test_whole_recordings_are_told_where_they_were_scored(tmp_path, windows):
    assert "whole recordings" not in summary_of(tmp_path / "a", windows)
    recordings = a_recording_evaluation(activities=windows.activities)
    text = summary_of(tmp_path / "b", windows, recordings=recordings)
    assert "| whole recordings | with its context | each window alone |" in text
    rows = {row[0]: row[1:] for row in cells_of(text)}
    accuracy = recordings.figures["alone"]["time_accuracy"].value
    assert rows["time: right"][1].startswith(shown(accuracy))


def test_the_model_card_and_the_command_are_there(tmp_path, windows):
    text = summary_of(tmp_path, windows)
    assert "**Intended use.**" in text and "</details>" in text
    assert "OMP_NUM_THREADS=2 har train --config uci_har --seed 0" in text


HOSTILE = "|[x](javascript:alert(1))<img src=x onerror=…>\n\n# `*_"


def test_hostile_names_are_text(tmp_path):
    windows = make_windows(activities=(HOSTILE, "SITTING", "a"))
    run = make_run(tmp_path / "run", windows)
    manifest = json.loads(run.manifest.read_text())
    manifest["recipe"] = manifest["data"]["name"] = HOSTILE
    manifest["data"]["notes"] = [HOSTILE]
    manifest["command"] = ["har", "train", f"```\n{HOSTILE}"]
    run.write_json(run.manifest, manifest)
    text = report_markdown(Results.read(run))
    tokens = MarkdownIt("commonmark").enable("table").parse(text)
    kinds = {token.type for token in tokens}
    kinds |= {part.type for token in tokens for part in token.children or ()}
    assert "link_open" not in kinds and "image" not in kinds and "html_inline" not in kinds
    html = [token.content.strip() for token in tokens if token.type == "html_block"]
    assert html == ["<details><summary>Model card</summary>", "</details>"]
    assert len([token for token in tokens if token.type == "heading_open"]) == 1
    (code,) = (token.content for token in tokens if token.type == "fence")
    assert HOSTILE in code
    shown = "".join(part.content for token in tokens for part in token.children or ())
    assert "[x](javascript:alert(1))<img src=x onerror=…> # `*_" in shown
