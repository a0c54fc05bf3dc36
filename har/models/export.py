"""Gluon's files of a network: written whole, read back into a network of the same sizes."""

from __future__ import annotations

import errno
import shutil
from functools import partial
from pathlib import Path

from har.errors import RunError
from har.files import partial_folder, write_whole
from har.models.backend import mx
from har.models.network import ActivityNetwork


def export_network(
    network: ActivityNetwork,
    shape: tuple[int, ...],
    device: mx.Context,
    symbol: Path,
    weights: Path,
) -> None:
    """Write the network's graph and weights in Gluon's format, each whole or not at all.

    Parameters
    ----------
    network : ActivityNetwork
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


def _export(network: ActivityNetwork, path: Path) -> None:
    """Let Gluon write both files, and read them: the end of a file is lost without an error."""
    try:
        network.export(str(path))
        mx.nd.load(f"{path}-0000.params")
        mx.sym.load(f"{path}-symbol.json")
    except mx.MXNetError as error:
        reason = "an export that MXNet could not complete; is the disk full?"
        raise OSError(errno.ENOSPC, reason, str(path.parent.parent)) from error


def read_weights(file: Path) -> dict[str, mx.nd.NDArray]:
    """Read the weights that `export_network` wrote.

    Parameters
    ----------
    file : Path
        Gluon's file of parameters, ``…-0000.params``.

    Returns
    -------
    dict of str to NDArray
        Arrays keyed by parameter name with Gluon's prefix ``arg:`` or ``aux:``.

    Raises
    ------
    RunError
        If the file is missing or damaged.
    """
    try:
        arrays = mx.nd.load(str(file)) if file.is_file() else None
    except mx.MXNetError as error:
        raise RunError(f"{file}: found damaged weights, expected what Gluon exported") from error
    if not isinstance(arrays, dict):
        raise RunError(f"{file}: found no weights in it, expected what Gluon exported")
    return arrays


def load_weights(network: ActivityNetwork, arrays: dict[str, mx.nd.NDArray], place: str) -> None:
    """Set the weights of a network to saved arrays.

    Parameters
    ----------
    network : ActivityNetwork
        Network of the same sizes, with the same or another kernel.
    arrays : dict of str to NDArray
        Arrays keyed by parameter name, with or without Gluon's prefix ``arg:`` or ``aux:``.
    place : str
        Name of the file, for messages.

    Raises
    ------
    RunError
        If a parameter is missing, is unknown, or has another shape.
    """
    given = {name.split(":", 1)[-1]: array for name, array in arrays.items()}
    parameters = dict(network.collect_params().items())
    if set(given) != set(parameters):
        odd = sorted(set(given) ^ set(parameters))[0]
        state = "no" if odd in parameters else "the unknown"
        raise RunError(f"{place}: found {state} parameter {odd}, expected those of the network")
    for name, parameter in parameters.items():
        if given[name].shape != parameter.shape:
            raise RunError(
                f"{place}: found {name} of shape {given[name].shape}, expected {parameter.shape}"
            )
        parameter.set_data(given[name])
