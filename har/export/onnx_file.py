"""A trained model as ONNX: the network, the filters beside it or inside, and weights of 8 bits."""

from __future__ import annotations

import logging
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import onnx
from onnx import ModelProto, helper
from onnxruntime.quantization import QuantType, quantize_dynamic

from har import __version__
from har.arrays import FloatArray
from har.errors import UsageError
from har.export.onnx_classifier import OnnxClassifier, session_of
from har.export.onnx_graph.builder import GraphBuilder, Tensor
from har.export.onnx_graph.network import add_network, add_strangeness
from har.export.onnx_graph.signals import (
    N_AFTER,
    N_BEFORE,
    add_signals,
    n_samples_of,
    raw_channels_or_refused,
)
from har.export.onnx_metadata import DIGEST, Form, OnnxMetadata, RawSamples
from har.export.onnx_reading import PROBABILITIES, SAMPLES, STRANGENESS, WINDOWS, digest_of
from har.export.sample_windows import made_up_samples, made_up_windows
from har.export.trained_model import TrainedModel
from har.files import check_file, write_whole, writing_to
from har.signals.filters import uci_har_channels
from har.signals.windows import WindowFormat, sliding_windows


def write(
    model: TrainedModel, out: Path, form: Form = "windows", is_quantised: bool = False
) -> tuple[str, ...]:
    """Write a model as ONNX, and the filters beside it, and compare them with `har`.

    Parameters
    ----------
    model : TrainedModel
        Model to write.
    out : Path
        File ``.onnx`` to write, or a folder for ``model.onnx``. The filters are in
        ``…-signals.onnx``, if they make the channels of the model; weights of eight bits in
        ``…-int8.onnx``.
    form : {"windows", "raw"}
        Input of the model: windows, or raw samples with the filters inside.
    is_quantised : bool
        Whether to write a copy with weights of eight bits, too.

    Returns
    -------
    tuple of str
        Lines for a terminal: files, sizes, and the largest difference from `har`.

    Raises
    ------
    UsageError
        If the file has another suffix, or the filters make no such channels and are asked for.
    RunError
        If the file cannot be written.
    """
    file = _file_of(out)
    check_file(file)
    made = made_model(model, form)
    lines = [
        _write(made, file, f"probabilities within {_difference(model, made, form):.1e} of har")
    ]
    if is_quantised:
        smaller = made_model(model, form, is_quantised=True)
        within = f"probabilities within {_difference(model, smaller, form):.1e} of har"
        lines.append(_write(smaller, _beside(file, "int8"), within))
    signals = made_signals(model) if form == "windows" else None
    if signals:
        within = f"channels within {_difference_of_signals(model, signals):.1e} of har"
        lines.append(_write(signals, _beside(file, "signals"), within))
    return tuple(lines)


def _file_of(out: Path) -> Path:
    """Return the file of a model, of itself or of its folder; the folder is made if need be."""
    if out.suffix.lower() == ".onnx" and not out.is_dir():
        return out
    if out.suffix and not out.is_dir():
        raise UsageError(f"--out {out}: found {out.suffix}, expected .onnx or a folder")
    with writing_to(out):
        out.mkdir(parents=True, exist_ok=True)
    return out / "model.onnx"


def _beside(file: Path, what: str) -> Path:
    return file.with_name(f"{file.stem}-{what}.onnx")


def _write(model: ModelProto, file: Path, words: str) -> str:
    """Write a model that ONNX's own checker accepts; return a line about it."""
    onnx.checker.check_model(model, full_check=True)
    content = model.SerializeToString(deterministic=True)
    with writing_to(file, "file"):
        write_whole(file, lambda temporary: temporary.write_bytes(content))
    return f"{file}: {len(content) / 1000:,.0f} kB, {words}"


def made_model(
    model: TrainedModel, form: Form = "windows", is_quantised: bool = False
) -> ModelProto:
    """Return an ONNX model of a trained one; see `write`."""
    graph, of = GraphBuilder(), model.window_format
    source, raw = Tensor(WINDOWS, (of.n_timesteps, len(of.channels))), None
    windows = source.name
    if form == "raw":
        source, raw = _samples_of(of, "--from raw")
        windows = add_signals(graph, of, source.name)
    network = add_network(graph, model, windows)
    graph.renamed(network.probabilities, PROBABILITIES)
    outputs = [Tensor(PROBABILITIES, (len(of.activities),))]
    if model.strangeness is not None:
        graph.renamed(add_strangeness(graph, model.strangeness, network.features), STRANGENESS)
        outputs.append(Tensor(STRANGENESS, ()))
    properties = OnnxMetadata.of(model, form, raw).to_properties()
    made = graph.model("activity_network", [source], outputs, properties, __version__)
    return _bound(_quantised(made, graph.weighted) if is_quantised else made)


