"""Weights of fewer bits in the file, which ONNX Runtime unpacks when it opens it: it computes in float32 as ever."""

from collections.abc import Iterator

import ml_dtypes
import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import NodeProto, TensorProto, helper, numpy_helper

from inkseq.config import Quantize

FEWEST = 1_000  # numbers in what is worth packing; biases and norms are not
RECURRENT = ("LSTM", "GRU")


def quantise(model: onnx.ModelProto, how: Quantize) -> onnx.ModelProto:
    """The same model, its large weights as int8 with a scale for each row, or as bfloat16."""
    packed = onnx.ModelProto()
    packed.CopyFrom(model)
    graph = packed.graph
    rows = {name: 2 if node.op_type in RECURRENT else 1 for node in graph.node for name in node.input}
    weights = [t for t in graph.initializer if t.data_type == TensorProto.FLOAT and np.prod(t.dims) >= FEWEST]
    unpack: list[NodeProto] = []
    for tensor in weights:
        weight = numpy_helper.to_array(tensor)
        graph.initializer.remove(tensor)
        if how is Quantize.int8:
            whole, scale = round_rows(weight, rows[tensor.name])
            kept: dict[str, NDArray[np.generic]] = {"int8": whole, "scale": scale}
            unpack += from_int8(tensor.name)
        else:
            kept = {"bfloat16": weight.astype(ml_dtypes.bfloat16)}
            unpack.append(helper.make_node("Cast", [f"{tensor.name}.bfloat16"], [tensor.name], to=TensorProto.FLOAT))
        graph.initializer.extend(numpy_helper.from_array(part, f"{tensor.name}.{of}") for of, part in kept.items())
    nodes = [*unpack, *graph.node]
    graph.ClearField("node")
    graph.node.extend(nodes)
    return packed


def round_rows(weight: NDArray[np.float32], axes: int) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """Whole numbers up to 127 and what to multiply them by; a row is what has the first `axes` indices in common."""
    largest = np.abs(weight).max(axis=tuple(range(axes, weight.ndim)), keepdims=True)
    scale: NDArray[np.float32] = (np.where(largest > 0, largest, 1) / 127).astype(np.float32)
    return np.round(weight / scale).astype(np.int8), scale


def from_int8(name: str) -> Iterator[NodeProto]:
    """Cast and multiply, not DequantizeLinear, which would be done anew for every drawing."""
    yield helper.make_node("Cast", [f"{name}.int8"], [f"{name}.whole"], to=TensorProto.FLOAT)
    yield helper.make_node("Mul", [f"{name}.whole", f"{name}.scale"], [name])
