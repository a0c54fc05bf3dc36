"""Threads of MXNet's engine and memory of its arrays, for which it has no Python interface.

Each CPU context, ``cpu(0)``, ``cpu(1)`` and so on, has a thread of MXNet's that runs its operators.
OpenMP keeps the number of threads for each thread that calls it, so that it is set from there, and
each context has its own. ``mx.util.set_num_threads`` and threadpoolctl set the number of Python's
thread, which runs no operators.

oneDNN divides an operator's work when the operator first runs, and keeps to it: weights are those
of a number of threads, bit for bit, only if it was set before a context's first operator.
"""

from __future__ import annotations

import ctypes
import math
from collections.abc import Callable
from functools import cache

import numpy as np

from har.arrays import FloatArray
from har.config import most_threads, openmp_threads
from har.errors import ConfigError
from har.models.backend import mx

_CPU = 1  # MXNet's number for contexts of the CPU
_SOFTLY = 1  # OpenMP's omp_pause_soft: what was set stays
_CALLBACK = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p)
_NULL = ctypes.c_void_p(None)


def default_n_threads() -> int:
    """Return the number of CPU threads for an operator: ``OMP_NUM_THREADS``, or one.

    A single window takes four times as long with two threads as with one, and a batch twice as
    long as soon as another program runs; `har.training.threads` measures what training gains.
    """
    return openmp_threads() or 1


@cache
def use_default_threads(device: mx.Context) -> None:
    """Set the number of CPU threads of a context to the default, the first time only.

    Another network on the same context may be trained with another number meanwhile.
    """
    set_n_threads(device, default_n_threads())


def set_n_threads(device: mx.Context, n_threads: int) -> None:
    """Set the number of CPU threads for operators of a context.

    Parameters
    ----------
    device : mxnet.Context
        Context; nothing happens unless it is a CPU.
    n_threads : int
        Number of threads.

    Raises
    ------
    ConfigError
        If there are more than `har.config.most_threads`, which OpenMP cannot start.
    """
    if not 1 <= n_threads <= most_threads():
        raise ConfigError(f"threads: found {n_threads}, expected 1 to {most_threads()}")
    _call_openmp(device, "omp_set_num_threads", n_threads)


def end_threads(device: mx.Context) -> None:
    """End the CPU threads that wait for the next operator of a context, which starts them again.

    While more threads wait than there are cores, OpenMP lets all of them sleep at the end of an
    operator, those of other contexts, too; to be woken takes longer than a short operator.

    Parameters
    ----------
    device : mxnet.Context
        Context; nothing happens unless it is a CPU.
    """
    _call_openmp(device, "omp_pause_resource_all", _SOFTLY)


def _call_openmp(device: mx.Context, name: str, argument: int) -> None:
    """Call a function of OpenMP in the thread of a CPU context, if there are both."""
    # Found through MXNet's library, it is the OpenMP that MXNet was linked with.
    function = getattr(mx.base._LIB, name, None)
    if function is not None and device.device_typeid == _CPU:
        call_in_engine(device, lambda: function(argument))


def call_in_engine(device: mx.Context, function: Callable[[], object]) -> None:
    """Call a function in the thread that runs the operators of a CPU context, and wait for it."""
    written = mx.nd.zeros((1,), ctx=device)
    context = (ctypes.c_int * 2)(device.device_typeid, device.device_id)

    def call(_context: int, _parameter: int) -> None:
        function()

    callback = _CALLBACK(call)
    mx.base.check_call(
        mx.base._LIB.MXEnginePushSyncND(
            callback,
            *(_NULL, _NULL, ctypes.cast(context, ctypes.c_void_p)),  # parameter, its deleter
            *(_NULL, ctypes.c_int(0)),  # arrays that are read
            *((ctypes.c_void_p * 1)(written.handle), ctypes.c_int(1)),
            *(_NULL, ctypes.c_int(0), _NULL),  # properties, priority, name
        )
    )
    written.wait_to_read()


def memory_of(array: mx.nd.NDArray) -> FloatArray:
    """Return the values of an array without a copy, to be read or written.

    Parameters
    ----------
    array : mxnet.NDArray
        Array of float32 on a CPU.

    Returns
    -------
    ndarray of float32, shape (n_values,)
        Values, valid until the next operator on `array`.
    """
    # Writing has to wait for operators that read the array, too.
    mx.base.check_call(mx.base._LIB.MXNDArrayWaitToWrite(array.handle))
    pointer = ctypes.c_void_p()
    mx.base.check_call(mx.base._LIB.MXNDArrayGetData(array.handle, ctypes.byref(pointer)))
    values = (ctypes.c_float * math.prod(array.shape)).from_address(pointer.value or 0)
    return np.frombuffer(values, dtype=np.float32)
