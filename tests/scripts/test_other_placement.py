from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from other_placement import join_people, read_trials, right_windows
from published_copies import as_folder, motionsense

from har.signals.channels import UCI_CHANNELS
from har.signals.windows import WindowFormat


@dataclass
class SaysWalking:
    """A classifier that takes everything for walking."""

    window_format_ = WindowFormat(UCI_CHANNELS, ("WALKING", "SITTING"), 50.0, 128)

    def predict_proba(self, signals):
        return np.tile([0.9, 0.1], (len(signals), 1))


@pytest.fixture
def trials(tmp_path):
    root = as_folder(motionsense((1, 5), ("wlk_7", "sit_5", "jog_9")), tmp_path)
    return read_trials(root, ("WALKING", "SITTING"))


def test_trials_are_of_the_activities_that_are_asked_for_and_in_the_order_of_people(trials):
    assert [trial.recording.subject for trial in trials] == [1, 1, 5, 5]
    assert {trial.names[0] for trial in trials} == {"WALKING", "SITTING"}


def test_the_trials_of_a_person_make_the_same_windows_together(trials):
    joined = list(join_people(trials))
    assert [person.recording.subject for person in joined] == [1, 5]
    alone, together = (right_windows(SaysWalking(), parts) for parts in (trials, joined))
    assert alone.equals(together)
    assert alone.to_dict() == {"SITTING": 0.0, "WALKING": 1.0, "all": 0.5}


def test_recordings_are_turned_before_they_are_cut(trials):
    sources = []
    right_windows(SaysWalking(), trials, lambda r: sources.append(r.subject) or r)
    assert sources == [1, 1, 5, 5]


def test_a_folder_without_the_set_is_refused(tmp_path):
    with pytest.raises(SystemExit, match="found no MotionSense"):
        read_trials(tmp_path, ("WALKING",))
