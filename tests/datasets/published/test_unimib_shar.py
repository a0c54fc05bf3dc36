from __future__ import annotations

import io

import numpy as np
import pytest
import scipy
from numpy.testing import assert_allclose
from published_copies import MS2, as_folder, movement, unimib_shar

from har.config import DataConfig
from har.datasets.loading import read_data
from har.errors import DataError
from har.signals.filters import uci_har_channels


def read(files, tmp_path, **config):
    return read_data(as_folder(files, tmp_path), DataConfig(set="unimib_shar", **config))


@pytest.mark.parametrize("interleaved", [False, True])
def test_a_window_is_the_middle_of_a_segment_filtered_alone(interleaved, tmp_path):
    data = read(unimib_shar(interleaved=interleaved), tmp_path)
    segment = movement(np.arange(151) / 50, kind=3, person=1)[:, :3]
    expected = uci_har_channels(segment, start="settled")[11:139]
    walking = data.train.signals[data.train.labels == data.train.activities.index("WALKING")]
    assert len(walking) == 6
    assert_allclose(walking, np.broadcast_to(expected, walking.shape), atol=1e-5)
    assert any("the middle 2.56 s of segments of 3.02 s" in note for note in data.notes)


def test_each_person_has_a_recording_of_each_pocket(tmp_path):
    data = read(unimib_shar(), tmp_path)
    assert data.source.startswith("6 recordings of 3 people")
    assert data.train.activities == ("WALKING", "STAND_TO_SIT")
    assert np.bincount(data.train.labels).tolist() == [6, 2]


def test_the_activities_without_falls_are_read_where_there_is_nothing_else(tmp_path):
    files = {name.replace("acc_", "adl_"): text for name, text in unimib_shar().items()}
    data = read(files, tmp_path)
    assert len(data.train) == 8
    assert "FALLING_LEFT" in next(n for n in data.notes if n.startswith("Of the 17 activities"))


@pytest.mark.parametrize(
    ("labels", "message"),
    [((3, 18), "found activity 18, expected 1 to 17"), ((0, 9), "found activity 0")],
)
def test_labels_beyond_those_that_there_are_are_refused(labels, message, tmp_path):
    with pytest.raises(DataError, match=f"acc_labels.mat.*{message}"):
        read(unimib_shar(labels=labels), tmp_path)


def test_labels_and_segments_must_be_as_many(tmp_path):
    files = unimib_shar() | {
        name: text for name, text in unimib_shar(people=(1, 21)).items() if "labels" in name
    }
    with pytest.raises(DataError, match=r"found labels of shape \(16, 3\), expected \(24, 3\)"):
        read(files, tmp_path)


@pytest.mark.parametrize("content", [b"", b"no MATLAB", b"MATLAB 7.3 MAT-file" + b" " * 200])
def test_a_damaged_file_is_named(content, tmp_path):
    files = unimib_shar() | {"UniMiB-SHAR/data/acc_data.mat": content}
    with pytest.raises(DataError, match=r"acc_data.mat: found .*expected a MATLAB file"):
        read(files, tmp_path)


def test_units_are_m_s2(tmp_path):
    data = read(unimib_shar(), tmp_path)
    lengths = np.linalg.norm(data.train.signals[:, :, 3:].mean(axis=1), axis=1)
    assert_allclose(lengths, 1, atol=0.1)
    assert MS2 == pytest.approx(9.80665)


@pytest.mark.parametrize(
    ("content", "found"),
    [
        ({"a": np.zeros(3), "b": np.zeros(3)}, "double a of shape"),
        ({"a": np.array([[{}]], object)}, "cell a of shape"),
        ({"a": np.zeros((0, 3))}, "an array of shape (0, 3)"),
        ({"a": "text"}, "char a of shape"),
    ],
)
def test_a_file_of_anything_but_one_array_of_numbers_is_refused(content, found, tmp_path):
    with io.BytesIO() as buffer:
        scipy.io.savemat(buffer, content)
        files = unimib_shar() | {"UniMiB-SHAR/data/acc_data.mat": buffer.getvalue()}
    with pytest.raises(DataError) as caught:
        read(files, tmp_path)
    assert found in str(caught.value)


@pytest.mark.parametrize("name", ["whosmat", "loadmat"])
@pytest.mark.parametrize("error", [MemoryError(), RecursionError("r"), AttributeError("a")])
def test_whatever_scipy_raises_is_one_line(name, error, tmp_path, monkeypatch):
    def fail(*_args, **_options):
        raise error

    monkeypatch.setattr(scipy.io, name, fail)
    with pytest.raises(DataError, match=r"acc_data.mat: found .*expected a MATLAB file"):
        read(unimib_shar(), tmp_path)


def test_an_array_that_is_far_too_large_is_not_read(tmp_path, monkeypatch):
    monkeypatch.setattr("har.datasets.published.unimib_shar._MOST_NUMBERS", 1000)
    monkeypatch.setattr(scipy.io, "loadmat", lambda *_: pytest.fail("read"))
    with pytest.raises(DataError, match="found 'double acc_data of shape"):
        read(unimib_shar(), tmp_path)
