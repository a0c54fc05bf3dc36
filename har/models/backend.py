"""The only module that imports Apache MXNet: compatibility, devices, seeds.

Importing MXNet takes about 3 s, so only modules that compute with networks import this one.
"""

from __future__ import annotations

import ctypes
import os
import random
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np

from har.config import DEVICE
from har.errors import DeviceError, quoted
from har.models.mxnet_wheels import how_to_get_mxnet, missing_libraries
from har.models.numpy_names import borrowed_names


def _keep_freed_memory() -> None:
    """Let the C library keep freed memory for reuse.

    MXNet allocates its buffers anew in each step. Returning them to the system each time caused
    18,000 page faults and took almost half of a training step.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:
        return
    trim_threshold, mmap_threshold, arena_max = -1, -3, -8  # as malloc.h numbers them
    mallopt(trim_threshold, 2**30)
    # The arenas of other threads cannot hold a buffer of more than 64 MiB, whatever the settings.
    mallopt(arena_max, 1)
    # Older versions of the GNU C library take 32 MiB at most.
    _ = mallopt(mmap_threshold, 2**30) or mallopt(mmap_threshold, 2**25)


@contextmanager
def _without(*optional: str) -> Iterator[None]:
    """Make optional modules seem to be missing, unless they were loaded before.

    MXNet looks for scikit-learn, for its oldest class of models, and for SciPy's statistics, to
    quantise networks. Together they take longer to load than MXNet does.
    """
    hidden = [name for name in optional if name not in sys.modules]
    # The import system takes None for a module that cannot be found.
    sys.modules.update(dict.fromkeys(hidden))  # type: ignore[arg-type]
    try:
        yield
    finally:
        for name in hidden:
            del sys.modules[name]


@contextmanager
def _loading_with_one_thread() -> Iterator[None]:
    """Let OpenMP give each thread of MXNet's one thread, until `har.models.engine` says more.

    MXNet uses half of the cores by default, in each of its threads. As soon as those that have had
    threads outnumber the cores, OpenMP lets all of them sleep between operators: two threads then
    gained nothing over one.
    """
    before = os.environ.get("OMP_NUM_THREADS")
    os.environ["OMP_NUM_THREADS"] = "1"
    try:
        yield
    finally:
        del os.environ["OMP_NUM_THREADS"]
        if before is not None:
            os.environ["OMP_NUM_THREADS"] = before


_keep_freed_memory()
# Threads that wait for each other spin, 300,000 times by default: with another program on one of
# the cores, training almost stopped. Without spinning, it was four times slower on a free machine.
os.environ.setdefault("GOMP_SPINCOUNT", "3000")
try:
    # MXNet 1.9.1 triggers deprecation warnings elsewhere.
    with (
        warnings.catch_warnings(),
        borrowed_names("mxnet"),
        _without("sklearn", "scipy.stats"),
        _loading_with_one_thread(),
    ):
        warnings.simplefilter("ignore")
        import mxnet as mx
        from mxnet import autograd, gluon
        from mxnet._ctypes.ndarray import NDArrayBase
        from mxnet.gluon import nn, rnn
except ModuleNotFoundError as error:
    if error.name != "mxnet":
        raise
    raise DeviceError(how_to_get_mxnet()) from error
except OSError as error:
    raise DeviceError(f"mxnet: found {error}, {missing_libraries()}") from error


def _free(array: NDArrayBase, free: Callable[[NDArrayBase], None] = NDArrayBase.__del__) -> None:
    # Ctrl-C may come before an array has its memory; MXNet would then print a traceback.
    if hasattr(array, "handle"):
        free(array)


NDArrayBase.__del__ = _free

__all__ = ["autograd", "gluon", "mx", "nn", "parse_devices", "rnn", "seed_everything"]


def parse_devices(text: str) -> list[mx.Context]:
    """Return the devices that a setting names.

    Parameters
    ----------
    text : str
        ``auto`` (the first GPU if one works, else the CPU), ``cpu``, ``gpu(0)``, or several devices
        that share each batch: ``gpu(0),gpu(1)``.

    Returns
    -------
    list of mxnet.Context

    Raises
    ------
    DeviceError
        If the text is not a device, or this machine or this build of MXNet does not have it.
    """
    if text == "auto":
        return [mx.gpu(0) if mx.runtime.Features().is_enabled("CUDA") and _n_gpus() else mx.cpu(0)]
    devices = [_parse_device(part.strip()) for part in text.split(",")]
    if len(set(map(str, devices))) < len(devices):
        raise DeviceError(f"device: found {quoted(text)}, expected each device once")
    return devices


def _parse_device(text: str) -> mx.Context:
    match = DEVICE.fullmatch(text)
    if not match:
        raise DeviceError(
            f"device: found {quoted(text)}, expected auto, cpu, gpu(0) or a list such as "
            "gpu(0),gpu(1)"
        )
    kind, number = match[1], int(match[2] or 0)
    if kind == "gpu":
        _check_gpu(number)
    return mx.Context(kind, number)


def _check_gpu(number: int) -> None:
    if not mx.runtime.Features().is_enabled("CUDA"):
        raise DeviceError(
            f"device: found a CPU build of MXNet {mx.__version__}, expected a CUDA build for "
            f"gpu({number}); uninstall mxnet and install the wheel of your CUDA version, for "
            "example with: pip install --no-deps mxnet-cu112 (or mxnet-cu117)"
        )
    if number >= _n_gpus():
        raise DeviceError(f"device: found {_n_gpus()} GPUs, expected one numbered {number}")


def _n_gpus() -> int:
    try:
        return int(mx.context.num_gpus())
    except mx.MXNetError:
        return 0


def seed_everything(seed: int) -> None:
    """Seed all generators that MXNet uses: its own and, for its samplers, NumPy's.

    Parameters
    ----------
    seed : int
        Seed; with the same number of threads, the same seed gives the same weights, bit for bit.
    """
    random.seed(seed)
    np.random.seed(seed)
    mx.random.seed(seed)
