"""Files appear whole or not at all: write beside, flush to disk, rename.

What is being written is locked, so that what a killed process left is known by its missing lock.

Files that are read are regular ones, since a pipe or a device may be waited for without end, and
are read into memory up to a bound only.
"""

from __future__ import annotations

import errno
import fcntl
import io
import json
import math
import os
import re
import shutil
import stat
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache, partial
from io import FileIO
from pathlib import Path
from typing import BinaryIO, Literal

import pandas as pd

from har.errors import RunError, UsageError, install_command

FILE_MODE = 0o644
FOLDER_MODE = 0o755
# What is not whole yet: a name of `tempfile`.
_PARTIAL = ".partial-"
_PARTIAL_NAME = re.compile(r"\.partial-[a-z0-9_]{8}(\..*)?")
_LEFT_AFTER_S = 24 * 3600
_MOST_BYTES_OF_LINE = 1 << 20
_BLOCK_BYTES = 1 << 20


def write_whole(path: Path, write: Callable[[Path], object]) -> None:
    """Write a file whole or not at all.

    Parameters
    ----------
    path : Path
        File to create or replace, in an existing folder.
    write : callable
        Function that writes to a temporary file, whose path has the suffix of `path`.

    Raises
    ------
    OSError
        If the folder cannot be written. `path` is then unchanged.
    """
    make = partial(_make_file, suffix=path.suffix)
    with _naming(path), _partial(path.parent, make) as temporary:
        try:
            write(temporary)
            with temporary.open("rb+") as stream:
                os.fsync(stream.fileno())
            temporary.chmod(FILE_MODE)
            temporary.replace(path)
        finally:
            # The write's own error is the one to report.
            with suppress(OSError):
                temporary.unlink()


def _make_file(folder: Path, suffix: str) -> str:
    descriptor, name = tempfile.mkstemp(dir=folder, prefix=_PARTIAL, suffix=suffix)
    os.close(descriptor)
    return name


@contextmanager
def _naming(path: Path) -> Iterator[None]:
    """Let an `OSError` in the block name the file that was to be written, not the temporary one."""
    try:
        yield
    except OSError as error:
        words = error.strerror or str(error)
        raise OSError(error.errno or errno.EIO, words, str(path)) from error


@contextmanager
def partial_folder(parent: Path) -> Iterator[Path]:
    """Create a temporary folder in another one, and delete it at the end.

    Raises
    ------
    OSError
        If `parent` cannot be written.
    """
    with _partial(parent, lambda folder: tempfile.mkdtemp(dir=folder, prefix=_PARTIAL)) as folder:
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _partial(folder: Path, make: Callable[[Path], str]) -> Iterator[Path]:
    """Make something temporary, whose lock shows that its process is alive."""
    _remove_leftovers_once(folder)
    while True:
        path = Path(make(folder))
        descriptor = os.open(path, os.O_RDONLY)
        try:
            with suppress(OSError):
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # Before it had its lock, another process may have taken it for a leftover.
            if _is_at(path, descriptor):
                yield path
                return
        finally:
            os.close(descriptor)


