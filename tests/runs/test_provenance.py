from __future__ import annotations

import json
import os
import subprocess
from datetime import datetime, timedelta, timezone

import numpy as np
import pytest
from builders import small_windows

import har
from har.datasets.dataset import DataSet, TrainingSet
from har.runs import provenance
from har.runs.provenance import (
    describe_environment,
    describe_source,
    describe_start,
    describe_training_start,
    now,
)


def git(folder, *arguments):
    identity = ("-c", "user.name=Test", "-c", "user.email=test@example.org")
    command = ["git", "-C", str(folder), *identity, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    """Let the package seem to lie in a folder of its own."""
    package = tmp_path / "har" / "runs"
    package.mkdir(parents=True)
    (package / "provenance.py").write_text("")
    monkeypatch.setattr(provenance, "__file__", str(package / "provenance.py"))
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    return tmp_path


def test_the_time_is_in_utc_to_the_second():
    moment = datetime.fromisoformat(now())
    assert moment.utcoffset() == timedelta(0)
    assert abs(datetime.now(timezone.utc) - moment) < timedelta(seconds=5)
    assert moment.microsecond == 0


def test_the_environment_names_the_versions_that_compute():
    environment = describe_environment()
    assert environment["mxnet"] == "1.9.1"
    assert environment["numpy"] == np.__version__
    assert environment["n_cores"] >= 1
    assert {"python", "platform", "pandas", "scikit-learn", "scipy"} <= set(environment)


def test_a_clean_and_a_changed_checkout_are_told_apart(checkout):
    git(checkout, "init", "--quiet")
    git(checkout, "add", ".")
    git(checkout, "commit", "--quiet", "--message", "First")
    commit = git(checkout, "rev-parse", "HEAD")
    assert describe_source() == {"commit": commit, "is_dirty": False}
    (checkout / "har" / "new.py").write_text("")
    assert describe_source() == {"commit": commit, "is_dirty": True}


def test_an_installed_package_has_no_commit(checkout):
    assert describe_source() is None


def test_a_repository_that_git_cannot_read_has_no_commit(checkout):
    (checkout / ".git").mkdir()
    assert describe_source() is None


def test_without_git_there_is_no_commit(checkout, monkeypatch):
    (checkout / ".git").mkdir()
    monkeypatch.setenv("PATH", "")
    assert describe_source() is None


def test_a_run_starts_with_what_is_trained_on_what():
    windows = small_windows()
    splits = windows.of_subjects([1, 2]), windows.of_subjects([3])
    data = DataSet("mine", *splits, "a zip", "1234", notes=("One thing.",))
    start = describe_start(["har", "train"], "quick", data)
    assert json.loads(json.dumps(start)) == start
    assert start["har"] == har.__version__
    assert (start["status"], start["command"], start["recipe"]) == (
        "running",
        ["har", "train"],
        "quick",
    )
    assert start["data"] == {
        "name": "mine",
        "source": "a zip",
        "notes": ["One thing."],
        "fingerprint": "1234",
        "n_train_windows": 24,
        "n_test_windows": 12,
    }
    assert start["environment"] == describe_environment()
    assert {"started", "git"} <= set(start)


def test_a_cross_validation_starts_with_the_training_windows_alone():
    data = TrainingSet("mine", small_windows(), "a zip", ("One thing.",))
    start = describe_training_start(["har", "cv"], "quick", data)
    assert json.loads(json.dumps(start)) == start
    assert start["data"] == {
        "name": "mine",
        "source": "a zip",
        "notes": ["One thing."],
        "fingerprint": data.fingerprint,
        "n_train_windows": 72,
    }
    assert {"har", "status", "started", "command", "recipe", "environment", "git"} <= set(start)
