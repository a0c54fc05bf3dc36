from __future__ import annotations

from dataclasses import FrozenInstanceError

import pytest
from builders import small_windows

from har.datasets.dataset import DataSet

WINDOWS = small_windows()
DATA = DataSet("A", WINDOWS.of_subjects([1]), WINDOWS.of_subjects([2]), "a zip", "1234")


def test_the_splits_are_the_windows_by_name():
    assert DATA.splits == {"train": DATA.train, "test": DATA.test}


def test_a_data_set_has_no_notes_unless_there_are_some_and_does_not_change():
    assert DATA.notes == ()
    with pytest.raises(FrozenInstanceError):
        DATA.name = "B"