def _is_at(path: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False


@cache
def _remove_leftovers_once(folder: Path) -> None:
    remove_leftovers(folder)


def remove_leftovers(folder: Path) -> None:
    """Remove what processes that were killed had begun to write in a folder.

    Where a file system has no locks, or not those of other machines, a leftover is a day old.
    """
    try:
        names = [name for name in os.listdir(folder) if _PARTIAL_NAME.fullmatch(name)]
    except OSError:
        return
    for name in names:
        # Another process may be removing it, too, or it may belong to another person.
        with suppress(OSError):
            _remove_if_left(folder / name)


def _remove_if_left(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        except OSError:
            if time.time() - path.stat().st_mtime < _LEFT_AFTER_S:
                return
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()
    finally:
        os.close(descriptor)


def write_text(path: Path, text: str) -> None:
    """Write text as UTF-8, whole or not at all."""
    write_whole(path, lambda temporary: temporary.write_text(text, encoding="utf-8"))


def append_line(path: Path, line: str) -> None:
    """Add a line to a text file, whole or not at all.

    Parameters
    ----------
    path : Path
        File, made if it is not there. A last line without an end, which a killed process left, is
        replaced.
    line : str
        Text without line breaks.

    Raises
    ------
    OSError
        If it cannot be written. The file then ends with the line before.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, FILE_MODE)
    with _naming(path), os.fdopen(descriptor, "r+b", buffering=0) as stream:
        end = _end_of_lines(stream)
        try:
            stream.truncate(end)
            stream.seek(end)
            content = memoryview(f"{line}\n".encode())
            while content:
                content = content[stream.write(content) :]
            os.fsync(descriptor)
        except BaseException:
            with suppress(OSError):
                stream.truncate(end)
            raise


def _end_of_lines(stream: FileIO) -> int:
    """Return where the last whole line of a file ends."""
    size = stream.seek(0, os.SEEK_END)
    start = max(0, size - _MOST_BYTES_OF_LINE)
    stream.seek(start)
    end = stream.read().rfind(b"\n") + 1
    # Nothing is cut off from what is no file of lines.
    return start + end if end or not start else size


def open_regular(path: Path) -> BinaryIO:
    """Open a file to read its bytes; a pipe or a device is refused and not waited for.

    Raises
    ------
    OSError
        If the file is missing, cannot be read or is no regular file.
    """
    # Without O_NONBLOCK a pipe would be waited for here already; regular files ignore it.
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    kind = os.fstat(descriptor).st_mode
    if stat.S_ISREG(kind):
        return os.fdopen(descriptor, "rb")
    os.close(descriptor)
    if stat.S_ISDIR(kind):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    raise OSError(errno.EINVAL, "a pipe or a device, not a regular file", str(path))


def read_regular(path: Path, n_bytes: int) -> bytes:
    """Read a regular file whole.

    Parameters
    ----------
    path : Path
        File to read.
    n_bytes : int
        Largest size that is read, far above that of real files.

    Returns
    -------
    bytes

    Raises
    ------
    OSError
        As `open_regular`, or if the file is larger.
    """
    content = io.BytesIO()
    with open_regular(path) as stream:
        # By blocks, since reading takes the memory for all that is asked for, before it reads.
        while content.tell() <= n_bytes and (block := stream.read(_BLOCK_BYTES)):
            content.write(block)
    if content.tell() > n_bytes:
        raise OSError(errno.EFBIG, f"more than {n_bytes:,} bytes", str(path))
    return content.getvalue()


@contextmanager
def writing_to(path: str | Path, kind: Literal["folder", "file"] = "folder") -> Iterator[None]:
    """Turn an `OSError` in a block into a one-line error about its folder or file.

    Parameters
    ----------
    path : str or Path
        Folder or file that the block writes to.
    kind : {"folder", "file"}
        Kind of path, for the message.

    Raises
    ------
    RunError
        If the block raises an `OSError`.
    """
    try:
        yield
    except OSError as error:
        raise RunError(
            f"{path}: found {error.strerror or error}, expected a {kind} to write to"
        ) from error


def check_file(path: Path) -> None:
    """Refuse a file that cannot be written, before the work for it begins.

    Raises
    ------
    RunError
        If it is a folder or a device, or if its folder is missing or cannot be written.
    """
    with writing_to(path, "file"):
        if not stat.S_ISDIR(path.parent.stat().st_mode):
            raise _os_error(errno.ENOTDIR)
        if path.is_dir():
            raise _os_error(errno.EISDIR)
        if path.exists() and not path.is_file():
            # It would be replaced.
            raise OSError(errno.EINVAL, "a pipe or a device")
        if not os.access(path.parent, os.W_OK | os.X_OK):
            raise _os_error(errno.EACCES)


def _os_error(number: int) -> OSError:
    return OSError(number, os.strerror(number))


@contextmanager
def whole_folder(path: Path) -> Iterator[Path]:
    """Create a temporary folder that replaces `path` if the block ends without an error.

    Parameters
    ----------
    path : Path
        Folder to create or replace; missing parents are created.

    Yields
    ------
    Path
        Empty folder to fill. After an error it is deleted, and `path` is unchanged.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with _naming(path), partial_folder(path.parent) as temporary:
        yield temporary
        temporary.chmod(FOLDER_MODE)
        if path.exists():
            shutil.rmtree(path)
        temporary.replace(path)


def write_frame(table: pd.DataFrame, path: Path) -> None:
    """Write a table, whole or not at all.

    Parameters
    ----------
    table : DataFrame
        Table, whose floats get eight significant digits in CSV and JSON and all in Parquet.
    path : Path
        File to write: Parquet with the suffix ``.parquet`` or ``.pq``, a list of objects with
        ``.json``, else CSV.

    Raises
    ------
    UsageError
        If the file is Parquet and pyarrow is not installed.
    OSError
        If the file cannot be written.
    """
    if path.suffix.lower() == ".json":
        write_text(path, _rows_as_json(table))
        return
    if path.suffix.lower() not in {".parquet", ".pq"}:
        write_whole(path, lambda file: table.to_csv(file, index=False, float_format="%.8g"))
        return
    try:
        write_whole(path, lambda file: table.to_parquet(file, index=False))
    except ImportError as error:
        raise UsageError(
            f"{path}: found no pyarrow, which writes Parquet, expected it installed: "
            f"{install_command('parquet')}; or name a .csv"
        ) from error


def _rows_as_json(table: pd.DataFrame) -> str:
    """Write a JSON object for each row, on a line of its own; what is no number is null."""
    columns = {str(name): table[name].tolist() for name in table.columns}
    for name, values in columns.items():
        if table[name].dtype.kind == "f":
            columns[name] = [
                float(f"{value:.8g}") if math.isfinite(value) else None for value in values
            ]
    rows = (
        json.dumps(dict(zip(columns, row, strict=True)), allow_nan=False, ensure_ascii=False)
        for row in zip(*columns.values(), strict=True)
    )
    return "[\n" + ",\n".join(rows) + "\n]\n"
