from __future__ import annotations

import zipfile

import numpy as np
import pandas as pd
import pytest
from builders import refused

from har.errors import DataError
from har.signals.activities import HAPT_ACTIVITIES, UCI_ACTIVITIES, name_activities


@pytest.mark.parametrize("abstain_below", [0.0, 0.3, 0.5, 1.0])
def test_windows_of_which_nothing_is_probable_enough_are_unknown(abstain_below):
    probabilities = np.random.default_rng(0).dirichlet([1, 1, 1, 1], size=100)
    table = pd.DataFrame(probabilities, columns=list("ABCD"))
    expected = table.idxmax(axis=1).where(table.max(axis=1) >= abstain_below, "UNKNOWN")
    named = name_activities(probabilities, tuple("ABCD"), abstain_below)
    assert named.tolist() == expected.tolist()
    assert (expected == "UNKNOWN").any() == (abstain_below > 0.25)


def test_a_probability_of_just_the_threshold_is_enough():
    assert name_activities(np.array([[0.25, 0.75]]), ("A", "B"), 0.75).tolist() == ["B"]


def test_no_windows_have_no_names():
    assert name_activities(np.empty((0, 2)), ("A", "B"), 0.5).tolist() == []


def test_a_class_named_unknown_stands_in_the_way_of_abstaining_only():
    probabilities = np.array([[0.4, 0.6]])
    assert name_activities(probabilities, ("A", "UNKNOWN")).tolist() == ["UNKNOWN"]
    with refused(DataError, "found an activity named UNKNOWN", "expected another name"):
        name_activities(probabilities, ("A", "UNKNOWN"), 0.9)


@pytest.mark.parametrize(
    ("archive", "activities"),
    [("uci-har-dataset.zip", UCI_ACTIVITIES), ("hapt.zip", HAPT_ACTIVITIES)],
)
def test_activities_are_numbered_as_published(data_root, archive, activities):
    if not (data_root / archive).is_file():
        pytest.skip(f"the real data set is not at {data_root / archive}")
    with zipfile.ZipFile(data_root / archive) as files:
        name = next(name for name in files.namelist() if name.endswith("activity_labels.txt"))
        lines = files.read(name).decode().split("\n")
    published = {int(line.split()[0]): line.split()[1] for line in lines if line.strip()}
    assert published == dict(enumerate(activities, start=1))
