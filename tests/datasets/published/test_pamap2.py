from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose
from published_copies import as_folder, expected_windows, pamap2

from har.config import DataConfig
from har.datasets.loading import read_data
from har.errors import DataError


def read(files, tmp_path, **config):
    return read_data(as_folder(files, tmp_path), DataConfig(set="pamap2", **config))


@pytest.mark.parametrize(("placement", "turned"), [("hand", 0), ("chest", 1), ("ankle", 2)])
def test_the_accelerometer_of_16_g_and_the_gyroscope_are_brought_to_50_hz(
    placement, turned, tmp_path
):
    data = read(pamap2(), tmp_path, placement=placement)
    walking = data.train.signals[data.train.labels == data.train.activities.index("WALKING")]
    axes = np.concatenate([3 * n + np.roll(np.arange(3), turned) for n in range(3)])
    # The last samples before the next activity are smoothed into it.
    assert_allclose(walking[:-1], expected_windows(person=1)[:-1][:, :, axes], atol=0.01)
    assert any("brought from 100 Hz to 50 Hz" in note for note in data.notes)


def test_short_holes_are_filled_and_no_window_lies_over_a_long_one(tmp_path):
    def edit(table):
        table[300:305, 3:] = np.nan
        table[600:700, 3:] = np.nan

    whole = read(pamap2(), tmp_path / "whole")
    holed = read(pamap2(edit=edit), tmp_path / "holed")
    assert len(holed.train) < len(whole.train)
    notes = " ".join(holed.notes)
    assert "interpolated in runs of up to 0.1 s" in notes and "1 gap, the longest 1.0" in notes
    assert np.isfinite(holed.train.signals).all()
    assert_allclose(holed.train.signals[:2], whole.train.signals[:2], atol=0.01)


def test_labels_stay_with_their_samples_beyond_a_gap(tmp_path):
    def edit(table):
        # Two minutes are missing: the stamps say so.
        table[700:, 0] += 120

    data = read(pamap2(edit=edit), tmp_path)
    names = np.array(data.train.activities)[data.train.labels].tolist()
    assert names == ["WALKING"] * (names.count("WALKING")) + ["LAYING"] * names.count("LAYING")
    assert names.count("WALKING") == 6 and names.count("LAYING") == 8


def test_a_sensor_that_lost_everything_is_left_out_with_a_note(tmp_path):
    files = pamap2((101, 102, 106))
    lost = pamap2(
        (102,), edit=lambda table: table.__setitem__((slice(None), slice(20, 37)), np.nan)
    )
    files |= lost
    data = read(files, tmp_path)
    assert data.train.subject_names == (101,)
    assert any("subject102.dat: left out, because found no value" in note for note in data.notes)
    assert "102" in next(note for note in data.notes if note.startswith("Of the 9 people"))


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (lambda table: table.__setitem__((5, 1), 9), "line 6: found activity 9, expected one of 0"),
        (
            lambda t: t.__setitem__((slice(None), 0), np.arange(len(t)) / 50),
            "found 50 rows a second",
        ),
    ],
)
def test_what_contradicts_the_description_is_refused(edit, message, tmp_path):
    with pytest.raises(DataError, match=message):
        read(pamap2(edit=edit), tmp_path)


def test_other_columns_are_refused(tmp_path):
    files = pamap2()
    files["PAMAP2_Dataset/Protocol/subject101.dat"] = b"0.1 1 90\n0.2 1 90\n"
    with pytest.raises(DataError, match="found 3 columns.*expected 54 numbers a line"):
        read(files, tmp_path)
