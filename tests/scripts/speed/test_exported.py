"""The times of a window in a model's NumPy and C exports."""

from __future__ import annotations

import re
import shutil

import pytest
from exported_models import random_model
from speed.exported import measure

LINE = re.compile(
    r" a window in ([\d.]+) ms \(p99 ([\d.]+) ms\); (\d+) of (\d+) activities as by har"
)


@pytest.mark.skipif(shutil.which("gcc") is None, reason="gcc is not installed")
def test_each_form_has_a_line_with_times_and_agreement():
    lines = [line.split(":") for line in measure(random_model({"pooling": "mean"}), n_times=3)]
    assert [form for form, _ in lines] == ["NumPy", "C, float32", "C, int8"]
    for _, text in lines:
        p50, p99, n_same, n_windows = map(float, LINE.match(text).groups())
        assert 0 <= p50 <= p99
        assert n_same <= n_windows
