from __future__ import annotations

import os

import pytest
from speed.worker import Worker


def test_an_object_lives_in_a_process_with_an_environment_of_its_own(monkeypatch):
    monkeypatch.delenv("HAR_OF_A_WORKER", raising=False)
    with Worker(os.getenv, "HAR_OF_A_WORKER", environment={"HAR_OF_A_WORKER": "7"}) as worker:
        assert worker.call("zfill", 3) == "007"
        assert worker.call("upper") == "7"
    assert "HAR_OF_A_WORKER" not in os.environ


def test_what_fails_there_is_raised_here():
    with Worker(list, environment={}) as worker:
        worker.call("append", 1)
        with pytest.raises(ValueError, match="not in list"):
            worker.call("remove", 2)


def test_an_object_that_cannot_be_made_is_an_error_at_once():
    with pytest.raises(ValueError, match="invalid literal"):
        Worker(int, "x", environment={})
