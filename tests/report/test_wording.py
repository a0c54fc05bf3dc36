from __future__ import annotations

import pytest

from har.report.wording import (
    activity_label,
    duration_in_words,
    interval_in_words,
    markdown_table,
    percent,
    short_label,
    signal_label,
    signed,
)


def test_names_are_readable():
    assert activity_label("WALKING_UPSTAIRS") == "Walking upstairs"
    assert short_label("WALKING_UPSTAIRS") == "Upstairs"
    assert short_label("WALKING") == "Walking"
    assert activity_label("Nordic walking") == "Nordic walking"
    assert percent(0.9423) == "94.2\N{NO-BREAK SPACE}%"
    assert interval_in_words([0.912, 1]) == "91.2 to 100.0\N{NO-BREAK SPACE}%"
    assert signal_label("body_acc") == "Body acceleration"
    assert signal_label("heart_rate") == "heart_rate"


def test_losses_have_a_true_minus_and_nothing_has_none():
    assert [percent(share) for share in (-0.0123, -1e-5)] == [
        "−1.2\N{NO-BREAK SPACE}%",
        "0.0\N{NO-BREAK SPACE}%",
    ]
    assert interval_in_words([-0.004, 0.01]) == "−0.4 to 1.0\N{NO-BREAK SPACE}%"
    assert [signed(value) for value in (0.5, -0.004, -2)] == ["+0.50", "+0.00", "−2.00"]


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.04, "0.0 s"),
        (0.5, "0.5 s"),
        (42.4, "42 s"),
        (60, "1 min"),
        (331, "5 min 31 s"),
        (86399.6, "24 h"),
        (5025, "1 h 23 min"),
    ],
)
def test_durations_have_their_two_largest_units(seconds, words):
    assert duration_in_words(seconds).replace("\N{NO-BREAK SPACE}", " ") == words


def test_words_stand_at_the_left_and_numbers_at_the_right():
    assert markdown_table(("run", "accuracy"), [("A", "97.9 %"), ("a|b", "1 %")]) == [
        "| run | accuracy |",
        "| --- | ---: |",
        "| A | 97.9 % |",
        "| a\\|b | 1 % |",
    ]
