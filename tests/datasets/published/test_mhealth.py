from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose
from published_copies import as_folder, expected_windows, lines, mhealth

from har.config import DataConfig
from har.datasets.loading import read_data
from har.errors import DataError


def read(files, tmp_path, **config):
    return read_data(as_folder(files, tmp_path), DataConfig(set="mhealth", **config))


@pytest.mark.parametrize(("placement", "turned"), [("ankle", 1), ("arm", 2), ("chest", 0)])
def test_m_s2_and_deg_s_become_g_and_rad_s(placement, turned, tmp_path):
    data = read(mhealth(), tmp_path, placement=placement)
    n_sensors = 2 if placement == "chest" else 3
    # Filters go on from one activity to the next; 200 samples after its start they agree.
    walking = data.train.signals[data.train.labels == data.train.activities.index("WALKING")]
    expected = expected_windows(n_channels=3 * n_sensors, person=1)
    axes = np.concatenate([3 * n + np.roll(np.arange(3), turned) for n in range(n_sensors)])
    assert_allclose(walking, expected[:, :, axes], atol=1e-5)


def test_the_chest_has_no_gyroscope_which_is_noted(tmp_path):
    data = read(mhealth(), tmp_path, placement="chest")
    assert len(data.train.channels) == 6
    assert "Accelerations only: there is no gyroscope." in data.notes


def test_moments_without_an_activity_are_left_out(tmp_path):
    data = read(mhealth(), tmp_path)
    assert data.train.activities == ("WALKING", "STANDING")
    assert "Windows without an activity, left out: 24." in data.notes


def test_straddling_windows_are_named_after_most_of_their_samples_where_that_is_asked(tmp_path):
    dropped, named = (read(mhealth(), tmp_path, straddling=s) for s in ("drop", "majority"))
    assert len(named.train) > len(dropped.train)


@pytest.mark.parametrize(
    ("row", "message"),
    [([1] * 23, "found 23 columns, expected 24"), ([1] * 23 + [13], "line 1801: found label 13")],
)
def test_a_line_of_another_form_is_refused(row, message, tmp_path):
    files = mhealth((1, 9))
    files["MHEALTHDATASET/mHealth_subject9.log"] += lines([row], "\t")
    with pytest.raises(DataError, match=f"mHealth_subject9.log.*{message}"):
        read(files, tmp_path)
