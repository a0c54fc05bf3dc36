"""What all published sets of recordings have in common, each on a small copy of its layout."""

from __future__ import annotations

import re

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from published_copies import COPIES, as_folder, as_zip, motionsense, zipped

from har.config import PLACEMENTS, DataConfig
from har.datasets.catalogue import PUBLISHED
from har.datasets.loading import open_all_subjects, open_data, open_training, read_data
from har.datasets.published.motionsense import MOTIONSENSE_SET
from har.datasets.published.recorded_sets import check_recorded
from har.errors import ConfigError, DataError
from har.signals.channels import UCI_CHANNELS
from har.signals.windows import Windows

# People of each small copy: those to train on, and the usual test subjects.
PEOPLE = {
    "motionsense": ((1,), (5, 12)),
    "mhealth": ((1,), (9, 10)),
    "pamap2": ((101,), (106,)),
    "wisdm_2011": ((1,), (27, 36)),
    "wisdm_2019": ((1600,), (1641,)),
    "hhar": (("a",), ("h", "i")),
    "unimib_shar": ((1,), (21, 30)),
}
WITHOUT_GYROSCOPE = {"wisdm_2011", "unimib_shar"}


@pytest.fixture(scope="module")
def copies(tmp_path_factory):
    folder = tmp_path_factory.mktemp("copies")
    return {kind: as_folder(make(), folder / kind) for kind, make in COPIES.items()}


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("HAR_CACHE", str(tmp_path / "cache"))


def config_of(kind, copies, **more):
    return DataConfig(set=kind, root=str(copies[kind]), **more)


@pytest.mark.parametrize("kind", COPIES)
def test_a_set_is_split_by_the_people_that_papers_test_on(kind, copies):
    data = open_data(config_of(kind, copies))
    assert (data.train.subject_names, data.test.subject_names) == PEOPLE[kind]
    assert data.name == PUBLISHED[kind].name
    assert data.notes[0].startswith(f"Test subjects: {', '.join(map(str, PEOPLE[kind][1]))}, ")
    n_channels = 6 if kind in WITHOUT_GYROSCOPE else 9
    assert data.train.signals.shape[1:] == (128, n_channels)
    again = open_data(config_of(kind, copies))
    assert_array_equal(again.train.signals, data.train.signals)


@pytest.mark.parametrize("kind", COPIES)
def test_what_a_part_lacks_is_noted(kind, copies):
    notes = " ".join(open_data(config_of(kind, copies)).notes)
    assert re.search(r"Of the \d+ people these are not here: ", notes)
    assert re.search(r"Of the \d+ activities these are not here: ", notes)


@pytest.mark.parametrize("kind", COPIES)
def test_other_people_can_be_tested_on(kind, copies):
    someone = PEOPLE[kind][0]
    data = open_data(config_of(kind, copies, test_subjects=someone))
    assert data.test.subject_names == someone and "as data.test_subjects says" in data.notes[0]
    with pytest.raises(ConfigError, match=r"data.test_subjects: found 77, expected some of"):
        open_data(config_of(kind, copies, test_subjects=("77",)))


@pytest.mark.parametrize("kind", COPIES)
def test_everybody_can_be_held_out_in_turn(kind, copies):
    everybody = open_all_subjects(config_of(kind, copies)).windows.subject_names
    assert everybody == PEOPLE[kind][0] + PEOPLE[kind][1]
    assert open_training(config_of(kind, copies)).windows.subject_names == PEOPLE[kind][0]


@pytest.mark.parametrize("kind", COPIES)
def test_the_accelerometer_alone_is_read_where_that_is_asked_for(kind, copies):
    alone, both = (open_data(config_of(kind, copies, sensors=s)).train for s in ("acc", "all"))
    assert alone.channels == tuple(name for name in UCI_CHANNELS if "acc" in name)
    kept = [both.channels.index(name) for name in alone.channels]
    # Where a gyroscope begins later, so do the windows of both.
    if len(alone) == len(both) and kind not in {"wisdm_2019"}:
        np.testing.assert_allclose(alone.signals, both.signals[:, :, kept], atol=1e-3)


