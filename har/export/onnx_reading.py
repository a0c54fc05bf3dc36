"""ONNX files of `har` read back.

A file is believed as little as any other: it is refused unless it is one that `har` wrote,
unchanged. Its graph goes to onnxruntime's native code, which knows hundreds of operators, and ONNX
lets a model name other files for its weights.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import onnx
from onnx import ModelProto, TensorProto

from har.errors import RunError, parsing, quoted, reason_of
from har.export.onnx_graph.builder import PRODUCER
from har.export.onnx_metadata import DIGEST, OnnxMetadata
from har.files import read_regular

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
        Facts about it.

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
        # What is no UTF-8 would be bytes, whatever its type says.
        properties = {str(entry.key): str(entry.value) for entry in model.metadata_props}
    if not model.HasField("graph"):
        raise RunError(f"{path}: found no ONNX model, expected {_WRITTEN}")
    if model.producer_name != PRODUCER:
        raise RunError(
            f"{path}: found a model of {quoted(model.producer_name)}, expected one that har export "
            "wrote"
        )
    if properties.get(DIGEST) != digest_of(model):
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
    expected = {
        WINDOWS: [of.n_timesteps, len(of.channels)],
        PROBABILITIES: [len(of.activities)],
        STRANGENESS: [],
    }
    for tensor in (*model.graph.input, *model.graph.output):
        shape = [axis.dim_value for axis in tensor.type.tensor_type.shape.dim][1:]
        if tensor.name in expected and shape != expected[tensor.name]:
            raise RunError(
                f"{path}: found {tensor.name} of shape {shape}, expected {expected[tensor.name]}, "
                "as its channels and activities say"
            )


def is_quantised(content: bytes) -> bool:
    """Return whether a model has weights of 8 bits.

    Then it finds the range of what they are multiplied by anew in each batch, over all windows of
    it, so that what it says of a window depends on the others.

    Parameters
    ----------
    content : bytes
        The model, as `read` returns it.
    """
    # Names of operators are in the file as they are.
    return b"DynamicQuantize" in content


def digest_of(model: ModelProto) -> str:
    """Return a digest of the graph and of the metadata but the digest."""
    digest = hashlib.sha256(model.graph.SerializeToString(deterministic=True))
    entries = [(repr(e.key), repr(e.value)) for e in model.metadata_props if e.key != DIGEST]
    digest.update(repr(sorted(entries)).encode())
    return digest.hexdigest()
