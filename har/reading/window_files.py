"""Windows in NumPy's own files, ``.npy`` and ``.npz``, for prediction."""

from __future__ import annotations

import io
import math
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from har.arrays import FloatArray, check_text
from har.errors import DataError, listed, parsing, quoted, reason_of
from har.files import open_regular
from har.reading.archives import open_archive
from har.signals.windows import check_signals

_MAGIC, _ZIP = b"\x93NUMPY", b"PK"
_EXPECTED = "expected windows in a .npy or .npz file"
# NumPy writes headers of 118 bytes for these arrays.
_LONGEST_HEADER = 10_000
# Numbers and text.
_KINDS = "biufcSU"

DType = np.dtype[Any]


def read_windows(path: Path, channels: tuple[str, ...]) -> FloatArray:
    """Read windows from a ``.npy`` or ``.npz`` file.

    Parameters
    ----------
    path : Path
        File with an array of shape (n_windows, n_timesteps, n_channels) in g and rad/s. In an
        ``.npz`` it is called ``signals``, unless it is the only one; names in ``channels`` are
        compared.
    channels : tuple of str
        Expected channels.

    Returns
    -------
    ndarray of float32, shape (n_windows, n_timesteps, n_channels)

    Raises
    ------
    DataError
        If the file is missing or damaged, or holds something else.
    """
    arrays = _load(path)
    n_compared = len(channels) + 1
    with parsing(path, "names of channels as text"):
        named = tuple(map(str, np.ravel(arrays.pop("channels", channels))[:n_compared]))
    if "signals" not in arrays and len(arrays) != 1:
        raise DataError(
            f"{path}: found the arrays {listed(sorted(arrays)) or 'none'}, "
            "expected one called signals"
        )
    if named != channels:
        raise DataError(f"{path}: found channels {listed(named)}, expected {', '.join(channels)}")
    signals = arrays["signals"] if "signals" in arrays else next(iter(arrays.values()))
    if signals.dtype.kind == "f":
        # What float32 cannot hold becomes infinite, and is refused below.
        with np.errstate(over="ignore"), parsing(path, "windows that fit into memory"):
            signals = signals.astype(np.float32)
    check_signals(signals, len(channels), str(path))
    return signals


def _load(path: Path) -> dict[str, NDArray[Any]]:
    try:
        with open_regular(path) as stream:
            start = stream.read(len(_MAGIC))
            if start.startswith(_ZIP):
                return _arrays_in(path)
            if start != _MAGIC:
                raise DataError(f"{path}: found Python objects, or no arrays, {_EXPECTED}")
            n_bytes = stream.seek(0, io.SEEK_END)
            stream.seek(0)
            return {"signals": _read_array(stream, n_bytes, str(path))}
    except OSError as error:
        raise DataError(f"{path}: found {reason_of(error)}, {_EXPECTED}") from error


def _arrays_in(path: Path) -> dict[str, NDArray[Any]]:
    """Read the arrays in a zip; other files in it are left out."""
    arrays = {}
    with open_archive(path, str(path)) as archive:
        for name in archive.names:
            if name.endswith(".npy"):
                place = f"{path}, {quoted(name)}"
                with archive.open(name) as stream:
                    array = _read_array(stream, archive.n_bytes(name), place)
                arrays[name.removesuffix(".npy")] = array
    return arrays


def _read_array(stream: BinaryIO, n_bytes: int, place: str) -> NDArray[Any]:
    """Read an array, once its header is known to tell the size that its file has."""
    shape, is_transposed, dtype, n_header = _read_header(stream, place)
    n_claimed = math.prod(shape) * dtype.itemsize
    if min(shape, default=0) < 0 or n_header + n_claimed != n_bytes:
        raise DataError(
            f"{place}: found the shape {quoted(shape)} in {n_bytes:,} bytes, {_EXPECTED} "
            "whose shape fits its size"
        )
    with parsing(place, _EXPECTED.removeprefix("expected ")):
        # An array of its own, of which nothing else holds the memory.
        values = np.frombuffer(bytearray(stream.read(n_claimed)), dtype)
        check_text(values)
        return values.reshape(shape, order="F" if is_transposed else "C")


def _read_header(stream: BinaryIO, place: str) -> tuple[tuple[int, ...], bool, DType, int]:
    """Return shape, order, type and the number of bytes before the values."""
    with parsing(place, _EXPECTED.removeprefix("expected ")):
        version = np.lib.format.read_magic(stream)
        n_length = 2 if version == (1, 0) else 4
        length = stream.read(n_length)
        n_text = int.from_bytes(length, "little")
        if n_text > _LONGEST_HEADER:
            raise DataError(
                f"{place}: found a header of {n_text:,} bytes, expected at most {_LONGEST_HEADER:,}"
            )
        text = length + stream.read(n_text)
        read = {
            (1, 0): np.lib.format.read_array_header_1_0,
            (2, 0): np.lib.format.read_array_header_2_0,
        }.get(version)
        if read is None:
            raise DataError(f"{place}: found version {version} of .npy, expected 1.0 or 2.0")
        shape, is_transposed, dtype = read(io.BytesIO(text))
    if dtype.hasobject:
        raise DataError(f"{place}: found Python objects, or no arrays, {_EXPECTED}")
    if dtype.kind not in _KINDS or dtype.subdtype is not None or not dtype.itemsize:
        raise DataError(f"{place}: found values of type {quoted(dtype)}, {_EXPECTED}")
    return shape, is_transposed, dtype, len(_MAGIC) + 2 + len(text)