@pytest.mark.parametrize("kind", COPIES)
def test_a_zip_in_a_zip_is_read_like_a_folder(kind, copies, tmp_path):
    path = as_zip({"readme.txt": b"about", "inner.zip": zipped(COPIES[kind]())}, tmp_path / "a.zip")
    data, expected = (read_data(path, DataConfig(set=kind)) for path in (path, copies[kind]))
    assert data.fingerprint == expected.fingerprint


@pytest.mark.parametrize("kind", COPIES)
def test_no_set_is_taken_for_another(kind, copies):
    for other in PUBLISHED:
        data = read_data(copies[kind], DataConfig(set=other), needs_test=False)
        assert (data is not None) == (other == kind)


@pytest.mark.parametrize("kind", COPIES)
def test_an_axis_can_be_turned_upright(kind, copies):
    usual, turned = (open_data(config_of(kind, copies, upright=u)).train for u in (None, "-x"))
    signs = np.tile([-1, -1, 1], usual.signals.shape[2] // 3).astype(np.float32)
    np.testing.assert_allclose(turned.signals, usual.signals * signs, atol=1e-5)
    assert len(open_data(config_of(kind, copies, upright="auto")).train)


@pytest.mark.parametrize("kind", COPIES)
def test_a_copy_without_files_of_the_set_is_refused_with_its_form(kind, tmp_path):
    with pytest.raises(DataError, match=r"found no .* in it, expected "):
        open_data(DataConfig(set=kind, root=str(tmp_path)))


@pytest.mark.parametrize(("kind", "placements"), PLACEMENTS.items())
def test_each_placement_is_read_and_another_is_refused_with_those_there_are(
    kind, placements, copies
):
    signals = [open_data(config_of(kind, copies, placement=p)).train.signals for p in placements]
    gravity = {tuple(one[:, :, -3:].mean(axis=(0, 1)).round(1).tolist()) for one in signals}
    assert len(gravity) == len(placements)
    usual = open_data(config_of(kind, copies))
    assert_array_equal(usual.train.signals, signals[0])
    assert any(note.startswith(f"Placement: {placements[0]}, one of ") for note in usual.notes)
    listed = ", ".join(placements)
    with pytest.raises(
        ConfigError, match=f"data.placement: found head, expected one of those of {kind}: {listed}"
    ):
        DataConfig(set=kind, placement="head")


@pytest.mark.parametrize("kind", ["uci_har", "motionsense", "recordings"])
def test_a_set_of_one_sensor_has_no_placement(kind):
    with pytest.raises(ConfigError, match="found waist, expected null, as .* no choice of sensors"):
        DataConfig(set=kind, placement="waist")


def test_without_any_usual_test_subject_others_must_be_named_unless_all_are_held_out(tmp_path):
    root = str(as_folder(motionsense(people=(1, 2)), tmp_path / "part"))
    config = DataConfig(set="motionsense", root=root)
    assert open_all_subjects(config).windows.subject_names == (1, 2)
    with pytest.raises(ConfigError, match=r"test_subjects: found null.*: 1, 2; for example"):
        open_data(config)


def test_people_whom_the_set_does_not_have_are_refused(tmp_path):
    root = as_folder(motionsense(people=(1, 25)), tmp_path / "part")
    with pytest.raises(DataError, match="found person 25, expected one of MotionSense's, 1 to 24"):
        read_data(root, DataConfig(set="motionsense"))


@pytest.mark.parametrize(("gravity", "is_right"), [(1.0, True), (9.8, False), (0.02, False)])
def test_acceleration_must_be_in_g_and_with_gravity(gravity, is_right):
    signals = np.zeros((3, 128, 9), np.float32)
    signals[:, :, 6] = gravity
    zeros = np.zeros(3, int)
    windows = Windows(signals, zeros, zeros + 1, activities=("WALKING",))
    if is_right:
        check_recorded(MOTIONSENSE_SET, windows, "train", "copy")
    else:
        with pytest.raises(DataError, match=r"copy, train split: found a mean acceleration of"):
            check_recorded(MOTIONSENSE_SET, windows, "train", "copy")
