from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from published_copies import as_folder, expected_windows, motionsense

from har.config import DataConfig
from har.datasets.loading import read_data
from har.datasets.published.motionsense import MOTIONSENSE_SET
from har.errors import DataError

CONFIG = DataConfig(set="motionsense")


def test_signals_are_those_of_an_accelerometer_in_g_and_of_a_gyroscope_in_rad_s(tmp_path):
    data = read_data(as_folder(motionsense(), tmp_path), CONFIG)
    assert data.train.activities == ("WALKING", "JOGGING")
    for label in (0, 1):
        windows = data.train.signals[data.train.labels == label]
        assert_allclose(windows, expected_windows(kind=label, person=1), atol=1e-5)


def test_every_trial_of_every_code_is_named(tmp_path):
    codes = ("dws_1", "dws_11", "ups_3", "wlk_15", "jog_9", "sit_5", "std_6")
    data = read_data(as_folder(motionsense((1, 5), codes), tmp_path), CONFIG)
    counts = np.bincount(data.train.labels)
    by_name = dict(zip(data.train.activities, counts.tolist(), strict=True))
    assert by_name == {**dict.fromkeys(MOTIONSENSE_SET.activities, 8), "WALKING_DOWNSTAIRS": 16}


def test_the_other_folders_of_a_copy_are_left_alone(tmp_path):
    files = motionsense((1, 5))
    files |= {f"B_Accelerometer_data/wlk_7/sub_{n}.csv": b",x,y,z\n0,1,1,1\n" for n in (1, 5)}
    files["__MACOSX/A_DeviceMotion_data/wlk_7/._sub_1.csv"] = b"\0"
    assert len(read_data(as_folder(files, tmp_path), CONFIG).train) == 16


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (lambda text: text.replace(b"gravity.x", b"gravity.a"), "gravity.x"),
        (lambda text: text + b"600,1,1,1,1,1,,1,1,1,1,1,1\n", "row 601: found a missing value"),
        (lambda text: text + b"600,1,1,1,1,1,up,1,1,1,1,1,1\n", "expected numbers in columns"),
    ],
)
def test_a_damaged_file_is_named(edit, message, tmp_path):
    files = motionsense((1, 5))
    name = "A_DeviceMotion_data/wlk_7/sub_5.csv"
    files[name] = edit(files[name])
    with pytest.raises(DataError, match=f"sub_5.csv.*{message}"):
        read_data(as_folder(files, tmp_path), CONFIG)


def test_an_unknown_activity_is_refused(tmp_path):
    files = as_folder(motionsense((1, 5), ("wlk_7", "hop_1")), tmp_path)
    with pytest.raises(DataError, match="found activity 'hop', expected dws, ups"):
        read_data(files, CONFIG)


@settings(max_examples=10, deadline=None)
@given(people=st.sets(st.integers(1, 24), min_size=2, max_size=4))
def test_people_are_those_of_the_files(people, tmp_path_factory):
    root = as_folder(motionsense(sorted(people), ("wlk_7",)), tmp_path_factory.mktemp("copy"))
    data = read_data(root, CONFIG, needs_test=False)
    found = {*data.train.subject_names, *data.test.subject_names}
    assert found == people and set(data.test.subject_names) <= {5, 10, 12, 22}


def test_the_real_recordings_have_their_people_activities_and_gravity(data_root):
    path = data_root / "motionsense.zip"
    if not path.is_file():
        pytest.skip(f"the real data set is not at {path}: name its folder by HAR_DATA")
    data = read_data(path, CONFIG)
    assert set(data.train.subject_names) | set(data.test.subject_names) == set(range(1, 25))
    assert data.test.subject_names == (5, 10, 12, 22)
    assert (len(data.train), len(data.test)) == (4916, 950)
    assert "Rows of acceleration: 389,358" in " ".join(data.notes)
    standing = data.train.signals[data.train.labels == data.train.activities.index("STANDING")]
    gravity = standing[:, :, 6:].mean(axis=(0, 1))
    # The phone is upside down in the pocket: what points up is its bottom, -y.
    assert gravity[1] < -0.8
    assert_allclose(np.linalg.norm(standing[:, :, 6:].mean(axis=1), axis=1).mean(), 1, atol=0.01)
