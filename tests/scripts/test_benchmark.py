from __future__ import annotations

import importlib.util
import sys

import benchmark
import pytest
from speed.measure import Measure, Spread
from speed.result import Result

has_torch = importlib.util.find_spec("torch") is not None


@pytest.fixture
def run(monkeypatch, tmp_path):
    """Run the benchmark with made-up measures in place of its own."""

    def run(*arguments, measures=()):
        monkeypatch.setattr(benchmark.importlib.util, "find_spec", lambda name: name)
        monkeypatch.setattr(benchmark, "measure_all", lambda options: measures)
        monkeypatch.setattr("speed.result.version", lambda name: "1.0")
        last = ["--last", str(tmp_path / "benchmark.json")]
        monkeypatch.setattr(sys, "argv", ["benchmark", *last, *arguments])
        return benchmark.main()

    return run


def measure(cost, ours=1500.0):
    spread = Spread(cost * 0.98, cost, cost * 1.02)
    return Measure("training", "quick", "1 thread", "windows/s", ours, 1400.0, spread)


def test_an_unknown_part_is_refused_with_those_that_there_are(run, capsys):
    with pytest.raises(SystemExit) as ended:
        run("--only", "training,speed")
    assert ended.value.code == 2
    assert "found speed, expected some of training, prediction, single" in capsys.readouterr().err


@pytest.mark.skipif(has_torch, reason="PyTorch is installed")
def test_without_torch_one_line_says_what_installs_it(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["benchmark"])
    assert benchmark.main() == 1
    assert capsys.readouterr() == (
        "",
        "PyTorch is not installed; scripts/benchmark installs it\n",
    )


def test_a_line_has_the_ratio_and_whether_the_target_is_met(run, capsys):
    run(measures=[measure(0.8)])
    line = capsys.readouterr().out.splitlines()[0]
    assert line.split() == [
        *("training", "quick,", "1", "thread", "1,500", "windows/s", "1,400"),
        *("1.25", "(1.23..1.28)"),
        *(">=", "1.1", "met"),
    ]


def test_what_got_slower_is_named_and_is_a_failure_where_that_is_asked_for(run, capsys, tmp_path):
    assert run("--write", measures=[measure(0.8)]) == 0
    assert Result.read(tmp_path / "benchmark.json").measures == (measure(0.8),)
    assert run("--check", measures=[measure(0.8)]) == 0
    assert "Nothing got slower than in benchmark.json" in capsys.readouterr().out
    assert run(measures=[measure(1.0)]) == 0
    assert run("--check", measures=[measure(1.0)]) == 1
    assert "training quick, 1 thread: +25%" in capsys.readouterr().out
    assert Result.read(tmp_path / "benchmark.json").measures == (measure(0.8),)
