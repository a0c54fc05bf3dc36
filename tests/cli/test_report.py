"""``har report`` as a person runs it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from scored_run import make_run, make_windows

from har.cli.main import main
from har.runs.folder import RunFolder


def test_report_is_made_again_without_the_data(run, tmp_path, monkeypatch, capsys):
    monkeypatch.delenv("HAR_DATA", raising=False)
    monkeypatch.chdir(tmp_path)
    config = RunFolder(run).read_config()
    copy = tmp_path / "copy"
    copy.mkdir()
    for file in run.iterdir():
        if file.is_file() and file.name != "report.html":
            (copy / file.name).write_bytes(file.read_bytes())
    RunFolder(copy).write_config(replace(config, data=replace(config.data, root=None)))
    assert main(["report", str(copy)]) == 0
    assert (copy / "report.html").exists()
    assert "without their signals" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("missing", "said"),
    [("predictions.csv", "report so far: "), ("evaluation.json", "report: ")],
)
def test_a_run_is_scored_if_it_has_predictions(tmp_path, monkeypatch, capsys, missing, said):
    monkeypatch.delenv("HAR_DATA", raising=False)
    monkeypatch.chdir(tmp_path)
    run = make_run(tmp_path / "run", make_windows())
    (run.path / missing).unlink()
    assert main(["report", str(run.path)]) == 0
    assert capsys.readouterr().out == f"{said}{run.report}\n"