def made_signals(model: TrainedModel) -> ModelProto | None:
    """Return an ONNX model of the filters; None if they make no such channels."""
    graph, of = GraphBuilder(), model.window_format
    try:
        source, raw = _samples_of(of, "signals")
    except UsageError:
        return None
    graph.renamed(add_signals(graph, of, source.name), WINDOWS)
    outputs = [Tensor(WINDOWS, (of.n_timesteps, len(of.channels)))]
    properties = OnnxMetadata.of(model, "signals", raw).to_properties()
    return _bound(graph.model("signal_processing", [source], outputs, properties, __version__))


def _samples_of(window_format: WindowFormat, option: str) -> tuple[Tensor, RawSamples]:
    channels = raw_channels_or_refused(window_format, option)
    shape = n_samples_of(window_format), len(channels)
    return Tensor(SAMPLES, shape), RawSamples(channels, N_BEFORE, N_AFTER)


def _bound(model: ModelProto) -> ModelProto:
    """Put the digest of all the rest among the metadata of a model."""
    properties = {entry.key: entry.value for entry in model.metadata_props if entry.key != DIGEST}
    helper.set_model_props(model, properties)
    helper.set_model_props(model, {**properties, DIGEST: digest_of(model)})
    return model


def _quantised(model: ModelProto, nodes: list[str]) -> ModelProto:
    """Return a model with trained weights of 8 bits, by onnxruntime's dynamic quantisation.

    Only the weights of these nodes: logarithms of energies, and distances from the training, need
    more than 8 bits. Weights are unsigned: with signed ones onnxruntime 1.23 has no convolution.
    """
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings(), _quiet():
        warnings.simplefilter("ignore")
        file = Path(folder) / "int8.onnx"
        quantize_dynamic(model, file, nodes_to_quantize=nodes, weight_type=QuantType.QUInt8)
        made = onnx.load(file)
    helper.set_model_props(made, {entry.key: entry.value for entry in model.metadata_props})
    made.producer_name, made.producer_version = model.producer_name, model.producer_version
    return made


@contextmanager
def _quiet() -> Iterator[None]:
    """Silence what onnxruntime's quantisation writes to the root logger."""
    root = logging.getLogger()
    before = root.level
    root.setLevel(logging.ERROR)
    try:
        yield
    finally:
        root.setLevel(before)


def _difference(model: TrainedModel, made: ModelProto, form: Form) -> float:
    """Return the largest difference of probabilities from those of `har`, on made-up windows."""
    content = made.SerializeToString(deterministic=True)
    if form == "raw":
        samples, windows = _samples_and_windows(model.window_format)
        session = session_of(content, "--to onnx")
        # One by one, as weights of 8 bits are best.
        each = [session.run([PROBABILITIES], {SAMPLES: one})[0] for one in samples[:, np.newaxis]]
        predicted = np.concatenate(each)
    else:
        windows = made_up_windows(model.window_format)
        metadata = OnnxMetadata.of(model, form)
        predicted = OnnxClassifier(content, metadata, "--to onnx").predict_proba(windows)
    return float(np.abs(predicted - model.predict_proba(windows)).max())


def _difference_of_signals(model: TrainedModel, made: ModelProto) -> float:
    """Return the largest difference of channels from those of `har`, in g and rad/s."""
    samples, expected = _samples_and_windows(model.window_format)
    content = made.SerializeToString(deterministic=True)
    (windows,) = session_of(content, "--to onnx").run([WINDOWS], {SAMPLES: samples})
    return float(np.abs(windows - expected).max())


def _samples_and_windows(window_format: WindowFormat) -> tuple[FloatArray, FloatArray]:
    """Return made-up raw samples, and the windows that `har` makes of them."""
    channels = raw_channels_or_refused(window_format, "signals")
    length = n_samples_of(window_format)
    samples = sliding_windows(made_up_samples(len(channels)), length, length // 2)
    every = np.stack([uci_har_channels(each, "settled") for each in samples])
    return samples, every[:, N_BEFORE : length - N_AFTER].astype(np.float32)
