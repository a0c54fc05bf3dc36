"""The load test itself, with few phones and without a limit of time."""

from __future__ import annotations

import argparse
import asyncio
import os

import live_load
import pytest
from served import served


def test_every_window_of_every_phone_is_answered_and_memory_is_seen():
    options = argparse.Namespace(phones=3, seconds=9.0, at_once=10, wait=3.0)
    with served() as server:
        measured = asyncio.run(live_load.measure(os.getpid(), server.port, options))
    text = live_load.in_words(measured, options)
    assert text.startswith("3 phones at 50 Hz, 10 samples a message, 9 s: ")
    assert len(measured.server_ms) == len(measured.sample_ms) > 0
    assert min(measured.server_ms) > 0
    assert "memory of the server" in text


@pytest.mark.slow
def test_a_real_server_under_load_answers_all(run):
    options = argparse.Namespace(phones=5, seconds=10.0, at_once=10, wait=10.0)
    with live_load.serving(run, options.phones) as (process, port):
        measured = asyncio.run(live_load.measure(process, port, options))
    assert measured.n_missing == 0
