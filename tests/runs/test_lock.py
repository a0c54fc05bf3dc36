from __future__ import annotations

import subprocess
import sys

import pytest

from har.runs import lock
from har.runs.lock import held, is_held

HOLD = """
import sys
from pathlib import Path
from har.runs.lock import held
with held(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_folder_is_held_until_the_block_ends(tmp_path):
    assert not is_held(tmp_path)
    with held(tmp_path):
        assert is_held(tmp_path)
        assert is_held(tmp_path)
    assert not is_held(tmp_path)


def test_a_folder_that_two_hold_is_held_until_both_let_go(tmp_path):
    with held(tmp_path):
        with held(tmp_path):
            assert is_held(tmp_path)
        assert is_held(tmp_path)
    assert not is_held(tmp_path)


def test_an_error_lets_go(tmp_path):
    with pytest.raises(KeyError), held(tmp_path):
        raise KeyError
    assert not is_held(tmp_path)


def test_a_process_that_is_killed_lets_go(tmp_path):
    command = [sys.executable, "-c", HOLD, str(tmp_path)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, text=True, **pipes) as process:
        assert process.stdout.readline() == "held\n"
        assert is_held(tmp_path)
        process.kill()
    assert not is_held(tmp_path)


def test_where_the_file_system_knows_no_locks_nothing_is_held(tmp_path, monkeypatch):
    def fail(descriptor, operation):
        raise OSError(38, "Function not implemented")

    monkeypatch.setattr(lock.fcntl, "flock", fail)
    with held(tmp_path):
        assert not is_held(tmp_path)
