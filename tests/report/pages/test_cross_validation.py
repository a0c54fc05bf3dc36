from __future__ import annotations

import re

import pytest
from builders import refused
from compared_runs import change_json
from read_page import plain, text_of
from scored_folds import MANIFEST, make_score, make_scores
from unbound import unbind

from har.config import Config
from har.errors import RunError
from har.model_selection.cross_validation_folder import CrossValidationFolder
from har.report.pages.cross_validation import write_crossval_report
from har.report.wording import percent


def written(path, scores):
    folder = CrossValidationFolder.start(path, Config(), MANIFEST)
    for score in scores:
        folder.write_score(score)
    return folder, folder.write_summary()


@pytest.fixture(scope="module")
def complete(tmp_path_factory):
    folder, summary = written(tmp_path_factory.mktemp("cv") / "complete", make_scores())
    return write_crossval_report(folder), summary


def test_the_page_tells_means_deviations_folds_and_subjects(complete):
    page, summary = complete
    text = text_of(page)
    for name in ("accuracy", "macro_f1"):
        for key in ("mean", "sd_over_seeds", "sd_over_folds_and_seeds"):
            assert plain(percent(getattr(getattr(summary, name), key), 2)) in text
    for row in summary.per_fold:
        assert ", ".join(map(str, row.subjects)) in text
    shown = re.findall(r'<th scope="row">(\d+)</th>\s*<td>[\d.]+.%</td>', page.read_text())
    assert shown == [str(row.subject) for row in summary.per_subject]
    assert "har cv --config quick" in text
    assert "Partial:" not in text
    assert "Mixed:" not in text


def test_the_page_needs_no_other_file(complete):
    html = complete[0].read_text(encoding="utf-8")
    assert not re.search(r'(?:src|href)="(?!#|data:)', html)
    assert html.count("<script") == 1


def test_what_is_missing_is_said(tmp_path):
    folder, _ = written(tmp_path / "cv", make_scores(seeds=(0,), folds=(2,)))
    text = text_of(write_crossval_report(folder))
    assert "Partial: 1 of 3 networks have been scored" in text


def test_code_that_changed_between_folds_is_said(tmp_path):
    scores = [make_score(0, 0), make_score(0, 1, commit="b" * 40)]
    folder, summary = written(tmp_path / "cv", scores)
    assert summary.commits == ("a" * 40, "b" * 40)
    text = text_of(write_crossval_report(folder))
    assert f"trained by {'a' * 12}, {'b' * 12}." in text


def test_a_damaged_summary_is_one_line(tmp_path):
    folder, _ = written(tmp_path / "cv", make_scores(seeds=(0,), folds=(2,)))
    change_json(folder.summary, lambda content: [content.pop(key) for key in ("cost", "sha256")])
    with refused(RunError, f"{unbind(folder).summary}: found 'cost'", "har cv writes"):
        write_crossval_report(folder)


def test_whole_recordings_are_shown_where_they_were_scored(complete, tmp_path):
    assert 'id="recordings"' not in complete[0].read_text()
    scores = make_scores(seeds=(0,), with_recordings=True)
    folder, summary = written(tmp_path / "cv", scores)
    page = write_crossval_report(folder)
    assert 'id="recordings"' in page.read_text() and '#recordings"' in page.read_text()
    for way in ("with_context", "alone"):
        value = summary.recordings[way]["segment_f1"].value
        assert plain(percent(value)) in text_of(page)
