from __future__ import annotations

import json
from dataclasses import replace

import pytest
from builders import refused
from speed.measure import Measure, Spread, against, alone, memory
from speed.result import Machine, Result, slower

from har.errors import RunError

MACHINE = Machine("Some CPU", 2, "3.11.7", {"mxnet": "1.9.1", "torch": "2.13.0"})


def measure(subject="quick", low=0.9, median=1.0, high=1.1):
    cost = Spread(low, median, high)
    return Measure("training", subject, "1 thread", "windows/s", 1500.0, 1400.0, cost)


def result(*measures, machine=MACHINE):
    return Result(machine, "0123456789ab", measures)


def test_costs_are_ratios_turn_by_turn():
    found = against("single", "quick", "1 thread", "ms", (np_array(1, 2, 3), np_array(2, 4, 3)))
    assert (found.ours, found.theirs) == (2000, 3000)
    assert found.cost == Spread(0.5, 0.5, 0.75)
    assert found.ratio == Spread(1.333, 2.0, 2.0)
    assert found.name == "single quick, 1 thread"


def np_array(*values):
    import numpy as np

    return np.array(values, float)


def test_what_pytorch_cannot_do_is_compared_with_a_fixed_piece_of_work():
    found = alone("har report", "quick", "", "s", [(4, 2), (5, 2), (6, 2)])
    assert (found.name, found.ours, found.theirs) == ("har report quick", 5, None)
    assert found.cost == Spread(2.25, 2.5, 2.75)


def test_memory_is_compared_as_it_is():
    assert memory("har train", "quick", [700_000_000]).cost == Spread(700, 700, 700)


def test_a_result_is_the_same_after_json_and_has_a_line_for_each_measure():
    before = result(measure(), measure("lstm"))
    assert Result.from_json(before.to_json()) == before
    assert sum('"subject"' in line for line in before.to_json().splitlines()) == 2
    assert list(json.loads(before.to_json())) == ["machine", "commit", "measures"]


def test_a_file_that_is_no_result_is_refused(tmp_path):
    file = tmp_path / "benchmark.json"
    assert Result.read(file) is None
    file.write_text('{"commit": "x"}')
    with refused(RunError, str(file), "expected a result of the benchmark"):
        Result.read(file)


@pytest.mark.parametrize(
    ("cost", "is_named"),
    [
        ((0.9, 1.0, 1.1), False),
        ((1.12, 1.14, 1.16), False),
        ((1.2, 1.3, 1.4), True),
        ((0.5, 0.6, 0.7), False),
    ],
)
def test_what_costs_more_by_more_than_the_spread_is_named(cost, is_named):
    lines = list(slower(result(measure(), measure("lstm", *cost)), result(measure("lstm"))))
    assert len(lines) == is_named
    assert all(line.startswith("training lstm, 1 thread: +30%") for line in lines)


def test_measures_that_were_not_taken_again_stay():
    last = result(measure("uci_har"), measure("quick"))
    now = result(measure("quick", 0.5, 0.6, 0.7), measure("lstm"))
    joined = now.over(last)
    assert [m.subject for m in joined.measures] == ["uci_har", "quick", "lstm"]
    assert joined.measures[1].cost.median == 0.6
    assert now.over(None) == now


def test_results_of_two_machines_are_never_joined():
    last = result(measure("uci_har"), machine=replace(MACHINE, n_cores=64))
    with refused(RunError, "another machine", "all parts measured"):
        result(measure("quick")).over(last)
    now = result(measure("uci_har", 0.5, 0.6, 0.7))
    assert now.over(last) == now
