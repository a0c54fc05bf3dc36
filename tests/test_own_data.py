"""A folder of one's own, made of HAPT, from its files to a report."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal

from har.cli.main import main
from har.config import DataConfig
from har.datasets.file_trees import trees_at
from har.datasets.hapt_recordings import find_recordings
from har.datasets.loading import open_data
from har.recipes import load_config
from har.signals.activities import HAPT_ACTIVITIES
from har.signals.filters import uci_har_channels

SCRIPT = Path(__file__).parents[1] / "scripts" / "hapt_as_recordings.py"
EXPERIMENTS = {1: 1, 3: 2, 5: 3, 7: 4}  # and who was recorded


@pytest.fixture(scope="module")
def script():
    spec = importlib.util.spec_from_file_location("hapt_as_recordings", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def folder(script, data_root, tmp_path_factory):
    """Four experiments of HAPT as a folder of one's own."""
    folder = tmp_path_factory.mktemp("own") / "walks"
    script.write_folder(data_root / "hapt.zip", list(EXPERIMENTS), folder)
    return folder


def test_a_folder_made_of_hapt_gives_the_windows_that_hapt_gives(folder, data_root):
    config = DataConfig(set="recordings", root=str(folder), test_subjects=(4,))
    train = open_data(config).train
    tree = next(trees_at(data_root / "hapt.zip"))
    recordings = find_recordings(tree)
    text = tree.read(next(name for name in tree.names if name.endswith("labels.txt"))).decode()
    rows = pd.DataFrame([[int(cell) for cell in line.split()] for line in text.splitlines()])
    signals, names = [], []
    for experiment, subject in EXPERIMENTS.items():
        if subject == 4:
            continue
        samples = recordings[experiment].read().samples.astype(np.float32)
        channels = uci_har_channels(samples, start="settled").astype(np.float32)
        of_experiment = rows[rows[0] == experiment]
        for first in range(0, len(samples) - 127, 64):
            # The only segment with the whole window, samples counted from 1.
            around = of_experiment[
                (of_experiment[3] <= first + 1) & (of_experiment[4] >= first + 128)
            ]
            if len(around):
                signals.append(channels[first : first + 128])
                names.append(HAPT_ACTIVITIES[around[2].item() - 1])
    assert_array_equal(train.signals, np.stack(signals))
    assert [train.activities[label] for label in train.labels] == names


def test_a_network_is_trained_scored_and_scored_again_on_own_recordings(
    folder, tmp_path, capsys, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    settings = ["--data.set", "recordings", "--data.root", str(folder)]
    settings += ["--data.test_subjects", "[3,4]", "--data.n_validation_subjects", "1"]
    settings += ["--data.activities", "[SITTING,STANDING,WALKING]"]
    settings += ["--training.n_epochs", "1", "--model.hidden_size", "4", "--device", "cpu"]
    assert main(["train", "--config", "quick", "--out", "own", *settings]) == 0
    assert load_config(tmp_path / "own" / "config.yaml").data.test_subjects == (3, 4)
    data = json.loads(Path("own/manifest.json").read_text())["data"]
    assert data["source"] == f"4 recordings of 4 people in {folder}"
    assert any("over two activities" in note for note in data["notes"])
    predictions = Path("own/predictions.csv").read_text()
    assert set(pd.read_csv("own/predictions.csv")["subject"]) == {3, 4}
    assert "walks: recordings of your own" in Path("own/report.html").read_text()

    assert main(["evaluate", "own"]) == 0
    assert Path("own/predictions.csv").read_text() == predictions


def test_the_script_says_what_it_wrote(script, data_root, tmp_path, capsys, monkeypatch):
    arguments = ["--data", str(data_root), "--experiments", "2", "2"]
    monkeypatch.setattr("sys.argv", ["hapt_as_recordings.py", str(tmp_path / "own"), *arguments])
    script.main()
    table = pd.read_csv(tmp_path / "own" / "recordings.csv")
    assert capsys.readouterr().out == (
        f"{tmp_path / 'own'}: 1 recordings of 1 people, {len(table)} segments in recordings.csv\n"
    )
    assert set(table["file"]) == {"experiment02.csv"}
