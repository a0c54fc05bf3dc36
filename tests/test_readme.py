"""What README says can be typed is typed here."""

from __future__ import annotations

import importlib.util
import json
import re
import shlex
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from har.cli.main import main
from har.model_selection.baselines import BASELINES, chosen_baselines
from har.recipes import load_config

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
# Recipes whose settings were chosen by har cv.
CHOSEN = ("uci_har", "worn_anyhow", "ensemble", "quick", "lstm")


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", README, flags=re.DOTALL)


def commands():
    """Every line that a person can type in a folder with the project's .venv, as its arguments."""
    lines = "\n".join(blocks("console")).replace("\\\n", "").splitlines()
    typed = [shlex.split(line.removeprefix("$ ")) for line in lines if line.startswith("$ ")]
    return [words for words in typed if words[0] in ("har", ".venv/bin/python")]


def made_short(arguments):
    """Search, cross-validate and train on HAPT as README says, but not for as long."""
    if arguments[0] not in ("cv", "tune") and arguments[:3] != ["train", "--config", "hapt"]:
        return arguments
    fewer = ["2" if before == "--trials" else word for before, word in pairwise(["", *arguments])]
    return [*fewer, "--training.n_epochs", "1"]


def script_module(name):
    """Load a script, which finds its neighbours as when it is run."""
    if str(ROOT / "scripts") not in sys.path:
        sys.path.append(str(ROOT / "scripts"))
    spec = importlib.util.spec_from_file_location(name, ROOT / "scripts" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def results():
    return script_module("results")


@pytest.fixture(scope="module")
def hapt_as_recordings():
    return script_module("hapt_as_recordings")


def test_ci_runs_the_test_command_of_the_readme():
    assert "$ ./scripts/test\n" in README
    assert "./scripts/test" in (ROOT / ".ci" / "run").read_text()


def test_the_scripts_that_the_readme_names_are_there():
    for script in set(re.findall(r"\./(scripts/[\w-]+)", README)):
        assert (ROOT / script).is_file(), script


def test_local_links_and_pictures_lead_somewhere_and_pictures_are_small():
    for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", README):
        assert (ROOT / target).is_file(), target
        assert (ROOT / target).stat().st_size < 300_000, target


def test_the_modules_that_documents_name_are_there():
    documents = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *ROOT.glob("configs/*.yaml")]
    for document in documents:
        text = document.read_text(encoding="utf-8")
        for name in re.findall(
            r"(?<![\w/])(?:har|scripts)/[\w/]+\.py\b|docs/[\w/]+\.(?:md|csv)\b", text
        ):
            assert (ROOT / name).is_file(), f"{document.name}: {name}"


def test_the_recipe_of_the_readme_is_one(tmp_path):
    (recipe,) = blocks("yaml")
    (tmp_path / "mine.yaml").write_text(recipe)
    config = load_config(tmp_path / "mine.yaml")
    assert (config.model.hidden_size, config.model.pooling) == (32, "attention")


def test_the_table_of_results_is_made_from_the_results(results):
    tested, cross_validated = pd.read_csv(results.TESTED), pd.read_csv(results.CROSS_VALIDATED)
    table = results.markdown_table(tested, cross_validated)
    assert results.renew_readme(README, table) == README


def test_every_recipe_has_results_over_at_least_three_seeds(results):
    tested = pd.read_csv(results.TESTED)
    assert (tested.groupby("recipe")["seed"].nunique() >= 3).all()
    recipes = {path.stem for path in (ROOT / "configs").glob("*.yaml")}
    assert (
        recipes | set(chosen_baselines("all")) <= set(tested["recipe"]) <= recipes | set(BASELINES)
    )


def test_every_result_of_a_recipe_that_was_chosen_is_in_the_ledger_of_test_scorings(results):
    ledger = pd.read_csv(results.RESULTS / "test_scorings.csv")
    scored = set(zip(ledger["recipe"], ledger["seed"], ledger["accuracy"], strict=True))
    tested = pd.read_csv(results.TESTED)
    chosen = tested[tested["recipe"].isin([*CHOSEN, *BASELINES])]
    assert (chosen["recipe"].value_counts()[list(CHOSEN)] >= 5).all()
    assert set(zip(chosen["recipe"], chosen["seed"], chosen["accuracy"], strict=True)) <= scored


def test_the_recipes_that_were_chosen_were_cross_validated_whole(results):
    folds = pd.read_csv(results.CROSS_VALIDATED)
    assert (folds["n_folds"] == 5).all()
    assert set(CHOSEN) <= set(folds["recipe"])
    assert (folds["recipe"] == "uci_har").sum() >= 3


@pytest.mark.slow
def test_the_commands_of_the_readme_run_in_its_order(
    tmp_path, monkeypatch, uci_har, data_root, hapt_as_recordings
):
    monkeypatch.delenv("HAR_DATA", raising=False)
    monkeypatch.chdir(tmp_path)
    # HAPT's labels cannot be had without the archive: what lies in data/ is not fetched again.
    Path("data").mkdir()
    Path("data/hapt.zip").symlink_to(data_root / "hapt.zip")
    np.save("windows.npy", uci_har.test.signals[:10])
    hapt_as_recordings.write_folder(data_root, [1], Path())
    Path("experiment01.csv").rename("walk.csv")
    for program, *arguments in commands():
        if program == "har":
            assert main(made_short(arguments)) == 0, arguments
        else:
            script = [sys.executable, ROOT / arguments[0], *arguments[1:]]
            subprocess.run(script, check=True, capture_output=True)
    assert len(pd.read_csv("predictions.csv")) == 10
    assert Path("runs/small/report.html").is_file()
    assert Path("timeline.html").is_file()
    assert Path("runs/comparison/comparison.html").is_file()
    assert Path("runs/cv/cv.html").is_file()
    assert json.loads(Path("runs/mine/manifest.json").read_text())["adaptation"]["person"] == 10
    assert 0.8 < json.loads(Path("runs/walks/evaluation.json").read_text())["accuracy"] < 1
    (code,) = blocks("python")
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, timeout=3600)
    assert Path("runs/lstm/model-symbol.json").is_file()
