from __future__ import annotations

from pathlib import Path

from speed.measure import Measure, Spread
from speed.result import Machine, Result
from speed.speed_tables import BEGIN, END, markdown, speed_figure

from har.report.drawing import save_png

ROOT = Path(__file__).parents[3]
RATIO = Spread(0.5, 0.8, 1.0)


def made():
    measures = [
        Measure(part, recipe, setting, unit, 1234.5, 1000.0, RATIO)
        for recipe in ("uci_har", "ensemble")
        for part, setting, unit in (
            ("training", "1 thread", "windows/s"),
            ("training", "best beside a busy process", "windows/s"),
            ("prediction", "1 thread", "windows/s"),
            ("single", "1 thread", "ms"),
        )
        if (recipe, part) != ("ensemble", "training")
    ]
    command = Measure("har report", "quick", "", "s", 4.25, None, Spread(9, 10, 11))
    machine = Machine("Some CPU", 2, "3.11.7", {"mxnet": "1.9.1", "torch": "2.13.0"})
    return Result(machine, "0123456789ab", (*measures, command))


def test_a_row_for_each_recipe_has_ratios_with_their_middle_half():
    lines = markdown(made()).splitlines()
    row = next(line for line in lines if line.startswith("| `uci_har`"))
    cells = [cell.strip() for cell in row.strip("|").split("|")]
    assert cells[1] == "1.25 (1.00–2.00)"
    assert cells[2] == "–"
    assert cells[7] == "1.25 (1.00–2.00)"
    row = next(line for line in lines if line.startswith("| `ensemble`"))
    assert row.count("–") == 7
    assert {line.count("|") for line in lines if line.startswith(("| recipe", "| `"))} == {9}


def test_commands_and_the_machine_follow():
    lines = markdown(made()).splitlines()
    assert "| har report quick |  | 4.25 s |" in lines
    assert lines[-1] == "Some CPU, 2 cores; mxnet 1.9.1, torch 2.13.0; 0123456789ab."


def test_the_picture_is_small(tmp_path):
    save_png(speed_figure(made()), tmp_path / "speed.png")
    assert (tmp_path / "speed.png").stat().st_size < 300_000


def test_the_readme_shows_the_committed_result():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert readme.count(BEGIN) == readme.count(END) == 1
    committed = Result.read(ROOT / "docs" / "results" / "benchmark.json")
    if committed is not None:
        assert f"{BEGIN}\n{markdown(committed)}\n{END}" in readme
