"""ONNX files of trained models: written, made smaller, and read back.

A file that `har` reads back is believed as little as any other: it is refused unless it is one that
`har` wrote, unchanged. Its graph is native code's input in onnxruntime, which knows hundreds of
operators, and ONNX lets a model name other files for its weights.
"""

from __future__ import annotations

import hashlib
import logging
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import onnx
from onnx import ModelProto, TensorProto, helper

from har import __version__
from har.errors import RunError, UsageError, parsing, quoted, reason_of
from har.export.onnx_graph.builder import PRODUCER, GraphBuilder, Tensor
from har.export.onnx_graph.network import add_network, add_strangeness
from har.export.onnx_graph.signals import (
    N_AFTER,
    N_BEFORE,
    add_signals,
    n_samples_of,
    raw_channels_or_refused,
)
from har.export.onnx_metadata import DIGEST, Form, OnnxMetadata, RawSamples
from har.export.trained_model import TrainedModel
from har.files import check_file, read_regular, write_whole, writing_to

WINDOWS, SAMPLES, PROBABILITIES, STRANGENESS = "windows", "samples", "probabilities", "strangeness"
# Ten times the largest network that settings allow would be more than protobuf takes anyhow.
_MOST_BYTES = 1 << 30
# All that graphs of this package are made of, the last two when their weights are whole numbers.
_OPERATORS = {
    *("Acos", "Add", "Asinh", "Clip", "Concat", "Conv", "Div", "Gather", "Identity", "LSTM", "Log"),
    *("LogSoftmax", "MatMul", "Max", "Min", "Mul", "Pad", "ReduceLogSumExp", "ReduceMax"),
    *("ReduceMean", "ReduceMin", "ReduceSum", "Relu", "Reshape", "Slice", "Softmax", "Split"),
    *("Sqrt", "Squeeze", "Sub", "Tanh", "Transpose", "Unsqueeze"),
    *("Cast", "ConvInteger", "DynamicQuantizeLinear", "MatMulInteger"),
}
_ATTRIBUTES = {
    onnx.AttributeProto.INT,
    onnx.AttributeProto.INTS,
    onnx.AttributeProto.FLOAT,
    onnx.AttributeProto.STRING,
}
_QUANTISED_LSTM = "com.microsoft", "DynamicQuantizeLSTM"
_WRITTEN = "an undamaged model that har export wrote"


def write(
    model: TrainedModel, out: Path, form: Form = "windows", is_quantised: bool = False
) -> tuple[str, ...]:
    """Write a model as ONNX, and the filters beside it.

    Parameters
    ----------
    model : TrainedModel
        Model to write.
    out : Path
        File ``.onnx`` to write, or a folder for ``model.onnx``. The filters are in
        ``…-signals.onnx``, if they make the channels of the model; weights of eight bits in
        ``…-int8.onnx``.
    form : {"windows", "raw"}
        What the model reads: windows, or raw samples with the filters inside.
    is_quantised : bool
        Whether to write a copy with weights of eight bits, too.

    Returns
    -------
    tuple of str
        Lines for a terminal: files and their sizes.

    Raises
    ------
    UsageError
        If the file has another suffix, or the filters make no such channels and are asked for.
    RunError
        If the file cannot be written.
    """
    out = file_of(out)
    check_file(out)
    graph, made = _graph_of(model, form)
    contents = {out: made}
    if is_quantised:
        contents[beside(out, "int8")] = quantised(made, graph.weighted)
    signals = _signals_of(model) if form == "windows" else None
    if signals:
        contents[beside(out, "signals")] = signals
    for file, content in contents.items():
        _write(content, file)
    return tuple(f"{file}: {file.stat().st_size / 1000:,.0f} kB" for file in contents)


def file_of(out: Path) -> Path:
    """Return the file of a model, of itself or of its folder; the folder is made if need be."""
    if out.suffix.lower() == ".onnx" and not out.is_dir():
        return out
    if out.suffix and not out.is_dir():
        raise UsageError(f"--out {out}: found {out.suffix}, expected .onnx or a folder")
    with writing_to(out):
        out.mkdir(parents=True, exist_ok=True)
    return out / "model.onnx"


def beside(file: Path, what: str) -> Path:
    """Return the file of another model that goes with one."""
    return file.with_name(f"{file.stem}-{what}.onnx")


def _graph_of(model: TrainedModel, form: Form) -> tuple[GraphBuilder, ModelProto]:
    """Return a graph of the network, and a model of it."""
    graph, of = GraphBuilder(), model.window_format
    source, raw = Tensor(WINDOWS, (of.n_timesteps, len(of.channels))), None
    windows = source.name
    if form == "raw":
        source, raw = _samples_of(model, "--from raw")
        windows = add_signals(graph, of, source.name)
    network = add_network(graph, model, windows)
    graph.renamed(network.probabilities, PROBABILITIES)
    outputs = [Tensor(PROBABILITIES, (len(of.activities),))]
    if model.strangeness is not None:
        graph.renamed(add_strangeness(graph, model.strangeness, network.features), STRANGENESS)
        outputs.append(Tensor(STRANGENESS, ()))
    properties = OnnxMetadata.of(model, form, raw).to_properties()
    made = graph.model("activity_network", [source], outputs, properties, __version__)
    return graph, _bound(made)


def _signals_of(model: TrainedModel) -> ModelProto | None:
    """Return a model of the filters; None if they make no such channels."""
    graph, of = GraphBuilder(), model.window_format
    try:
        source, raw = _samples_of(model, "signals")
    except UsageError:
        return None
    graph.renamed(add_signals(graph, of, source.name), WINDOWS)
    outputs = [Tensor(WINDOWS, (of.n_timesteps, len(of.channels)))]
    properties = OnnxMetadata.of(model, "signals", raw).to_properties()
    return _bound(graph.model("signal_processing", [source], outputs, properties, __version__))


