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
from har.datasets.dataset import DataSet

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
    return {
        "har": __version__,
        "status": "running",
        "started": now(),
        "command": command,
        "recipe": recipe,
        "data": {
            "name": data.name,
            "source": data.source,
            "notes": list(data.notes),
            "fingerprint": data.fingerprint,
            "n_train_windows": len(data.train),
            "n_test_windows": len(data.test),
        },
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
    repository = Path(__file__).parents[1]
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
