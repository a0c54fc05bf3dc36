from __future__ import annotations

import logging

import pytest
from builders import tiny_config, weights_of
from numpy.testing import assert_array_equal
from small_trainings import CPU, TRAIN, fit, network_of

from har.models.backend import seed_everything
from har.training import threads as module
from har.training.threads import FixedThreads, MeasuredThreads, candidates, choose_threads

CONFIG = tiny_config({"dropout": 0.5, "head_dropout": 0.5, "n_layers": 2}, keep="last")


def cores(monkeypatch, n_cores):
    monkeypatch.setattr(module.os, "sched_getaffinity", lambda _process: set(range(n_cores)))


@pytest.fixture
def durations(monkeypatch):
    """Let steps last as long as this says for each number of threads; note what is measured."""
    cores(monkeypatch, 2)
    lasting = {1: 0.04, 2: 0.03}
    monkeypatch.setattr(module._Probe, "time_step", lambda probe: lasting[probe.n_threads])
    return lasting


@pytest.mark.parametrize(
    ("n_cores", "expected"), [(1, [1]), (2, [1, 2]), (6, [1, 2, 4, 6]), (8, [1, 2, 4, 8])]
)
def test_powers_of_two_and_all_cores_are_compared(monkeypatch, n_cores, expected):
    cores(monkeypatch, n_cores)
    assert candidates() == expected


@pytest.mark.parametrize(("two_s", "expected"), [(0.03, 2), (0.037, 1), (0.05, 1)])
def test_more_threads_must_be_worth_it(durations, caplog, two_s, expected):
    durations[2] = two_s
    with caplog.at_level(logging.INFO):
        threads = choose_threads(CONFIG, TRAIN, CPU, "auto")
    assert threads.n_threads == expected
    assert f"CPU threads: {expected} (measured with 1: 400 windows/s, 2: " in caplog.text


@pytest.mark.parametrize(
    ("epochs", "expected"),
    [([1.0, 1.3, 1.1, 1.5, 1.2], [2, 2, 2, 1, 1]), ([1.3, 1.4], [2, 2]), ([1.4, 1.0], [1, 1])],
)
def test_an_epoch_that_is_slower_by_a_third_is_a_reason_to_measure_again(
    durations, epochs, expected
):
    threads = MeasuredThreads(CONFIG, TRAIN, CPU[0])
    n_steps = len(TRAIN) / min(len(TRAIN), CONFIG.training.batch_size)
    measured_s = durations[2] * n_steps
    durations[2] = 0.08
    numbers = []
    for epoch in epochs:
        threads.note(epoch * measured_s)
        numbers.append(threads.n_threads)
    assert numbers == expected


@pytest.mark.parametrize(
    ("asked_for", "n_processes", "expected"), [(3, 1, 3), (None, 1, 7), ("auto", 2, 7), (2, 2, 2)]
)
def test_other_numbers_are_fixed(monkeypatch, asked_for, n_processes, expected):
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    threads = choose_threads(CONFIG, TRAIN, [], asked_for, n_processes)
    threads.note(1.0)
    threads.note(100.0)
    assert threads.n_threads == expected
    assert type(threads) is FixedThreads


def test_measuring_changes_no_weights(monkeypatch):
    cores(monkeypatch, 2)
    monkeypatch.setattr(module, "_LEAST_GAIN", 1e9)  # one thread, however fast the others are
    trained = []
    for kind in ("fixed", "measured"):
        network = network_of(**{"dropout": 0.5, "head_dropout": 0.5, "n_layers": 2})
        threads = choose_threads(CONFIG, TRAIN, CPU, 1 if kind == "fixed" else "auto")
        seed_everything(0)
        for _record in fit(network, TRAIN, None, CONFIG.training, CPU, 0, threads):
            # As if the epoch had been slow.
            if kind == "measured":
                threads.note(1e9)
        trained.append(weights_of(network))
    for name, weights in trained[0].items():
        assert_array_equal(weights, trained[1][name])
