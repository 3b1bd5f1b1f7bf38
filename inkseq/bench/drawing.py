"""Benchmarks of drawings as pictures: how fast they are drawn, how exactly, and what that adds to a training."""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from inkseq.bench.benchmark import Gauge, best_seconds
from inkseq.bench.converting import MIB, packed, packed_grown, resident
from inkseq.cli import compose_config
from inkseq.config import Precision, TrainConfig
from inkseq.data.batches import Batches
from inkseq.data.kinds import load_split
from inkseq.data.packed import PackedStrokes, open_strokes
from inkseq.devices import ALONE, choose_precision
from inkseq.drawings.padded import pad_together
from inkseq.drawings.strokes import Flat
from inkseq.drawings.supersampled import paint_plainly
from inkseq.families import PictureConfig
from inkseq.memory import keep_freed_memory
from inkseq.models.picture import Picture
from inkseq.models.pictured import Pictured
from inkseq.train.learner import Learner

DRAWN, COMPARED, BATCH, STEPS, COUNT = 2_000, 100, 64, 12, 40_000
HOW = PictureConfig(size=64)
SHIFT = 4  # bits behind OpenCV's binary point
CPU = torch.device("cpu")


def bench_pictures(real: Path, scratch: Path) -> list[Gauge]:
    """Nothing of a picture is ever written, so there is no row for the disk."""
    keep_freed_memory()
    data = open_strokes(packed(real, scratch, "quickdraw16"))
    share = _share_of_a_step(data)
    drawings = [data.drawing(i) for i in data.split("train")[:DRAWN]]
    with one_thread():
        rate = _rate(drawings)
        plainly = _rate_of_opencv(drawings)
        first, last = _memory(open_strokes(packed_grown(real, scratch, COUNT)))
    rows = [Gauge("pictures of 64 pixels drawn, one core", rate, "drawings/s", floor=10_000)]
    if plainly is not None:
        rows.append(Gauge("the same against OpenCV, a drawing at a time", rate, "drawings/s", plainly, floor=1))
    return [
        *rows,
        Gauge("pictures: mean difference to 64 samples a pixel", 100 * _difference(drawings), "%", ceiling=1),
        Gauge("mobilenet: share of a step spent drawing", 100 * share, "%", ceiling=10),
        Gauge("pictures of an epoch, memory at its end against its start", last, "MiB", first, ceiling=1.05),
    ]


@contextmanager
def one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def _rate(drawings: list[Flat]) -> float:
    """Drawings a second, from points in a batch to pictures."""
    picture, ordered = Picture(HOW), sorted(drawings, key=lambda drawing: -len(drawing[0]))
    batches = [pad_together(ordered[i : i + BATCH]) for i in range(0, len(ordered), BATCH)]
    picture(batches[0])  # compiles
    return len(drawings) / best_seconds(lambda: [picture(batch) for batch in batches])


def _rate_of_opencv(drawings: list[Flat]) -> float | None:
    """The usual loop: a picture of zeros, and all lines of a drawing at once; what it takes is made before."""
    try:
        import cv2
    except ModuleNotFoundError:
        print("OpenCV is not installed, so its row is left out; pip install 'inkseq[bench]'", file=sys.stderr)
        return None
    cv2.setNumThreads(1)
    strokes = [_for_opencv(points, pen) for points, pen in drawings]

    def draw() -> None:
        for lines in strokes:
            picture = np.zeros((HOW.size, HOW.size), np.uint8)
            cv2.polylines(picture, lines, False, 255, int(HOW.line), cv2.LINE_AA, SHIFT)

    return len(drawings) / best_seconds(draw)


def _for_opencv(points: Any, pen: Any) -> list[Any]:
    """Where our pictures have them, as whole numbers of sixteenths of a pixel."""
    low, high = points.min(0).astype(float), points.max(0).astype(float)
    scale = (HOW.size - 1 - 2 * HOW.margin) / max((high - low).max(), 1)
    places = (points - (low + high) / 2) * scale + (HOW.size - 1) / 2
    return np.split((places * (1 << SHIFT)).round().astype(np.int32), np.flatnonzero(pen)[:-1] + 1)


def _difference(drawings: list[Flat]) -> float:
    """Of a pixel, from nothing to all ink."""
    few = drawings[:: max(len(drawings) // COMPARED, 1)][:COMPARED]
    ours_BYX = Picture(HOW)(pad_together(few))[:, 0].numpy()
    plain_BYX = np.stack([paint_plainly(drawing, HOW.size, HOW.line, HOW.margin) for drawing in few])
    return float(np.abs(ours_BYX - plain_BYX).mean())


def _share_of_a_step(data: PackedStrokes) -> float:
    """Seconds of drawing among those of steps, as a CPU trains."""
    config = compose_config(TrainConfig, [f"data={data.path}", "model=mobilenet"])
    dtype, _ = choose_precision(Precision.auto, CPU)
    learner = Learner(config, data.classes, CPU, dtype, ALONE)
    batches = Batches(load_split(data, "train", CPU), BATCH, 0, config.augment, num_steps=learner.model.num_steps)
    assert isinstance(learner.model, Pictured)
    at, drawing = [0.0], [0.0]

    def begin(_module: Any, _given: Any) -> None:
        at[0] = time.perf_counter()

    def end(_module: Any, _given: Any, _out: Tensor) -> None:
        drawing[0] += time.perf_counter() - at[0]

    learner.learn(0, batches.step(0), 1e-4)
    learner.model.picture.register_forward_pre_hook(begin)
    learner.model.picture.register_forward_hook(end)
    start = time.perf_counter()
    for step in range(1, 1 + STEPS):
        learner.learn(step, batches.step(step), 1e-4)
    return drawing[0] / (time.perf_counter() - start)


def _memory(data: PackedStrokes) -> tuple[float, float]:
    """MiB held while an epoch is drawn that is memory-mapped: the mean of its first fifth, and of its last."""
    picture, batches = Picture(HOW), Batches(load_split(data, "train", CPU, share=0), BATCH, seed=0)
    held = []
    for step in range(batches.steps_per_epoch):
        for batch, _ in batches.step(step):
            picture(batch.drawings)
        held.append(resident(os.getpid()) / MIB)
    fifth = -(-len(held) // 5)
    return float(np.mean(held[:fifth])), float(np.mean(held[-fifth:]))
