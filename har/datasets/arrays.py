"""Windows in NumPy's own files, for prediction."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np

from har.errors import DataError
from har.signals import FloatArray
from har.windows import check_signals


def read_windows(path: Path, channels: tuple[str, ...]) -> FloatArray:
    """Read windows from a ``.npy`` or ``.npz`` file.

    Parameters
    ----------
    path : Path
        An array of shape (n_windows, n_timesteps, n_channels) in g and rad/s. In an ``.npz`` it is
        called ``signals``, unless it is the only one; names in ``channels`` are compared.
    channels : tuple of str
        What the last axis must be.

    Returns
    -------
    ndarray of float32, shape (n_windows, n_timesteps, n_channels)

    Raises
    ------
    DataError
        If the file is missing or damaged, or holds something else.
    """
    arrays = _load(path)
    if "signals" not in arrays and len(arrays) != 1:
        raise DataError(
            f"{path}: found the arrays {', '.join(sorted(arrays)) or 'none'}, "
            "expected one called signals"
        )
    named = tuple(map(str, arrays.pop("channels", channels)))
    if named != channels:
        raise DataError(
            f"{path}: found channels {', '.join(named)}, expected {', '.join(channels)}"
        )
    signals = arrays["signals"] if "signals" in arrays else next(iter(arrays.values()))
    check_signals(signals, len(channels), str(path))
    return signals.astype(np.float32)


def _load(path: Path) -> dict[str, FloatArray]:
    try:
        content = np.load(path, allow_pickle=False)
        if isinstance(content, np.ndarray):
            return {"signals": content}
        with content:
            return dict(content)
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else error
        raise DataError(
            f"{path}: found {reason}, expected windows in a .npy or .npz file"
        ) from error
