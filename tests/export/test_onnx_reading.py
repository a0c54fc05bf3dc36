"""ONNX files read back: what `har` did not write is refused in one line."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from builders import refused
from onnx import TensorProto, helper
from random_models import random_model

from har.config import ModelConfig
from har.errors import RunError
from har.export.onnx_file import _bound, made_model
from har.export.onnx_metadata import OnnxMetadata
from har.export.onnx_reading import read


@pytest.fixture(scope="module")
def made():
    return made_model(random_model(ModelConfig(n_layers=1, hidden_size=3)))


@pytest.fixture
def changed(made, tmp_path):
    """Give a copy of the model to change, and a function that writes it as if `har` had."""
    model = onnx.ModelProto()
    model.CopyFrom(made)

    def write():
        (tmp_path / "x.onnx").write_bytes(_bound(model).SerializeToString(deterministic=True))
        return tmp_path / "x.onnx"

    return model, write


def test_an_undamaged_file_is_read(changed):
    _, write = changed
    content, metadata = read(write())
    assert metadata.form == "windows"
    assert content == write().read_bytes()


def test_each_flipped_bit_is_refused_or_changes_nothing(made, tmp_path):
    content = made.SerializeToString(deterministic=True)
    random = np.random.default_rng(0)
    expected = OnnxMetadata.from_properties(
        {entry.key: entry.value for entry in made.metadata_props}, "here"
    )
    # The beginning and the end have what is not weights.
    places = {*range(60), *range(len(content) - 60, len(content))}
    places |= set(random.integers(0, len(content), 300).tolist())
    n_refused = 0
    for place in sorted(places):
        damaged = bytearray(content)
        damaged[place] ^= 1 << int(random.integers(8))
        (tmp_path / "x.onnx").write_bytes(damaged)
        try:
            _, metadata = read(tmp_path / "x.onnx")
        except RunError as error:
            n_refused += 1
            assert "\n" not in str(error)
        else:
            # Of the version of the format, or the names of what wrote it, nothing depends.
            assert metadata.model == expected.model
    assert n_refused > 0.95 * len(places)


def test_each_shorter_file_is_refused(made, tmp_path):
    content = made.SerializeToString(deterministic=True)
    for n_bytes in (0, 1, 100, len(content) // 2, len(content) - 1):
        (tmp_path / "x.onnx").write_bytes(content[:n_bytes])
        with refused(RunError, "x.onnx: found ", "expected an undamaged model that har export"):
            read(tmp_path / "x.onnx")


def test_what_is_no_model_is_refused(tmp_path):
    for name, content in {
        "text.onnx": b"acc_x,acc_y\n1,2\n",
        "zip.onnx": b"PK\3\4" + bytes(99),
    }.items():
        (tmp_path / name).write_bytes(content)
        with refused(RunError, f"{name}: found no ONNX model"):
            read(tmp_path / name)
    with refused(RunError, "missing.onnx: found No such file or directory"):
        read(tmp_path / "missing.onnx")
    with refused(RunError, "found Is a directory"):
        read(tmp_path)


def test_a_model_of_another_program_is_refused(changed):
    model, write = changed
    model.producer_name = "pytorch\x1b[31m"
    with refused(RunError, r"found a model of 'pytorch\x1b[31m', expected one that har export"):
        read(write())


def test_weights_in_another_file_are_refused(changed, tmp_path):
    model, write = changed
    weights = model.graph.initializer[0]
    (tmp_path / "secret").write_bytes(bytes(len(weights.raw_data)))
    weights.ClearField("raw_data")
    weights.data_location = TensorProto.EXTERNAL
    weights.external_data.add(key="location", value="secret")
    with refused(RunError, "found weights in another file"):
        read(write())


def test_other_operators_and_graphs_in_graphs_are_refused(changed):
    model, write = changed
    first = model.graph.node[0]
    kind, first.op_type = first.op_type, "StringNormalizer"
    with refused(RunError, "found the operator 'StringNormalizer'"):
        read(write())
    first.op_type = kind
    first.domain = "com.other"
    with refused(RunError, f"found the operator '{kind}'"):
        read(write())
    first.domain = ""
    inner = helper.make_attribute("body", helper.make_graph([], "inner", [], []))
    first.attribute.append(inner)
    with refused(RunError, "found a graph in a graph"):
        read(write())
    del first.attribute[-1]
    model.functions.add(name="f")
    with refused(RunError, "found functions or sparse weights"):
        read(write())


def test_channels_that_are_not_those_of_the_graph_are_refused(changed):
    model, write = changed
    for entry in model.metadata_props:
        if entry.key == "channels":
            entry.value = '["acc_x", "acc_y"]'
    with refused(RunError, "found windows of shape [32, 9], expected [32, 2]"):
        read(write())


def test_strangeness_of_another_shape_is_refused(changed):
    model, write = changed
    (output,) = (output for output in model.graph.output if output.name == "strangeness")
    output.type.tensor_type.shape.dim.add().dim_value = 6
    with refused(RunError, "found strangeness of shape [6], expected []"):
        read(write())


def test_a_graph_that_the_checker_refuses_is_refused(changed):
    model, write = changed
    model.graph.node[3].input[0] = "nowhere"
    with refused(RunError, "x.onnx: found ", "expected an undamaged model"):
        read(write())
