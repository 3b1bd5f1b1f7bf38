"""Benchmarks of training: the tutorial's network at batches of 256, drawings as long as real ones."""

import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path

import torch
from torch.utils.flop_counter import FlopCounterMode

from inkseq.bench.benchmark import Gauge, best_seconds
from inkseq.bench.converting import packed_grown
from inkseq.bench.operators import count_operators
from inkseq.cli import compose_config
from inkseq.config import Precision, TrainConfig
from inkseq.data.batches import USUAL_BATCH, Batches
from inkseq.data.kinds import load_split
from inkseq.data.packed import PackedStrokes, open_strokes
from inkseq.data.resident import Drawings
from inkseq.devices import ALONE, choose_precision
from inkseq.drawings.pixels import of_strokes
from inkseq.memory import keep_freed_memory
from inkseq.train.learner import Learner

COUNT, BATCH, STEPS = 40_000, 256, 24  # the same on any machine: steps are as long as their drawings
FLOORS = {torch.bfloat16: (8, 2.5), torch.float32: (2.5, 1.0)}  # where bfloat16 is native, and elsewhere
CPU = torch.device("cpu")


def bench_train(real: Path, scratch: Path) -> list[Gauge]:
    """A training step of ours (in what is fastest here, equal lengths) against the usual one (float32, packed)."""
    data = open_strokes(packed_grown(real, scratch, COUNT))
    usual, bucketed = (_usual_rate(data, order) for order in ("random", "bucketed"))
    keep_freed_memory()
    config = compose_config(TrainConfig, [f"data={data.path}", "model=tutorial", f"batch_size={BATCH}"])
    drawings = load_split(data, "train", CPU)
    batches = Batches(drawings, BATCH, seed=0)
    dtype, _ = choose_precision(Precision.auto, CPU)
    name, floors = str(dtype).removeprefix("torch."), FLOORS[dtype]
    rate, waiting, real_points, computed = _train(Learner(config, data.classes, CPU, dtype, ALONE), batches)
    flops = 3 * _flops_of_a_point() * float(drawings.length_N.mean())
    return [
        *_default_in_float32(data, drawings),
        Gauge(f"training in {name}, against random packed batches", rate, "drawings/s", usual, floor=floors[0]),
        Gauge("the same, against bucketed packed batches", rate, "drawings/s", bucketed, floor=floors[1]),
        Gauge(f"the same, of the {name} matrix rate", rate * flops / 1e9, "GFLOP/s", _matrix_rate(dtype), floor=0.3),
        Gauge("real points of those computed", real_points / computed, "", floor=0.9),
        Gauge("share of a step spent waiting for data", 100 * waiting, "%", ceiling=5),
    ]


def _default_in_float32(data: PackedStrokes, drawings: Drawings) -> list[Gauge]:
    """The default's steps against what matrices of this machine could make of them, and what they ask a GPU for."""
    config = compose_config(TrainConfig, [f"data={data.path}", "model=bilstm"])
    batches = Batches(drawings, USUAL_BATCH, 0, config.augment)
    few = Batches(drawings, USUAL_BATCH, 0, config.augment, few_shapes=True)
    learner = Learner(config, data.classes, CPU, torch.float32, ALONE)
    operators = count_operators(learner, few).total()
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    torch._C._set_mkldnn_enabled(False)  # whose recurrent layers are no matrices to who counts
    with FlopCounterMode(display=False) as counter:
        for step in range(4):
            learner.learn(step, batches.step(step), 1e-4)
    torch._C._set_mkldnn_enabled(True)
    (rate, *_), most = _train(learner, batches), _matrix_rate(torch.float32)
    torch.set_num_threads(threads)
    flops = counter.get_total_flops() / (4 * USUAL_BATCH)
    return [
        Gauge(
            "bilstm in float32, of the float32 matrix rate",
            rate * flops / 1e9,
            "GFLOP/s",
            most,
            floor=0.6,
        ),
        Gauge("bilstm: operators of a step of 64 drawings", operators, "", ceiling=500),
    ]


def bench_batches(real: Path, scratch: Path) -> list[Gauge]:
    """Batches alone, no model, on one core."""
    data = open_strokes(packed_grown(real, scratch, COUNT))
    batches = Batches(load_split(data, "train", CPU), BATCH, seed=0)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    steps = batches.steps_per_epoch - 1

    def epoch() -> None:
        for step in range(steps):
            batches.step(step)

    rate = steps * BATCH / best_seconds(epoch)
    torch.set_num_threads(threads)
    return [Gauge("batches made, no model", rate, "drawings/s")]


def _usual_rate(data: PackedStrokes, order: str) -> float:
    words = [sys.executable, "-m", "inkseq.bench.usual", str(data.path), order]
    return float(subprocess.run(words, capture_output=True, text=True, check=True).stdout)


def _train(learner: Learner, batches: Batches) -> tuple[float, float, int, int]:
    """Drawings a second, the share of time without a batch, points that are real, points computed."""
    for step in range(4):
        learner.learn(step, batches.step(step), 1e-4)
    waiting, real, computed, drawings, start = 0.0, 0, 0, 0, time.perf_counter()
    for step in range(4, 4 + STEPS):
        before = time.perf_counter()
        groups = batches.step(step)
        waiting += time.perf_counter() - before
        learner.learn(step, groups, 1e-4)
        drawings += sum(len(batch.label_B) for batch, _ in groups)
        strokes = [of_strokes(batch.drawings) for batch, _ in groups]
        real += sum(int(one.length_B.sum()) for one in strokes)
        computed += sum(one.pen_BT.numel() for one in strokes)
    seconds = time.perf_counter() - start
    return drawings / seconds, waiting / seconds, real, computed


def _flops_of_a_point() -> int:
    """Multiplications and additions of the tutorial's network forward, for one point."""
    widths, kernels = (3, 48, 64, 96), (5, 5, 3)
    convs = sum(2 * k * a * b for (a, b), k in zip(pairwise(widths), kernels, strict=True))
    lstms = sum(2 * 2 * 4 * 128 * (width + 128) for width in (96, 256, 256))
    return convs + lstms


def _matrix_rate(dtype: torch.dtype) -> float:
    """This machine's own, in GFLOP/s: 2048 x 2048 matrices."""
    a = torch.randn(2048, 2048, dtype=dtype)
    return 2 * 2048**3 / best_seconds(lambda: a @ a, 4) / 1e9
