"""A lock on a folder: one process at a time works in it, and others see that it is at work.

The kernel releases the lock however the process ends. Unlike the number of a process, kept in a
file, it is never another process's, and it is seen from containers.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from har.errors import RunError
from har.files import writing_to

# A process that only looks whether a folder is held holds it for that moment.
_N_TRIES = 20
_TRY_AGAIN_S = 0.01


@contextmanager
def held(folder: Path, is_shared: bool = False) -> Iterator[None]:
    """Hold a lock on a folder until the block or the process ends; see `is_held`.

    Parameters
    ----------
    folder : Path
        Made if it is not there, with the folders above it; one that was made and is still empty at
        the end is removed. Where its file system knows no such locks, nothing is held.
    is_shared : bool
        Whether others may hold it, too, which say the same.

    Raises
    ------
    RunError
        If another process holds the folder, or if it cannot be written to.
    """
    is_new = not folder.exists()
    with writing_to(folder):
        folder.mkdir(parents=True, exist_ok=True)
        if not os.access(folder, os.W_OK | os.X_OK):
            raise PermissionError(None, "Permission denied")
    try:
        with _opened(folder) as descriptor:
            _lock(descriptor, folder, fcntl.LOCK_SH if is_shared else fcntl.LOCK_EX)
            yield
    finally:
        if is_new:
            with suppress(OSError):
                folder.rmdir()


def _lock(descriptor: int, folder: Path, kind: int) -> None:
    for _ in range(_N_TRIES):
        try:
            fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(_TRY_AGAIN_S)
        except OSError:
            return
        else:
            return
    raise RunError(
        f"{folder}: found another process{_holder(descriptor)} at work in it, expected one at a "
        "time"
    )


def _holder(descriptor: int) -> str:
    """Return the number of the process that holds a lock, where the kernel tells it."""
    inode = os.fstat(descriptor).st_ino
    with suppress(OSError, IndexError):
        for line in Path("/proc/locks").read_text(encoding="ascii").splitlines():
            # 1: FLOCK  ADVISORY  WRITE 4711 08:01:131 0 EOF
            words = line.split()
            if words[1] == "FLOCK" and words[5].rpartition(":")[2] == str(inode):
                return f" ({words[4]})"
    return ""


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
