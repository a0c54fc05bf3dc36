from __future__ import annotations

import json
from dataclasses import replace

import pandas as pd
import pytest
from builders import refused
from timelines import a_report, page_text

from har.errors import RunError
from har.inference.segments import merge_segments
from har.report.pages.timeline_page import write_pictures


def test_tables_lie_beside_each_other_and_can_be_read_back(tmp_path):
    report = a_report()
    files = report.write_tables(tmp_path / "timeline.csv")
    assert [file.name for file in files] == [
        "timeline.csv",
        "timeline-segments.csv",
        "timeline-about.json",
    ]
    assert sorted(tmp_path.iterdir()) == sorted(files)
    timeline, segments = (pd.read_csv(file) for file in files[:2])
    pd.testing.assert_frame_equal(timeline, report.timeline, rtol=1e-7)
    pd.testing.assert_frame_equal(segments, merge_segments(report.timeline), rtol=1e-7)


def test_parquet_by_suffix_holds_the_same(tmp_path):
    report = a_report()
    files = report.write_tables(tmp_path / "timeline.parquet")
    assert files[1].name == "timeline-segments.parquet"
    pd.testing.assert_frame_equal(pd.read_parquet(files[0]), report.timeline)
    pd.testing.assert_frame_equal(pd.read_parquet(files[1]), report.segments)


def test_assumptions_are_stored_with_the_prediction(tmp_path):
    about = json.loads(a_report().write_tables(tmp_path / "t.csv")[2].read_text())
    assert about["notes"] == ["time: at <50> Hz"]
    assert about["model"] == "runs/small"
    assert about["recording"] == "walks/walk & run.csv"
    assert about["stretches"] == [{"first_sample": 0, "n_samples": 3000, "start_s": 0.0}]
    assert (about["n_windows"], about["rate_hz"]) == (45, 50)


def test_the_summary_tells_the_time_of_each_activity():
    report = a_report()
    first, *rows = report.in_words().splitlines()
    assert first.startswith("walks/walk & run.csv: 1\N{NO-BREAK SPACE}min, 45 windows")
    shares = [float(row.split()[-1].rstrip("%")) for row in rows[:-1]]
    assert sum(shares) == pytest.approx(100, abs=0.2)
    assert shares == sorted(shares, reverse=True)
    assert rows[-1].split()[:2] == ["8", "windows"]


def test_with_the_truth_it_tells_how_many_windows_are_right():
    truth = pd.DataFrame({"start_s": [0.0], "end_s": [60.0], "activity": ["WALKING"]})
    report = a_report(truth=truth)
    n_right = (report.timeline["activity"] == "WALKING").sum()
    assert f"{n_right} of 45 windows" in report.in_words()
    assert f"({n_right} of 45)" in " ".join(page_text(report).split())


def test_windows_without_an_answer_are_counted_wherever_it_is_summed_up():
    truth = pd.DataFrame({"start_s": [0.0], "end_s": [60.0], "activity": ["WALKING"]})
    report = a_report(truth=truth, abstain_below=0.6)
    n_unknown = (report.timeline["activity"] == "UNKNOWN").sum()
    assert 0 < n_unknown < 45
    about, words = report.about(), report.in_words()
    assert (about["abstain_below"], about["n_unknown"]) == (0.6, n_unknown)
    assert f"45 windows ({n_unknown} UNKNOWN: no probability reaches 0.6)" in words
    assert f"{45 - n_unknown} of 45 windows that lie in one labelled segment are answered" in words
    page = " ".join(page_text(report).split())
    assert f"Unknown are {n_unknown} of 45, in which no probability reaches 0.6" in page
    assert f"were answered ({45 - n_unknown} of 45); of these," in page
    n_right = (report.timeline["activity"] == "WALKING").sum()
    assert f"named right ({n_right} of {45 - n_unknown})" in page
    assert report.totals.loc["UNKNOWN", "n_segments"] > 0


def test_if_nothing_was_answered_the_page_says_so():
    truth = pd.DataFrame({"start_s": [0.0], "end_s": [60.0], "activity": ["WALKING"]})
    report = a_report(truth=truth, abstain_below=1.0)
    page = " ".join(page_text(report).split())
    assert "were answered (0 of 45). </p>" in page
    assert "nan" not in report.in_words()


def test_a_folder_that_is_not_there_is_named(tmp_path):
    report, out = a_report(), tmp_path / "nowhere" / "timeline.csv"
    with refused(RunError, "nowhere/timeline.csv", "No such file"):
        report.write_tables(out)
    with refused(RunError, "nowhere/timeline.csv", "No such file"):
        write_pictures(report, out)


def test_doubts_are_in_the_summary_the_about_file_and_the_page(tmp_path):
    report = replace(a_report(), doubts=("is it <worn> so?",))
    assert report.in_words().splitlines()[-1] == "  doubt: is it <worn> so?"
    about = json.loads(report.write_tables(tmp_path / "t.csv")[2].read_text())
    assert about["doubts"] == ["is it <worn> so?"]
    assert "In doubt:</strong> is it &lt;worn&gt; so?" in page_text(report)
    assert "In doubt" not in page_text(a_report())


def test_windows_that_the_context_changed_are_counted_where_there_is_one():
    report, alone = a_report(context="markov"), a_report()
    n_changed = (report.timeline["activity"] != alone.timeline["activity"]).sum()
    assert 0 < n_changed < 45
    assert list(report.bands) == ["predicted", "each alone"]
    pd.testing.assert_frame_equal(report.bands["each alone"], alone.segments)
    assert list(alone.bands) == ["predicted"]
    words = f"indows are judged with those around them, which changed the activity of {n_changed}"
    assert f"{words} of 45 (column activity_alone)" in report.in_words()
    assert f"{words} of 45: activities last" in page_text(report)
    about = report.about()
    assert (about["context"], about["n_changed_by_context"]) == ("markov", n_changed)
    assert "those around" not in alone.in_words() + page_text(alone)
    about = alone.about()
    assert (about["context"], about["n_changed_by_context"]) == ("none", None)


def test_strange_windows_are_counted_where_they_are_known():
    usual = a_report()
    is_strange = usual.timeline.index < 12
    report = replace(usual, timeline=usual.timeline.assign(is_strange=is_strange))
    words = "12 of 45 windows are unlike anything in training"
    assert words in report.in_words()
    assert words in page_text(report)
    assert report.about()["n_strange"] == 12
    assert usual.about()["n_strange"] is None
    assert "unlike" not in usual.in_words()
