from __future__ import annotations

import numpy as np
import pytest
from speed.contenders import Entry, entries
from speed.turns import BEST, BUSY, UNPREPARED, Turns

# Seconds for a window on the clock: without company, and beside a busy process.
CLOCK_S = {
    Entry("har", 1): (4.0, 5.0),
    Entry("har", 2): (3.0, 9.0),
    Entry("PyTorch", 1): (6.0, 8.0),
    Entry("PyTorch", 2): (4.5, 30.0),
    Entry("har", 1, 2): (2.0, 6.0),
}


class Answers:
    """Answers as a worker that is quiet for two rounds, a warming one and another, then busy."""

    def __init__(self, entry, log):
        self.entry = entry
        self.log = log
        self.n_calls = 0

    def __enter__(self):
        return self

    def __exit__(self, *_error):
        return None

    def call(self, method, task, turn_s):
        assert (method, task, turn_s) == ("seconds", "training", 0.1)
        self.log.append(self.entry)
        self.n_calls += 1
        return CLOCK_S[self.entry][self.n_calls > 2], 2.0 * self.entry.n_threads


@pytest.fixture
def measured(monkeypatch):
    log = []
    monkeypatch.setattr(Entry, "start", lambda entry, material: Answers(entry, log))
    measures = Turns(1, 0.1, 2).measure("quick", entries(2), ["training"], material=None)
    return {measure.setting: measure for measure in measures}, log


def test_each_framework_has_a_thread_and_one_on_each_core_and_har_processes_too():
    assert entries(2) == list(CLOCK_S)
    assert entries(1) == [Entry("har", 1), Entry("PyTorch", 1)]


def test_one_thread_alone_is_measured_in_processor_time_all_else_on_the_clock(measured):
    measures, _log = measured
    costs = {setting: measure.cost.median for setting, measure in measures.items()}
    assert costs == {
        "1 thread": 1.0,
        "2 threads": pytest.approx(3 / 4.5, rel=1e-3),
        "2 processes": pytest.approx(2 / 4.5, rel=1e-3),
        BEST: pytest.approx(2 / 4.5, rel=1e-3),
        f"1 thread {BUSY}": 0.625,
        f"2 threads {BUSY}": 0.3,
        f"2 processes {BUSY}": 0.2,
        f"{BEST} {BUSY}": 0.625,
        UNPREPARED: pytest.approx(5 / 30, rel=1e-3),
    }
    assert measures[BEST].ours == pytest.approx(1 / 2, rel=1e-3)


def test_all_take_turns_and_nobody_always_follows_the_same_other_one(measured):
    _measures, log = measured
    rounds = np.array([list(CLOCK_S).index(entry) for entry in log]).reshape(-1, 5)
    assert [sorted(r) for r in rounds.tolist()] == [[0, 1, 2, 3, 4]] * 4
    assert rounds[:2].tolist() == [[0, 1, 2, 3, 4], [1, 2, 3, 4, 0]]
