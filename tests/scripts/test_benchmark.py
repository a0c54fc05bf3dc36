import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "scripts" / "benchmark.py"
has_torch = importlib.util.find_spec("torch") is not None


def run(*arguments):
    return subprocess.run(
        [sys.executable, SCRIPT, *arguments], capture_output=True, text=True, timeout=600
    )


def test_help_needs_no_torch():
    finished = run("--help")
    assert finished.returncode == 0
    for option in ("--threads", "--rounds", "--batches", "--data.root"):
        assert option in finished.stdout


@pytest.mark.skipif(has_torch, reason="PyTorch is installed")
def test_without_torch_one_line_says_what_installs_it():
    finished = run()
    assert finished.returncode == 1
    assert finished.stdout == ""
    assert finished.stderr == "PyTorch is not installed; scripts/benchmark installs it\n"
