from __future__ import annotations

import io
import zipfile

import numpy as np
import pytest
from builders import refused
from numpy.testing import assert_array_equal

from har.errors import DataError
from har.reading.window_files import read_windows

CHANNELS = ("acc_x", "acc_y", "gyro_z")
SIGNALS = np.random.default_rng(0).normal(size=(5, 8, 3))


@pytest.fixture
def saved(tmp_path):
    """Save one array as .npy, or named ones as .npz; bytes as they are."""

    def save(content=None, **arrays):
        file = tmp_path / ("windows.npz" if arrays else "windows.npy")
        if isinstance(content, bytes):
            file.write_bytes(content)
        elif arrays:
            np.savez_compressed(file, **arrays)
        else:
            np.save(file, content)
        return file

    return save


def npz_bytes(**arrays):
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    return buffer.getvalue()


def damaged(content, start, end):
    """Turn around the bits of some bytes."""
    return content[:start] + bytes(255 - b for b in content[start:end]) + content[end:]


def zip_bytes(**files):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return buffer.getvalue()


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", ">f8"])
def test_an_npy_file_is_read_as_float32(saved, dtype):
    windows = read_windows(saved(SIGNALS.astype(dtype)), CHANNELS)
    assert windows.dtype == np.float32
    assert_array_equal(windows, SIGNALS.astype(dtype).astype(np.float32))


@pytest.mark.parametrize(
    "arrays",
    [
        {"signals": SIGNALS},
        {"anything": SIGNALS},
        {"signals": SIGNALS, "labels": np.zeros(5)},
        {"signals": SIGNALS, "channels": np.array(CHANNELS)},
        {"windows": SIGNALS, "channels": np.array(CHANNELS)},
    ],
    ids=lambda arrays: "+".join(arrays),
)
def test_an_npz_file_is_read_by_name_or_if_it_has_one_array_of_signals(saved, arrays):
    assert_array_equal(read_windows(saved(**arrays), CHANNELS), SIGNALS.astype(np.float32))


@pytest.mark.parametrize(
    ("arrays", "part"),
    [
        ({"x": SIGNALS, "y": SIGNALS}, "the arrays 'x', 'y', expected one called signals"),
        ({"channels": np.array(CHANNELS)}, "the arrays none, expected one called signals"),
        ({"signals": SIGNALS, "channels": np.array(CHANNELS[::-1])}, "channels 'gyro_z', 'acc_y'"),
        ({"signals": SIGNALS, "channels": np.array("acc_x")}, "channels 'acc_x', expected acc_x, "),
        ({"signals": np.array([{}, {}])}, "Python objects"),
    ],
)
def test_an_npz_file_with_other_content_is_refused(saved, arrays, part):
    file = saved(**arrays)
    with refused(DataError, f"{file}", ": found ", part, "expected"):
        read_windows(file, CHANNELS)


@pytest.mark.parametrize(
    ("array", "part"),
    [
        (SIGNALS[0], "shape (8, 3), expected (n_windows, n_timesteps, 3)"),
        (SIGNALS[:, :, :2], "shape (5, 8, 2), expected (n_windows, n_timesteps, 3)"),
        (np.array(1.0), "shape ()"),
        (np.zeros((5, 8, 3), int), "values of type int64, expected floats"),
        (np.zeros((5, 8, 3), complex), "values of type complex128, expected floats"),
        (np.full((5, 8, 3), "1"), "values of type <U1, expected floats"),
        (np.where(SIGNALS == SIGNALS[1, 2, 0], np.nan, SIGNALS), "nan in window 1, time step 2"),
        (np.where(SIGNALS == SIGNALS[4, 7, 2], np.inf, SIGNALS), "inf in window 4, time step 7"),
        (np.where(SIGNALS == SIGNALS[0, 1, 2], 1e300, SIGNALS), "inf in window 0, time step 1"),
        (np.array([{"a": 1}]), "Python objects"),
    ],
)
def test_an_array_that_is_no_windows_is_refused(saved, array, part):
    file = saved(array)
    with refused(DataError, f"{file}: found ", part):
        read_windows(file, CHANNELS)


NPZ = npz_bytes(signals=SIGNALS)
DIRECTORY = NPZ.index(b"PK\x01\x02")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"1.0, 2.0, 3.0\n",
        b"\x93NUMPY\x01\x00",
        NPZ[: len(NPZ) // 2],
        damaged(NPZ, 63, 70),
        damaged(NPZ, 200, 220),
        damaged(NPZ, DIRECTORY + 6, DIRECTORY + 9),
        zip_bytes(readme="no array"),
        zip_bytes(),
        zip_bytes(signals="no array", other="text"),
    ],
    ids=["empty", "text", "header", "half", "start", "middle", "version"]
    + ["readme", "empty zip", "text files"],
)
def test_a_damaged_file_is_refused(saved, content):
    file = saved(content)
    with refused(DataError, f"{file}: found ", "expected"):
        read_windows(file, CHANNELS)


def test_half_an_array_is_refused(saved):
    file = saved(SIGNALS)
    file.write_bytes(file.read_bytes()[:-100])
    with refused(DataError, f"{file}: found ", "expected windows in a .npy or .npz file"):
        read_windows(file, CHANNELS)


@pytest.mark.parametrize(("name", "part"), [("none.npy", "No such file"), ("", "Is a directory")])
def test_a_file_that_is_not_there_is_refused(tmp_path, name, part):
    with refused(DataError, f"{tmp_path / name}: found {part}", "expected"):
        read_windows(tmp_path / name, CHANNELS)
