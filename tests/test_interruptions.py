"""Signals that end a command: what is kept, the one line that says so, and the exit status."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading

import pytest

from har.cli.main import main
from har.errors import Interrupted, Terminated, status_of

# Put in the place of `har inspect`; the process says when it is at work.
_AT_WORK = """
import signal, sys, time
from har.cli import inspect, main
def run(**_):
    print('at work', flush=True)
    {work}
inspect.run = run
{before}
sys.exit(main.main(['inspect', 'data']))
"""


def at_work(work, before="", **options):
    """Start a command, and wait until it is at work."""
    code = _AT_WORK.format(work=work, before=before)
    process = subprocess.Popen(
        [sys.executable, "-c", code],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,
    )
    assert process.stdout.readline() == "at work\n"
    return process


@pytest.mark.parametrize(
    ("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]
)
def test_each_signal_ends_a_command_with_one_line_and_the_status_of_shells(number, status):
    process = at_work("time.sleep(600)")
    process.send_signal(number)
    _, said = process.communicate(timeout=600)
    assert (process.returncode, said) == (status, "har: interrupted\n")


def test_what_is_written_on_the_way_out_is_not_stopped_by_the_same_signal_again():
    work = (
        "try:\n"
        "        time.sleep(600)\n"
        "    finally:\n"
        "        print('writing', flush=True)\n"
        "        sys.stdin.readline()\n"
        "        print('written', flush=True)"
    )
    process = at_work(work, stdin=subprocess.PIPE)
    process.send_signal(signal.SIGTERM)
    assert process.stdout.readline() == "writing\n"
    process.send_signal(signal.SIGTERM)
    process.send_signal(signal.SIGHUP)
    out, said = process.communicate("go on\n", timeout=600)
    assert (process.returncode, out, said) == (143, "written\n", "har: interrupted\n")


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_that_comes_while_an_object_is_dropped_is_not_lost(number, status):
    work = (
        "class Dropped:\n"
        "        def __del__(self):\n"
        "            sys.stdin.readline()\n"
        f"            signal.raise_signal({int(number)})\n"
        "    Dropped()\n"
        "    time.sleep(600)"
    )
    process = at_work(work, stdin=subprocess.PIPE)
    _, said = process.communicate("go on\n", timeout=600)
    assert (process.returncode, said) == (status, "har: interrupted\n")


def test_a_signal_that_was_ignored_stays_ignored():
    # As under nohup.
    ignored = "signal.signal(signal.SIGHUP, signal.SIG_IGN)"
    process = at_work("sys.stdin.readline()", before=ignored, stdin=subprocess.PIPE)
    process.send_signal(signal.SIGHUP)
    _, said = process.communicate("go on\n", timeout=600)
    assert (process.returncode, said) == (0, "")


def test_nothing_is_left_of_a_command_in_the_signals_of_its_process(monkeypatch):
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = [signal.getsignal(number) for number in numbers]
    during = []
    monkeypatch.setattr(
        "har.cli.inspect.run",
        lambda **_options: during.extend(map(signal.getsignal, numbers)),
    )
    main(["inspect", "data"])
    assert [signal.getsignal(number) for number in numbers] == before
    assert during[1] is not before[1]


def test_a_program_that_handles_the_signal_itself_keeps_its_handler(monkeypatch):
    heard = []
    monkeypatch.setattr(
        "har.cli.inspect.run", lambda **_options: os.kill(os.getpid(), signal.SIGTERM)
    )
    before = signal.signal(signal.SIGTERM, lambda number, _frame: heard.append(number))
    try:
        assert main(["inspect", "data"]) == 0
    finally:
        signal.signal(signal.SIGTERM, before)
    assert heard == [signal.SIGTERM]


def test_a_command_runs_in_another_thread_where_no_handler_can_be_set(monkeypatch):
    monkeypatch.setattr("har.cli.inspect.run", lambda **_options: None)
    statuses = []
    thread = threading.Thread(target=lambda: statuses.append(main(["inspect", "data"])))
    thread.start()
    thread.join()
    assert statuses == [0]


@pytest.mark.parametrize(
    ("stop", "status"),
    [(KeyboardInterrupt(), 130), (Terminated(), 143), (Terminated(signal.SIGHUP), 129)],
)
def test_an_interruption_has_the_status_of_what_stopped_it(stop, status):
    assert status_of(stop) == status
    assert Interrupted("stopped", stop).exit_status == status
    assert isinstance(stop, KeyboardInterrupt)
