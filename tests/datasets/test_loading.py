from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from har.config import DataConfig
from har.datasets import hapt_recordings, loading
from har.datasets.catalogue import HAPT
from har.datasets.dataset import content_fingerprint
from har.datasets.hapt_recordings import MIRROR_FILE
from har.datasets.loading import (
    fetch_data,
    find_data,
    load_uci_har,
    open_data,
    open_training,
    read_data,
)
from har.errors import ConfigError, DataError
from har.signals.activities import HAPT_ACTIVITIES, UCI_ACTIVITIES

PLACES = ("named", "HAR_DATA", "data", "fetched")
NOTHING_UNPACKED = ["cache", "temporary", "work"]


@pytest.fixture(autouse=True)
def machine(tmp_path, monkeypatch):
    """A machine with nothing on it and no network: folders for work, cache and temporary files."""
    folder = tmp_path / "machine"
    for name in NOTHING_UNPACKED:
        (folder / name).mkdir(parents=True)
    monkeypatch.chdir(folder / "work")
    monkeypatch.setattr(tempfile, "tempdir", str(folder / "temporary"))
    monkeypatch.setenv("HAR_CACHE", str(folder / "cache"))
    monkeypatch.delenv("HAR_DATA", raising=False)
    monkeypatch.setattr(loading, "fetch", lambda *_: pytest.fail("fetched without need"))
    return folder


@pytest.fixture
def trusting(monkeypatch):
    """Accept small copies as the whole data set."""
    monkeypatch.setattr(loading, "check_known", lambda *_: None)


def at(root, **settings):
    return DataConfig(root=str(root) if root else None, **settings)


