from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from builders import refused
from numpy.testing import assert_allclose
from pandas.testing import assert_frame_equal

from har.config import DataConfig
from har.datasets import whole_recordings as module
from har.datasets.whole_recordings import true_segments, whole_recordings
from har.errors import ConfigError, DataError, UsageError
from har.signals.activities import HAPT_ACTIVITIES, UCI_ACTIVITIES
from har.signals.channels import RAW_CHANNELS

# Experiment, user, activity, first and last sample, counted from 1; not in the order of time.
SEGMENTS = [(1, 1, 4, 131, 200), (1, 1, 7, 101, 130), (1, 1, 5, 11, 100), (2, 2, 9, 1, 128)]


def lines_of(rows):
    return "".join(" ".join(map(str, row)) + "\n" for row in rows)


@pytest.fixture
def hapt(tmp_path):
    """A copy of HAPT with recordings of 4 s of subjects 1 and 2."""
    folder = tmp_path / "HAPT" / "RawData"
    folder.mkdir(parents=True)
    (folder / "labels.txt").write_text(lines_of(SEGMENTS))
    random = np.random.default_rng(0)
    for number in (1, 2):
        for sensor in ("acc", "gyro"):
            samples = random.normal(size=(200, 3)).round(5).tolist()
            (folder / f"{sensor}_exp0{number}_user0{number}.txt").write_text(lines_of(samples))
    return DataConfig(set="hapt", root=str(tmp_path))


@pytest.fixture
def own(tmp_path):
    """Own recordings of three people, of whom the last has none as long as a window."""

    def write(*lines, heading="file,subject,start_s,end_s,activity"):
        random = np.random.default_rng(0)
        for name, n in (("a.csv", 500), ("b.csv", 500), ("c.csv", 100)):
            samples = random.normal([1, 0, 0, 0, 0, 0], 0.05, (n, 6))
            table = pd.DataFrame(samples, columns=list(RAW_CHANNELS))
            table.insert(0, "time_s", np.arange(n) / 50)
            table.to_csv(tmp_path / name, index=False)
        (tmp_path / "recordings.csv").write_text("\n".join([heading, *lines]))
        return DataConfig(set="recordings", root=str(tmp_path), test_subjects=(2,))

    return write


def rows(segments):
    return segments[["start_s", "end_s", "activity"]].to_numpy().tolist()


def test_hapts_recordings_come_with_their_segments_in_the_order_of_time(hapt):
    ((recording, segments),) = whole_recordings(hapt, HAPT_ACTIVITIES, (1,))
    assert (recording.subject, len(recording)) == (1, 200)
    # Samples 11 to 100, counted from 1, begin after 0.2 s and end after 2 s.
    expected = [[0.2, 2.0, "STANDING"], [2.0, 2.6, "STAND_TO_SIT"], [2.6, 4.0, "SITTING"]]
    assert rows(segments) == expected


def test_of_uci_har_its_six_activities_are_labelled(hapt, messages):
    config = DataConfig(set="uci_har", root=hapt.root)
    ((recording, segments),) = whole_recordings(config, UCI_ACTIVITIES, (1, 2))
    assert segments["activity"].tolist() == ["STANDING", "SITTING"]
    # The other has transitions only.
    assert any("exp02" in line and "no activity that the network" in line for line in messages())


def test_uci_har_without_hapt_says_what_to_fetch(small_copy, tmp_path):
    small_copy().as_zip(tmp_path / "uci-har-dataset.zip")
    with refused(DataError, "found no whole recordings in it", "har fetch --data.set hapt"):
        list(whole_recordings(DataConfig(root=str(tmp_path)), UCI_ACTIVITIES, (2,)))


def test_own_recordings_are_those_of_the_people_asked_for(own):
    config = own("a.csv,1,0,10,WALK", "b.csv,2,0,4,SIT", "b.csv,2,4,7,WALK", "b.csv,2,8,9,REST")
    ((recording, segments),) = whole_recordings(config, ("SIT", "WALK"), (2,))
    assert (recording.subject, recording.source.endswith("b.csv")) == (2, True)
    assert segments["activity"].tolist() == ["SIT", "WALK"]
    assert_allclose(segments[["start_s", "end_s"]], [[0, 4], [4, 7]])


