from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from har.inference.notes import sort_notes


@pytest.mark.parametrize(
    ("note", "kind"),
    [
        ("acceleration: in g, told from the median length 0.996", "assumed"),
        ("axes: could not be checked, as the phone turned too little (3 s)", "assumed"),
        ("samples: as they are, each within half a step of 50 Hz", "assumed"),
        ("samples: brought from 25 Hz to 50 Hz; movement faster than 12.5 Hz is missing", "mended"),
        ("acc_x: 3 cells (0.01 of all) were empty, 3 of them interpolated", "mended"),
        ("time: 2 gaps, the longest 3.00 s from 4.0 s on", "mended"),
        ("acc_x: 90 samples are cut off at 2 g, the end of the sensor's range", "doubted"),
        ("gyro_x: the same value for 4.0 s from 1.0 s on, as if stuck", "doubted"),
        ("doubt: gravity points elsewhere than in training", "doubted"),
    ],
)
def test_a_note_is_assumed_mended_or_doubted(note, kind):
    assert getattr(sort_notes([note]), kind) == (note,)


@given(st.lists(st.text()))
def test_each_note_is_in_one_place(notes):
    found = sort_notes(notes)
    assert sorted((*found.assumed, *found.mended, *found.doubted)) == sorted(notes)
