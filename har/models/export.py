"""Gluon's files of a network: written whole, read back into a network of the same sizes."""

from __future__ import annotations

import errno
import shutil
from collections.abc import Mapping
from functools import partial
from pathlib import Path

import numpy as np

from har.arrays import FloatArray
from har.errors import RunError, quoted
from har.files import partial_folder, write_whole
from har.models.backend import mx
from har.models.temperature import Network


def export_network(
    network: Network,
    shape: tuple[int, ...],
    device: mx.Context,
    symbol: Path,
    weights: Path,
) -> None:
    """Write the network's graph and weights in Gluon's format, each whole or not at all.

    Parameters
    ----------
    network : ActivityNetwork, Ensemble or WithTemperature
        Network with its weights on `device`.
    shape : tuple of int
        Shape of any input: (n_windows, n_timesteps, n_channels).
    device : mxnet.Context
        Device to run it on once, since Gluon exports the graph that a first call compiles.
    symbol, weights : Path
        Files to write.

    Raises
    ------
    OSError
        If a file cannot be written.
    """
    network(mx.nd.zeros(shape, ctx=device))
    with partial_folder(weights.parent) as temporary:
        exported = temporary / "model"
        _export(network, exported)
        for target, ending in ((symbol, "-symbol.json"), (weights, "-0000.params")):
            write_whole(target, partial(shutil.copyfile, f"{exported}{ending}"))


def _export(network: Network, path: Path) -> None:
    """Let Gluon write both files, and read them: the end of a file is lost without an error."""
    try:
        network.export(str(path))
        mx.nd.load(f"{path}-0000.params")
        mx.sym.load(f"{path}-symbol.json")
    except mx.MXNetError as error:
        reason = "an export that MXNet could not complete; is the disk full?"
        raise OSError(errno.ENOSPC, reason, str(path.parent.parent)) from error


def check_weights(network: Network, arrays: Mapping[str, FloatArray], place: str) -> None:
    """Refuse arrays that are not the weights of a network.

    Parameters
    ----------
    network : ActivityNetwork, Ensemble or WithTemperature
        Network, which needs no weights yet: what it says of its sizes may be wrong, and weights of
        such sizes be more than fit into memory.
    arrays : mapping of str to ndarray
        Arrays keyed by parameter name, with or without Gluon's prefix ``arg:`` or ``aux:``.
    place : str
        Name of the file, for messages.

    Raises
    ------
    RunError
        If a parameter is missing, is unknown, has another shape or is not finite.
    """
    given = _by_parameter(arrays)
    parameters = dict(network.collect_params().items())
    if set(given) != set(parameters) or len(given) < len(arrays):
        odd = min(set(given) ^ set(parameters), default="that occurs twice")
        state = "no" if odd in parameters else "the unknown"
        raise RunError(
            f"{place}: found {state} parameter {quoted(odd)}, expected those of the network"
        )
    for name, parameter in parameters.items():
        array = given[name]
        if array.shape != parameter.shape:
            raise RunError(
                f"{place}: found {name} of shape {quoted(array.shape)}, expected {parameter.shape}"
            )
        # What single precision cannot hold becomes infinite.
        with np.errstate(over="ignore"):
            is_finite = np.isfinite(array.astype(np.float32)).all()
        if not is_finite:
            raise RunError(
                f"{place}: found a weight in {name} that is not finite, expected numbers"
            )


def load_weights(network: Network, arrays: Mapping[str, FloatArray], place: str) -> None:
    """Set the weights of a network to saved arrays.

    Parameters
    ----------
    network : ActivityNetwork, Ensemble or WithTemperature
        Network of the same sizes, with the same or another kernel.
    arrays, place
        As for `check_weights`.

    Raises
    ------
    RunError
        As from `check_weights`.
    """
    check_weights(network, arrays, place)
    given = _by_parameter(arrays)
    for name, parameter in network.collect_params().items():
        parameter.set_data(mx.nd.array(given[name], dtype=parameter.dtype))


def _by_parameter(arrays: Mapping[str, FloatArray]) -> dict[str, FloatArray]:
    return {name.split(":", 1)[-1]: array for name, array in arrays.items()}
