from __future__ import annotations

import fcntl
import os
import subprocess
import sys
import threading
from contextlib import contextmanager
from pathlib import Path

import pytest
from builders import refused

from har.errors import RunError
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


@contextmanager
def holder_of(folder):
    """Start a process that holds a folder."""
    command = [sys.executable, "-c", HOLD, str(folder)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, text=True, **pipes) as process:
        assert process.stdout.readline() == "held\n"
        yield process


def test_a_folder_is_held_until_the_block_ends(tmp_path):
    assert not is_held(tmp_path)
    with held(tmp_path):
        assert is_held(tmp_path)
        assert is_held(tmp_path)
    assert not is_held(tmp_path)


def test_a_folder_that_another_process_holds_is_refused_by_one_line(tmp_path):
    with holder_of(tmp_path) as process:
        expected = f"{tmp_path}: found another process ({process.pid}) at work in it, expected one"
        with refused(RunError, expected), held(tmp_path):
            pytest.fail("both hold it")
        # Whoever was refused has taken nothing away.
        assert is_held(tmp_path)


def test_the_number_of_the_process_is_left_out_where_the_kernel_does_not_tell_it(
    tmp_path, monkeypatch
):
    monkeypatch.setattr(Path, "read_text", refuse_to_read)
    with held(tmp_path), refused(RunError, "found another process at work"), held(tmp_path):
        pytest.fail("both hold it")


def refuse_to_read(*_arguments, **_options):
    raise PermissionError(13, "Permission denied")


def test_those_who_share_a_folder_are_let_in_and_others_are_not(tmp_path):
    with held(tmp_path, is_shared=True), held(tmp_path, is_shared=True):
        assert is_held(tmp_path)
        with refused(RunError, "at work in it"), held(tmp_path):
            pytest.fail("it is shared by others")
    assert not is_held(tmp_path)


def test_a_look_at_a_folder_does_not_keep_it_from_who_wants_to_hold_it(tmp_path):
    descriptor = os.open(tmp_path, os.O_RDONLY)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    threading.Timer(0.05, os.close, [descriptor]).start()
    with held(tmp_path):
        assert is_held(tmp_path)


def test_a_folder_is_made_and_goes_again_if_nothing_was_put_into_it(tmp_path):
    folder = tmp_path / "deep" / "new"
    with held(folder):
        assert is_held(folder)
    assert not folder.exists()
    with held(folder):
        (folder / "file").touch()
    assert folder.exists()
    (folder / "file").unlink()
    with held(folder):
        pass
    assert folder.exists()


def test_a_folder_that_cannot_be_written_to_is_one_line(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    with refused(RunError, "file: found File exists, expected a folder"), held(tmp_path / "file"):
        pytest.fail("it is a file")
    monkeypatch.setattr(os, "access", lambda *_arguments: False)
    with refused(RunError, f"{tmp_path}: found Permission denied"), held(tmp_path):
        pytest.fail("it cannot be written to")


def test_an_error_lets_go(tmp_path):
    with pytest.raises(KeyError), held(tmp_path):
        raise KeyError
    assert not is_held(tmp_path)


def test_a_process_that_is_killed_lets_go(tmp_path):
    with holder_of(tmp_path) as process:
        assert is_held(tmp_path)
        process.kill()
    assert not is_held(tmp_path)
    with held(tmp_path):
        pass


def test_where_the_file_system_knows_no_locks_nothing_is_held(tmp_path, monkeypatch):
    def fail(descriptor, operation):
        raise OSError(38, "Function not implemented")

    monkeypatch.setattr(lock.fcntl, "flock", fail)
    with held(tmp_path):
        assert not is_held(tmp_path)
