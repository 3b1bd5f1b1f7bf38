"""Benchmark of an exported recogniser: drawings one by one, ONNX Runtime beside PyTorch."""

from pathlib import Path

import torch

from inkseq.bench.benchmark import Gauge
from inkseq.bench.converting import packed, train
from inkseq.data.packed import open_strokes
from inkseq.export.check import held_out, in_pytorch, milliseconds
from inkseq.export.graph import FromPoints
from inkseq.export.onnx_file import make_onnx, open_onnx
from inkseq.inference.runs import open_run


def bench_export(real: Path, scratch: Path) -> list[Gauge]:
    """The default recogniser, after a step: what it learnt does not change how long it takes."""
    data = packed(real, scratch, "quickdraw16")
    run = open_run(train(scratch, data, "exported"))
    graph = FromPoints(run.model)
    torch.set_num_threads(1)
    readers = [in_pytorch(graph), open_onnx(make_onnx(graph).SerializeToString())]
    pytorch, onnx = milliseconds(readers, held_out(open_strokes(data), run.classes).drawings)
    return [Gauge("export, ONNX Runtime against PyTorch, one by one", 1e3 / onnx, "drawings/s", 1e3 / pytorch, floor=2)]
