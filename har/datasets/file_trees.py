"""One way to read the files of a folder, a zip, or a zip in a zip, without unpacking to disk."""

from __future__ import annotations

import hashlib
import io
import lzma
import os
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from har.errors import DataError

# A published data set lies at most this deep in the folder that a user names.
SEARCH_DEPTH = 4


# What zipfile raises for a damaged zip, found by changing random bytes of sound ones.
_DAMAGES = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    OSError,
    RuntimeError,
    ValueError,
)


@dataclass(frozen=True)
class Folder:
    """The files of a folder.

    Parameters
    ----------
    path : Path
        An existing folder.
    """

    path: Path

    @property
    def place(self) -> str:
        """The folder's path."""
        return str(self.path)

    @property
    def names(self) -> tuple[str, ...]:
        """Files at most `SEARCH_DEPTH` folders deep, in order."""
        return tuple(sorted(self._walk()))

    def _walk(self) -> Iterator[str]:
        for folder, inner, files in os.walk(self.path):
            relative = Path(folder).relative_to(self.path)
            if len(relative.parts) >= SEARCH_DEPTH:
                inner.clear()
            inner[:] = [name for name in inner if not name.startswith(".")]
            # Neither broken links nor pipes, which cannot be read.
            regular = (name for name in files if os.path.isfile(os.path.join(folder, name)))
            yield from ((relative / name).as_posix() for name in regular)

    def read(self, name: str) -> bytes:
        """Read one file whole.

        Raises
        ------
        DataError
            If the file cannot be read.
        """
        try:
            return (self.path / name).read_bytes()
        except OSError as error:
            raise DataError(
                f"{self.path / name}: found {error.strerror}, expected a readable file"
            ) from error


@dataclass(frozen=True)
class Zip:
    """The files of a zip archive.

    Parameters
    ----------
    place : str
        What messages call the archive.
    archive : ZipFile
        Open for reading.

    Raises
    ------
    DataError
        If the archive is empty, or names a file outside of itself.
    """

    place: str
    archive: zipfile.ZipFile = field(repr=False)

    def __post_init__(self) -> None:
        if not self.names:
            raise DataError(f"{self.place}: found an empty zip, expected a data set")
        for name in self.names:
            parts = name.replace("\\", "/").split("/")
            if not parts[0] or ".." in parts or ":" in parts[0]:
                raise DataError(
                    f"{self.place}: found the unsafe path {name!r}, "
                    "expected paths that stay inside the zip"
                )

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the files in the archive, in order."""
        return tuple(sorted(name for name in self.archive.namelist() if not name.endswith("/")))

    def read(self, name: str) -> bytes:
        """Read one file whole.

        Raises
        ------
        DataError
            If the file is damaged.
        """
        try:
            return self.archive.read(name)
        except _DAMAGES as error:
            raise DataError(
                f"{self.place}: found {name!r} damaged ({error}), expected a sound zip"
            ) from error


# Files by name, wherever they lie.
FileTree = Folder | Zip


def open_zip(place: str, source: Path | io.BytesIO) -> Zip:
    """Open a zip archive.

    Parameters
    ----------
    place : str
        What messages call it.
    source : Path or BytesIO
        The file, or its content.

    Returns
    -------
    Zip

    Raises
    ------
    DataError
        If it is no zip, is broken, is empty or has unsafe paths.
    """
    try:
        return Zip(place, zipfile.ZipFile(source))
    except _DAMAGES as error:
        raise DataError(f"{place}: found a broken zip ({error}), expected a sound one") from error


def trees_at(path: Path) -> Iterator[FileTree]:
    """Go through all that could hold a data set at a path, the nearest first.

    Parameters
    ----------
    path : Path
        A folder, a zip, or a folder that holds either.

    Yields
    ------
    FileTree
        The path itself, then zips in it, then zips in those.

    Raises
    ------
    DataError
        If `path` is not there, or a zip is unsound.
    """
    if path.is_dir():
        folder = Folder(path)
        yield folder
        for name in folder.names:
            if zipfile.is_zipfile(path / name) or name.lower().endswith(".zip"):
                yield from _zip_and_inner(open_zip(str(path / name), path / name))
    elif path.exists():
        yield from _zip_and_inner(open_zip(str(path), path))
    else:
        raise DataError(f"{path}: found nothing, expected a folder or a zip with a data set")


def fingerprint(path: Path) -> str:
    """Digest a source so that the digest changes when a file in it does, without reading any.

    Parameters
    ----------
    path : Path
        An existing folder or file.

    Returns
    -------
    str
        16 hexadecimal digits, of names, sizes and times of change.
    """
    files = [path / name for name in Folder(path).names] if path.is_dir() else [path]
    stats = [(str(file.resolve()), file.stat()) for file in files]
    facts = [(name, stat.st_size, stat.st_mtime_ns) for name, stat in stats]
    return hashlib.sha256(repr(facts).encode()).hexdigest()[:16]


def _zip_and_inner(tree: Zip) -> Iterator[FileTree]:
    yield tree
    for name in tree.names:
        if name.lower().endswith(".zip"):
            yield open_zip(f"{tree.place}/{name}", io.BytesIO(tree.read(name)))
