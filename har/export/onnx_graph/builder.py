"""A small builder of ONNX graphs: each call adds a node and returns the name of its output."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from onnx import (
    GraphProto,
    ModelProto,
    NodeProto,
    TensorProto,
    ValueInfoProto,
    helper,
    numpy_helper,
)

from har.arrays import FloatArray, IntArray

# The newest that onnxruntime 1.23 runs, the last one for Python 3.10.
OPSET, IR_VERSION = 23, 11
PRODUCER = "har"

# The name of an output of a node, or a constant.
Value = str | FloatArray | IntArray | float


@dataclass(frozen=True)
class Tensor:
    """An input or an output of a graph.

    Parameters
    ----------
    name : str
        Its name.
    shape : tuple of int
        Shape of what belongs to one window; the number of windows comes before it.
    """

    name: str
    shape: tuple[int, ...]

    def described(self) -> ValueInfoProto:
        """Return name, type and shape as ONNX has them."""
        return helper.make_tensor_value_info(
            self.name, TensorProto.FLOAT, ["n_windows", *self.shape]
        )


class GraphBuilder:
    """Nodes and constants of a graph that grows.

    Attributes
    ----------
    weighted : list of str
        Names of the nodes that multiply by trained weights, which may be made smaller numbers.
    """

    def __init__(self) -> None:
        self.weighted: list[str] = []
        self._nodes: list[NodeProto] = []
        self._constants: dict[tuple[str, tuple[int, ...], bytes], str] = {}
        self._tensors: list[TensorProto] = []

    def constant(self, values: FloatArray | IntArray | float, name: str = "constant") -> str:
        """Add a constant, unless there is an equal one, and return its name.

        Parameters
        ----------
        values : ndarray or float
            Numbers, of which those with a point become float32.
        name : str
            Beginning of its name.
        """
        array = np.asarray(values)
        array = np.ascontiguousarray(array, np.int64 if array.dtype.kind == "i" else np.float32)
        array = array.reshape(np.shape(values))
        key = array.dtype.str, array.shape, array.tobytes()
        if key not in self._constants:
            self._constants[key] = f"{name}_{len(self._tensors)}"
            self._tensors.append(numpy_helper.from_array(array, self._constants[key]))
        return self._constants[key]

    def op(self, kind: str, *inputs: Value, **attributes: int) -> str:
        """Add a node with one output.

        Parameters
        ----------
        kind : str
            Operator of ONNX.
        *inputs : str, ndarray or float
            Names of earlier outputs, or constants.
        **attributes : int
            Attributes of the operator.

        Returns
        -------
        str
            Name of the output.
        """
        return self.node(kind, inputs, 1, **attributes)[0]

    def node(
        self,
        kind: str,
        inputs: Sequence[Value],
        n_outputs: int,
        **attributes: int | str | Sequence[int],
    ) -> list[str]:
        """Add a node with several outputs, as `op` does, and return their names."""
        names = [each if isinstance(each, str) else self.constant(each) for each in inputs]
        label = f"{kind}_{len(self._nodes)}"
        outputs = [f"{label}_out{place}" for place in range(n_outputs)]
        node = helper.make_node(kind, names, outputs, name=label)
        node.attribute.extend(helper.make_attribute(*pair) for pair in attributes.items())
        self._nodes.append(node)
        return outputs

    def trained(
        self,
        kind: str,
        inputs: Sequence[Value],
        n_outputs: int,
        **attributes: int | str | Sequence[int],
    ) -> list[str]:
        """Add a node that multiplies by trained weights; see `node`."""
        outputs = self.node(kind, inputs, n_outputs, **attributes)
        self.weighted.append(self._nodes[-1].name)
        return outputs

    def mean(self, values: str, axis: int) -> str:
        """Return means along an axis, which stays, with the length 1."""
        return self.op("ReduceMean", values, np.array([axis]))

    def total(self, values: str, axis: int) -> str:
        """Return sums along an axis, which stays, with the length 1."""
        return self.op("ReduceSum", values, np.array([axis]))

    def square(self, values: str) -> str:
        """Return squares."""
        return self.op("Mul", values, values)

    def reshaped(self, values: str, *shape: int) -> str:
        """Return values in another shape: 0 stays as it is, -1 is what remains."""
        return self.op("Reshape", values, np.array(shape))

    def moved(self, values: str, *axes: int) -> str:
        """Return values with their axes in another order."""
        return self.node("Transpose", [values], 1, perm=axes)[0]

    def taken(self, values: str, places: int | list[int] | IntArray, axis: int) -> str:
        """Return values at some places of an axis; a single place drops the axis."""
        return self.op("Gather", values, np.asarray(places), axis=axis)

    def joined(self, parts: Sequence[str], axis: int) -> str:
        """Return parts side by side."""
        if len(parts) == 1:
            return parts[0]
        return self.node("Concat", parts, 1, axis=axis)[0]

    def split(self, values: str, sizes: Sequence[int], axis: int) -> list[str]:
        """Return parts of these sizes."""
        return self.node("Split", [values, np.array(sizes)], len(sizes), axis=axis)

    def dense(self, values: str, weight: FloatArray, bias: FloatArray) -> str:
        """Return a dense layer's outputs; the weight has a row for each of them."""
        (product,) = self.trained("MatMul", [values, self.constant(weight.T, "weight")], 1)
        return self.op("Add", product, self.constant(bias, "bias"))

    def renamed(self, values: str, name: str) -> None:
        """Let an output have another name, as an output of the graph."""
        self._nodes.append(helper.make_node("Identity", [values], [name], name=name))

    def model(
        self,
        name: str,
        inputs: Sequence[Tensor],
        outputs: Sequence[Tensor],
        metadata: Mapping[str, str],
        version: str,
    ) -> ModelProto:
        """Return a model of all that was added.

        Parameters
        ----------
        name : str
            Name of the graph.
        inputs, outputs : sequence of Tensor
            Tensors that go in and come out.
        metadata : mapping of str to str
            Facts about the model.
        version : str
            Version of this package.
        """
        graph: GraphProto = helper.make_graph(
            self._nodes,
            name,
            [tensor.described() for tensor in inputs],
            [tensor.described() for tensor in outputs],
            self._tensors,
        )
        model: ModelProto = helper.make_model(
            graph,
            opset_imports=[helper.make_opsetid("", OPSET)],
            ir_version=IR_VERSION,
            producer_name=PRODUCER,
            producer_version=version,
        )
        helper.set_model_props(model, dict(metadata))
        return model
