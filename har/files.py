"""Files appear whole or not at all: write beside, flush to disk, rename."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pandas as pd

from har.errors import RunError, UsageError, install_command

FILE_MODE = 0o644
FOLDER_MODE = 0o755


def write_whole(path: Path, write: Callable[[Path], object]) -> None:
    """Let `write` fill a temporary neighbour of `path`, then put it in place in one step.

    Parameters
    ----------
    path : Path
        The file to create or replace; its folder must exist.
    write : callable
        Called with the temporary file's path, which has the suffix of `path`.

    Raises
    ------
    OSError
        If the folder cannot be written. `path` is then as it was before.
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
    """Write `text` to `path` as UTF-8, whole or not at all."""
    write_whole(path, lambda temporary: temporary.write_text(text, encoding="utf-8"))


@contextmanager
def writing_to(folder: str | Path) -> Iterator[None]:
    """Say in one line that a folder cannot be written.

    Parameters
    ----------
    folder : str or Path
        What the block writes to.

    Raises
    ------
    RunError
        If the block meets an `OSError`.
    """
    try:
        yield
    except OSError as error:
        raise RunError(
            f"{folder}: found {error.strerror or error}, expected a folder to write to"
        ) from error


@contextmanager
def whole_folder(path: Path) -> Iterator[Path]:
    """Give a temporary folder that takes the place of `path` if the block ends well.

    Parameters
    ----------
    path : Path
        The folder to create or replace; folders above it are made.

    Yields
    ------
    Path
        An empty folder to fill. After an error it is gone, and `path` is as it was.
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
        Floats have eight significant digits in CSV, and all of them in Parquet.
    path : Path
        ``.parquet`` or ``.pq`` writes Parquet, anything else CSV.

    Raises
    ------
    UsageError
        If Parquet is asked for and pyarrow is not installed.
    OSError
        If the file cannot be written.
    """
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
