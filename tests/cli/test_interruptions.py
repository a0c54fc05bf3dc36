"""Signals that end a command: what is kept, the one line that says so, and the exit status."""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from command_line import TINY

from har.cli.main import main
from har.cli.options import way_to_go_on
from har.errors import Interrupted, Terminated, status_of
from har.recipes import load_config, save_config

# Put in the place of `har inspect`; the process says when it is at work.
_AT_WORK = """
import signal, sys, time
from har.cli import main
from har.cli.verbs import inspect
def is_at_work():
    print('at work', flush=True)
def run(**_):
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
    process = at_work("is_at_work(); time.sleep(600)")
    process.send_signal(number)
    _, said = process.communicate(timeout=600)
    assert (process.returncode, said) == (status, "har: interrupted\n")


def test_what_is_written_on_the_way_out_is_not_stopped_by_the_same_signal_again():
    work = (
        "try:\n"
        "        is_at_work()\n"
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
        "is_at_work()\n"
        "    class Dropped:\n"
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
    process = at_work("is_at_work(); sys.stdin.readline()", before=ignored, stdin=subprocess.PIPE)
    process.send_signal(signal.SIGHUP)
    _, said = process.communicate("go on\n", timeout=600)
    assert (process.returncode, said) == (0, "")


def test_nothing_is_left_of_a_command_in_the_signals_of_its_process(monkeypatch):
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = [signal.getsignal(number) for number in numbers]
    during = []
    monkeypatch.setattr(
        "har.cli.verbs.inspect.run",
        lambda **_options: during.extend(map(signal.getsignal, numbers)),
    )
    main(["inspect", "data"])
    assert [signal.getsignal(number) for number in numbers] == before
    assert during[1] is not before[1]


def test_a_program_that_handles_the_signal_itself_keeps_its_handler(monkeypatch):
    heard = []
    monkeypatch.setattr(
        "har.cli.verbs.inspect.run", lambda **_options: os.kill(os.getpid(), signal.SIGTERM)
    )
    before = signal.signal(signal.SIGTERM, lambda number, _frame: heard.append(number))
    try:
        assert main(["inspect", "data"]) == 0
    finally:
        signal.signal(signal.SIGTERM, before)
    assert heard == [signal.SIGTERM]


def test_a_command_runs_in_another_thread_where_no_handler_can_be_set(monkeypatch):
    monkeypatch.setattr("har.cli.verbs.inspect.run", lambda **_options: None)
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


# Each verb on small data, which stops to wait at its second job.
_LONG = """
import sys, time
from builders import small_windows
from har.cli import main
from har.cli.verbs import cross_validate, predict, tune
from har.datasets.dataset import TrainingSet
from har.model_selection import cross_validation, tuning

def waits_at(module, name, n_calls):
    real, calls = getattr(module, name), []
    def called(*arguments, **options):
        calls.append(1)
        if len(calls) == n_calls:
            print('at work', flush=True)
            time.sleep(3600)
        return real(*arguments, **options)
    setattr(module, name, called)

small = TrainingSet("small", small_windows(), "a builder")
cross_validate.open_training = tune.open_training = lambda config: small
# A search scores five folds in each trial.
{wait}
if __name__ == "__main__":
    sys.exit(main.main(sys.argv[1:]))
"""
_WAITS = {
    "cv": "waits_at(cross_validation, 'score_fold', 2)",
    "tune": "waits_at(tuning, 'score_fold', 6)",
    "predict": "waits_at(predict, '_predict_file', 2)",
}
_SMALL = (*TINY, "--device", "cpu", "--training.n_epochs", "1", "--training.rotation_degrees", "0")
_OPTIONS = {
    "cv": ("--folds", "3", "--seeds", "1", "--jobs", "1"),
    "tune": ("--model.hidden_size", "2..6", "--trials", "2"),
}
_KEPT = {"cv": "1 of 3 folds", "tune": "1 of 2 trials", "predict": "1 of 2 recordings"}


def started(verb, wait, *arguments):
    code = _LONG.format(wait=wait)
    command = [sys.executable, "-c", code, verb, *map(str, arguments)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    return subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


@pytest.fixture
def options_of(run, walk, tmp_path):
    """Give what a verb works on: a run and two recordings, or small windows."""
    files = [shutil.copy(walk, tmp_path / name) for name in ("a.csv", "b.csv")]
    recipe = tmp_path / "small.yaml"
    save_config(load_config(_SMALL[1], *_SMALL[2:]), recipe)
    return {
        **{verb: ("--config", recipe, *options) for verb, options in _OPTIONS.items()},
        "predict": (run, *files, "--jobs", "1"),
    }.__getitem__


@pytest.mark.parametrize(
    ("verb", "number", "status"),
    [
        ("predict", signal.SIGTERM, 143),
        # cv and tune have a test of Ctrl-C beside their others, which ends in the same lines.
        *(
            pytest.param(verb, number, status, marks=pytest.mark.slow)
            for verb in ("cv", "tune", "predict")
            for number, status in ((signal.SIGINT, 130), (signal.SIGTERM, 143))
            if (verb, number) != ("predict", signal.SIGTERM)
        ),
    ],
)
def test_an_interrupted_verb_names_what_it_keeps_and_the_command_that_goes_on(
    verb, number, status, options_of, tmp_path
):
    out = tmp_path / "an out"
    process = started(verb, _WAITS[verb], *options_of(verb), "--out", out)
    assert process.stdout.readline() == "at work\n", process.stderr.read()
    process.send_signal(number)
    _, said = process.communicate(timeout=600)
    assert process.returncode == status
    line, command = said.splitlines()[-1].split("; to go on: ")
    assert line == f"har: interrupted after {_KEPT[verb]}, which {out} keeps"
    assert "Traceback" not in said
    program, *arguments = shlex.split(command)
    assert program == "har"
    again = started(arguments[0], "", *arguments[1:])
    printed, said = again.communicate(timeout=600)
    assert again.returncode == 0, said
    # What was kept is not done again.
    assert {
        "cv": "1 of 3 folds are there already" in said,
        "tune": said.startswith("2/2  trial ") and said.count("\n") == 1,
        "predict": "1 of 2 recordings are done" in said,
    }[verb]


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (("har", "cv", "--out", "a b"), "to go on: har cv --out 'a b'"),
        (("har", "cv", "--out=x"), "to go on: har cv --out=x"),
        (("har", "cv"), "to go on: har cv --out runs/cv"),
        # Not a line whose middle would be left out, nor one of a program in Python.
        (("har", "cv", "x" * 400), "the same command with --out runs/cv goes on from there"),
        ((), "the same command with --out runs/cv goes on from there"),
    ],
)
def test_the_command_that_goes_on_is_whole(command, words):
    assert way_to_go_on(command, Path("runs/cv")) == words
