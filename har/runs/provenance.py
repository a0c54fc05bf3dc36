"""Time, versions, machine and commit of a command: what a manifest holds from the beginning."""

from __future__ import annotations

import os
import platform
import subprocess
from collections.abc import Sequence
from datetime import datetime, timezone
from importlib import metadata
from pathlib import Path

from har import __version__
from har.runs.manifest import Environment, FoldsDescription, GitState, Manifest, Session
from har.signals.data_description import DataDescription

_PACKAGES = ("mxnet", "numpy", "pandas", "scikit-learn", "scipy")


def now() -> str:
    """Return the time, in UTC, to the second."""
    return datetime.now(timezone.utc).isoformat(timespec="seconds")


def describe_start(
    command: Sequence[str],
    recipe: str,
    data: DataDescription,
    folds: FoldsDescription | None = None,
) -> Manifest:
    """Make the manifest of a command that begins now.

    Parameters
    ----------
    command : sequence of str
        The command line.
    recipe : str
        Name of the recipe.
    data : DataDescription
        Data set for training and testing.
    folds : FoldsDescription, optional
        Folds of a cross-validation.

    Returns
    -------
    Manifest
    """
    return Manifest(
        status="running", recipe=recipe, data=data, folds=folds, session=describe_session(command)
    )


def describe_session(command: Sequence[str]) -> Session:
    """Return the session of a command that begins now."""
    return Session(
        har=__version__,
        started=now(),
        command=tuple(command),
        environment=describe_environment(),
        git=describe_source(),
    )


def describe_environment() -> Environment:
    """Return the versions of Python and of what computes, the platform and the number of cores."""
    return Environment(
        python=platform.python_version(),
        platform=platform.platform(),
        n_cores=len(os.sched_getaffinity(0)),
        packages={package: metadata.version(package) for package in _PACKAGES},
    )


def describe_source() -> GitState | None:
    """Return the commit this package was run from, and whether files differ from it.

    Returns
    -------
    GitState or None
        None where the package does not lie in its repository.
    """
    repository = Path(__file__).parents[2]
    if not (repository / ".git").exists():
        return None
    try:
        commit = _git(repository, "rev-parse", "HEAD")
        return GitState(commit, bool(_git(repository, "status", "--porcelain")))
    except (OSError, subprocess.SubprocessError):
        return None


def _git(repository: Path, *arguments: str) -> str:
    command = ["git", "-C", str(repository), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
