"""MXNet's files of arrays, ``.params``, read without MXNet.

MXNet believes what such a file says of its sizes: one wrong bit makes it allocate gigabytes until
the process is killed. Here nothing is taken that is not in the file. The form is that of
``NDArray::Save`` in MXNet's ``src/ndarray/ndarray.cc``, all numbers little-endian::

    uint64 0x112, uint64 0, uint64 n_arrays
    for each array:  uint32 0xF993FAC9 or 0xF993FACA, int32 storage type (0: dense),
                     int32 n_axes, n_axes × int64, int32 device type, int32 device number,
                     int32 type of the values, the values
    uint64 n_names
    for each name:   uint64 n_bytes, UTF-8
"""

from __future__ import annotations

import math
import struct
from typing import Any

import numpy as np
import numpy.typing as npt

from har.errors import RunError, parsing, quoted

_MAGIC = 0x112
# With MXNet's own shapes, and with those of NumPy.
_ARRAY_MAGICS = {0xF993FAC9, 0xF993FACA}
_DENSE = 0
_MOST_AXES = 32
_TYPES = {0: "<f4", 1: "<f8", 2: "<f2", 3: "u1", 4: "<i4", 5: "i1", 6: "<i8"}


def parse_params(content: bytes, place: str) -> dict[str, npt.NDArray[Any]]:
    """Read the arrays of a file of parameters.

    Parameters
    ----------
    content : bytes
        The file.
    place : str
        Its name, for messages.

    Returns
    -------
    dict of str to ndarray
        Read-only arrays by their names, each with at least one axis.

    Raises
    ------
    RunError
        If it is no such file: if a number, size or name in it is not as it must be, or something
        follows.
    """
    with parsing(place, "undamaged weights, as Gluon exports them", RunError):
        return _Walk(content).arrays()


class _Walk:
    """A place in the bytes of a file that is read from its beginning to its end."""

    def __init__(self, content: bytes) -> None:
        self._content = memoryview(content)
        self._at = 0

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Read all of the file."""
        if self._numbers("QQ") != (_MAGIC, 0):
            raise ValueError("no file of MXNet's arrays")
        # One after the other, so that a wrong number ends where the file does.
        (n_arrays,) = self._numbers("Q")
        arrays: list[npt.NDArray[Any]] = []
        while len(arrays) < n_arrays:
            arrays.append(self._array())
        (n_names,) = self._numbers("Q")
        if n_names != n_arrays:
            raise ValueError(f"{n_names} names of {n_arrays} arrays")
        named = {self._name(): array for array in arrays}
        if len(named) < len(arrays):
            raise ValueError("a name that occurs twice")
        if self._at < len(self._content):
            raise ValueError(f"{len(self._content) - self._at:,} bytes after the end")
        return named

    def _array(self) -> npt.NDArray[Any]:
        magic, storage, n_axes = self._numbers("Iii")
        if magic not in _ARRAY_MAGICS or storage != _DENSE or not 0 < n_axes <= _MOST_AXES:
            raise ValueError("an array of an unknown form")
        shape = self._numbers(f"{n_axes}q")
        _device, _device_number, kind = self._numbers("iii")
        if min(shape) < 1 or kind not in _TYPES:
            raise ValueError(f"an array of shape {quoted(shape)} and type {kind}")
        dtype = np.dtype(_TYPES[kind])
        values = self._bytes(math.prod(shape) * dtype.itemsize)
        return np.frombuffer(values, dtype).reshape(shape)

    def _name(self) -> str:
        (n_bytes,) = self._numbers("Q")
        return bytes(self._bytes(n_bytes)).decode("utf-8")

    def _numbers(self, form: str) -> tuple[int, ...]:
        return struct.unpack(f"<{form}", self._bytes(struct.calcsize(f"<{form}")))

    def _bytes(self, n_bytes: int) -> memoryview:
        end = self._at + n_bytes
        if end > len(self._content):
            raise ValueError(f"its end after {len(self._content):,} bytes, within an array")
        part = self._content[self._at : end]
        self._at = end
        return part
