from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from har.report.recording_summary import (
    FileFindings,
    files_in_words,
    labels_in_words,
    recording_in_words,
    worn_in_words,
)
from har.signals.recording import Recording, Stretch
from har.signals.wearing import TOO_STILL


def recording_of(up=(0.0, -1.0, 0.0), n_gaps=0, notes=()):
    samples = np.zeros((1000, 6), np.float32)
    samples[:, :3] = up
    length = 1000 // (n_gaps + 1)
    parts = [Stretch(i * length, length, i * (length / 50 + 3)) for i in range(n_gaps)]
    parts.append(Stretch(n_gaps * length, 1000 - n_gaps * length, n_gaps * (length / 50 + 3)))
    return Recording(samples, None, "walk.csv", notes=tuple(notes), stretches=tuple(parts))


def walking(up):
    """Two minutes of a phone that is shaken twice a second along gravity."""
    seconds = np.arange(6000) / 50
    direction = np.array(up) / np.linalg.norm(up)
    samples = np.zeros((6000, 6), np.float32)
    samples[:, :3] = np.outer(1 + 0.3 * np.sin(4 * np.pi * seconds), direction)
    return Recording(samples, None, "walk.csv", stretches=(Stretch(0, 6000, 0.0),))


@pytest.mark.parametrize(
    ("up", "words"),
    [
        ((0, -1, 0), "-y points up, 0° off; that is 90° from +x"),
        ((1, 0.2, 0), "x points up, 11° off; that is 11° from +x"),
    ],
)
def test_the_axis_that_points_up_in_lively_movement_is_named(up, words):
    (line,) = worn_in_words(walking(up))
    assert words in line


def test_what_is_too_still_to_tell_is_said():
    assert worn_in_words(recording_of()) == [TOO_STILL]


def test_a_phone_that_is_worn_otherwise_is_doubted():
    assert "worn otherwise than in training" in recording_in_words(walking((0, 1, 0)))
    assert "Doubted\n  nothing" in recording_in_words(walking((1, 0, 0)))


def test_a_recording_is_described_with_gaps_channels_and_sorted_notes():
    notes = ["acceleration: in g", "time: 1 gap, the longest 3.00 s", "gyro_x: 2 s as if stuck"]
    text = recording_in_words(recording_of(n_gaps=1, notes=notes))
    for part in (
        "1 gap\n  from 10.0 s to 13.0 s",
        "gyro_z  rad/s",
        "Assumed\n  acceleration: in g",
    ):
        assert part in text
    assert "Mended\n  time: 1 gap" in text
    assert text.endswith("Doubted\n  gyro_x: 2 s as if stuck")


def test_of_many_gaps_the_first_are_named():
    text = recording_in_words(recording_of(n_gaps=9))
    assert text.count("  from ") == 5
    assert "and 4 more" in text


def test_files_have_a_row_each_and_what_is_wrong_with_some_is_below():
    findings = [
        FileFindings.of(Path("walk.csv"), recording_of(notes=["gyro_x: as if stuck"])),
        FileFindings(Path("other.csv"), error="other.csv: found nothing, expected a table"),
    ]
    text = files_in_words(findings).replace("\N{NO-BREAK SPACE}", " ")
    assert "walk.csv     20 s     0       yes  (-y)       0       1" in text
    assert "Doubted\n  walk.csv: gyro_x: as if stuck" in text
    assert text.endswith("Problems\n  other.csv: found nothing, expected a table")
    assert "none can be read" in files_in_words(findings[1:])


def test_labelled_minutes_are_summed_by_person_and_activity():
    findings = [
        FileFindings(Path("a.csv"), subject="1", seconds={"WALKING": 90.0, "SITTING": 30.0}),
        FileFindings(Path("b.csv"), subject="1", seconds={"WALKING": 30.0}),
        FileFindings(Path("c.csv"), subject="2", error="c.csv: found nothing, expected a table"),
    ]
    lines = labels_in_words(findings, "data").splitlines()
    assert lines[0] == "data: 3 recordings of 2 people, 2 activities"
    assert [line.split() for line in lines[3:]] == [
        ["SITTING", "WALKING"],
        ["1", "0.5", "2.0"],
        ["2", "0.0", "0.0"],
        ["all", "0.5", "2.0"],
    ]
