"""The bytes of a table: a file as it is, or what is packed in a gzip, bzip2, xz or zip file."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from har.errors import DataError, listed, quoted, reason_of
from har.files import open_regular
from har.reading.archives import MOST_UNPACKED_BYTES, open_archive, unpacking

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
        if self.packing == "zip" and self.member is not None:
            with open_archive(self.path, str(self.place)) as archive:
                with archive.open(self.member) as stream:
                    yield stream
            return
        if self.packing is not None and self.packing != "zip":
            with unpacking(self.path, self.packing, str(self.place)) as stream:
                yield stream
            return
        try:
            with open_regular(self.path) as stream:
                self._check_size(stream)
                yield stream
        except OSError as error:
            raise DataError(
                f"{self.place}: found an unreadable file ({reason_of(error)}), expected a whole one"
            ) from error

    def _check_size(self, stream: IO[bytes]) -> None:
        n_bytes = stream.seek(0, io.SEEK_END)
        stream.seek(0)
        if n_bytes > MOST_UNPACKED_BYTES:
            raise DataError(
                f"{self.place}: found {n_bytes >> 30:,} GB, expected a table of at most "
                f"{MOST_UNPACKED_BYTES >> 30}: a day at 100 Hz has 1 GB of text"
            )

    def start(self, n_bytes: int) -> bytes:
        """Return the first bytes."""
        with self.open() as stream:
            return stream.read(n_bytes)


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
    with open_archive(path, str(path)) as archive:
        return tuple(
            name for name in archive.names if archive.n_bytes(name) and not is_hidden(name)
        )


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
            raise DataError(
                f"{path}: found no {quoted(member)} in the zip, expected {listed(members)}"
            )
        return Source(path, packing, member, path / member)
    tables = tables_among(members)
    if len(tables) != 1:
        found = f"{len(tables)} tables: {listed(tables)}" if tables else "nothing"
        raise DataError(f"{path}: found a zip of {found}; expected one table in it")
    return Source(path, packing, tables[0], path)
