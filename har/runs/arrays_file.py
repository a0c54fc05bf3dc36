"""Named arrays in a file: NumPy's ``.npz``, read without believing what it says of its sizes."""

from __future__ import annotations

import io
import math
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any
from zipfile import ZIP_STORED, ZipFile, ZipInfo

import numpy as np
import numpy.typing as npt

from har.arrays import check_text
from har.errors import RunError, parsing, quoted
from har.files import read_regular, write_whole

Array = npt.NDArray[Any]

_SUFFIX = ".npy"
# Truth values, whole numbers, numbers and text; neither objects, which are pickled, nor records.
_KINDS = "biufU"
_MOST_ARRAYS = 10_000
_HEADERS = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}


def write_arrays(path: Path, arrays: Mapping[str, Array]) -> None:
    """Write arrays, whole or not at all; the same arrays give the same bytes.

    Parameters
    ----------
    path : Path
        File to create or replace, in an existing folder.
    arrays : mapping of str to ndarray
        Arrays of truth values, numbers or text by their names.

    Raises
    ------
    OSError
        If the file cannot be written. An earlier one is then unchanged.
    """
    write_whole(path, partial(_write, arrays))


def _write(arrays: Mapping[str, Array], file: Path) -> None:
    with ZipFile(file, "w") as archive:
        for name, array in arrays.items():
            # The time that ZipInfo has by itself is always the same.
            with archive.open(ZipInfo(name + _SUFFIX), "w", force_zip64=True) as member:
                np.lib.format.write_array(member, np.asarray(array), allow_pickle=False)


def read_arrays(path: Path, n_bytes: int) -> dict[str, Array]:
    """Read what `write_arrays` wrote, in the same order.

    Parameters
    ----------
    path : Path
        File to read; those that ``numpy.savez`` wrote are read as well.
    n_bytes : int
        Largest size that is read, far above that of real files. Memory is taken for what is in the
        file, never for what it only claims.

    Returns
    -------
    dict of str to ndarray

    Raises
    ------
    RunError
        If the file is missing, no regular file, larger or damaged.
    """
    with parsing(path, "arrays that har wrote", RunError):
        content = read_regular(path, n_bytes)
    return parse_arrays(content, str(path))


def parse_arrays(content: bytes, place: str) -> dict[str, Array]:
    """Read the content of such a file, whose name is for messages; see `read_arrays`."""
    with parsing(place, "arrays that har wrote", RunError):
        return _parse(content)


def _parse(content: bytes) -> dict[str, Array]:
    with ZipFile(io.BytesIO(content)) as archive:
        members = archive.infolist()
        if len(members) > _MOST_ARRAYS:
            raise ValueError(f"{len(members):,} arrays")
        # Before any is read: members that lie in the same place can be as large as the file each.
        if sum(member.file_size for member in members) > len(content):
            raise ValueError("arrays larger than the file")
        arrays: dict[str, Array] = {}
        for member in members:
            name = member.filename.removesuffix(_SUFFIX)
            if name == member.filename or name in arrays:
                raise ValueError(f"the member {quoted(member.filename)}")
            if member.compress_type != ZIP_STORED:
                raise ValueError("compressed arrays")
            arrays[name] = _parse_array(name, archive.read(member))
        return arrays


def _parse_array(name: str, content: bytes) -> Array:
    stream = io.BytesIO(content)
    version = np.lib.format.read_magic(stream)
    if version not in _HEADERS:
        raise ValueError(f"the format {version} of the array {quoted(name)}")
    shape, is_by_columns, dtype = _HEADERS[version](stream)
    if dtype.kind not in _KINDS or not dtype.itemsize:
        raise ValueError(f"values of the type {dtype.name} in the array {quoted(name)}")
    n_bytes = len(content) - stream.tell()
    if min(shape, default=1) < 0 or math.prod(shape) * dtype.itemsize != n_bytes:
        raise ValueError(f"{n_bytes:,} bytes for the array {quoted(name)} of shape {shape}")
    flat = np.frombuffer(content, dtype, offset=stream.tell())
    check_text(flat)
    array = flat.reshape(shape, order="F" if is_by_columns else "C")
    # A copy, since what lies on bytes cannot be changed.
    return array.astype(dtype.newbyteorder("="))
