"""Helpers of the tests of the command line."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import time
from contextlib import redirect_stderr, redirect_stdout

import pytest

from har.cli.main import main

# A run of a few seconds, with six plain LSTM units.
TINY = ("--config", "quick", "--training.n_epochs", "2", "--training.batch_size", "256")
TINY += ("--model.hidden_size", "6", "--model.bidirectional", "false", "--model.pooling", "mean")
TINY += ("--model.views", "[channels]", "--model.conv_channels", "0", "--model.conv_skip", "false")
TINY += ("--model.summary_size", "0")


def the_one_line(capsys):
    """Return the only line on standard error."""
    lines = capsys.readouterr().err.strip().splitlines()
    assert len(lines) == 1, lines
    return lines[0]


def start_long_training(out, data_root, *arguments, **options):
    """Start a training of several minutes in another process."""
    arguments = (*arguments, *TINY, "--out", out, "--data.root", data_root)
    command = [sys.executable, "-m", "har", "train", *map(str, arguments)]
    command += ["--training.n_epochs", "2000"]
    return subprocess.Popen(command, **options)


def wait_for_lines(file, n_lines, timeout_s=1200):
    deadline_s = time.monotonic() + timeout_s
    while not file.exists() or len(file.read_text().splitlines()) < n_lines:
        assert time.monotonic() < deadline_s, f"{file} did not get {n_lines} lines"
        time.sleep(0.1)


# A line of code for a process's own peak memory in MB; that of `resource` includes the parent's.
PEAK_MB = "int(open('/proc/self/status').read().split('VmHWM:')[1].split()[0]) // 1024"


def start_stream(run, *arguments):
    """Start ``har stream`` in a process of its own, ready for samples."""
    command = [sys.executable, "-m", "har", "stream", str(run), *arguments]
    pipe = subprocess.PIPE
    process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True, bufsize=1)
    assert "ready" in process.stderr.readline()
    return process


def har_stream(run, lines, *arguments):
    """Give the exit status, output and messages of ``har stream`` in this process."""
    text = "".join(f"{line}\n" for line in lines)
    out, errors = io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
        with redirect_stdout(out), redirect_stderr(errors):
            status = main(["stream", str(run), *arguments])
    return status, out.getvalue(), errors.getvalue()


def stream(run, lines, *arguments):
    """Give what a stream says of lines, and its last words."""
    status, out, errors = har_stream(run, lines, *arguments)
    assert status == 0, errors
    return [json.loads(line) for line in out.splitlines()], errors.strip().splitlines()[-1]
