"""Gluon's own files of a network: written whole, read back into a network of the same shape."""

from __future__ import annotations

import shutil
import tempfile
from functools import partial
from pathlib import Path

from har.errors import RunError
from har.files import write_whole
from har.models.backend import mx
from har.models.network import ActivityNetwork


def export_network(
    network: ActivityNetwork,
    shape: tuple[int, ...],
    device: mx.Context,
    symbol: Path,
    weights: Path,
) -> None:
    """Write the network's graph and weights as Gluon does, each whole or not at all.

    Parameters
    ----------
    network : ActivityNetwork
        With its weights on `device`.
    shape : tuple of int
        Of any input: (n_windows, n_timesteps, n_channels).
    device : mxnet.Context
        Where to run it once, since Gluon exports the graph that a first call compiles.
    symbol, weights : Path
        The two files to write.

    Raises
    ------
    OSError
        If a file cannot be written.
    """
    network(mx.nd.zeros(shape, ctx=device))
    with tempfile.TemporaryDirectory() as temporary:
        exported = Path(temporary) / "model"
        network.export(str(exported))
        for target, ending in ((symbol, "-symbol.json"), (weights, "-0000.params")):
            write_whole(target, partial(shutil.copyfile, f"{exported}{ending}"))


def read_weights(file: Path) -> dict[str, mx.nd.NDArray]:
    """Read the weights that `export_network` wrote.

    Parameters
    ----------
    file : Path
        A file of Gluon's, ``…-0000.params``.

    Returns
    -------
    dict of str to NDArray
        By parameter name, with Gluon's ``arg:`` in front.

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
    """Put saved arrays into a network.

    Parameters
    ----------
    network : ActivityNetwork
        Of the same sizes; its kernel may be another.
    arrays : dict of str to NDArray
        By parameter name, with or without Gluon's ``arg:`` and ``aux:`` in front.
    place : str
        The file, for messages.

    Raises
    ------
    RunError
        If a parameter is missing, is not known, or has another shape.
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
