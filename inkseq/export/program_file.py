"""A recogniser as a program of `torch.export`, which runs wherever PyTorch does, without inkseq."""

import logging
import warnings
from pathlib import Path

import torch
from torch.export import Dim, ExportedProgram

# A recurrent layer would otherwise be taken for as many steps as the example has.
from torch.export._patches import register_gru_while_loop_decomposition, register_lstm_while_loop_decomposition

from inkseq.export.about import in_json
from inkseq.export.check import Compare, Reader, in_pytorch
from inkseq.export.graph import Graph

FACTS = "inkseq.json"  # the file within the file that says what it is


def export(graph: Graph, file: Path, facts: dict[str, str], compare: Compare) -> Reader:
    """Write the file, if the program is what PyTorch computes."""
    logging.getLogger("torch._export.serde.serialize").setLevel(logging.ERROR)  # of symbols that nothing needs
    program = make_program(graph)
    agreement = compare(in_pytorch(program.module()))
    agreement.insist("the program")
    extra = {FACTS: in_json(facts | {"measured": in_json(agreement._asdict())})}
    with warnings.catch_warnings(action="ignore"):  # of PyTorch about PyTorch
        torch.export.save(program, file, extra_files=extra)
        return in_pytorch(torch.export.load(file).module())


def make_program(graph: Graph) -> ExportedProgram:
    """The graph for any number of drawings and points."""
    sizes = tuple(dict.fromkeys(of_input, Dim.DYNAMIC) for of_input in graph.inputs.values())
    with (
        register_lstm_while_loop_decomposition(),
        register_gru_while_loop_decomposition(),
        warnings.catch_warnings(action="ignore"),  # of PyTorch about PyTorch
    ):
        return torch.export.export(graph, graph.example, dynamic_shapes=sizes)
