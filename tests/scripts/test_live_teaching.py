"""The measure of teaching: a phone teaches, and others are answered meanwhile."""

from __future__ import annotations

import asyncio
import os
import time
from dataclasses import replace

import live_teaching
import pytest
from live_load import Measured
from live_teaching import Trial
from served import a_model, served

from har.errors import DataError
from har.serve.live_model import Taught


def test_it_times_each_recording_and_the_answers_of_others(monkeypatch):
    learned_from = []

    def teach(recording):
        learned_from.append(recording)
        time.sleep(0.2)
        return Taught(a_model(), "Learned.")

    for name in ("_BEFORE_S", "_BETWEEN_S", "_AFTER_S"):
        monkeypatch.setattr(live_teaching, name, 0.1)
    bodies = {1.0: live_teaching.recording(("WALKING", "STANDING"), 1)}
    with served(replace(a_model(), teach=teach)) as server:
        found = asyncio.run(live_teaching.measure(os.getpid(), server.port, 1, bodies, 2))
    assert [recording.labels for recording in learned_from] == 2 * [
        ("WALKING",) * 50 + ("STANDING",) * 50
    ]
    assert all(trial.ended_s - trial.began_s >= 0.2 for trial in found[0])


def test_a_refusal_ends_it():
    def teach(_recording):
        raise DataError("found 1 window, expected more")

    with served(replace(a_model(), teach=teach)) as server:
        with pytest.raises(SystemExit, match="teaching was refused: phone: found none"):
            live_teaching.post(server.port, "0" * 32, b"{}")


def test_answers_that_are_due_while_somebody_teaches_are_told_apart():
    trials = [Trial(20, 100.0, 101.0, 300.0), Trial(20, 110.0, 110.5, 301.0)]
    measured = Measured(server_ms=[20.0, 30.0, 900.0], answered_s=[90.0, 100.5, 111.0])
    assert live_teaching.in_words(3, trials, measured).splitlines() == [
        "3 other phones",
        "  20 s of each activity: taught in 1.00, 0.50 s",
        "  memory after the first 300.0 MB, after all 2 301.0 MB",
        "  other phones' answers meanwhile: 2, p50 465.0 ms, p99 891.3 ms, most 900.0 ms",
        "  other phones' answers otherwise: 1, p50 20.0 ms, p99 20.0 ms, most 20.0 ms",
    ]
