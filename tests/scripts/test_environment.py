"""The scripts, in a fresh clone with an empty home folder, as a newcomer would run them."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
KEPT = ("PATH", "LANG", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "https_proxy", "no_proxy")


def newcomers_environment(home):
    """Nothing of this session but how to reach programs and the package index."""
    kept = {name: value for name, value in os.environ.items() if name in KEPT}
    index = {name: value for name, value in os.environ.items() if name.startswith("PIP_")}
    return {**kept, **index, "HOME": str(home)}


def run(command, folder, environment, timeout_s=3600):
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=timeout_s
    )


@pytest.fixture
def scripts_alone(tmp_path):
    """A folder with scripts/environment and two stand-ins for Python on an otherwise bare PATH."""
    (tmp_path / "scripts").mkdir()
    shutil.copy(ROOT / "scripts" / "environment", tmp_path / "scripts")
    for file in ("setup.cfg", "pyproject.toml"):
        shutil.copy(ROOT / file, tmp_path)
    (tmp_path / "bin").mkdir()
    for tool in ("bash", "dirname", "cat", "cksum", "grep", "rm"):
        (tmp_path / "bin" / tool).symlink_to(shutil.which(tool))
    return tmp_path


def add_program(folder, name, text):
    program = folder / "bin" / name
    program.write_text(f"#!/bin/bash\n{text}\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)


def source_and(command, folder):
    environment = {"PATH": str(folder / "bin"), "HOME": str(folder)}
    script = f"source scripts/environment; {command}"
    return run(["bash", "-c", script], folder, environment, timeout_s=600)


def test_without_a_fitting_python_it_is_said_what_to_install(scripts_alone):
    add_program(scripts_alone, "python3.11", "echo broken >&2; exit 127")
    add_program(scripts_alone, "python3", "exit 1")
    done = source_and("ensure_environment", scripts_alone)
    assert done.returncode == 1
    assert "found no working Python 3.10, 3.11 or 3.12" in done.stderr
    assert "apt-get install python3 python3-venv" in done.stderr
    assert not (scripts_alone / ".venv").exists()


def test_a_python_that_does_not_work_is_passed_over(scripts_alone):
    add_program(scripts_alone, "python3.11", "exit 127")
    add_program(scripts_alone, "python3.12", "exit 0")
    done = source_and("fitting_python", scripts_alone)
    assert done.stdout.strip() == str(scripts_alone / "bin" / "python3.12")


@pytest.fixture(scope="session")
def clone(tmp_path_factory):
    """A fresh clone, without .venv, data or runs."""
    if not (ROOT / ".git").exists():
        pytest.skip("this is no git checkout, so it cannot be cloned")
    folder = tmp_path_factory.mktemp("newcomer") / "har"
    command = ["git", "clone", "--quiet", str(ROOT), str(folder)]
    subprocess.run(command, check=True, capture_output=True)
    return folder


@pytest.mark.slow
def test_a_newcomer_trains_on_real_data_with_one_command_and_nothing_is_installed_twice(clone):
    home = clone.parent / "home"
    home.mkdir()
    environment = newcomers_environment(home)
    tiny = ["--config", "quick", "--training.n_epochs", "1"]
    first = run(["./scripts/train", *tiny], clone, environment)
    assert first.returncode == 0, first.stderr
    report = clone / first.stdout.strip().splitlines()[-1].removeprefix("report: ")
    assert report.parent.parent == clone / "runs"
    assert "2947 windows of 9 people" in report.read_text().replace(",", "").replace("\n", " ")
    assert "Installing har" in first.stderr
    second = run(["./scripts/train", *tiny, "--out", "runs/again"], clone, environment)
    assert second.returncode == 0, second.stderr
    for word in ("Making", "Installing", "Fetching", "Reading", "Rebuilding"):
        assert word not in second.stderr


@pytest.mark.parametrize(
    "script", ["train", "test", "check", "benchmark", "reproduce", "person-or-recording"]
)
def test_each_script_is_executable_and_says_what_it_is_for(script):
    path = ROOT / "scripts" / script
    assert os.access(path, os.X_OK)
    assert path.read_text().splitlines()[1].startswith("# ")
