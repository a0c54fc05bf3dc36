"""The scripts, in a fresh clone with an empty home folder, as a newcomer would run them."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
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
    """A folder with scripts/environment, and a PATH with nothing but what it calls."""
    (tmp_path / "scripts").mkdir()
    shutil.copy(ROOT / "scripts" / "environment", tmp_path / "scripts")
    shutil.copytree(ROOT / "requirements", tmp_path / "requirements")
    for file in ("setup.cfg", "pyproject.toml"):
        shutil.copy(ROOT / file, tmp_path)
    (tmp_path / "bin").mkdir()
    for tool in ("bash", "dirname", "cat", "cksum", "grep", "rm", "mkdir", "cp", "uname", "ldd"):
        (tmp_path / "bin" / tool).symlink_to(shutil.which(tool))
    return tmp_path


def add_program(folder, name, text):
    program = folder / "bin" / name
    program.unlink(missing_ok=True)
    program.write_text(f"#!/bin/bash\n{text}\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)


def source_and(command, folder):
    environment = {"PATH": str(folder / "bin"), "HOME": str(folder)}
    script = f"source scripts/environment; {command}"
    return run(["bash", "-c", script], folder, environment, timeout_s=600)


def test_without_a_fitting_python_it_is_said_what_was_found_and_what_to_install(scripts_alone):
    add_program(scripts_alone, "python3.11", "echo broken >&2; exit 127")
    old = f'[ "$1" = --version ] && {{ echo Python 3.9.18; exit 0; }}; exec {sys.executable} -c 1/0'
    add_program(scripts_alone, "python3", old)
    done = source_and("ensure_environment", scripts_alone)
    assert done.returncode == 1
    path = scripts_alone / "bin" / "python3"
    assert f"found Python 3.9.18 ({path}), expected Python 3.10 or newer" in done.stderr
    assert "apt-get install python3 python3-venv" in done.stderr
    assert not (scripts_alone / ".venv").exists()


@pytest.mark.parametrize(
    ("program", "text", "found"),
    [
        ("uname", "echo Darwin", "found Darwin, expected Linux"),
        ("ldd", "echo 'musl libc (x86_64)' >&2; exit 1", "found a system with musl"),
    ],
)
def test_a_system_without_mxnet_is_named_with_what_is_possible(scripts_alone, program, text, found):
    add_program(scripts_alone, program, text)
    add_program(scripts_alone, "python3", "exit 0")
    done = source_and("ensure_environment", scripts_alone)
    assert done.returncode == 1
    assert found in done.stderr and "a container with it will do" in done.stderr
    assert not (scripts_alone / ".venv").exists()


def test_a_python_that_does_not_work_is_passed_over(scripts_alone):
    add_program(scripts_alone, "python3", "exit 127")
    add_program(scripts_alone, "python3.12", "exit 0")
    done = source_and("fitting_python", scripts_alone)
    assert done.stdout.strip() == str(scripts_alone / "bin" / "python3.12")


# Notes what it is called with; as venv, makes an environment of itself.
STAND_IN = """
echo "$0 $*" >> calls
if [ "$2" = venv ]; then mkdir -p "$3/bin"; cp "$0" "$3/bin/python"; fi
"""


def calls_of(folder, *, uv):
    add_program(folder, "python3", STAND_IN)
    if uv:
        add_program(folder, "uv", uv)
    done = source_and("ensure_environment", folder)
    assert done.returncode == 0, done.stderr
    return (folder / "calls").read_text().splitlines(), done.stderr


def test_uv_installs_what_is_pinned_where_there_is_one(scripts_alone):
    uv = 'echo "uv $*" >> calls; [ $1 != venv ] || { mkdir -p .venv/bin; : > .venv/bin/python; }'
    calls, _ = calls_of(scripts_alone, uv=uv)
    installed = [call for call in calls if call.startswith("uv pip install")]
    assert len(installed) == 2 and all("--no-deps" in call for call in installed)
    assert installed[0].endswith("--requirement requirements/run.txt")
    assert not any("-m pip" in call for call in calls)


@pytest.mark.parametrize("uv", [None, "[ $1 != venv ] || cp -r made .venv; [ $1 = venv ]"])
def test_pip_goes_on_where_there_is_no_uv_or_it_does_not_succeed(scripts_alone, uv):
    add_program(scripts_alone, "python", STAND_IN)
    (scripts_alone / "made" / "bin").mkdir(parents=True)
    shutil.copy(scripts_alone / "bin" / "python", scripts_alone / "made" / "bin" / "python")
    calls, told = calls_of(scripts_alone, uv=uv)
    installed = [call for call in calls if "-m pip install" in call and "uv>=" not in call]
    assert len(installed) == 2 and all("--no-deps" in call for call in installed)
    assert installed[0].endswith("--requirement requirements/run.txt")
    assert ("pip goes on without it" in told) == (uv is not None)


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
    "script",
    [
        "train",
        "test",
        "test-pythons",
        "check",
        "lock-requirements",
        "benchmark",
        "reproduce",
        "person-or-recording",
    ],
)
def test_each_script_is_executable_and_says_what_it_is_for(script):
    path = ROOT / "scripts" / script
    assert os.access(path, os.X_OK)
    assert path.read_text().splitlines()[1].startswith("# ")
