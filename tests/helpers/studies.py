"""Studies of tiny networks on small windows, for the tests of searches."""

from __future__ import annotations

from builders import small_windows

from har.model_selection.folds import folds_of
from har.model_selection.ranges import load_search
from har.model_selection.tuning import Task, open_study

WINDOWS = small_windows()
FOLDS = folds_of(WINDOWS, 3)
TINY = ("--device=cpu", "--training.n_epochs=1", "--training.rotation_degrees=0")
TINY += ("--model.conv_channels=0", "--model.conv_skip=false", "--model.hidden_size=4")
RANGES = ("--model.hidden_size=2..8", "--training.learning_rate=1e-4..1e-1:log")


def task(*ranges) -> Task:
    return Task(load_search("quick", *TINY, *(ranges or RANGES)), WINDOWS, FOLDS)


def study_at(file, of=None):
    return open_study(f"sqlite:///{file}", "tiny", of or task(), "of the data")
