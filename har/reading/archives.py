"""Archives that people give: what they claim to hold is checked before any of it is unpacked.

A few bytes may claim, and unpack to, any number. So a zip's directory is compared with the size of
the file, and what is packed comes in pieces, of which there are never more than were allowed.
"""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import IO, Any, BinaryIO, cast

from har.errors import DataError, parsing, quoted, reason_of
from har.files import open_regular

# A day at 100 Hz is 1 GB of text at most; the largest published set has less than 4 GB.
MOST_UNPACKED_BYTES = 16 << 30
# Signals of sensors are packed to a twentieth at best, whatever packs them. Little files may be
# packed better, and do no harm.
_MOST_TIMES_AS_LARGE = 100
_HARMLESS_BYTES = 64 << 20
# Published sets have some hundred files, and names of less than 100 bytes.
_MOST_MEMBERS = 20_000
_MOST_DIRECTORY_BYTES = 8 << 20
# What is read at once; where the unpacked size of a piece has no bound, few packed bytes.
_PIECE_BYTES, _PACKED_PIECE_BYTES = 1 << 20, 1 << 12
_END_OF_ZIP, _END_OF_ZIP64 = b"PK\5\6", b"PK\6\6"
_LONGEST_END_BYTES = (1 << 16) + 22 + 20 + 56


class _Pieces(io.RawIOBase):
    """What another library unpacks, in pieces, up to a bound.

    Parameters
    ----------
    streams : tuple of IO
        Stream of unpacked bytes, and what else is closed with it.
    n_bytes : int
        Bytes that are unpacked at once.
    most_bytes : int
        Bound of all of them.
    unpacked : callable
        Context of `har.errors.parsing` in which the library unpacks.
    too_large : DataError
        Error beyond the bound.
    """

    def __init__(
        self,
        streams: tuple[IO[bytes], ...],
        n_bytes: int,
        most_bytes: int,
        unpacked: Callable[[], AbstractContextManager[None]],
        too_large: DataError,
    ) -> None:
        super().__init__()
        self._streams, self._unpacked, self._too_large = streams, unpacked, too_large
        self._n_bytes, self._left = n_bytes, most_bytes

    def readable(self) -> bool:
        """Return that this is to be read."""
        return True

    def readinto(self, buffer: Any, /) -> int:
        """Unpack the next piece."""
        with self._unpacked():
            piece = self._streams[0].read(min(len(buffer), self._n_bytes))
        self._left -= len(piece)
        if self._left < 0:
            raise self._too_large
        buffer[: len(piece)] = piece
        return len(piece)

    def close(self) -> None:
        """Close what is read from, too."""
        for stream in self._streams:
            stream.close()
        super().close()


def unpacking(path: Path, kind: str, place: str) -> BinaryIO:
    """Open a file that is packed by itself.

    Parameters
    ----------
    path : Path
        Regular file.
    kind : {"gzip", "bzip2", "xz"}
        Program that packed it.
    place : str
        Name of the file in messages.

    Returns
    -------
    BinaryIO
        Unpacked bytes; reading them raises a `DataError` where they are damaged, or more than a
        hundred times as many as the packed ones.

    Raises
    ------
    DataError
        If it cannot be opened.
    """
    try:
        file = open_regular(path)
    except OSError as error:
        raise DataError(f"{place}: found {reason_of(error)}, expected a file") from error
    n_packed = file.seek(0, io.SEEK_END)
    file.seek(0)
    unpacked = partial(parsing, place, "a whole one", found=f"a damaged {kind} file")
    with ExitStack() as failed:
        failed.callback(file.close)
        with unpacked():
            stream = _opened_by(kind, file)
        failed.pop_all()
    most_bytes = most_unpacked(n_packed)
    too_large = DataError(
        f"{place}: found more than {most_bytes >> 20:,} MB in a {kind} file of {n_packed:,} bytes, "
        f"expected {_MOST_TIMES_AS_LARGE} times its size at most"
    )
    pieces = _Pieces((stream, file), _PIECE_BYTES, most_bytes, unpacked, too_large)
    return io.BufferedReader(pieces, _PIECE_BYTES)


def _opened_by(kind: str, file: IO[bytes]) -> IO[bytes]:
    # Each library is loaded where it is needed; few people give packed files.
    if kind == "gzip":
        import gzip

        return cast(IO[bytes], gzip.GzipFile(fileobj=file))
    if kind == "bzip2":
        import bz2

        return cast(IO[bytes], bz2.BZ2File(file))
    import lzma

    return cast(IO[bytes], lzma.LZMAFile(file))


def most_unpacked(n_packed: int) -> int:
    """Return the largest size in bytes that so many packed bytes may be unpacked to."""
    return min(max(_MOST_TIMES_AS_LARGE * n_packed, _HARMLESS_BYTES), MOST_UNPACKED_BYTES)


