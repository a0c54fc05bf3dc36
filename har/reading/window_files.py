"""Windows in NumPy's own files, ``.npy`` and ``.npz``, for prediction."""

from __future__ import annotations

import zipfile
import zlib
from pathlib import Path

import numpy as np

from har.arrays import FloatArray
from har.errors import DataError
from har.signals.windows import check_signals

# Errors that NumPy raises for a damaged, encrypted or foreign file.
_DAMAGES = (OSError, ValueError, EOFError, RuntimeError, zipfile.BadZipFile, zlib.error)


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
    named = tuple(map(str, np.ravel(arrays.pop("channels", channels))))
    if "signals" not in arrays and len(arrays) != 1:
        raise DataError(
            f"{path}: found the arrays {', '.join(sorted(arrays)) or 'none'}, "
            "expected one called signals"
        )
    if named != channels:
        raise DataError(
            f"{path}: found channels {', '.join(named)}, expected {', '.join(channels)}"
        )
    signals = arrays["signals"] if "signals" in arrays else next(iter(arrays.values()))
    if signals.dtype.kind == "f":
        # What float32 cannot hold becomes infinite, and is refused below.
        with np.errstate(over="ignore"):
            signals = signals.astype(np.float32)
    check_signals(signals, len(channels), str(path))
    return signals


def _load(path: Path) -> dict[str, FloatArray]:
    try:
        with path.open("rb") as stream:
            content = np.load(stream, allow_pickle=False)
            if isinstance(content, np.ndarray):
                return {"signals": content}
            # A zip may hold other files: NumPy gives their bytes.
            return {name: np.asarray(content[name]) for name in content}
    except _DAMAGES as error:
        raise DataError(
            f"{path}: found {_reason(error)}, expected windows in a .npy or .npz file"
        ) from error


def _reason(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    # NumPy takes every file it does not know for a pickle.
    return "Python objects, or no arrays" if "pickle" in str(error) else str(error)
