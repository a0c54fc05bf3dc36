from __future__ import annotations

import json
import subprocess
import sys

import pytest
from command_line import the_one_line
from compared_runs import change_json, make_runs

from har.cli.main import main
from har.errors import DataError


@pytest.fixture
def paths(tmp_path):
    return [str(path) for path in make_runs(tmp_path)]


def test_runs_are_set_side_by_side(paths, tmp_path, capsys):
    out = tmp_path / "comparison"
    assert main(["compare", *paths, "--out", str(out)]) == 0
    lines = capsys.readouterr().out.splitlines()
    one, two = json.loads((out / "comparison.json").read_text())["runs"]
    assert lines[0].startswith(f"A  {paths[0]}: accuracy {one['accuracy']:.2%}, macro F1 ")
    assert lines[1].startswith(f"B  {paths[1]}: accuracy {two['accuracy']:.2%}, macro F1 ")
    assert lines[2].startswith("B − A: accuracy ") and lines[2].endswith("] points")
    assert lines[3:] == [f"report: {out / 'comparison.html'}"]
    assert (out / "comparison.html").exists() and (out / "comparison.md").exists()


def test_without_out_a_folder_in_runs_is_made(paths, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["compare", paths[0], paths[0]]) == 0
    (page,) = tmp_path.glob("runs/compare-*/comparison.html")
    assert f"report: {page.relative_to(tmp_path)}" in capsys.readouterr().out


def test_mxnet_is_never_loaded(paths, tmp_path):
    code = "import sys; from har.cli.main import main; main(sys.argv[1:])"
    code += "; sys.exit('mxnet' in sys.modules)"
    command = [sys.executable, "-c", code, "compare", *paths, "--out", str(tmp_path / "out")]
    assert subprocess.run(command, capture_output=True, check=False).returncode == 0
    assert (tmp_path / "out" / "comparison.html").exists()


def test_one_run_and_a_baseline_are_enough(run, data_root, tmp_path, capsys):
    out = tmp_path / "out"
    options = ["--baseline", "logistic_regression", "--data.root", str(data_root)]
    assert main(["compare", str(run), *options, "--out", str(out)]) == 0
    captured = capsys.readouterr()
    assert "logistic_regression learn from 7352 windows" in captured.err
    network, baseline = json.loads((out / "comparison.json").read_text())["runs"]
    line = f"B  logistic_regression: accuracy {baseline['accuracy']:.2%}"
    assert captured.out.splitlines()[1].startswith(line)
    assert (network["folder"], baseline["folder"]) == (str(run), None)
    # 96.5 % when it was written; versions of scikit-learn may differ a little.
    assert baseline["accuracy"] > 0.955


def test_an_unknown_baseline_is_a_wrong_command_line(paths, capsys):
    with pytest.raises(SystemExit) as stop:
        main(["compare", paths[0], "--baseline", "xgboost"])
    assert stop.value.code == 2
    assert "linear_svm" in capsys.readouterr().err


def test_baselines_without_their_data_are_one_line_and_leave_nothing(paths, tmp_path, capsys):
    options = ["--baseline", "all", "--data.root", str(tmp_path / "nowhere")]
    assert main(["compare", *paths, *options, "--out", str(tmp_path / "out")]) == 1
    assert f"{tmp_path / 'nowhere'}: found nothing" in the_one_line(capsys)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("options", "root"), [([], None), (["--data.root", "elsewhere"], "elsewhere")]
)
def test_the_data_for_baselines_is_looked_for_where_a_person_says(
    options, root, paths, capsys, monkeypatch
):
    def refuse(config):
        raise DataError(f"looked in {config.root}")

    monkeypatch.setattr("har.cli.verbs.compare.open_data", refuse)
    assert main(["compare", *paths, "--baseline", "all", *options]) == 1
    assert the_one_line(capsys) == f"har: looked in {root}"


def test_without_baselines_the_data_is_not_opened(paths, tmp_path, monkeypatch):
    monkeypatch.setattr("har.cli.verbs.compare.open_data", lambda _config: pytest.fail("opened"))
    assert main(["compare", *paths, "--out", str(tmp_path / "out")]) == 0


def test_one_run_is_a_wrong_command_line(paths, capsys):
    assert main(["compare", paths[0]]) == 2
    assert the_one_line(capsys) == "har: har compare: found 1 run, expected 2 to 26"


def test_what_cannot_be_compared_is_refused_in_one_line_and_leaves_nothing(paths, tmp_path, capsys):
    change_json(tmp_path / "two" / "manifest.json", lambda told: told.update(status="running"))
    assert main(["compare", *paths, "--out", str(tmp_path / "out")]) == 1
    assert "found a run that is running, expected a finished one" in the_one_line(capsys)
    assert not (tmp_path / "out").exists()


def test_settings_of_a_recipe_are_not_taken(paths):
    with pytest.raises(SystemExit) as stop:
        main(["compare", *paths, "--seed", "1"])
    assert stop.value.code == 2
