"""Files appear whole or not at all: write beside, flush to disk, rename.

Files that are read are regular ones, since a pipe or a device may be waited for without end, and
are read into memory up to a bound only.
"""

from __future__ import annotations

import errno
import json
import math
import os
import shutil
import stat
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Literal

import pandas as pd

from har.errors import RunError, UsageError, install_command

FILE_MODE = 0o644
FOLDER_MODE = 0o755


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
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=".partial-", suffix=path.suffix)
    os.close(descriptor)
    temporary = Path(name)
    try:
        write(temporary)
        with temporary.open("rb+") as stream:
            os.fsync(stream.fileno())
        temporary.chmod(FILE_MODE)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write text as UTF-8, whole or not at all."""
    write_whole(path, lambda temporary: temporary.write_text(text, encoding="utf-8"))


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
    with open_regular(path) as stream:
        content = stream.read(n_bytes + 1)
    if len(content) > n_bytes:
        raise OSError(errno.EFBIG, f"more than {n_bytes:,} bytes", str(path))
    return content


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
    temporary = Path(tempfile.mkdtemp(dir=path.parent, prefix=".partial-"))
    try:
        yield temporary
        temporary.chmod(FOLDER_MODE)
        if path.exists():
            shutil.rmtree(path)
        temporary.replace(path)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


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
