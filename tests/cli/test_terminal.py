from __future__ import annotations

import io
import logging
import sys
from dataclasses import replace

import numpy as np
from scored_folds import make_scores

from har.cli.terminal import (
    baselines_in_words,
    epoch_in_words,
    evaluation_in_words,
    shown,
    summary_in_words,
)
from har.evaluation.metrics import Evaluation
from har.model_selection.summary import Cost, MeanFigure, summarise_folds
from har.training.history import EpochRecord

RECORD = EpochRecord(
    epoch=1,
    learning_rate=0.01,
    train_loss=0.51234,
    train_accuracy=0.875,
    validation_loss=0.4,
    validation_accuracy=0.9,
    windows_per_s=1234.5,
    is_best=True,
)
RECORDS = [RECORD, EpochRecord(2, 0.01, 0.4, 0.9, None, None, 1000.0, False)]
WORDS = [
    "loss 0.5123, training 87.5%, validation 90.0% (best), 1234 windows/s",
    "loss 0.4000, training 90.0%, 1000 windows/s",
]


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_an_epoch_is_told_in_one_line():
    assert [epoch_in_words(record) for record in RECORDS] == WORDS


def make_terminal(monkeypatch):
    """Put a terminal in the place of standard error, with messages shown on it."""
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setattr(logging.getLogger("har"), "handlers", [logging.StreamHandler(terminal)])
    return terminal


def test_elsewhere_than_on_a_terminal_epochs_are_plain_lines(monkeypatch, messages):
    errors = io.StringIO()
    monkeypatch.setattr(sys, "stderr", errors)
    assert list(shown(iter(RECORDS), 20)) == RECORDS
    assert messages() == [f"epoch   1/20  {WORDS[0]}", f"epoch   2/20  {WORDS[1]}"]
    assert errors.getvalue() == ""


def test_a_terminal_shows_a_bar_with_the_last_epochs_figures(monkeypatch, messages):
    terminal = make_terminal(monkeypatch)
    assert list(shown(iter(RECORDS), 2)) == RECORDS
    assert messages() == []
    assert "2/2" in terminal.getvalue()
    assert WORDS[1] in terminal.getvalue()


def test_a_quiet_terminal_shows_no_bar_and_a_file_gets_each_epoch(monkeypatch, caplog):
    terminal = make_terminal(monkeypatch)
    (handler,) = logging.getLogger("har").handlers
    handler.setLevel(logging.WARNING)
    caplog.set_level("DEBUG", "har")
    assert list(shown(iter(RECORDS), 2)) == RECORDS
    assert terminal.getvalue() == ""
    assert caplog.messages == [f"epoch   1/2  {WORDS[0]}", f"epoch   2/2  {WORDS[1]}"]


RECORDS_OF_TWO = [RECORD, replace(RECORDS[1], epoch=1, member=2)]


def test_of_an_ensemble_each_line_tells_the_member(messages):
    assert list(shown(iter(RECORDS_OF_TWO), 1, n_members=2)) == RECORDS_OF_TWO
    assert messages() == [
        f"member 1/2, epoch   1/1  {WORDS[0]}",
        f"member 2/2, epoch   1/1  {WORDS[1]}",
    ]


def test_of_an_ensemble_the_bar_tells_the_member(monkeypatch):
    terminal = make_terminal(monkeypatch)
    list(shown(iter(RECORDS_OF_TWO), 1, n_members=2))
    assert "2/2" in terminal.getvalue()
    assert f"member 2/2, {WORDS[1]}" in terminal.getvalue()


def test_epochs_are_shown_as_they_end(messages):
    records = shown(iter(RECORDS), 2)
    assert next(records) == RECORD
    assert len(messages()) == 1


def test_baselines_have_a_row_each_with_accuracy_and_cost():
    summary = replace(
        summarise_folds(make_scores(), 3),
        accuracy=MeanFigure(0.9512, None, 0.0123),
        macro_f1=MeanFigure(0.9456, None, 0.0123),
        cost=Cost(None, None, (1,), 12.34, 74.04, 0.567),
    )
    heading, *rows = baselines_in_words({"linear_svm": summary, "rbf_svm": summary}).splitlines()
    assert rows[0].split() == ["linear_svm", "95.12%", "±", "1.23%", "94.56%", "12.3", "0.57"]
    assert rows[1].startswith("rbf_svm")
    assert {len(row) for row in rows} == {len(heading)}


def test_a_cross_validation_has_its_headline_and_a_row_per_fold_and_subject():
    summary = replace(
        summarise_folds(make_scores((4,), (2,)), 3), accuracy=MeanFigure(0.9, 0.0123, 0.0456)
    )
    assert summary_in_words(summary).splitlines() == [
        "Partial: not every fold has been scored.",
        "accuracy 90.00% (standard deviation 1.23% over seeds, 4.56% over folds and seeds)",
        "macro F1 96.36%",
        "  fold 2          96.15%      78 windows",
        "  subject 5       92.31%      39 windows",
        "  subject 6      100.00%      39 windows",
    ]


def test_a_result_has_its_headline_and_a_row_per_activity():
    evaluation = Evaluation(
        labels=np.array([0, 0, 1, 1]),
        probabilities=np.array([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 0.0]]),
        subjects=np.array([1, 1, 2, 2]),
        activities=("REST", "WALK"),
    )
    headline, interval, header, *rows = evaluation_in_words(evaluation).splitlines()
    assert headline == (
        "4 test windows of 2 subjects: accuracy 75.00%, balanced accuracy 75.00%, macro F1 73.33%"
    )
    assert interval == ("accuracy on new people, 95% interval over subjects: 50.00% to 100.00%")
    assert header.split() == ["activity", "precision", "recall", "F1", "windows"]
    assert [row.split() for row in rows] == [
        ["REST", "66.67%", "100.00%", "80.00%", "2"],
        ["WALK", "100.00%", "50.00%", "66.67%", "2"],
    ]
    assert len({len(line) for line in (header, *rows)}) == 1


def test_one_subject_has_no_interval_to_tell():
    evaluation = Evaluation(np.array([0]), np.array([[1.0, 0.0]]), np.array([1]), ("REST", "WALK"))
    assert "interval" not in evaluation_in_words(evaluation)
