"""A recogniser as one ONNX file, for any number of drawings and points."""

import copy
import logging
import warnings
from pathlib import Path
from typing import Any

import onnx
import onnxruntime
import torch
from torch import Tensor, nn
from torch.onnx.ops import symbolic_multi_out

from inkseq.config import Quantize
from inkseq.export.about import in_json
from inkseq.export.check import Compare, Reader
from inkseq.export.graph import OUTPUT, Graph
from inkseq.export.quantise import quantise
from inkseq.export.translations import TRANSLATIONS
from inkseq.models.layers import BiRNN

OPSET = 23  # the newest that PyTorch writes
GATES = {"LSTM": (0, 3, 1, 2), "GRU": (1, 0, 2)}  # PyTorch's, in the order of ONNX
ENGINE = f"ONNX Runtime {onnxruntime.__version__}"


def export(graph: Graph, file: Path, facts: dict[str, str], how: Quantize, compare: Compare) -> Reader:
    """Write the file, if the graph is what PyTorch computes. What packed weights lose is measured and told in it."""
    model = make_onnx(graph)
    agreement = compare(open_onnx(model.SerializeToString()))
    agreement.insist("the graph")
    if how is not Quantize.none:
        model = quantise(model, how)
        agreement = compare(open_onnx(model.SerializeToString()))
    onnx.helper.set_model_props(model, facts | {"measured": in_json(agreement._asdict())})
    onnx.checker.check_model(model)
    file.write_bytes(model.SerializeToString())
    return open_onnx(file)


class OnnxBiRNN(nn.Module):
    """`BiRNN` as the one node that ONNX has for it, which knows each drawing's length itself."""

    def __init__(self, rnn: BiRNN) -> None:
        super().__init__()
        self.kind, self.hidden = rnn.ahead.mode, rnn.ahead.hidden_size
        both = (rnn.ahead, rnn.back)
        biases = [torch.cat([self._in_order(one.bias_ih_l0), self._in_order(one.bias_hh_l0)]) for one in both]
        self.register_buffer("entering", torch.stack([self._in_order(one.weight_ih_l0) for one in both]))
        self.register_buffer("recurrent", torch.stack([self._in_order(one.weight_hh_l0) for one in both]))
        self.register_buffer("bias", torch.stack(biases))

    def _in_order(self, weight: Any) -> Tensor:
        gates = weight.detach().chunk(len(GATES[self.kind]))
        return torch.cat([gates[i] for i in GATES[self.kind]])

    def forward(self, x_BTC: Tensor, length_B: Tensor) -> Tensor:
        num_drawings, num_points, _ = x_BTC.shape
        how: dict[str, Any] = {"direction": "bidirectional", "hidden_size": self.hidden}
        if self.kind == "GRU":
            how["linear_before_reset"] = 1  # as PyTorch's
        inputs: Any = (x_BTC.transpose(0, 1), self.entering, self.recurrent, self.bias, length_B.int())
        shape = (num_points, 2, num_drawings, self.hidden)
        h_T2BH: Tensor
        (h_T2BH,) = symbolic_multi_out(self.kind, inputs, how, dtypes=[x_BTC.dtype], shapes=[shape])
        return h_T2BH.permute(2, 0, 1, 3).reshape(num_drawings, num_points, 2 * self.hidden)


def make_onnx(graph: Graph) -> onnx.ModelProto:
    """The graph for any number of drawings and points."""
    graph = copy.deepcopy(graph)
    for name, module in list(graph.named_modules()):
        if isinstance(module, BiRNN):
            graph.set_submodule(name, OnnxBiRNN(module))
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)  # it misses torchvision
    with warnings.catch_warnings(action="ignore"):  # of PyTorch about PyTorch
        program = torch.onnx.export(
            graph,
            graph.example,
            verbose=False,
            opset_version=OPSET,
            input_names=list(graph.inputs),
            output_names=list(graph.outputs),
            dynamic_shapes=tuple(graph.inputs.values()),
            custom_translation_table=TRANSLATIONS,
        )
    assert program is not None
    return strip(program.model_proto)


def strip(model: onnx.ModelProto) -> onnx.ModelProto:
    """Without the traces of how it was made: a tenth of the file, and paths of this machine."""
    for node in model.graph.node:
        node.ClearField("metadata_props")
        node.ClearField("doc_string")
    model.graph.ClearField("value_info")
    return model


def open_onnx(file: Path | bytes) -> Reader:
    """With as many threads as PyTorch."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    session = onnxruntime.InferenceSession(file, options, providers=["CPUExecutionProvider"])
    names = [one.name for one in session.get_inputs()]
    return lambda *inputs: session.run([OUTPUT], dict(zip(names, inputs, strict=True)))[0]
