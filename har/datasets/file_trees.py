"""Trees of files: a folder, a zip, or a zip in a zip, all read alike and without unpacking."""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from har.errors import DataError, quoted, reason_of
from har.files import open_regular, read_regular
from har.reading.archives import Archive, is_archive, open_archive

# Published data sets are found at most this many folders below the folder that a user names.
SEARCH_DEPTH = 4

# The largest file that is read whole is a zip in a zip, of 800 MB.
_MOST_BYTES = 2 << 30


@dataclass(frozen=True)
class Folder:
    """The files of a folder.

    Parameters
    ----------
    path : Path
        Existing folder.
    """

    path: Path

    @property
    def place(self) -> str:
        """The folder's path."""
        return str(self.path)

    @property
    def names(self) -> tuple[str, ...]:
        """Sorted paths of the files at most `SEARCH_DEPTH` folders deep."""
        return tuple(sorted(self._walk()))

    def _walk(self) -> Iterator[str]:
        for folder, inner, files in os.walk(self.path):
            relative = Path(folder).relative_to(self.path)
            if len(relative.parts) >= SEARCH_DEPTH:
                inner.clear()
            inner[:] = [name for name in inner if not name.startswith(".")]
            # Broken links and pipes cannot be read.
            regular = (name for name in files if os.path.isfile(os.path.join(folder, name)))
            yield from ((relative / name).as_posix() for name in regular)

    def read(self, name: str) -> bytes:
        """Read the content of a file; raise `DataError` if it cannot be read."""
        with self._readable(name):
            return read_regular(self.path / name, _MOST_BYTES)

    def open(self, name: str) -> IO[bytes]:
        """Open a large file, to be read in blocks; raise `DataError` if that is impossible."""
        with self._readable(name):
            return open_regular(self.path / name)

    @contextmanager
    def _readable(self, name: str) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise DataError(
                f"{self.path / name}: found {reason_of(error)}, expected a readable file"
            ) from error


@dataclass(frozen=True)
class Zip:
    """The files of a zip archive.

    Parameters
    ----------
    place : str
        Name of the archive in messages.
    archive : Archive
        Archive open for reading.

    Raises
    ------
    DataError
        If the archive is empty or has unsafe paths.
    """

    place: str
    archive: Archive = field(repr=False)

    def __post_init__(self) -> None:
        if not self.names:
            raise DataError(f"{self.place}: found an empty zip, expected a data set")
        for name in self.names:
            parts = name.replace("\\", "/").split("/")
            if not parts[0] or ".." in parts or ":" in parts[0]:
                raise DataError(
                    f"{self.place}: found the unsafe path {quoted(name)}, "
                    "expected paths that stay inside the zip"
                )

    @property
    def names(self) -> tuple[str, ...]:
        """Sorted paths of the files in the archive."""
        return tuple(sorted(self.archive.names))

    def read(self, name: str) -> bytes:
        """Read the content of a file; raise `DataError` if it is damaged."""
        return self.archive.read(name, _MOST_BYTES)

    def open(self, name: str) -> IO[bytes]:
        """Open a large file, to be read in blocks; raise `DataError` if that is impossible."""
        return self.archive.open(name)


FileTree = Folder | Zip


def open_zip(place: str, file: Path | io.BytesIO) -> Zip:
    """Open a zip archive.

    Parameters
    ----------
    place : str
        Name of the archive in messages.
    file : Path or BytesIO
        The archive's file or its content.

    Returns
    -------
    Zip

    Raises
    ------
    DataError
        If it is not a zip, is damaged or empty, or has unsafe paths.
    """
    return Zip(place, open_archive(file, place))


def trees_at(path: Path) -> Iterator[FileTree]:
    """Open every tree of files at a path that could contain a data set.

    Parameters
    ----------
    path : Path
        A folder, a zip, or a folder that contains either.

    Yields
    ------
    FileTree
        The path itself, then the zips in it, then the zips in those.

    Raises
    ------
    DataError
        If `path` does not exist, or a zip is damaged.
    """
    if path.is_dir():
        folder = Folder(path)
        yield folder
        for name in folder.names:
            if is_archive(path / name) or name.lower().endswith(".zip"):
                yield from _zip_and_inner(open_zip(str(path / name), path / name))
    elif path.exists():
        yield from _zip_and_inner(open_zip(str(path), path))
    else:
        raise DataError(f"{path}: found nothing, expected a folder or a zip with a data set")


def _zip_and_inner(tree: Zip) -> Iterator[FileTree]:
    yield tree
    for name in tree.names:
        if name.lower().endswith(".zip"):
            yield open_zip(f"{tree.place}/{name}", io.BytesIO(tree.read(name)))


def fingerprint(path: Path) -> str:
    """Return a digest of a path that changes when a file in it changes.

    Parameters
    ----------
    path : Path
        Existing folder or file.

    Returns
    -------
    str
        16 hexadecimal digits, made of names, sizes and modification times.
    """
    files = [path / name for name in Folder(path).names] if path.is_dir() else [path]
    stats = [(str(file.resolve()), file.stat()) for file in files]
    facts = [(name, stat.st_size, stat.st_mtime_ns) for name, stat in stats]
    return hashlib.sha256(repr(facts).encode()).hexdigest()[:16]
