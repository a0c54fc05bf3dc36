"""A lock on a folder that shows whether a process still works on it.

The kernel releases the lock however the process ends. Unlike the number of a process, kept in a
file, it is never another process's, and it is seen from containers.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Hold a lock on a folder until the block or the process ends; see `is_held`.

    Parameters
    ----------
    folder : Path
        It must exist. Where its file system knows no such locks, nothing is held.
    """
    with _opened(folder) as descriptor:
        with suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_SH)
        yield


def is_held(folder: Path) -> bool:
    """Return whether a process holds a lock on a folder.

    Parameters
    ----------
    folder : Path
        It must exist.

    Returns
    -------
    bool
        False also where the file system knows no such locks, or not those of other machines.
    """
    with _opened(folder) as descriptor:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            return isinstance(error, BlockingIOError)
        return False


@contextmanager
def _opened(folder: Path) -> Iterator[int]:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        yield descriptor
    finally:
        os.close(descriptor)
