"""The bytes of a table: a file as it is, or what is packed in a gzip, bzip2, xz or zip file."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, cast

from har.errors import DataError

_STREAMS = {b"\x1f\x8b": "gzip", b"BZh": "bzip2", b"\xfd7zXZ\0": "xz"}
_ZIPS = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
# Tables first, then what may be a table, and only then the rest.
_SUFFIXES = ({".csv", ".tsv", ".tab"}, {".txt", ".dat", ".asc"}, {".json"})


@dataclass(frozen=True)
class Source:
    """A file, or the only part of it that is read.

    Parameters
    ----------
    path : Path
        File on disk.
    packing : str or None
        ``"gzip"``, ``"bzip2"``, ``"xz"`` or ``"zip"``.
    member : str or None
        File in a zip.
    place : Path
        Name for messages: the path, with the member where there are several.
    """

    path: Path
    packing: str | None
    member: str | None
    place: Path

    @contextmanager
    def open(self) -> Iterator[IO[bytes]]:
        """Open the bytes, unpacked.

        Raises
        ------
        DataError
            If they cannot be read, here or in the block.
        """
        try:
            with self._opened() as stream:
                yield stream
        except (EOFError, OSError, zlib.error, zipfile.BadZipFile, NotImplementedError) as error:
            raise self._unreadable(error) from None
        except (RuntimeError, ValueError) as error:
            if self.packing is None:
                raise
            raise self._unreadable(error) from None

    def _opened(self) -> IO[bytes]:
        if self.packing == "gzip":
            import gzip

            return cast(IO[bytes], gzip.open(self.path, "rb"))
        if self.packing == "bzip2":
            import bz2

            return bz2.open(self.path, "rb")
        if self.packing == "xz":
            return _open_xz(self.path)
        if self.packing == "zip" and self.member is not None:
            return zipfile.ZipFile(self.path).open(self.member)
        return self.path.open("rb")

    def _unreadable(self, error: Exception) -> DataError:
        reason = " ".join(str(error).split())[:120] or type(error).__name__
        kind = f"a damaged {self.packing} file" if self.packing else "an unreadable file"
        return DataError(f"{self.place}: found {kind} ({reason}), expected a whole one")

    def start(self, n_bytes: int) -> bytes:
        """Return the first bytes."""
        with self.open() as stream:
            return stream.read(n_bytes)


def _open_xz(path: Path) -> IO[bytes]:
    import lzma

    class Stream(lzma.LZMAFile):
        """An xz file whose damage is an `OSError`, as that of the others is."""

        def read(self, size: int | None = -1) -> bytes:
            try:
                return super().read(-1 if size is None else size)
            except lzma.LZMAError as error:
                raise OSError(str(error)) from None

    return Stream(path)


def packing_of(start: bytes) -> str | None:
    """Return how a file that starts so is packed: ``"gzip"``, ``"zip"`` …, or None."""
    if start.startswith(_ZIPS):
        return "zip"
    return next((name for magic, name in _STREAMS.items() if start.startswith(magic)), None)


def zip_members(path: Path) -> tuple[str, ...]:
    """Return the files in a zip, without folders, empty files and those that systems hide.

    Raises
    ------
    DataError
        If the zip is damaged, or has a password.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            members = [info for info in archive.infolist() if info.file_size and not info.is_dir()]
    except (OSError, zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise DataError(f"{path}: found a damaged zip ({error}), expected a whole one") from None
    if any(info.flag_bits & 1 for info in members):
        raise DataError(f"{path}: found a zip with a password, expected one without")
    return tuple(info.filename for info in members if not is_hidden(info.filename))


def is_hidden(name: str) -> bool:
    """Return whether systems hide a file, or its folder, from their users."""
    parts = [part for part in PurePosixPath(name).parts if part != ".."]
    return any(part.startswith((".", "__MACOSX")) for part in parts)


def tables_among(members: tuple[str, ...]) -> tuple[str, ...]:
    """Return the files that are tables by their suffix, .csv before .txt.

    Parameters
    ----------
    members : tuple of str
        Files in a zip.

    Returns
    -------
    tuple of str
        All of them, if none is a table by its name.
    """
    for suffixes in _SUFFIXES:
        if found := [name for name in members if PurePosixPath(name).suffix.lower() in suffixes]:
            return tuple(found)
    return members


def unpacked(path: Path, packing: str | None, member: str | None = None) -> Source:
    """Choose the part of a file that is the table.

    Parameters
    ----------
    path : Path
        File on disk.
    packing : str or None
        Kind of packing, from `packing_of`.
    member : str, optional
        File in a zip of several.

    Returns
    -------
    Source

    Raises
    ------
    DataError
        If a zip is damaged, holds no table, or several of which none was chosen.
    """
    if packing != "zip":
        return Source(path, packing, None, path)
    members = zip_members(path)
    if member is not None:
        if member not in members:
            raise DataError(f"{path}: found no {member} in the zip, expected {_listed(members)}")
        return Source(path, packing, member, path / member)
    tables = tables_among(members)
    if len(tables) != 1:
        found = f"{len(tables)} tables: {_listed(tables)}" if tables else "nothing"
        raise DataError(f"{path}: found a zip of {found}; expected one table in it")
    return Source(path, packing, tables[0], path)


def _listed(names: tuple[str, ...], most: int = 6) -> str:
    rest = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + rest
