"""What phones may say, and what is refused in one line."""

from __future__ import annotations

import json

import numpy as np
import pytest
from builders import refused
from hypothesis import given
from hypothesis import strategies as st

from har.errors import DataError
from har.serve.messages import MOST_ROWS, closing_reason, samples_in, samples_text

ROW = [0.02, 0.1, -0.2, 0.9, 0.5, 0, -1]


def said(rows):
    return json.dumps({"samples": rows})


def test_samples_get_the_names_of_channels():
    (sample,) = samples_in(said([ROW]))
    assert [*sample] == ["time_s", "acc_x", "acc_y", "acc_z", "gyro_x", "gyro_y", "gyro_z"]
    assert [*sample.values()] == ROW


def test_a_model_without_a_gyroscope_takes_both_kinds_of_phones():
    assert samples_in(said([ROW]), 3) == samples_in(said([ROW[:4]]), 3)
    assert len(samples_in(said([ROW]), 3)[0]) == 4


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", "no JSON"),
        ("{", "no JSON"),
        ("[" * 50_000, "no JSON"),
        ("9" * 5000, "no JSON"),
        ("[]", "found '[]'"),
        ('{"samples": 1}', "expected"),
        ('{"samples": [], "more": 1}', "expected"),
        (said([ROW] * (MOST_ROWS + 1)), f"found {MOST_ROWS + 1} samples"),
        (said([ROW[:6]]), "expected 7 numbers"),
        (said([[*ROW, 1]]), "expected 7 numbers"),
        (said([None]), "expected 7 numbers"),
        (said([[True, *ROW[1:]]]), "numbers only"),
        (said([["0", *ROW[1:]]]), "numbers only"),
        (said([[0, 1e9, *ROW[2:]]]), "up to 1000"),
        (said([[0, 10**400, *ROW[2:]]]), "up to 1000"),
        (said([[-1, *ROW[1:]]]), "seconds"),
        ('{"samples": [[0, NaN, 0, 0, 0, 0, 0]]}', "NaN is no number"),
        ('{"samples": [[Infinity, 0, 0, 0, 0, 0, 0]]}', "Infinity is no number"),
    ],
)
def test_anything_else_is_refused_in_one_line(text, found):
    refused(DataError, found, samples_in, text)


@given(st.text() | st.from_regex(r"\{\"samples\": \[.*\]\}"))
def test_no_text_raises_anything_else(text):
    try:
        samples_in(text)
    except DataError as error:
        assert len(str(error)) <= 500


def test_samples_for_viewers_have_the_seconds_of_their_slots():
    message = json.loads(samples_text(50, np.array([[1, 0, 0, 0, 0, 0]] * 2, np.float32)))
    assert [row[0] for row in message["samples"]] == [1.0, 1.02]


@given(st.text(max_size=300))
def test_a_reason_fits_into_the_frame_that_closes(text):
    assert len(closing_reason(text).encode()) <= 123