@dataclass(frozen=True)
class Archive:
    """A zip whose directory was checked.

    Parameters
    ----------
    place : str
        Name of the zip in messages.
    names : tuple of str
        Files in it, without folders, in the order of its directory.
    """

    place: str
    names: tuple[str, ...]
    _zip: zipfile.ZipFile = field(repr=False)

    def n_bytes(self, name: str) -> int:
        """Return the unpacked size of a file."""
        return self._zip.getinfo(name).file_size

    def open(self, name: str) -> BinaryIO:
        """Open a file, to be read in blocks.

        Parameters
        ----------
        name : str
            One of `names`.

        Returns
        -------
        BinaryIO
            Its bytes, of which there are never more than the directory says; reading them raises a
            `DataError` where they are damaged.

        Raises
        ------
        DataError
            If it cannot be opened.
        """
        unpacked = partial(
            parsing, self.place, f"{quoted(name)} to be whole", found="a damaged zip"
        )
        with unpacked():
            info = self._zip.getinfo(name)
            if info.flag_bits & 1:
                raise DataError(f"{self.place}: found a zip with a password, expected one without")
            stream = self._zip.open(info)
        is_bounded = info.compress_type in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
        too_large = DataError(
            f"{self.place}: found more in {quoted(name)} than its {info.file_size:,} bytes, "
            "expected a whole zip"
        )
        n_bytes = _PIECE_BYTES if is_bounded else _PACKED_PIECE_BYTES
        pieces = _Pieces((stream,), n_bytes, info.file_size, unpacked, too_large)
        return io.BufferedReader(pieces, n_bytes)

    def read(self, name: str, most_bytes: int = MOST_UNPACKED_BYTES) -> bytes:
        """Read a file whole.

        Parameters
        ----------
        name : str
            One of `names`.
        most_bytes : int
            Largest size that is read.

        Returns
        -------
        bytes

        Raises
        ------
        DataError
            If it is damaged, or larger.
        """
        n_bytes = self.n_bytes(name)
        if n_bytes > most_bytes:
            raise DataError(
                f"{self.place}: found {n_bytes >> 20:,} MB in {quoted(name)}, expected at most "
                f"{most_bytes >> 20:,}"
            )
        with self.open(name) as stream:
            return stream.read()

    def close(self) -> None:
        """Close the zip."""
        self._zip.close()

    def __enter__(self) -> Archive:
        """Return the archive."""
        return self

    def __exit__(self, *_error: object) -> None:
        """Close the zip."""
        self.close()


def open_archive(file: Path | io.BytesIO, place: str) -> Archive:
    """Open a zip, and compare what it claims to hold with its size.

    Parameters
    ----------
    file : Path or BytesIO
        Zip on disk, or its content.
    place : str
        Name of the zip in messages.

    Returns
    -------
    Archive

    Raises
    ------
    DataError
        If it is no zip, damaged, or says that it holds more than any recording or data set.
    """
    with parsing(place, "a whole one", found="a damaged zip"):
        if isinstance(file, Path):
            with open_regular(file) as stream:
                n_packed = _check_directory(stream, place)
        else:
            n_packed = _check_directory(file, place)
        opened = zipfile.ZipFile(file)
        # A file may have no name, on which this fails.
        infos = [info for info in opened.infolist() if not info.is_dir()]
    _check_sizes(infos, n_packed, place)
    return Archive(place, tuple(dict.fromkeys(info.filename for info in infos)), opened)


def is_archive(path: Path) -> bool:
    """Return whether a path is a regular file that ends as zips do."""
    try:
        with open_regular(path) as stream:
            return zipfile.is_zipfile(stream)
    except OSError:
        return False


def _check_directory(stream: BinaryIO | io.BytesIO, place: str) -> int:
    """Refuse a directory of too many bytes, which is read as a whole; return the file's size."""
    n_bytes = stream.seek(0, io.SEEK_END)
    stream.seek(max(n_bytes - _LONGEST_END_BYTES, 0))
    end = stream.read()
    stream.seek(0)
    n_directory = max(_directory_bytes(end), default=0)
    if n_directory > _MOST_DIRECTORY_BYTES:
        raise DataError(
            f"{place}: found a zip with a directory of {n_directory:,} bytes, expected at most "
            f"{_MOST_DIRECTORY_BYTES:,}"
        )
    return n_bytes


def _directory_bytes(end: bytes) -> Iterator[int]:
    """Yield the size of the directory, as the last bytes of a zip give it."""
    at = end.rfind(_END_OF_ZIP)
    if 0 <= at <= len(end) - 22:
        (size,) = struct.unpack_from("<L", end, at + 12)
        if size != 0xFFFFFFFF:
            yield size
    at = end.rfind(_END_OF_ZIP64)
    if 0 <= at <= len(end) - 56:
        yield from struct.unpack_from("<Q", end, at + 40)


def _check_sizes(infos: list[zipfile.ZipInfo], n_packed: int, place: str) -> None:
    """Refuse sizes that no recording and no data set has."""
    if len(infos) > _MOST_MEMBERS:
        raise DataError(
            f"{place}: found {len(infos):,} files in a zip, expected at most {_MOST_MEMBERS:,}"
        )
    for info in infos:
        if info.file_size > most_unpacked(info.compress_size):
            raise DataError(
                f"{place}: found {info.file_size >> 20:,} MB in {quoted(info.filename)} packed in "
                f"{info.compress_size:,} bytes, expected {_MOST_TIMES_AS_LARGE} times their size "
                "at most"
            )
    n_unpacked = sum(info.file_size for info in infos)
    if n_unpacked > most_unpacked(n_packed):
        raise DataError(
            f"{place}: found {n_unpacked >> 20:,} MB in a zip of {n_packed:,} bytes, expected "
            f"{_MOST_TIMES_AS_LARGE} times its size at most"
        )