def names_in(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


@pytest.mark.parametrize("first", PLACES)
def test_the_first_path_that_has_it_is_taken(first, small_copy, tmp_path, monkeypatch, trusting):
    copies = {place: small_copy(seed) for seed, place in enumerate(PLACES)}
    roots = {place: copies[place].as_zip(tmp_path / place / "uci.zip") for place in PLACES[:2]}
    available = PLACES[PLACES.index(first) :]
    if "HAR_DATA" in available:
        monkeypatch.setenv("HAR_DATA", str(roots["HAR_DATA"]))
    if "data" in available:
        copies["data"].as_zip(Path("data/uci.zip"))
    fetched = copies["fetched"]
    monkeypatch.setattr(loading, "fetch", lambda _, _holds, to: fetched.as_zip(to / "fetched.zip"))
    data = open_data(at(roots["named"] if first == "named" else None))
    assert data.fingerprint == copies[first].fingerprint
    assert first in data.source


def test_a_data_folder_without_data_is_fetched_to(small, monkeypatch, trusting):
    Path("data").mkdir()
    Path("data/README.md").write_text("Where `har fetch` puts things.")
    monkeypatch.setattr(
        loading, "fetch", lambda _, _holds, folder: small.as_zip(folder / "uci.zip")
    )
    assert open_data(DataConfig()).source == "published files in data/uci.zip"
    monkeypatch.setattr(loading, "fetch", lambda *_: pytest.fail("fetched again"))
    assert open_data(DataConfig()).fingerprint == small.fingerprint


@pytest.mark.parametrize(
    "put",
    [
        lambda small, root: small.as_folder(root),
        lambda small, root: small.as_folder(root) / "UCI HAR Dataset",
        lambda small, root: small.as_folder(root / "downloads").parent,
        lambda small, root: small.as_zip(root / "uci.zip"),
        lambda small, root: small.as_zip(root / "renamed.bin"),
        lambda small, root: small.as_zip(root / "renamed.bin").parent,
        lambda small, root: small.as_zip(root / "downloads" / "uci.zip").parent.parent,
        lambda small, root: small.as_zip_in_zip(root / "archive"),
        lambda small, root: small.as_zip_in_zip(root / "archive").parent,
    ],
)
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_every_form_is_known_by_its_content_and_read_in_place(
    put, newline, small_copy, tmp_path, machine, trusting
):
    small = small_copy(newline=newline)
    root = put(small, tmp_path / "somewhere")
    before = names_in(tmp_path / "somewhere")
    data = open_data(at(root))
    assert data.fingerprint == small.fingerprint
    assert_array_equal(data.test.signals, small.test.signals)
    assert names_in(tmp_path / "somewhere") == before
    assert [name for name in names_in(machine) if not name.startswith("cache/")] == NOTHING_UNPACKED


def test_published_files_are_preferred_to_raw_recordings(small, tmp_path, zip_of, trusting):
    raw = {"RawData/acc_exp01_user01.txt": b"1 2 3\n", "RawData/gyro_exp01_user01.txt": b"1 2 3\n"}
    (tmp_path / "a_hapt.zip").write_bytes(zip_of(raw))
    small.as_zip(tmp_path / "b_uci.zip")
    assert open_data(at(tmp_path)).source == f"published files in {tmp_path}/b_uci.zip"


def test_an_unpacked_copy_is_read_beside_a_broken_download(small, tmp_path, trusting):
    small.as_folder(tmp_path / "root")
    (tmp_path / "root" / "download.zip").write_bytes(b"PK half")
    assert open_data(at(tmp_path / "root")).fingerprint == small.fingerprint


WRONG_ROOTS = {
    "missing": (lambda root: None, "found nothing, expected a folder or a zip with a data set"),
    "empty": (lambda root: root.mkdir(), "found no UCI HAR in it, expected train/Inertial"),
    "text": (lambda root: root.write_text("hello"), "found a damaged zip"),
    "damaged": (
        lambda root: (root.mkdir(), (root / "uci.zip").write_bytes(b"PK")),
        "found a damaged zip",
    ),
    "impostor": (
        lambda root: (root.mkdir(), (root / MIRROR_FILE).write_bytes(b"pickle")),
        "found no UCI HAR in it",
    ),
}


@pytest.mark.parametrize("wrong", WRONG_ROOTS)
@pytest.mark.parametrize("by", ["argument", "HAR_DATA"])
def test_a_wrong_root_is_an_error_though_there_is_data_elsewhere(
    wrong, by, small, tmp_path, monkeypatch, trusting, refused
):
    make, found = WRONG_ROOTS[wrong]
    make(tmp_path / "root")
    small.as_zip(Path("data/uci.zip"))
    if by == "HAR_DATA":
        monkeypatch.setenv("HAR_DATA", str(tmp_path / "root"))
    with refused(f"{tmp_path}/root", found):
        open_data(at(tmp_path / "root" if by == "argument" else None))


def test_looking_for_data_does_not_fetch_it():
    assert find_data(DataConfig()) is None


def test_a_copy_that_is_not_the_known_one_can_be_looked_at(small, tmp_path, refused):
    root = small.as_zip(tmp_path / "uci.zip")
    assert read_data(root, DataConfig()).fingerprint == small.fingerprint
    with refused(str(root)):
        find_data(at(root))


def test_a_damaged_copy_in_data_is_an_error_and_no_reason_to_fetch(refused):
    Path("data").mkdir()
    Path("data/uci.zip").write_bytes(b"PK half")
    with refused("data/uci.zip: found a damaged zip"):
        open_data(DataConfig())


def test_windows_that_are_not_those_known_are_refused_and_not_cached(small, tmp_path, refused):
    root = small.as_zip(tmp_path / "uci.zip")
    for _ in range(2):
        with refused(f"published files in {root}, train split: found subjects (1, 3, 5), expected"):
            open_data(at(root))


def test_what_was_read_once_comes_from_the_cache_without_a_word(
    small, tmp_path, trusting, messages
):
    root = small.as_folder(tmp_path / "root")
    first = open_data(at(root))
    assert messages() == [f"Reading {root}"]
    second = open_data(at(root))
    assert len(messages()) == 1
    for data in (first, second):
        assert isinstance(data.train.signals, np.memmap)
        assert data.fingerprint == small.fingerprint


def test_a_changed_source_is_read_anew(small_copy, tmp_path, trusting):
    root = small_copy(seed=1).as_folder(tmp_path / "root")
    open_data(at(root))
    changed = small_copy(seed=2)
    changed.as_folder(root)
    for file in root.rglob("*.txt"):
        os.utime(file, ns=(1, 1))
    assert open_data(at(root)).fingerprint == changed.fingerprint


def test_where_data_is_looked_for_and_found_is_told_in_detail(small, tmp_path, trusting, caplog):
    root = small.as_folder(tmp_path / "root")
    caplog.set_level("DEBUG", "har")
    open_data(at(root))
    looked, missed, read, found = caplog.messages
    assert (looked, read) == (f"Looking for uci_har in {root}", f"Reading {root}")
    assert missed.startswith("Found no cached windows: ")
    assert found.startswith("Found cached windows in ")


def test_a_damaged_cache_is_built_again(small, tmp_path, machine, trusting, messages):
    root = small.as_zip(tmp_path / "uci.zip")
    open_data(at(root))
    (array,) = (machine / "cache").rglob("test_signals.npy")
    os.truncate(array, 200)
    messages_before = len(messages())
    assert open_data(at(root)).fingerprint == small.fingerprint
    assert messages()[messages_before:] == [f"Reading {root}"]
    assert open_data(at(root)).fingerprint == small.fingerprint
    assert len(messages()) == messages_before + 1


def test_without_a_cache_everything_works_as_well(small, tmp_path, machine, monkeypatch, trusting):
    (machine / "file").write_text("in the way")
    monkeypatch.setenv("HAR_CACHE", str(machine / "file" / "cache"))
    train, test = load_uci_har(small.as_zip(tmp_path / "uci.zip"))
    assert_array_equal(train.signals, small.train.signals)
    assert_array_equal(test.labels, small.test.labels)
    assert names_in(machine) == sorted([*NOTHING_UNPACKED, "file"])


def seconds_to_open(root):
    # Of this process: other programs may keep the cores busy.
    start = time.process_time()
    data = open_data(at(root))
    return time.process_time() - start, data


def test_the_real_data_takes_8_seconds_at_first_and_a_fifth_of_one_after(uci_har_zip, tmp_path):
    first_s, first = seconds_to_open(uci_har_zip)
    second_s, second = seconds_to_open(uci_har_zip)
    assert second.train.signals.shape == (7352, 128, 9)
    assert second.test.signals.shape == (2947, 128, 9)
    assert second.train.signals.dtype == np.float32
    assert isinstance(second.train.signals, np.memmap)
    assert first.fingerprint == second.fingerprint
    assert first_s <= 8
    assert second_s <= 0.2


def test_raw_recordings_alone_lead_to_the_same_data(uci_har, hapt_zip):
    seconds, data = seconds_to_open(hapt_zip)
    assert data.source == f"rebuilt from raw recordings in {hapt_zip}"
    assert data.fingerprint == uci_har.fingerprint
    assert seconds <= 15


def test_what_was_fetched_is_found_again_and_not_read_again(small, monkeypatch, trusting, messages):
    monkeypatch.setattr(loading, "fetch", lambda _, _holds, to: small.as_zip(to / "fetched.zip"))
    fetch_data(DataConfig(), Path("data"))
    monkeypatch.setattr(loading, "fetch", lambda *_: pytest.fail("fetched twice"))
    assert fetch_data(DataConfig(), Path("data")).fingerprint == small.fingerprint
    assert open_data(DataConfig()).fingerprint == small.fingerprint
    assert len(messages()) == 1


def test_the_same_folder_holds_each_set_under_its_own_name(uci_har_zip, hapt_zip, uci_har):
    folder = hapt_zip.parent
    first = open_data(at(folder, set="hapt"))
    assert (first.name, len(first.train), len(first.test)) == ("HAPT", 7767, 3162)
    assert first.train.activities == HAPT_ACTIVITIES
    assert open_data(at(folder)).fingerprint == uci_har.fingerprint
    lines = []
    again = open_data(at(folder, set="hapt"))
    assert lines == []
    assert again.train.activities == HAPT_ACTIVITIES
    assert (again.notes, again.fingerprint) == (first.notes, first.fingerprint)


def test_the_six_basic_activities_are_a_choice_of_hapt(hapt_zip):
    whole = open_data(at(hapt_zip, set="hapt"))
    six = open_data(at(hapt_zip, set="hapt", activities=UCI_ACTIVITIES))
    assert len(six.train) + len(six.test) == 10_411
    assert six.fingerprint != whole.fingerprint
    assert_array_equal(six.test.labels, whole.test.labels[whole.test.labels < 6])


@pytest.mark.parametrize("name", ["acc_exp01_user01.txt", "labels.txt"])
def test_hapt_needs_recordings_and_labels(name, zip_of, tmp_path, refused):
    root = tmp_path / "hapt.zip"
    root.write_bytes(zip_of({f"RawData/{name}": b"1 2 3\n"}))
    with refused(f"{root}: found no HAPT", "labels.txt", "dataset 341"):
        open_data(at(root, set="hapt"))


def test_the_mirror_alone_is_no_hapt(tmp_path, monkeypatch, refused):
    mirror = tmp_path / MIRROR_FILE
    mirror.write_bytes(b"recordings")
    monkeypatch.setattr(hapt_recordings, "is_mirror", lambda path: path.name == MIRROR_FILE)
    for root in (mirror, tmp_path):
        with refused(f"{root}: found no HAPT", "the package index has the recordings without"):
            open_data(at(root, set="hapt"))


def test_published_windows_do_not_keep_hapt_from_being_fetched(small, monkeypatch, trusting):
    small.as_zip(Path("data/uci.zip"))
    fetched = []
    monkeypatch.setattr(loading, "fetch", lambda one, _holds, to: fetched.append(one) or to)
    with pytest.raises(DataError, match="found no HAPT in what was fetched"):
        open_data(DataConfig(set="hapt"))
    assert fetched == [HAPT]


def test_own_recordings_are_not_looked_for_in_the_data_folder():
    Path("data").mkdir()
    own = DataConfig(set="recordings", test_subjects=(1,))
    assert find_data(own) is None
    with pytest.raises(ConfigError, match="data.root: found null, expected the folder with"):
        open_data(own)


def test_the_training_windows_come_without_touching_those_to_test_on(
    small, tmp_path, machine, monkeypatch, trusting
):
    root = small.as_zip(tmp_path / "copy.zip")
    open_data(at(root))
    for file in (machine / "cache").rglob("test_*.npy"):
        file.write_bytes(b"not to be read")
    monkeypatch.setattr(loading, "read_data", lambda *_: pytest.fail("read without need"))
    opened, load = [], np.load
    monkeypatch.setattr(
        np, "load", lambda file, **how: opened.append(file.name) or load(file, **how)
    )
    data = open_training(at(root))
    assert sorted(opened) == ["train_labels.npy", "train_signals.npy", "train_subjects.npy"]
    assert isinstance(data.windows.signals, np.memmap)
    assert_array_equal(data.windows.signals, small.train.signals)
    assert (data.name, data.fingerprint) == ("UCI HAR", content_fingerprint(small.train))


def test_the_training_windows_of_what_was_not_read_before_are_cached_on_the_way(
    small, tmp_path, machine, trusting, messages
):
    data = open_training(at(small.as_folder(tmp_path / "copy")))
    assert len(messages()) == 1
    assert isinstance(data.windows.signals, np.memmap)
    assert len(list((machine / "cache").rglob("test_*.npy"))) == 3


def test_the_training_windows_are_there_without_a_cache(
    small, tmp_path, machine, monkeypatch, trusting
):
    (machine / "file").write_text("")
    monkeypatch.setenv("HAR_CACHE", str(machine / "file"))
    data = open_training(at(small.as_folder(tmp_path / "copy")))
    assert_array_equal(data.windows.labels, small.train.labels)


def test_activities_of_the_training_windows_are_chosen_as_of_the_whole(small, tmp_path, trusting):
    config = at(small.as_zip(tmp_path / "copy.zip"), activities=("LAYING", "WALKING"))
    data, whole = open_training(config), open_data(config)
    assert_array_equal(data.windows.signals, whole.train.signals)
    assert_array_equal(data.windows.labels, whole.train.labels)
    assert data.windows.activities == config.activities
    assert data.notes[0].startswith("4 windows of activities")
    with pytest.raises(ConfigError, match="found DANCING, expected activities of UCI HAR"):
        open_training(at(tmp_path / "copy.zip", activities=("DANCING",)))


def test_training_windows_of_own_recordings_are_not_looked_for_in_the_data_folder():
    with pytest.raises(ConfigError, match=r"data\.root"):
        open_training(DataConfig(set="recordings", test_subjects=(1,)))
