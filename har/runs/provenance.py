"""What ran where, when and on what: a run's manifest, but for the model."""

from __future__ import annotations

import os
import platform
import subprocess
from datetime import datetime, timezone
from importlib import metadata
from pathlib import Path
from typing import Any

from har import __version__
from har.datasets.dataset import DataSet, TrainingSet

_PACKAGES = ("mxnet", "numpy", "pandas", "scikit-learn", "scipy")


def now() -> str:
    """Tell the time, in UTC, to the second."""
    return datetime.now(timezone.utc).isoformat(timespec="seconds")


def describe_start(command: list[str], recipe: str, data: DataSet) -> dict[str, Any]:
    """Collect what a run's manifest tells from the beginning.

    Parameters
    ----------
    command : list of str
        The command line.
    recipe : str
        The recipe's name.
    data : DataSet
        What is trained and tested on.

    Returns
    -------
    dict
        Sections of the manifest.
    """
    n_windows = {"n_train_windows": len(data.train), "n_test_windows": len(data.test)}
    return {
        "status": "running",
        "recipe": recipe,
        "data": {**_describe_data(data), **n_windows},
        **describe_session(command),
    }


def describe_training_start(command: list[str], recipe: str, data: TrainingSet) -> dict[str, Any]:
    """Collect the same where there is no test split; see `describe_start`."""
    return {
        "status": "running",
        "recipe": recipe,
        "data": {**_describe_data(data), "n_train_windows": len(data.windows)},
        **describe_session(command),
    }


def _describe_data(data: DataSet | TrainingSet) -> dict[str, Any]:
    return {
        "name": data.name,
        "source": data.source,
        "notes": list(data.notes),
        "fingerprint": data.fingerprint,
    }


def describe_session(command: list[str]) -> dict[str, Any]:
    """Tell when and with what a command began: time, versions, platform and git state."""
    return {
        "har": __version__,
        "started": now(),
        "command": command,
        "environment": describe_environment(),
        "git": describe_source(),
    }


def describe_environment() -> dict[str, Any]:
    """Tell the versions of Python and of what computes, the platform and the number of cores."""
    return {
        "python": platform.python_version(),
        "platform": platform.platform(),
        "n_cores": len(os.sched_getaffinity(0)),
        **{package: metadata.version(package) for package in _PACKAGES},
    }


def describe_source() -> dict[str, Any] | None:
    """Tell the commit this package was run from, and whether files differ from it.

    Returns
    -------
    dict or None
        Keys ``commit`` and ``is_dirty``; None where the package does not lie in its repository.
    """
    repository = Path(__file__).parents[2]
    if not (repository / ".git").exists():
        return None
    try:
        commit = _git(repository, "rev-parse", "HEAD")
        return {"commit": commit, "is_dirty": bool(_git(repository, "status", "--porcelain"))}
    except (OSError, subprocess.SubprocessError):
        return None


def _git(repository: Path, *arguments: str) -> str:
    command = ["git", "-C", str(repository), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
