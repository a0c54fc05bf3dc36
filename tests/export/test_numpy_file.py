"""The NumPy export: its files, its lines for a person, and real data."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from builders import refused
from exported_models import random_model
from recipe_runs import RECIPES, recipe_run

from har.errors import RunError
from har.export import numpy_file, predictor
from har.export.predictor import Model
from har.export.trained_model import TrainedModel


def test_it_writes_arrays_and_a_copy_of_the_predictor(tmp_path):
    lines = numpy_file.write(random_model({}), tmp_path / "new")
    assert [path.name for path in sorted((tmp_path / "new").iterdir())] == [
        "har_predictor.py",
        "model.npz",
    ]
    copy = (tmp_path / "new" / "har_predictor.py").read_text(encoding="utf-8")
    assert copy == Path(predictor.__file__).read_text(encoding="utf-8")
    assert [line.split(":")[0] for line in lines] == [
        str(tmp_path / "new" / "model.npz"),
        str(tmp_path / "new" / "har_predictor.py"),
        "probabilities",
        "filters",
    ]


def test_the_same_model_gives_the_same_bytes(tmp_path):
    for name in ("one", "two"):
        numpy_file.write(random_model({"summary_size": 3}), tmp_path / name)
    one, two = ((tmp_path / name / "model.npz").read_bytes() for name in ("one", "two"))
    assert one == two


def test_without_channels_of_uci_har_there_are_no_filters(tmp_path):
    model = random_model({}, channels=("acc_x", "gyro_x"))
    assert numpy_file.write(model, tmp_path)[-1] == (
        "filters: none, since the channels are not those of UCI HAR at 50 Hz"
    )


def test_a_summary_by_other_tables_is_refused(tmp_path):
    model = random_model({"summary_size": 3})
    model.weights["har_summary_waves"][3, 4] += 0.5
    with refused(RunError, "a run: found a summary of the window by other tables"):
        numpy_file.write(model, tmp_path)


def test_it_agrees_on_the_real_test_set(run, uci_har, tmp_path):
    model = TrainedModel.read(run)
    numpy_file.write(model, tmp_path)
    windows = uci_har.test.signals[::10]
    found = Model(str(tmp_path / "model.npz")).probabilities(windows)
    assert np.abs(found - model.predict_proba(windows)).max() <= 1e-5


@pytest.mark.slow
@pytest.mark.parametrize("recipe", RECIPES)
def test_it_agrees_on_the_real_test_set_with_every_recipe(
    recipe, uci_har, data_root, tmp_path_factory, tmp_path
):
    model = TrainedModel.read(recipe_run(recipe, tmp_path_factory, data_root))
    numpy_file.write(model, tmp_path)
    windows = uci_har.test.signals
    found = Model(str(tmp_path / "model.npz")).probabilities(windows)
    assert np.abs(found - model.predict_proba(windows)).max() <= 1e-5
