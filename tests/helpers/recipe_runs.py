"""Runs of packaged recipes on the real data, trained for one epoch, for slow tests."""

from __future__ import annotations

from made_once import made_once

RECIPES = ["quick", "uci_har", "worn_anyhow", "ensemble", "lstm", "tutorial", "book"]


def recipe_run(recipe, tmp_path_factory, data_root):
    """Give the folder of a recipe's run, which the first who asks trains."""
    from har.cli.main import main

    options = ["--config", recipe, "--training.n_epochs", "1", "--data.root", str(data_root)]

    def train(folder):
        assert main(["train", "--quiet", *options, "--out", str(folder)]) == 0

    return made_once(tmp_path_factory, f"run_of_{recipe}", train)
