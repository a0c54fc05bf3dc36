from __future__ import annotations

from dataclasses import FrozenInstanceError

import numpy as np
import pytest
from builders import ACTIVITIES, refused, small_windows
from numpy.testing import assert_array_equal

from har.datasets.dataset import DataSet, select_activities
from har.errors import ConfigError

WINDOWS = small_windows()
DATA = DataSet("A", WINDOWS.of_subjects([1]), WINDOWS.of_subjects([2]), "a zip", "1234")


def test_the_splits_are_the_windows_by_name():
    assert DATA.splits == {"train": DATA.train, "test": DATA.test}


def test_a_data_set_has_no_notes_unless_there_are_some_and_does_not_change():
    assert DATA.notes == ()
    with pytest.raises(FrozenInstanceError):
        DATA.name = "B"


def test_chosen_activities_are_labelled_in_the_order_given():
    chosen = select_activities(DATA, ("RUN", "REST"))
    for split, windows in chosen.splits.items():
        whole = DATA.splits[split]
        kept = whole.where(whole.labels != ACTIVITIES.index("WALK"))
        names = np.array(windows.activities)[windows.labels]
        assert windows.activities == ("RUN", "REST")
        assert_array_equal(names, np.array(ACTIVITIES)[kept.labels])
        assert_array_equal(windows.signals, kept.signals)
        assert_array_equal(windows.subjects, kept.subjects)
    n_walking = sum((windows.labels == 1).sum() for windows in DATA.splits.values())
    assert chosen.notes[-1].startswith(f"{n_walking} windows of activities that are not among")
    assert chosen.fingerprint != DATA.fingerprint


def test_all_activities_in_their_own_order_are_all_windows():
    chosen = select_activities(DATA, ACTIVITIES)
    assert_array_equal(chosen.train.labels, DATA.train.labels)
    assert chosen.notes == ()


def test_an_activity_that_is_not_there_is_refused_with_those_that_are():
    with refused(ConfigError, "data.activities: found SIT, expected activities of A: REST, WALK"):
        select_activities(DATA, ("REST", "SIT"))
