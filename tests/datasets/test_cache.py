from __future__ import annotations

import os

import numpy as np
import platformdirs
import pytest
from builders import small_windows
from numpy.testing import assert_array_equal

from har.datasets.cache import cache_folder, load_cached, store
from har.datasets.dataset import DataSet


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("HAR_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def data(small):
    source, notes = "published files in small", ("One thing.", "Another.")
    return DataSet("UCI HAR", small.train, small.test, source, small.fingerprint, notes)


def only_folder_in(folder):
    (stored,) = folder.iterdir()
    return stored


def test_what_was_stored_is_mapped_read_only(data):
    store("key", data)
    cached = load_cached("key")
    for name in ("name", "source", "fingerprint", "notes"):
        assert getattr(cached, name) == getattr(data, name)
    for name in ("signals", "labels", "subjects"):
        for split in ("train", "test"):
            found = getattr(getattr(cached, split), name)
            assert isinstance(found, np.memmap)
            assert not found.flags.writeable
            assert_array_equal(found, getattr(getattr(data, split), name))


def test_nothing_is_found_under_another_key(data):
    assert load_cached("key") is None
    store("key", data)
    assert load_cached("other") is None


def test_what_the_axes_mean_is_stored_too(own_cache):
    windows = small_windows()
    store("key", DataSet("mine", windows, windows, "a folder", "1234"))
    cached = load_cached("key").train
    assert (cached.channels, cached.activities) == (windows.channels, windows.activities)
    assert cached.rate_hz == windows.rate_hz


def flip_a_bit(path):
    content = bytearray(path.read_bytes())
    content[-20] ^= 4
    path.write_bytes(content)


def claim_terabytes(path):
    content = path.read_bytes()
    claimed = content.replace(b"'shape': (", b"'shape': (9999999999, ", 1)
    path.write_bytes(claimed[:100] + content[100:])


def rename_an_activity(path):
    path.write_text(path.read_text().replace("WALKING", "TALKING", 1))


def put_a_pipe_there(path):
    path.unlink()
    os.mkfifo(path)


def nan_in(path):
    signals = np.load(path)
    signals[0, 0, 0] = np.nan
    np.save(path, signals)


@pytest.mark.parametrize(
    ("name", "damage"),
    [
        ("train_signals.npy", lambda path: path.unlink()),
        ("train_signals.npy", lambda path: path.write_bytes(b"")),
        ("train_signals.npy", lambda path: os.truncate(path, 50)),
        ("train_signals.npy", lambda path: os.truncate(path, 5000)),
        ("train_signals.npy", nan_in),
        ("train_signals.npy", flip_a_bit),
        ("train_signals.npy", claim_terabytes),
        ("train_signals.npy", put_a_pipe_there),
        ("test_subjects.npy", flip_a_bit),
        ("test_labels.npy", lambda path: path.write_bytes(path.read_bytes() + b" ")),
        ("facts.json", rename_an_activity),
        ("facts.json", put_a_pipe_there),
        ("facts.json", lambda path: path.write_text("[" * 100_000)),
        ("facts.json", lambda path: os.truncate(path, 1 << 33)),
        ("test_labels.npy", lambda path: np.save(path, np.array([9, 9, 9, 9]))),
        ("test_labels.npy", lambda path: np.save(path, np.array([0]))),
        ("test_subjects.npy", lambda path: np.save(path, np.array([{}]), allow_pickle=True)),
        ("facts.json", lambda path: path.unlink()),
        ("facts.json", lambda path: path.write_bytes(b'{"source": ')),
        ("facts.json", lambda path: path.write_bytes(b"\xff")),
        ("facts.json", lambda path: path.write_text("[1]")),
        ("facts.json", lambda path: path.write_text("{}")),
    ],
)
def test_a_damaged_cache_counts_as_none_until_stored_again(name, damage, data, own_cache):
    store("key", data)
    damage(only_folder_in(own_cache) / name)
    assert load_cached("key") is None
    store("key", data)
    assert load_cached("key").fingerprint == data.fingerprint


def test_a_cache_that_cannot_be_written_is_left_out(data, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("HAR_CACHE", str(tmp_path / "file" / "cache"))
    store("key", data)
    assert load_cached("key") is None
    assert (tmp_path / "file").read_text() == "in the way"


def test_an_interrupted_store_leaves_nothing(data, own_cache, monkeypatch):
    def full(*_):
        raise OSError("No space left on device")

    monkeypatch.setattr(np, "save", full)
    store("key", data)
    assert list(own_cache.iterdir()) == []


def test_the_users_own_cache_folder_is_the_default(monkeypatch):
    monkeypatch.delenv("HAR_CACHE")
    assert str(cache_folder()) == platformdirs.user_cache_dir("har")