def _samples_of(model: TrainedModel, option: str) -> tuple[Tensor, RawSamples]:
    channels = raw_channels_or_refused(model.window_format, option)
    shape = n_samples_of(model.window_format), len(channels)
    return Tensor(SAMPLES, shape), RawSamples(channels, N_BEFORE, N_AFTER)


def _bound(model: ModelProto) -> ModelProto:
    """Put the digest of all the rest among the metadata of a model."""
    properties = {entry.key: entry.value for entry in model.metadata_props if entry.key != DIGEST}
    del model.metadata_props[:]
    helper.set_model_props(model, dict(sorted(properties.items())))
    helper.set_model_props(model, {**properties, DIGEST: _digest_of(model)})
    return model


def _digest_of(model: ModelProto) -> str:
    """Return a digest of the graph and of the metadata but the digest."""
    digest = hashlib.sha256(model.graph.SerializeToString(deterministic=True))
    entries = sorted((e.key, e.value) for e in model.metadata_props if e.key != DIGEST)
    digest.update(repr(entries).encode())
    return digest.hexdigest()


def _write(model: ModelProto, file: Path) -> None:
    """Write a model that ONNX's own checker accepts."""
    onnx.checker.check_model(model, full_check=True)
    content = model.SerializeToString(deterministic=True)
    with writing_to(file, "file"):
        write_whole(file, lambda temporary: temporary.write_bytes(content))


def quantised(model: ModelProto, nodes: list[str]) -> ModelProto:
    """Return a model with trained weights of eight bits, by onnxruntime's dynamic quantisation.

    The summary's tables and the measure of strangeness stay as they are: logarithms of energies and
    distances need more than eight bits.

    Parameters
    ----------
    model : ModelProto
        Model, which stays as it is.
    nodes : list of str
        Names of the nodes whose weights may be made smaller.

    Returns
    -------
    ModelProto
    """
    from onnxruntime.quantization import QuantType, quantize_dynamic

    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        file = Path(folder) / "int8.onnx"
        copy = ModelProto()
        copy.CopyFrom(model)
        with _quiet():
            quantize_dynamic(copy, file, nodes_to_quantize=nodes, weight_type=QuantType.QInt8)
        made = onnx.load(file)
    properties = {entry.key: entry.value for entry in model.metadata_props}
    del made.metadata_props[:]
    helper.set_model_props(made, properties)
    made.producer_name, made.producer_version = model.producer_name, model.producer_version
    return _bound(made)


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


def read(path: Path) -> tuple[bytes, OnnxMetadata]:
    """Read a file that `write` wrote, and nothing else.

    Parameters
    ----------
    path : Path
        ONNX file.

    Returns
    -------
    content : bytes
        The model, for onnxruntime.
    metadata : OnnxMetadata
        What it says of itself.

    Raises
    ------
    RunError
        If it is missing, damaged, of another program, or has anything that this package does not
        write, such as weights in another file.
    """
    try:
        content = read_regular(path, _MOST_BYTES)
    except OSError as error:
        raise RunError(f"{path}: found {reason_of(error)}, expected {_WRITTEN}") from error
    model = ModelProto()
    with parsing(path, _WRITTEN, RunError, "no ONNX model"):
        model.ParseFromString(content)
    if not model.HasField("graph"):
        raise RunError(f"{path}: found no ONNX model, expected {_WRITTEN}")
    if model.producer_name != PRODUCER:
        raise RunError(
            f"{path}: found a model of {quoted(model.producer_name)}, expected one that har export "
            "wrote"
        )
    properties = {entry.key: entry.value for entry in model.metadata_props}
    if properties.get(DIGEST) != _digest_of(model):
        raise RunError(f"{path}: found a model that was damaged or changed, expected {_WRITTEN}")
    _check_graph(model, path)
    with parsing(path, _WRITTEN, RunError):
        onnx.checker.check_model(model)
    metadata = OnnxMetadata.from_properties(properties, str(path))
    _check_shapes(model, metadata, path)
    return content, metadata


def _check_graph(model: ModelProto, path: Path) -> None:
    """Refuse what no graph of this package has: other operators, other files, other graphs."""
    if model.functions or model.training_info or model.graph.sparse_initializer:
        raise RunError(f"{path}: found functions or sparse weights, expected {_WRITTEN}")
    for tensor in model.graph.initializer:
        if tensor.data_location != TensorProto.DEFAULT or tensor.external_data:
            raise RunError(
                f"{path}: found weights in another file, expected all in this one: {_WRITTEN}"
            )
    for node in model.graph.node:
        is_known = node.op_type in _OPERATORS and not node.domain
        if not is_known and (node.domain, node.op_type) != _QUANTISED_LSTM:
            raise RunError(
                f"{path}: found the operator {quoted(node.op_type)}, expected {_WRITTEN}"
            )
        if any(attribute.type not in _ATTRIBUTES for attribute in node.attribute):
            raise RunError(f"{path}: found a graph in a graph, expected {_WRITTEN}")


def _check_shapes(model: ModelProto, metadata: OnnxMetadata, path: Path) -> None:
    """Refuse a model of windows that takes or gives others than its metadata say."""
    of = metadata.model.window_format
    expected = {WINDOWS: [of.n_timesteps, len(of.channels)], PROBABILITIES: [len(of.activities)]}
    for tensor in (*model.graph.input, *model.graph.output):
        shape = [axis.dim_value for axis in tensor.type.tensor_type.shape.dim][1:]
        if tensor.name in expected and shape != expected[tensor.name]:
            raise RunError(
                f"{path}: found {tensor.name} of shape {shape}, expected {expected[tensor.name]}, "
                "as its channels and activities say"
            )