def test_own_recordings_without_a_window_are_left_out_and_noted(own, messages):
    config = own("a.csv,P1,0,10,WALK", "b.csv,P2,0,4,SIT", "c.csv,P2,0,2,SIT")
    found = list(whole_recordings(config, ("SIT", "WALK"), ("P1", "P2")))
    assert [recording.subject for recording, _segments in found] == ["P1", "P2"]
    assert any("c.csv: no whole window in it" in line for line in messages())


def test_own_recordings_need_a_folder(monkeypatch):
    monkeypatch.delenv("HAR_DATA", raising=False)
    with refused(ConfigError, "data.root: found null", "recordings.csv"):
        list(whole_recordings(DataConfig(set="recordings"), ("WALK",), (2,)))


def test_sets_of_which_windows_are_read_only_are_refused():
    with refused(UsageError, "--recordings: found the data set MotionSense", "own recordings"):
        list(whole_recordings(DataConfig(set="motionsense"), ("WALKING",), (1,)))


def test_the_real_recordings_have_the_published_segments(hapt_zip, monkeypatch):
    # Reading the signals takes seconds.
    monkeypatch.setattr("har.datasets.hapt_recordings.parse_table", _first_columns)
    monkeypatch.setattr(module, "N_TIMESTEPS", 1)
    config = DataConfig(set="hapt", root=str(hapt_zip))
    found = list(whole_recordings(config, HAPT_ACTIVITIES, (2, 4, 9, 10, 12, 13, 18, 20, 24)))
    assert Counter(recording.subject for recording, _ in found).total() == 19
    assert sum(len(segments) for _recording, segments in found) > 300


def equal_segments(config, activities, subjects):
    """Assert that segments alone are those of whole recordings; return their number."""
    alone = list(true_segments(config, activities, subjects))
    whole = [segments for _recording, segments in whole_recordings(config, activities, subjects)]
    for found, expected in zip(alone, whole, strict=True):
        assert_frame_equal(found, expected)
    return len(alone)


def test_segments_alone_are_those_of_whole_recordings(hapt, own, messages, monkeypatch):
    assert equal_segments(hapt, HAPT_ACTIVITIES, (1, 2)) == 2
    assert equal_segments(hapt, UCI_ACTIVITIES, (1, 2)) == 1
    config = own("a.csv,P1,0,10,WALK", "b.csv,P2,0,4,SIT", "c.csv,P2,0,2,SIT")
    assert equal_segments(config, ("SIT", "WALK"), ("P1", "P2")) == 2
    assert sum("c.csv: no whole window in it" in line for line in messages()) == 2
    monkeypatch.setattr(module, "N_TIMESTEPS", 201)
    assert equal_segments(hapt, HAPT_ACTIVITIES, (1, 2)) == 0


def test_the_real_segments_alone_are_those_of_whole_recordings(hapt_zip, monkeypatch):
    monkeypatch.setattr("har.datasets.hapt_recordings.parse_table", _first_columns)
    config = DataConfig(set="hapt", root=str(hapt_zip))
    assert equal_segments(config, HAPT_ACTIVITIES, range(1, 31)) == 61


def test_hapts_segments_are_read_without_its_signals(hapt, monkeypatch):
    monkeypatch.setattr(
        "har.datasets.hapt_recordings.parse_table", lambda *_: pytest.fail("read signals")
    )
    ((start_s, end_s, activity), *_others) = rows(next(true_segments(hapt, HAPT_ACTIVITIES, (1,))))
    assert (start_s, end_s, activity) == (0.2, 2.0, "STANDING")


@pytest.mark.parametrize("name", ["uci_har", "motionsense"])
def test_labels_that_do_not_say_what_follows_an_activity_give_no_segments(name, hapt):
    config = DataConfig(set=name, root=hapt.root)
    assert not list(true_segments(config, UCI_ACTIVITIES, (1, 2)))


def test_only_the_recordings_of_the_people_asked_for_are_read(hapt):
    (Path(hapt.root) / "HAPT" / "RawData" / "gyro_exp02_user02.txt").write_text("1 2 x\n")
    assert len(list(whole_recordings(hapt, HAPT_ACTIVITIES, (1,)))) == 1
    with refused(DataError, "gyro_exp02_user02.txt, line 1, column 3"):
        list(whole_recordings(hapt, HAPT_ACTIVITIES, (2,)))


def _first_columns(text, _place, n_columns):
    return np.zeros((text.count(b"\n"), n_columns))
